# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module as Ansible runs it, by a Python that lacks firewalld's binding."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
import yaml

from ansible_collections.vidnet.portmatrix.tests.support.firewalld_host import FirewalldLab
from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, rule

pytestmark = pytest.mark.managers

MANAGEMENT = rule("22", "10.9.0.0/24", flows=("portmatrix.management",))
POLICY = [MANAGEMENT, rule("7001", "10.9.0.2", flows=("a.media",))]


@pytest.fixture(scope="module")
def lab():
    with FirewalldLab() as lab:
        lab.host(HOST, "10.9.0.1/24")
        lab.host("client", "10.9.0.2/24")
        lab.start_firewalld()
        lab.serve(HOST, 7001, 7002)
        yield lab


def ran(lab, *options, **params):
    """Run the module on the host by Ansible; return its result."""
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS_PATH,
        "ANSIBLE_HOME": "/run/ansible",
        "ANSIBLE_LOCAL_TEMP": "/run/ansible/tmp",
        "ANSIBLE_REMOTE_TEMP": "/run/ansible/tmp",
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.minimal",
        "ANSIBLE_NOCOLOR": "1",
    }
    ansible = [sys.executable, "-m", "ansible", "adhoc", "localhost", "-c", "local", "-i", "localhost,"]
    extra = json.dumps({"ansible_python_interpreter": sys.executable})
    module = ["-m", "vidnet.portmatrix.firewalld_policy", "-a", json.dumps(params), "-e", extra]
    done = lab.run(HOST, *ansible, *module, *options, env=environment, check=False)
    assert "=> {" in done.stdout, done.stdout + done.stderr
    return json.loads(done.stdout[done.stdout.index("=> {") + 3 :])


def test_it_finds_a_python_with_the_binding(lab) -> None:
    missing = lab.run(HOST, sys.executable, "-c", "import firewall", check=False).returncode
    if not missing:
        pytest.skip("NOT TESTED: the Python of the tests has firewalld's binding")
    planned = ran(lab, "--check", rules=POLICY)
    assert planned["changed"]
    assert lab.reached("client", "tcp", "10.9.0.1", 7001, 7002) == set()
    changed = ran(lab, rules=POLICY)
    assert changed["changed"], changed
    assert changed["backend"] == "firewalld"
    assert changed["flows"] == {"added": ["a.media", "portmatrix.management"], "changed": [], "removed": []}
    assert lab.reached("client", "tcp", "10.9.0.1", 7001, 7002) == {7001}
    assert not ran(lab, rules=POLICY)["changed"]
    moved = ran(lab, rules=[MANAGEMENT, rule("7002", "10.9.0.2", flows=("a.media",))])
    assert moved["flows"] == {"added": [], "changed": ["a.media"], "removed": []}
    assert lab.reached("client", "tcp", "10.9.0.1", 7001, 7002) == {7002}
    wrong = ran(lab, rules=[rule("0", "nowhere")])
    assert "rules[0].ports" in wrong["msg"] and "rules[0].peers" in wrong["msg"]
    assert ran(lab, state="absent")["changed"]
    assert not ran(lab, state="absent")["changed"]


def test_the_documentation(lab) -> None:
    page = (Path(COLLECTIONS_PATH) / "ansible_collections/vidnet/portmatrix/docs/firewalld.md").read_text()
    task, info = (
        re.search(rf"<!-- firewalld: {what} -->\n```\w+\n(.*?)```", page, re.DOTALL)[1] for what in ("task", "info")
    )
    (play,) = yaml.safe_load(task)
    assert ran(lab, **play["vidnet.portmatrix.firewalld_policy"])["changed"]
    shown = [line.rstrip() for line in lab.command("--info-policy", "portmatrix-in-a").splitlines()]
    empty = ("services", "ports", "protocols", "forward-ports", "source-ports", "icmp-blocks")
    kept = [line for line in shown if line and line.strip(" :") not in empty]
    assert kept == info.splitlines()
    assert ran(lab, state="absent")["changed"]
