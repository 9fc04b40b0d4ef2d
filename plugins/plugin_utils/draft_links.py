# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that join two names in a sentence, and what they tell of who connects to whom."""

from __future__ import annotations

import re
from typing import NamedTuple


class Link(NamedTuple):
    """Words between two names, whether the first one opens the connection, how sure that is, and why."""

    pattern: re.Pattern[str]
    forward: bool
    confidence: str
    why: str


_CONNECTS = "says who connects"
_LISTENS = "says who listens"
_FETCHES = "tells who fetches, which as a rule is who connects"
_UPLOADS = "tells who uploads, which as a rule is who connects"
_DATA = "tells where data flow, not who connects"
_REACHES = r"connects?|connecting|logs? (?:in|on)|calls?|dials?|subscribes?|registers?|authenticates?"
_SENDS = (
    r"sends?|sent|streams?|streamed|pushe?[sd]?|transmits?|transmitted|delivers?|delivered|forwards?|forwarded"
    r"|notifies|publishe[sd]"
)
_FETCHED = r"retrieved|fetched|pulled|polled|read|downloaded|requested|queried|accessed|used"
_BESIDE = r"\s*(?:the|an?|its)?\s*$"

#: In the order in which they are looked for.
LINKS = tuple(
    Link(re.compile(pattern, re.IGNORECASE), forward, confidence, why)
    for pattern, forward, confidence, why in (
        (r"\b(?:accepts?|listens? for|waits? for)\b.*\b(?:from|of|by)\b", False, "high", _LISTENS),
        (rf"\b(?:{_REACHES})\b.*\b(?:to|into|with|against|at)\b", True, "high", _CONNECTS),
        (r"\b(?:contacts|calls|polls|queries|accesses|attempts to log in to)\b", True, "high", _CONNECTS),
        (rf"\b(?:{_FETCHED})\b.*\bby\b", False, "medium", _FETCHES),
        (r"\b(?:retrieves?|fetche?s?|pulls?|downloads?|requests?|gets?|reads?)\b.*\bfrom\b", True, "medium", _FETCHES),
        (r"\b(?:uploads?|registers?|reports?)\b.*\bto\b", True, "medium", _UPLOADS),
        (rf"\b(?:{_SENDS})\b", True, "low", _DATA),
        (r"\b(?:receives?|received)\b.*\bfrom\b", False, "low", _DATA),
        (r"\breceived by\b", True, "low", _DATA),
        (rf"^\s*(?:→|-+>|=>|to){_BESIDE}", True, "medium", "names one before the other"),
        (rf"^\s*(?:[-–—/&,]|and|↔|<-+>){_BESIDE}", True, "low", "names one beside the other, and not who connects"),
    )
)
_END = r"(?=$|[,.;()]| (?:on|over|via|using|for|is|are)\b)"
BETWEEN = re.compile(rf"\bbetween (?:the )?(?P<one>[^,.;()]+?) and (?:the )?(?P<other>[^,.;()]+?){_END}", re.IGNORECASE)
FROM_TO = re.compile(rf"\bfrom (?:the )?(?P<one>[^,.;()]+?) to (?:the )?(?P<other>[^,.;()]+?){_END}", re.IGNORECASE)
