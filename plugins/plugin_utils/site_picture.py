# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of a site: who connects to whom and how that was proven, as SVG for a page. Graphviz lays it out."""

from __future__ import annotations

import html
import shutil
import subprocess
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .proof_groups import Group, groups, together
from .proof_page.visible import visible
from .proof_page.words import spaced
from .report import counted
from .site_edges import Edge, Network, Service, edges
from .svg_safety import plain_svg

#: More kinds of hosts than this at once cannot be read.
MOST = 60
SECONDS = 30
#: An end that asks the same of more groups than this says so itself, instead of by an arrow to each.
ARROWS = 6
NAMES = 5
#: Of a label, in lines and characters.
LINES = 3
WIDTH = 18
SYMBOLS = {"declared": "", "unproven": "? ", "different": "✕ ", "leak": "! "}
#: Stand-ins that dot accepts, which become classes for the page's style.
COLOURS = {"declared": "#0000d0", "unproven": "#0000d1", "different": "#0000d2", "leak": "#0000d3"}
LOOKS = {
    "declared": "style=solid penwidth=1",
    "unproven": "style=dotted penwidth=1.2",
    "different": "style=dashed penwidth=2",
    "leak": "style=solid penwidth=2.4",
}
GRAPH = """rankdir=TB ranksep=0.4 nodesep=0.18 bgcolor=transparent fontname=Arial fontsize=13
node [shape=box style=rounded fontname=Arial fontsize=11 margin="0.13,0.07"]
edge [fontname=Arial fontsize=10 arrowsize=0.7]
"""


class NoPicture(Exception):
    """Says why there is none, and how to get one."""


def svg(proof: Mapping[str, Any]) -> str:
    """Return the SVG element for a proof; raises NoPicture."""
    kinds = len(shown(proof))
    if kinds > MOST:
        raise NoPicture(f"The site has {kinds:,} kinds of hosts, more than a picture can show.")
    command = shutil.which("dot")
    if command is None:
        raise NoPicture(
            "The picture needs graphviz where the report is made: install the package graphviz "
            "(Debian, Ubuntu, Fedora: graphviz) and make the report again."
        )
    try:
        done = subprocess.run(
            [command, "-Tsvg"], input=dot(proof), capture_output=True, text=True, timeout=SECONDS, check=True
        )
    except subprocess.TimeoutExpired:
        raise NoPicture(f"Graphviz did not finish the picture within {SECONDS} s.") from None
    except subprocess.CalledProcessError as error:
        raise NoPicture(f"Graphviz could not draw the picture: {error.stderr.strip()[:200]}") from None
    return plain_svg(done.stdout, COLOURS, visible(f"Picture of {proof['title']}"), description(proof))


def description(proof: Mapping[str, Any]) -> str:
    """Return what the picture shows, in a sentence."""
    found = shown(proof)
    return (
        f"{counted(len(proof['hosts']), 'host')} in {counted(len(found), 'group')} of the same site and components, "
        f"with {counted(len(edges(proof, found)), 'connection')} between them. The table after it says the same in words."
    )


def shown(proof: Mapping[str, Any]) -> list[Group]:
    """Return the groups to show: those of each site, or of all sites together where that would be too many."""
    found = groups(proof["hosts"])
    return found if len(found) <= MOST else together(found)


def dot(proof: Mapping[str, Any]) -> str:
    """Return the graph in graphviz's language."""
    found = shown(proof)
    arrows, notes = _noted(edges(proof, found))
    ends: dict[Group | Network, str] = {group: f"n{number}" for number, group in enumerate(found)}
    lines = ["digraph site {", GRAPH]
    sites: dict[str, list[Group]] = {}
    for group in found:
        sites.setdefault(group.site, []).append(group)
    for number, (site, members) in enumerate(sites.items()):
        title = site or _nameless(proof, len(sites))
        lines.append(f"subgraph cluster_{number} {{ label={_label([_bold(title)])} style=rounded class=site")
        lines.extend(
            f"{ends[group]} [label={_label(_group(group, notes.get(group, [])))} class=group]" for group in members
        )
        lines.append("}")
    networks = {end for edge in arrows for end in edge[:2] if isinstance(end, Network)}
    networks.update(end for end in notes if isinstance(end, Network))
    for network in sorted(networks):
        ends[network] = f"n{len(ends)}"
        label = _label(_network(network, notes.get(network, [])))
        lines.append(f'{ends[network]} [label={label} style="rounded,dashed" class=network]')
    lines.extend(_arrow(edge, ends) for edge in arrows)
    return "\n".join([*lines, "}", ""])


def _nameless(proof: Mapping[str, Any], drawn: int) -> str:
    """Return the title of what has no site's name: all sites together, hosts of none, or the only site."""
    sites = {host["site"] for host in proof["hosts"]}
    if drawn == 1 and len(sites) > 1:
        return f"{len(sites)} sites together"
    return "no site" if drawn > 1 else ""


def _noted(found: Sequence[Edge]) -> tuple[list[Edge], dict[Group | Network, list[str]]]:
    """Divide: edges to draw, and for an end that asks the same of many groups a text that says so."""
    asked: dict[tuple[Group | Network, Service], list[Edge]] = {}
    for edge in found:
        for service, result in edge.services:
            if result in ("declared", "unproven"):
                asked.setdefault((edge.initiator, service), []).append(edge)
    often = {key: same for key, same in asked.items() if len(same) > ARROWS}
    notes: dict[Group | Network, list[str]] = {}
    for (end, service), same in often.items():
        notes.setdefault(end, []).append(f"→ {service.text} of {len(same)} groups")
    kept = []
    for edge in found:
        services = tuple(
            (service, result)
            for service, result in edge.services
            if (edge.initiator, service) not in often or result not in ("declared", "unproven")
        )
        if services:
            kept.append(edge._replace(services=services))
    return kept, notes


def _group(group: Group, notes: Sequence[str]) -> Iterator[str]:
    for component in group.components or ("no component",):
        yield _bold(spaced(component))
    names = ", ".join(group.hosts[:NAMES])
    more = len(group.hosts) - NAMES
    yield _safe(names + (f" and {more} more" if more > 0 else ""))
    yield from map(_safe, notes)


def _network(network: Network, notes: Sequence[str]) -> Iterator[str]:
    yield from (_bold(spaced(name)) for name in network.name.split("/"))
    yield from map(_safe, network.addresses[:NAMES])
    yield from map(_safe, notes)


def _arrow(edge: Edge, ends: Mapping[Group | Network, str]) -> str:
    texts = [
        f'<font color="{COLOURS[result]}">{_safe(SYMBOLS[result] + line)}</font>'
        for service, result in edge.services
        for line in _lines(service)
    ]
    result = edge.result
    way = f"{ends[edge.initiator]} -> {ends[edge.listener]}"
    return f'{way} [label={_label(texts)} color="{COLOURS[result]}" class={result} {LOOKS[result]}]'


def _lines(service: Service) -> list[str]:
    """Return the service with as many ports as fit a label."""
    lines = textwrap.wrap(service.text, WIDTH, break_on_hyphens=False)
    return lines if len(lines) <= LINES else [*lines[:LINES], "and more"]


def _bold(text: str) -> str:
    return f"<b>{_safe(text)}</b>" if text.strip() else ""


def _safe(text: str) -> str:
    """Return text for one of graphviz's HTML-like labels, which must be XML."""
    return html.escape(visible(text)).replace("\\", "&#92;")


def _label(parts: Sequence[str] | Iterator[str]) -> str:
    return f"<{'<br/>'.join(filter(None, parts)) or ' '}>"
