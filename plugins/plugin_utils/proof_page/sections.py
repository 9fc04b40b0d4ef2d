# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smaller sections of the page of a proof: the map's frame, the picture, what is not resolved, the documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .. import site_picture
from ..proof_groups import Group
from ..report import counted
from ..site_edges import Edge, Network, edges
from .markup import Column, Html, escaped, isolated, joined, link, more, section, table, tag
from .words import spaced

CONNECTIONS = [Column("From"), Column("To"), Column("Ports"), Column("Result")]
UNRESOLVED = [
    Column("Flow", "ids"),
    Column("Hosts"),
    Column("Why", "text"),
    Column("What to set", "text"),
    Column("Citation", "fine"),
]
RESULTS = {
    "declared": "as declared",
    "unproven": "declared, not probed",
    "different": "✕ must be open, is not",
    "leak": "! must be shut, is not",
}
MAP = """<p class="note">A row for each host that listens, a column for each that connects.
Move with the arrow keys, see a cell's ports with Enter, come back with Escape.</p>
<noscript><p class="note">The map needs scripts. Everything else on this page does not.</p></noscript>
<form id="filters" class="tools" hidden>
<div><label for="words">Words or ports</label> <input id="words" type="search" autocomplete="off" spellcheck="false"></div>
<div><label for="listeners">Listening</label> <select id="listeners"></select></div>
<div><label for="initiators">Connecting</label> <select id="initiators"></select></div>
<div><label for="protocol">Protocol</label> <select id="protocol"></select></div>
<div><label for="level">A row for each</label> <select id="level"></select></div>
<div class="choices"><label><input type="checkbox" id="only-differences"> only differences</label>
<label><input type="checkbox" id="only-open"> only open</label></div>
<div><button type="reset">Show everything</button></div>
</form>
<ul class="legend" id="legend" hidden aria-label="What the cells mean"></ul>
<p id="map-says" class="note" role="status"></p>
<div class="map-and-pair">
<div class="map" id="map"></div>
<div id="pair" hidden></div>
</div>
<p id="map-hint" class="hint" aria-hidden="true"></p>
"""


def truth_map() -> Html:
    """Return the frame that the script fills."""
    return section("reach", "Who reaches whom", Html(MAP))


def picture(proof: Mapping[str, Any]) -> Html:
    """Return the picture, or how to get it, and the same in words."""
    found = edges(proof, site_picture.shown(proof))
    words = more(
        f"The picture in words: {counted(len(found), 'connection')}", table(CONNECTIONS, map(_connection, found))
    )
    try:
        drawn = Html(
            '<p class="note legend-of-lines"><span class="line declared">as declared</span> <span class="line unproven">? declared, not probed</span> '
            '<span class="line different">✕ must be open, is not</span> <span class="line leak">! must be shut, is not</span></p>\n'
            '<p class="tools" id="picture-tools" hidden><button type="button" id="picture-size" aria-pressed="false">Full size</button></p>\n'
            f'<div class="picture" id="drawing" tabindex="0" role="group" aria-label="Picture, scrolls">{site_picture.svg(proof)}</div>\n'
        )
    except site_picture.NoPicture as error:
        drawn = tag("p", str(error), "note")
    return section("picture", "Picture of the site", drawn, words)


def unresolved(proof: Mapping[str, Any]) -> Html:
    """Return what could not be turned into rules, hosts with the same gap in one row."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for gap in proof["unresolved"]:
        key = tuple(gap[name] for name in ("flow", "reason", "set", "citation"))
        alike.setdefault(key, []).append(gap["host"])
    rows = [
        (flow, joined(map(isolated, names), ", "), reason, tag("code", what), citation)
        for (flow, reason, what, citation), names in alike.items()
    ]
    body = table(UNRESOLVED, rows) if rows else tag("p", "None: every declared flow has become rules.")
    return section("unresolved", "Unresolved flows", body)


def documents(proof: Mapping[str, Any]) -> Html:
    """Return the documents that the rules cite."""
    items = joined(tag("li", link(each["title"], each["address"])) for each in proof["documents"])
    return section("documents", "Documents", Html(f"<ul>{items}</ul>\n") if items else tag("p", "None."))


def contents(entries: Iterable[tuple[str, str]]) -> Html:
    """Return the page's contents: pairs of section and title."""
    items = "".join(f'<li><a href="#{name}">{escaped(title)}</a></li>\n' for name, title in entries)
    return Html(f'<nav aria-label="Contents"><ul>\n{items}</ul></nav>\n')


def _connection(edge: Edge) -> tuple[object, ...]:
    ports = joined((escaped(service.text) for service, _result in edge.services), "<br>")
    results = joined((escaped(RESULTS[result]) for _service, result in edge.services), "<br>")
    return _end(edge.initiator), _end(edge.listener), ports, results


def _end(end: Group | Network) -> Html:
    if isinstance(end, Network):
        return joined((isolated(spaced(end.name)), tag("small", ", ".join(end.addresses))), " ")
    about = ", ".join(filter(None, (", ".join(map(spaced, end.components)) or "no component", end.site)))
    return joined(
        (
            isolated(", ".join(end.hosts[:8]) + (f" and {len(end.hosts) - 8:,} more" if len(end.hosts) > 8 else "")),
            tag("small", about),
        ),
        " ",
    )
