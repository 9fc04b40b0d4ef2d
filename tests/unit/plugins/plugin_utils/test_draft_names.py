# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import draft_names, matrix_schema
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import stable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The management server contacts Active Directory", ["management server", "Active Directory"]),
        ("Live streams from cameras retrieved by the recording server", ["cameras", "recording server"]),
        ("Management server - Recording server", ["Management server", "Recording server"]),
        ("XProtect Smart Client user selects", ["XProtect Smart Client user"]),
        ("Audio at 48 kHz", []),
        ("10 servers", ["servers"]),
        ("log in to the server", ["server"]),
        ("", []),
    ],
)
def test_names(text: str, expected: list[str]) -> None:
    found = draft_names.names(text)
    assert [name.text for name in found] == expected
    assert all(" ".join(text[name.start : name.end].split()) == name.text for name in found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Recording servers", "acme_recording_server"),
        ("the Acme recorder", "acme_recorder"),
        ("All clients", "acme_client"),
        ("device", "acme_box"),
        ("this box", "acme_box"),
        ("box", "acme_box"),
        ("IP cameras", "camera"),
        ("PTZ cameras", "acme_ptz_camera"),
        ("NTP", "ntp_server"),
        ("DNS server", "dns_server"),
        ("e-mail relay", "smtp_server"),
        ("Update server", "web_server"),
        ("", "acme_box"),
        ("Zähler", "acme_zahler"),
    ],
)
def test_component(name: str, expected: str) -> None:
    assert draft_names.component(name, "acme", "acme_box") == expected


@pytest.mark.parametrize("text", ["Any", "*", "clients", " ", "N/A", "anywhere"])
def test_nobody_in_particular(text: str) -> None:
    assert draft_names.is_anyone(text)
    assert not draft_names.is_anyone(text + " archiver")


def test_slug() -> None:
    assert draft_names.slug("Über-Web UI (v2)!") == "uber_web_ui_v2"
    assert draft_names.slug("the port of the box", brief=True) == "port_box"
    assert draft_names.slug("of the", brief=True) == "of_the"
    assert draft_names.slug("one two three", 7) == "one_two"
    assert draft_names.slug("x" * 50, 7) == "x" * 7
    assert draft_names.slug("端口") == ""


@stable(200)
@given(st.text(), st.integers(1, 40))
def test_a_slug_is_part_of_an_id(text: str, most: int) -> None:
    found = draft_names.slug(text, most)
    assert len(found) <= most
    assert not found or not list(matrix_schema.FLOW_ID("acme." + found, ()))


@stable(200)
@given(st.text())
def test_a_line_is_safe_in_yaml_and_has_no_template(text: str) -> None:
    found = draft_names.line(text + "{{ x }}{% y %}", 200)
    assert found.isprintable() and "{" not in found and len(found) <= 200
    assert draft_names.quoted(text).count('"') == 2
