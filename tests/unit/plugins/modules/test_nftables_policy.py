# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module against a real kernel: what it changes, what it leaves alone, and what it says."""

from __future__ import annotations

import re

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

MANAGEMENT = rule("22", "10.9.0.0/24", flows=("portmatrix.management",))
POLICY = [
    MANAGEMENT,
    rule(
        "7563,6000-7000",
        "10.9.0.2",
        "10.9.1.0/24",
        "2001:db8:9::/64",
        flows=("a.media", "a.audio"),
        reason="table 3, row 2",
    ),
    rule("", "10.9.0.0/24", protocol="igmp", flows=("a.multicast",)),
    rule("443", "any", direction="out", flows=("a.updates",)),
]
FOREIGN = """
add table ip nat
add chain ip nat post { type nat hook postrouting priority 100; }
add rule ip nat post masquerade
add table inet fail2ban
add set inet fail2ban bad { type ipv4_addr; elements = { 192.0.2.1 }; }
add chain inet fail2ban input { type filter hook input priority -1; }
add rule inet fail2ban input ip saddr @bad counter drop comment "fail2ban"
"""
BY_HAND = {
    "a rule added": "add rule inet portmatrix input tcp dport 8080 accept",
    "a rule inserted": "insert rule inet portmatrix input tcp dport 8080 accept",
    "a rule in another form": 'add rule inet portmatrix input meta mark 1 log prefix "x" limit rate 3/second accept',
    "a block of rules": "insert rule inet portmatrix input tcp dport 8080 jump {\n accept\n }",
    "all rules removed": "flush chain inet portmatrix input",
    "the policy": "add chain inet portmatrix input { type filter hook input priority filter; policy accept; }",
    "a set": "add set inet portmatrix friends { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }",
    "a counter": "add counter inet portmatrix mine",
    "a chain": "add chain inet portmatrix mine; add rule inet portmatrix mine accept",
    "a base chain": "add chain inet portmatrix mine { type filter hook forward priority 5; policy drop; }",
    "everything at once": """add set inet portmatrix friends { type ipv4_addr; }
        add chain inet portmatrix one; add chain inet portmatrix two
        add map inet portmatrix where { type ipv4_addr : verdict; }
        add rule inet portmatrix one ip saddr @friends jump two
        add element inet portmatrix where { 10.0.0.1 : jump one }
        insert rule inet portmatrix input ip saddr vmap @where""",
    "a hook": """flush chain inet portmatrix input; delete chain inet portmatrix input
        add chain inet portmatrix input { type filter hook input priority 10; policy drop; }""",
    "the table put to sleep": "add table inet portmatrix { flags dormant; }",
    "the table deleted": "delete table inet portmatrix",
}


@pytest.fixture(scope="module")
def lab():
    with NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24", "2001:db8:9::1/64")
        lab.nft(HOST, FOREIGN)
        yield lab


@pytest.fixture
def clean(lab):
    """The laboratory with a host that knows no policy."""
    assert not lab.apply(state="absent").get("failed")
    return lab


def others(lab):
    """Everything that the kernel and /etc hold beside what is ours."""
    tables = [line.split()[1:] for line in lab.shell("nft list tables").splitlines() if "portmatrix" not in line]
    return "".join(lab.shell("nft -a list table " + " ".join(table)) for table in tables)


def loopback(lab):
    """The packets that the first rule has counted: a rewritten rule begins at nought."""
    return int(re.search(r'iif "lo" counter packets (\d+)', lab.listing()).group(1))


def test_a_second_run_changes_nothing_in_the_kernel_or_on_disk(clean):
    files = "stat -c '%n %i %Y' /etc/nftables.d/* /etc/nftables.conf /var/lib/portmatrix/*"
    assert clean.apply(POLICY)["changed"] is True
    clean.reaches(HOST, "udp", "127.0.0.1", 9)
    kernel, disk, counted = clean.handles(), clean.shell(files), loopback(clean)
    result = clean.apply(POLICY, _ansible_diff=True)
    assert (result["changed"], result["diff"]) == (False, [])
    assert result["flows"] == {"added": [], "removed": [], "changed": []}
    assert (clean.handles(), clean.shell(files)) == (kernel, disk)
    assert loopback(clean) >= counted > 0


def test_the_order_of_rules_and_peers_is_no_change(clean):
    clean.apply(POLICY)
    mixed = [{**item, "peers": item["peers"][::-1], "ports": item["ports"][::-1]} for item in reversed(POLICY)]
    assert clean.apply(mixed)["changed"] is False


@pytest.mark.parametrize("egress", ["allow", "enforce"])
def test_other_tables_and_the_host_are_as_before_after_apply_change_and_removal(clean, egress):
    tables, disk = others(clean), clean.snapshot()
    clean.apply(POLICY, egress=egress)
    assert others(clean) == tables
    clean.apply(POLICY[:2], egress=egress)
    assert others(clean) == tables
    assert clean.apply(state="absent")["changed"] is True
    assert clean.listing() == ""
    assert (others(clean), clean.snapshot()) == (tables, disk)
    assert clean.apply(state="absent")["changed"] is False


@pytest.mark.parametrize("egress", ["allow", "enforce"])
def test_check_mode_tells_the_truth_and_touches_nothing(clean, egress):
    tables, disk = others(clean), clean.snapshot()
    foretold = clean.apply(POLICY, egress=egress, _ansible_check_mode=True, _ansible_diff=True)
    assert (clean.listing(), others(clean), clean.snapshot()) == ("", tables, disk)
    done = clean.apply(POLICY, egress=egress, _ansible_diff=True)
    for result in (foretold, done):
        assert result["changed"] is True
        assert result["diff"] == done["diff"]
        assert result["flows"]["added"] == ["a.audio", "a.media", "a.multicast"] + ["a.updates"] * (
            egress == "enforce"
        ) + ["portmatrix.management"]
    kernel = clean.handles()
    assert clean.apply(POLICY[:1], egress=egress, _ansible_check_mode=True)["flows"]["removed"][:2] == [
        "a.audio",
        "a.media",
    ]
    assert clean.apply(state="absent", _ansible_check_mode=True)["changed"] is True
    assert clean.handles() == kernel
    assert clean.apply(POLICY, egress=egress, _ansible_check_mode=True)["changed"] is False


def test_the_diff_shows_the_lines_that_differ(clean):
    clean.apply(POLICY)
    moved = {**MANAGEMENT, "peers": ["10.9.0.5"]}
    result = clean.apply([moved, *POLICY[1:]], _ansible_diff=True)
    kernel, boot = result["diff"] if len(result["diff"]) > 1 else (result["diff"][0], None)
    before, after = (set(kernel[side].splitlines()) for side in ("before", "after"))
    assert before - after == {'\t\tip saddr 10.9.0.0/24 tcp dport 22 counter accept comment "portmatrix.management"'}
    assert after - before == {'\t\tip saddr 10.9.0.5 tcp dport 22 counter accept comment "portmatrix.management"'}
    assert boot["before"].splitlines()[0] == "/etc/nftables.d/portmatrix.nft: differs"
    assert result["flows"] == {"added": [], "removed": [], "changed": ["portmatrix.management"]}


@pytest.mark.parametrize("change", BY_HAND)
@pytest.mark.parametrize("egress", ["allow", "enforce"])
def test_what_was_done_by_hand_is_noticed_and_undone(clean, change, egress):
    clean.apply(POLICY, egress=egress)
    good = clean.listing("-s")
    clean.nft(HOST, BY_HAND[change])
    assert clean.listing("-s") != good
    assert clean.apply(POLICY, egress=egress, _ansible_check_mode=True)["changed"] is True
    assert clean.apply(POLICY, egress=egress)["changed"] is True
    assert sorted(clean.listing("-s").splitlines()) == sorted(good.splitlines())
    again = clean.apply(POLICY, egress=egress, _ansible_diff=True)
    assert (again["diff"], again["changed"]) == ([], False)


@pytest.mark.parametrize("verb", ["delete", "replace", "reorder"])
def test_a_single_rule_deleted_edited_or_moved_is_noticed_and_undone(clean, verb):
    clean.apply(POLICY)
    good = clean.listing("-s")
    line = next(line for line in clean.handles().splitlines() if '"portmatrix.management"' in line)
    handle = line.split("# handle ")[1]
    clean.nft(
        HOST,
        {
            "delete": f"delete rule inet portmatrix input handle {handle}",
            "replace": f"replace rule inet portmatrix input handle {handle} tcp dport 22 counter accept",
            "reorder": f"delete rule inet portmatrix input handle {handle}\n"
            "insert rule inet portmatrix input " + line.split("#")[0].strip(),
        }[verb],
    )
    assert clean.listing("-s") != good
    assert clean.apply(POLICY)["changed"] is True
    assert clean.listing("-s") == good


def test_egress_goes_and_comes_without_a_trace(clean):
    clean.apply(POLICY)
    without = clean.listing("-s")
    assert clean.apply(POLICY, egress="enforce")["flows"]["added"] == ["a.updates"]
    assert "hook output" in clean.listing()
    assert clean.apply(POLICY)["flows"]["removed"] == ["a.updates"]
    assert clean.listing("-s") == without


def test_a_policy_without_rules_is_a_policy(clean):
    assert clean.apply([])["changed"] is True
    assert clean.apply([])["changed"] is False


def test_wrong_rules_are_all_named_and_nothing_is_touched(clean):
    clean.apply(POLICY)
    kernel, disk = clean.handles(), clean.snapshot()
    result = clean.apply(
        [
            rule("70000", "10.0.0.1"),
            rule("80"),
            {"direction": "up", "protocol": "udp", "ports": ["1"], "peers": ["any"]},
        ]
    )
    assert result["failed"] is True
    assert result["msg"] == (
        "wrong rules, nothing was changed: rules[0].ports: 70000 is outside 1-65535; "
        "rules[1].peers: is empty; at least one address, CIDR, or the word any is needed; "
        "rules[2].direction: 'up' is not one of in, out"
    )
    assert (clean.handles(), clean.snapshot()) == (kernel, disk)


def test_rules_are_needed(clean):
    assert clean.apply()["msg"] == "state is present but all of the following are missing: rules"


def test_a_host_without_nft_is_told_so(clean, tmp_path):
    hide = 'for each in /usr/sbin /usr/local/sbin; do mount --bind "$0" $each; done; PATH=/usr/bin:/bin exec "$@"'
    result = clean.module(HOST, "nftables_policy", "sh", "-c", hide, str(tmp_path), rules=[])
    assert result["msg"] == "nft was not found on this host: install the package nftables"


def test_a_user_without_rights_is_told_so(clean):
    result = clean.module(
        HOST, "nftables_policy", "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", rules=[]
    )
    assert "it needs root or CAP_NET_ADMIN; use become" in result["msg"]


@pytest.mark.parametrize(
    ("connection", "refused"),
    [
        ("10.9.0.7 50000 10.9.0.1 22", False),
        ("10.9.7.7 50000 10.9.0.1 22", True),
        ("10.9.0.7 50000 10.9.0.1 2222", True),
        ("2001:db8:9::7 50000 2001:db8:9::1 22", True),
        ("fe80::7%eth0 50000 fe80::1 22", True),
        ("10.9.0.1 50000 10.9.0.1 2222", False),
    ],
)
def test_a_policy_that_would_cut_off_its_own_connection_is_refused(clean, monkeypatch, connection, refused):
    monkeypatch.setenv("SSH_CONNECTION", connection)
    result = clean.apply(POLICY)
    client, _port, _server, port = connection.split()
    assert result.get("failed", False) is refused
    if refused:
        address = client.split("%")[0]
        assert result["msg"] == (
            f"these rules would cut off this very connection: no rule accepts tcp to port {port} from {address};"
            f" add {address} to portmatrix_management_sources; nothing was changed"
        )
        assert clean.listing() == ""
