# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Port expressions as vendors write them, and the port ranges they stand for.

    sum   = number or parameter, plus any of: "+ number", "+ parameter", "+ (parameter - number)"
    range = sum, or sum "to" sum, or sum "-" sum
    list  = ranges separated by commas, "and", or blanks

Words that say nothing about numbers ("configurable", "the default port is", "for a basic user") are passed over;
a word that is neither one of those nor a parameter is an error, so that a misread cell never opens a port.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ..module_utils import port_ranges

Range = tuple[int, int]
Value = int | list[Range]
FORMS = 'a port (7563), a range (6000-7000), a list ("443 and 80"), or a sum ("554 to 554+(x-1)")'

MOST_DIGITS = 9

_NOTHING = re.compile(r"-|n/a")
_UNKNOWN = re.compile(r"\?|\bdepend(?:s|ing|ent)?\b|\band others\b|random or fixed")
_SERIES = re.compile(r"(?P<first>\d+) ?\((?P<more>\d+(?:, ?\d+)*),? if many [^()]*\)")
_REMARK = re.compile(
    r"\([a-z ]*\)"  # (configurable), (disabled by default)
    r"|\bconfigurable\b[.,]?|\btypically\b|\brandom in range\b"
    r"|\b(?:the )?default(?: ports?)?(?: range)? (?:is|are)\b"
    r"|\b(?:a )?for (?:an? )?(?:ad|basic) user\b|\bfor https?\b|\bports?\b"
    r"|(?<! )\*+(?=[ ,;]|$)|\*+$"  # a footnote's mark, not a product
)
_TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<name>[a-z_][a-z0-9_]*)|(?P<sign>[-+(),;/]))")
_SEPARATORS = {",", ";", "/", "and"}


class PortsUnknown(ValueError):
    """The text names no port that anyone could know: ``?``, "depends on ...", "... and others"."""


class Sum(NamedTuple):
    """Numbers and parameter names to add up, each with its sign."""

    terms: tuple[tuple[int, int | str], ...]


class PortExpression(NamedTuple):
    """A parsed expression: inclusive ``(low, high)`` pairs of sums; ``high`` is None for a single value.

    ``defaults`` are the parameters that it can do without, with the value they then have.
    """

    text: str
    items: tuple[tuple[Sum, Sum | None], ...]
    unknown: bool = False
    defaults: tuple[tuple[str, int], ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The parameters it needs."""
        return frozenset(name for item in self.items for name in _names(*item))

    def literal(self) -> PortExpression:
        """Return what is left without the items that need parameters."""
        return PortExpression(self.text, tuple(item for item in self.items if not _names(*item)))


def _names(*sums: Sum | None) -> set[str]:
    return {atom for part in sums if part is not None for _sign, atom in part.terms if isinstance(atom, str)}


def parse(text: object) -> PortExpression:
    """Return the expression for a text, an integer, or a list of them.

    Raises ValueError, with the forms that are allowed, when it is none.
    """
    if isinstance(text, (list, tuple)):
        if any(isinstance(part, (list, tuple)) for part in text):
            raise ValueError(f"a list in a list is not a port expression; allowed: {FORMS}")
        parts = [parse(part) for part in text]
        if any(part.unknown for part in parts):
            raise ValueError(f"{text!r} holds a value that names no port; allowed: {FORMS}")
        items = tuple(item for part in parts for item in part.items)
        defaults = tuple(default for part in parts for default in part.defaults)
        return PortExpression(", ".join(part.text for part in parts), items, defaults=defaults)
    if isinstance(text, bool) or not isinstance(text, (str, int)):
        raise ValueError(f"{text!r} is not a port expression; allowed: {FORMS}")
    written = str(text)
    plain = " ".join(re.sub("[\u2010-\u2015]", "-", written).replace("\u00a0", " ").lower().split())
    if _NOTHING.fullmatch(plain):
        return PortExpression(written, ())
    if _UNKNOWN.search(plain):
        return PortExpression(written, (), unknown=True)
    bare = " ".join(_REMARK.sub(" ", plain).split())
    series = _SERIES.fullmatch(bare)
    if series:
        return _series(written, series)
    return PortExpression(written, _Parser(written, bare).items())


def ranges(expression: PortExpression, lookup: Callable[[str], Value]) -> list[Range]:
    """Return the merged ranges; ``lookup`` gives a parameter's value: an integer, or ranges.

    Raises PortsUnknown for ``?`` and the like, ValueError when a port lies outside 1-65535 or a range runs
    backwards, and whatever ``lookup`` raises (a LookupError where it has no value). A range of no ports (0 devices) gives no range.
    """
    if expression.unknown:
        raise PortsUnknown(f"{expression.text!r} names no port")
    defaults = dict(expression.defaults)

    def value_of(name: str) -> Value:
        try:
            return lookup(name)
        except LookupError:
            if name in defaults:
                return defaults[name]
            raise

    found: list[Range] = []
    for low, high in expression.items:
        name = low.terms[0][1]
        if high is None and len(low.terms) == 1 and isinstance(name, str):
            value = value_of(name)
            found.extend([(value, value)] if isinstance(value, int) else value)
            continue
        first = _total(low, value_of)
        last = first if high is None else _total(high, value_of)
        if last == first - 1 and _names(low, high):
            continue
        found.append(port_ranges.checked((first, last)))
    return port_ranges.merge([port_ranges.checked(pair) for pair in found])


def _series(written: str, series: re.Match[str]) -> PortExpression:
    """ "40001 (40002, 40003, if many devices are present)": the first port, and x of them where x is given."""
    first = int(series["first"])
    if [int(number) for number in series["more"].split(",")] != [
        first + n + 1 for n in range(series["more"].count(",") + 1)
    ]:
        raise ValueError(f"{written!r}: the ports in brackets do not follow on {first}; allowed: {FORMS}")
    last = Sum(((1, first), (1, "x"), (-1, 1)))
    return PortExpression(written, ((Sum(((1, first),)), last),), defaults=(("x", 1),))


def _total(part: Sum, lookup: Callable[[str], Value]) -> int:
    total = 0
    for sign, atom in part.terms:
        value = atom if isinstance(atom, int) else lookup(atom)
        if not isinstance(value, int):
            raise ValueError(f"{atom} must be one number to be added, not {port_ranges.texts(value)}")
        total += sign * value
    return total


class _Parser:
    """Reads the grammar above; every method consumes what it returns."""

    def __init__(self, written: str, plain: str) -> None:
        self.written = written
        self.tokens: list[int | str] = []
        position = 0
        plain = plain.rstrip(".")
        while position < len(plain):
            match = _TOKEN.match(plain, position)
            if not match:
                raise self.error()
            if match["number"] and len(match["number"]) > MOST_DIGITS:
                raise self.error()
            self.tokens.append(int(match["number"]) if match["number"] else match["name"] or match["sign"])
            position = match.end()

    def error(self) -> ValueError:
        return ValueError(f"{self.written!r} is not a port expression; allowed: {FORMS}")

    def next_is(self, *wanted: str) -> bool:
        """Consume the next token when it is one of ``wanted``."""
        if self.tokens and self.tokens[0] in wanted:
            del self.tokens[0]
            return True
        return False

    def items(self) -> tuple[tuple[Sum, Sum | None], ...]:
        found = [self.item()]
        while self.tokens:
            self.next_is(*_SEPARATORS)
            self.next_is("and")
            found.append(self.item())
        return tuple(found)

    def item(self) -> tuple[Sum, Sum | None]:
        low = self.sum()
        return low, self.sum() if self.next_is("to", "-") else None

    def sum(self) -> Sum:
        terms = [(1, self.atom())]
        while self.next_is("+"):
            if self.next_is("("):
                terms.append((1, self.atom()))
                while self.tokens and self.tokens[0] in ("+", "-"):
                    terms.append((1 if self.tokens.pop(0) == "+" else -1, self.atom()))
                if not self.next_is(")"):
                    raise self.error()
            else:
                terms.append((1, self.atom()))
        return Sum(tuple(terms))

    def atom(self) -> int | str:
        token = self.tokens.pop(0) if self.tokens else "and"
        if isinstance(token, int) or ((token[0].isalpha() or token[0] == "_") and token not in ("to", "and")):
            return token
        raise self.error()
