# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import codecs

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import lgpo, registry, registry_pol, rule_files
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import DEFAULT_PROFILES
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.registry import LOCAL_KEY, POLICY_KEY, Value

RULE = "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=80|Name=Web|"
LOCAL_RULE = registry.string(f"{LOCAL_KEY}\\FirewallRules", "{1}", RULE)
POLICY_RULE = registry.string(f"{POLICY_KEY.upper()}\\firewallrules", "{2}", RULE.replace("Web", "Policy"))
REG = (
    "Windows Registry Editor Version 5.00\r\n\r\n"
    "[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules]\r\n"
    f'"{{1}}"="{RULE}"\r\n'
)


def profile(key: str, **settings: int) -> list[Value]:
    return [registry.dword(key, name, number) for name, number in settings.items()]


def test_each_form_is_known_by_its_content() -> None:
    for content in (
        registry_pol.write([POLICY_RULE]),
        lgpo.write([POLICY_RULE]).encode(),
        codecs.BOM_UTF16_LE + lgpo.write([POLICY_RULE]).encode("utf-16-le"),
    ):
        assert [stored.rule.name for stored in rule_files.firewall(rule_files.values(content)).rules] == ["Policy"]
    for content in (REG.encode(), codecs.BOM_UTF16_LE + REG.encode("utf-16-le")):
        (stored,) = rule_files.firewall(rule_files.values(content)).rules
        assert (stored.rule.name, stored.store, stored.value_name, stored.version) == ("Web", "local", "{1}", "2.31")


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n", b"\xff\xfe\x00\xd8", b"<xml/>"])
def test_what_is_none_of_them(content: bytes) -> None:
    with pytest.raises(ValueError, match="none of the forms|no UTF-16"):
        rule_files.values(content)


def test_other_keys_are_skipped_but_some_must_be_there() -> None:
    with pytest.raises(ValueError, match="no key of the firewall"):
        rule_files.firewall([registry.dword("SOFTWARE\\Other", "a", 1)])
    with pytest.raises(ValueError, match="no key of the firewall"):
        rule_files.firewall([])
    found = rule_files.firewall([registry.dword("SOFTWARE\\Other", "a", 1), LOCAL_RULE, POLICY_RULE])
    assert [(stored.store, stored.rule.name) for stored in found.rules] == [("local", "Web"), ("policy", "Policy")]


def test_what_is_no_rule_is_named() -> None:
    key = LOCAL_RULE.key
    wrong = [registry.dword(key, "a", 1), registry.string(key, "b", "x"), Value(key, "c", 1, b"\x00\xd8")]
    found = rule_files.firewall([LOCAL_RULE, *wrong])
    assert [unread.value_name for unread in found.unread] == ["a", "b", "c"]
    assert all("allowed" in unread.reason for unread in found.unread)
    assert len(found.rules) == 1


def test_a_later_file_wins() -> None:
    later = registry.string(LOCAL_RULE.key.upper(), LOCAL_RULE.name, RULE.replace("Active=TRUE", "Active=FALSE"))
    assert [stored.rule.enabled for stored in rule_files.firewall([LOCAL_RULE, later]).rules] == [False]


def test_profiles_that_nothing_is_said_of() -> None:
    found = rule_files.firewall([LOCAL_RULE])
    assert found.profiles == DEFAULT_PROFILES
    assert found.silent == ["domain", "private", "public"]


def test_profiles_of_the_host() -> None:
    values = profile(f"{LOCAL_KEY}\\StandardProfile", EnableFirewall=0)
    values += profile(f"{LOCAL_KEY}\\DomainProfile", EnableFirewall=1, DefaultInboundAction=0, DefaultOutboundAction=1)
    domain, private, public = (found := rule_files.firewall(values)).profiles
    assert (domain.enabled, domain.default_inbound, domain.default_outbound) == (True, "allow", "block")
    assert not private.enabled
    assert public == DEFAULT_PROFILES[2]
    assert found.silent == ["public"]


def test_group_policy_wins_over_the_host() -> None:
    values = profile(f"{LOCAL_KEY}\\DomainProfile", EnableFirewall=0, DefaultInboundAction=0)
    values += profile(f"{POLICY_KEY}\\DomainProfile", EnableFirewall=1, AllowLocalPolicyMerge=0)
    domain, private, _public = rule_files.firewall(values).profiles
    assert (domain.enabled, domain.default_inbound, domain.local_rules) == (True, "allow", False)
    assert private.local_rules


def test_the_standard_profile_of_group_policy_counts_where_it_has_no_newer_one() -> None:
    values = profile(f"{POLICY_KEY}\\StandardProfile", EnableFirewall=0)
    assert [found.enabled for found in rule_files.firewall(values).profiles] == [True, False, False]
    values += profile(f"{POLICY_KEY}\\PublicProfile", DefaultInboundAction=1)
    assert [found.enabled for found in rule_files.firewall(values).profiles] == [True, True, True]


def test_a_setting_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="EnableFirewall is of type 1"):
        rule_files.firewall([registry.string(f"{LOCAL_KEY}\\DomainProfile", "EnableFirewall", "1")])
