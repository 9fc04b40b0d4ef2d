# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof as JUnit XML, for what shows the tests of a CI run: a suite for each host, a case for what one initiator asks of it.

Names of cases follow from what was asked, not from what was seen, so that a case has the same name in every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from xml.etree import ElementTree

from ..module_utils import port_ranges
from . import proof_sentences
from .report import one_line

PACKAGE = "portmatrix"
NOT_ASKED = {
    "absent": "its policy was taken off",
    "unmanaged": "it has no firewall that this collection manages",
}


class Case(NamedTuple):
    """A test case: ``kind`` is failure, error, skipped, or empty where it passed; ``lines`` say why, the first one in short."""

    name: str
    kind: str = ""
    lines: tuple[str, ...] = ()


def text(proof: Mapping[str, Any]) -> str:
    """Return the document. All hosts are asked at once, so each suite takes the time of the run, and a case none of its own."""
    asked: dict[str, list[Mapping[str, Any]]] = {}
    for row in proof["results"]:
        asked.setdefault(row["to"], []).append(row)
    different: dict[str, list[Mapping[str, Any]]] = {}
    for each in proof["readback"]:
        different.setdefault(each["host"], []).append(each)
    gaps: dict[str, list[Mapping[str, Any]]] = {}
    for each in proof["unresolved"]:
        gaps.setdefault(each["host"], []).append(each)
    root = ElementTree.Element("testsuites")
    for number, host in enumerate(proof["hosts"]):
        name = host["name"]
        cases = [_answer(host), *_probes(asked.get(name, ()))]
        cases.extend(_in_force(host, different.get(name, ())))
        cases.extend(_unresolved(gaps.get(name, ())))
        root.append(_suite(proof, number, host, cases))
    ElementTree.indent(root)
    body = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _answer(host: Mapping[str, Any]) -> Case:
    name = "asks what it can reach"
    if host["state"] == "not_reached":
        return Case(name, "error", ("it was not reached, so that nothing was asked from it",))
    if host["state"] in NOT_ASKED:
        return Case(name, "skipped", (NOT_ASKED[host["state"]],))
    return Case(name)


def _probes(rows: Iterable[Mapping[str, Any]]) -> Iterator[Case]:
    """Yield a case for all that one initiator must reach, or must not, at one address by one protocol."""
    alike: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("initiator", "source", "address", "protocol", "expected"))
        alike.setdefault(key, []).append(row)
    sources: dict[tuple[str, ...], set[str]] = {}
    for initiator, source, *rest in alike:
        sources.setdefault((initiator, *rest), set()).add(source)
    for (initiator, source, *rest), same in alike.items():
        address, protocol, expected = rest
        several = f" ({source})" if len(sources[initiator, *rest]) > 1 else ""
        ports = port_ranges.texts(port_ranges.parse_range(each) for row in same for each in row["ports"])
        name = f"{initiator}{several} -> {address} {protocol} {', '.join(ports)} must be {expected}"
        wrong = [row for row in same if not row["ok"]]
        lines = [line for row in wrong for line in (proof_sentences.difference(row), *proof_sentences.located(row))]
        yield Case(name, "failure" if wrong else "", tuple(lines))


def _in_force(host: Mapping[str, Any], found: Sequence[Mapping[str, Any]]) -> Iterator[Case]:
    name = "rules in force"
    if host["read_back"] and not found:
        yield Case(f"{name}: as declared")
    for each in found:
        what = [each[key] for key in ("kind", "direction", "family", "protocol", "state")]
        shown = " ".join([*what, ", ".join(each["ports"]), ", ".join(each["peers"])])
        yield Case(f"{name}: {shown}", "failure", tuple(proof_sentences.in_force(each)))


def _unresolved(gaps: Iterable[Mapping[str, Any]]) -> Iterator[Case]:
    for each in gaps:
        yield Case(f"{each['flow']}: {each['reason']}", "skipped", (proof_sentences.gap(each),))


def _suite(
    proof: Mapping[str, Any], number: int, host: Mapping[str, Any], cases: Sequence[Case]
) -> ElementTree.Element:
    kinds = [case.kind for case in cases]
    name = one_line(host["name"])
    suite = ElementTree.Element(
        "testsuite",
        name=name,
        package=PACKAGE,
        id=str(number),
        hostname=name,
        timestamp=proof["made"].removesuffix("Z"),
        time=f"{proof['seconds']:.3f}",
        tests=str(len(cases)),
        failures=str(kinds.count("failure")),
        errors=str(kinds.count("error")),
        skipped=str(kinds.count("skipped")),
    )
    properties = ElementTree.SubElement(suite, "properties")
    for key, value in (("run", proof["run"]), *((key, host[key]) for key in ("site", "state", "backend"))):
        ElementTree.SubElement(properties, "property", name=key, value=one_line(value))
    for case in cases:
        _add(suite, name, case)
    for stream in ("system-out", "system-err"):
        ElementTree.SubElement(suite, stream)
    return suite


def _add(suite: ElementTree.Element, host: str, case: Case) -> None:
    element = ElementTree.SubElement(
        suite, "testcase", name=one_line(case.name), classname=f"{PACKAGE}.{host}", time="0"
    )
    if case.kind == "skipped":
        ElementTree.SubElement(element, "skipped", message=one_line(case.lines[0]))
    elif case.kind:
        lines = [one_line(line) for line in case.lines]
        ElementTree.SubElement(element, case.kind, message=lines[0], type=PACKAGE).text = "\n".join(lines)
