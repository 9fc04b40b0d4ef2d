# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.locate import FilterModule

ROW = {
    "to": "rs1",
    "source": "10.0.0.5",
    "address": "10.0.0.11",
    "protocol": "tcp",
    "port": 7563,
    "expected": "open",
    "observed": "filtered",
    "ok": False,
    "detail": "no answer",
}
POINTS = {"arrived": 0, "taken": 0, "sent": 0, "left": 0}
locate = FilterModule().filters()["locate"]


def test_with_nothing_but_the_differences():
    (row,) = locate({"op1": [ROW]})["op1"]
    assert {key: value for key, value in row.items() if key != "where"} == ROW
    assert (row["where"]["place"], row["where"]["evidence"]) == ("way", "rules")


def test_with_what_was_counted():
    flow = {key: ROW[key] for key in ("source", "address", "protocol", "port")}
    counts = [{**flow, "request": {**POINTS, "arrived": 2}, "answer": POINTS}]
    witnesses = {"rs1": {"available": True, "counts": counts}, "op1": {"available": False, "reason": "no nft"}}
    (row,) = locate({"op1": [ROW]}, again={"op1": [ROW]}, witnesses=witnesses)["op1"]
    assert (row["where"]["place"], row["where"]["host"], row["where"]["evidence"]) == ("listener", "rs1", "counter")
    assert row["where"]["sentence"] == "it came to rs1 and was not let in; its rules could not be read"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (([ROW],), "locate: the results: list; allowed is a dict of hosts"),
        (({"op1": [ROW]}, [ROW]), "locate: again: list; allowed is a dict of hosts"),
        (({"op1": [{"ok": False}]},), "locate: allowed are results of the modules; not understood: 'to'"),
        (({"op1": [ROW]}, {}, {}, {"rs1": {"nothing": 1}}), "must be the result ruleset of the module"),
    ],
)
def test_wrong_input(given, message):
    with pytest.raises(AnsibleFilterError, match=message):
        locate(*given)
