# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an inventory in plain data to every host's policy: what both doors call."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from . import matrix, policy, site
from .matrix import Matrix
from .windows import listened, unasked


def compile_inventory(inventory: Mapping[str, Mapping[str, Any]], directory: str) -> dict[str, dict[str, Any]]:
    """Return host -> ``{rules, unresolved, expectations, asked, managed, addresses}``, and ``listened`` for a managed Windows host.

    ``inventory``: host -> ``{groups: [...], vars: {...}}`` in plain data. ``directory``: what relative paths
    in ``portmatrix_matrix_path`` start from. Raises InputError with every problem.
    """
    return compile_with(matrix.load(matrix_files(inventory, directory)), inventory)


def matrix_files(inventory: Mapping[str, Mapping[str, Any]], directory: str) -> tuple[str, ...]:
    """Return the paths of the user's matrices, as ``portmatrix_matrix_path`` gives them."""
    return tuple(os.path.join(directory, os.path.expanduser(path)) for path in site.matrix_paths(inventory))


def compile_with(known: Matrix, inventory: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return what :func:`compile_inventory` does, by a matrix that is at hand."""
    found = site.build(known, inventory)
    compiled: dict[str, dict[str, Any]] = {}
    for name, host_policy in policy.compile_site(known, found).items():
        host = found.hosts[name]
        own = [address.text.partition("/")[0] for address in host.addresses]
        compiled[name] = {**host_policy, "managed": host.managed, "addresses": own}
        if host.managed and listened.is_windows(inventory[name]["vars"]):
            compiled[name]["listened"] = listened.of_host(known, found, name, host_policy["rules"])
    windows = [name for name in compiled if "listened" in compiled[name]]
    for host_policy in compiled.values() if windows else ():
        host_policy["expectations"] = unasked.asked(host_policy["expectations"], windows)
    return compiled
