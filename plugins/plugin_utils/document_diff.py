# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two revisions of a document row by row: what was added, removed and changed, and which row became which.

Rows are the same row when their tables' titles match and ports, protocols and words are alike; their numbers count little,
since a row that is inserted renumbers all that follow. The same input always gives the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from .document_rows import Item

ENOUGH = 0.6
#: A matrix's words are its own.
ENOUGH_OF_A_MATRIX = 0.4
#: Beyond so many pairs within a table only rows that share their ports or their label are compared.
MOST_PAIRS = 250_000


class Pair(NamedTuple):
    """An old and a new row, None where there is no such.

    ``change``: added, removed, changed, moved (the same row under another table or number), or "" for none.
    ``differences``: fact -> (old, new).
    """

    change: str
    old: Item | None
    new: Item | None
    differences: dict[str, tuple[str, str]]


def compare(old: Sequence[Item], new: Sequence[Item], *, literal: bool = True) -> list[Pair]:
    """Return a pair for every row of both, in the order of the new document with the removed rows where they stood.

    ``literal``: ``old`` are rows of a document. Otherwise they are a matrix's, whose words are its own and whose flows may
    say in a note why they depart from the row; then only ports and protocols are compared.
    """
    matched = _matched(old, new, literal)
    by_new = {number: place for place, number in matched.items()}
    pairs = [_pair(old[by_new[n]] if n in by_new else None, item, literal) for n, item in enumerate(new)]
    before = -1.0
    places: list[tuple[float, int, Pair]] = [(float(n), 0, pair) for n, pair in enumerate(pairs)]
    for number, item in enumerate(old):
        if number in matched:
            before = matched[number]
        else:
            places.append((before + 0.5, number, _pair(item, None, literal)))
    return [pair for _place, _number, pair in sorted(places, key=lambda entry: entry[:2])]


def _pair(old: Item | None, new: Item | None, literal: bool) -> Pair:
    if old is None or new is None:
        return Pair("added" if old is None else "removed", old, new, {})
    if literal:
        names = dict.fromkeys((*old.facts, *new.facts))
        differences = {
            name: (old.facts.get(name, ""), new.facts.get(name, ""))
            for name in names
            if old.facts.get(name, "") != new.facts.get(name, "")
        }
        if len(differences) > 1:
            differences.pop("text", None)
    elif agrees(old, new) if old.place == new.place else _fits(old, new):
        differences = {}
    else:
        differences = {
            name: (old.facts[name], new.facts[name])
            for name in ("ports", "protocols")
            if old.facts[name] != new.facts[name]
        }
    moved = old.place != new.place or (literal and old.heading != new.heading)
    return Pair("changed" if differences else "moved" if moved else "", old, new, differences)


def agrees(matrix: Item, row: Item) -> bool:
    """Return whether a matrix's account of a row still fits the row.

    It does when flows open every port of it, when one of them explains in a note why it departs from the row, when the
    matrix explains why the row opens nothing, and when the row names no port, so that a parameter has to give it.
    """
    return _fits(matrix, row) or matrix.departs or matrix.explained or not matrix.ways


def _fits(matrix: Item, row: Item) -> bool:
    """Return whether flows open every port of a row."""
    ports = {port for _protocol, port in matrix.ways}
    return all((protocol, port) in matrix.ways or (not protocol and port in ports) for protocol, port in row.ways)


def _matched(old: Sequence[Item], new: Sequence[Item], literal: bool) -> dict[int, int]:
    """Return which old row became which new one, by their numbers."""
    found: dict[int, int] = {}
    tables = _tables(old, new, literal)

    def free(items: Sequence[Item], taken: Iterable[int]) -> list[int]:
        used = set(taken)
        return [number for number in range(len(items)) if number not in used]

    def same(key: Callable[[Item], object], renamed: bool) -> None:
        waiting: dict[object, list[int]] = {}
        for number in free(new, found.values()):
            waiting.setdefault((_group(new[number]) if renamed else 0, key(new[number])), []).append(number)
        for number in free(old, found):
            group = tables.get(_group(old[number])) if renamed else 0
            candidates = waiting.get((group, key(old[number])))
            if candidates:
                found[number] = candidates.pop(0)

    if not literal:
        found.update(_in_place(old, new, tables))
    if literal:
        same(lambda item: item.facts.get("text") or item.facts["description"], True)
        same(lambda item: (item.ways, item.words), True)
    for before, after in tables.items():
        left = [n for n in free(old, found) if _group(old[n]) == before]
        right = [n for n in free(new, found.values()) if _group(new[n]) == after]
        found.update(_best(old, new, left, right, literal))
    if literal:
        same(lambda item: (item.ways, item.words) if item.ways else item.order, False)
    return found


def _in_place(
    old: Sequence[Item], new: Sequence[Item], tables: Mapping[tuple[int, str], tuple[int, str]]
) -> dict[int, int]:
    """Pair the rows of each table of which every row is still where it was, and agrees with the matrix."""
    found: dict[int, int] = {}
    for before, after in tables.items():
        left = {item.label: number for number, item in enumerate(old) if _group(item) == before}
        right = {item.label: number for number, item in enumerate(new) if _group(item) == after}
        if left.keys() == right.keys() and all(agrees(old[left[label]], new[right[label]]) for label in left):
            found.update({number: right[label] for label, number in left.items()})
    return found


def _group(item: Item) -> tuple[int, str]:
    return item.table, item.heading


def _tables(old: Sequence[Item], new: Sequence[Item], literal: bool) -> dict[tuple[int, str], tuple[int, str]]:
    """Return which table became which: by title, then by what stands in it; a matrix's may have a title of its own."""
    left, right = (list(dict.fromkeys(_group(item) for item in items)) for items in (old, new))
    found: dict[tuple[int, str], tuple[int, str]] = {}
    for group in left:
        match = next((other for other in right if other[1] == group[1] and other not in found.values()), None)
        if match:
            found[group] = match

    def content(items: Sequence[Item], group: tuple[int, str]) -> frozenset[object]:
        return frozenset((item.ways, item.words) for item in items if _group(item) == group)

    if not literal:
        numbers = {other[0]: other for other in right if other not in found.values()}
        found.update({one: numbers[one[0]] for one in left if one not in found and one[0] in numbers})
        return found
    scored = sorted(
        (-_alike(content(old, one), content(new, other)), abs(one[0] - other[0]), one, other)
        for one in left
        if one not in found
        for other in right
        if other not in found.values()
    )
    for score, _distance, one, other in scored:
        if score <= -0.3 and one not in found and other not in found.values():
            found[one] = other
    return found


def _best(
    old: Sequence[Item], new: Sequence[Item], left: Sequence[int], right: Sequence[int], literal: bool
) -> dict[int, int]:
    """Pair the rows of one table, the most alike first."""
    narrow = len(left) * len(right) > MOST_PAIRS
    before, after = ({number: place for place, number in enumerate(side)} for side in (left, right))
    scored = []
    for one, other in _candidates(old, new, left, right) if narrow else ((a, b) for a in left for b in right):
        score = _score(old[one], new[other], literal)
        if score >= (ENOUGH if literal else ENOUGH_OF_A_MATRIX):
            scored.append((-score, abs(before[one] - after[other]), one, other))
    found: dict[int, int] = {}
    taken: set[int] = set()
    for *_rank, one, other in sorted(scored):
        if one not in found and other not in taken:
            found[one] = other
            taken.add(other)
    return found


def _candidates(
    old: Sequence[Item], new: Sequence[Item], left: Sequence[int], right: Sequence[int]
) -> Iterable[tuple[int, int]]:
    index: dict[object, list[int]] = {}
    for other in right:
        index.setdefault(new[other].ways, []).append(other)
        index.setdefault(new[other].label, []).append(other)
    for one in left:
        for key in (old[one].ways, old[one].label):
            for other in index.get(key, [])[:50]:
                yield one, other


def _score(old: Item, new: Item, literal: bool) -> float:
    """Return how alike two rows of one table are: ports, words, and a little for protocols and place."""
    protocols = 0.15 * ({protocol for protocol, _port in old.ways} == {protocol for protocol, _port in new.ways})
    if old.ways and new.ways:
        ports = 1.0 if old.ways == new.ways else 0.8 * _alike(_numbers(old), _numbers(new)) + protocols
    else:
        ports = 0.3 if not old.ways and not new.ways else 0.0
    place = 0.25 * (old.label == new.label and bool(new.label) and (literal or not (old.ways and new.ways)))
    return ports + _alike(old.words, new.words) + place


def _numbers(item: Item) -> frozenset[str]:
    return frozenset(port for _protocol, port in item.ways)


def _alike(one: frozenset[object] | frozenset[str], other: frozenset[object] | frozenset[str]) -> float:
    return len(one & other) / len(one | other) if one and other else 0.0
