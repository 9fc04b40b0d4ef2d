# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who opens a connection and who listens, as far as a document's words let one propose it; a person decides.

What a document says is weighed in this order: columns that name both ends; a direction in the row, over its column or in the
title, seen from the product; a sentence about two named things; a service that everybody knows; nothing. A verb of sending tells
where data flow, not who connects, so what it gives is never more than a low confidence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from . import draft_columns, draft_names
from .document import Row, Table, Way
from .draft_links import BETWEEN, FROM_TO, LINKS
from .draft_names import quoted
from .matrix_schema import UNDECIDED

#: Of a text and of a title that are looked at.
MOST_CHARACTERS = 500


class Proposal(NamedTuple):
    """A component (or feature, or protocol), and why: ``confidence`` is high, medium or low."""

    value: str
    confidence: str
    reason: str


class Sides(NamedTuple):
    """The two proposed ends."""

    initiator: Proposal
    listener: Proposal


class Context(NamedTuple):
    """What a proposal builds on: the product, and the component that the document (or, ``announced``, a table's title) is about."""

    product: str
    subject: str
    announced: bool = False

    @property
    def client(self) -> str:
        """Whoever connects to the subject."""
        return f"{self.product}_client"

    @property
    def peer(self) -> str:
        """Whatever the subject connects to."""
        return f"{self.product}_peer"


_ABOUT = re.compile(
    r"\b(?:open|allow|needed|required|listening|used|ports?|requirements?|settings|rules)\b.*?\b(?:on|of|by|at|for)\b(?: the| an?| your)?",
    re.IGNORECASE,
)
#: Ports whose meaning everybody knows, and the common component that listens there.
_PORTS = {
    ("udp", "53"): "dns_server",
    ("udp", "123"): "ntp_server",
    ("tcp", "25"): "smtp_server",
    ("tcp", "465"): "smtp_server",
    ("tcp", "587"): "smtp_server",
}
_LISTENS = re.compile(r"\s+(?:also |always )?listens?\b", re.IGNORECASE)
_PROVIDER = re.compile(r"\b(?:from|of|at)(?: the| an?| all)?\s*$", re.IGNORECASE)
_RECEIVER = re.compile(r"\b(?:to|by|for|from)(?: the| an?| all)?\s*$", re.IGNORECASE)
_FURTHER = re.compile(r"[.;](?:\s|$)")


def propose(table: Table, row: Row, known: Sequence[str], ways: Sequence[Way], context: Context) -> Sides:
    """Return who might open the row's connection and who might listen; ``known``: the roles of the table's columns."""
    text = draft_names.line(draft_columns.description(table, row, known) or row.text, MOST_CHARACTERS)
    title = draft_names.line(table.title, MOST_CHARACTERS)
    service = _service(text, ways)
    local = _about(title, context)
    return (
        _by_columns(table, row, known, context)
        or _by_direction(draft_columns.direction(table, row, known), text, title, service, local)
        or _by_words(text, title, service, local)
    )


def in_words(text: str, title: str, ways: Sequence[Way], context: Context) -> Sides:
    """Return the sides for words alone: a sentence, and the heading that it stands under."""
    return _by_words(text, title, _service(text, ways), _about(title, context))


def _about(title: str, context: Context) -> Context:
    """Return the context with the component whose ports a title announces: "Open these on the wall controller"."""
    match = _ABOUT.search(title)
    found = draft_names.names(title[match.end() :]) if match and not FROM_TO.search(title) else []
    if not found or found[0].start >= 20:
        return context
    return context._replace(subject=_component(found[0].text, context), announced=True)


def _service(text: str, ways: Sequence[Way]) -> tuple[str, str]:
    """Return a common component that the row is about, by its words or its ports, and why."""
    named = draft_names.shared(text)
    if named:
        return named, f"the text speaks of it: {quoted(text)}"
    for way in ways:
        for protocol in way.protocols:
            for port in way.ports:
                if (protocol, port) in _PORTS:
                    return _PORTS[protocol, port], f"port {port}/{protocol} is as a rule its port"
    return "", ""


def _by_words(text: str, title: str, service: tuple[str, str], context: Context) -> Sides:
    for words, where in ((title, "the section is titled"), (text, "the text speaks of it:")):
        side = draft_columns.titled(words)
        if side:
            context = _listening(words, context)
            direction = draft_columns.Direction(side, words, where)
            found = _by_direction(direction, text, title, service, context)
            if found:
                return found
    return _by_sentence(text, context) or _by_sentence(title, context) or _by_service(text, service, context)


def _listening(text: str, context: Context) -> Context:
    """Return the context with the component of which a text says that it listens."""
    for name in draft_names.names(text):
        if _LISTENS.match(text, name.end):
            return context._replace(subject=_component(name.text, context))
    return context


def _by_columns(table: Table, row: Row, known: Sequence[str], context: Context) -> Sides | None:
    """Columns that name the ends say who connects; a name that is missing in one of them stays generic."""
    if "source" not in known and "destination" not in known:
        return None
    ends = []
    for role, generic in (("source", context.client), ("destination", context.subject)):
        given = draft_columns.cells(table, row, (role,), known)
        heading, text = given[0] if given else ("", "")
        if not given:
            ends.append(
                Proposal(generic, "low", f"no column names the {'initiator' if role == 'source' else 'listener'}")
            )
        elif draft_names.is_anyone(text):
            ends.append(Proposal(generic, "low", f"the column {quoted(heading)} says {quoted(text)}"))
        else:
            ends.append(
                Proposal(_component(text, context), "high", f"the column {quoted(heading)} says {quoted(text)}")
            )
    if {"source", "destination"} - set(known):  # one column alone: the other end is the product, whichever end that is
        place = 0 if "source" in known else 1
        missing = context.subject if ends[place].value != context.subject else (context.peer, context.client)[place]
        ends[1 - place] = Proposal(
            missing, "medium", f"the other end of {ends[place].value}, which has a column of its own"
        )
    return Sides(*ends)


def _by_direction(
    direction: draft_columns.Direction | None, text: str, title: str, service: tuple[str, str], context: Context
) -> Sides | None:
    """A direction tells which end the product is; the other may be named in the text."""
    if direction is None:
        return None
    reason = f"{direction.where} {quoted(direction.words)}"
    if direction.side == "both":
        both = f"{reason}, which does not tell who connects"
        return Sides(Proposal(context.client, "low", both), Proposal(context.subject, "low", both))
    pair = _pair(title)
    if pair and direction.side == "out":
        one, other = (_component(name, context) for name in pair)
        if service[0]:
            listener = Proposal(service[0], "medium", service[1])
            return Sides(Proposal(one, "medium", reason), listener)
        return Sides(Proposal(one, "medium", reason), Proposal(other, "medium", reason))
    outgoing = direction.side == "out"
    named = _other(text, service, context, outgoing)
    generic = context.peer if outgoing else context.client
    other_end = named or Proposal(generic, "low", "the document does not name the other end")
    product = Proposal(context.subject, "medium", reason)
    return Sides(product, other_end) if outgoing else Sides(other_end, product)


def _other(text: str, service: tuple[str, str], context: Context, outgoing: bool) -> Proposal | None:
    """The end that is not the product, where the text names one."""
    if outgoing and service[0]:
        return Proposal(service[0], "medium", service[1])
    pair = _pair(text)
    found = draft_names.names(text)
    others = [name.text for name in found if outgoing or _RECEIVER.search(text[: name.start])]
    for name in [*(pair or ()), *others]:
        component = _component(name, context)
        if component != context.subject and (outgoing or not draft_names.shared(name)):
            sure = "medium" if len(found) == 1 and outgoing else "low"
            return Proposal(component, sure, f"the text names it: {quoted(text)}")
    return None


def _by_sentence(text: str, context: Context) -> Sides | None:
    """Two names with a verb, an arrow or a dash between them."""
    for sentence in _FURTHER.split(text):
        found = draft_names.names(sentence)
        for link in LINKS:
            for one, other in zip(found, found[1:]):
                match = link.pattern.search(sentence[one.end : other.start])
                if not match:
                    continue
                ends = [_component(name.text, context) for name in (one, other)]
                reason = f"{quoted(match[0].strip(), 30)} {link.why}: {quoted(sentence)}"
                proposals = [Proposal(end, link.confidence, reason) for end in ends]
                if ends[0] != ends[1]:
                    return Sides(*(proposals if link.forward else reversed(proposals)))
    pair = _pair(text)
    if pair:
        ends = [_component(name, context) for name in pair]
        between = bool(BETWEEN.search(text))
        why = "names two ends, and not who connects" if between else "names where it comes from and goes to"
        if ends[0] != ends[1]:
            return Sides(*(Proposal(end, "low", f"{quoted(text)} {why}") for end in ends))
    return None


def _by_service(text: str, service: tuple[str, str], context: Context) -> Sides:
    """What is left: a service that a product as a rule asks others for, or else what it offers itself."""
    if service[0]:
        reason = f"the document gives no direction, but it is as a rule a service of others: {service[1]}"
        return Sides(Proposal(context.subject, "low", reason), Proposal(service[0], "low", reason))
    nobody = Proposal(UNDECIDED, "low", "the document names no initiator")
    found = draft_names.names(text)
    if len({_component(name.text, context) for name in found}) == 1:
        named = Proposal(_component(found[0].text, context), "low", f"the text names it: {quoted(text)}")
        before = text[: found[0].start]
        if _PROVIDER.search(before) and named.value != context.subject:
            return Sides(Proposal(context.subject, "low", named.reason), named)
        if not context.announced and not _RECEIVER.search(before):
            return Sides(nobody, named)
        if named.value != context.subject:
            other = "the title announces its ports" if context.announced else "the document names no other listener"
            return Sides(named, Proposal(context.subject, "medium" if context.announced else "low", other))
    reason = "the document gives no direction; a list of ports mostly names what the product listens on"
    return Sides(nobody, Proposal(context.subject, "low", reason))


def _pair(text: str) -> tuple[str, str] | None:
    """Return the ends of "between A and B" and "from A to B"."""
    match = FROM_TO.search(text) or BETWEEN.search(text)
    if not match or not all(re.search(r"[^\W\d]{2}", match[name]) for name in ("one", "other")):
        return None
    one, other = (_core(match[name]) for name in ("one", "other"))
    return one, other


def _core(text: str) -> str:
    """Return the name in some words, or the words."""
    found = draft_names.names(text)
    return found[-1].text if found else " ".join(text.split()[:4])


def _component(name: str, context: Context) -> str:
    return draft_names.component(name, context.product, context.subject)
