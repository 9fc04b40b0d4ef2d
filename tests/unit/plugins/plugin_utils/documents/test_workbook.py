# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What workbooks that spreadsheet programs have saved hold besides plain cells."""

from __future__ import annotations

import io
import zipfile

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import recognise, workbook
from ansible_collections.vidnet.portmatrix.tests.support import document_fixtures as fixtures

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def test_raised_marks_in_shared_texts():
    """A spreadsheet program keeps texts in a part of their own, where the raised 1 of a footnote is a run of its own."""
    runs = '<si><r><t>443</t></r><r><rPr><vertAlign val="superscript"/></rPr><t>1</t></r></si>'
    shared = (
        f'<sst xmlns="{NAMESPACE}" count="3" uniqueCount="3"><si><t>Port</t></si><si><t>Protocol</t></si>{runs}</sst>'
    )
    rows = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row><row r="2"><c r="A2" t="s"><v>2</v></c></row>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    content = io.BytesIO()
    with zipfile.ZipFile(fixtures.PATHS["site_ports"]) as source, zipfile.ZipFile(content, "w") as made:
        for part in source.infolist():
            text = source.read(part)
            if part.filename == "xl/worksheets/sheet1.xml":
                text = f'<worksheet xmlns="{NAMESPACE}"><sheetData>{rows}</sheetData></worksheet>'.encode()
            elif part.filename == "[Content_Types].xml":
                entry = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
                text = text.replace(b"</Types>", entry.encode())
            made.writestr(part.filename, text)
        made.writestr("xl/sharedStrings.xml", shared)

    document = recognise.parse(content.getvalue(), "book.xlsx")
    assert document.tables[0].rows[0].cells == ["443[1]", ""]


def test_values_are_texts_as_people_see_them():
    assert [workbook.text(value) for value in (None, 80, 80.0, 80.5, True, " a\u00a0b \n c ")] == [
        "",
        "80",
        "80",
        "80.5",
        "yes",
        "a b\nc",
    ]
