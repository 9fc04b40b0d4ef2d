# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of things that listen or connect, as they stand in a document's words, and the component ids made of them."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

MOST_LETTERS = 40
MOST_MODIFIERS = 3

#: What a port document calls a thing that listens or connects; the last word of its name.
_HEADS = frozenset(
    re.findall(
        r"\w+",
        "agent app application appliance box bridge broker browser camera client cloud collector computer console controller"
        " dashboard database decoder device directory display encoder endpoint engine gateway host hub insights installer intercom"
        " internet gate kiosk machine manager module monitor node nvr dvr vms operator panel pc phone platform player portal printer proxy reader"
        " receiver recipient recorder registry relay repository sensor server speaker station storage subscriber switch tablet"
        " tool unit user vault viewer workstation",
    )
)
#: Words that end a name to the left: articles, prepositions, verbs and what else stands before a name.
_BREAKS = frozenset(
    re.findall(
        r"\w+",
        "a about accepts accesses all also an and any are as at attempts be been between both by calls can communication connect"
        " connecting connection connections connects contacts data defined determined delivers does download downloads each either"
        " enabled every for from fetch fetches get gets had has have if in incoming into is it its listens live logs may more must"
        " needed new no not notifies of on one only open opens or other our outgoing outbound inbound over per polls port ports"
        " protocol pushes queries receive received receives register registers reports request requests required retrieve retrieved"
        " retrieves sees send sending sends sent served should so some stream streams such sync talks tcp that the their then these"
        " this those through to towards traffic transfers udp upload uploads use used uses using via was when where which while will"
        " with without your",
    )
)
#: Names of what the collection's common matrix knows already, whatever the vendor.
_SHARED = (
    (
        "dns_server",
        re.compile(r"\bdns\b(?!-sd| service discovery)|\bname (?:server|resolution)|\bdomain name", re.IGNORECASE),
    ),
    ("ntp_server", re.compile(r"\bs?ntp\b|\btime (?:server|service|sync\w*)|^(?:time|clock)$", re.IGNORECASE)),
    ("smtp_server", re.compile(r"\bsmtps?\b|\be?-?mails?\b", re.IGNORECASE)),
    (
        "web_server",
        re.compile(
            r"\b(?:update|download|firmware) server|\binternet\b|\b(?:web|firmware|data|update)s? downloads?",
            re.IGNORECASE,
        ),
    ),
)
_DETERMINERS = ("the", "this", "a", "an", "all", "any", "each", "every", "other", "your")
_ANYONE = re.compile(r"any(?:one|where)?|all|\*|-|n/a|clients?|users?|various|multiple", re.IGNORECASE)
#: Words that tell nothing of what a row is for.
TRIVIAL = frozenset(
    (
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "if",
        "in",
        "is",
        "it",
        "of",
        "on",
        "or",
        "that",
        "see",
        "its",
        "used",
        "using",
        "via",
        "when",
        "where",
        "which",
        "the",
        "this",
        "to",
        "with",
    )
)
_WORD = re.compile(r"[^\W_](?:[\w'\u2019.-]*[^\W_])?")


class Name(NamedTuple):
    """A name in a text, and where it stands there."""

    text: str
    start: int
    end: int


def slug(text: str, most: int = MOST_LETTERS, *, brief: bool = False) -> str:
    """Return a text as the part of an id: lower-case letters, digits and _, at most ``most`` of them; it may be empty.

    ``brief`` leaves out words that tell nothing.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain.replace("'", ""))
    if brief:
        words = [word for word in words if word not in TRIVIAL] or words
    found = ""
    for word in words:
        longer = f"{found}_{word}" if found else word[:most]
        if len(longer) > most:
            break
        found = longer
    return found


def names(text: str) -> list[Name]:
    """Return the names that end in a word such as server, client or camera, each with up to three words before it."""
    words = list(_WORD.finditer(text))
    found: list[Name] = []
    for position, word in enumerate(words):
        if singular(word[0].lower()) not in _HEADS:
            continue
        first = position
        while (
            position - first < MOST_MODIFIERS
            and first > 0
            and words[first - 1][0].lower() not in _BREAKS
            and not words[first - 1][0][0].isdigit()
            and text[words[first - 1].end() : words[first].start()].isspace()
        ):
            first -= 1
        start = words[first].start()
        if found and found[-1].end > start:  # "management server" and then "management server database"
            found.pop()
        found.append(Name(" ".join(text[start : word.end()].split()), start, word.end()))
    return found


def singular(word: str) -> str:
    """Return "camera" for "cameras"."""
    return (
        word[:-1] if word.endswith("s") and not word.endswith("ss") and word not in ("dns", "vms", "insights") else word
    )


def shared(text: str) -> str:
    """Return the component of the common matrix that a text speaks of, or an empty text."""
    return next((component for component, pattern in _SHARED if pattern.search(text)), "")


def is_anyone(text: str) -> bool:
    """Return whether a cell that should name an end names nobody in particular."""
    return not text.strip() or bool(_ANYONE.fullmatch(text.strip()))


def component(name: str, product: str, subject: str) -> str:
    """Return the component id for a name: the subject of the document, one that is common, or one of the product's own."""
    words = [word for word in slug(name, 60).split("_") if word]
    while len(words) > 1 and words[0] in _DETERMINERS:
        words = words[1:]
    words = [singular(word) for word in words]
    bare = words[1:] if len(words) > 1 and words[0] == product else words
    tail = subject[len(product) + 1 :] if subject.startswith(product + "_") else subject
    if not bare or "_".join(bare) in (tail, subject, product, "device", "appliance", "unit", "box", "this_device"):
        return subject
    common = shared(name)
    if common:
        return common
    if bare in (["camera"], ["ip", "camera"], ["network", "camera"]):
        return "camera"
    return f"{product}_{'_'.join(bare)}"


def line(text: str, most: int) -> str:
    """Return a text of the document on one line, without templates and what YAML cannot hold, of at most ``most`` characters."""
    plain = "".join(
        character if character.isprintable() else " " for character in text.replace("{", "(").replace("}", ")")
    )
    plain = " ".join(plain.split())
    return plain if len(plain) <= most else plain[: most - 3].rstrip() + "..."


def quoted(text: str, most: int = 100) -> str:
    """Return words of the document in quotation marks, as a reason shows them."""
    return '"' + line(text.replace('"', "'"), most) + '"'
