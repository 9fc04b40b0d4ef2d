# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a responder by a few lines of shell: a module would take ten times as long to start as they take in all."""

from __future__ import annotations

import shlex

from ..module_utils.probe_wire import checked_host, checked_run
from ..module_utils.responder_process import record_name

STOPPED = "portmatrix: stopped"
NOTHING = "portmatrix: nothing to stop"

# As responder_process.ensure_stopped does, for records in /run, where only root can write. It leaves everything else to the
# module: it exits with 3 and has done nothing then, or nothing that the module cannot do again.
_SCRIPT = """
[ -w /run ] || exit 3
file=/run/portmatrix-responder-$(id -u)/{name}
[ -e "$file" ] || {{ echo "{nothing}"; exit 0; }}
pid=$(sed -n 's/^{{"pid": \\([0-9]*\\),.*/\\1/p' "$file")
birth=$(sed -n 's/.*"birth": "\\([0-9]*\\)".*/\\1/p' "$file")
[ -n "$pid" ] && [ -n "$birth" ] || exit 3
alive() {{
  read -r line < "/proc/$pid/stat" || return 1
  set -- ${{line##*)}}
  [ "$1" != Z ] && [ "$1" != X ] && [ "${{20}}" = "$birth" ]
}} 2> /dev/null
alive || {{ echo "{nothing}"; exit 0; }}
kill "$pid"
tries=0
while alive; do
  tries=$((tries + 1))
  [ "$tries" -le 100 ] || exit 3
  sleep 0.05 || exit 3
done
rm -f "$file"
echo "{stopped}"
"""


def command(run: str, host: str) -> str:
    """Return the command that ends the responder of ``run`` and ``host``; raises ValueError when these are no such names."""
    name = record_name(checked_run(run), checked_host(host))
    script = _SCRIPT.format(name=name, stopped=STOPPED, nothing=NOTHING)
    return f"/bin/sh -c {shlex.quote(script)}"


def has_stopped(status: int, output: str) -> bool | None:
    """Return whether there was a responder to end; None when the module has to see to it."""
    if status == 0 and STOPPED in output:
        return True
    return False if status == 0 and NOTHING in output else None
