# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
import shutil
from xml.etree import ElementTree

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import site_picture
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.site_picture import NoPicture, description, dot, svg
from tests.support.proof_documents import document, hostile, lab_with_faults, many

LAB = lab_with_faults()
SVG = "{http://www.w3.org/2000/svg}"

needs_dot = pytest.mark.skipif(not shutil.which("dot"), reason="NOT TESTED: graphviz (dot) is not installed")


def texts(picture: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter(f"{SVG}text")]


@needs_dot
def test_every_host_of_a_small_site_and_every_network_is_named() -> None:
    shown = " ".join(texts(svg(LAB)))
    assert {host["name"] for host in LAB["hosts"]} <= set(re.findall(r"[\w.]+", shown))
    assert {"hq", "branch", "administrators", "239.77.1.0/24"} <= set(shown.split())


@needs_dot
def test_ports_and_what_was_found_are_at_the_arrows() -> None:
    picture = svg(LAB)
    assert {"tcp 8081-8082", "✕ tcp 7563", "✕ tcp 1433", "? udp 6000-7000"} <= set(texts(picture))
    assert any(text.startswith("! tcp 21-23") for text in texts(picture))
    for result in ("declared", "unproven", "different", "leak"):
        assert f'class="edge {result}"' in picture and f"stroke-{result}" in picture
    assert "#0000d" not in picture


@needs_dot
def test_what_is_asked_of_everyone_is_said_once() -> None:
    assert "→ tcp 22 of 23 groups" in texts(svg(LAB))


@needs_dot
def test_the_picture_has_a_name_and_a_description() -> None:
    root = ElementTree.fromstring(svg(LAB))
    title, text = root[:2]
    assert root.get("role") == "img" and root.get("aria-labelledby") == f"{title.get('id')} {text.get('id')}"
    assert title.text == "Picture of Proof of the lab" and text.text == description(LAB)
    assert "29 hosts in 23 groups" in description(LAB)


@needs_dot
def test_nothing_of_a_hostile_name_is_more_than_text() -> None:
    picture = svg(hostile())
    root = ElementTree.fromstring(picture)
    assert {element.tag for element in root.iter()} <= {
        SVG + name for name in ("svg", "title", "desc", "g", "path", "polygon", "text")
    }
    names = {name for element in root.iter() for name in element.attrib}
    assert not {name for name in names if name.startswith("on") or name in ("href", "style") or "xlink" in name}
    assert "<script" not in picture and "\u202e" not in picture
    assert "</script><img onerror=alert(1)>" in texts(picture)[1] + " ".join(texts(picture))


@needs_dot
@pytest.mark.parametrize("count", [60, 1000])
def test_large_sites_have_few_nodes(count: int) -> None:
    proof = document(many(count, portmatrix_undeclared_sample=1))
    picture = svg(proof)
    assert picture.count('class="node group"') == len(site_picture.shown(proof)) <= site_picture.MOST
    assert ("20 sites together" in texts(picture)) == (count == 1000)
    assert len(picture) < 100_000


def test_without_graphviz_it_says_how_to_get_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoPicture, match="install the package graphviz"):
        svg(LAB)


@needs_dot
def test_a_picture_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_picture, "SECONDS", 0)
    with pytest.raises(NoPicture, match="did not finish"):
        svg(LAB)


def test_a_site_of_too_many_kinds_has_none() -> None:
    hosts = [
        {"name": f"h{number}", "site": "", "components": [f"c{number}"], "rules": []}
        for number in range(site_picture.MOST + 1)
    ]
    with pytest.raises(NoPicture, match="61 kinds of hosts"):
        svg({"title": "", "hosts": hosts, "results": []})


def test_the_same_proof_gives_the_same_graph() -> None:
    assert dot(LAB) == dot(lab_with_faults())
