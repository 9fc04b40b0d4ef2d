# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import proof_html
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_page.summary import verdict
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_page.visible import visible
from tests.support.proof_documents import NAMES, document, hostile, lab, lab_with_faults, many

LAB = lab_with_faults()
CLEAN = document(lab())
TEXT = proof_html.text(LAB)
#: Elements of a line.
INLINE = re.compile(r"</?(?:b|bdi|code|i|small|span|wbr)\b[^>]*>")
#: Contrast that WCAG 2.2 asks of text, and of shapes that have a meaning.
OF_TEXT, OF_SHAPES = 4.5, 3.0


def parsed(text: str) -> BeautifulSoup:
    return BeautifulSoup(text, "html.parser")


def only(page: BeautifulSoup, selector: str) -> Tag:
    (found,) = page.select(selector)
    return found


def words(element: Tag) -> str:
    """Return the text as it is read: elements within a line do not part words."""
    return " ".join(parsed(INLINE.sub("", str(element))).get_text(" ").split())


def said(**summary: int) -> str:
    """Return the verdict where the lab is as declared but for these figures."""
    found = verdict({**CLEAN, "summary": {**CLEAN["summary"], **summary}})
    return " ".join((found.symbol, found.words, *found.details))


def test_the_verdict_comes_first_and_in_words() -> None:
    assert said() == (
        "✓ Everything is as declared 17,229 probes found what is declared, and no more. "
        "The rules in force on 29 hosts equal the policy for all packets."
    )
    assert "in force" not in said(read_back=0)
    assert said(unresolved=1, read_back=0) == (
        "! No difference, but the proof is not complete 17,229 probes found what is declared, and no more. "
        "The proof is not complete: 1 flow is not resolved."
    )
    assert said(probes=0).startswith("? Nothing was asked")
    assert said(readback_differences=1) == "✕ 1 difference 1 in the rules that are in force."
    page = parsed(TEXT)
    shown = words(only(page, ".verdict"))
    assert shown.startswith(
        "✕ 27 differences 25 of 14,797 probes and 2 in the rules that are in force. They are in 5 groups"
    )
    assert "1 host was not reached; 1 host only counts and lets everything in; 11 flows are not resolved" in shown
    assert page.title.string == "27 differences - Proof of the lab"
    assert words(page.h1) == "Proof of the lab"
    assert "on 21 November 2026 at 14:00 UTC in 41.3 s. Run 7f3a90c2." in words(only(page, ".made"))


def test_hosts_that_are_not_proven_are_named() -> None:
    assert [words(item).partition(":")[0] for item in parsed(TEXT).select(".states li")] == [
        "not reached (1)",
        "audit only (1)",
        "not managed (1)",
    ]


def test_differences_have_place_rule_and_advice_and_what_is_open_too_much_comes_first() -> None:
    cards = parsed(TEXT).select(".finding")
    assert [words(card.h3) for card in cards] == [
        "! ms1 lets in what nothing declares Probes",
        "✕ rs1 drops what it should let in Probes",
        "✕ Nothing listens on sql1 Probes",
        "! ms1 would let in more than is declared Rules in force",
        "✕ rs1 would drop what is declared Rules in force",
    ]
    facts = {words(row.dt): words(row.dd) for row in cards[1].select("dl > div")}
    assert facts["Ports"] == "tcp 7563"
    assert facts["From"] == "es1, operator1, operator2"
    assert facts["Rule"] == "table inet portmatrix, chain input: drop (policy)"
    assert facts["What to do"].startswith("Apply the policy to rs1 again.")
    assert len(cards[1].select("tbody tr")) == 6
    assert "tcp from fd77::66:66 port 40000 to fd77::1:11 port 1" in words(cards[3])


def test_no_differences_have_no_section() -> None:
    page = parsed(proof_html.text(CLEAN))
    assert not page.select("#differences") and not page.select('nav a[href="#differences"]')


def test_every_host_has_its_rules_what_was_read_back_and_what_listens() -> None:
    page = parsed(TEXT)
    hosts = {words(each.b): each for each in page.select("details.host")}
    assert list(hosts) == [host["name"] for host in LAB["hosts"]]
    for host in LAB["hosts"]:
        tables = [table for table in hosts[host["name"]].select("table") if "Citation" in words(table.thead)]
        rows = [row for table in tables for row in table.select("tbody tr")]
        assert len(rows) == len(host["rules"])
    assert "The kernel's rules equal the policy for all packets." in words(hosts["es1"])
    assert "The kernel's rules are not the policy: 1 difference." in words(hosts["ms1"])
    assert "Its rules in force were not read." in words(hosts["mob1"])
    listening = {words(row.th): [words(cell) for cell in row.select("td")] for row in hosts["sql1"].select("tbody tr")}
    assert listening["tcp 1433"] == ["✓ 3 of 3", "nothing listens"]
    assert "✕ 0 of 6" in words(hosts["rs1"])


def test_unresolved_flows_say_what_to_set() -> None:
    section = only(parsed(TEXT), "#unresolved")
    rows = [[words(cell) for cell in row.select("th, td")] for row in section.select("tbody tr")]
    assert ["pearl.encoder.rtsp", "pearl1, viewer1"] in [[row[0], row[1]] for row in rows]
    assert {row[3] for row in rows} == {"portmatrix_parameters.pearl_channels on pearl1"}
    assert "None" in words(only(parsed(proof_html.text(CLEAN)), "#unresolved"))


def test_ids_are_unique_and_links_within_the_page_lead_somewhere() -> None:
    page = parsed(TEXT)
    ids = [element["id"] for element in page.find_all(id=True)]
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.select('a[href^="#"]')} <= set(ids)
    named = " ".join(element["aria-labelledby"] for element in page.select("[aria-labelledby]")).split()
    assert set(named) <= set(ids)
    assert {label["for"] for label in page.select("label[for]")} <= set(ids)


def test_nothing_comes_from_the_network() -> None:
    page = parsed(TEXT)
    assert (
        not page.find_all(src=True) and not page.find_all("link") and not page.select("a[href]:not([rel], [href^='#'])")
    )
    assert not re.search(
        r"url\(|@import|fetch|XMLHttp|import\(|innerHTML|eval\(", page.style.string + page.find_all("script")[1].string
    )
    assert not page.find_all(style=True)
    policy = only(page, 'meta[http-equiv="Content-Security-Policy"]')["content"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for content in (page.style.string, page.find_all("script")[1].string):
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert [link["href"] for link in page.select("#documents a")] == [
        each["address"] for each in LAB["documents"] if each["address"]
    ]


def test_the_map_has_every_result() -> None:
    data = json.loads(parsed(TEXT).select_one("#data").string)
    names = [name for name, _state, _addresses in data["hosts"]]
    assert sorted(names) == [host["name"] for host in LAB["hosts"]]
    assert sum(size for _site, _components, size in data["groups"]) == len(names)
    rows = [data["rows"][at : at + 4] for at in range(0, len(data["rows"]), 4)]
    shown = [
        (names[initiator], names[to], *data["ways"][way], data["kinds"][kind][0], data["kinds"][kind][1])
        for initiator, to, way, kind in rows
    ]
    assert shown == [
        (row["initiator"], row["to"], row["source"], row["address"], row["protocol"], ", ".join(row["ports"]))
        for row in LAB["results"]
    ]


def test_initiators_that_are_not_hosts_of_the_proof_are_on_the_map() -> None:
    proof = copy.deepcopy(LAB)
    proof["hosts"] = [host for host in proof["hosts"] if host["name"] != "es1"]
    data = json.loads(parsed(proof_html.text(proof)).select_one("#data").string)
    assert "es1" in [name for name, _state, _addresses in data["hosts"]]


def test_what_others_wrote_is_only_text() -> None:
    text = proof_html.text(hostile())
    page = parsed(text)
    assert len(page.find_all("script")) == 2 and len(page.find_all("style")) == 1 and not page.find_all("img")
    assert not [name for element in page.find_all(True) for name in element.attrs if name.startswith("on")]
    assert {link["href"].partition(":")[0] for link in page.select("#documents a")} == {"https"}
    assert not re.search("[\u202e\u2028\0\x1b]", text)
    assert "evil[U+202E]gpj.exe" in words(only(page, "#hosts"))
    shown = {words(each.b) for each in page.select("details.host")}
    assert visible(NAMES[0]) in shown and visible(NAMES[1]) in shown
    text.encode()


def test_the_page_of_a_large_site_is_not_too_large() -> None:
    assert len(proof_html.text(document(many(300, portmatrix_undeclared_sample=1)))) < 2_500_000


def test_without_graphviz_the_page_says_so_and_has_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    section = only(parsed(proof_html.text(LAB)), "#picture")
    assert "install the package graphviz" in words(section) and not section.svg
    assert len(section.select("tbody tr")) == 81


def test_the_same_proof_gives_the_same_page() -> None:
    assert proof_html.text(lab_with_faults()) == TEXT


def _colours() -> dict[str, dict[str, str]]:
    """Return the variables of the style for each scheme."""
    light, dark = re.findall(r":root \{(.*?)\}", proof_html.part(("page.css",)), re.DOTALL)
    of_light = dict(re.findall(r"--([\w-]+): (#\w{6})", light))
    return {"light": of_light, "dark": {**of_light, **dict(re.findall(r"--([\w-]+): (#\w{6})", dark))}}


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_suffices(scheme: str) -> None:
    colours = _colours()[scheme]
    texts: list[tuple[str, str]] = [
        *((text, back) for text in ("text", "soft", "link") for back in ("back", "surface")),
        *((f"on-{state}", state) for state in ("open", "shut", "missing", "leak")),
        *((tone, f"{tone}-back") for tone in ("good", "warn", "bad")),
        *(("text", f"{tone}-back") for tone in ("good", "warn", "bad")),
        *((tone, "back") for tone in ("good", "warn", "bad", "missing", "leak")),
        *((tone, "surface") for tone in ("missing", "leak", "soft")),
    ]
    shapes = [("open", "back"), ("missing", "back"), ("leak", "back"), ("soft", "back"), ("open", "surface")]
    ratios: dict[Any, float] = {pair: _contrast(colours[pair[0]], colours[pair[1]]) for pair in (*texts, *shapes)}
    assert not {pair: ratios[pair] for pair in texts if ratios[pair] < OF_TEXT}
    assert not {pair: ratios[pair] for pair in shapes if ratios[pair] < OF_SHAPES}
