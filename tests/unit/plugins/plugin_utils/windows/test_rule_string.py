# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import normal, rule_string
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import ALL_PROFILES, WindowsRule
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.windows import stored_rules

START = "v2.31|Action=Allow|Active=TRUE|Dir=In|"


@given(stored_rules.rules())
def test_a_rule_comes_back(rule: WindowsRule) -> None:
    text = rule_string.write(rule)
    found = rule_string.read(text)
    assert normal.key(found) == normal.key(rule)
    assert found == rule
    assert rule_string.write(found) == text


@pytest.mark.parametrize("text", stored_rules.RULE_STRINGS)
def test_a_rule_string_comes_back(text: str) -> None:
    written = rule_string.write(rule_string.read(text), rule_string.version(text))
    assert sorted(written.split("|")) == sorted(text.split("|"))


def test_what_windows_means() -> None:
    rule = rule_string.read(stored_rules.RULE_STRINGS[5])
    assert rule == WindowsRule(
        name="Some",
        enabled=False,
        protocol=6,
        local_ports="80,443,5000-5010",
        remote_addresses="10.0.0.0/255.0.0.0,10.1.0.1-10.1.0.9,LocalSubnet6",
        profiles=3,
        interface_types="RemoteAccess,Wireless",
        edge=True,
        others=("Defer=App", "TTK=Proximity"),
    )


def test_what_is_missing_has_the_value_that_the_document_says() -> None:
    rule = rule_string.read("v2.0|Action=Block|Dir=Out|", "{1}")
    assert rule == WindowsRule(name="{1}", enabled=False, direction="out", action="block")
    assert (rule.protocol, rule.profiles) == (256, ALL_PROFILES)


def test_a_keyword_for_both_families_is_one() -> None:
    assert rule_string.read(f"{START}RA4=LocalSubnet|RA6=LocalSubnet|").remote_addresses == "LocalSubnet"
    assert rule_string.read(f"{START}RA4=LocalSubnet|").remote_addresses == "LocalSubnet4"
    assert rule_string.read(f"{START}RA42=IntErnet|RA62=IntErnet|").remote_addresses == "IntErnet"


def test_case_of_keys_and_words_does_not_matter() -> None:
    rule = rule_string.read("v2.10|action=block|ACTIVE=true|dir=IN|protocol=6|lport=80|LPORT2_10=90-91|profile=domain|")
    assert rule == WindowsRule(name="", action="block", protocol=6, local_ports="80,90-91", profiles=1)


def test_a_bypass_is_an_allow_rule_with_a_condition() -> None:
    rule = rule_string.read(stored_rules.RULE_STRINGS[6])
    assert rule.action == "allow"
    assert {"Action=ByPass", "Security=Authenticate"} <= set(rule.others)


def test_a_keyword_of_a_later_windows_is_a_port_nobody_knows() -> None:
    rule = rule_string.read(stored_rules.RULE_STRINGS[6])
    assert rule.local_ports == "Later"
    assert "LPort2_99=Later" in rule.others


def test_single_addresses_are_written_without_a_prefix() -> None:
    rule = WindowsRule(name="a", remote_addresses="10.0.0.5/32,2001:db8::1/128,10.0.0.6/255.255.255.255")
    assert rule_string.write(rule) == (
        "v2.10|Action=Allow|Active=TRUE|Dir=In|RA4=10.0.0.5|RA6=2001:db8::1|RA4=10.0.0.6/255.255.255.255|Name=a|"
    )


def test_iphttps_is_two_words() -> None:
    text = rule_string.write(WindowsRule(name="a", protocol=6, local_ports="IPHTTPS"))
    assert "LPort2_10=IPTLSIn|LPort2_10=IPHTTPSIn|" in text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rule string"),
        ("hello", "no rule string"),
        ("v3.1|Action=Allow|Dir=In|", "no rule string"),
        ("v2.10", "ends with |"),
        ("v2.10|Action=Allow|Dir=In", "ends with |"),
        ("v2.10|Action|Dir=In|", "key=value"),
        ("v2.10|Action=Allow|Action=Block|Dir=In|", "Action is given twice"),
        ("v2.10|Action=Perhaps|Dir=In|", "allow, block, bypass"),
        ("v2.10|Action=Allow|", "no Dir"),
        ("v2.10|Dir=In|", "no Action"),
        (f"{START}Protocol=300|", "0 to 255"),
        (f"{START}Protocol=\u0661|", "0 to 255"),
        (f"{START}LPort=70000|", "LPort=70000"),
        (f"{START}LPort2_10=9-8|", "LPort2_10=9-8"),
        (f"{START}LPort=|", "LPort="),
        (f"{START}RA4=10.0.0.300|", "IPv4 address"),
        (f"{START}RA4=2001:db8::1|", "IPv4 address"),
        (f"{START}RA6=10.0.0.1|", "IPv6 address"),
        (f"{START}RA4=10.0.0.0/0.0.0.255|", "IPv4 address"),
        (f"{START}RA4=10.0.0.9-10.0.0.1|", "IPv4 address"),
        (f"{START}ICMP4=300:*|", "type:code"),
        (f"{START}Profile=Home|", "domain, private, public"),
        (f"{START}Edge=perhaps|", "true, false"),
    ],
)
def test_wrong_rule_strings(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("|", r"\|")):
        rule_string.read(text)


@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(st.sampled_from(stored_rules.RULE_STRINGS[5].split("|") + ["", "=", "RA4=x"])).map("|".join),
    )
)
def test_no_text_does_worse_than_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        rule_string.write(rule_string.read(text))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (WindowsRule(name="a|b"), "without |"),
        (WindowsRule(name="a", description="b\nc"), "control characters"),
        (WindowsRule(name="a", description="\ud800"), "control characters"),
        (WindowsRule(name="a", local_ports="80"), "protocol 6 or 17"),
        (WindowsRule(name="a", protocol=6, icmp="8:*"), "protocol 1 or 58"),
        (WindowsRule(name="a", remote_addresses="nowhere"), "a keyword"),
        (WindowsRule(name="a", others=("b",)), "key=value"),
    ],
)
def test_what_no_rule_string_can_hold(rule: WindowsRule, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("|", r"\|")):
        rule_string.write(rule)
