# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real plays that probe this machine's own loopback: two hosts ask two ports of each other one, on which nothing listens."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

from tests.support.ansible_runs import SCRIPTS, run, written

HOSTS = ("a", "b", "c")
ENABLED = {"ANSIBLE_CALLBACKS_ENABLED": "vidnet.portmatrix.progress", "PORTMATRIX_PROGRESS_MIN_HOSTS": "3"}
PLAY = """
- hosts: all
  gather_facts: false
  strategy: STRATEGY
  tasks:
    - vidnet.portmatrix.port_probe: {run: run-1, expectations: "{{ portmatrix_expectations }}", timeout: 0.3, retries: 0}
      when: inventory_hostname != 'c'
    - ansible.builtin.debug: {msg: SECRET}
"""


def project(directory: Path, strategy: str = "linear", **wrong: Any) -> Path:
    row = {"source": "127.0.0.1", "address": "127.0.0.1", "protocol": "tcp", "open": [1], "shut": [2]}
    hosts = {
        name: {"portmatrix_expectations": [{**row, "to": other, **wrong} for other in HOSTS if other != name]}
        for name in HOSTS
    }
    common = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    files = {
        "hosts.json": json.dumps({"all": {"hosts": hosts, "vars": common}}),
        "play.yml": PLAY.replace("STRATEGY", strategy),
    }
    return written(directory, files)


def play(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("ansible-playbook", "-i", "hosts.json", "play.yml", cwd=directory, **environment)


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if "portmatrix" in line]


def test_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    done = play(project(tmp_path), **ENABLED, PORTMATRIX_PROGRESS_INTERVAL="0")
    assert done.returncode == 0, done.stdout + done.stderr
    shown = lines(done.stderr)
    assert len(shown) == len(HOSTS)
    assert re.search(r"asking, 1 of 3 hosts, [04] of (8|12) probes, [04] differences, about \d+ s left$", shown[0])
    assert re.search(r"asked, 3 of 3 hosts, 8 probes, 8 differences, \d+ s$", shown[2])
    assert "SECRET" not in done.stderr
    assert "portmatrix:" not in done.stdout


def test_between_lines_it_is_silent_and_in_small_plays_altogether(tmp_path: Path) -> None:
    done = play(project(tmp_path, strategy="free"), **ENABLED, PORTMATRIX_PROGRESS_INTERVAL="3600")
    assert [line.partition(", ")[2].partition(", ")[0] for line in lines(done.stderr)] == ["3 of 3 hosts"]
    done = play(tmp_path, **{**ENABLED, "PORTMATRIX_PROGRESS_MIN_HOSTS": "4", "PORTMATRIX_PROGRESS_INTERVAL": "0"})
    assert lines(done.stderr) == []


def test_it_never_breaks_a_run(tmp_path: Path) -> None:
    done = play(project(tmp_path, to=["not", "a", "name"]), **ENABLED, PORTMATRIX_PROGRESS_INTERVAL="0")
    said = lines(done.stderr)
    assert len([line for line in said if "vidnet.portmatrix.progress shows nothing more: TypeError: " in line]) == 1
    assert "portmatrix: asking" not in done.stderr
    assert "SECRET" in done.stdout


def test_on_a_terminal_the_last_line_is_kept_and_given_back(tmp_path: Path) -> None:
    project(tmp_path, strategy="free")
    screen, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    command = [str(SCRIPTS / "ansible-playbook"), "-i", "hosts.json", "play.yml"]
    environment = {**os.environ, **ENABLED, "TERM": "xterm"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=terminal
    ) as running:
        os.close(terminal)
        text = b""
        try:
            while more := os.read(screen, 65536):
                text += more
        except OSError:
            pass  # the other side has been closed
    os.close(screen)
    assert running.returncode == 0
    assert b"\033[1;23r" in text
    assert re.search(rb"\033\[24;1H\033\[2Kportmatrix: asked, 3 of 3 hosts, 8 probes, 8 differences, \d+ s\0338", text)
    assert text.rstrip().endswith(b"\0337\033[r\033[24;1H\033[2K\0338")
