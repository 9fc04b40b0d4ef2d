# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the firewall of a Windows host, read from files, leaves open beyond the policy; no host is contacted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import matrix, site
from ..compiler import compile_with, matrix_files
from ..hostvars import inventory_of, refusing
from ..report import counted, one_line
from . import evaluate, exports, matrix_ports, normal, rule_files
from .left_open import left_open
from .matrix_ports import MatrixPort
from .model import GROUP, WindowsRule
from .registry import MOST_BYTES
from .rule_files import LOCAL, Firewall

Files = Mapping[str, Sequence[Path]]
CAUTION = "Judged by what Microsoft documents; not compared with a Windows host."


def of_site(hostvars: Mapping[str, Mapping[str, Any]], files: Files) -> dict[str, dict[str, Any]]:
    """Return host -> :func:`of_host` for the hosts that have files.

    Raises AnsibleError with every problem of the inventory, OSError for a file that cannot be had, and ValueError, which names the file,
    for one that cannot be read, or a host that is not in the inventory.
    """
    inventory, directory = inventory_of(hostvars)
    strange = sorted(files.keys() - inventory.keys())
    if strange:
        raise ValueError(f"{', '.join(strange)}: not in the inventory; allowed: hosts of the inventory")
    with refusing(hostvars):
        known = matrix.load(matrix_files(inventory, directory))
        policies = compile_with(known, inventory)
        hosts = site.build(known, inventory).hosts
    return {
        host: of_host(_firewall(paths), policies[host]["rules"], matrix_ports.of_matrix(known, hosts[host]))
        for host, paths in files.items()
    }


def of_host(firewall: Firewall, rules: Sequence[Mapping[str, Any]], ports: Sequence[MatrixPort]) -> dict[str, Any]:
    """Return ``left_open`` (rows of left_open.py), ``missing`` (names of the policy's rules that are not there), ``remarks``, ``rules``.

    A rule of this collection's own that the policy does not have any more is judged as any other.
    """
    wanted = {_key(rule): rule for rule in exports.windows_rules(rules)}
    found = {_key(stored.rule) for stored in firewall.rules}
    stores: dict[bool, list[Any]] = {True: [], False: []}
    for stored in firewall.rules:
        former = stored.rule.group == GROUP and _key(stored.rule) not in wanted
        stores[stored.store == LOCAL].append(stored.rule._replace(group="") if former else stored.rule)
    policy = evaluate.Policy(stores[True], stores[False], firewall.profiles)
    return {
        "left_open": left_open(policy, rules, ports),
        "missing": [rule.name for key, rule in wanted.items() if key not in found],
        "remarks": [*evaluate.faults(firewall.profiles), *_remarks(firewall)],
        "rules": len(firewall.rules),
    }


def text(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what :func:`of_site` found, for people."""
    lines = [CAUTION]
    for host, result in found.items():
        rows = result["left_open"]
        lines += ["", f"{host}: {counted(result['rules'], 'rule')} read; {len(rows)} left open beyond the policy"]
        lines += [f"  {one_line(row['sentence'])}" for row in rows]
        if result["missing"]:
            lines.append(f"  Not there of the policy: {counted(len(result['missing']), 'rule')}.")
        lines += [f"  {one_line(remark)}" for remark in result["remarks"]]
    return "\n".join([*lines, ""])


def _key(rule: WindowsRule) -> tuple[Any, ...]:
    """Return what makes a rule the one that was written; its description may be in other letters."""
    return normal.key(rule._replace(description=""))


def _remarks(firewall: Firewall) -> Iterable[str]:
    if firewall.silent:
        names = ", ".join(firewall.silent)
        yield f"The files do not say whether the firewall is on ({names}); it is taken to be on and to block what no rule lets in."
    for unread in firewall.unread:
        yield f"The rule {unread.value_name} ({unread.store}) cannot be read, so it is left out: {unread.reason}"


def _firewall(paths: Sequence[Path]) -> Firewall:
    values = []
    for path in paths:
        try:
            with path.open("rb") as file:
                values += rule_files.values(file.read(MOST_BYTES + 1))
        except ValueError as error:
            raise ValueError(f"{path} {error}") from None
    try:
        return rule_files.firewall(values)
    except ValueError as error:
        raise ValueError(f"{', '.join(map(str, paths))} {error}") from None
