# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import parameters, site
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.matrix import Flow
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.parameters import MissingParameter
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.port_expression import PortsUnknown
from ansible_collections.vidnet.portmatrix.tests.unit.plugins.plugin_utils.a_matrix import MATRIX, built, entry


def ports(port: Any, groups: str = "recorder", known: Any = None, **given: Any) -> tuple[tuple[int, int], ...]:
    known = known or built()
    host = site.build(known, {"h": entry(groups, parameters=given)}).hosts["h"]
    flow = Flow.of(
        {"id": "acme.x", "from": "viewer", "to": "recorder", "protocol": "tcp", "port": port, "multicast": "groups"}
    )
    return parameters.ports(flow, host, known)


def with_parameters(**more: Any) -> Any:
    return built(
        parameters={
            **MATRIX["parameters"],
            **{name: {"type": "ports", "default": port, "description": "x"} for name, port in more.items()},
        }
    )


def test_the_matrix_has_a_default() -> None:
    assert ports("media_port") == ((7563, 7563),)


def test_a_component_goes_before_the_default() -> None:
    assert ports("camera_ports", "dome") == ((80, 80), (443, 443))


def test_the_host_goes_before_its_component() -> None:
    assert ports("camera_ports", "dome", camera_ports=8080) == ((8080, 8080),)
    assert ports("media_port", media_port=["1-2", 5]) == ((1, 2), (5, 5))


def test_a_default_is_an_expression_over_other_parameters() -> None:
    assert ports("stream_ports", channels=3) == ((554, 556),)
    assert ports("stream_ports, media_port", channels=1) == ((554, 554), (7563, 7563))
    assert ports("stream_ports", stream_ports=8554) == ((8554, 8554),)
    assert ports("media_port+1") == ((7564, 7564),)


@pytest.mark.parametrize(
    ("port", "missing"), [("camera_ports", "camera_ports"), ("stream_ports", "channels"), ("80+channels", "channels")]
)
def test_what_nobody_has_set_is_missing(port: str, missing: str) -> None:
    with pytest.raises(MissingParameter) as caught:
        ports(port)
    assert caught.value.args == (missing,)


def test_a_default_that_names_no_port_is_missing() -> None:
    with pytest.raises(MissingParameter) as caught:
        ports("x", known=with_parameters(x="depends on the site"))
    assert caught.value.args == ("x",)


def test_ports_that_nobody_can_know() -> None:
    with pytest.raises(PortsUnknown):
        ports("?")


def test_parameters_that_lead_out_of_the_range_of_ports() -> None:
    with pytest.raises(ValueError, match=r"^554-70553 is outside 1-65535$"):
        ports("stream_ports", channels=70000)


@pytest.mark.parametrize(
    ("defaults", "circle"),
    [
        ({"x": "x"}, "x -> x"),
        ({"x": "y+1", "y": "80, z", "z": "x"}, "x -> y -> z -> x"),
        ({"x": "y", "y": "y"}, "x -> y -> y"),
    ],
)
def test_parameters_that_need_each_other(defaults: dict[str, str], circle: str) -> None:
    with pytest.raises(ValueError, match=f"^the parameters {circle} need each other$"):
        ports("x", known=with_parameters(**defaults))


def test_a_parameter_may_be_needed_twice() -> None:
    assert ports("x", known=with_parameters(x="y, z", y="media_port", z="media_port+1")) == ((7563, 7564),)


def test_parameters_that_need_each_other_until_the_host_sets_one() -> None:
    assert ports("x", known=with_parameters(x="y", y="x"), y=80) == ((80, 80),)


def test_a_series_has_as_many_ports_as_its_count() -> None:
    series = "40001 (40002, 40003, if many devices are present)"
    assert ports(series) == ((40001, 40001),)
    count = {"x": {"type": "count", "default": 3, "description": "x"}}
    assert ports(series, known=built(parameters={**MATRIX["parameters"], **count})) == ((40001, 40003),)


def test_groups() -> None:
    known = built()
    flow = known.flows["acme.viewer.multicast"]
    hosts = site.build(
        known, {"a": entry("recorder"), "b": entry("recorder", parameters={"groups": ["239.0.0.0/24"]})}
    ).hosts
    assert [network.text for network in parameters.groups(flow, hosts["a"], known)] == ["239.1.2.3/32", "ff05::3/128"]
    assert [network.text for network in parameters.groups(flow, hosts["b"], known)] == ["239.0.0.0/24"]
    with pytest.raises(MissingParameter):
        parameters.groups(known.flows["acme.recorder.membership"], hosts["a"], known)
