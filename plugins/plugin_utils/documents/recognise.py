# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognises a document's format by its content, and reads it."""

from __future__ import annotations

import re

from ..document import Document, DocumentError
from . import assemble, delimited, encoding, html_page, markdown_text, paragraph_cells, pdf_pages, plain_text, workbook
from .blocks import Block, Note
from .limits import BYTES, CHARACTERS, Unreadable

_ALLOWED = "a PDF, an XLSX workbook, HTML, Markdown, CSV or text"
_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|table|div|section|article|h[1-6]|p|ul|ol|main)\b",
    re.IGNORECASE | re.DOTALL,
)
_PAGE = re.compile(r"<(?:html|body|table)\b[^>]*>.*</", re.IGNORECASE | re.DOTALL)
_MARKDOWN = re.compile(
    r"^ {0,3}(?:#{1,6} +\S|\|? *:?-{3,}:? *\|[ :|-]*$|```)|^\s*(?:[*+-]|\d+\.) +\S.*\n(?:\s*\n)?\s*(?:[*+-]|\d+\.) +\S",
    re.MULTILINE,
)
_PACKAGES = {
    "pdfplumber": "pdfplumber",
    "lxml": "lxml",
    "markdown_it": "markdown-it-py",
    "openpyxl": "openpyxl",
    "defusedxml": "defusedxml",
}
_FAMILY = {
    "pdfminer": "pdfplumber",
    "pypdfium2": "pdfplumber",
    "PIL": "pdfplumber",
    "et_xmlfile": "openpyxl",
    "mdurl": "markdown_it",
}


def parse(data: bytes, name: str) -> Document:
    """Return the document in this very process; raises DocumentError."""
    try:
        document = _parse(data, name)
        return document if document.title else document._replace(title=name.replace("\\", "/").rpartition("/")[2])
    except Unreadable as error:
        raise DocumentError(name, error.what, error.allowed) from None
    except ImportError as error:
        module = (error.name or "").partition(".")[0]
        package = _PACKAGES.get(_FAMILY.get(module, module))
        if package is None:
            raise
        raise DocumentError(
            name, f"cannot be read without the Python package {package} on the controller", f"pip install {package}"
        ) from None
    except RecursionError:
        raise DocumentError(name, "is nested too deeply", "a document that a person could read") from None


def _parse(data: bytes, name: str) -> Document:
    if not data.strip():
        raise Unreadable("is empty", _ALLOWED)
    if len(data) > BYTES:
        raise Unreadable(f"is larger than {BYTES >> 20} MiB", "the part of it that lists ports")
    if b"%PDF-" in data[:1024]:
        return assemble.document(pdf_pages.read(data), "pdf")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return assemble.document(workbook.read(data), "xlsx")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable("is an old Office file or a workbook with a password", "the same saved as XLSX without one")
    if data.startswith((b"{\\rtf", b"\x1f\x8b", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")):
        raise Unreadable("is a picture, an archive or an RTF text", _ALLOWED)
    text, notes = encoding.decode(data)
    if not text.strip():
        raise Unreadable("is empty", _ALLOWED)
    if max(map(len, text.splitlines())) > CHARACTERS and not _HTML.match(text[:10_000]):
        raise Unreadable(f"has a line of more than {CHARACTERS} characters", "a text with lines")
    return _text(text, list(map(Note, notes)))


def _text(text: str, notes: list[Block]) -> Document:
    """Read a text in the first form that it fits."""
    if _HTML.match(text[:10_000]):
        page = html_page.read(text)
        return assemble.document([*page.blocks, *notes], "html", page.title)
    found = paragraph_cells.paragraphs(text)
    runs = paragraph_cells.heads(found)
    if runs:
        return assemble.document([*paragraph_cells.read(found, runs), *notes], "page text")
    if _MARKDOWN.search(text):
        return assemble.document([*markdown_text.read(text), *notes], "markdown")
    if _PAGE.search(text[:200_000]):
        page = html_page.read(text)
        return assemble.document([*page.blocks, *notes], "html", page.title)
    if plain_text.has_bars(text):
        return assemble.document([*plain_text.read(text), *notes], "pipe-separated")
    sign = delimited.delimiter(text)
    if sign:
        return assemble.document([*delimited.read(text, sign), *notes], "csv")
    return assemble.document([*plain_text.read(text), *notes], "page text")
