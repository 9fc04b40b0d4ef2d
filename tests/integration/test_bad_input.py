# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wrong input: one clear error that names the user's file, host and key and what is allowed, and nothing is touched."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from ansible.release import __version__

from tests.support.ansible_runs import SCRIPTS, run, written

#: Before 2.19 Ansible knows the lines of texts only, and forgets them in what it templates.
LINES = tuple(map(int, __version__.split(".")[:2])) >= (2, 19)
SITE = Path(__file__).parents[2] / "playbooks" / "site.yml"
OWN = "{id: site.a.b, from: camera, to: camera, protocol: [tcp], port: 9}"
MATRIX = "product: acme\ncomponents: {acme_box: {description: A box}}\n"
FLOW = "flows: [{id: acme.box.a, from: acme_box, to: acme_box, protocol: [tcp], port: 9, %s}]\n"


class Bad(NamedTuple):
    """What the user wrote in host_vars of rs1, other files, and what the error must say."""

    variables: str
    error: str
    files: tuple[tuple[str, str], ...] = ()
    place: str = "host_vars/rs1.yml:1:"


CASES = {
    "component of a host": Bad(
        "portmatrix_components: [milestone_recordin_server]",
        "rs1.portmatrix_components[0]: unknown 'milestone_recordin_server'; allowed: did you mean milestone_recording_server?",
    ),
    "component of a network": Bad(
        "portmatrix_networks: {smart_client: [10.0.0.0/8]}",
        "rs1.portmatrix_networks: unknown 'smart_client'; allowed: ",
    ),
    "port 70000": Bad(
        "portmatrix_parameters: {milestone_media_port: 70000}",
        "rs1.portmatrix_parameters.milestone_media_port: 70000 is outside 1-65535; allowed: a port (7563)",
    ),
    "range backwards": Bad(
        "portmatrix_parameters: {camera_ports: 90-80}", "camera_ports: 90-80 runs backwards; allowed: a port (7563)"
    ),
    "port in words": Bad(
        "portmatrix_parameters: {camera_ports: http}",
        "camera_ports: 'http' needs 'http', which is not a number; allowed: a port (7563)",
    ),
    "address": Bad(
        "portmatrix_addresses: [10.0.0.256]",
        "rs1.portmatrix_addresses[0]: '10.0.0.256' is not the address of a host; allowed: an IPv4 or IPv6 address",
    ),
    "address with a prefix": Bad(
        "portmatrix_addresses: [10.0.0.1/24]",
        "rs1.portmatrix_addresses[0]: '10.0.0.1/24' is not the address of a host; allowed: ",
    ),
    "address that is a number": Bad(
        "portmatrix_addresses: [7]", "rs1.portmatrix_addresses[0]: 7 is not the address of a host; allowed: "
    ),
    "host bits in a network": Bad(
        "portmatrix_networks: {camera: [10.0.0.1/24]}",
        "'10.0.0.1/24' has host bits set (its network is 10.0.0.0/24); allowed: ",
    ),
    "parameter": Bad(
        "portmatrix_parameters: {pearl_chanels: 4}",
        "rs1.portmatrix_parameters: unknown 'pearl_chanels'; allowed: did you mean pearl_channels?",
    ),
    "count in words": Bad(
        "portmatrix_parameters: {pearl_channels: four}",
        "pearl_channels: 'four' is not a whole number; allowed: a whole number, 1 or more",
    ),
    "count too small": Bad(
        "portmatrix_parameters: {pearl_channels: 0}",
        "pearl_channels: 0 is out of range; allowed: a whole number, 1 or more",
    ),
    "feature": Bad(
        "portmatrix_features: [multicats]",
        "rs1.portmatrix_features[0]: unknown 'multicats'; allowed: did you mean multicast?",
    ),
    "variable": Bad(
        "portmatrix_adresses: [10.0.0.1]",
        "rs1.portmatrix_adresses: unknown variable; allowed: did you mean portmatrix_addresses?",
    ),
    "owner": Bad("portmatrix_recorded_by: [rs7]", "rs1.portmatrix_recorded_by[0]: unknown 'rs7'; allowed: rs1"),
    "site": Bad("portmatrix_site: 7", "rs1.portmatrix_site: is an integer; allowed: a text that is not empty"),
    "managed": Bad("portmatrix_managed: 'no'", "rs1.portmatrix_managed: is a text; allowed: true or false"),
    "management network": Bad(
        "portmatrix_management_sources: [10.0.0.0/33]",
        "rs1.portmatrix_management_sources[0]: '10.0.0.0/33' is not an address or network; allowed: ",
    ),
    "connection's port": Bad(
        "ansible_port: 0", "rs1.ansible_port: '0' is not a port; allowed: 1 to 65535".replace("'0'", "0")
    ),
    "flow without a port": Bad(
        "portmatrix_flows: [{id: site.a.b, from: camera, to: camera, protocol: [tcp]}]",
        "rs1.portmatrix_flows[0].port: is missing; allowed: this key is required",
    ),
    "flow's protocol": Bad(
        f"portmatrix_flows: [{OWN.replace('tcp', 'tpc')}]",
        "rs1.portmatrix_flows[0].protocol[0]: unknown 'tpc'; allowed: tcp, udp, igmp".replace(
            "tcp, udp, igmp", "igmp, tcp, udp"
        ),
    ),
    "flow's component": Bad(
        f"portmatrix_flows: [{OWN.replace('to: camera', 'to: cammera')}]",
        "rs1.portmatrix_flows[0].to: unknown 'cammera'; allowed: did you mean camera?",
    ),
    "flow's key": Bad(
        f"portmatrix_flows: [{OWN.replace('}', ', prot: 1}')}]", "rs1.portmatrix_flows[0].prot: unknown key; allowed: "
    ),
    "flow of the matrix": Bad(
        f"portmatrix_flows: [{OWN.replace('site.a.b', 'milestone.recording.media')}]",
        "'milestone.recording.media' is a flow of the matrix; allowed: an id of your own",
    ),
    "flows that differ": Bad(
        f"portmatrix_flows: [{OWN}]\nportmatrix_flows_x: [{OWN.replace('9', '10')}]",
        "'site.a.b' differs from the flow of that id in rs1.portmatrix_flows; allowed: one flow for each id",
        place="host_vars/rs1.yml:2:",
    ),
    "matrix that is not there": Bad(
        "portmatrix_matrix_path: [none.yml]",
        "none.yml' holds no matrix; allowed: a YAML file or a directory with some",
        place="",
    ),
    "matrix that is not YAML": Bad(
        "portmatrix_matrix_path: [acme.yml]",
        "is not valid YAML: ",
        (("acme.yml", "product: [\n  - }\n"),),
        "acme.yml:2:3:",
    ),
    "matrix with a key twice": Bad(
        "portmatrix_matrix_path: [acme.yml]",
        "is not valid YAML: the key 'components' is given twice",
        (("acme.yml", MATRIX + "components: {}\n"),),
        "acme.yml:3:1:",
    ),
    "matrix with an unknown key": Bad(
        "portmatrix_matrix_path: [acme.yml]",
        "flows[acme.box.a].ports: unknown key; allowed: did you mean port?",
        (("acme.yml", MATRIX + FLOW % "ports: 1"),),
        "acme.yml:3:",
    ),
    "citation of no document": Bad(
        "portmatrix_matrix_path: [acme.yml]",
        "flows[acme.box.a].source[0].document: unknown 'manual'",
        (("acme.yml", MATRIX + FLOW % "source: [{document: manual, table: 1, row: 1}]"),),
        "acme.yml:3:",
    ),
    "egress": Bad(
        "portmatrix_egress: enfore", "value of portmatrix_egress must be one of: allow, enforce, got: enfore", place=""
    ),
    "no management networks": Bad(
        "portmatrix_site: a",
        "rs1: portmatrix_management_sources is not set, so nobody could log in any more; allowed: a list",
        place="",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_clear_error_and_nothing_is_touched(tmp_path: Path, name: str) -> None:
    bad = CASES[name]
    files = {
        "hosts.yml": "milestone_recording_server: {hosts: {rs1: {ansible_host: 10.0.0.11, ansible_connection: local, ansible_become: false}}}\n",
        "host_vars/rs1.yml": bad.variables + "\n",
        **dict(bad.files),
    }
    if name != "no management networks" and "management_sources" not in bad.variables:
        files["group_vars/all.yml"] = "portmatrix_management_sources: [10.0.99.0/24]\n"
    written(tmp_path, files)
    script = f"{SCRIPTS}/ansible-playbook -i hosts.yml {SITE}; code=$?; echo tables: $(nft list tables); exit $code"
    done = run("sh", "-c", script, cwd=tmp_path, prefix=("unshare", "--user", "--map-root-user", "--net"))
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert bad.error in said
    if LINES or bad.files:
        assert bad.place in said
    assert said.count("[ERROR]") <= 1
    assert done.stdout.splitlines()[-1].strip() == "tables:"
    assert "changed=1" not in said


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    hosts = (
        "milestone_recording_server:\n  hosts:\n"
        "    rs1: {ansible_host: 10.0.0.11, portmatrix_addresses: [x], portmatrix_features: [y]}\n"
        "    rs2: {portmatrix_parameters: {z: 1}}\n"
    )
    written(tmp_path, {"hosts.yml": hosts})
    done = run("ansible-playbook", "-i", "hosts.yml", str(SITE), cwd=tmp_path)
    said = done.stdout + done.stderr
    assert "3 problems in your input, nothing was applied" in said
    for place in ("hosts.yml:3:", "hosts.yml:4:") if LINES else ():
        assert place in said


def test_the_inventory_plugin_says_the_same(tmp_path: Path) -> None:
    hosts = "milestone_recording_server: {hosts: {rs1: {ansible_host: 10.0.0.11, portmatrix_features: [y]}}}\n"
    written(tmp_path, {"hosts.yml": hosts, "portmatrix.yml": "plugin: vidnet.portmatrix.site\n"})
    done = run("ansible-inventory", "-i", str(tmp_path), "--list", ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="true")
    assert done.returncode != 0
    assert "rs1.portmatrix_features[0]: unknown 'y'; allowed: " in done.stderr
    assert "hosts.yml:1:" in done.stderr
