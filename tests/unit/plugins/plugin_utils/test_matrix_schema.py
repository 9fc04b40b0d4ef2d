# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a matrix file must not hold: each with the line that its author reads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import matrix
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.problems import InputError
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import FILE, MATRIX, data, stable

FLOW = {"id": "acme.recorder.web", "from": "viewer", "to": "recorder", "protocol": "tcp", "port": 80}
PORT_FORMS = 'a port (7563), a range (6000-7000), a list ("443 and 80"), or a sum ("554 to 554+(x-1)")'
NETWORK_FORMS = "an address, a network such as 10.0.0.0/24 or 2001:db8::/64 with no host bits set, or any"
NAME_FORM = "lower-case letters, digits and _, beginning with a letter"
ID_FORM = "product.listener.purpose in lower-case letters, digits and _, such as milestone.recording.media"


def errors(contents: dict[str, Any]) -> list[str]:
    """Return the lines of the error that files of this content give."""
    with pytest.raises(InputError) as caught:
        matrix.build(contents)
    return str(caught.value).split("\n")


FLOWS: list[tuple[dict[str, Any], str]] = [
    ({"prot": "tcp"}, "prot: unknown key; allowed: did you mean port?"),
    (
        {"colour": "red"},
        "colour: unknown key; allowed: description, feature, from, id, limited_by, multicast, note, port, proposal, protocol, reviewed, scope and 4 more",
    ),
    ({"id": "Acme.X"}, f"id: 'Acme.X' does not fit; allowed: {ID_FORM}"),
    ({"id": "acme.x\n"}, f"id: 'acme.x\\n' does not fit; allowed: {ID_FORM}"),
    ({"id": 5}, f"id: is an integer; allowed: {ID_FORM}"),
    ({"id": "other.x"}, "id: 'other.x' does not begin with the file's product; allowed: acme.*"),
    ({"id": "acmeother.x"}, "id: 'acmeother.x' does not begin with the file's product; allowed: acme.*"),
    ({"from": "viewr"}, "from: unknown 'viewr'; allowed: did you mean viewer?"),
    ({"from": []}, "from: is empty; allowed: at least one item"),
    ({"to": ["recorder", 5]}, "to[1]: is an integer; allowed: a component, or in a site's own flow an inventory group"),
    ({"to": None}, "to: is nothing; allowed: a list"),
    ({"protocol": "sctp"}, "protocol: unknown 'sctp'; allowed: igmp, tcp, udp"),
    ({"protocol": ["tcp", "TCP"]}, "protocol[1]: unknown 'TCP'; allowed: igmp, tcp, udp"),
    ({"port": "80:90"}, f"port: '80:90' is not a port expression; allowed: {PORT_FORMS}"),
    ({"port": True}, f"port: True is not a port expression; allowed: {PORT_FORMS}"),
    ({"port": 80.5}, f"port: 80.5 is not a port expression; allowed: {PORT_FORMS}"),
    ({"port": 65536}, f"port: 65536 is outside 1-65535; allowed: {PORT_FORMS}"),
    ({"port": "0, channels"}, f"port: 0 is outside 1-65535; allowed: {PORT_FORMS}"),
    ({"port": "81-80"}, f"port: 81-80 runs backwards; allowed: {PORT_FORMS}"),
    ({"port": "80, media_prot"}, "port: unknown parameter 'media_prot'; allowed: did you mean media_port?"),
    ({"port": "groups"}, "port: unknown parameter 'groups'; allowed: camera_ports, channels, media_port, stream_ports"),
    ({"state": "must"}, "state: unknown 'must'; allowed: mandatory, optional"),
    ({"scope": "everywhere"}, "scope: unknown 'everywhere'; allowed: across_sites, site"),
    ({"feature": "strems"}, "feature: unknown 'strems'; allowed: did you mean streams?"),
    ({"multicast": "media_port"}, "multicast: unknown 'media_port'; allowed: groups, own_groups"),
    ({"limited_by": "owner"}, "limited_by: unknown 'owner'; allowed: analysed_by, recorded_by"),
    ({"limited_by": "recorded_by"}, "limited_by: 0 ends are owned components; allowed: exactly one of from and to"),
    (
        {"limited_by": "recorded_by", "from": "dome", "to": "camera"},
        "limited_by: 2 ends are owned components; allowed: exactly one of from and to",
    ),
    (
        {"limited_by": "recorded_by", "from": ["dome", "viewer"]},
        "limited_by: 0 ends are owned components; allowed: exactly one of from and to",
    ),
    ({"reviewed": "yes"}, "reviewed: is a text; allowed: true or false"),
    ({"from": "?"}, "from: is still undecided in a reviewed flow; allowed: a component"),
    ({"to": ["recorder", "?"], "reviewed": True}, "to: is still undecided in a reviewed flow; allowed: a component"),
    ({"from": "viewr", "reviewed": False}, "from: unknown 'viewr'; allowed: did you mean viewer?"),
    (
        {"proposal": {"from": {"confidence": "low", "reason": "x"}}},
        "reviewed: is missing; allowed: true once a person has confirmed the proposal, false until then",
    ),
    (
        {"reviewed": False, "proposal": {"from": {"confidence": "sure", "reason": "x"}}},
        "proposal.from.confidence: unknown 'sure'; allowed: high, low, medium",
    ),
    (
        {"reviewed": False, "proposal": {"from": {"confidence": "low"}}},
        "proposal.from.reason: is missing; allowed: this key is required",
    ),
    (
        {"reviewed": False, "proposal": {"to": {"confidence": "low", "reason": "{{ x }}"}}},
        "proposal.to.reason: '{{ x }}' does not fit; allowed: a text without a template",
    ),
    ({"source": []}, "source: is empty; allowed: at least one item"),
    (
        {"source": [{"document": "guide"}]},
        "source[0]: points to no place in the document; allowed: table and row, or section",
    ),
    (
        {"source": [{"document": "guide", "table": 1}]},
        "source[0]: points to no place in the document; allowed: table and row, or section",
    ),
    (
        {"source": [{"document": "giude", "table": 1, "row": 1}]},
        "source[0].document: unknown 'giude'; allowed: did you mean guide?",
    ),
    (
        {"source": [{"document": "guide", "table": 3, "row": 1}]},
        "source[0].table: 3 is not in the document; allowed: 1 to 2",
    ),
    (
        {"source": [{"document": "notes", "table": 1, "row": 1}]},
        "source[0].table: 1 is not in the document; allowed: 1 to 0",
    ),
    (
        {"source": [{"document": "guide", "table": 1, "row": 5}]},
        "source[0].row: 5 is not in table 1; allowed: 4 numbered, 0 unnumbered",
    ),
    (
        {"source": [{"document": "guide", "table": 2, "row": "u3"}]},
        "source[0].row: u3 is not in table 2; allowed: 1 numbered, 2 unnumbered",
    ),
    (
        {"source": [{"document": "guide", "table": 1, "row": 0}]},
        "source[0].row: '0' does not fit; allowed: a row's number, or u and the number of an unnumbered row",
    ),
    (
        {"source": [{"document": "guide", "table": "one", "row": 1}]},
        "source[0].table: 'one' is not a whole number; allowed: a whole number, 1 or more",
    ),
]


@pytest.mark.parametrize(("change", "error"), FLOWS)
def test_a_flow_that_is_wrong(change: dict[str, Any], error: str) -> None:
    assert errors({FILE: data(flows=[{**FLOW, **change}])}) == [f"{FILE}.flows[0].{error}"]


@pytest.mark.parametrize("key", ["id", "from", "to", "protocol", "port"])
def test_a_flow_that_lacks_something(key: str) -> None:
    flow = {name: value for name, value in FLOW.items() if name != key}
    assert errors({FILE: data(flows=[flow])}) == [f"{FILE}.flows[0].{key}: is missing; allowed: this key is required"]


@pytest.mark.parametrize("flow", [{}, {"source": [{"document": "guide", "table": "2", "row": "u2"}]}, {"note": "{ }"}])
def test_a_flow_that_is_right(flow: dict[str, Any]) -> None:
    matrix.build({FILE: data(flows=[{**FLOW, **flow}])})


@pytest.mark.parametrize(
    "port", ["1000 to media_port", "media_port to 65535", "stream_ports, 80", "8000 to 8000+(channels-1)", "-", "?"]
)
def test_ports_that_only_a_host_can_tell_are_right(port: str) -> None:
    matrix.build({FILE: data(flows=[{**FLOW, "port": port}])})


SECTIONS: list[tuple[str, str, Any, str]] = [
    ("components", "Viewer", {"description": "x"}, f"components: 'Viewer' does not fit; allowed: {NAME_FORM}"),
    ("components", "x", {}, "components.x.description: is missing; allowed: this key is required"),
    (
        "components",
        "x",
        None,
        "components.x: is nothing; allowed: a mapping with the keys description, is_a, appliance, optional, owned, parameters, networks",
    ),
    (
        "components",
        "x",
        {"description": "x", "is_a": ["camrea"]},
        "components.x.is_a[0]: unknown 'camrea'; allowed: did you mean camera?",
    ),
    ("components", "x", {"description": "x", "is_a": "camera"}, "components.x.is_a: is a text; allowed: a list"),
    (
        "components",
        "x",
        {"description": "x", "appliance": "yes"},
        "components.x.appliance: is a text; allowed: true or false",
    ),
    (
        "components",
        "x",
        {"description": "x", "networks": ["10.0.0.1/8"]},
        f"components.x.networks[0]: '10.0.0.1/8' has host bits set (its network is 10.0.0.0/8); allowed: {NETWORK_FORMS}",
    ),
    (
        "components",
        "x",
        {"description": "x", "parameters": {"media_prot": 80}},
        "components.x.parameters: unknown 'media_prot'; allowed: did you mean media_port?",
    ),
    (
        "components",
        "x",
        {"description": "x", "parameters": {"channels": "80, 81"}},
        "components.x.parameters.channels: '80, 81' is not a whole number; allowed: a whole number, 1 or more",
    ),
    (
        "components",
        "x",
        {"description": "x", "parameters": {"groups": "80"}},
        f"components.x.parameters.groups: '80' is not an address or network; allowed: {NETWORK_FORMS}",
    ),
    (
        "components",
        "x",
        {"description": "x", "parameters": {"camera_ports": "80:81"}},
        f"components.x.parameters.camera_ports: '80:81' is not a port expression; allowed: {PORT_FORMS}",
    ),
    (
        "components",
        "x",
        {"description": "x", "parameters": {"camera_ports": "y"}},
        "components.x.parameters.camera_ports: unknown parameter 'y'; allowed: camera_ports, channels, media_port, stream_ports",
    ),
    (
        "parameters",
        "x",
        {"type": "string", "description": "x"},
        "parameters.x.type: unknown 'string'; allowed: count, networks, ports",
    ),
    ("parameters", "x", {"description": "x"}, "parameters.x.type: is missing; allowed: this key is required"),
    (
        "parameters",
        "x",
        {"type": "count", "default": 0, "description": "x"},
        "parameters.x.default: 0 is out of range; allowed: a whole number, 1 or more",
    ),
    (
        "parameters",
        "x",
        {"type": "count", "minimum": 3, "default": "2", "description": "x"},
        "parameters.x.default: 2 is out of range; allowed: a whole number, 3 or more",
    ),
    (
        "parameters",
        "x",
        {"type": "count", "minimum": -1, "description": "x"},
        "parameters.x.minimum: -1 is out of range; allowed: a whole number, 0 or more",
    ),
    (
        "parameters",
        "x",
        {"type": "networks", "default": [], "description": "x"},
        "parameters.x.default: is empty; allowed: at least one item",
    ),
    (
        "parameters",
        "x",
        {"type": "ports", "default": None, "description": "x"},
        f"parameters.x.default: None is not a port expression; allowed: {PORT_FORMS}",
    ),
    (
        "parameters",
        "x",
        {"type": "ports", "default": 70000, "description": "x"},
        f"parameters.x.default: 70000 is outside 1-65535; allowed: {PORT_FORMS}",
    ),
    (
        "parameters",
        "x",
        {"type": "ports", "default": "groups", "description": "x"},
        "parameters.x.default: unknown parameter 'groups'; allowed: camera_ports, channels, media_port, stream_ports, x",
    ),
    ("features", "x", 5, "features.x: is an integer; allowed: a text that is not empty"),
    (
        "documents",
        "Guide",
        {"title": "x"},
        "documents: 'Guide' does not fit; allowed: lower-case letters, digits, _ and -",
    ),
    (
        "documents",
        "x",
        {"title": "x", "tables": [{"rows": 1}]},
        "documents.x.tables[0].title: is missing; allowed: this key is required",
    ),
    (
        "documents",
        "x",
        {"title": "x", "tables": [{"title": "x", "rows": -1}]},
        "documents.x.tables[0].rows: -1 is out of range; allowed: a whole number, 0 or more",
    ),
]


@pytest.mark.parametrize(("section", "name", "value", "error"), SECTIONS)
def test_a_definition_that_is_wrong(section: str, name: str, value: Any, error: str) -> None:
    assert errors({FILE: data(**{section: {**MATRIX[section], name: value}})}) == [f"{FILE}.{error}"]


KEYS = "product, title, documents, components, parameters, features, flows, rows"


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, f"is nothing; allowed: a mapping with the keys {KEYS}"),
        ([], f"is a list; allowed: a mapping with the keys {KEYS}"),
        ("product: acme", f"is a text; allowed: a mapping with the keys {KEYS}"),
    ],
)
def test_a_file_that_is_no_matrix(content: Any, error: str) -> None:
    assert errors({FILE: content}) == [f"{FILE}: {error}"]


@pytest.mark.parametrize(
    ("sections", "error"),
    [
        ({"product": None}, "product: is missing; allowed: this key is required"),
        ({"product": "Acme"}, f"product: 'Acme' does not fit; allowed: {NAME_FORM}"),
        ({"flow": []}, "flow: unknown key; allowed: did you mean flows?"),
        ({"flows": {}}, "flows: is a mapping; allowed: a list"),
        ({"components": []}, "components: is a list; allowed: a mapping"),
        (
            {"rows": [{"document": "guide", "table": 1, "row": 2}]},
            "rows[0].no_flow: is missing; allowed: this key is required",
        ),
        (
            {"rows": [{"document": "x", "table": 1, "row": 2, "no_flow": "x"}]},
            "rows[0].document: unknown 'x'; allowed: guide, notes",
        ),
    ],
)
def test_a_section_that_is_wrong(sections: dict[str, Any], error: str) -> None:
    assert errors({FILE: data(**sections)}) == [f"{FILE}.{error}"]


def test_every_problem_of_every_file_is_told_at_once() -> None:
    one = data(flows=[{**FLOW, "port": "80:90", "protocol": "sctp"}, {**FLOW, "state": "must"}])
    two = {"product": "two", "colour": "red", "components": {"x": {}}}
    assert [line.partition(";")[0] for line in errors({"one.yml": one, "two.yml": two})] == [
        "one.yml.flows[0].port: '80:90' is not a port expression",
        "one.yml.flows[0].protocol: unknown 'sctp'",
        "one.yml.flows[1].state: unknown 'must'",
        "two.yml.colour: unknown key",
        "two.yml.components.x.description: is missing",
    ]


def test_every_reference_that_fails_is_told_at_once() -> None:
    flow = {
        **FLOW,
        "to": "recoder",
        "feature": "strems",
        "port": "x",
        "source": [{"document": "x", "table": 1, "row": 1}],
    }
    assert (
        len(errors({FILE: data(flows=[flow], rows=[{"document": "guide", "table": 9, "row": 1, "no_flow": "x"}])})) == 5
    )


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["acme", "acme.x", "viewer", "80", "tcp", "camera", "ports"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3) | st.integers() | st.none() | st.booleans(), inner, max_size=3)
    ),
    max_leaves=6,
)


def paths(value: Any) -> list[tuple[Any, ...]]:
    """Return the way to everything in nested mappings and lists."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((key, *rest) for key, entry in inner for rest in paths(entry))]


@given(st.sampled_from(paths(MATRIX)[1:]), JSON)
@stable(1200)
def test_anything_anywhere_is_accepted_or_refused_as_input(path: tuple[Any, ...], value: Any) -> None:
    content: Any = data()
    holder = content
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    try:
        matrix.build({FILE: content})
    except InputError as error:
        assert {problem.path[0] for problem in error.problems} == {FILE}


@given(JSON)
@stable(150)
def test_anything_at_all_is_refused_as_input(content: Any) -> None:
    with pytest.raises(InputError):
        matrix.build({FILE: content})
