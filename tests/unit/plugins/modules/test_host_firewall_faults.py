# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are broken in one way or another: the old policy stays, whole, and one sentence says why."""

from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

ADMIN = "10.9.0.7"
OLD = [rule("22,80", ADMIN, flows=("site.old",))]
NEW = [rule("22,81", ADMIN, flows=("site.new",))]


@pytest.fixture
def lab():
    with NftLab() as made:
        made.host(HOST, "10.9.0.1/24")
        assert "failed" not in change(made, OLD, 0)
        yield made


def change(lab, rules, window=60):
    return lab.module(HOST, "host_firewall", rules=rules, confirm_timeout=window, by="ada")


def confirm(lab, result):
    return lab.module(HOST, "policy_confirm", operation="confirm", id=result["pending"]["id"])


def pending(lab):
    return lab.shell("ls /run/portmatrix/rollback-*.zip 2>/dev/null || true")


def full(lab, directory):
    """Put all that is in a directory on a file system of its own, and fill that."""
    lab.mount(
        f"cp -a {directory} /run/kept; mount -t tmpfs -o size=300k tmpfs {directory}; cp -a /run/kept/. {directory}/;"
        f" rm -r /run/kept; dd if=/dev/zero of={directory}/filler bs=1k 2>/dev/null || true"
    )


@pytest.mark.parametrize("window", [0, 60])
def test_a_full_disk_is_noticed_before_anything_is_changed(lab, window):
    before = lab.listing("-s"), lab.shell("cat /etc/nftables.d/portmatrix.nft")
    full(lab, "/etc/nftables.d")
    result = change(lab, NEW, window)
    assert result["msg"] == "/etc/nftables.d/portmatrix.nft cannot be written, so nothing was changed: the disk is full"
    assert (lab.listing("-s"), lab.shell("cat /etc/nftables.d/portmatrix.nft")) == before and not pending(lab)


def test_a_disk_that_fills_up_before_the_confirmation_takes_the_change_back(lab):
    before = lab.listing("-s"), lab.shell("cat /etc/nftables.d/portmatrix.nft")
    result = change(lab, NEW)
    full(lab, "/etc/nftables.d")
    answer = confirm(lab, result)
    assert "the disk is full" in answer["msg"] and "nothing was lost" in answer["msg"]
    assert (lab.listing("-s"), lab.shell("cat /etc/nftables.d/portmatrix.nft")) == before and not pending(lab)


def test_where_no_rollback_can_be_armed_nothing_is_changed(lab):
    before = lab.listing("-s")
    lab.mount(
        "mount -t tmpfs -o size=16k tmpfs /run/portmatrix; dd if=/dev/zero of=/run/portmatrix/filler 2>/dev/null || true"
    )
    result = change(lab, NEW)
    assert result["msg"].startswith("no rollback can be armed, so nothing was changed: ")
    assert "No space left on device" in result["msg"]
    assert lab.listing("-s") == before


def test_a_read_only_etc_is_noticed_before_anything_is_changed(lab):
    before = lab.listing("-s")
    lab.mount("mount -o remount,ro /etc")
    assert "/etc/nftables.d is read-only" in change(lab, NEW)["msg"]
    assert lab.listing("-s") == before and not pending(lab)


def test_no_nft(lab):
    before = lab.listing("-s")
    nft = lab.shell("realpath $(command -v nft)").strip()
    lab.mount(f"touch /run/nothing; chmod 000 /run/nothing; mount --bind /run/nothing {nft}")
    assert change(lab, NEW)["msg"] == "nft was not found on this host: install the package nftables"
    lab.mount(f"umount {nft}")
    assert lab.listing("-s") == before


def test_a_kept_policy_that_is_damaged_is_named(lab):
    lab.shell("echo '{' > /var/lib/portmatrix/policies/1.json")
    result = lab.module(HOST, "host_firewall", policy="1")
    assert result["msg"] == "/var/lib/portmatrix/policies/1.json is damaged; delete it"
