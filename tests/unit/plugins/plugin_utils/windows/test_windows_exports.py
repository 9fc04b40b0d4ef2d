# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import functools
import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import render
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import (
    build,
    evaluate,
    exports,
    normal,
    registry,
    registry_pol,
    rule_files,
    rule_string,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import WindowsRule

MEDIA = {
    "direction": "in",
    "protocol": "tcp",
    "ports": ["7563", "6000-7000"],
    "peers": ["10.0.0.5/32", "10.1.0.0/16", "2001:db8::/64"],
    "flows": ["acme.recorder.media"],
    "reason": "G\u00e4ste's | Kameras",
}
RULES: list[dict[str, Any]] = [
    MEDIA,
    {**MEDIA, "protocol": "igmp", "ports": [], "peers": ["any"], "flows": ["acme.recorder.groups"]},
    {**MEDIA, "protocol": "udp", "ports": ["123"], "peers": ["10.0.0.5"], "flows": ["portmatrix.management"]},
    {**MEDIA, "direction": "out", "ports": ["443"], "flows": ["acme.cloud"]},
]


def firewall(content: bytes) -> rule_files.Firewall:
    return rule_files.firewall(rule_files.values(content))


@functools.cache
def exported(form: str, egress: str = "allow", profiles: str = "leave") -> bytes:
    return exports.export(RULES, form, egress, profiles, "rs1")


@pytest.mark.parametrize("form", ["lgpo", "registry_pol"])
@pytest.mark.parametrize("egress", ["allow", "enforce"])
def test_an_export_read_back_is_the_policy(form: str, egress: str) -> None:
    found = firewall(exported(form, egress))
    assert [stored.rule for stored in found.rules] == exports.windows_rules(RULES, egress)
    assert {stored.store for stored in found.rules} == {"policy"}
    assert [stored.value_name for stored in found.rules] == [exports.rule_id(stored.rule) for stored in found.rules]
    assert found.unread == []
    assert any(stored.rule.direction == "out" for stored in found.rules) is (egress == "enforce")


def test_registry_pol_comes_back_byte_by_byte() -> None:
    content = exported("registry_pol", "enforce", "enforce")
    found = firewall(content)
    again = exports.policy_values([stored.rule for stored in found.rules], exports.profile_settings("enforce"))
    assert registry_pol.write(again) == content


def test_all_forms_have_the_same_values() -> None:
    assert rule_files.values(exported("lgpo", "enforce", "enforce")) == rule_files.values(
        exported("registry_pol", "enforce", "enforce")
    )


def lets_in(policy: evaluate.Policy, protocol: int, peer: str, port: int) -> bool:
    family = "ipv6" if ":" in peer else "ipv4"
    packets = evaluate.Packets("in", family, protocol, "domain")
    number = int(ipaddress.ip_address(peer))
    return evaluate.verdict(policy, packets, (number, 1, port, 50000))[0] == "allow"


PEERS = ["10.0.0.4", "10.0.0.5", "10.0.0.6", "10.1.0.0", "10.1.255.255", "10.2.0.0", "2001:db8::1", "2001:db8:0:1::"]
RANGES = st.tuples(st.integers(1, 65535), st.integers(0, 200)).map(lambda ends: f"{ends[0]}-{min(65535, sum(ends))}")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "direction": st.just("in"),
                "protocol": st.sampled_from(["tcp", "udp"]),
                "ports": st.lists(RANGES, min_size=1, max_size=3),
                "peers": st.one_of(
                    st.just(["any"]),
                    st.lists(st.sampled_from(["10.0.0.5", "10.1.0.0/16", "2001:db8::/64"]), min_size=1),
                ),
                "flows": st.just(["a.b"]),
                "reason": st.text(max_size=5),
            }
        ),
        max_size=2,
        unique_by=lambda rule: rule["protocol"],
    ),
    st.data(),
)
def test_an_export_lets_in_what_the_policy_does(rules: list[dict[str, Any]], data: st.DataObject) -> None:

    content = exports.export(rules, "registry_pol")
    stored = rule_files.firewall(rule_files.values(content)).rules if rules else []
    policy = evaluate.Policy(group_policy=[each.rule for each in stored])
    bounds = [int(bound) for rule in rules for span in rule["ports"] for bound in span.split("-")] or [80]
    port = data.draw(st.sampled_from(bounds)) + data.draw(st.sampled_from([-1, 0, 1]))
    peer, protocol = data.draw(st.sampled_from(PEERS)), data.draw(st.sampled_from(["tcp", "udp"]))
    granted = any(
        rule["protocol"] == protocol
        and any(int(span.split("-")[0]) <= port <= int(span.split("-")[1]) for span in rule["ports"])
        and any(given == "any" or ipaddress.ip_address(peer) in ipaddress.ip_network(given) for given in rule["peers"])
        for rule in rules
    )
    assert lets_in(policy, {"tcp": 6, "udp": 17}[protocol], peer, port % 65536) is granted


def test_only_ascii_leaves() -> None:
    for form in exports.FORMS:
        content = exported(form).decode("ascii" if form != "registry_pol" else "latin1")
        assert "Gaste" in content.replace("\0", "")
    assert firewall(exported("lgpo")).rules[-1].rule.description.startswith("Gaste's / Kameras")


def test_the_same_rules_give_the_same_names_and_others_others() -> None:
    first, second = exports.windows_rules(RULES), exports.windows_rules([{**MEDIA, "ports": ["7564"]}, *RULES[1:]])
    assert {exports.rule_id(rule) for rule in first} - {exports.rule_id(rule) for rule in second} == {
        exports.rule_id(rule) for rule in first if "acme.recorder.media" in rule.name
    }
    assert len({exports.rule_id(rule) for rule in first}) == len(first)


def test_every_profile_is_switched_on_when_told() -> None:
    for egress, outbound in (("allow", "allow"), ("enforce", "block")):
        found = firewall(exported("registry_pol", egress, "enforce"))
        assert found.silent == []
        assert {(profile.enabled, profile.default_inbound, profile.default_outbound) for profile in found.profiles} == {
            (True, "block", outbound)
        }
        assert b"DefaultInboundAction = 'Block'" in exported("powershell", egress, "enforce")
    assert firewall(exported("registry_pol")).silent == ["domain", "private", "public"]
    assert b"Set-NetFirewallProfile" not in exported("powershell")


def test_nobody_is_locked_out() -> None:
    with pytest.raises(ValueError, match="no rule lets administrators in; allowed: with portmatrix_management_sources"):
        exports.export([MEDIA], "lgpo", profiles="enforce")


def test_a_thousand_peers_fit() -> None:
    peers = [f"2001:db8:{number:x}:ffff:ffff:ffff:ffff:fff0/124" for number in range(1, 1001)]
    rules = exports.windows_rules([{**MEDIA, "peers": peers, "reason": "x" * 9000}])
    assert len(rules) > 1
    assert all(len(rule_string.write(rule)) <= exports.MOST_CHARACTERS for rule in rules)
    assert len({rule.name for rule in rules}) == len(rules)
    (whole,) = build.build([{**MEDIA, "peers": peers}])
    parts = ",".join(rule.remote_addresses for rule in rules)
    assert normal.normal(whole._replace(remote_addresses=parts)) == normal.normal(whole)
    content = registry_pol.write(exports.policy_values(rules))
    assert [stored.rule for stored in firewall(content).rules] == rules


def test_what_does_not_fit_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="too long for Registry.pol"):
        list(exports.fitting(WindowsRule(name="a", remote_addresses="10.0.0.1", description="x" * 100), most=90))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"form": "csv"}, "lgpo, registry_pol"),
        ({"egress": "x"}, "allow, enforce"),
        ({"profiles": "x"}, "leave, enforce"),
    ],
)
def test_wrong_choices(given: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        exports.export(RULES, **{"form": "lgpo", **given})


def test_wrong_rules_are_named() -> None:
    with pytest.raises(ValueError, match=r"rules\[0\].peers"):
        exports.export([{**MEDIA, "peers": ["nowhere"]}], "lgpo")


def test_the_render_filter_has_the_forms() -> None:
    for form in exports.FORMS:
        text = render.render({"rs1": {"rules": RULES}}, form, "enforce", profiles="enforce")
        data = base64.b64decode(text) if form == "registry_pol" else text.encode()
        assert data == exported(form, "enforce", "enforce")
    with pytest.raises(ValueError, match="lgpo is the text of one host"):
        render.render({"a": RULES, "b": RULES}, "lgpo")


def test_files() -> None:
    found = exports.files({"rs1": {"rules": RULES}}, ["rs1"], exports.FORMS)
    assert found == {
        "rs1.txt": exported("lgpo"),
        "rs1.pol": exported("registry_pol"),
        "rs1.ps1": exported("powershell"),
    }
    for wrong in ("nobody", "../rs1"):
        with pytest.raises(ValueError, match="hosts of the inventory"):
            exports.files({"rs1": {"rules": RULES}, "../rs1": {"rules": RULES}}, [wrong], exports.FORMS)
    with pytest.raises(ValueError, match="rs1: profiles=enforce"):
        exports.files({"rs1": {"rules": RULES[:1]}}, ["rs1"], ["lgpo"], profiles="enforce")


def test_the_path_of_group_policy() -> None:
    keys = {value.key for value in rule_files.values(exported("registry_pol", profiles="enforce"))}
    assert keys == {
        "SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\FirewallRules",
        *(f"SOFTWARE\\Policies\\Microsoft\\WindowsFirewall\\{name}Profile" for name in ("Domain", "Private", "Public")),
    }
    assert registry.POLICY_KEY == "SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
