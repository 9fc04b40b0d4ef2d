# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of ``nft -j list ruleset``, as the model has them.

A table that iptables made, and others may have added to, is read from here, too: iptables-save leaves out chains that are not
iptables' own, and shows rules of nft without what it does not understand. Only what a match or target of iptables asks for,
which nft does not tell, is taken from there.

Ordinary packets are meant: whole ones without extension headers, which come in where the answer goes out. A rule that only drops
others is left out; one that only lets others in may match.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import (
    conditions,
    iptables_save,
    nft_match,
    ranges,
)
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.circumstances import WITH_PORTS
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.conditions import Condition
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Box, Chain, Ranges, Rule, Table
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.nft_fields import About
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.nft_text import rule_text

FAMILIES = {
    "inet": frozenset({"ipv4", "ipv6"}),
    "ip": frozenset({"ipv4"}),
    "ip6": frozenset({"ipv6"}),
    "netdev": frozenset({"ipv4", "ipv6"}),
}
_PRIORITIES = {"raw": -300, "mangle": -150, "dstnat": -100, "filter": 0, "security": 50, "srcnat": 100}
#: The hooks of network devices, as ends of the way through the others.
_DEVICE_HOOKS = {"ingress": ("prerouting", -(2**31)), "egress": ("postrouting", 2**31)}
_DEVICE = {"ingress": "input_interface", "egress": "output_interface"}
_VERDICTS = ("accept", "drop", "reject", "continue", "jump", "goto", "return")
#: They have no say in what becomes of this packet.
_IDLE = frozenset({"counter", "log", "ct helper", "ct timeout", "ct expectation", "secmark", "last", "dup", "flow"})
_TRANSLATIONS = {"dnat": "translate", "redirect": "translate", "snat": "accept", "masquerade": "accept"}
#: What becomes of the packet then, no rule tells.
_ELSEWHERE = frozenset({"notrack", "tproxy", "synproxy", "queue", "fwd"})
_MOVED = ("saddr", "daddr", "sport", "dport", "protocol", "nexthdr", "type", "version", "ttl", "hoplimit", "flags")
_TRACKED: Box = {"state": frozenset({"new", "related"})}
_WITH_PORTS = ranges.union((number, number) for number in WITH_PORTS)
_PORT_DIMENSIONS = ("source_port", "destination_port")


def tables(
    text: str,
    interfaces: Iterable[str],
    addresses: Mapping[str, Ranges],
    saved: Mapping[tuple[str, str], iptables_save.Saved] = MappingProxyType({}),
) -> list[Table]:
    """Return the tables in ``text`` that packets of the host itself can meet.

    ``addresses`` are the host's own, by family (``ipv4``, ``ipv6``); ``saved`` is (family, name) -> a table as iptables-nft-save
    writes it, and those that are not in ``text`` come from there. Raises ValueError where the text is not such a listing.
    """
    found = _objects(text) if text.strip() else {}
    listed = {(table["family"], table["name"]): table for table in found.get("table", ())}
    return [
        *(iptables_save.table(one) for key, one in saved.items() if key not in listed),
        *(
            _table(table, found, frozenset(interfaces), addresses, saved.get(key))
            for key, table in listed.items()
            if table["family"] in FAMILIES and "dormant" not in table.get("flags", ())
        ),
    ]


def priority(value: Any) -> int:
    """Return a chain's priority as a number, from a number or a text such as ``filter + 10``; raises ValueError."""
    if isinstance(value, int):
        return value
    words = str(value).replace("+", " +").replace("-", " -").replace("+ ", "+").replace("- ", "-").split()
    return sum(_PRIORITIES[word] if word in _PRIORITIES else int(word) for word in words)


def _objects(text: str) -> dict[str, list[dict[str, Any]]]:
    try:
        listed = json.loads(text)["nftables"]
        found: dict[str, list[dict[str, Any]]] = {}
        for entry in listed:
            for kind, content in entry.items():
                found.setdefault(kind, []).append(content)
        return found
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a listing of nft -j list ruleset: {error}") from error


def _table(
    table: Mapping[str, Any],
    found: Mapping[str, list[dict[str, Any]]],
    interfaces: frozenset[str],
    addresses: Mapping[str, Ranges],
    saved: iptables_save.Saved | None,
) -> Table:
    name = f"{table['family']} {table['name']}"

    def mine(kind: str) -> list[dict[str, Any]]:
        return [one for one in found.get(kind, ()) if (one["family"], one["table"]) == (table["family"], table["name"])]

    sets = {one["name"]: one.get("elem", []) for kind in ("set", "map") for one in mine(kind)}
    rules: dict[str, list[dict[str, Any]]] = {}
    for rule in mine("rule"):
        rules.setdefault(rule["chain"], []).append(rule)
    hooks = _hooks(mine("chain"), rules, sets)
    chains: dict[str, Chain] = {}
    for chain in mine("chain"):
        about = About(hooks[chain["name"]], interfaces, addresses, sets)
        written = rules.get(chain["name"], [])
        made = [tuple(_rules(rule, f"{name} {chain['name']}", about)) for rule in written]
        if saved is not None:
            made = _with_iptables(written, made, iptables_save.rules(saved, chain["name"], about.hooks, hooks))
        chains[chain["name"]] = _chain(chain, tuple(one for several in made for one in several))
    for chain in mine("chain"):
        if chain.get("hook") in _DEVICE_HOOKS:
            entrance = _entrance(chain, name)
            chains[entrance.name] = entrance
    return Table(saved.title if saved else name, FAMILIES[table["family"]], chains)


def _with_iptables(
    listed: Sequence[Mapping[str, Any]], made: list[tuple[Rule, ...]], lines: Sequence[Rule]
) -> list[tuple[Rule, ...]]:
    """Return what is ``made`` of a chain's rules as nft lists them, better where iptables-save knows more of one.

    Both write the rules of a chain in the same order, so where there are as many, each line belongs to one rule.
    """
    if len(lines) != len(listed):
        return made
    return [_better(*one) for one in zip(listed, made, lines)]


def _better(rule: Mapping[str, Any], made: tuple[Rule, ...], line: Rule) -> tuple[Rule, ...]:
    if any(_statement(one)[0] == "xt" for one in rule.get("expr", ())):
        # A target of iptables is unknown to nft. Another end than the one nft tells is that of some other rule.
        known = {(one.verdict, one.target) for one in made if one.verdict != "unknown"}
        return (line,) if known <= {(line.verdict, line.target)} else made
    if len(made) == 1 and _meaning(made[0]) == _meaning(line):
        return (made[0]._replace(text=line.text),)  # as those who use iptables know it
    return made


def _meaning(rule: Rule) -> tuple[Any, ...]:
    """Return a rule without its text, and without the family: a table of iptables has only one."""
    boxes = [{name: values for name, values in box.items() if name != "family"} for box in rule.boxes]
    return boxes, rule.certain, rule.verdict, rule.target


def _chain(chain: Mapping[str, Any], rules: tuple[Rule, ...]) -> Chain:
    hook = chain.get("hook", "")
    if not hook or hook in _DEVICE_HOOKS:
        return Chain(chain["name"], rules)
    if chain.get("type") == "nat":
        rules = tuple(rule._replace(boxes=_narrowed(rule.boxes, _TRACKED)) for rule in rules)
    return Chain(chain["name"], rules, hook, priority(chain.get("prio", 0)), chain.get("policy", "accept"))


def _entrance(chain: Mapping[str, Any], table: str) -> Chain:
    """Return a base chain that sends what passes the chain's devices through it. Older nft does not tell the devices."""
    hook, end = _DEVICE_HOOKS[chain["hook"]]
    devices = chain.get("dev", [])
    names = frozenset([devices] if isinstance(devices, str) else devices)
    boxes: tuple[Box, ...] = ({_DEVICE[chain["hook"]]: names},) if names else ({},)
    policy = chain.get("policy", "accept")
    text = f"{table} {chain['name']}"
    rules = (
        Rule(boxes, bool(names), "jump", chain["name"], f"{text}: hook {chain['hook']}"),
        Rule(boxes, bool(names), policy, "", f"{text}: policy {policy}"),
    )
    priority_there = max(min(end + priority(chain.get("prio", 0)), 2**31), -(2**31))
    return Chain(f"{chain['name']} ({chain['hook']})", rules, hook, priority_there, "accept")


def _hooks(
    chains: list[dict[str, Any]], rules: Mapping[str, list[dict[str, Any]]], sets: Mapping[str, list[Any]]
) -> dict[str, frozenset[str]]:
    """Return chain -> the hooks whose packets may come to it."""
    out: dict[str, set[str]] = {chain["name"]: set() for chain in chains}
    for chain in chains:
        hook = chain.get("hook", "")
        open_chains = [chain["name"]] if hook else []
        hook = _DEVICE_HOOKS[hook][0] if hook in _DEVICE_HOOKS else hook
        while open_chains:
            name = open_chains.pop()
            if hook in out.setdefault(name, set()):
                continue
            out[name].add(hook)
            for rule in rules.get(name, ()):
                open_chains.extend(_targets(rule.get("expr", ()), sets))
    return {name: frozenset(found) for name, found in out.items()}


def _targets(expressions: Iterable[Any], sets: Mapping[str, list[Any]]) -> Iterator[str]:
    for one in expressions:
        match one:
            case {"jump": {"target": target}} | {"goto": {"target": target}}:
                yield target
            case {"vmap": {"data": data}}:
                for _key, verdict in _pairs(data, sets) or ():
                    yield from _targets([verdict], sets)


def _pairs(data: Any, sets: Mapping[str, list[Any]]) -> list[tuple[Any, Any]] | None:
    """Return the keys and verdicts of a verdict map, by its name or written out; None where it is not known."""
    elements = sets.get(data[1:]) if isinstance(data, str) else data.get("set") if isinstance(data, dict) else None
    if elements is None:
        return None
    return [(pair[0], pair[1]) for pair in elements]


def _rules(rule: Mapping[str, Any], place: str, about: About) -> Iterator[Rule]:
    """Yield the rules of the model for one of nft: several where what it asks differs in certainty or verdict."""
    text = f"{place}: {rule_text(rule)}"
    if "expr" not in rule:
        yield Rule(({},), False, "unknown", "", text)
        return
    asked: list[nft_match.Asked] = []
    certain, verdict, target, strange = True, "", "", False
    choices: Mapping[str, Any] | None = None
    for one in rule["expr"]:
        kind, content = _statement(one)
        if kind == "match":
            asked.append(nft_match.asked(content, about))
        elif kind in _VERDICTS:
            verdict = kind
            target = content["target"] if kind in ("jump", "goto") else ""
        elif kind in _TRANSLATIONS:
            verdict = _TRANSLATIONS[kind]
        elif kind == "vmap":
            choices = content
        elif kind in _ELSEWHERE or (kind == "mangle" and _moves(content)):
            verdict = "unknown"
            break
        elif kind not in (*_IDLE, "mangle"):
            certain = False
            strange = strange or kind not in ("limit", "quota", "ct count", "set", "map", "meter")
    common = conditions.all_of(one.condition for one in asked)
    common = common._replace(certain=common.certain and certain)
    odd = any(one.odd for one in asked)
    if choices is not None:
        yield from _choices(choices, common, odd, about, text)
    elif verdict or strange:
        yield from _rule(common, odd, verdict or "unknown", target, text)


def _statement(one: Any) -> tuple[str, Any]:
    return next(iter(one.items())) if isinstance(one, dict) and one else ("", None)


def _choices(choices: Mapping[str, Any], common: Condition, odd: bool, about: About, text: str) -> Iterator[Rule]:
    pairs = _pairs(choices.get("data"), about.sets)
    if pairs is None:
        yield Rule(common.boxes, False, "unknown", "", text)
        return
    groups: dict[tuple[str, str], list[Any]] = {}
    others: list[tuple[str, str]] = []
    for key, verdict in pairs:
        kind, content = _statement(verdict)
        named = kind, content["target"] if kind in ("jump", "goto") else ""
        if key == "*":
            others.append(named)
        else:
            groups.setdefault(named, []).append(key)
    key = choices.get("key")
    for (kind, target), keys in groups.items():
        yield from _rule(conditions.all_of([common, nft_match.equal(key, keys, about)]), odd, kind, target, text)
    for kind, target in others:
        # All that is no other key; where those are no plain values, it may be any.
        rest = {"left": key, "op": "!=", "right": {"set": [one for keys in groups.values() for one in keys]}}
        asked = nft_match.asked(rest, about).condition
        yield from _rule(conditions.all_of([common, asked]), odd, kind, target, text)


def _rule(condition: Condition, odd: bool, verdict: str, target: str, text: str) -> Iterator[Rule]:
    verdict = verdict if verdict in (*_VERDICTS, "translate") else "unknown"
    if verdict == "continue" or (odd and verdict in ("drop", "reject")):
        return
    ported, unported = _by_ports(condition.boxes)
    if ported:
        yield Rule(ported, condition.certain, verdict, target, text)
    if unported:
        yield Rule(unported, False, verdict, target, text)


def _by_ports(boxes: Iterable[Box]) -> tuple[tuple[Box, ...], tuple[Box, ...]]:
    """Return the boxes, and those of packets that have no ports, of which something else is read in their place."""
    ported: list[Box] = []
    unported: list[Box] = []
    for box in boxes:
        protocols = box.get("protocol", ((0, 255),))
        if isinstance(protocols, tuple) and any(dimension in box for dimension in _PORT_DIMENSIONS):
            inside, outside = ranges.intersect(protocols, _WITH_PORTS), ranges.subtract(protocols, _WITH_PORTS)
            if inside:
                ported.append({**box, "protocol": inside})
            if outside:
                rest = {name: values for name, values in box.items() if name not in _PORT_DIMENSIONS}
                unported.append({**rest, "protocol": outside})
        else:
            ported.append(box)
    return tuple(ported), tuple(unported)


def _narrowed(boxes: tuple[Box, ...], also: Box) -> tuple[Box, ...]:
    return conditions.all_of([Condition(boxes), Condition((also,))]).boxes


def _moves(mangle: Mapping[str, Any]) -> bool:
    """Tell whether a change of the packet is one that rules or sockets look at."""
    match mangle.get("key"):
        case {"meta": {"key": "pkttype" | "protocol" | "l4proto"}}:
            return True
        case {"meta": _} | {"ct": _} | {"tcp option": _} | {"exthdr": _}:
            return False
        case {"payload": {"field": str(name)}}:
            return name in _MOVED
    return True
