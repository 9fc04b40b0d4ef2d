# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a log of the Windows firewall says of a policy, and what it cannot say."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import log
from ansible_collections.vidnet.portmatrix.tests.support import windows_host as stand_in
from ansible_collections.vidnet.portmatrix.tests.support import windows_store

MEDIA = {
    "direction": "in",
    "protocol": "tcp",
    "ports": ["7563"],
    "peers": ["10.0.0.20/32"],
    "flows": ["acme.media"],
    "reason": "",
}
OUT = {**MEDIA, "direction": "out", "ports": ["443"], "flows": ["acme.web"]}
ON = {"log_allowed": True, "log_dropped": True}
PATH = r"C:\Windows\system32\LogFiles\Firewall\pfirewall.log"


def state(**different: Any) -> dict[str, Any]:
    rules = [windows_store.rule("portmatrix acme", group="vidnet.portmatrix", protocol=6, local_ports="7563")]
    profiles = {name: windows_store.profile(**ON) for name in windows_store.PROFILES}
    return stand_in.fresh(
        **{"rules": rules, "profiles": profiles, "addresses": ["10.0.0.11", "fe80::1%4"], **different}
    )


def line(source: str, port: int = 9182, **different: Any) -> dict[str, Any]:
    return {
        "action": "ALLOW",
        "protocol": "TCP",
        "source": source,
        "destination": "10.0.0.11",
        "destination_port": port,
        "path": "RECEIVE",
        "count": 2,
        "last": "2026-11-21 14:00:00",
        **different,
    }


def told(*lines: dict[str, Any], rules: tuple[dict[str, Any], ...] = (MEDIA,), **different: Any) -> dict[str, Any]:
    egress = different.pop("egress", "allow")
    logged = {"log": list(lines), "files": [PATH], "truncated": False, **different.pop("logged", {})}
    return log.counters("rs1", state(**different), logged, list(rules), egress)


def seen(*lines: dict[str, Any], **different: Any) -> list[tuple[Any, ...]]:
    return [
        (row["direction"], row["protocol"], row["port"], row["peer"], row["cast"], row["packets"])
        for row in told(*lines, **different)["seen"]
    ]


def test_what_the_policy_grants_is_left_out_and_counted_for_its_flow() -> None:
    found = told(line("10.0.0.20", 7563), line("10.0.0.21", 7563), line("10.0.0.20", 7563, action="DROP"))
    assert found["seen"] == [
        {
            "direction": "in",
            "protocol": "tcp",
            "port": 7563,
            "peer": "10.0.0.21",
            "cast": "unicast",
            "packets": 2,
            "bytes": 0,
        }
    ]
    assert found["flows"] == {"acme.media": 4}
    assert (found["mode"], found["egress"], found["rules"], found["invalid"], found["overflow"]) == (
        "audit",
        "allow",
        [],
        0,
        0,
    )
    assert found["remarks"] == [log.STAYS]


def test_dropped_is_not_declared_either() -> None:
    assert seen(line("10.0.0.60"), line("10.0.0.60", action="DROP", count=3)) == [
        ("in", "tcp", 9182, "10.0.0.60", "unicast", 5)
    ]


def test_casts_and_ends() -> None:
    found = seen(
        line("10.0.0.60", 3702, protocol="UDP", destination="239.255.255.250"),
        line("10.0.0.60", 137, protocol="17", destination="10.0.0.255", action="DROP"),
        line("fe80::9%4", 5353, protocol="UDP", destination="ff02::fb"),
        line("10.0.0.60", 0, protocol="2", destination="224.0.0.1"),
        line("10.0.0.60", 0, protocol="47"),
    )
    assert found == [
        ("in", "47", 0, "10.0.0.60", "unicast", 2),
        ("in", "igmp", 0, "10.0.0.60", "multicast", 2),
        ("in", "udp", 137, "10.0.0.60", "broadcast", 2),
        ("in", "udp", 3702, "10.0.0.60", "multicast", 2),
        ("in", "udp", 5353, "fe80::9", "multicast", 2),
    ]


def test_what_is_told_of_nobody() -> None:
    assert not seen(
        line("10.0.0.60", 0, protocol="ICMP"),
        line("-", 0),
        line("10.0.0.11"),
        line("127.0.0.1", destination="127.0.0.1"),
        line("10.0.0.60", 3389),
        line("10.0.0.60", 5985),
        line("10.0.0.60", action="OPEN"),
    )
    assert seen(line("10.0.0.60", 3389, action="DROP"))


def test_what_leaves_counts_with_egress_enforced() -> None:
    leaving = line("10.0.0.11", 443, path="SEND", destination="10.0.0.20")
    stray = line("10.0.0.11", 8443, path="-", destination="10.0.0.20")
    assert seen(leaving, stray, rules=(MEDIA, OUT)) == []
    assert told(leaving, rules=(MEDIA, OUT))["flows"] == {"acme.media": 0}
    assert seen(leaving, stray, rules=(MEDIA, OUT), egress="enforce") == [
        ("out", "tcp", 8443, "10.0.0.20", "unicast", 2)
    ]
    assert told(leaving, rules=(MEDIA, OUT), egress="enforce")["flows"] == {"acme.media": 0, "acme.web": 2}


def test_what_a_log_cannot_tell_is_said() -> None:
    assert told()["remarks"] == [log.STAYS, log.ONE_LINE]
    remarks = told(logged={"files": [], "truncated": True})["remarks"]
    assert "rs1: no log of the Windows firewall was found" in remarks[1] and "too long" in remarks[2]
    lost = line("-", 0, action="INFO-EVENTS-LOST", count=7)
    assert told(lost, logged={"lost": 3})["overflow"] == 10


def test_a_host_that_enforces() -> None:
    profiles = {name: windows_store.profile() for name in windows_store.PROFILES}
    assert told(profiles=profiles)["mode"] == "enforce"


def test_nothing_applied() -> None:
    with pytest.raises(ValueError, match="no rule of this collection on this host"):
        log.counters("rs1", stand_in.fresh(), {"log": [], "files": [], "truncated": False}, [])


@pytest.mark.parametrize("logged", [{}, {"log": [{}], "files": [], "truncated": False}, []])
def test_what_no_module_returned(logged: Any) -> None:
    with pytest.raises(ValueError, match="rs1"):
        log.counters("rs1", state(), logged, [])


@pytest.mark.parametrize(
    ("different", "why"),
    [
        ({"service": "Stopped"}, r"^the service MpsSvc .* is Stopped, so no rule of this host is in force"),
        ({"products": [{"name": "Acme", "categories": [2]}]}, "^Acme has taken over the firewall of this host"),
    ],
)
def test_where_no_rule_is_in_force_the_log_means_nothing(different: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        told(line("10.0.0.20"), **different)
