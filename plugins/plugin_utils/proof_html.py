# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proof of a site as one page that needs no network: for people who decide, at a desk, on a phone and on paper."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .proof_page import sections, summary
from .proof_page.data import embedded
from .proof_page.differences import differences
from .proof_page.findings import findings
from .proof_page.hosts import hosts
from .proof_page.visible import visible

PARTS = Path(__file__).with_name("proof_page")
STYLES = ("page.css", "map.css", "print.css")
SCRIPTS = ("proof.js", "grid.js", "pair.js", "start.js")


def text(proof: Mapping[str, Any]) -> str:
    """Return the page for a proof, whose form is in proof_schema.py. Graphviz draws the picture when it is there."""
    proof = visible(proof)
    found = findings(proof)
    contents = [
        *([("differences", f"Differences ({len(found):,})")] if found else []),
        ("reach", "Who reaches whom"),
        ("picture", "Picture"),
        ("unresolved", f"Unresolved ({proof['summary']['unresolved']:,})"),
        ("hosts", f"Hosts ({len(proof['hosts']):,})"),
        ("documents", f"Documents ({len(proof['documents']):,})"),
    ]
    body = "".join(
        (
            summary.head(proof, len(found)),
            sections.contents(contents),
            differences(found),
            sections.truth_map(),
            sections.picture(proof),
            sections.unresolved(proof),
            hosts(proof),
            sections.documents(proof),
        )
    )
    style, script = part(STYLES), part(SCRIPTS)
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{html.escape(_title(proof, len(found)))}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#reach">To the map</a>
<main>
{body}</main>
<script type="application/json" id="data">{embedded(proof)}</script>
<script>{script}</script>
</body>
</html>
"""


def part(names: tuple[str, ...]) -> str:
    """Return the files of the page's style or script as one."""
    return "".join((PARTS / name).read_text(encoding="utf-8") for name in names)


def _title(proof: Mapping[str, Any], found: int) -> str:
    return f"{summary.verdict(proof, found).words} - {proof['title']}"


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
