# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Graphviz's SVG as an element for a page: nothing but shapes and text, colours as classes, no ids, links or scripts."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree

SHAPES = {
    "g": ("transform",),
    "polygon": ("points", "fill", "stroke", "stroke-width", "stroke-dasharray"),
    "polyline": ("points", "fill", "stroke", "stroke-width", "stroke-dasharray"),
    "path": ("d", "fill", "stroke", "stroke-width", "stroke-dasharray"),
    "ellipse": ("cx", "cy", "rx", "ry", "fill", "stroke"),
    "text": ("x", "y", "text-anchor", "font-size", "font-weight", "fill"),
}
#: What graphviz draws with when nothing is said.
BLACK = "black"
SPACE = "{http://www.w3.org/2000/svg}"


def plain_svg(text: str, colours: Mapping[str, str], title: str, description: str) -> str:
    """Return an ``svg`` element with an accessible name; ``colours``: class -> the colour in ``text`` that stands for it."""
    root = ElementTree.fromstring(text)
    box = root.get("viewBox", "0 0 100 100")
    width, height = (round(float(number)) for number in box.split()[2:])
    classes = {colour: name for name, colour in colours.items()}
    body = "".join(part for child in root for part in _element(child, classes))
    return (
        f'<svg role="img" aria-labelledby="drawing-title drawing-text" viewBox="{html.escape(box)}" '
        f'width="{width}" height="{height}" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="drawing-title">{html.escape(title)}</title><desc id="drawing-text">{html.escape(description)}</desc>'
        f"{body}</svg>"
    )


def _element(element: ElementTree.Element, classes: Mapping[str, str]) -> Iterator[str]:
    name = element.tag.removeprefix(SPACE) if isinstance(element.tag, str) else ""
    if name not in SHAPES:
        return
    given = {key: value for key in SHAPES[name] if (value := element.get(key)) is not None}
    if name == "text":
        given.setdefault("fill", BLACK)
    names = [each for each in (element.get("class") or "").split() if each.isalpha()]
    for paint in ("fill", "stroke"):
        colour = given.get(paint, "")
        if colour in classes:
            names.append(f"{paint}-{classes[colour]}")
        if colour in classes or colour == BLACK:
            given[paint] = "currentColor"
    if names:
        given["class"] = " ".join(names)
    attributes = "".join(f' {key}="{html.escape(value)}"' for key, value in given.items())
    parts = (part for child in element for part in _element(child, classes))
    inside = html.escape(element.text or "") if name == "text" else "".join(parts)
    yield f"<{name}{attributes}>{inside}</{name}>"
