# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the vendor documents is bound to a flow or explained. Needs no document: the files tell the tables."""

from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import row_account
from ansible_collections.vidnet.portmatrix.tests.unit import matrix_files

COUNTS = {
    "xprotect": {"tables": 27, "numbered": 97, "unnumbered": 20},
    "flow_ports": {"tables": 4, "numbered": 18, "unnumbered": 0},
    "hikconnect": {"tables": 3, "numbered": 29, "unnumbered": 0},
    "pearl2": {"tables": 2, "numbered": 10, "unnumbered": 0},
}


@pytest.mark.parametrize("document", COUNTS)
def test_every_row_is_bound_or_explained(document, capsys):
    tables = matrix_files.DOCUMENTS[document]["tables"]

    found = row_account.account(
        document, row_account.declared(tables), matrix_files.FLOWS.values(), matrix_files.EXPLAINED
    )
    assert (found.uncited, found.unmatched, found.conflicts) == ([], [], [])

    counts = {
        "tables": len(tables),
        "numbered": sum(table.get("rows", 0) for table in tables),
        "unnumbered": sum(table.get("unnumbered", 0) for table in tables),
    }
    assert counts == COUNTS[document]
    bound = {place for place, _flow in matrix_files.citations(document)}
    explained = [row for row in matrix_files.EXPLAINED if row["document"] == document]
    with capsys.disabled():
        print(f"\n{document}: {counts}, {len(bound)} rows bound to flows, {len(explained)} explained")


def test_only_documents_with_tables_are_cited_by_row():
    with_tables = {name for name, document in matrix_files.DOCUMENTS.items() if "tables" in document}

    assert with_tables == set(COUNTS)
    cited = {source["document"] for flow in matrix_files.FLOWS.values() for source in flow["source"] if "row" in source}
    assert cited == with_tables


def test_taking_any_citation_away_is_noticed():
    """The account is tight: without a flow that alone binds a row, that row is named."""
    for document in COUNTS:
        tables = matrix_files.DOCUMENTS[document]["tables"]
        for (table, row), flow in matrix_files.citations(document):
            others = [other for other in matrix_files.FLOWS.values() if other is not flow]
            bound_elsewhere = any(
                source.get("document") == document and (source.get("table"), str(source.get("row"))) == (table, row)
                for other in others
                for source in other["source"]
            )
            found = row_account.account(document, row_account.declared(tables), others, matrix_files.EXPLAINED)
            assert bound_elsewhere or (table, row) in found.uncited
