# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a draft matrix may be called, and that it loads beside the matrices that are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from . import draft_names, matrix, matrix_schema
from .draft_matrix import Draft
from .problems import InputError, Problem

MOST_PRODUCT = 30


def contents(extra: Iterable[str], dest: Path) -> dict[str, Any]:
    """Return file name -> data of the shipped and the user's matrices, without the file that is about to be written.

    Raises InputError.
    """
    present = [path for path in extra if Path(path).resolve() != dest.resolve()]
    found = matrix.contents(path for path in matrix.files(present) if path != dest.resolve())
    problems = [problem for file, data in found.items() for problem in matrix_schema.shape(data, (file,))]
    if problems:
        raise InputError(problems)
    return found


def names(product: str, component: str, document: str, path: str, known: Mapping[str, Any]) -> str:
    """Return what citations call the document: ``document``, or else a name made of the product and the file's.

    ``known``: file name -> data of the matrices that are there. Raises InputError for names that cannot be used.
    """
    problems = list(matrix_schema.NAME(product, ("product",)))
    if not problems and len(product) > MOST_PRODUCT:
        problems.append(Problem(("product",), f"has {len(product)} characters", f"at most {MOST_PRODUCT}"))
    taken = {data["product"]: file for file, data in known.items()}
    if product in taken:
        where = Path(taken[product]).name
        problems.append(Problem(("product",), f"{product!r} is the product of {where} already", "a name of its own"))
    if component:
        problems.extend(matrix_schema.NAME(component, ("component",)))
        if not component.startswith(product + "_"):
            problems.append(Problem(("component",), f"{component!r} is not the product's own", f"{product}_..."))
    if document:
        problems.extend(matrix_schema.DOCUMENT_ID(document, ("document",)))
    if problems:
        raise InputError(problems)
    return document or f"{product}_{draft_names.slug(Path(path).stem) or 'ports'}"


def loads(draft: Draft, dest: Path, known: Mapping[str, Any]) -> None:
    """Raise InputError when the draft cannot stand beside the matrices that are there."""
    matrix.build({**known, str(dest): draft.data})
