# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as one self-contained page: no network, readable on paper, on a phone and by a screen reader."""

from __future__ import annotations

import base64
import hashlib
import html
import re

from .report import Report, Table, counted

STYLE = """
:root { color-scheme: light dark; --line: #8886; --head: #8883; }
body { font: 0.9rem/1.4 system-ui, sans-serif; margin: 1.5rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.15rem; margin: 2rem 0 0; }
label { font-weight: 600; } input { font: inherit; width: min(30rem, 100%); box-sizing: border-box; padding: 0.3rem 0.5rem; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: 0.3rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
tbody th { font-weight: 600; }
thead th { position: sticky; top: 0; background: Canvas; box-shadow: inset 0 0 0 99rem var(--head); }
[hidden] { display: none !important; }
@media screen and (max-width: 60rem) {
  body { margin: 1rem; }
  thead { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
  table, tbody, tr, tbody th, td, caption { display: block; }
  tr { border: 1px solid var(--line); border-radius: 0.3rem; margin: 0.6rem 0; }
  tbody th, td { border: 0; display: flow-root; padding: 0.2rem 0.6rem 0.2rem 8.2rem; overflow-wrap: anywhere; }
  td:empty { display: none; }
  tbody th { background: var(--head); }
  tbody th::before, td::before { float: left; width: 7rem; margin-left: -7.6rem; font-weight: 400; opacity: 0.75; }
}
@media print {
  @page { size: A4 landscape; margin: 12mm; }
  :root { color-scheme: light; }
  body { font-size: 7pt; margin: 0; } form { display: none; }
  thead { display: table-header-group; } thead th { position: static; } tr { break-inside: avoid; }
  th, td { padding: 2pt 4pt; }
}
"""

BREAK = re.compile(r"(?<=[a-z][._])(?=[a-z])")

SCRIPT = """
const rows = Array.from(document.querySelectorAll("tbody tr"), row => [row, row.textContent.toLowerCase()]);
const form = document.forms[0], shown = document.getElementById("shown");
form.hidden = false;
form.addEventListener("submit", event => event.preventDefault());
form.elements[0].addEventListener("input", event => {
  const words = event.target.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let count = 0;
  for (const [row, text] of rows) count += !(row.hidden = !words.every(word => text.includes(word)));
  shown.textContent = words.length ? count + " of " + rows.length + " rows" : "";
});
"""


def text(report: Report) -> str:
    """Return the page."""
    style = STYLE + _labels(report)
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(SCRIPT)}; base-uri 'none'; form-action 'none'"
    )
    title = html.escape(report.title)
    parts = [
        f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{html.escape(report.summary)}</p>
<form role="search" hidden>
<label for="words">Show rows with all of these words</label><br>
<input id="words" type="search" autocomplete="off" spellcheck="false">
<output id="shown" for="words"></output>
</form>
"""
    ]
    parts.extend(_section(number, table) for number, table in enumerate(report.tables))
    parts.append(f"</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")
    return "".join(parts)


def _section(number: int, table: Table) -> str:
    title = f'<h2 id="t{number}">{html.escape(table.title)}</h2>\n'
    if not table.rows:
        return f"<section>\n{title}<p>None.</p>\n</section>\n"
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in table.columns)
    rows = "".join(
        f'<tr><th scope="row">{_breakable(first)}</th>{"".join(f"<td>{_breakable(cell)}</td>" for cell in rest)}</tr>\n'
        for first, *rest in table.rows
    )
    return (
        f'<section>\n{title}<table class="t{number}" aria-labelledby="t{number}">\n'
        f"<caption>{counted(len(table.rows), 'row')}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>\n</section>\n"
    )


def _breakable(cell: str) -> str:
    """Return the cell escaped, with places where a long flow id may go on in the next line."""
    return BREAK.sub("<wbr>", html.escape(cell))


def _labels(report: Report) -> str:
    """On a narrow screen each cell is on a line of its own, with its column's name before it."""
    rules = [
        f'.t{number} tr > :nth-child({column}):not(thead *)::before {{ content: "{_css(name)}"; }}\n'
        for number, table in enumerate(report.tables)
        for column, name in enumerate(table.columns, 1)
    ]
    return "@media screen and (max-width: 60rem) {\n" + "".join(rules) + "}\n"


def _css(name: str) -> str:
    """Return text for a CSS string within a page."""
    return "".join(letter if letter.isalnum() or letter == " " else f"\\{ord(letter):x} " for letter in name)


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"
