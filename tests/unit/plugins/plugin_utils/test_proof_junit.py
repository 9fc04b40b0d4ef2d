# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from defusedxml import ElementTree
from lxml import etree

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import proof_junit
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_proof import (
    WHERE,
    build,
    faulty,
    read,
    seen,
    wrong,
)

#: What readers of JUnit XML agree on, in its strictest form: Ant's order of elements, and the attributes that any of them needs.
COMMON = """\
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="name"><xs:restriction base="xs:token"><xs:minLength value="1"/></xs:restriction></xs:simpleType>
  <xs:simpleType name="count"><xs:restriction base="xs:nonNegativeInteger"/></xs:simpleType>
  <xs:simpleType name="moment">
    <xs:restriction base="xs:dateTime"><xs:pattern value="[^Z+]{19}"/></xs:restriction>
  </xs:simpleType>
  <xs:complexType name="trouble"><xs:simpleContent><xs:extension base="xs:string">
    <xs:attribute name="message" type="xs:string"/><xs:attribute name="type" type="xs:string" use="required"/>
  </xs:extension></xs:simpleContent></xs:complexType>
  <xs:complexType name="skipped"><xs:attribute name="message" type="xs:string"/></xs:complexType>
  <xs:complexType name="property">
    <xs:attribute name="name" type="name" use="required"/><xs:attribute name="value" type="xs:string" use="required"/>
  </xs:complexType>
  <xs:complexType name="properties">
    <xs:sequence><xs:element name="property" type="property" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
  </xs:complexType>
  <xs:complexType name="testcase">
    <xs:choice minOccurs="0">
      <xs:element name="skipped" type="skipped"/>
      <xs:element name="error" type="trouble"/>
      <xs:element name="failure" type="trouble"/>
    </xs:choice>
    <xs:attribute name="name" type="name" use="required"/>
    <xs:attribute name="classname" type="name" use="required"/>
    <xs:attribute name="time" type="xs:decimal" use="required"/>
  </xs:complexType>
  <xs:complexType name="testsuite">
    <xs:sequence>
      <xs:element name="properties" type="properties"/>
      <xs:element name="testcase" type="testcase" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="system-out" type="xs:string"/>
      <xs:element name="system-err" type="xs:string"/>
    </xs:sequence>
    <xs:attribute name="id" type="count" use="required"/>
    <xs:attribute name="name" type="name" use="required"/>
    <xs:attribute name="package" type="name" use="required"/>
    <xs:attribute name="hostname" type="name" use="required"/>
    <xs:attribute name="timestamp" type="moment" use="required"/>
    <xs:attribute name="time" type="xs:decimal" use="required"/>
    <xs:attribute name="tests" type="count" use="required"/>
    <xs:attribute name="failures" type="count" use="required"/>
    <xs:attribute name="errors" type="count" use="required"/>
    <xs:attribute name="skipped" type="count"/>
  </xs:complexType>
  <xs:element name="testsuites"><xs:complexType>
    <xs:sequence><xs:element name="testsuite" type="testsuite" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
  </xs:complexType></xs:element>
</xs:schema>
"""
SCHEMA = etree.XMLSchema(etree.fromstring(COMMON))


def suites(proof: dict[str, Any]) -> dict[str, Any]:
    """Return host -> suite of a proof's document, once it is found valid and its counts right."""
    data = proof_junit.text(proof).encode()
    SCHEMA.assertValid(etree.fromstring(data))
    found = {}
    for suite in ElementTree.fromstring(data):
        cases = suite.findall("testcase")
        kinds = Counter(child.tag for case in cases for child in case)
        counted = {name: int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped")}
        assert counted == {
            "tests": len(cases),
            "failures": kinds["failure"],
            "errors": kinds["error"],
            "skipped": kinds["skipped"],
        }
        assert len({case.get("name") for case in cases}) == len(cases)
        found[suite.get("name")] = suite
    assert list(found) == [host["name"] for host in proof["hosts"]]
    return found


def case(suite: Any, name: str) -> Any:
    (found,) = [each for each in suite.findall("testcase") if each.get("name") == name]
    return found


def test_a_proof_with_differences() -> None:
    found = suites(faulty())
    suite = found["rs1"]
    assert (suite.get("timestamp"), suite.get("time")) == ("2026-11-21T14:00:00", "2.500")
    assert {each.get("name"): each.get("value") for each in suite.iter("property")} == {
        "run": "20261121140000-1",
        "site": "hq",
        "state": "not_reached",
        "backend": "nftables",
    }
    failure = case(suite, "es1 -> 10.0.0.11 tcp 7563 must be open").find("failure")
    assert failure.get("message") == "es1 -> rs1 10.0.0.11 tcp 7563: must be open, was filtered"
    leak = case(suite, "guest -> 10.0.0.11 tcp 21-23, 80, 443, 7562-7564, 8080 must be shut").find("failure")
    assert leak.text == (
        "guest -> rs1 10.0.0.11 tcp 7563: must be shut, was open\n"
        "A rule of rs1 that nothing declares let it in.\nrule: ip saddr 10.0.66.6 accept"
    )
    assert list(case(suite, "es1 -> 10.0.0.11 udp 161 must be shut")) == []
    in_force = case(suite, "rules in force: open in ipv6 tcp new 7563 any").find("failure")
    assert in_force.text == "rs1: Anyone gets to tcp 7563 by IPv6.\nrule: tcp dport 7563 accept"
    assert case(suite, "asks what it can reach").find("error") is not None
    assert case(found["cam1"], "asks what it can reach").find("skipped") is not None
    assert list(case(found["es1"], "rules in force: as declared")) == []
    gap = case(found["es1"], "milestone.sql.event: no milestone_sql_server is known").find("skipped")
    assert "portmatrix_networks.milestone_sql_server" in gap.get("message")


def test_names_do_not_depend_on_what_was_seen() -> None:
    results = seen(read()[0])
    names = [(each.tag, each.get("name")) for suite in suites(build(results)).values() for each in suite]
    odd = {
        name: [wrong(row, "filtered") if row["port"] % 2 and row["expected"] == "open" else row for row in rows]
        for name, rows in results.items()
    }
    found = suites(build(odd))
    assert [(each.tag, each.get("name")) for suite in found.values() for each in suite] == names
    assert sum(int(suite.get("failures")) for suite in found.values()) > 0


def test_two_sources_of_one_initiator_are_told_apart() -> None:
    results = seen(read()[0])
    results["guest"] = [
        {**row, "source": source}
        for row in results["guest"]
        if row["to"] == "es1"
        for source in ("10.0.66.6", "10.0.66.7")
    ]
    names = [each.get("name") for each in suites(build(results))["es1"].findall("testcase")]
    assert "guest (10.0.66.6) -> 10.0.0.12 udp 161 must be shut" in names
    assert "guest (10.0.66.7) -> 10.0.0.12 udp 161 must be shut" in names


@pytest.mark.parametrize("odd", ["<b>&\"'", "\x00\x1b[0m", "\ud800", "\ufffe", "]]>", "a\n b"])
def test_any_text_gives_valid_xml(odd: str) -> None:
    results = seen(read()[0])
    results["es1"] = [
        wrong(row, "error", detail=odd, where={**WHERE, "sentence": odd, "rule": odd}) for row in results["es1"]
    ]
    proof = build(results)
    suites(proof)
    proof["run"] = proof["hosts"][0]["site"] = odd
    for row in proof["results"]:
        row["detail"] = odd
    suites(proof)


def test_of_no_hosts() -> None:
    assert suites(build({}, hosts=())) == {}
