# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a difference between what is declared and what packets found comes from: the host, and the rule or place there.

Counters on both hosts tell how far packets came; the rules in force tell which of them it was. Either does without the
other: where nothing was counted the rules alone decide, and where no rules could be read a host is named without the rule.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ..module_utils import policy_rules
from .locate_plan import Key, Rows, in_turn, key, kind_of
from .locate_steps import REQUEST, STEPS, Count, Step, suspects
from .readback.model import Packet
from .readback.ruleset import Ruleset
from .readback.trace import trace

#: A port that the kernel may have given to the asking socket.
EPHEMERAL = 49152
PROTOCOLS = {"tcp": 6, "udp": 17}
#: Observations that are an answer of some kind: then it was not the answer that was lost.
ANSWERED = ("open", "refused", "unreachable", "wrong_host")
STOPPED = ("drop", "reject")
TURNED_AWAY = {"drop": "drops", "reject": "turns away"}

WHERE = ("place", "host", "rule", "evidence", "sentence")
#: Reading the rules for a packet takes some milliseconds. So many differences have few causes.
MOST = 1000

Read = Mapping[str, Any] | Ruleset
Tracer = Callable[[Read, Packet], Mapping[str, str]]


class Known(NamedTuple):
    """What is known of the hosts, each of them by name; a host may be missing anywhere.

    ``again``: initiator -> rows of the second time that differences were asked about. ``witnesses``: host -> result of
    packet_witness. ``rulesets``: host -> ruleset of policy_readback. ``policies``: host -> its compiled rules.
    """

    again: Rows
    witnesses: Mapping[str, Mapping[str, Any]]
    rulesets: Mapping[str, Read]
    policies: Mapping[str, Sequence[Mapping[str, Any]]]


def located(results: Rows, known: Known, tracer: Tracer = trace, most: int = MOST) -> dict[str, list[dict[str, Any]]]:
    """Return the rows with a ``where`` in each that is not as expected: ``{place, host, rule, evidence, sentence}``, all texts.

    At most ``most`` differences are looked at one by one, some of every kind, and all that were asked about again. For the
    others ``where`` says what it says for most of those that are alike; it is None where there are none.
    """
    again = {host: {key(row): row for row in rows} for host, rows in known.again.items()}
    counts = {
        host: {key(count): count for count in result.get("counts", ())} for host, result in known.witnesses.items()
    }
    differences = {host: [row for row in rows if not row["ok"]] for host, rows in results.items()}
    places: dict[tuple[str, Key], dict[str, str] | None] = {}
    alike: dict[tuple[Any, ...], Counter[tuple[str, ...]]] = {}
    for initiator, row in in_turn(differences):
        second = again.get(initiator, {}).get(key(row))
        if second or len(places) < most:
            where = _Case(initiator, row, second, counts, known, tracer).where()
            places[initiator, key(row)] = where
            for kind in _kinds(initiator, row):
                alike.setdefault(kind, Counter())[tuple(where[name] for name in WHERE)] += 1
    for initiator, row in in_turn(differences):
        if (initiator, key(row)) not in places:
            places[initiator, key(row)] = _as_alike([alike[kind] for kind in _kinds(initiator, row) if kind in alike])
    return {
        host: [dict(row) if row["ok"] else {**row, "where": places[host, key(row)]} for row in rows]
        for host, rows in results.items()
    }


def _kinds(initiator: str, row: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the kinds of a difference: the narrow one first."""
    return [kind_of(initiator, row), (row["to"], row["protocol"], row["expected"], row["observed"])]


def _as_alike(alike: list[Counter[tuple[str, ...]]]) -> dict[str, str] | None:
    if not alike:
        return None
    where = dict(zip(WHERE, alike[0].most_common(1)[0][0]))
    return {**where, "evidence": "rules", "sentence": f"as others that are alike: {where['sentence']}"}


class _Case:
    """One difference."""

    def __init__(
        self,
        initiator: str,
        row: Mapping[str, Any],
        again: Mapping[str, Any] | None,
        counts: Mapping[str, Mapping[Key, Count]],
        known: Known,
        tracer: Tracer,
    ) -> None:
        self.row = row
        self.seen = again or row
        self.repeated = again is not None
        self.hosts = {"initiator": initiator, "listener": row["to"]}
        # Without a second try, packets were not counted while it was asked about.
        self.counts = {side: counts.get(host, {}).get(key(row)) if again else None for side, host in self.hosts.items()}
        self._known = known
        self._tracer = tracer

    def where(self) -> dict[str, str]:
        if self.repeated and self.seen["ok"]:
            return self._passing()
        if self.seen["observed"] == "wrong_host":
            return self._elsewhere("answer", self.row["detail"])
        return self._shut() if self.row["expected"] == "open" else self._open()

    # --- must be open, and is not

    def _shut(self) -> dict[str, str]:
        observed = self.seen["observed"]
        steps = suspects(self.counts, REQUEST if observed in ANSWERED else STEPS)
        if not any(self.counts.values()) and observed == "error":
            return self._result("not_sent", "initiator", "", "error", "could not ask: " + self.seen["detail"])
        if len(steps) == 1:
            return self._at(steps[0])
        verdicts = [(step, self._verdict(step)) for step in steps if step.direction]
        for wanted in (STOPPED, ("unknown",)):
            for step, said in verdicts:
                if said.get("verdict") in wanted:
                    return self._by_rule(step, said, "rules")
        return self._nowhere(steps)

    def _at(self, step: Step) -> dict[str, str]:
        """Return the finding where packets were counted before and after one step, and came past the first only."""
        if step.direction:
            return self._by_rule(step, self._verdict(step), "counter")
        seen = self.seen["detail"]
        initiator, listener = self.hosts["initiator"], self.hosts["listener"]
        sentence = {
            "not_sent": f"{initiator} sent nothing: {seen}",
            "way": f"left {initiator} and never came to {listener}: lost on the way ({seen})",
            "service": f"{listener} lets it in, and nothing there answers",
            "reply": f"the answer left {listener} and never came to {initiator}: lost on the way back",
        }[step.place]
        host = "" if step.point == "arrived" else step.host
        return self._result(step.place, host, "", "counter", sentence)

    def _by_rule(self, step: Step, said: Mapping[str, str], evidence: str) -> dict[str, str]:
        host, rule = self.hosts[step.host], said.get("rule", "")
        what = "the answer" if step.side == "answer" else "it"
        verdict = said.get("verdict")
        if verdict in STOPPED:
            way = "on the way out" if step.direction == "out" else "on the way in"
            return self._result(
                step.place, step.host, rule, evidence, f"{host} {TURNED_AWAY[verdict]} {what} {way}: {rule}"
            )
        gone = f"{what} came to {host} and was not let in" if step.direction == "in" else f"{what} did not leave {host}"
        if verdict == "unknown":
            return self._result(step.place, step.host, rule, evidence, f"{gone}, probably by: {rule}")
        why = "no rule that was read drops it" if verdict else "its rules could not be read"
        return self._result(step.place, step.host, "", evidence, f"{gone}; {why}")

    def _nowhere(self, steps: Sequence[Step]) -> dict[str, str]:
        """Return the finding where no rule is to blame."""
        listener, seen = self.hosts["listener"], self.seen["detail"]
        evidence = "answer" if self.seen["observed"] in ANSWERED else "rules"
        if self.seen["observed"] == "refused":
            sentence = f"{listener} is reached, and nothing listens there"
            return self._result("service", "listener", "", evidence, sentence)
        if not steps:
            sentence = f"{listener} lets it in, and what answers there is not understood: {seen}"
            return self._result("service", "listener", "", "counter", sentence)
        sentence = f"the rules of both hosts let it pass: lost on the way, or nothing answers on {listener} ({seen})"
        return self._result("way", "", "", evidence, sentence)

    # --- must be shut, and is not

    def _open(self) -> dict[str, str]:
        if self.seen["observed"] == "error":
            return self._result("not_sent", "initiator", "", "error", "could not ask: " + self.seen["detail"])
        steps = suspects(self.counts, REQUEST)
        counted = self.counts["listener"] is not None
        listener = self._verdict(STEPS[3])
        if steps and steps[-1].place != "listener" and counted:
            return self._elsewhere("counter", self.seen["detail"])
        evidence = "counter" if counted else "rules"
        if listener.get("verdict") == "reject":
            sentence = f"{self.hosts['listener']} turns it away instead of dropping it: {listener['rule']}"
            return self._result("listener", "listener", listener["rule"], evidence, sentence)
        if listener.get("verdict") == "drop" and not counted:
            return self._elsewhere("rules", self.seen["detail"])
        if self._is_declared():
            initiator = self._verdict(STEPS[1])
            return self._let("initiator", "out", initiator, evidence)
        return self._let("listener", "in", listener, evidence)

    def _let(self, place: str, way: str, said: Mapping[str, str], evidence: str) -> dict[str, str]:
        host, rule = self.hosts[place], said.get("rule", "")
        if said.get("verdict") == "accept":
            return self._result(place, place, rule, evidence, f"{host} lets it {way}: {rule}")
        if said.get("verdict") == "unknown":
            return self._result(place, place, rule, evidence, f"{host} lets it {way}, probably by: {rule}")
        why = "no rule that was read says so" if said else "its rules could not be read"
        return self._result(place, place, "", evidence, f"{host} lets it {way}; {why}")

    def _is_declared(self) -> bool:
        """Return whether the listener's policy lets it in, so that only the initiator's can have forbidden it."""
        rules = policy_rules.checked(self._known.policies.get(self.row["to"], ()))
        return policy_rules.accepts(rules, self.row["protocol"], self.row["port"], self.row["source"])

    # --- either

    def _passing(self) -> dict[str, str]:
        if self.row["expected"] == "open":
            sentence = "it was answered when asked again: the first packets or their answers were lost on the way"
        else:
            sentence = "it was shut when asked again: it was open only for a moment, as while rules are being changed"
        return self._result("way", "", "", "answer", sentence)

    def _elsewhere(self, evidence: str, seen: str) -> dict[str, str]:
        """Return the finding where packets came to something else than the listener, and say what led them there."""
        listener = self.hosts["listener"]
        steps = suspects(self.counts, REQUEST)
        for step in steps if steps != list(REQUEST) else [STEPS[1], STEPS[3]]:
            said = self._verdict(step) if step.direction else {}
            if said.get("verdict") == "unknown":
                host, rule = self.hosts[step.host], said["rule"]
                sentence = f"something else than {listener} answers ({seen}); {host} leads there: {rule}"
                return self._result("elsewhere", step.host, rule, evidence, sentence)
        place = steps[0].host if len(steps) == 1 and steps[0].direction else ""
        led = f"; {self.hosts[place]} leads there" if place else "; the way leads there"
        return self._result("elsewhere", place, "", evidence, f"something else than {listener} answers ({seen}){led}")

    def _verdict(self, step: Step) -> Mapping[str, str]:
        """Return what the rules of the step's host do with the packet; nothing where they could not be read."""
        ruleset = self._known.rulesets.get(self.hosts[step.host])
        return {} if ruleset is None else self._tracer(ruleset, _packet(self.row, step))

    def _result(self, place: str, host: str, rule: str, evidence: str, sentence: str) -> dict[str, str]:
        name = self.hosts.get(host, host)
        return {"place": place, "host": name, "rule": rule, "evidence": evidence, "sentence": sentence}


def _packet(row: Mapping[str, Any], step: Step) -> Packet:
    ends = [int(ipaddress.ip_address(row["source"])), int(ipaddress.ip_address(row["address"]))]
    ports = [EPHEMERAL, row["port"]]
    if step.side == "answer":
        ends.reverse()
        ports.reverse()
    return Packet(
        direction=step.direction,
        family="ipv6" if ":" in row["address"] else "ipv4",
        protocol=PROTOCOLS[row["protocol"]],
        source=ends[0],
        destination=ends[1],
        source_port=ports[0],
        port=ports[1],
        state="established" if step.side == "answer" else "new",
    )
