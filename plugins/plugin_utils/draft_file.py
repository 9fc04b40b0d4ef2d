# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a draft matrix file: plain YAML, each flow below the row that it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from .draft_matrix import Draft
from .draft_names import line

WIDTH = 140
_HEAD = """\
---
# A draft made from the document below. It loads as it is, and gives no rule: every flow waits for you.
# For each flow decide who opens the connection (from) and who listens (to), both of them names below "components" (or shared ones
# such as dns_server), and whether it exists only where a feature is on; then set reviewed: true. "proposal" says why the draft has
# what it has; a verb such as "sends" tells where data flow, not who connects. "?" stands for an end that the document does not name.
"""


class _Inline(dict[str, Any]):
    """A mapping that is written on one line."""


class _Dumper(yaml.SafeDumper):
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent lists below their key."""
        super().increase_indent(flow, False)

    def ignore_aliases(self, data: Any) -> bool:
        """Write a value that stands in two places twice."""
        return True


_Dumper.add_representer(
    _Inline, lambda dumper, data: dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=True)
)
_Dumper.add_representer(
    tuple, lambda dumper, data: dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)
)


def text(draft: Draft) -> str:
    """Return the file's text; it holds the draft's data."""
    parts = [_HEAD]
    for key, value in draft.data.items():
        if key == "flows":
            parts.append("\nflows:\n")
            for flow in value:
                parts.append(_comments(draft.rows[flow["id"]]))
                parts.append(_dump([_flow(flow)], 2) + "\n")
        elif key == "rows":
            parts.append("\nrows:\n")
            for row in value:
                parts.append(_comments(draft.rows[f"{row['table']}.{row['row']}"]))
                parts.append(_dump([_Inline(row)], 2))
        else:
            parts.append(("\n" if isinstance(value, Mapping) else "") + _dump({key: _section(key, value)}))
    if draft.remarks:
        parts.append(
            "\n# What else the document says:\n" + "".join(f"# {line(remark, 400)}\n" for remark in draft.remarks)
        )
    return "".join(parts).replace("\n\n\n", "\n\n").rstrip("\n") + "\n"


def _section(key: str, value: Any) -> Any:
    if key == "documents":
        return {
            name: {k: [_Inline(t) for t in v] if k == "tables" else v for k, v in entry.items()}
            for name, entry in value.items()
        }
    if key in ("components", "parameters"):
        return {
            name: _Inline({k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()})
            for name, entry in value.items()
        }
    return value


def _flow(flow: Mapping[str, Any]) -> dict[str, Any]:
    shaped: dict[str, Any] = dict(flow)
    shaped["protocol"] = tuple(flow["protocol"])
    shaped["source"] = [_Inline(citation) for citation in flow["source"]]
    shaped["proposal"] = {what: _Inline(entry) for what, entry in flow["proposal"].items()}
    return shaped


def _comments(rows: list[str]) -> str:
    return "".join(f"  # {line(row, 400)}\n" for row in rows)


def _dump(value: Any, indent: int = 0) -> str:
    written: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH, default_flow_style=False
    )
    return "".join(" " * indent + part if part.strip() else part for part in written.splitlines(keepends=True))
