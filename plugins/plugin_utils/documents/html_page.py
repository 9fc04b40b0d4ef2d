# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML, by lxml: headings, paragraphs, nested lists, and tables whose cells span columns and rows."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from . import plain_text
from .blocks import Block, Grid, Heading, Item, Line, Text
from .limits import NESTING, Budget, Unreadable, too_deep

#: Attribute that gives an element's line in the file that it was made from.
LINE = "data-portmatrix-line"

_SKIPPED = re.compile("script|style|noscript|template|head|svg|math|iframe|object")
_BLOCK = re.compile(
    "html|body|div|p|section|article|main|header|footer|nav|aside|table|[uod]l|dt|dd|li|pre|blockquote|form|fieldset|figure|figcaption|details|"
    "summary|h[1-6]|hr|address|center|thead|tbody|tfoot|tr|td|th|caption|menu|hgroup|dir"
)
_LIST = re.compile("[uod]l|menu|dir")
_WIDEST = 1_000


class Page(NamedTuple):
    """A page's title and blocks."""

    title: str
    blocks: list[Block]


def read(text: str) -> Page:
    """Return what a page holds; raises Unreadable where it is nested too deeply or has too many cells."""
    from lxml import etree
    from lxml import html as lxml_html

    parser = lxml_html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    content = re.sub(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]", " ", text).encode("utf-8")
    try:
        root = lxml_html.document_fromstring(content, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable(f"is not HTML that can be read: {error}", "a page with text") from None
    walker = _Walker(any(element.get(LINE) for element in root.iter("tr", "p", "li", "h1", "h2", "h3", "table")))
    _check_depth(root)
    walker.block(root, 0)
    return Page(" ".join((root.findtext(".//title") or "").split()), walker.blocks)


def _check_depth(root: Any) -> None:
    """Raise where elements are nested too deeply, without recursion."""
    depth = 0
    from lxml import etree

    for event, _element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > NESTING:
            too_deep()


class _Walker:
    """Collects blocks; recursion is as deep as the page, which has been checked."""

    def __init__(self, made: bool) -> None:
        self.blocks: list[Block] = []
        self.made = made
        self.last = "line 1"
        self.budget = Budget()

    def position(self, element: Any) -> str:
        """Return the line of an element, or of the nearest one around it."""
        if not self.made:
            return f"line {element.sourceline or 1}"
        at = element
        while at is not None and not at.get(LINE):
            at = at.getparent()
        if at is not None:
            self.last = f"line {at.get(LINE)}"
        return self.last

    def block(self, element: Any, depth: int) -> None:
        """Collect a container's blocks and the text between them."""
        buffer: list[str] = [element.text or ""]

        def flush() -> None:
            text = tidy("".join(buffer))
            buffer.clear()
            if text:
                self.blocks.append(Text(text, self.position(element)))

        for child in element:
            if _is_skipped(child):
                pass
            elif _BLOCK.fullmatch(child.tag) or _has_blocks(child):
                flush()
                self.one(child, depth)
            else:
                buffer.append(inline(child))
            buffer.append(child.tail or "")
        flush()

    def one(self, element: Any, depth: int) -> None:
        """Collect one element that is a block."""
        tag = element.tag
        if re.fullmatch("h[1-6]", tag):
            text = tidy(inline(element))
            if text:
                self.blocks.append(Heading(int(tag[1]), text.replace("\n", " "), self.position(element)))
        elif _LIST.fullmatch(tag):
            self.list(element, depth)
        elif tag == "table" and element.find(".//table") is None:
            self.table(element)
        elif tag == "pre":
            first = int(self.position(element).split()[1]) + (1 if self.made else 0)
            self.blocks.extend(plain_text.read("".join(element.itertext()), first))
        else:
            self.block(element, depth)

    def list(self, element: Any, depth: int) -> None:
        """Collect the items of a list, each before the lists inside it."""
        for child in element:
            if not isinstance(child.tag, str):
                continue
            if _LIST.fullmatch(child.tag):
                self.list(child, depth + 1)
                continue
            inner = depth + 1 if child.tag == "dd" else depth
            parts: list[str] = []
            nested: list[Any] = []
            _own_text(child, parts, nested)
            text = tidy("".join(parts))
            if text:
                self.blocks.append(Item(inner, text, self.position(child)))
            for block in nested:
                self.one(block, inner + 1)

    def table(self, element: Any) -> None:
        """Collect a table, with spanning cells repeated."""
        caption = element.find("caption")
        lines: list[Line] = []
        headers = 0
        spans: dict[int, tuple[int, str]] = {}
        for row, entries in _table_rows(element):
            cells: list[str] = []
            own: list[str] = []
            for cell in entries:
                _fill(cells, spans)
                text = tidy(inline(cell))
                own.append(text)
                across, down = _span(cell, "colspan"), _span(cell, "rowspan")
                for _n in range(across):
                    if down > 1:
                        spans[len(cells)] = (down - 1, text)
                    cells.append(text)
                    self.budget.take(1)
            _fill(cells, spans, to_end=True)
            self.budget.take(len(cells) - len(own))
            heading = bool(entries) and all(cell.tag == "th" for cell in entries)
            if len(lines) == headers and (heading or row.getparent().tag == "thead"):
                headers += 1
            lines.append(Line(self.position(row), cells, " | ".join(own)))
        if any(any(line.cells) for line in lines):
            headers = headers if headers < len(lines) else min(headers, 1)
            title = tidy(inline(caption)).replace("\n", " ") if caption is not None else ""
            self.blocks.append(Grid(title, self.position(element), lines, headers or None))
        elif caption is not None:
            self.blocks.append(Text(tidy(inline(caption)), self.position(element)))


def _table_rows(element: Any) -> list[tuple[Any, list[Any]]]:
    """Return each row of a table with its cells, also where the end of a cell is not marked, so that it holds the next ones."""
    rows: list[tuple[Any, list[Any]]] = []
    for inner in element.iter("tr", "td", "th"):
        if inner.tag == "tr":
            rows.append((inner, []))
        elif rows:
            rows[-1][1].append(inner)
    return rows


def _fill(cells: list[str], spans: dict[int, tuple[int, str]], to_end: bool = False) -> None:
    """Repeat the cells of rows above that reach into this one, as far as they stand next to each other."""
    while True:
        if len(cells) in spans:
            left, text = spans.pop(len(cells))
            if left > 1:
                spans[len(cells)] = (left - 1, text)
            cells.append(text)
        elif to_end and any(at > len(cells) for at in spans):
            cells.append("")
        else:
            return


def _span(cell: Any, name: str) -> int:
    """Return a cell's span; what makes no sense counts as 1."""
    digits = re.fullmatch(r"\s*(\d{1,4})\s*", cell.get(name) or "1")
    return min(max(int(digits[1]), 1), _WIDEST) if digits else 1


def _is_skipped(element: Any) -> bool:
    """Return whether an element has no text for readers; comments have no name."""
    return not isinstance(element.tag, str) or bool(_SKIPPED.fullmatch(element.tag))


def _has_blocks(element: Any) -> bool:
    """Return whether an inline element holds a block, as sloppy pages have it."""
    return any(
        isinstance(child.tag, str) and _BLOCK.fullmatch(child.tag) for child in element.iter() if child is not element
    )


def _own_text(element: Any, parts: list[str], nested: list[Any]) -> None:
    """Collect a list item's own text, and the lists and tables inside it."""
    parts.append(element.text or "")
    for child in element:
        if not _is_skipped(child):
            if _LIST.fullmatch(child.tag) or child.tag in ("table", "pre"):
                nested.append(child)
            elif _BLOCK.fullmatch(child.tag) or _has_blocks(child):
                parts.append("\v")
                _own_text(child, parts, nested)
                parts.append("\v")
            else:
                parts.append(inline(child))
        parts.append(child.tail or "")


def inline(element: Any) -> str:
    """Return an element's text: line breaks kept, blocks on lines of their own, a raised number in brackets."""
    if element.tag == "br":
        return "\v"
    parts = [element.text or ""]
    for child in element:
        if not _is_skipped(child) and child.tag not in ("tr", "td", "th"):
            text = inline(child)
            parts.append(f"\v{text}\v" if _BLOCK.fullmatch(child.tag) else text)
        parts.append(child.tail or "")
    text = "".join(parts)
    if element.tag == "sup" and re.fullmatch(r"\s*[\w,]{1,5}\s*", text):
        return f"[{text.strip()}]"
    return text


def tidy(text: str) -> str:
    """Collapse blanks; lines are divided by vertical tabs in the source, and by line feeds in the result."""
    lines = (" ".join(line.replace("\u00a0", " ").replace("\u200b", "").split()) for line in text.split("\v"))
    return "\n".join(line for line in lines if line)
