# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences of a proof put together by where they arise and by which rule, with what to do about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ...module_utils import port_ranges


class Finding(NamedTuple):
    """Differences of one place; ``rows`` are of the proof's ``results`` or, when ``kind`` is not empty, of its ``readback``."""

    place: str
    kind: str
    host: str
    rule: str
    rows: tuple[Mapping[str, Any], ...]

    @property
    def title(self) -> str:
        """What is wrong, in a few words."""
        first = self.rows[0]
        if self.kind:
            return _IN_FORCE[self.kind, first["direction"]].format(host=self.host)
        key = (self.place, first["expected"])
        if key == ("service", "open") and first["observed"] == "refused":
            return f"Nothing listens on {first['to']}"
        text = _TITLES.get(key) or "{to}: must be {expected}, was {observed}"
        observed = first["observed"].replace("_", " ")
        return text.format(
            host=self.host, to=first["to"], initiator=first["initiator"], expected=first["expected"], observed=observed
        )

    @property
    def advice(self) -> str:
        """What to do."""
        if self.kind:
            return _ADVICE_IN_FORCE[self.kind].format(host=self.host)
        first = self.rows[0]
        text = _ADVICE.get((self.place, first["expected"])) or _ADVICE["", first["expected"]]
        return text.format(host=self.host, to=first["to"])

    @property
    def severe(self) -> bool:
        """Whether more is open than declared."""
        return self.kind == "open" if self.kind else self.rows[0]["expected"] == "shut"

    @property
    def ports(self) -> list[str]:
        """Return ``tcp 7563, 6000-6010`` for each protocol."""
        found: dict[str, list[tuple[int, int]]] = {}
        for row in self.rows:
            found.setdefault(row["protocol"], []).extend(map(port_ranges.parse_range, row["ports"]))
        return [" ".join((name, ", ".join(port_ranges.texts(pairs)))).strip() for name, pairs in sorted(found.items())]


def findings(proof: Mapping[str, Any]) -> list[Finding]:
    """Return the findings of probes, then those of the read-back; what is open too much comes first in both."""
    return [*_grouped(map(_of_probe, _wrong(proof["results"]))), *_grouped(map(_of_rules, proof["readback"]))]


def _wrong(results: Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return (row for row in results if not row["ok"])


def _grouped(found: Iterable[tuple[tuple[Any, ...], Finding]]) -> list[Finding]:
    groups: dict[tuple[Any, ...], tuple[Finding, list[Mapping[str, Any]]]] = {}
    for key, finding in found:
        groups.setdefault(key, (finding, []))[1].extend(finding.rows)
    merged = [finding._replace(rows=tuple(rows)) for finding, rows in groups.values()]
    return sorted(merged, key=lambda finding: (not finding.severe, -len(finding.rows), finding.host))


def _of_probe(row: Mapping[str, Any]) -> tuple[tuple[Any, ...], Finding]:
    where = row["where"] or {"place": "", "host": row["to"], "rule": ""}
    finding = Finding(where["place"], "", where["host"], where["rule"], (row,))
    return (*finding[:4], row["to"], row["expected"], row["observed"]), finding


def _of_rules(row: Mapping[str, Any]) -> tuple[tuple[Any, ...], Finding]:
    finding = Finding("", row["kind"], row["host"], row["rule"], (row,))
    return (*finding[:4], row["direction"]), finding


_TITLES = {
    ("not_sent", "open"): "{host} could not send",
    ("not_sent", "shut"): "{host} could not send",
    ("initiator", "open"): "{host} drops on the way out what it should send",
    ("way", "open"): "Lost on the way from {initiator} to {to}",
    ("way", "shut"): "Turned away on the way from {initiator} to {to}",
    ("listener", "open"): "{to} drops what it should let in",
    ("listener", "shut"): "{to} lets in what nothing declares",
    ("reply", "open"): "The answer of {to} is lost",
    ("reply", "shut"): "The answer of {to} is lost",
    ("service", "open"): "Another service than declared answers on {to}",
    ("service", "shut"): "{to} lets in what nothing declares",
    ("elsewhere", "open"): "Another host answers for {to}",
    ("elsewhere", "shut"): "Another host answers for {to}",
}
_ADVICE = {
    (
        "not_sent",
        "open",
    ): "See that {host} has the address it should send from and a way to the other side. Then prove again.",
    (
        "not_sent",
        "shut",
    ): "See that {host} has the address it should send from and a way to the other side. Then prove again.",
    (
        "initiator",
        "open",
    ): "Apply the policy to {host} again. If the rule is not this collection's, change it where it is kept.",
    (
        "way",
        "open",
    ): "Ask who runs the network between them to let this through: the report of matrix_report is the request to send.",
    ("way", "shut"): "Something between them answers. See what it is: it is neither of these hosts.",
    (
        "listener",
        "open",
    ): "Apply the policy to {host} again. If the rule is not this collection's, change it where it is kept.",
    (
        "listener",
        "shut",
    ): "Remove the rule, or, when this traffic is wanted, declare it in portmatrix_flows. Then apply the policy again.",
    (
        "reply",
        "open",
    ): "Let answers of established connections through on {host}, and see that they take the same way back.",
    ("service", "open"): "The path is open. Start the service on {to}, or correct the port in portmatrix_parameters.",
    (
        "service",
        "shut",
    ): "Remove the rule, or, when this traffic is wanted, declare it in portmatrix_flows. Then apply the policy again.",
    (
        "elsewhere",
        "open",
    ): "Find who has this address besides {to}: an address given twice, or a translation (NAT) in between.",
    (
        "elsewhere",
        "shut",
    ): "Find who has this address besides {to}: an address given twice, or a translation (NAT) in between.",
    ("", "open"): "See whether {to} was reached and its policy applied. Then prove again.",
    ("", "shut"): "See what on {to}, or before it, lets this through. Then apply the policy again.",
}
_IN_FORCE = {
    ("open", "in"): "{host} would let in more than is declared",
    ("open", "out"): "{host} would let out more than is declared",
    ("shut", "in"): "{host} would drop what is declared",
    ("shut", "out"): "{host} would not let out what is declared",
    ("unknown", "in"): "{host} has a rule for incoming packets that cannot be judged",
    ("unknown", "out"): "{host} has a rule for outgoing packets that cannot be judged",
}
_ADVICE_IN_FORCE = {
    "open": "Remove the rule, or, when this traffic is wanted, declare it in portmatrix_flows. Then apply the policy again.",
    "shut": "Apply the policy to {host} again. If the rule is not this collection's, change it where it is kept.",
    "unknown": "Read the rule yourself: it asks for something that the read-back does not understand, so nothing is claimed of its packets.",
}
