# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import report_forms
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.report import table
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.report_cells import report

REPORT = report(table("rules", "Rules", ("host",), [("rs1",)]), table("unresolved", "Unresolved", ("flow",), [("f",)]))


def test_files_of_every_form() -> None:
    found = report_forms.files("site", REPORT, list(report_forms.FORMS))
    assert list(found) == ["site.md", "site.csv", "site-unresolved.csv", "site.xlsx", "site.html"]
    assert found["site.csv"] == b"host\nrs1\n"
    assert found["site-unresolved.csv"] == b"flow\nf\n"
    assert found["site.md"].startswith(b"# Title")
    assert found["site.xlsx"].startswith(b"PK")
    assert found["site.html"].startswith(b"<!DOCTYPE html>")


def test_only_the_forms_asked_for() -> None:
    assert list(report_forms.files("site", REPORT, ["html"])) == ["site.html"]
    assert report_forms.FORMS["csv"](REPORT) == b"host\nrs1\n"
