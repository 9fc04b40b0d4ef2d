# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of the proof, as JSON Schema: what docs/proof.schema.json is made from, and what a stored proof is checked by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .proof_results import EVIDENCE, EXPECTED, OBSERVED, PLACES, PROTOCOLS, SERVICES

SCHEMA_VERSION = 1

Schema = Mapping[str, Any]


def text(description: str, *, allowed: Sequence[str] = (), pattern: str = "") -> Schema:
    """A text: one of ``allowed``, or one that ``pattern`` finds something in."""
    extra = {"enum": list(allowed)} if allowed else {"pattern": pattern} if pattern else {}
    return {"description": description, "type": "string", **extra}


def number(description: str, kind: str = "integer") -> Schema:
    """A number that is not negative."""
    return {"description": description, "type": kind, "minimum": 0}


def boolean(description: str) -> Schema:
    """true or false."""
    return {"description": description, "type": "boolean"}


def list_of(description: str, items: Schema) -> Schema:
    """A list of any length."""
    return {"description": description, "type": "array", "items": items}


def record(description: str, keys: Mapping[str, Schema]) -> Schema:
    """A mapping with all of these keys and no others."""
    return {
        "description": description,
        "type": "object",
        "properties": dict(keys),
        "required": list(keys),
        "additionalProperties": False,
    }


PORT = text("A port, or a range with both ends.", pattern=r"^[0-9]{1,5}(-[0-9]{1,5})?$")
NAME = text("A name.")
PORTS = list_of("Ports and ranges, ascending; empty where the protocol has none.", PORT)

SUMMARY = record(
    "The figures.",
    {
        "hosts": number("Hosts that this proof is about."),
        "proven_hosts": number("Of them, those whose state is proven and which have a part in no difference."),
        "probes": number("Ports asked, counted for each initiator, address and protocol."),
        "differences": number("Of them, those that were not as declared."),
        "retried": number("Of them, those that were asked more than once."),
        "read_back": number("Hosts whose rules in force were read and compared with the declared ones."),
        "readback_differences": number("Differences between rules in force and declared rules."),
        "unresolved": number("Flows of hosts that could not be turned into rules."),
    },
)
RULE = record(
    "A declared rule.",
    {
        "direction": text("Into the host or out of it.", allowed=("in", "out")),
        "protocol": text("Protocol.", allowed=("tcp", "udp", "igmp")),
        "ports": PORTS,
        "peers": list_of("Names of hosts; for networks the component that they stand for, and the networks.", NAME),
        "flows": list_of("Ids of the flows that need the rule.", NAME),
        "reason": text("Why it is there."),
        "citation": text("Document, table and row that it comes from."),
    },
)
HOST = record(
    "A host.",
    {
        "name": text("Name in the inventory."),
        "site": text("Its portmatrix_site."),
        "components": list_of("What it is, by the matrices; without what follows from another of them.", NAME),
        "addresses": list_of("Its addresses.", NAME),
        "state": text(
            "proven: it was asked, and what it lets in and out is enforced. audit: it was asked, and only reports what it would drop. "
            "absent: its policy was taken off. unmanaged: it has no firewall that this collection manages. "
            "not_reached: nothing could be asked from it.",
            allowed=("proven", "audit", "absent", "unmanaged", "not_reached"),
        ),
        "backend": text("What holds its rules; empty when that is not known."),
        "read_back": boolean("Whether its rules in force were read and compared with the declared ones."),
        "probes": number("Ports that were asked of this host."),
        "differences": number("Of them, those that were not as declared."),
        "services": record(
            "Who answered on the ports that were asked of this host, as far as that is known.",
            {
                "responder": number("The temporary responder of the proof."),
                "service": number("Something else that listens there."),
                "nothing": number("Nothing listens, although packets get there."),
            },
        ),
        "rules": list_of("Its declared rules.", RULE),
    },
)
WHERE = {
    **record(
        "Where a difference arises; null when it is none, or was not located.",
        {
            "place": text(
                "not_sent: the initiator could not even send. initiator: its own rules dropped the packet. way: it left the initiator and never "
                "came to the listener. listener: the listener's rules dropped it, or let it in. reply: the answer was lost. "
                "service: a service refused, is missing or is another one. elsewhere: another host answered.",
                allowed=PLACES,
            ),
            "host": text("The host on which it arises."),
            "rule": text("The rule that decides, as the kernel lists it; may be empty."),
            "evidence": text(
                "What tells so: a counter that moved, the rules, an answer, or an error.", allowed=EVIDENCE
            ),
            "sentence": text("The same in words."),
        },
    ),
    "type": ["object", "null"],
}
RESULT = record(
    "Probes that are alike but for their port.",
    {
        "initiator": text("The host that asked."),
        "to": text("The host that was asked."),
        "source": text("The initiator's address."),
        "address": text("The address that was asked."),
        "protocol": text("Protocol.", allowed=PROTOCOLS),
        "ports": PORTS,
        "expected": text("What the policy declares.", allowed=EXPECTED),
        "observed": text(
            "open: something answered. refused: the packet got there, and nothing listens. filtered: no answer. "
            "unreachable: a router or a firewall turned it away. wrong_host: another host answered. error: anything else.",
            allowed=OBSERVED,
        ),
        "ok": boolean("Whether it is as declared."),
        "service": text(
            "Who answered: the proof's own responder, a service, or nothing although the way is open; empty when that is not known.",
            allowed=SERVICES,
        ),
        "attempts": number("How often it was tried; 0 when that is not known."),
        "detail": text("What the prober has to say about it."),
        "where": WHERE,
    },
)
READBACK = record(
    "A difference between the rules that are in force on a host and the declared ones.",
    {
        "host": text("The host."),
        "direction": text("Into the host or out of it.", allowed=("in", "out")),
        "family": text("Address family.", allowed=("ipv4", "ipv6")),
        "protocol": text("Name or number of the protocol."),
        "ports": PORTS,
        "peers": list_of("Networks at the other end, or any.", NAME),
        "kind": text(
            "open: let through, and nothing declares it. shut: declared, and dropped. unknown: a rule that the reading does not understand decides.",
            allowed=("open", "shut", "unknown"),
        ),
        "state": text(
            "What connection tracking says of such packets: new, established, related, invalid or untracked.",
            allowed=("new", "established", "related", "invalid", "untracked"),
        ),
        "rule": text("The rule that decides; may be empty."),
        "sentence": text("The same in words."),
        "example": record(
            "A packet that shows it.",
            {
                "source": text("Address that it comes from."),
                "destination": text("Address that it goes to."),
                "protocol": text("Its protocol."),
                "source_port": number("Port that it comes from; 0 where the protocol has none."),
                "port": number("Port that it goes to; 0 where the protocol has none."),
            },
        ),
    },
)
UNRESOLVED = record(
    "A flow that could not be turned into a rule.",
    {
        "host": text("The host that lacks the rule."),
        "flow": text("Id of the flow."),
        "reason": text("Why."),
        "set": text("What to set so that it can."),
        "citation": text("Document, table and row that the flow comes from."),
    },
)
FLOW = record(
    "A flow of which an end is among the hosts.",
    {
        "id": text("Its id."),
        "description": text("What it is for."),
        "listeners": list_of(
            "Who listens.",
            record(
                "A listener.",
                {
                    "host": text("Host of the inventory, or the text of networks."),
                    "protocol": text("Protocol.", allowed=("tcp", "udp", "igmp")),
                    "ports": PORTS,
                },
            ),
        ),
        "initiators": list_of("Who connects: hosts of the inventory, or texts of networks.", NAME),
    },
)
DOCUMENT = record("A document that is cited.", {"title": text("Title."), "address": text("Where it is; may be empty.")})

SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "vidnet.portmatrix proof",
    **record(
        "What was asked of a site, what was seen, and what the rules are there for: proof.json.",
        {
            "schema": {"description": "Version of this form.", "type": "integer", "const": SCHEMA_VERSION},
            "title": text("What to call the proof."),
            "run": text("Id of the run."),
            "made": text(
                "When the proof was made, in UTC.",
                pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
            ),
            "seconds": number("How long the run took.", "number"),
            "summary": SUMMARY,
            "hosts": list_of("The hosts, by name.", HOST),
            "results": list_of("What was asked and seen, by initiator and listener.", RESULT),
            "readback": list_of("Differences between rules in force and declared rules, by host.", READBACK),
            "unresolved": list_of("What could not be turned into rules, by host.", UNRESOLVED),
            "flows": list_of("Who talks to whom, by flow.", FLOW),
            "documents": list_of("The documents that are cited.", DOCUMENT),
        },
    ),
}
