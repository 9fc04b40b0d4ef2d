# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys
import time

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import host_lock
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH

HOLDER = """
import sys, time
from ansible_collections.vidnet.portmatrix.plugins.module_utils import host_lock
host_lock.DIRECTORY = sys.argv[1]
with host_lock.held(0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setattr(host_lock, "DIRECTORY", str(tmp_path / "run"))
    return tmp_path / "run"


@pytest.fixture
def holder(directory):
    command = [sys.executable, "-c", HOLDER, str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": COLLECTIONS_PATH})
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_another_process_waits_and_says_so(holder):
    begun = time.monotonic()
    with pytest.raises(BackendError, match="another run is changing this host's rules"), host_lock.held(0.5):
        pass
    assert time.monotonic() - begun >= 0.5


def test_a_rollback_goes_on_all_the_same(holder):
    with host_lock.held(0.1, or_go_on=True):
        pass


def test_a_dead_process_holds_nothing(holder):
    holder.kill()
    holder.wait()
    with host_lock.held(0):
        pass


def test_only_root_looks_inside(directory):
    with host_lock.held(0):
        assert directory.stat().st_mode & 0o777 == 0o700
        assert (directory / "lock").stat().st_mode & 0o777 == 0o600
