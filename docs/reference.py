# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes reference.md from the matrices: ``python docs/reference.py > docs/reference.md`` (a test holds the two together)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable


def table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    """Return a Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join(
        "| " + " | ".join(" ".join(str(cell).split()).replace("|", "\\|") for cell in line) + " |\n" for line in lines
    )


def page() -> str:
    """Return the whole page."""
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix

    known = matrix.load()

    def marks(component: dict[str, object]) -> str:
        is_a = "is a " + ", ".join(f"`{name}`" for name in component["is_a"]) if "is_a" in component else ""  # type: ignore[attr-defined]
        return "; ".join(
            part
            for part in (is_a, *(mark for mark in ("optional", "appliance", "owned") if component.get(mark)))
            if part
        )

    components = ((f"`{name}`", entry["description"], marks(entry)) for name, entry in sorted(known.components.items()))
    parameters = (
        (
            f"`{name}`",
            entry["type"],
            f"`{entry['default']}`" if "default" in entry else "required",
            entry["description"],
        )
        for name, entry in sorted(known.parameters.items())
    )
    features = ((f"`{name}`", text) for name, text in sorted(known.features.items()))
    flows = (
        (
            f"`{flow.id}`",
            ", ".join(flow.initiators),
            ", ".join(flow.listeners),
            "+".join(flow.protocols),
            f"`{flow.port.text}`",
            flow.feature,
        )
        for flow in known.flows.values()
    )
    return "\n".join(
        (
            "# Reference: what the matrices hold\n",
            "Made from [`plugins/matrices`](../plugins/matrices) by `docs/reference.py`; the files have each flow's description, citations and notes.\n",
            "## Components\n",
            table(("group", "what it is", "marks"), components),
            "## Parameters\n",
            table(("name", "type", "default", "what it sets"), parameters),
            "## Features\n",
            table(("name", "what it switches on"), features),
            "## Flows\n",
            table(("flow", "from", "to", "protocol", "port", "feature"), flows),
        )
    )


if __name__ == "__main__":
    sys.path.extend(path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path)
    sys.stdout.write(page())
