# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile and broken input: one clear error for each, within the time and memory that are stated."""

from __future__ import annotations

import io
import os
import sys
import time
import zipfile

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.document import DocumentError, read_document
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import confined, limits
from ansible_collections.vidnet.portmatrix.tests.support import document_fixtures as fixtures

PATIENCE = 40  # seconds, on a slow and busy machine


def refusal(data, name="paper"):
    """Return the sentence with which some content is refused; it must be one problem, soon."""
    started = time.monotonic()
    with pytest.raises(DocumentError) as raised:
        read_document(data, name)
    assert time.monotonic() - started < PATIENCE
    assert len(raised.value.problems) == 1
    assert str(raised.value).startswith(f"{name}: ")
    assert "Traceback" not in str(raised.value)
    return str(raised.value)


def archive(**parts):
    """Return a ZIP archive; the keys have _ for /, and no endings."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in parts.items():
            made.writestr(name.replace("__", ".").replace("_", "/"), text)
    return content.getvalue()


def workbook(sheet):
    """Return the fixture's workbook with another first sheet."""
    content = io.BytesIO()
    with (
        zipfile.ZipFile(fixtures.PATHS["site_ports"]) as source,
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for part in source.infolist():
            made.writestr(part.filename, sheet if part.filename == "xl/worksheets/sheet1.xml" else source.read(part))
    return content.getvalue()


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData>{}</worksheet>'
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "port 80">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (b"\xef\xbb\xbfPort;Protocol\n\xff\xfe;TCP\n", "says that it is utf-8 and is not"),
        (b"\xff\xfeP\0o\0\x00\xd8", "says that it is utf-16-le and is not"),
        (b"Port;Protocol\n80;\x81\x8d\n", "is neither UTF-8 nor Windows-1252 (byte 18)"),
        (bytes(range(256)) * 20, "is a binary file"),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 100, "is a binary file"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "is a picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "is an old Office file"),
        (b"%PDF-1.7\n", "is a damaged PDF"),
        (b"%PDF-1.7\n1 0 obj << /Type /Catalog /Pages 1 0 R >> endobj trailer << /Root 1 0 R >>", "PDF"),
        (b"PK\x03\x04 not an archive", "is a damaged workbook"),
        (archive(a__txt="80"), "is a ZIP archive"),
        (archive(word_document__xml="<w/>"), "is a Word document"),
        (archive(content__xml="<w/>"), "is an OpenDocument file"),
        (archive(xl_workbook__xml="<w/>"), "is a damaged workbook"),
        (b"x" * (limits.CHARACTERS + 1) + b"\n80", "has a line of more than 100000 characters"),
        (b'Port;Protocol\n80;"TCP\n443;TCP\n' + b"444;TCP\n" * 100, "cannot be read: unexpected end of data"),
        (b"Port;Protocol\n" + b"80;TCP\n" * (limits.CELLS // 2), "has more than 200000 cells"),
        (
            b"<table><tr><th>Port<th>Protocol</table>" + b"<table><tr><td colspan=999>80</table>" * 300,
            "has more than 200000 cells",
        ),
        (b"<p>" + b"TCP port 80, " * 400_000, "has more than 4000000 characters"),
        (b"<div>" * 5_000 + b"80", "is nested deeper than 100 levels"),
        (b"<ul><li>" * 300 + b"80/tcp", "is nested deeper than 100 levels"),
        (b"# Ports\n" + b"> " * 500 + b"80/tcp\n", "is nested deeper than 100 levels"),
        (b"# Ports\n" + b"".join(b"  " * n + b"- level\n" for n in range(400)), "is nested deeper than 100 levels"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_content_that_cannot_be_read(data, sentence):
    assert sentence in refusal(data)


@pytest.mark.parametrize(
    ("sheet", "sentence"),
    [
        (
            BOMB + SHEET.format('<row r="1"><c t="inlineStr"><is><t>&l9;</t></is></c></row>', ""),
            "which defines entities",
        ),
        ('<?xml version="1.0"?>\n' + " " * 5000 + BOMB[21:] + SHEET.format("&l9;", ""), "defines entities"),
        (SHEET.format("<row>" * 100, ""), "is a damaged workbook"),
        (SHEET.format('<row r="1"><c r="A1"><v>80</v></c></row>' * 210_000, ""), "has more than 200000 cells"),
        (SHEET.format(" " * (limits.UNPACKED + 1), ""), "is more than 64 MiB when unpacked"),
        (SHEET.format(" " * (limits.UNPACKED // 2), ""), "swells when it is unpacked"),
    ],
    ids=["entities", "entities far down", "not closed", "cells", "declared size", "ratio"],
)
def test_workbooks_that_are_refused(sheet, sentence):
    assert sentence in refusal(workbook(sheet))


def test_an_archive_that_lies_of_its_size():
    bomb = bytearray(workbook(SHEET.format(" " * (limits.UNPACKED - 1_000_000), "")))
    for signature, offset in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        at = bomb.find(signature)
        while at >= 0:
            bomb[at + offset : at + offset + 4] = (1000).to_bytes(4, "little")
            at = bomb.find(signature, at + 4)

    assert "workbook" in refusal(bytes(bomb))


def test_cells_far_away_cost_nothing():
    far = '<row r="1"><c r="A1" t="inlineStr"><is><t>Port</t></is></c><c r="B1" t="inlineStr"><is><t>Protocol</t></is></c></row>'
    far += '<row r="900"><c r="A900"><v>80</v></c><c r="B900" t="inlineStr"><is><t>TCP</t></is></c></row>'
    merged = '<mergeCells count="1"><mergeCell ref="A900:XFD1048576"/></mergeCells>'

    document = read_document(workbook(SHEET.format(far, "")), "far.xlsx")
    assert [row.cells for row in document.tables[0].rows] == [["80", "TCP"]]
    assert "has more than 200000 cells" in refusal(workbook(SHEET.format(far, merged)))
    last = far.replace("900", "1048576")
    assert "has more than 200000 cells" in refusal(workbook(SHEET.format(last, "")))


def test_entities_of_a_page_are_not_expanded():
    document = read_document((BOMB + "<html><body><p>&l9;</p></body></html>").encode(), "page.html")

    assert sum(len(part.text) for part in document.prose) < 2_000


def test_pdf_files():
    from pypdfium2 import PdfDocument

    assert "has no text: its pages are pictures" in refusal((fixtures.DIRECTORY / "scanned.pdf").read_bytes())
    whole = fixtures.PATHS["gateway_manual"].read_bytes()
    assert "PDF" in refusal(whole[:500])
    pages = PdfDocument.new()
    for _n in range(limits.PAGES + 1):
        pages.new_page(100, 100)
    content = io.BytesIO()
    pages.save(content)
    assert f"has {limits.PAGES + 1} pages" in refusal(content.getvalue())


def test_a_pdf_with_a_password():
    locked = (
        b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
        b"3 0 obj\n<< /Filter /Standard /V 1 /R 2 /O <" + b"11" * 32 + b"> /U <" + b"22" * 32 + b"> /P -4 >>\nendobj\n"
        b"trailer\n<< /Root 1 0 R /Encrypt 3 0 R /ID [<00> <00>] >>\n"
    )

    assert "is locked with a password" in refusal(locked)


def test_time_is_bounded(monkeypatch):
    monkeypatch.setattr(confined, "SECONDS", 1)
    slow = b"Port;Protocol\n" + b"80;TCP\n" * (limits.CELLS // 2 - 10)

    assert "takes more than 1 seconds to read" in refusal(slow)


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(confined, "MEMORY", 160 << 20)
    large = b"<table>" + b"<tr><td>80<td>TCP" * 90_000

    assert "takes more than 160 MiB of memory to read" in refusal(large)


def test_files(tmp_path):
    def refused(path):
        with pytest.raises(DocumentError) as raised:
            confined.read_file(path)
        assert len(raised.value.problems) == 1
        return str(raised.value)

    large = tmp_path / "large.txt"
    with large.open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")

    assert "is a directory" in refused(tmp_path)
    assert "does not exist" in refused(tmp_path / "nothing.pdf")
    assert "is larger than 32 MiB" in refused(large)
    assert "is no regular file" in refused(tmp_path / "pipe")
    assert "is no regular file" in refused("/dev/zero")
    assert "is no path" in refused("a\0b") or "does not exist" in refused("a\0b")
    assert refused(tmp_path / "loop")


def test_a_file_is_read(tmp_path):
    page = tmp_path / "ports.csv"
    page.write_text("Port;Protocol\n80;TCP\n", encoding="utf-8")

    assert confined.read_file(page).tables[0].rows[0].cells == ["80", "TCP"]


@pytest.mark.parametrize("name", ["recorder_manual", "gateway_manual", "site_ports"])
def test_the_answer_comes_back_whole(name):
    assert read_document(fixtures.PATHS[name].read_bytes(), fixtures.PATHS[name].name) == fixtures.read(name)


def test_a_missing_package_is_named(monkeypatch):
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.documents import recognise

    for module, name, package in (
        ("pdfplumber", "gateway_manual", "pdfplumber"),
        ("openpyxl", "site_ports", "openpyxl"),
        ("defusedxml", "site_ports", "defusedxml"),
        ("lxml", "vms_ports", "lxml"),
        ("markdown_it", "recorder_manual", "markdown-it-py"),
    ):
        with monkeypatch.context() as patch:
            for loaded in list(sys.modules):
                if loaded.partition(".")[0] == module:
                    patch.delitem(sys.modules, loaded)
            patch.setitem(sys.modules, module, None)
            with pytest.raises(DocumentError, match=f"without the Python package {package} on the controller"):
                recognise.parse(fixtures.PATHS[name].read_bytes(), "paper")
