# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site's variables must not hold: each with the line that its user reads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import built, entry, stable

MATRIX = built()
FLOW = {"id": "own.x", "from": "viewer", "to": "recorder", "protocol": "tcp", "port": 80}
PORT_FORMS = 'a port (7563), a range (6000-7000), a list ("443 and 80"), or a sum ("554 to 554+(x-1)")'
NETWORK_FORMS = "an address, a network such as 10.0.0.0/24 or 2001:db8::/64 with no host bits set, or any"
FLOW_KEYS = "id, from, to, protocol, port, state, feature, scope, limited_by, multicast, speaks, description, reviewed, proposal, source, note"
HOST_FORMS = "an IPv4 or IPv6 address such as 10.0.0.5 or 2001:db8::5, without a prefix length"


def errors(**hosts: dict[str, Any]) -> list[str]:
    """Return the lines of the error that these hosts give."""
    with pytest.raises(InputError) as caught:
        site.build(MATRIX, hosts)
    return str(caught.value).split("\n")


VARIABLES: list[tuple[str, Any, str]] = [
    ("addresses", "10.0.0.1/24", f": '10.0.0.1/24' is not the address of a host; allowed: {HOST_FORMS}"),
    ("addresses", ["10.0.0.1", 5], f"[1]: 5 is not the address of a host; allowed: {HOST_FORMS}"),
    ("addresses", "any", f": 'any' is not the address of a host; allowed: {HOST_FORMS}"),
    ("addresses", "::", f": '::' is an address that no other host can reach; allowed: {HOST_FORMS}"),
    ("addresses", None, ": is nothing; allowed: a list"),
    ("addresses", {"v4": "10.0.0.1"}, ": is a mapping; allowed: a list"),
    ("components", "recoder", ": unknown 'recoder'; allowed: did you mean recorder?"),
    (
        "components",
        ["office"],
        "[0]: unknown 'office'; allowed: branch, camera, cloud, dome, printer, recorder, viewer",
    ),
    ("components", 5, ": is an integer; allowed: branch, camera, cloud, dome, printer, recorder, viewer"),
    ("features", "strems", ": unknown 'strems'; allowed: did you mean streams?"),
    ("features", ["multicast", True], "[1]: is a boolean; allowed: all, multicast, streams"),
    ("networks", ["any"], ": is a list; allowed: a mapping"),
    ("networks", {"viewr": "any"}, ": unknown 'viewr'; allowed: did you mean viewer?"),
    ("networks", {"viewer": []}, ".viewer: is empty; allowed: at least one item"),
    ("networks", {"viewer": "ANY"}, f".viewer: 'ANY' is not an address or network; allowed: {NETWORK_FORMS}"),
    (
        "networks",
        {"viewer": ["any", "10.0.0.0/33"]},
        f".viewer[1]: '10.0.0.0/33' is not an address or network; allowed: {NETWORK_FORMS}",
    ),
    (
        "networks_dmz",
        {"viewer": ["10.0.0.1/24"]},
        f".viewer[0]: '10.0.0.1/24' has host bits set (its network is 10.0.0.0/24); allowed: {NETWORK_FORMS}",
    ),
    ("parameters", 5, ": is an integer; allowed: a mapping"),
    ("parameters", {"channel": 1}, ": unknown 'channel'; allowed: did you mean channels?"),
    ("parameters", {"channels": 0}, ".channels: 0 is out of range; allowed: a whole number, 1 or more"),
    ("parameters", {"channels": "four"}, ".channels: 'four' is not a whole number; allowed: a whole number, 1 or more"),
    ("parameters", {"channels": True}, ".channels: True is not a whole number; allowed: a whole number, 1 or more"),
    ("parameters", {"media_port": "80:81"}, f".media_port: '80:81' is not a port expression; allowed: {PORT_FORMS}"),
    (
        "parameters",
        {"media_port": "channels"},
        f".media_port: 'channels' needs 'channels', which is not a number; allowed: {PORT_FORMS}",
    ),
    ("parameters", {"media_port": "?"}, f".media_port: '?' names no port; allowed: {PORT_FORMS}"),
    ("parameters", {"media_port": [80, 65536]}, f".media_port: 65536 is outside 1-65535; allowed: {PORT_FORMS}"),
    (
        "parameters",
        {"groups": "239.0.0.300"},
        f".groups: '239.0.0.300' is not an address or network; allowed: {NETWORK_FORMS}",
    ),
    ("recorded_by", "nobody", ": unknown 'nobody'; allowed: office, rs1"),
    ("recorded_by", ["offise"], "[0]: unknown 'offise'; allowed: did you mean office?"),
    ("analysed_by", 5, ": is an integer; allowed: office, rs1"),
    ("site", "", ": '' does not fit; allowed: a text that is not empty"),
    ("site", ["hq"], ": is a list; allowed: a text that is not empty"),
    ("managed", "false", ": is a text; allowed: true or false"),
    ("managed", 0, ": is an integer; allowed: true or false"),
    ("undeclared_sample", -1, ": -1 is out of range; allowed: a whole number from 0 to 1000"),
    ("undeclared_sample", "1001", ": 1001 is out of range; allowed: a whole number from 0 to 1000"),
    ("undeclared_sample", 1.5, ": 1.5 is not a whole number; allowed: a whole number from 0 to 1000"),
    (
        "management_sources",
        "10.0.0.1/24",
        f": '10.0.0.1/24' has host bits set (its network is 10.0.0.0/24); allowed: {NETWORK_FORMS}",
    ),
    ("matrix_path", [""], "[0]: '' does not fit; allowed: a text that is not empty"),
    ("flow", [], ": unknown variable; allowed: did you mean portmatrix_flows?"),
    ("network_dmz", {}, ": unknown variable; allowed: did you mean portmatrix_networks?"),
    ("flows", {"own.x": {}}, ": is a mapping; allowed: a list"),
    (
        "flows",
        ["own.x"],
        f"[0]: is a text; allowed: a mapping with the keys {FLOW_KEYS}",
    ),
    (
        "flows",
        [{**FLOW, "id": "x"}],
        "[0].id: 'x' does not fit; allowed: product.listener.purpose in lower-case letters, digits and _, such as milestone.recording.media",
    ),
    ("flows", [{**FLOW, "port": "80:81"}], f"[0].port: '80:81' is not a port expression; allowed: {PORT_FORMS}"),
    (
        "flows",
        [FLOW, {**FLOW, "id": "own.y", "from": "offices"}],
        "[1].from: unknown 'offices'; allowed: did you mean office?",
    ),
    (
        "flows_dmz",
        [{**FLOW, "to": "nowhere"}],
        "[0].to: unknown 'nowhere'; allowed: branch, camera, cloud, dome, office, printer, recorder, viewer",
    ),
    ("flows", [{**FLOW, "feature": "x"}], "[0].feature: unknown 'x'; allowed: multicast, streams"),
    (
        "flows",
        [{**FLOW, "limited_by": "recorded_by"}],
        "[0].limited_by: 0 ends are owned components; allowed: exactly one of from and to",
    ),
    (
        "flows",
        [{**FLOW, "id": "acme.recorder.media"}],
        "[0].id: 'acme.recorder.media' is a flow of the matrix; allowed: an id of your own",
    ),
    (
        "flows",
        [FLOW, {**FLOW, "port": 81}],
        "[1].id: 'own.x' differs from the flow of that id in rs1.portmatrix_flows; allowed: one flow for each id",
    ),
]


@pytest.mark.parametrize(("variable", "value", "error"), VARIABLES)
def test_a_variable_that_is_wrong(variable: str, value: Any, error: str) -> None:
    hosts = {"rs1": entry("recorder", **{variable: value}), "office": entry("office")}
    assert errors(**hosts) == [f"rs1.portmatrix_{variable}{error}"]


@pytest.mark.parametrize("port", ["ssh", 0, 65536, "", True, [22], 22.5])
def test_a_connections_port_that_is_none(port: Any) -> None:
    assert errors(rs1=entry("recorder", ansible_port=port)) == [
        f"rs1.ansible_port: {port!r} is not a port; allowed: 1 to 65535"
    ]


def test_the_flows_of_two_hosts_must_not_contradict_each_other() -> None:
    assert errors(a=entry(flows=[FLOW]), b=entry(flows_web=[{**FLOW, "state": "optional"}])) == [
        "b.portmatrix_flows_web[0].id: 'own.x' differs from the flow of that id in a.portmatrix_flows; allowed: one flow for each id"
    ]


def test_every_problem_of_every_host_is_told_at_once() -> None:
    hosts = {
        "a": entry(sit="hq", parameters={"channels": 0, "media_prot": 1}, addresses=["x", "10.0.0.1", "y"]),
        "b": entry(ansible_port="x", flows=[{"id": "own.y"}]),
        "c": entry(ansible_port="x"),
    }
    assert [line.partition(";")[0] for line in errors(**hosts)] == [
        "a.portmatrix_addresses[0]: 'x' is not the address of a host",
        "a.portmatrix_addresses[2]: 'y' is not the address of a host",
        "a.portmatrix_parameters: unknown 'media_prot'",
        "a.portmatrix_parameters.channels: 0 is out of range",
        "a.portmatrix_sit: unknown variable",
        "b.portmatrix_flows[0].from: is missing",
        "b.portmatrix_flows[0].port: is missing",
        "b.portmatrix_flows[0].protocol: is missing",
        "b.portmatrix_flows[0].to: is missing",
        "c.ansible_port: 'x' is not a port",
    ]


def test_a_wrong_value_that_hosts_share_is_told_for_each() -> None:
    shared = {"channels": 0}
    assert [line.partition(".")[0] for line in errors(a=entry(parameters=shared), b=entry(parameters=shared))] == [
        "a",
        "b",
    ]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["any", "10.0.0.1", "viewer", "80", "tcp", "a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["viewer", "channels", "groups", "id", "to", "x"]) | st.none(), inner, max_size=3
        )
    ),
    max_leaves=8,
)
NAMES = [
    *site.site_schema.checks(MATRIX, (), frozenset()),
    *site.site_schema.ELSEWHERE,
    "portmatrix_flows_x",
    "portmatrix_networks_x",
    "portmatrix_x",
]
NAMES += ["ansible_host", "ansible_port", "ansible_connection"]
FLOWS = st.lists(
    st.fixed_dictionaries({}, optional={key: JSON | st.just(value) for key, value in FLOW.items()}), max_size=2
)


@given(
    st.dictionaries(
        st.sampled_from("abc"), st.dictionaries(st.sampled_from(NAMES), JSON | FLOWS, max_size=4), max_size=3
    )
)
@stable(1000)
def test_anything_is_accepted_or_refused_as_input(variables: dict[str, Any]) -> None:
    inventory = {name: {"groups": ["viewer", "dmz"], "vars": values} for name, values in variables.items()}
    try:
        site.matrix_paths(inventory)
        site.build(MATRIX, inventory)
    except InputError as error:
        assert {str(problem.path[0]) for problem in error.problems} <= set(variables)
