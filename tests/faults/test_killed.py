# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module is killed at each of its system calls that matter: what is left is the old or the new policy, whole."""

from __future__ import annotations

import collections
import json
import os
import shutil
import sys
import time

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH, MODULES
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab, rule

ADMIN = "10.9.0.7"
OLD = [rule("22,80", ADMIN, flows=("site.old",))]
NEW = [rule("22,81", ADMIN, flows=("site.new",)), rule("6000-7000", ADMIN, protocol="udp", flows=("site.more",))]
BOOT = "/etc/nftables.d/portmatrix.nft"
CALLS = "?rename,?unlink,?mkdir,?rmdir,?fork,?vfork,?clone,?clone3,flock,fsync,write,wait4"
CHANGE = {"rules": NEW, "by": "ada"}
TIMER = 1

pytestmark = [
    pytest.mark.managers,
    pytest.mark.skipif(not shutil.which("strace"), reason="NOT TESTED: strace is not installed"),
]


@pytest.fixture(scope="module")
def lab():
    with NftLab() as made:
        made.host(HOST, "10.9.0.1/24")
        probe = traced(made, None, "policy_confirm", {})
        if "ptrace" in probe.stderr:
            pytest.skip(f"NOT TESTED: {probe.stderr.strip()}")
        yield made


def traced(lab, step, module, params, log="/dev/null"):
    """Run a module, killed at a step (system call and the how manieth), or with None to its end."""
    inject = ["-e", f"inject={step[0]}:signal=KILL:when={step[1]}"] if step else []
    command = ["strace", "-qq", "-o", log, "-e", f"trace={CALLS}", *inject, sys.executable, "-m", f"{MODULES}.{module}"]
    given = json.dumps({"ANSIBLE_MODULE_ARGS": params})
    environment = {**os.environ, "PYTHONPATH": COLLECTIONS_PATH, "PYTHONDONTWRITEBYTECODE": "1"}
    return lab.run(HOST, *command, input=given, env=environment, check=False)


def plain(lab, module, **params):
    return lab.module(HOST, module, **params)


def kernel(lab):
    return lab.listing("-s")


def boots(lab):
    """Return what a boot would load, through the main file."""
    script = "flush ruleset\n" + f'include "{BOOT}"\n'
    done = lab.run(
        HOST,
        "unshare",
        "--net",
        "sh",
        "-c",
        "nft -f /etc/nftables.conf && nft -s list table inet portmatrix",
        check=False,
    )
    return done.stdout if done.returncode == 0 else done.stderr + script


def settled(lab):
    """Wait until no timer runs any more that could take something back."""
    until = time.monotonic() + 20
    timers = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'portmatrix/[r]ollback-' || true"
    while time.monotonic() < until and lab.shell(timers):
        time.sleep(0.1)


def reset(lab, rules=None):
    lab.shell("pkill -9 -f 'portmatrix/[r]ollback-' || true; rm -rf /run/portmatrix")
    result = plain(lab, "host_firewall", rules=rules or OLD, confirm_timeout=0)
    assert "failed" not in result, result


def states(lab):
    """Return the two policies as the kernel lists them."""
    reset(lab, NEW)
    new = kernel(lab)
    reset(lab)
    return kernel(lab), new


def steps(lab, module, params, tmp_path):
    log = tmp_path / "calls"
    done = traced(lab, None, module, params, str(log))
    assert json.loads(done.stdout).get("failed") is None, done.stdout
    found = collections.Counter()
    for line in log.read_text().splitlines():
        call = line.partition("(")[0]
        found[call] += 1
        yield call, found[call]


def test_a_change_that_is_to_be_confirmed(lab, tmp_path):
    old, new = states(lab)
    params = {**CHANGE, "confirm_timeout": TIMER}
    calls = list(steps(lab, "host_firewall", params, tmp_path))
    assert len(calls) > 20
    survived = 0
    for step in calls:
        reset(lab)
        done = traced(lab, step, "host_firewall", params)
        assert kernel(lab) in (old, new), step
        assert boots(lab) == old, step
        survived += bool(done.stdout)
        settled(lab)
        assert kernel(lab) == old, (step, done.stdout)
    assert survived <= 2, "too few were killed: this tests nothing"


def test_a_confirmation(lab, tmp_path):
    old, new = states(lab)
    pending = plain(lab, "host_firewall", **CHANGE, confirm_timeout=60)["pending"]
    calls = list(steps(lab, "policy_confirm", {"operation": "confirm", "id": pending["id"]}, tmp_path))
    assert len(calls) > 10
    for step in calls:
        reset(lab)
        pending = plain(lab, "host_firewall", **CHANGE, confirm_timeout=TIMER)["pending"]
        traced(lab, step, "policy_confirm", {"operation": "confirm", "id": pending["id"]})
        assert boots(lab) in (old, new), step
        settled(lab)
        assert kernel(lab) in (old, new), step
        assert kernel(lab) == new or boots(lab) == old, f"{step}: the boot path is ahead of what was proven"
        again = plain(lab, "host_firewall", **CHANGE, confirm_timeout=0)
        assert "failed" not in again, again
        assert (kernel(lab), boots(lab)) == (new, new), step


@pytest.mark.parametrize("state", ["present", "absent"])
def test_a_change_for_good_at_once(lab, tmp_path, state):
    old, new = states(lab)
    params = {"by": "ada", "confirm_timeout": 0, **({"rules": NEW} if state == "present" else {"state": "absent"})}
    new = new if state == "present" else ""
    calls = list(steps(lab, "host_firewall", params, tmp_path))
    for step in calls:
        reset(lab)
        traced(lab, step, "host_firewall", params)
        # Before our chains are deleted they let pass by default; their last rule drops as before.
        assert kernel(lab).replace("policy accept;", "policy drop;") in (old, new), step
        assert new == "" or boots(lab) in (old, new), step
        again = plain(lab, "host_firewall", **params)
        assert "failed" not in again, again
        assert kernel(lab) == new, step
    assert state == "present" or "portmatrix" not in lab.snapshot()
