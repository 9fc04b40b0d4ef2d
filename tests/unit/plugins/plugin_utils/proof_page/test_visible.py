# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_page.visible import INVISIBLE, visible
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable


def test_invisible_characters_are_named_and_others_stay() -> None:
    assert visible("a\u202eb") == "a[U+202E]b"
    assert visible("tab\tand\nline") == "tab and line"
    assert visible("caméra שרת 日本 ✓") == "caméra שרת 日本 ✓"
    assert visible("\ud800") == "[U+D800]"


def test_all_texts_of_plain_data_are_reached() -> None:
    given_data = {"a\0": ["x\0", {"y": "z\0"}], "n": 1, "f": 1.5, "b": True, "none": None}
    assert visible(given_data) == {
        "a[U+0000]": ["x[U+0000]", {"y": "z[U+0000]"}],
        "n": 1,
        "f": 1.5,
        "b": True,
        "none": None,
    }


@given(st.text(st.characters()))
@stable(200)
def test_nothing_invisible_stays_and_a_second_time_changes_nothing(text: str) -> None:
    found = visible(text)
    assert not {unicodedata.category(character) for character in found} & INVISIBLE
    assert visible(found) == found
