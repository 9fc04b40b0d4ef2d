# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.svg_safety import plain_svg

GIVEN = """<?xml version="1.0"?>
<svg width="10pt" height="20pt" viewBox="0 0 10.4 20" xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<!-- a comment --><style>* {}</style><script>alert(1)</script>
<g id="node1" class="node host x1" onclick="alert(1)"><title>n1</title>
<a xlink:href="https://example.com/"><text>link</text></a>
<path d="M0,0" fill="none" stroke="black" style="fill: red"/>
<text x="1" y="2" fill="#0000d0">a &lt;b&gt;</text><text>plain</text>
</g></svg>"""


def test_only_shapes_and_texts_stay() -> None:
    assert plain_svg(GIVEN, {"good": "#0000d0"}, "A & B", "x < y") == (
        '<svg role="img" aria-labelledby="drawing-title drawing-text" viewBox="0 0 10.4 20" width="10" height="20" '
        'xmlns="http://www.w3.org/2000/svg"><title id="drawing-title">A &amp; B</title><desc id="drawing-text">x &lt; y</desc>'
        '<g class="node host"><path d="M0,0" fill="none" stroke="currentColor"></path>'
        '<text x="1" y="2" fill="currentColor" class="fill-good">a &lt;b&gt;</text><text fill="currentColor">plain</text>'
        "</g></svg>"
    )
