# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real responder, and the shell that ends it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.responder_process import record_name
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import responder_stop
from ansible_collections.vidnet.portmatrix.tests.support.netns import Lab

RULES = [{"direction": "in", "protocol": "tcp", "ports": ["7563"]}]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.host("one")
        yield lab


@pytest.fixture
def responder(lab: Lab) -> Iterator[int]:
    started = listen(lab, "run-1", rules=RULES, addresses=["127.0.0.1"], seconds=30)
    yield started["pid"]
    listen(lab, "run-1", state="stopped")


def listen(lab: Lab, run: str, **options: Any) -> dict[str, Any]:
    return lab.module("one", "port_listen", run=run, host="rs1", **options)


def stop(lab: Lab, run: str = "run-1", before: str = ":") -> bool | None:
    done = lab.run("one", "sh", "-c", f"{before}; {responder_stop.command(run, 'rs1')}", check=False)
    return responder_stop.has_stopped(done.returncode, done.stdout)


def runs(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] not in "ZX"


def record(lab: Lab) -> str:
    """Return where the record of the responder is, for the shell of the host."""
    return f"/run/portmatrix-responder-$(id -u)/{record_name('run-1', 'rs1')}"


def test_it_ends_the_responder_and_its_record(lab: Lab, responder: int) -> None:
    assert runs(responder)
    assert stop(lab) is True
    assert not runs(responder)
    assert lab.run("one", "sh", "-c", f"test -e {record(lab)}", check=False).returncode == 1
    assert stop(lab) is False


def test_a_responder_of_another_run_stays(lab: Lab, responder: int) -> None:
    assert stop(lab, "run-2") is False
    assert runs(responder)


def test_a_process_that_was_given_the_number_of_a_dead_one_stays(lab: Lab, responder: int) -> None:
    assert stop(lab, before=f"""sed -i 's/"birth": "[0-9]*"/"birth": "1"/' {record(lab)}""") is False
    assert runs(responder)
    os.kill(responder, signal.SIGKILL)


@pytest.mark.parametrize("text", ["", "{}", '{"pid": null, "birth": "1"}', '{"pid": 1}', '{"pid": 1, "birth": 1}'])
def test_a_record_of_another_form_is_left_to_the_module(lab: Lab, responder: int, text: str) -> None:
    assert stop(lab, before=f"cp {record(lab)} /run/kept; echo '{text}' > {record(lab)}") is None
    assert runs(responder)
    lab.run("one", "sh", "-c", f"cp /run/kept {record(lab)}")
    assert json.loads(lab.run("one", "sh", "-c", f"cat {record(lab)}").stdout)["pid"] == responder


@pytest.mark.skipif(
    os.getuid() != 0, reason="NOT TESTED: /run without write access, which an ordinary user cannot arrange"
)
def test_where_run_is_not_ours_it_is_left_to_the_module(lab: Lab, responder: int) -> None:
    assert stop(lab, before="mount -o remount,ro /run") is None
    lab.run("one", "mount", "-o", "remount,rw", "/run")
    assert runs(responder)


@pytest.mark.parametrize(("run", "host"), [("../run", "rs1"), ("", "rs1"), ("run-1", "rs 1"), ("run-1", "$(reboot)\n")])
def test_names_that_are_none(run: str, host: str) -> None:
    with pytest.raises(ValueError):
        responder_stop.command(run, host)


@pytest.mark.parametrize(("status", "output"), [(3, ""), (1, responder_stop.STOPPED), (0, ""), (127, "sh: not found")])
def test_an_unclear_answer_is_left_to_the_module(status: int, output: str) -> None:
    assert responder_stop.has_stopped(status, output) is None
