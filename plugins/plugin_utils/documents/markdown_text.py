# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markdown, by markdown-it: rendered to HTML whose tables and lists keep the lines that they come from."""

from __future__ import annotations

from . import html_page
from .blocks import Block
from .limits import NESTING, too_deep

_PLACED = ("tr_open", "list_item_open", "paragraph_open", "heading_open", "table_open", "fence", "code_block")


def read(text: str) -> list[Block]:
    """Return the blocks of a Markdown text; raises Unreadable where it is nested too deeply."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": NESTING}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        if token.level >= NESTING - 1 or any(child.level >= NESTING - 1 for child in token.children or ()):
            too_deep()
        if token.type in _PLACED and token.map:
            token.attrSet(html_page.LINE, str(token.map[0] + 1))
    return html_page.read(parser.renderer.render(tokens, parser.options, {})).blocks
