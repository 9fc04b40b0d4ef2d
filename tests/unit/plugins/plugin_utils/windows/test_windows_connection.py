# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.connection import is_windows, without_become


class Connection:
    def __init__(self, windows, method):
        self._shell = SimpleNamespace(_IS_WINDOWS=True) if windows else SimpleNamespace()
        self.become = SimpleNamespace(name=method) if method else None

    def set_become_plugin(self, plugin):
        self.become = plugin


@pytest.mark.parametrize(
    ("windows", "method", "dropped"),
    [
        (True, "sudo", True),
        (True, "community.general.doas", True),
        (True, "runas", False),
        (True, "ansible.builtin.runas", False),
        (True, "", False),
        (False, "sudo", False),
        (False, "", False),
    ],
)
def test_only_windows_hosts_lose_what_only_others_have(windows, method, dropped):
    connection = Connection(windows, method)
    assert is_windows(connection) is windows
    assert without_become(connection) is dropped
    assert (connection.become is None) is (dropped or not method)
