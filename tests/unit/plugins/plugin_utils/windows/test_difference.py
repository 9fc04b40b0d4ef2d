# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules are made, compared and changed so that a second run finds nothing to do, however Windows spells what was written."""

from __future__ import annotations

import random
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import build, normal
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.difference import Difference, difference
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import GROUP, WindowsRule
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows import windows_host
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows.respelling import respelled

PEERS = [
    "10.0.0.5/32",
    "10.0.0.6/32",
    "10.0.1.0/24",
    "10.0.0.0/9",
    "172.16.0.1",
    "2001:db8::1",
    "2001:db8:1::/48",
    "2001:db8:1::/64",
    "fe80::/10",
]
PORTS = ["80", "443", "7563", "6000-7000", "7001", "40001-40010"]


def rule(**changes: Any) -> dict[str, Any]:
    return {
        "direction": "in",
        "protocol": "tcp",
        "ports": ["7563"],
        "peers": ["10.0.0.5/32"],
        "flows": ["milestone.recording.media"],
        "reason": "Smart Client shows video",
        **changes,
    }


rules = st.lists(
    st.builds(
        rule,
        direction=st.sampled_from(["in", "out"]),
        protocol=st.sampled_from(["tcp", "udp"]),
        ports=st.lists(st.sampled_from(PORTS), min_size=1, max_size=4, unique=True),
        peers=st.one_of(st.just(["any"]), st.lists(st.sampled_from(PEERS), min_size=1, max_size=6, unique=True)),
        flows=st.lists(st.sampled_from(["a.b", "c.d", "e.f"]), max_size=3, unique=True),
        reason=st.text(max_size=40),
    ),
    max_size=6,
    unique_by=lambda given: repr(policy_rules._identity(policy_rules.checked([given])[0])),
)


@stable(80)
@given(rules=rules, seed=st.integers(0, 10000))
def test_a_second_run_finds_no_difference(rules: list[dict[str, Any]], seed: int) -> None:
    dice = random.Random(seed)
    desired = build.build(rules)
    existing = [respelled(one, dice) for one in desired]
    dice.shuffle(existing)
    found = difference(build.build(list(reversed(rules))), [*existing, WindowsRule("foreign", group="")])
    assert not found and found.keep == tuple(desired)


@stable(80)
@given(before=rules, after=rules, seed=st.integers(0, 10000))
def test_applying_the_difference_gives_the_policy_whatever_windows_removes_by_name(
    before: list[dict[str, Any]], after: list[dict[str, Any]], seed: int
) -> None:
    dice = random.Random(seed)
    host = [respelled(one, dice) for one in build.build(before)]
    host += [one._replace(enabled=dice.random() < 0.5) for one in dice.choices(host, k=2)] if host else []
    foreign = [one._replace(group="") for one in host[:1]]
    desired = build.build(after)
    found = difference(desired, [*host, *foreign])
    for name in found.before():
        _remove_any(host, name, dice)
    host += found.add
    for name in found.after():
        _remove_any(host, name, dice)
    assert sorted(map(normal.key, host)) == sorted(map(normal.key, desired))
    assert not difference(desired, host)


def _remove_any(host: list[WindowsRule], name: str, dice: random.Random) -> None:
    host.remove(dice.choice([one for one in host if one.name == name]))


@stable(50)
@given(rules=rules)
def test_names_are_unique_and_texts_are_what_windows_takes(rules: list[dict[str, Any]]) -> None:
    made = build.build(rules)
    assert len({one.name for one in made}) == len(made)
    for one in made:
        assert one.group == GROUP and "|" not in one.name + one.description and len(one.name) < 256
        assert not one.description.startswith("@") and "\n" not in one.description
        assert normal.normal(one) == one


def test_one_rule_in_full() -> None:
    assert build.build([rule(ports=["11000", "7563"], peers=["2001:db8::/64", "10.0.0.5/32", "10.1.0.0/16"])]) == [
        WindowsRule(
            name="portmatrix milestone.recording.media in tcp 7563,11000 [b240703597b0]",
            group="vidnet.portmatrix",
            description="Smart Client shows video. Flows: milestone.recording.media",
            protocol=6,
            local_ports="7563,11000",
            remote_addresses="10.0.0.5/255.255.255.255,10.1.0.0/255.255.0.0,2001:db8::/64",
        )
    ]


def test_out_has_ports_and_peers_at_the_other_end() -> None:
    (made,) = build.build([rule(direction="out", protocol="udp", peers=["any"])], profiles=1)
    assert (made.direction, made.protocol, made.local_ports, made.remote_ports) == ("out", 17, "*", "7563")
    assert (made.remote_addresses, made.profiles) == ("*", 1)


def test_igmp_is_protocol_2_without_ports() -> None:
    (made,) = build.build([rule(protocol="igmp", ports=[])])
    assert (made.protocol, made.local_ports, made.remote_ports) == (2, "*", "*")


def test_everybody_only_where_the_user_wrote_it() -> None:
    (made,) = build.build([rule(peers=["0.0.0.0/0", "::/0"])])
    assert made.remote_addresses == "0.0.0.0/0.0.0.0,::/0"


def test_peers_are_split_at_a_thousand() -> None:
    peers = [f"10.{number // 100}.{number % 100}.1/32" for number in range(2100)]
    made = build.build([rule(peers=peers)])
    assert [one.remote_addresses.count(",") + 1 for one in made] == [1000, 1000, 100]
    assert "part 2 of 3" in made[1].name
    assert sum(len(one.remote_addresses.split(",")) for one in made) == len(peers)


def test_a_description_is_cut_where_windows_would_refuse_it() -> None:
    (made,) = build.build([rule(reason="\U0001f600" * 9000 + "|@")])
    assert len(made.description.encode("utf-16-le")) <= 20000 and made.description.endswith("...")


def test_wrong_rules_are_refused_with_their_number() -> None:
    with pytest.raises(policy_rules.RuleError, match=r"rules\[1\]\.peers: is empty"):
        build.build([rule(), rule(ports=["80"], peers=[])])


def test_another_reason_is_another_name() -> None:
    one, other = build.build([rule()])[0], build.build([rule(reason="Something else")])[0]
    found = difference([other], [one])
    assert found == Difference((other,), (one,), ()) and found.before() == [] and found.after() == [one.name]


def test_a_rule_that_somebody_changed_goes_first_with_all_of_its_name() -> None:
    (one,) = build.build([rule()])
    found = difference([one], [one._replace(remote_addresses="*"), one])
    assert found.before() == [one.name, one.name] and found.after() == [] and found.add == (one,)


def test_one_of_two_that_are_alike_goes() -> None:
    (one,) = build.build([rule()])
    assert difference([one], [one, one]) == Difference((), (one,), (one,))


@pytest.mark.parametrize(
    "changes",
    [
        {"enabled": False},
        {"action": "block"},
        {"remote_addresses": "10.0.0.5,LocalSubnet"},
        {"remote_addresses": "10.0.0.4/255.255.255.254"},
        {"local_ports": "7563,7564"},
        {"remote_ports": "1024-65535"},
        {"profiles": 3},
        {"program": "System"},
        {"service": "x"},
        {"interface_types": "Lan"},
        {"edge": True},
        {"others": ("LUOwn=S-1-5-18",)},
        {"description": ""},
    ],
)
def test_a_change_by_hand_is_found(changes: dict[str, Any]) -> None:
    (one,) = build.build([rule()])
    assert difference([one], [one._replace(**changes)])


def test_normal_form_of_what_windows_writes() -> None:
    given = WindowsRule(
        "a",
        direction="In",
        protocol=6,
        local_ports="RPC, 443,80-90,85-100",
        remote_addresses="LOCALSUBNET,10.0.0.1-10.0.0.255,10.0.0.0",
        profiles=7,
        program="%systemroot%\\System32\\SVCHOST.exe",
        service="RpcSs",
        interface_types="all",
    )
    assert normal.normal(given) == WindowsRule(
        "a",
        direction="in",
        protocol=6,
        local_ports="80-100,443,RPC",
        remote_addresses="10.0.0.0/255.255.255.0,LocalSubnet",
        program="c:\\windows\\system32\\svchost.exe",
        service="rpcss",
    )
    assert normal.normal(WindowsRule("p", protocol=1, icmp="8:*,3:4,8:0")).icmp == "3:4,8:*"


@stable(50)
@given(st.sampled_from(windows_host.own() + windows_host.installer()))
def test_the_normal_form_is_its_own(one: WindowsRule) -> None:
    assert normal.normal(normal.normal(one)) == normal.normal(one)
    assert normal.key(normal.normal(one)) == normal.key(one)


def test_what_comparing_2000_rules_costs(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints figures; what must hold is that nothing differs."""
    peers = [[f"10.{number // 200}.{number % 200}.{last}/32" for last in range(1, 6, 2)] for number in range(1400)]
    policy = [rule(ports=[str(1000 + number)], peers=each) for number, each in enumerate(peers)]
    dice = random.Random(1)
    existing = [respelled(one, dice) for one in build.build(policy)] + windows_host.own()[:600]
    start = time.process_time()
    desired = build.build(policy)
    middle = time.process_time()
    found = difference(desired, existing)
    end = time.process_time()
    assert len(existing) == 2000 and not found and len(found.keep) == 1400
    with capsys.disabled():
        print(
            f" {len(existing)} existing rules: {len(desired)} of them own: build {middle - start:.3f} s, compare {end - middle:.3f} s of CPU ",
            end="",
        )
