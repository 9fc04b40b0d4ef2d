# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PDF, by pdfplumber: ruled tables by their lines, everything else by the layout of the page.

A table that goes on over pages is one table. What each page repeats at its head and foot is left out, and said.
"""

from __future__ import annotations

import io
import logging
from collections import Counter
from typing import Any, NamedTuple

from . import pdf_flow
from .blocks import Block, Grid, Line
from .limits import PAGES, Budget, Unreadable

_RAISED = 0.85
_MOST_OBJECTS = 200_000


class Printed(NamedTuple):
    """A line of a page outside its ruled tables; ``size``: of its letters against the usual, ``gap``: above it, in lines."""

    text: str
    page: int
    size: float
    bold: bool
    gap: float


def read(data: bytes) -> list[Block]:
    """Return the blocks of all pages; raises Unreadable for what is damaged, locked, too long, or has no text."""
    import pdfplumber

    logging.getLogger("pdfminer").setLevel(logging.CRITICAL)
    try:
        with pdfplumber.open(io.BytesIO(data)) as pdf:
            return _document(pdf)
    except (Unreadable, MemoryError):
        raise
    except Exception as error:  # pdfminer has no error of its own for all that a file can have wrong
        cause = error.args[0] if type(error).__name__ == "PdfminerException" and error.args else error
        if "Password" in type(cause).__name__ or "Encrypt" in type(cause).__name__:
            raise Unreadable("is locked with a password", "a PDF without one") from None
        what = f"{type(cause).__name__} {' '.join(str(cause).split())[:160]}".rstrip()
        raise Unreadable(f"is a damaged PDF: {what}", "a PDF that a viewer opens") from None


def _document(pdf: Any) -> list[Block]:
    if len(pdf.pages) > PAGES:
        raise Unreadable(f"has {len(pdf.pages)} pages", f"at most {PAGES}, such as the chapter with the port list")
    budget = Budget()
    pages: list[list[Printed | Grid]] = []
    empty: list[int] = []
    for number, page in enumerate(pdf.pages, 1):
        if sum(map(len, page.objects.values())) > _MOST_OBJECTS:
            raise Unreadable(
                f"page {number} has more than {_MOST_OBJECTS} letters and lines", "a page that a person could read"
            )
        if not page.chars:
            empty.append(number)
        pages.append(_page(page, number, budget) if page.chars else [])
        page.close()
    if len(empty) == len(pages):
        raise Unreadable(
            "has no text: its pages are pictures", "a PDF with text, or the output of a text recognition program"
        )
    return pdf_flow.blocks(pages, empty)


def _page(page: Any, number: int, budget: Budget) -> list[Printed | Grid]:
    """Return the lines and ruled tables of a page from top to bottom."""
    _mark_raised(page.chars)
    usual = Counter(round(char["size"], 1) for char in page.chars).most_common(1)[0][0] or 1
    found: list[tuple[float, Printed | Grid]] = []
    boxes = []
    for table in page.find_tables():
        grid = _grid(table, number, budget)
        if grid:
            found.append((table.bbox[1], grid))
            boxes.append(table.bbox)
    outside = page.filter(lambda thing: thing["object_type"] == "char" and not _inside(thing, boxes))
    below = 0.0
    words = outside.extract_words(extra_attrs=["size", "fontname"], keep_blank_chars=False)
    for line in _lines(words):
        top, bottom = min(word["top"] for word in line), max(word["bottom"] for word in line)
        size = max(word["size"] for word in line)
        bold = all("bold" in word["fontname"].lower() or "black" in word["fontname"].lower() for word in line)
        gap = max(top - below, 0) / max(size, 1)
        found.append((top, Printed(_spaced(line, usual), number, size / usual, bold, gap)))
        below = bottom
    return [entry for _top, entry in sorted(found, key=lambda pair: pair[0])]


def _mark_raised(chars: list[Any]) -> None:
    """Put small raised numbers, which are footnotes' marks, into brackets, so that they do not become part of a port."""
    for before, char in zip([*chars[:1], *chars], chars):
        beside = before if before is not char and before["text"].strip() else None
        small = beside is not None and char["size"] <= beside["size"] * _RAISED
        if beside is None or not small or not char["text"].isdigit() or abs(char["x0"] - beside["x1"]) > beside["size"]:
            continue
        if (
            char["bottom"] < beside["bottom"] - 0.1 * beside["size"] < beside["bottom"]
            and char["bottom"] > beside["top"]
        ):
            char["text"] = f"[{char['text']}]"
            char.update({edge: beside[edge] for edge in ("top", "bottom", "doctop", "y0", "y1")})


def _grid(table: Any, number: int, budget: Budget) -> Grid | None:
    """Return a ruled table, with what spans several cells repeated; None for a mere box around words."""
    texts = table.extract()
    filled = sum(bool(text and text.strip()) for cells in texts for text in cells)
    if max(map(len, texts), default=0) < 2 or filled < 2 or (len(texts) < 2 and len(texts[0]) < 3):
        return None
    boxes = [row.cells for row in table.rows]
    budget.take(sum(map(len, texts)))
    lines = []
    for at, (row, cells) in enumerate(zip(table.rows, texts)):
        whole = []
        for column, text in enumerate(cells):
            if text is None:
                text = _spanning(table, boxes, texts, row, column)
            whole.append("\n".join(" ".join(part.split()) for part in (text or "").splitlines()).strip())
        own = " | ".join(" ".join((text or "").split()) for text in cells if text is not None)
        lines.append(Line(f"page {number}", whole, own or texts[at][0] or ""))
    return Grid("", f"page {number}", lines)


def _spanning(table: Any, boxes: list[Any], texts: list[list[str | None]], row: Any, column: int) -> str:
    """Return the text of the cell that covers a place that has none of its own."""
    own = [box for cells in boxes for position, box in enumerate(cells) if position == column and box]
    if not own:
        return ""
    x = min(box[0] for box in own) + 1
    y = (row.bbox[1] + row.bbox[3]) / 2
    for cells, line in zip(boxes, texts):
        for box, text in zip(cells, line):
            if box and box[0] <= x <= box[2] and box[1] <= y <= box[3]:
                return text or ""
    return ""


def _inside(char: Any, boxes: list[Any]) -> bool:
    x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
    return any(x0 <= x <= x1 and top <= y <= bottom for x0, top, x1, bottom in boxes)


def _lines(words: list[Any]) -> list[list[Any]]:
    """Group words that stand at the same height."""
    lines: list[list[Any]] = []
    for word in sorted(words, key=lambda word: ((word["top"] + word["bottom"]) / 2, word["x0"])):
        middle = (word["top"] + word["bottom"]) / 2
        if lines and middle < lines[-1][0]["bottom"] - 0.2 * (lines[-1][0]["bottom"] - lines[-1][0]["top"]):
            lines[-1].append(word)
        else:
            lines.append([word])
    return [sorted(line, key=lambda word: word["x0"]) for line in lines]


def _spaced(line: list[Any], usual: float) -> str:
    """Return a line's text with wide gaps kept, so that columns stay below each other."""
    text = ""
    for before, word in zip([None, *line], line):
        place = int(word["x0"] / (usual * 0.45))
        if before is None or word["x0"] - before["x1"] > usual * 0.9:
            text += " " * max(place - len(text), 2 if text else 0)
        else:
            text += " "
        text += word["text"]
    return text
