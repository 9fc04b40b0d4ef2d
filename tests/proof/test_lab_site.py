# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's promises, kept on the lab's site: the playbooks, every port from a stranger, plan, reboot, removal, egress."""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest

from tests.support.ansible_runs import hostvars
from tests.support.lab import INVENTORY, SiteLab, recap

Row = dict[str, Any]
MAIN_AND_OWN = "cat /etc/nftables.conf 2>&1; ls -d /etc/nftables.d /var/lib/portmatrix 2>&1 || true"
PEARL_FLOWS = [
    "flow.camera.rtsp",
    "milestone.camera.video",
    "milestone.camera.video_failover",
    "pearl.encoder.http_stream",
    "pearl.encoder.rtsp",
]
ATTEMPTS = """
import json, socket, sys
def attempt(protocol, address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM) as client:
        client.settimeout(1.5)
        try:
            client.connect((address, port))
            if protocol == "udp":
                client.send(b"?")
                client.recv(1)
            return "open"
        except ConnectionRefusedError:
            return "refused"
        except TimeoutError:
            return "filtered"
print(json.dumps([attempt(*each) for each in json.loads(sys.argv[1])]))
"""


class Site(NamedTuple):
    """The running lab after its first site.yml: host variables, what that run said, its truth table, and /etc before it."""

    lab: SiteLab
    hosts: dict[str, dict[str, Any]]
    first: CompletedProcess[str]
    table: dict[str, Any]
    pristine: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with SiteLab(tmp_path_factory.mktemp("lab")) as lab:
        pristine = lab.each("sh", "-c", MAIN_AND_OWN)
        first = lab.playbook("site.yml", "-e", f"portmatrix_report_dir={lab.directory}")
        assert first.returncode == 0, first.stdout + first.stderr
        yield Site(lab, hostvars(INVENTORY), first, read_table(lab.directory), pristine)


def read_table(directory: Path) -> dict[str, Any]:
    return json.loads((directory / "truth-table.json").read_text())


def declared(site: Site, listener: str, source: str) -> list[tuple[str, int, int]]:
    """Return (protocol, low, high) of what the rules of a host open to an address."""
    return [
        (rule["protocol"], int(ports.partition("-")[0]), int(ports.rpartition("-")[2]))
        for rule in site.hosts[listener]["portmatrix_rules"]
        if rule["direction"] == "in" and any(covers(peer, source) for peer in rule["peers"])
        for ports in rule["ports"]
    ]


def covers(peer: str, address: str) -> bool:
    return peer == "any" or ipaddress.ip_address(address) in ipaddress.ip_network(peer)


def test_the_first_run_applies_and_proves(site: Site) -> None:
    assert recap(site.first) == dict.fromkeys(site.hosts, 1)
    assert site.table["summary"] == {"probes": len(site.table["results"]), "differences": 0, "nothing_probed_from": []}


def test_a_second_run_changes_nothing(site: Site) -> None:
    before = site.lab.states()
    assert before.keys() == site.hosts.keys()
    assert recap(site.lab.playbook("site.yml")) == dict.fromkeys(site.hosts, 0)
    assert site.lab.states() == before


def attempts(site: Site, host: str, wanted: list[tuple[str, str, int]]) -> list[str]:
    """Return what became of connections of a host to (protocol, address, port): "open", "refused" or "filtered"."""
    return json.loads(site.lab.run(host, sys.executable, "-c", ATTEMPTS, json.dumps(wanted)))


def test_every_declared_initiator_reaches_every_declared_port(site: Site) -> None:
    asked = {
        (row["initiator"], row["protocol"], row["address"], row["port"]): (row["expected"], row["observed"])
        for row in site.table["results"]
    }
    wanted = {
        (initiator, protocol, address, port)
        for listener in site.hosts
        for initiator in site.hosts.keys() - {listener}
        for source in site.hosts[initiator]["portmatrix_addresses"]
        for protocol, low, high in declared(site, listener, source)
        for address in site.hosts[listener]["portmatrix_addresses"]
        if (":" in address) == (":" in source)
        for port in (low, high)
    }
    assert len(wanted) > 300
    proven = {key for key in wanted if asked.get(key) == ("open", "open")}
    assert len(proven) > 250
    assert wanted & asked.keys() == proven
    # verify.yml asks for a sample of the hosts that an administrator or a sender of multicast may reach; here are the others
    rest = sorted(wanted - proven)
    assert {(initiator, protocol) for initiator, protocol, _address, _port in rest} <= {
        ("admin1", "tcp"),
        ("rs1", "udp"),
        ("rs2", "udp"),
        ("frs1", "udp"),
    }
    for initiator in {key[0] for key in rest}:
        targets = [key[1:] for key in rest if key[0] == initiator]
        # nothing listens now, so what gets through is refused
        assert dict(zip(targets, attempts(site, initiator, targets))) == dict.fromkeys(targets, "refused")


def test_a_stranger_reaches_no_port_of_any_host(site: Site) -> None:
    """That no answer comes is not enough: every single packet is counted where the target drops it."""
    targets = {host: values["portmatrix_addresses"] for host, values in site.hosts.items() if host != "stranger1"}
    addresses = [address for each in targets.values() for address in each]
    before = site.lab.undeclared()
    found = site.lab.sweep("stranger1", addresses, processes=2)
    after = site.lab.undeclared()
    assert {address: result["answers"] for address, result in found.items()} == {address: [] for address in addresses}
    assert {address: result["sent"] for address, result in found.items()} == dict.fromkeys(addresses, 2 * 65535)
    for host, own in targets.items():
        assert after[host] - before[host] == 2 * 65535 * len(own), host


@pytest.mark.parametrize(("initiator", "listener"), [("operator1", "rs1"), ("flow1", "pearl1")])
def test_the_sweep_finds_exactly_what_is_declared(site: Site, initiator: str, listener: str) -> None:
    """Nothing listens now, so a port that lets packets through refuses them."""
    refusal = {("tcp", False): "reset", ("tcp", True): "reset", ("udp", False): "icmp 3/3", ("udp", True): "icmp 1/4"}
    sources = site.hosts[initiator]["portmatrix_addresses"]
    addresses = site.hosts[listener]["portmatrix_addresses"]
    found = site.lab.sweep(initiator, addresses)
    for source, address in zip(sources, addresses):
        assert found[address]["answers"] == sorted(
            [protocol, port, refusal[protocol, ":" in address]]
            for protocol, low, high in declared(site, listener, source)
            for port in range(low, high + 1)
        )
        assert found[address]["answers"]


def test_the_sweep_finds_what_was_opened_by_hand_and_site_repairs_it(site: Site) -> None:
    host, (address,) = "pearl2", site.hosts["pearl2"]["portmatrix_addresses"]
    before = site.lab.listing(host)
    site.lab.run(host, "nft", "insert rule inet portmatrix input tcp dport 40000-40010 accept")
    answers = site.lab.sweep("stranger1", [address])[address]["answers"]
    assert answers == [["tcp", port, "reset"] for port in range(40000, 40011)]
    assert recap(site.lab.playbook("site.yml", "--limit", host)) == {host: 1}
    assert site.lab.listing(host) == before
    assert site.lab.sweep("stranger1", [address])[address]["answers"] == []


def test_plan_shows_what_one_parameter_changes_and_touches_nothing(site: Site, tmp_path: Path) -> None:
    inventory = tmp_path / "inventory"
    shutil.copytree(INVENTORY, inventory)
    hosts = (inventory / "hosts.yml").read_text()
    (inventory / "hosts.yml").write_text(re.sub(r"pearl_channels: \d", "pearl_channels: 6", hosts))
    before = site.lab.states()
    rules = {host: site.lab.listing(host) for host in ("pearl1", "pearl2")}
    done = site.lab.playbook("plan.yml", "-i", str(inventory))
    assert recap(done) == {host: int(host in rules) for host in site.hosts}
    assert site.lab.states() == before

    shown = re.search(
        r"^TASK \[Show the flows that would change\].*?=> (\{.*?^\})", done.stdout, re.DOTALL | re.MULTILINE
    )
    changes = {"added": [], "removed": [], "changed": PEARL_FLOWS}
    assert json.loads(shown[1])["msg"] == dict.fromkeys(rules, changes)

    diffs = read_diffs(done.stdout)
    assert diffs.keys() == rules.keys()
    for host, listing in rules.items():
        old = [line for line in listing.splitlines() if re.search(r"dport (554|8000)-", line)]
        new = [re.sub(r"(554|8000)-\d+", lambda ports: f"{ports[1]}-{int(ports[1]) + 5}", line) for line in old]
        boot = "/etc/nftables.d/portmatrix.nft: "
        assert diffs[host] == [
            *(f"-{line}" for line in old),
            *(f"+{line}" for line in new),
            f"-{boot}differs",
            f"+{boot}as declared",
        ]


def read_diffs(text: str) -> dict[str, list[str]]:
    """Return host -> the lines that differ, as --diff shows them before the result of that host."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if changed := re.match(r"changed: \[(\S+)\]", line):
            found[changed[1]], lines = lines, []
        elif line[:1] in ("-", "+") and line[:4] not in ("--- ", "+++ "):
            lines.append(line)
    return found


def test_the_rules_come_back_at_boot(site: Site) -> None:
    before = site.lab.listing("es1")
    site.lab.run("es1", "sh", "-ec", "nft delete table inet portmatrix && nft -f /etc/nftables.conf")
    assert site.lab.listing("es1") == before


def test_absent_leaves_the_host_as_it_was(site: Site) -> None:
    before = site.lab.listing("es1")
    assert recap(site.lab.playbook("site.yml", "--limit", "es1", "-e", "portmatrix_state=absent")) == {"es1": 1}
    assert "portmatrix" not in site.lab.run("es1", "nft", "list", "tables")
    assert site.lab.run("es1", "sh", "-c", MAIN_AND_OWN) == site.pristine["es1"]
    assert recap(site.lab.playbook("site.yml", "--limit", "es1")) == {"es1": 1}
    assert site.lab.listing("es1") == before


OPENED = "nft insert rule inet portmatrix input ip6 saddr fd77::10:21 tcp dport 7564 accept"
DELETED = (
    "nft delete rule inet portmatrix input handle $("
    "nft -a list table inet portmatrix | sed -n '/ip saddr .*milestone.recording.media,/s/.*# handle //p')"
)


def test_verify_names_what_differs(site: Site) -> None:
    here = ("--limit", "rs1,operator1", "-e", f"portmatrix_report_dir={site.lab.directory}")
    assert recap(site.lab.playbook("verify.yml", *here)) == {"rs1": 0, "operator1": 0}
    rows = read_table(site.lab.directory)["results"]
    assert {(row["initiator"], row["to"]) for row in rows} == {("rs1", "operator1"), ("operator1", "rs1")}

    opened = "operator1 -> rs1 fd77::1:12 tcp 7564: must be shut, was open"
    deleted = "operator1 -> rs1 10.77.1.12 tcp 7563: must be open, was filtered"
    said: list[str] = []
    for by_hand, sentence in ((OPENED, opened), (DELETED, deleted)):
        site.lab.run("rs1", "sh", "-ec", by_hand)
        said.append(sentence)
        done = site.lab.playbook("verify.yml", *here)
        assert done.returncode == 2, done.stdout + done.stderr
        assert sentence in done.stdout
        assert f"{len(said)} differences between what is declared and what packets find" in done.stdout
        assert sorted(row["sentence"] for row in read_table(site.lab.directory)["differences"]) == sorted(said)

    assert recap(site.lab.playbook("site.yml", *here)) == {"rs1": 1, "operator1": 0}


def test_egress_can_be_enforced(site: Site) -> None:
    enforce = ("-e", "portmatrix_egress=enforce", "-e", f"portmatrix_report_dir={site.lab.directory}")
    assert recap(site.lab.playbook("site.yml", *enforce)) == dict.fromkeys(site.hosts, 1)
    assert read_table(site.lab.directory)["summary"]["differences"] == 0

    address = site.hosts["pearl1"]["portmatrix_addresses"][0]
    site.lab.run("pearl1", "nft", "insert rule inet portmatrix input tcp dport { 40000, 40001 } accept")
    site.lab.run("flow1", "nft", "insert rule inet portmatrix output tcp dport 40001 accept")
    # nothing listens, so what gets through is refused; pearl1 lets in both ports, so it is flow1 that stops the first
    targets = [("tcp", address, port) for port in (554, 40001, 40000)]
    assert attempts(site, "flow1", targets) == ["refused", "refused", "filtered"]
