# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection plugin of the lab: the local connection, inside a host's namespaces."""

from __future__ import annotations

DOCUMENTATION = """
name: netns
short_description: Run tasks in a host of the lab
description:
  - Runs every command in the namespaces of the lab host of the same name, as its root. C(lab.py) makes these namespaces.
author: vidnet.portmatrix contributors (@vidnet)
extends_documentation_fragment:
  - connection_pipelining
options:
  host:
    description: Name of the lab host.
    type: string
    required: true
    vars:
      - name: inventory_hostname
  lab_hosts:
    description: The inventory file that the lab was started from, when it is not the lab's own.
    type: path
    vars:
      - name: lab_hosts
"""

import shlex
import sys
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as LocalConnection

sys.path.append(str(Path(__file__).resolve().parent.parent))
from lab_state import HOSTS, LabError, enter_command


class Connection(LocalConnection):
    """The local connection, behind nsenter."""

    transport = "netns"

    def exec_command(self, cmd, in_data=None, sudoable=True):
        """Runs ``cmd`` on the lab host; returns (return code, stdout, stderr)."""
        try:
            enter = enter_command(self.get_option("host"), Path(self.get_option("lab_hosts") or HOSTS))
        except LabError as error:
            raise AnsibleConnectionFailure(str(error)) from error
        return super().exec_command(shlex.join([*enter, "/bin/sh", "-c", cmd]), in_data=in_data, sudoable=sudoable)

    def put_file(self, in_path, out_path):
        """Copies a file of the controller to the lab host, which has some directories to itself."""
        self._must(
            self.exec_command(f"cat > {shlex.quote(out_path)}", in_data=Path(in_path).read_bytes(), sudoable=False)
        )

    def fetch_file(self, in_path, out_path):
        """Copies a file of the lab host to the controller."""
        Path(out_path).write_bytes(self._must(self.exec_command(f"cat {shlex.quote(in_path)}", sudoable=False)))

    @staticmethod
    def _must(result):
        code, stdout, stderr = result
        if code:
            raise AnsibleConnectionFailure(stderr.decode(errors="replace").strip())
        return stdout
