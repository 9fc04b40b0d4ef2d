# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a proof in a real browser: at a desk, on a phone and on paper, by keys, by filters and by what a screen reader is told.

With PORTMATRIX_SCREENSHOTS set, the pictures of the documentation are made anew.
"""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pdfplumber
import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import proof_html
from tests.support.browser import NAMES, Browser, browser, installed
from tests.support.proof_documents import document, hostile, lab_with_faults, many

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
LARGEST_IMAGE = 300_000
DESK, PHONE = (1440, 900), (390, 844)
A4_LANDSCAPE = (842, 595)
OPEN_ALL = "document.getElementById('host-open').click(); document.querySelectorAll('details').forEach(each => { each.open = true; }); 0"
FOCUS = "document.activeElement.getAttribute('aria-label')"

pytestmark = [
    pytest.mark.pages,
    pytest.mark.skipif(
        not installed(), reason=f"NOT TESTED: the page in a browser; none of {', '.join(NAMES)} is installed"
    ),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests."""
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Pages of several sites."""
    directory = tmp_path_factory.mktemp("pages")
    dense = {"portmatrix_managed": True, "portmatrix_undeclared_sample": 60}
    proofs: dict[str, dict[str, Any]] = {
        "lab": lab_with_faults(),
        "sixty": document(many(60, per_site=30, **dense)),
        "thousand": document(many(1000, portmatrix_undeclared_sample=2)),
        "hostile": hostile(),
    }
    found = {name: directory / f"{name}.html" for name in proofs}
    for name, proof in proofs.items():
        found[name].write_text(proof_html.text(proof), encoding="utf-8")
    return found


def rows(page: Browser) -> list[str]:
    """Return the names of the map's rows."""
    return page.run("[...document.querySelectorAll('#map tbody th[scope=row] b')].map(each => each.textContent)")


def columns(page: Browser) -> list[str]:
    """Return the names of the map's columns."""
    return page.run("[...document.querySelectorAll('#map thead th.column b')].map(each => each.textContent)")


def cells(page: Browser, kind: str) -> list[str]:
    """Return the names of the map's cells of a kind."""
    return page.run(f"[...document.querySelectorAll('#map .cell-{kind}')].map(each => each.getAttribute('aria-label'))")


def choose(page: Browser, control: str, value: str | bool) -> None:
    """Set a control as a person would."""
    what = f"checked = {str(value).lower()}" if isinstance(value, bool) else f"value = {value!r}"
    page.run(
        f"{{ const it = document.getElementById('{control}'); it.{what}; it.dispatchEvent(new Event('input', {{bubbles: true}})); }} 0"
    )


def test_a_page_that_errs_or_asks_for_something_would_be_noticed(page: Browser, tmp_path: Path) -> None:
    policy = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'\">"
    bad = tmp_path / "bad.html"
    bad.write_text(f"{policy}<script>1</script><p style='width: 3000px'>wide</p>")
    page.open(bad, *DESK)
    assert len(page.complaints()) == 2
    bad.write_text("<img src='other.png'><script>undefined()</script><p style='width: 3000px'>wide</p>")
    page.open(bad, *DESK)
    assert page.complaints() and (tmp_path / "other.png").as_uri() in page.requests()
    assert page.run("document.documentElement.scrollWidth") > DESK[0]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("site", ["lab", "sixty", "hostile"])
def test_it_fits_its_window_asks_for_nothing_and_has_no_errors(
    page: Browser, files: dict[str, Path], site: str, size: tuple[int, int], dark: bool
) -> None:
    page.open(files[site], *size, dark=dark)
    page.run("document.querySelector('#map td[data-row]').click(); 0")
    page.run(OPEN_ALL)
    assert page.run("[document.documentElement.scrollWidth, innerWidth]") == [size[0], size[0]]
    assert page.complaints() == []
    assert page.requests() == [files[site].as_uri()]
    assert page.run("getComputedStyle(document.body).backgroundColor") == (
        "rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)"
    )


def test_on_a_phone_the_map_scrolls_in_its_own_box_and_its_heads_stay(page: Browser, files: dict[str, Path]) -> None:
    page.open(files["lab"], *PHONE)
    assert page.run(
        "(box => box.scrollWidth > box.clientWidth && box.scrollHeight > box.clientHeight)(document.getElementById('map'))"
    )
    places = (
        "['thead', 'tbody th[scope=row]'].map(each => document.querySelector('#map ' + each).getBoundingClientRect())"
    )
    before = page.run(f"{places}.map(each => [each.top, each.left])")
    page.run("document.getElementById('map').scrollTo({left: 150, top: 150, behavior: 'instant'}); 0")
    after = page.run(f"{places}.map(each => [each.top, each.left])")
    assert after[0][0] == before[0][0] and after[1][1] == before[1][1]


def test_a_difference_is_found_by_keys_alone(page: Browser, files: dict[str, Path]) -> None:
    page.open(files["lab"], *DESK, reduced=True)
    page.run("document.getElementById('words').focus()")
    page.type("7563")
    for _count in range(12):
        page.key("Tab")
        if page.run(FOCUS):
            break
    assert page.run(FOCUS) == "bcam1 to aio1: shut, as declared"
    wanted = page.run("document.querySelector('#map .cell-missing').getAttribute('aria-label')")
    place = page.run(
        "(cell => [Number(cell.dataset.row), Number(cell.dataset.column)])(document.querySelector('#map .cell-missing'))"
    )
    for key, count in (("ArrowDown", place[0]), ("ArrowRight", place[1])):
        for _count in range(count):
            page.key(key)
    assert page.run(FOCUS) == wanted == "es1 to rs1: must be open, is not"
    assert page.run("document.querySelectorAll('#map td[tabindex=\"0\"]').length") == 1
    page.key("Enter")
    assert page.run("document.activeElement.textContent") == "es1 \u2192 rs1"
    shown = page.run("document.getElementById('pair').innerText")
    for text in (
        "tcp 7563",
        "no answer",
        "table inet portmatrix, chain input: drop (policy)",
        "milestone.recording.media_event",
        "2 times",
    ):
        assert text in shown
    page.key("Escape")
    assert page.run(FOCUS) == wanted
    assert page.run("document.getElementById('pair').hidden")


def test_other_keys_lead_to_the_ends_of_the_map(page: Browser, files: dict[str, Path]) -> None:
    page.open(files["lab"], *DESK, reduced=True)
    page.run("document.querySelector('#map td[tabindex=\"0\"]').focus()")
    names = {"down": rows(page), "across": columns(page)}
    for key, control, row, column in (
        ("End", False, 0, -1),
        ("Home", False, 0, 0),
        ("End", True, -1, -1),
        ("PageUp", False, -11, -1),
        ("ArrowLeft", False, -11, -2),
        ("Home", True, 0, 0),
        ("ArrowUp", False, 0, 0),
        ("PageDown", False, 10, 0),
    ):
        page.key(key, control)
        assert page.run(FOCUS).startswith(f"{names['across'][column]} to {names['down'][row]}: "), key


def test_filters_leave_what_they_say(page: Browser, files: dict[str, Path]) -> None:
    page.open(files["lab"], *DESK)
    everyone = rows(page)
    assert len(everyone) == len(columns(page)) == 29
    choose(page, "only-differences", True)
    assert rows(page) == ["ms1", "rs1", "sql1"]
    assert cells(page, "leak") == ["stranger1 to ms1: must be shut, is not"]
    assert {cell.partition(":")[0] for cell in cells(page, "missing")} == {
        *(f"{name} to rs1" for name in ("es1", "operator1", "operator2")),
        *(f"{name} to sql1" for name in ("es1", "ls1", "ms1")),
    }
    assert "7 with differences" in page.run("document.getElementById('map-says').textContent")
    choose(page, "words", "1433")
    assert rows(page) == ["sql1"]
    page.run("document.querySelector('#filters [type=reset]').click()")
    page.wait("document.querySelectorAll('#map tbody th[scope=row]').length === 29")
    assert rows(page) == everyone
    choose(page, "words", "milestone_mobile_server 8082")
    assert rows(page) == ["mob1"]
    choose(page, "words", "no such words")
    assert rows(page) == [] and "Nothing fits" in page.run("document.getElementById('map-says').textContent")
    choose(page, "words", "")
    choose(page, "only-open", True)
    assert "stranger2" in rows(page) and columns(page)[-1] == "stranger1" and "stranger2" not in columns(page)
    choose(page, "only-open", False)
    choose(page, "listeners", "c:hikvision_camera")
    choose(page, "initiators", "s:branch")
    assert rows(page) == ["bcam1", "cam1", "cam2", "cam3", "cam4"]
    assert columns(page) == ["bcam1", "aio1", "boperator1", "stranger2"]
    choose(page, "protocol", "udp")
    page.run("document.querySelector('#map td[data-row]').click(); 0")
    assert "tcp" not in page.run("document.getElementById('pair').innerText")


def test_a_screen_reader_is_told_what_the_page_says(page: Browser, files: dict[str, Path]) -> None:
    page.open(files["lab"], *DESK)
    tree = page.tree()
    assert ("heading", "Proof of the lab") in tree
    assert ("grid", "Who reaches whom") in tree
    assert ("gridcell", "stranger1 to ms1: must be shut, is not; shut, as declared") in tree
    assert ("columnheader", "es1 milestone_event_server") in tree and (
        "rowheader",
        "es1 milestone_event_server",
    ) in tree
    if shutil.which("dot"):
        assert any(role == "image" and name.startswith("Picture of Proof of the lab 29 hosts") for role, name in tree)
    named = [name for role, name in tree if role in ("button", "link", "combobox", "searchbox", "checkbox", "gridcell")]
    assert len(named) > 29 * 29
    assert all(named)
    assert page.run("document.getElementById('map-says').getAttribute('role')") == "status"


def test_sixty_hosts_have_a_cell_for_each_pair(page: Browser, files: dict[str, Path]) -> None:
    page.open(files["sixty"], *DESK)
    assert page.run("document.querySelectorAll('#map td[data-row]').length") == 60 * 60


def test_a_thousand_hosts_are_shown_by_site_and_opened_cell_by_cell(page: Browser, files: dict[str, Path]) -> None:
    page.open(files["thousand"], *DESK, reduced=True)
    assert rows(page) == [f"site{number}" for number in range(1, 21)]
    assert "too many hosts for one map" in page.run("document.getElementById('map-says').textContent")
    page.run("document.querySelector('#map .cell-open').click(); 0")
    page.run(
        "[...document.querySelectorAll('#pair button')].find(each => each.textContent.includes('these hosts')).click(); 0"
    )
    assert len(rows(page)) == len(columns(page)) == 50
    assert page.run("document.activeElement.tagName") == "TD"
    choose(page, "listeners", "")
    assert len(rows(page)) == 20
    choose(page, "level", "group")
    assert len(rows(page)) == 20
    choose(page, "listeners", "s:site7")
    assert len(rows(page)) == 9 and len(columns(page)) == 180
    assert page.complaints() == []


def test_hosts_are_found_by_words(page: Browser, files: dict[str, Path]) -> None:
    page.open(files["lab"], *DESK)
    choose(page, "host-words", "pearl_encoder 10.77.1.42")
    assert (
        page.run("[...document.querySelectorAll('details.host:not([hidden]) b')].map(each => each.textContent)[0]")
        == "pearl2"
    )
    assert page.run("document.getElementById('host-shown').value") == "1 of 29 hosts"


def test_motion_is_left_out_where_it_is_not_wanted(page: Browser, files: dict[str, Path]) -> None:
    style = "getComputedStyle(document.documentElement).scrollBehavior"
    page.open(files["lab"], *DESK, reduced=True)
    assert page.run(style) == "auto"
    page.open(files["lab"], *DESK)
    assert page.run(style) == "smooth"


def test_on_paper_it_has_the_facts_and_no_controls(page: Browser, files: dict[str, Path]) -> None:
    page.open(files["lab"], *DESK, dark=True)
    with pdfplumber.open(io.BytesIO(page.paper())) as paper:
        assert {(round(each.width), round(each.height)) for each in paper.pages} == {A4_LANDSCAPE}
        assert len(paper.pages) < 12
        text = "\n".join(each.extract_text() for each in paper.pages)
    for expected in (
        "27 differences",
        "rs1 drops what it should let in",
        "Who reaches whom",
        "portmatrix_parameters.",
        "stranger2",
        "Documents",
    ):
        assert expected in text
    for control in ("Show everything", "Open all", "Words or ports"):
        assert control not in text


@pytest.mark.skipif(not os.environ.get("PORTMATRIX_SCREENSHOTS"), reason="PORTMATRIX_SCREENSHOTS is not set")
@pytest.mark.parametrize("name", ["proof", "proof-map", "proof-phone"])
def test_pictures_of_the_documentation(page: Browser, files: dict[str, Path], name: str) -> None:
    image = pytest.importorskip("PIL.Image")
    page.open(
        files["lab"], *{"proof": (1280, 1010), "proof-map": (1440, 1100), "proof-phone": (390, 760)}[name], reduced=True
    )
    if name == "proof-map":
        page.run(
            "document.getElementById('reach').scrollIntoView(); document.querySelector('#map .cell-missing').click(); 0"
        )
    found = (
        image.open(io.BytesIO(page.picture()))
        .convert("RGB")
        .quantize(256, method=image.Quantize.MAXCOVERAGE, dither=image.Dither.NONE)
    )
    IMAGES.mkdir(exist_ok=True)
    found.save(IMAGES / f"{name}.png", optimize=True)
    assert (IMAGES / f"{name}.png").stat().st_size < LARGEST_IMAGE
