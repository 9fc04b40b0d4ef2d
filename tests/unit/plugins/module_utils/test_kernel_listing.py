# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tools are called on which host, with programs that stand for its tools."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import kernel_listing
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.kernel_listing import Listing, Paths

NO_TABLES = json.dumps({"nftables": [{"metainfo": {"json_schema_version": 1}}]})
FILTER = json.dumps({"nftables": [{"table": {"family": "ip", "name": "filter", "handle": 1}}]})
USES_SETS = "-A INPUT -m set --match-set friends src -j ACCEPT"


class Host:
    """A host with the tools that it is given, and a kernel with these modules and legacy tables."""

    def __init__(self, directory):
        self._bin, self._proc = directory / "bin", directory / "proc"
        self._bin.mkdir()
        self._proc.mkdir()
        self.calls = directory / "calls"
        self.calls.touch()
        self.paths = Paths(str(self._proc / "modules"), str(self._proc), str(self._proc / "%s_names"))
        self.tool("ip", "2: eth0    inet 10.9.0.1/24 brd 10.9.0.255 scope global eth0\\\\ valid_lft forever")

    def tool(self, name, prints="", error="", code=0):
        path = self._bin / name
        path.write_text(
            f"#!/bin/sh\necho {name} $* >> {self.calls}\n"
            f"cat <<'END'\n{prints}\nEND\ncat >&2 <<'END'\n{error}\nEND\nexit {code}\n"
        )
        path.chmod(0o755)

    def kernel(self, modules="nf_tables 1 0 - Live 0x0\n", built_in="kernel/fs/ext4/ext4.ko\n", **names):
        if modules is not None:
            (self._proc / "modules").write_text(modules)
        if built_in is not None:
            directory = self._proc / os.uname().release
            directory.mkdir(exist_ok=True)
            (directory / "modules.builtin").write_text(built_in)
        for name, tables in names.items():
            (self._proc / f"{name}_names").write_text(tables)

    def read(self, **options):
        self.listing = Listing(paths=self.paths, **options)
        return self.listing.ruleset()

    def called(self):
        return [line.split(" ")[0] for line in self.calls.read_text().splitlines() if not line.startswith("ip ")]


@pytest.fixture
def host(tmp_path, monkeypatch):
    directory = tmp_path / "bin"
    monkeypatch.setattr(kernel_listing, "find", lambda name: shutil.which(name, path=str(directory)))
    return Host(tmp_path)


def test_a_kernel_without_nftables_is_not_given_it(host):
    host.kernel(modules="ext4 1 0 - Live 0x0\n")
    host.tool("nft", NO_TABLES)
    host.tool("ipset")
    host.tool("iptables-nft-save")
    host.tool("iptables-legacy-save")
    ruleset = host.read()
    assert ruleset["nft"] == "" and ruleset["addresses"] == ["10.9.0.1"]
    assert host.called() == [] and host.listing.warnings == []


@pytest.mark.parametrize(
    "kernel",
    [
        {},
        {"modules": "ext4 1 0 - Live 0x0\n", "built_in": "kernel/net/netfilter/nf_tables.ko\n"},
        {"modules": "ext4 1 0 - Live 0x0\n", "built_in": None},
        {"modules": None},
    ],
    ids=["loaded", "built in", "perhaps built in", "no modules"],
)
def test_a_kernel_that_may_hold_rules_of_nft_is_asked(host, kernel):
    host.kernel(**kernel)
    with pytest.raises(BackendError, match="nft was not found on this host.*install the package nftables"):
        host.read()
    host.tool("nft", NO_TABLES)
    assert host.read()["nft"] == NO_TABLES + "\n"
    assert host.called() == ["nft"]


def test_iptables_is_asked_for_the_tables_that_may_be_its_own(host):
    host.kernel()
    host.tool("nft", FILTER)
    host.tool("iptables-nft-save", "*filter")
    host.tool("ip6tables-nft-save", "*filter")
    assert host.read()["iptables"] == {"ipv4": {"nft": "*filter\n", "legacy": ""}, "ipv6": {"nft": "", "legacy": ""}}
    assert host.called() == ["nft", "iptables-nft-save"]


def test_without_iptables_its_tables_are_nfts_alone(host):
    host.kernel()
    host.tool("nft", FILTER)
    assert host.read()["iptables"]["ipv4"]["nft"] == ""
    assert len(host.listing.warnings) == 1 and "no iptables-nft-save" in host.listing.warnings[0]


def test_where_iptables_gives_up_its_tables_are_nfts_alone(host):
    host.kernel()
    host.tool("nft", FILTER)
    host.tool("iptables-nft-save", "*filter", "Parsing nftables rule failed", code=3)
    assert host.read()["iptables"]["ipv4"]["nft"] == ""
    assert len(host.listing.warnings) == 1 and "Parsing nftables rule failed" in host.listing.warnings[0]


@pytest.mark.parametrize(
    ("version", "variant"), [("v1.8.7 (nf_tables)", "nft"), ("v1.8.7 (legacy)", "legacy"), ("v1.6.1", "legacy")]
)
def test_a_tool_without_a_variant_in_its_name(host, version, variant):
    host.kernel(ip_tables="filter\n")
    host.tool("nft", FILTER)
    host.tool("iptables-save", f"iptables-save {version}")
    if variant == "nft":
        with pytest.raises(
            BackendError, match="legacy tables .filter of iptables., and there is no iptables-legacy-save"
        ):
            host.read()
    else:
        found = host.read()["iptables"]["ipv4"]
        assert {name for name, text in found.items() if text} == {variant}


def test_legacy_tables_are_listed_where_there_are_some(host):
    host.kernel(ip_tables="", ip6_tables="filter\nmangle\n")
    host.tool("nft", NO_TABLES)
    host.tool("iptables-legacy-save", "*filter")
    host.tool("ip6tables-legacy-save", "*filter")
    assert host.read()["iptables"] == {"ipv4": {"nft": "", "legacy": ""}, "ipv6": {"nft": "", "legacy": "*filter\n"}}
    assert host.called() == ["nft", "ip6tables-legacy-save"]


def test_sets_are_listed_where_rules_ask_for_them(host):
    host.kernel(ip_tables="filter\n")
    host.tool("nft", NO_TABLES)
    host.tool("iptables-legacy-save", USES_SETS)
    assert host.read()["ipset"] == ""
    assert len(host.listing.warnings) == 1 and "there is no ipset" in host.listing.warnings[0]
    host.tool("ipset", "create friends hash:ip")
    assert host.read()["ipset"] == "create friends hash:ip\n"
    assert host.listing.warnings == []


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("Error: JSON support not compiled-in", "built without JSON"),
        ("Operation not permitted (you must be root)", "use become"),
        ("something else", "nft could not list the rules: something else"),
        ("", "it ended with 1"),
    ],
)
def test_a_tool_that_fails(host, error, hint):
    host.kernel()
    host.tool("nft", error=error, code=1)
    with pytest.raises(BackendError, match="nft could not list the rules") as caught:
        host.read()
    assert hint in str(caught.value)


@pytest.mark.parametrize(
    "text", ["table ip filter {}", "{}", '{"nftables": [3]}', '{"nftables": [{"table": {"family": 1']
)
def test_what_is_not_json_of_nft(host, text):
    host.kernel()
    host.tool("nft", text)
    with pytest.raises(BackendError, match="nft did not list its rules as JSON"):
        host.read()


def test_more_than_can_be_sent_is_an_error(host):
    host.kernel()
    host.tool("nft", json.dumps({"nftables": [{"set": {"elem": ["10.0.0.1"] * 200000}}]}))
    assert len(host.read(most=4 << 20)["nft"]) > 2 << 20
    with pytest.raises(BackendError, match="more than 2 MiB of text"):
        host.read(most=2 << 20)


def test_names_of_legacy_tables_that_may_not_be_read(host):
    host.kernel(modules="ext4 1 0 - Live 0x0\n")
    (host.calls.parent / "proc" / "ip_tables_names").mkdir()
    with pytest.raises(BackendError, match="ip_tables_names cannot be read"):
        host.read()


@pytest.mark.parametrize(
    ("line", "addresses"),
    [
        ("1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever", []),
        ("1: lo    inet6 ::1/128 scope host noprefixroute \\       valid_lft forever", []),
        ("1: lo    inet 192.0.2.1/32 scope global lo\\       valid_lft forever", ["192.0.2.1"]),
        (
            "2: eth0    inet 10.9.0.1/24 metric 100 brd 10.9.0.255 scope global dynamic eth0\\  valid_lft 9sec",
            ["10.9.0.1"],
        ),
        ("3: tun0    inet 10.8.0.6 peer 10.8.0.5/32 scope global tun0\\       valid_lft forever", ["10.8.0.6"]),
        ("2: eth0@if7    inet6 fe80::1/64 scope link \\       valid_lft forever", ["fe80::1"]),
    ],
)
def test_addresses(host, line, addresses):
    host.kernel(modules="ext4 1 0 - Live 0x0\n")
    host.tool("ip", line)
    assert host.read()["addresses"] == addresses
