# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One packet and the rule that decides, where a probe has found a difference on a Windows host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Packet
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.evaluate import Policy
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.in_force import InForce
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import PROFILES, Profile, WindowsRule
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.traced import REPLIES, trace

PEER, HOST = (ranges.network(text)[0] for text in ("10.0.0.5", "10.0.0.11"))
ASKED = Packet("in", "ipv4", 6, PEER, HOST, 49152, 8080)
ANSWERED = ("accept", REPLIES)


def told(*rules: WindowsRule, packet: Packet = ASKED, **different: Any) -> tuple[str, str]:
    current: Sequence[str] = different.pop("current", ("public",))
    doubts = different.pop("doubts", ())
    policy = Policy(rules, **different)
    own = {"ipv4": ((HOST, HOST),)}
    found = trace(InForce(policy, [MatrixPort(6, ((7563, 7563),), "a.b")], own, current, doubts=doubts), packet)
    return found["verdict"], found["rule"]


def test_a_port_that_the_matrix_does_not_know_is_told_as_well() -> None:
    assert told() == ("drop", "no rule lets it in")
    assert told(WindowsRule(name="web", protocol=6, local_ports="8080")) == ("accept", "the rule 'web'")


def test_block_rules_win() -> None:
    allow, ban = (
        WindowsRule(name="web", protocol=6),
        WindowsRule(name="ban", remote_addresses="10.0.0.5", action="block"),
    )
    assert told(allow, ban) == ("drop", "the rule 'ban' (it blocks)")
    assert told(allow, ban, packet=ASKED._replace(source=PEER + 1)) == ("accept", "the rule 'web'")


def test_what_depends_on_more_than_the_packet() -> None:
    near = WindowsRule(name="near", protocol=6, local_ports="8080", remote_addresses="LocalSubnet")
    assert told(near) == ("unknown", "the rule 'near', for LocalSubnet")
    assert told(doubts=["another product"]) == ("unknown", "another product")


def test_current_profiles_that_do_not_agree() -> None:
    profiles = [Profile("domain", enabled=False), Profile("private"), Profile("public")]
    assert told(profiles=profiles, current=["domain"]) == ("accept", "the firewall is off")
    assert told(profiles=profiles, current=["domain", "private"]) == ("unknown", "no rule lets it in")


def test_replies_and_what_leaves() -> None:
    out = Packet("out", "ipv4", 6, HOST, PEER, 49152, 443)
    assert told(packet=ASKED._replace(state="established")) == ANSWERED
    assert told(packet=out)[0] == "accept"
    shut = [Profile(name, default_outbound="block") for name in PROFILES]
    assert told(packet=out, profiles=shut) == ("drop", "no rule lets it out")
    web = WindowsRule(name="web", direction="out", protocol=6, remote_ports="443")
    assert told(web, packet=out, profiles=shut) == ("accept", "the rule 'web'")
