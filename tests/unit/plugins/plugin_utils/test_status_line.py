# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On a terminal of the kernel's."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
from collections.abc import Iterator

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.status_line import StatusLine


class Terminal:
    """A terminal and what has been written to it."""

    def __init__(self) -> None:
        self.screen, self.descriptor = pty.openpty()
        self.resize(24, 60)

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def text(self) -> str:
        """Return what came since; the kernel may bring one write after the other."""
        found = b""
        while select.select([self.screen], [], [], 0.5 if not found else 0.1)[0]:
            found += os.read(self.screen, 65536)
        return found.decode()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    yield terminal
    os.close(terminal.screen)
    os.close(terminal.descriptor)


def test_the_last_line_is_kept_apart_and_given_back(terminal: Terminal) -> None:
    line = StatusLine(terminal.descriptor)
    line.show("one")
    shown = terminal.text()
    assert "\033[1;23r" in shown
    assert shown.endswith("\0337\033[24;1H\033[2Kone\0338")
    line.show("two")
    assert terminal.text() == "\0337\033[24;1H\033[2Ktwo\0338"
    line.end()
    assert terminal.text() == "\0337\033[r\033[24;1H\033[2K\0338"
    line.end()
    os.write(terminal.descriptor, b"x")
    assert terminal.text() == "x"


def test_a_terminal_of_another_size_gets_its_line_anew(terminal: Terminal) -> None:
    line = StatusLine(terminal.descriptor)
    line.show("one")
    terminal.text()
    terminal.resize(30, 50)
    line.show("x" * 80)
    shown = terminal.text()
    assert "\033[1;29r" in shown
    assert shown.endswith("\033[30;1H\033[2K" + "x" * 49 + "\0338")
    line.end()


def test_a_child_does_not_give_back_what_its_parent_shows(terminal: Terminal) -> None:
    line = StatusLine(terminal.descriptor)
    line.show("one")
    terminal.text()
    if os.fork() == 0:
        line.end()
        os._exit(0)
    os.wait()
    line.show("two")
    assert terminal.text() == "\0337\033[24;1H\033[2Ktwo\0338"
    line.end()


def test_what_is_no_terminal_or_too_small_has_no_line(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert StatusLine.fits(terminal.descriptor)
    terminal.resize(4, 80)
    assert not StatusLine.fits(terminal.descriptor)
    terminal.resize(24, 80)
    monkeypatch.setenv("TERM", "dumb")
    assert not StatusLine.fits(terminal.descriptor)
    reader, writer = os.pipe()
    assert not StatusLine.fits(writer)
    os.close(reader)
    os.close(writer)
