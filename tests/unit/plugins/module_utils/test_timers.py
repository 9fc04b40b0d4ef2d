# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import timers


@pytest.mark.parametrize("seconds", [0, -1, 3601])
def test_time_limits(seconds):
    assert timers.checked_seconds(1) == 1
    assert timers.checked_seconds(3600) == 3600
    with pytest.raises(ValueError, match=rf"^seconds: {seconds}; allowed is 1 to 3600$"):
        timers.checked_seconds(seconds)


@pytest.fixture
def no_systemd(monkeypatch):
    monkeypatch.setattr(timers.os.path, "isdir", lambda path: False)


def within_seconds(condition):
    """Wait until it holds, for at most ten seconds."""
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_without_systemd_a_process_of_its_own_session_runs_the_command(tmp_path, no_systemd):
    done = tmp_path / "done it"
    timer = timers.armed(["touch", str(done)], 1, "unit", "description")
    assert os.getsid(timer["pid"]) == timer["pid"] != os.getsid(0)
    assert not done.exists()
    assert within_seconds(done.exists)
    os.waitpid(timer["pid"], 0)


def test_until_then_the_process_can_be_found_by_its_command(tmp_path, no_systemd):
    timer = timers.armed(["touch", str(tmp_path / "never")], 60, "unit", "description")
    try:
        assert within_seconds(lambda: str(tmp_path) in Path("/proc/%d/cmdline" % timer["pid"]).read_text())
    finally:
        os.kill(timer["pid"], signal.SIGKILL)
        os.waitpid(timer["pid"], 0)


def test_systemd_is_given_the_command_the_time_and_the_properties(tmp_path, monkeypatch):
    said = tmp_path / "said"
    tool = tmp_path / "systemd-run"
    tool.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {said}\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(timers.os.path, "isdir", lambda path: path == "/run/systemd/system")
    assert timers.armed(["true", "it"], 90, "a-unit", "Why", ("Restart=on-failure",)) == {"unit": "a-unit"}
    lines = said.read_text().splitlines()
    assert {"--unit=a-unit", "--description=Why", "--on-active=90", "--property=Restart=on-failure"} <= set(lines)
    assert lines[-2:] == ["true", "it"]
