# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.flows import FilterModule

flows = FilterModule().filters()["flows"]
MATRIX = {"flows": [{"id": "a.b.c", "from": "a", "to": "b"}, {"id": "a.b.d", "from": ["a", "x"], "to": "c"}]}


def test_all_of_a_matrix_or_a_list() -> None:
    assert flows(MATRIX) == MATRIX["flows"] == flows(MATRIX["flows"])


def test_query() -> None:
    assert flows(MATRIX, "[?to=='b'].id") == ["a.b.c"]
    assert flows(MATRIX, "[].to | sort(@)") == ["b", "c"]


@pytest.mark.parametrize(
    ("component", "ids"), [("x", ["a.b.d"]), ("b", ["a.b.c"]), ("a", ["a.b.c", "a.b.d"]), ("z", [])]
)
def test_component(component: str, ids: list[str]) -> None:
    assert [flow["id"] for flow in flows(MATRIX, component=component)] == ids


@pytest.mark.parametrize(
    ("matrix", "query", "error"),
    [(MATRIX, "[?", "is not valid JMESPath"), ("x", None, "must be a matrix or a list of flows")],
)
def test_errors(matrix: object, query: str | None, error: str) -> None:
    with pytest.raises(AnsibleFilterError, match=error):
        flows(matrix, query)
