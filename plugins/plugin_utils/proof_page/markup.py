# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pieces of HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

BREAK = re.compile(r"(?<=[a-z0-9][._])(?=[a-z])")


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


class Column(NamedTuple):
    """A column of a table; ``kind`` is a class of the page's style."""

    title: str
    kind: str = ""


def escaped(text: object) -> Html:
    """Return the text as HTML, with places where a long id may go on in the next line; Html stays as it is."""
    return text if isinstance(text, Html) else Html(BREAK.sub("<wbr>", html.escape(str(text))))


def isolated(text: object) -> Html:
    """Return a name for use within a sentence; its letters may run from right to left without moving the sentence's."""
    return Html(f"<bdi>{escaped(text)}</bdi>")


def tag(name: str, text: object, kind: str = "") -> Html:
    """Return an element."""
    return Html(f"<{name}{_class(kind)}>{escaped(text)}</{name}>")


def joined(parts: Iterable[object], between: str = "") -> Html:
    """Return the parts as HTML, one after the other."""
    return Html(between.join(map(escaped, parts)))


def section(name: str, title: object, *parts: object) -> Html:
    """Return a section with a heading that can be linked to."""
    return Html(
        f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{escaped(title)}</h2>\n'
        f"{joined(parts)}</section>\n"
    )


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]], caption: object = "") -> Html:
    """Return a table, whose rows a narrow screen shows as cards; the first column names the row."""
    head = "".join(f'<th scope="col">{html.escape(column.title)}</th>' for column in columns)
    titled = f"<caption>{escaped(caption)}</caption>\n" if caption else ""
    body = "".join(f"<tr>{_cells(columns, row)}</tr>\n" for row in rows)
    return Html(f'<table class="list">\n{titled}<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n')


def more(summary: object, *parts: object, open: bool = False) -> Html:
    """Return what a summary hides until it is opened."""
    return Html(f"<details{' open' if open else ''}><summary>{escaped(summary)}</summary>\n{joined(parts)}</details>\n")


def link(text: str, address: str) -> Html:
    """Return a link, or only the text when the address is not one of the web."""
    if not address.startswith(("https://", "http://")):
        return escaped(text)
    return Html(f'<a href="{html.escape(address)}" rel="noreferrer">{escaped(text)}</a>')


def _cells(columns: Sequence[Column], row: Sequence[object]) -> str:
    parts = []
    for position, (column, cell) in enumerate(zip(columns, row, strict=True)):
        name = 'th scope="row"' if position == 0 else "td"
        label = f' data-label="{html.escape(column.title)}"'
        parts.append(f"<{name}{_class(column.kind)}{label}><div>{escaped(cell)}</div></{name.partition(' ')[0]}>")
    return "".join(parts)


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""
