# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boot path: what is laid, what it loads, and how every byte of it comes back."""

from __future__ import annotations

import re
import shutil

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

POLICY = [
    rule("22", "10.9.0.0/24", flows=("portmatrix.management",)),
    rule("7563", "10.9.0.2", "2001:db8:9::/64", flows=("a.media",), reason="table 3, row 2"),
]
OWN, MAIN = "/etc/nftables.d/portmatrix.nft", "/etc/nftables.conf"
INCLUDE = f'include "{OWN}" # vidnet.portmatrix\n'
STOCK = """#!/usr/sbin/nft -f

flush ruleset

table inet filter {
    chain input {
        type filter hook input priority filter;
    }
}
"""
SYSTEMD = "mkdir -p /run/systemd/system; mount -t tmpfs -o mode=755 tmpfs /etc/systemd/system"


@pytest.fixture
def lab(monkeypatch):
    # systemctl then works on the unit files themselves, as in an image that is being built
    monkeypatch.setenv("SYSTEMD_OFFLINE", "1")
    with NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24")
        yield lab


def write(lab, path, text, mode="644"):
    lab.shell(f"mkdir -p $(dirname {path}); cat > {path}; chmod {mode} {path}", input=text)


def reboot(lab, main=MAIN):
    lab.shell(f"nft flush ruleset; nft -f {main}")


needs_systemctl = pytest.mark.skipif(
    not shutil.which("systemctl"),
    reason="no systemctl on this machine (package systemd): the boot service is not tried",
)


@pytest.mark.parametrize(
    "main", ["", STOCK, STOCK.rstrip("\n"), 'include "/etc/other/*.nft"\n', f'# include "{OWN}"\n', "# caf\u00e9\n"]
)
def test_the_same_rules_are_there_after_a_boot_and_leaving_gives_every_byte_back(lab, main):
    write(lab, MAIN, main, "755")
    before = lab.snapshot()
    lab.apply(POLICY)
    running = lab.listing("-s")
    reboot(lab)
    assert lab.listing("-s") == running
    assert lab.apply(POLICY)["changed"] is False
    assert lab.shell(f"cat {MAIN}").endswith("\n" + INCLUDE if main else INCLUDE)
    assert lab.shell(f"stat -c %a {OWN} {MAIN}").split() == ["600", "755"]
    lab.apply(state="absent")
    assert lab.snapshot() == before


def test_a_host_without_a_main_file_gets_one_and_loses_it_again(lab):
    before = lab.snapshot()
    lab.apply(POLICY)
    assert lab.shell(f"cat {MAIN}") == "#!/usr/sbin/nft -f\n" + INCLUDE
    running = lab.listing("-s")
    lab.shell("nft flush ruleset; " + MAIN)  # it can be run, too
    assert lab.listing("-s") == running
    lab.apply(state="absent")
    assert lab.snapshot() == before


@pytest.mark.parametrize("pattern", ["/etc/nftables.d/*.nft", "nftables.d/*.nft", "/etc/nftables.d/portmatrix.nft"])
def test_a_main_file_that_already_includes_ours_is_left_alone(lab, pattern):
    write(lab, MAIN, f'flush ruleset\ninclude "{pattern}"\n')
    lab.shell("mkdir /etc/nftables.d; touch /etc/nftables.d/keep.nft")
    before = lab.snapshot()
    lab.apply(POLICY)
    assert lab.shell(f"cat {MAIN}") == f'flush ruleset\ninclude "{pattern}"\n'
    running = lab.listing("-s")
    reboot(lab)
    assert lab.listing("-s") == running
    lab.apply(state="absent")
    assert lab.snapshot() == before


@pytest.mark.parametrize(
    ("identity", "main", "own"),
    [
        ('ID="rhel"\n', "/etc/sysconfig/nftables.conf", "/etc/nftables/portmatrix.nft"),
        ('ID=rocky\nID_LIKE="rhel centos fedora"\n', "/etc/sysconfig/nftables.conf", "/etc/nftables/portmatrix.nft"),
        ("ID=alpine\n", "/etc/nftables.nft", "/etc/nftables.d/portmatrix.nft"),
        ("ID=opensuse-leap\nID_LIKE=suse\n", "/etc/nftables.conf", "/etc/nftables.d/portmatrix.nft"),
        ("", "/etc/nftables.conf", "/etc/nftables.d/portmatrix.nft"),
    ],
)
def test_each_distribution_has_its_own_path(lab, identity, main, own):
    write(lab, "/etc/os-release", identity or "NAME=nothing\n")
    before = lab.snapshot()
    lab.apply(POLICY)
    assert lab.shell(f"stat -c %a {own}").strip() == "600"
    running = lab.listing("-s")
    reboot(lab, main)
    assert lab.listing("-s") == running
    lab.apply(state="absent")
    assert lab.snapshot() == before


def test_what_was_done_by_hand_to_the_boot_path_is_undone(lab):
    write(lab, MAIN, STOCK)
    lab.apply(POLICY)
    good, kernel = lab.snapshot(), lab.listing("-a", "-s")
    for change in (
        f"echo broken >> {OWN}",
        f"rm {OWN}",
        f"chmod 644 {OWN}",
        "rm -r /etc/nftables.d",
        f"grep -v portmatrix {MAIN} > /tmp/main.$$; cat /tmp/main.$$ > {MAIN}; rm /tmp/main.$$",
    ):
        lab.shell(change)
        assert lab.snapshot() != good, change
        assert lab.apply(POLICY, _ansible_check_mode=True)["changed"] is True, change
        assert lab.apply(POLICY)["changed"] is True, change
        assert lab.snapshot() == good, change
    assert lab.listing("-a", "-s") == kernel


def test_what_others_did_to_the_main_file_since_is_kept_when_we_leave(lab):
    write(lab, MAIN, STOCK.rstrip("\n"))
    lab.apply(POLICY)
    lab.shell(f"echo '# mine' >> {MAIN}")
    lab.apply(state="absent")
    assert lab.shell(f"cat {MAIN}") == STOCK + "# mine\n"


def test_leaving_works_when_the_record_is_lost(lab):
    write(lab, MAIN, STOCK)
    lab.apply(POLICY)
    lab.shell("rm -r /var/lib/portmatrix")
    lab.apply(state="absent")
    assert lab.shell(f"cat {MAIN}; ls {OWN} 2>&1 || true").startswith(STOCK + "ls: cannot access")


def test_persist_false_leaves_the_boot_path_as_it_is(lab):
    before = lab.snapshot()
    assert lab.apply(POLICY, persist=False)["changed"] is True
    assert lab.apply(POLICY, persist=False)["changed"] is False
    assert lab.snapshot() == before
    assert lab.apply(POLICY)["changed"] is True
    laid = lab.snapshot()
    lab.apply(POLICY[:1], persist=False)
    lab.apply(state="absent", persist=False)
    assert lab.snapshot() == laid and lab.listing() == ""


def test_a_main_file_that_does_not_load_stops_everything(lab):
    write(lab, MAIN, "table inet mine { chain broken { oops\n} }\n")
    before = lab.snapshot()
    for check in (True, False):
        result = lab.apply(POLICY, _ansible_check_mode=check)
        sentence = f"{MAIN} would not load at boot, so nothing was changed: nft refused these rules: {MAIN}:1:"
        assert result["msg"].startswith(sentence)
        assert (lab.snapshot(), lab.listing()) == (before, "")
    assert lab.apply(POLICY, persist=False)["changed"] is True


def test_a_read_only_etc_stops_everything_before_the_kernel(lab):
    lab.apply(POLICY)
    kernel = lab.listing("-a", "-s")
    lab.mount("mount -o remount,ro /etc")
    result = lab.apply(POLICY[:1])
    assert result["msg"] == f"{OWN} cannot be written, so nothing was changed: /etc/nftables.d is read-only"
    assert lab.listing("-a", "-s") == kernel


@pytest.mark.parametrize("first", [True, False])
def test_when_the_boot_path_fails_after_the_kernel_both_come_back(lab, first):
    write(lab, MAIN, STOCK)
    if not first:
        lab.apply([rule("80", "any"), *POLICY], egress="enforce")
        lab.nft(HOST, "add set inet portmatrix mine { type ipv4_addr; }")
        lab.shell(f"grep -v portmatrix {MAIN} > /tmp/main.$$; cat /tmp/main.$$ > {MAIN}; rm /tmp/main.$$")
        lab.reaches(HOST, "udp", "127.0.0.1", 9)  # for counters that have to come back, too
    kernel, disk = lab.listing("-s"), lab.snapshot()
    lab.mount(f"mount --bind {MAIN} {MAIN}")  # a file that is a mount point, as in containers, cannot be replaced
    result = lab.apply(POLICY)
    assert "rules and boot path are back as they were, nothing was lost" in result["msg"]
    assert lab.listing("-s") == kernel
    assert lab.snapshot() == disk
    assert first or re.search(r'iif "lo" counter packets [1-9]', lab.listing())


def test_without_systemd_there_is_a_warning(lab):
    (warning,) = lab.apply(POLICY)["warnings"]
    assert f"see to it that something loads {MAIN} at boot" in str(warning)


def test_openrc_that_starts_nftables_is_enough(lab):
    lab.shell("mkdir -p /etc/runlevels/boot; ln -s /etc/init.d/nftables /etc/runlevels/boot/nftables")
    assert not lab.apply(POLICY).get("warnings")


@needs_systemctl
def test_the_service_is_enabled_and_given_back(lab):
    lab.mount(SYSTEMD)
    before = lab.snapshot()
    assert "disabled" in lab.shell("systemctl is-enabled nftables || true")
    assert "nftables.service: enabled" in str(lab.apply(POLICY, _ansible_check_mode=True, _ansible_diff=True)["diff"])
    result = lab.apply(POLICY)
    assert not result.get("warnings")
    assert "enabled" in lab.shell("systemctl is-enabled nftables")
    lab.shell("systemctl disable nftables")
    assert lab.apply(POLICY)["changed"] is True
    assert lab.apply(POLICY)["changed"] is False
    assert "enabled" in lab.shell("systemctl is-enabled nftables")
    lab.apply(state="absent")
    assert "disabled" in lab.shell("systemctl is-enabled nftables || true")
    lab.shell("rmdir /etc/systemd/system/sysinit.target.wants 2>/dev/null || true")
    assert lab.snapshot() == before


@needs_systemctl
def test_a_service_that_was_enabled_stays_enabled(lab):
    lab.mount(SYSTEMD)
    lab.shell("systemctl enable nftables")
    before = lab.snapshot()
    lab.apply(POLICY)
    lab.apply(state="absent")
    assert lab.snapshot() == before


@needs_systemctl
def test_a_masked_service_stops_everything(lab):
    lab.mount(SYSTEMD)
    lab.shell("systemctl mask nftables")
    result = lab.apply(POLICY)
    assert result["msg"].startswith("nftables.service is masked, so nothing would load the policy at boot")
    assert lab.listing() == ""


def test_a_damaged_record_is_named(lab):
    write(lab, "/var/lib/portmatrix/nftables.json", "{")
    assert lab.apply(POLICY)["msg"] == "/var/lib/portmatrix/nftables.json is damaged; restore or delete it"
