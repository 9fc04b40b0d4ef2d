# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import proof_text
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_proof import build, faulty, read, seen

TEXT = """\
Proof of hq
run 20261121140000-1, 2026-11-21T14:00:00Z, 2.5 s

host   site  state        probes  differences  rules read  who answered
cam1   hq    unmanaged         0            0  no
es1    hq    audit             5            0  yes
guest  hq    proven            5            0  no
rs1    hq    not reached      30            3  yes         responder 1

Differences:
  es1 -> rs1 10.0.0.11 tcp 7563: must be open, was filtered
  es1 -> rs1 2001:db8::11 tcp 7563: must be open, was filtered
  guest -> rs1 10.0.0.11 tcp 7563: must be shut, was open
    A rule of rs1 that nothing declares let it in.
    rule: ip saddr 10.0.66.6 accept

Rules in force that are not as declared:
  rs1: Anyone gets to tcp 7563 by IPv6.
    rule: tcp dport 7563 accept

1 of 4 hosts proven
40 probes, 3 differences, 2 asked again
rules in force read on 2 hosts: 1 difference to the declared ones
9 unresolved flows
not reached: rs1
"""


def test_a_proof_with_differences() -> None:
    assert proof_text.text(faulty()) == TEXT


def test_a_proof_without() -> None:
    shown = proof_text.text(build(seen(read()[0])))
    assert "ifferences:" not in shown
    assert "not reached" not in shown
    assert "3 of 4 hosts proven\n" in shown
    assert " probes, 0 differences\n" in shown
    assert "rules in force were not read\n" in shown


def test_of_no_hosts() -> None:
    assert "0 of 0 hosts proven\n" in proof_text.text(build({}, hosts=()))


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (100, "host site state probes differences rules read who answered"),
        (70, "host site state probes differences rules read"),
        (46, "host site state probes differences"),
        (40, "host state probes differences"),
    ],
)
def test_columns_that_do_not_fit_are_left_out(width: int, columns: str) -> None:
    lines = proof_text.text(faulty(), width).splitlines()
    assert max(map(len, lines)) <= width
    (head,) = [line for line in lines if line.startswith("host ")]
    assert " ".join(head.split()) == columns


@pytest.mark.parametrize("width", [40, 60, 100])
def test_long_names_do_not_widen_it(width: int) -> None:
    found = faulty()
    for number, host in enumerate(found["hosts"]):
        host["name"] = f"{number}-recording-server-of-the-harbour.north.example.com"
        host["site"] = "the building at the harbour, north"
    found["title"] = "a-title-that-has-no-spaces-at-all-" * 5
    lines = proof_text.text(found, width).splitlines()
    assert max(map(len, lines)) <= width
    assert any(line.startswith("0-re") and ".." in line for line in lines)


def test_a_place_without_words_is_still_named() -> None:
    found: dict[str, Any] = faulty()
    (where,) = [row["where"] for row in found["results"] if row["where"]]
    where["sentence"] = ""
    assert "    listener\n    rule: ip saddr 10.0.66.6 accept\n" in proof_text.text(found)


def test_a_width_that_holds_no_table_is_refused() -> None:
    with pytest.raises(ValueError, match="width: 39; allowed is 40 and more"):
        proof_text.text(faulty(), 39)
