# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site: who is where. Turns each host's groups and variables into a Host."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from . import addresses, checks, management, port_expression, site_schema
from .addresses import Network
from .matrix import Flow, Matrix
from .matrix_schema import OWNERS, listed
from .port_expression import Range, Value
from .problems import InputError, Problem

ParameterValue = Value | tuple[Network, ...]
DEFAULT_SAMPLE = 8


@dataclass(frozen=True, eq=False)
class Host:
    """One host of the inventory, with everything that decides its rules."""

    name: str
    components: frozenset[str]
    addresses: tuple[Network, ...]
    site: str
    parameters: Mapping[str, ParameterValue]
    defaults: Mapping[str, Any]
    features: frozenset[str]
    owners: Mapping[str, tuple[str, ...]]
    networks: Mapping[str, tuple[Network, ...]]
    management: tuple[Network, ...]
    management_ports: tuple[int, ...]
    managed: bool
    egress_enforced: bool
    sample: int

    @functools.cached_property
    def versions(self) -> frozenset[int]:
        """The IP versions the host has addresses of; both when its addresses are not known."""
        return frozenset(network.version for network in self.addresses) or frozenset((4, 6))

    def has_feature(self, feature: str) -> bool:
        """Return whether the host's variables switch a feature on."""
        return feature in self.features or site_schema.ALL_FEATURES in self.features


@dataclass(frozen=True, eq=False)
class Site:
    """All hosts by name, and the site's own flows, each with the hosts whose variables give it."""

    hosts: Mapping[str, Host]
    own_flows: Mapping[str, tuple[Flow, frozenset[str]]]


def matrix_paths(inventory: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Return every path that the hosts' ``portmatrix_matrix_path`` names, sorted."""
    found: set[str] = set()
    problems: list[Problem] = []
    check = checks.list_of(checks.text(), single=True)
    for host, entry in inventory.items():
        value = entry["vars"].get("portmatrix_matrix_path")
        if value is not None:
            problems.extend(check(value, (host, "portmatrix_matrix_path")))
            found.update(path for path in listed(value) if isinstance(path, str))
    if problems:
        raise InputError(problems)
    return tuple(sorted(found))


def build(matrix: Matrix, inventory: Mapping[str, Mapping[str, Any]]) -> Site:
    """Return the site for host -> ``{groups: [...], vars: {...}}`` in plain data.

    Raises InputError with every problem of every host.
    """
    groups = frozenset(group for entry in inventory.values() for group in entry["groups"])
    reader = _Reader(matrix, inventory.keys(), groups)
    hosts = {name: reader.host(name, inventory[name]["groups"], inventory[name]["vars"]) for name in sorted(inventory)}
    if reader.problems:
        raise InputError(reader.problems)
    own = {key: (flow, frozenset(seen)) for key, (flow, seen, _origin) in sorted(reader.own_flows.items())}
    return Site({name: host for name, host in hosts.items() if host}, own)


class _Profile(NamedTuple):
    """What a set of components brings along."""

    components: frozenset[str]
    defaults: Mapping[str, Any]
    appliance: bool


class _Reader:
    """Reads hosts one by one; a value that many hosts share (a group's) is checked and read once."""

    def __init__(self, matrix: Matrix, hosts: Iterable[str], groups: frozenset[str]) -> None:
        self.matrix = matrix
        self.checks = site_schema.checks(matrix, set(hosts), groups)
        self.problems: list[Problem] = []
        self.own_flows: dict[str, tuple[Flow, set[str], str]] = {}
        self.known: dict[tuple[str, int], Any] = {}
        self.profiles: dict[tuple[frozenset[str], tuple[str, ...]], _Profile] = {}
        self.results: dict[tuple[str, int], tuple[Any, Any]] = {}

    def host(self, name: str, groups: Iterable[str], variables: Mapping[str, Any]) -> Host | None:
        ours = {key: value for key, value in variables.items() if key.startswith(site_schema.PREFIX)}
        accepted = [self.accepts(name, key, value) for key, value in ours.items()]
        if not all(accepted):
            return None
        profile = self.profile(tuple(groups), ours.get("portmatrix_components"))
        managed = ours.get("portmatrix_managed", not profile.appliance)
        self.problems.extend(management.wrong(name, variables))
        self.flows(name, ours)
        return Host(
            name=name,
            components=profile.components,
            addresses=self.addresses(name, ours, variables),
            site=ours.get("portmatrix_site", ""),
            parameters=self.parameters(name, ours),
            defaults=profile.defaults,
            features=frozenset(listed(ours.get("portmatrix_features", ()))),
            owners={
                owner: tuple(dict.fromkeys(listed(ours["portmatrix_" + owner])))
                for owner in OWNERS
                if "portmatrix_" + owner in ours
            },
            networks=self.networks(ours),
            management=self.once("sources", ours.get("portmatrix_management_sources", ()), _networks),
            management_ports=management.ports(variables),
            managed=managed,
            egress_enforced=managed and ours.get("portmatrix_egress") == "enforce",
            sample=checks.as_integer(ours.get("portmatrix_undeclared_sample", DEFAULT_SAMPLE)) or 0,
        )

    def profile(self, groups: tuple[str, ...], given: Any) -> _Profile:
        """What follows from a host's groups, or from its own list of components."""
        components = (
            tuple(group for group in groups if group in self.matrix.components)
            if given is None
            else tuple(listed(given))
        )
        others = frozenset(group for group in groups if group not in self.matrix.components)
        key = (others, components)
        if key not in self.profiles:
            kinds = others.union(*(self.matrix.kinds(component) for component in components))
            general_first = sorted(kinds, key=lambda component: (len(self.matrix.kinds(component)), component))
            definitions = [self.matrix.components.get(component, {}) for component in general_first]
            self.profiles[key] = _Profile(
                kinds,
                {name: value for definition in definitions for name, value in definition.get("parameters", {}).items()},
                bool(components)
                and all(self.matrix.components[component].get("appliance") for component in components),
            )
        return self.profiles[key]

    def accepts(self, host: str, variable: str, value: Any) -> bool:
        """Check one variable; remember a value already checked for another host."""
        key = (site_schema.base(variable), id(value))
        if key in self.known:
            return True
        path = (host, variable)
        check = self.checks.get(key[0])
        if check:
            found = list(check(value, path))
        else:
            found = [] if variable in site_schema.ELSEWHERE else [site_schema.unknown(variable, self.checks, path)]
        self.problems.extend(found)
        if not found:
            self.known[key] = value
        return not found

    def once(self, what: str, value: Any, read: Callable[[Any], Any]) -> Any:
        """Return ``read(value)``, computed once for a value that hosts share."""
        key = (what, id(value))
        if key not in self.results:
            self.results[key] = (value, read(value))
        return self.results[key][1]

    def addresses(self, host: str, ours: Mapping[str, Any], variables: Mapping[str, Any]) -> tuple[Network, ...]:
        if "portmatrix_addresses" in ours:
            given = listed(ours["portmatrix_addresses"])
        else:
            given = [value for value in (variables.get("ansible_host", host),) if addresses.is_address(value)]
        return tuple(dict.fromkeys(addresses.host(value) for value in given))

    def networks(self, ours: Mapping[str, Any]) -> dict[str, tuple[Network, ...]]:
        merged: dict[str, tuple[Network, ...]] = {}
        for variable in _merging(ours, "portmatrix_networks"):
            read = self.once("networks", ours[variable], lambda v: {c: _networks(n) for c, n in v.items()})
            for component, found in read.items():
                merged[component] = tuple(dict.fromkeys(merged.get(component, ()) + found))
        return merged

    def flows(self, host: str, ours: Mapping[str, Any]) -> None:
        """Collect the site's own flows; two variables may repeat a flow, not contradict each other."""
        for variable in _merging(ours, "portmatrix_flows"):
            for position, (data, flow) in enumerate(
                self.once("flows", ours[variable], lambda v: [(d, Flow.of(d)) for d in v])
            ):
                path = (host, variable, position, "id")
                if flow.id in self.matrix.flows:
                    self.problems.append(Problem(path, f"{flow.id!r} is a flow of the matrix", "an id of your own"))
                known = self.own_flows.setdefault(flow.id, (flow, set(), f"{host}.{variable}"))
                if known[0].data is not data and known[0].data != data:
                    self.problems.append(
                        Problem(
                            path, f"{flow.id!r} differs from the flow of that id in {known[2]}", "one flow for each id"
                        )
                    )
                known[1].add(host)

    def parameters(self, host: str, ours: Mapping[str, Any]) -> dict[str, ParameterValue]:
        """Merge the parameters of several variables; they may repeat a value, not contradict each other."""
        merged: dict[str, ParameterValue] = {}
        given: dict[str, str] = {}
        for variable in _merging(ours, "portmatrix_parameters"):
            for name, value in self.once("parameters", ours[variable], self.read_parameters).items():
                if merged.setdefault(name, value) != value:
                    what = f"differs from its value in {given[name]}"
                    self.problems.append(Problem((host, variable, name), what, "one value for each parameter"))
                given.setdefault(name, variable)
        return merged

    def read_parameters(self, values: Mapping[str, Any]) -> dict[str, ParameterValue]:
        return {name: read_parameter(self.matrix.parameters[name]["type"], value) for name, value in values.items()}


def _merging(ours: Mapping[str, Any], name: str) -> list[str]:
    """Return the host's variables of this name, with and without a suffix, in the order they merge."""
    return [variable for variable in sorted(ours) if site_schema.base(variable) == name]


def read_parameter(kind: str, value: Any) -> ParameterValue:
    """Return a checked parameter's value: a number, port ranges, or networks."""
    if kind == "count":
        return int(value)
    if kind == "networks":
        return _networks(value)
    return as_value(port_expression.ranges(port_expression.parse(value), lambda name: 0))


def as_value(found: list[Range]) -> Value:
    """Return a single port as a number, so that it can be added to."""
    return found[0][0] if len(found) == 1 and found[0][0] == found[0][1] else found


def _networks(values: Any) -> tuple[Network, ...]:
    return tuple(dict.fromkeys(addresses.network(value) for value in listed(values)))
