# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import time

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

ADMIN, STRANGER = "10.9.0.7", "10.9.0.66"
OLD = [rule("22,80", ADMIN, flows=("site.old",))]
NEW = [rule("22,81", ADMIN, flows=("site.new",))]
OWN = "/etc/nftables.d/portmatrix.nft"
PENDING = "/run/portmatrix/pending.json"


@pytest.fixture
def lab():
    with NftLab() as made:
        made.host(HOST, "10.9.0.1/24")
        made.host("admin", f"{ADMIN}/24")
        made.host("stranger", f"{STRANGER}/24")
        yield made


def change(lab, rules=None, window=60, **params):
    given = {} if rules is None else {"rules": rules}
    return lab.module(HOST, "host_firewall", **given, confirm_timeout=window, by="ada", **params)


def confirm(lab, result, operation="confirm"):
    return lab.module(HOST, "policy_confirm", operation=operation, id=result["pending"]["id"])


def waiting(lab):
    return bool(lab.shell("ls /run/portmatrix/rollback-*.zip 2>/dev/null || true"))


def settle(lab, seconds=20):
    until = time.monotonic() + seconds
    while waiting(lab) and time.monotonic() < until:
        time.sleep(0.1)


def rollback_processes(lab):
    return lab.run(HOST, "sh", "-c", "pgrep -f 'portmatrix/[r]ollback-' || true").stdout.split()


def test_a_change_enters_the_boot_path_only_when_it_is_confirmed(lab):
    lab.serve(HOST, 80, 81)
    assert "pending" not in change(lab, OLD, window=0)
    boot = lab.shell(f"cat {OWN}")
    result = change(lab, NEW)
    assert result["pending"]["seconds"] == 60 and result["changed"] is True
    assert lab.reached("admin", "tcp", "10.9.0.1", 80, 81) == {81}
    assert lab.shell(f"cat {OWN}") == boot
    assert confirm(lab, result)["changed"] is True
    assert "site.new" in lab.shell(f"cat {OWN}")
    assert not waiting(lab) and not rollback_processes(lab)
    assert change(lab, NEW)["changed"] is False
    assert lab.reached("stranger", "tcp", "10.9.0.1", 80, 81) == set()


def test_nobody_confirms_and_the_host_comes_back_by_itself(lab):
    lab.serve(HOST, 80, 81)
    change(lab, OLD, window=0)
    before, disk = lab.listing("-s"), lab.snapshot()
    result = change(lab, NEW, window=2)
    assert lab.reached("admin", "tcp", "10.9.0.1", 80, 81) == {81}
    settle(lab)
    assert lab.reached("admin", "tcp", "10.9.0.1", 80, 81) == {80}
    assert (lab.listing("-s"), lab.snapshot()) == (before, disk)
    assert "nobody confirmed the change in time; the former rules are back" in confirm(lab, result)["msg"]
    assert lab.shell("ls /run/portmatrix").split() == ["lock", "rolled-back.json"]


def test_a_first_policy_rolls_back_to_no_firewall(lab):
    lab.serve(HOST, 80)
    disk = lab.snapshot()
    change(lab, NEW, window=2)
    assert lab.reached("stranger", "tcp", "10.9.0.1", 80) == set()
    settle(lab)
    assert lab.listing() == "" and lab.snapshot() == disk
    assert lab.reached("stranger", "tcp", "10.9.0.1", 80) == {80}


def test_a_removal_rolls_back_to_the_policy(lab):
    change(lab, OLD, window=0)
    before = lab.listing("-s")
    change(lab, window=2, state="absent")
    assert lab.listing() == ""
    settle(lab)
    assert lab.listing("-s") == before


def test_a_change_can_be_taken_back_by_hand(lab):
    change(lab, OLD, window=0)
    before = lab.listing("-s")
    result = change(lab, NEW)
    assert confirm(lab, result, "roll_back")["changed"] is True
    assert lab.listing("-s") == before and not waiting(lab)
    assert "taken back by hand" in confirm(lab, result)["msg"]


def test_a_change_that_cuts_off_a_service_is_taken_back(lab):
    lab.serve("admin", 554)
    probes = [dict(to="cam1", source="10.9.0.1", address=ADMIN, protocol="tcp", open=[554, 555])]
    change(lab, OLD, window=0)
    before = lab.listing("-s")
    result = change(lab, OLD, egress="enforce", probes=probes)
    answer = confirm(lab, result)
    assert answer["msg"] == (
        f"what answered this host before does not any more: cam1 ({ADMIN}) tcp 554, cam1 ({ADMIN}) tcp 555;"
        " the former rules are back, nothing was lost"
    )
    assert lab.listing("-s") == before and not waiting(lab)
    declared = [*OLD, rule("554-555", ADMIN, direction="out")]
    assert "failed" not in confirm(lab, change(lab, declared, egress="enforce", probes=probes))


def test_a_second_controller_waits_for_the_first_and_what_it_changed(lab):
    first = change(lab, OLD, window=4)
    begun = time.monotonic()
    second = change(lab, NEW)
    assert 2 < time.monotonic() - begun < 30
    assert second["changed"] is True and "site.new" in lab.listing()
    assert "the former rules are back" in confirm(lab, first)["msg"]
    assert "failed" not in confirm(lab, second)


def test_even_an_unchanged_run_waits_for_a_change_to_be_confirmed(lab):
    change(lab, OLD, window=3, persist=False)
    assert change(lab, OLD, persist=False)["changed"] is True
    assert "site.old" in lab.listing() and waiting(lab)


def test_a_timer_that_was_killed_is_made_good_by_the_next_run(lab):
    change(lab, OLD, window=0)
    change(lab, NEW)
    lab.shell("pkill -9 -f 'portmatrix/[r]ollback-'")
    pending = json.loads(lab.shell(f"cat {PENDING}"))
    pending["due"] -= 1000
    lab.run(HOST, "tee", PENDING, input=json.dumps(pending))
    assert "failed" not in change(lab, OLD)
    assert "site.old" in lab.listing() and not waiting(lab)


def test_the_clock_does_not_matter(lab):
    pending = change(lab, OLD, window=30)["pending"]
    due = json.loads(lab.shell(f"cat {PENDING}"))["due"]
    assert 0 < due - time.monotonic() <= 30
    assert pending["seconds"] == 30


def test_five_policies_are_kept_and_any_can_be_brought_back(lab):
    for number in range(1, 8):
        change(lab, [rule(f"22,{8000 + number}", ADMIN, flows=(f"site.f{number}",))], window=0)
    kept = lab.module(HOST, "policy_confirm")["kept"]
    assert [policy["number"] for policy in kept] == [3, 4, 5, 6, 7]
    assert kept[-1]["by"] == "ada" and kept[-1]["rules"][0]["ports"] == ["22", "8007"]
    assert "failed" not in confirm(lab, change(lab, policy="3"))
    assert "8003" in lab.listing() and "8003" in lab.shell(f"cat {OWN}")
    assert [policy["number"] for policy in lab.module(HOST, "policy_confirm")["kept"]] == [4, 5, 6, 7, 8]
    assert "failed" not in confirm(lab, change(lab, policy="previous"))
    assert "8007" in lab.listing()
    assert change(lab, policy="2")["msg"] == "policy 2 is not kept on this host; kept: 5, 6, 7, 8, 9"


def test_an_unchanged_run_keeps_no_policy_and_writes_nothing(lab):
    change(lab, OLD, window=0)
    before = lab.snapshot()
    assert change(lab, OLD)["changed"] is False
    assert lab.snapshot() == before
    assert len(lab.module(HOST, "policy_confirm")["kept"]) == 1


def test_rules_that_would_cut_off_the_controller_are_refused(lab):
    client = {"address": "10.8.0.7", "port": 22}
    result = change(lab, OLD, client=client)
    assert result["msg"] == (
        "these rules would cut off this very connection: no rule accepts tcp to port 22 from 10.8.0.7;"
        " add 10.8.0.7 to portmatrix_management_sources; nothing was changed"
    )
    assert lab.listing() == ""
    assert "failed" not in change(lab, OLD, client={"address": ADMIN, "port": 22}, window=0)


def test_what_others_change_meanwhile_is_not_confirmed(lab):
    change(lab, OLD, window=0)
    before, boot = lab.listing("-s"), lab.shell(f"cat {OWN}")
    result = change(lab, NEW)
    lab.nft(HOST, "flush chain inet portmatrix input")
    assert "someone else has changed this host's rules before they were confirmed" in confirm(lab, result)["msg"]
    assert (lab.listing("-s"), lab.shell(f"cat {OWN}")) == (before, boot)


def test_check_mode_arms_nothing(lab):
    result = change(lab, OLD, _ansible_check_mode=True)
    assert result["changed"] is True and "pending" not in result
    assert not waiting(lab) and lab.listing() == ""


def test_no_other_window_than_an_hour(lab):
    assert change(lab, OLD, window=3601)["msg"] == "confirm_timeout: 3601; allowed are 0 to 3600 seconds"


def test_a_policy_or_rules_are_needed(lab):
    assert "rules, policy" in change(lab)["msg"]
