# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site's variables may hold: every variable beginning with portmatrix_ and its check."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from . import matrix
from .checks import Check, Path, address, boolean, integer, list_of, mapping_of, network, one_of, text
from .matrix import Matrix
from .matrix_schema import parameter_value
from .problems import Problem, names

PREFIX = "portmatrix_"
ALL_FEATURES = "all"
#: Variables that merge with every one of their name and a suffix (portmatrix_flows_dmz).
MERGED = ("portmatrix_flows", "portmatrix_networks", "portmatrix_parameters")
#: Variables of the roles and playbooks, and what the compiler itself writes: known here, checked there.
ELSEWHERE = (
    "portmatrix_asked",
    "portmatrix_audit_dest",
    "portmatrix_backend",
    "portmatrix_confirm_timeout",
    "portmatrix_document",
    "portmatrix_document_confirm",
    "portmatrix_document_new",
    "portmatrix_document_old",
    "portmatrix_egress",
    "portmatrix_expectations",
    "portmatrix_hosts",
    "portmatrix_listened",
    "portmatrix_mode",
    "portmatrix_persist",
    "portmatrix_policy",
    "portmatrix_proof",
    "portmatrix_report_dest",
    "portmatrix_report_dir",
    "portmatrix_report_formats",
    "portmatrix_report_former",
    "portmatrix_report_from",
    "portmatrix_rules",
    "portmatrix_state",
    "portmatrix_unresolved",
    "portmatrix_windows_foreign",
    "portmatrix_windows_profiles",
)


def checks(known: Matrix, hosts: Collection[str], groups: frozenset[str]) -> dict[str, Check]:
    """Return variable -> check for a site of these hosts and inventory groups."""
    components = known.components.keys() | groups
    owners = list_of(one_of(hosts), single=True)

    def parameters(value: Any, path: Path) -> Iterator[Problem]:
        yield from mapping_of(one_of(known.parameters), lambda entry, where: iter(()))(value, path)
        for name, entry in value.items() if isinstance(value, dict) else ():
            if name in known.parameters:
                yield from parameter_value(known.parameters[name])(entry, (*path, name))

    def flows(value: Any, path: Path) -> Iterator[Problem]:
        yield from list_of(lambda entry, where: iter(matrix.own_flow(entry, where, known, groups)))(value, path)

    return {
        "portmatrix_addresses": list_of(address, single=True),
        "portmatrix_analysed_by": owners,
        "portmatrix_components": list_of(one_of(known.components), single=True),
        "portmatrix_features": list_of(one_of({*known.features, ALL_FEATURES}), single=True),
        "portmatrix_flows": flows,
        "portmatrix_managed": boolean,
        "portmatrix_management_sources": list_of(network, single=True),
        "portmatrix_matrix_path": list_of(text(), single=True),
        "portmatrix_networks": mapping_of(one_of(components), list_of(network, single=True, empty=False)),
        "portmatrix_parameters": parameters,
        "portmatrix_recorded_by": owners,
        "portmatrix_site": text(),
        "portmatrix_undeclared_sample": integer(0, 1000),
    }


def base(variable: str) -> str:
    """Return the variable whose meaning this one has: portmatrix_flows for portmatrix_flows_dmz."""
    return next((name for name in MERGED if variable.startswith(name + "_")), variable)


def unknown(variable: str, checked: Mapping[str, Check], path: Path) -> Problem:
    """Return the problem of a variable that nothing reads."""
    return Problem(path, "unknown variable", names({*checked, *ELSEWHERE}, variable))
