# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boot path of the nftables policy: our own file, loaded by the distribution's main file and service.

What was there before is kept on record, so that leaving gives back every byte of it.
"""

from __future__ import annotations

import fnmatch
import glob
import json
import os
import re
import subprocess
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import file_changes
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError

RECORD = "/var/lib/portmatrix/nftables.json"
SERVICE = "nftables.service"
MARK = "# vidnet.portmatrix"
SHEBANG = "#!/usr/sbin/nft -f\n"

Place = namedtuple("Place", "main own")
"""main: the file that the distribution loads at boot. own: ours."""
Plan = namedtuple("Plan", "place files enable disable directories before after warnings")
"""files: for `FileChanges`. enable, disable: whether to do that to the service. directories: to remove when empty.
before, after: what matters for booting, as text; equal when there is nothing to do."""

_UNLOADED = {
    "unmanaged": "systemd does not run here: see to it that something loads %s at boot",
    "missing": "there is no nftables.service here: see to it that something loads %s at boot",
}
_INCLUDE = re.compile(r'^\s*include\s+"([^"]+)"', re.MULTILINE)


class BootError(BackendError):
    """The boot path cannot be laid; the text says why."""


def place_for(os_release):
    """Return the `Place` for the text of /etc/os-release."""
    ids = set(re.sub("[\"']", "", " ".join(re.findall(r"^ID(?:_LIKE)?=(.*)$", os_release, re.MULTILINE))).split())
    if ids & {"rhel", "fedora", "centos"}:
        return Place("/etc/sysconfig/nftables.conf", "/etc/nftables/portmatrix.nft")
    if "alpine" in ids:
        return Place("/etc/nftables.nft", "/etc/nftables.d/portmatrix.nft")
    return Place("/etc/nftables.conf", "/etc/nftables.d/portmatrix.nft")


def place():
    """Return the `Place` of this host; the main file's symbolic links are followed."""
    os_release = file_changes.read("/etc/os-release") or file_changes.read("/usr/lib/os-release") or b""
    found = place_for(os_release.decode(errors="replace"))
    return found._replace(main=os.path.realpath(found.main))


def plan_present(script):
    """Return the `Plan` by which this host loads ``script`` (text) at boot; raises BootError when it cannot."""
    where, record, service = place(), _record(), _service()
    if service == "masked":
        raise BootError(
            "%s is masked, so nothing would load the policy at boot; unmask it or set persist to false" % SERVICE
        )
    main = file_changes.read(where.main)
    wanted_main, appended = including(main, where.own)
    old = (file_changes.read(where.own), file_changes.mode_of(where.own))
    new = (script.encode(), 0o600)
    kept = _kept(record, where, main, appended, service)
    files = []
    if kept != record:
        files.append((RECORD, (json.dumps(kept, indent=2, sort_keys=True) + "\n").encode(), 0o600))
    if old != new:
        files.append((where.own, *new))
    if wanted_main != main:
        files.append((where.main, wanted_main, file_changes.mode_of(where.main) or 0o755))
    ours = "absent" if old[0] is None else "as declared" if old == new else "differs"
    enable = service == "disabled"
    return Plan(
        place=where,
        files=files,
        enable=enable,
        disable=False,
        directories=[],
        before=_state(where, ours, main, service),
        after=_state(where, "as declared", wanted_main, "enabled" if enable else service),
        warnings=[_UNLOADED[service] % where.main] if service in _UNLOADED else [],
    )


def plan_absent():
    """Return the `Plan` by which this host no longer knows of us."""
    where, record = place(), _record()
    main = file_changes.read(where.main)
    wanted_main = without(main, where.own, record)
    present = [path for path in (where.own, RECORD) if os.path.exists(path)]
    files = []
    if wanted_main != main:
        files.append((where.main, wanted_main, file_changes.mode_of(where.main)))
    # In this order: a main file that includes a file that is gone does not load at all.
    files += [(path, None, None) for path in present]
    disable = bool(record.get("enabled")) and _service() == "enabled"
    return Plan(
        place=where,
        files=files,
        enable=False,
        disable=disable,
        directories=record.get("directories", []) + [os.path.dirname(RECORD)],
        before=_state(where, "present" if where.own in present else "absent", main, "enabled" if disable else ""),
        after=_state(where, "absent", wanted_main, "disabled" if disable else ""),
        warnings=[],
    )


def _kept(record, where, main, appended, service):
    """Return the record of what to give back one day: the first finding of each thing stays."""
    missing = [path for file in where for path in file_changes.missing_directories(os.path.dirname(file))]
    return {
        "main_created": main is None or bool(record.get("main_created")),
        "appended": appended or record.get("appended", ""),
        "enabled": service == "disabled" or bool(record.get("enabled")),
        "directories": sorted(set(record.get("directories", [])).union(missing)),
    }


def including(main, own):
    """Return ``(bytes of the main file with our file included, what was appended to it)``; ``main`` may be None."""
    text = (main or b"").decode("utf-8", "surrogateescape")
    if any(_matches(pattern, own) for pattern in _INCLUDE.findall(text)):
        return main, ""
    line = 'include "%s" %s\n' % (own, MARK)
    appended = line if text.endswith("\n") or not text else "\n" + line
    return ((text if main is not None else SHEBANG) + appended).encode("utf-8", "surrogateescape"), appended


def without(main, own, record):
    """Return the bytes of the main file as they were before us, or None when it was not there."""
    if main is None:
        return None
    text = main.decode("utf-8", "surrogateescape")
    appended = record.get("appended", "")
    if appended and text.endswith(appended):
        text = text[: -len(appended)]
    else:
        text = re.sub(r'^include "%s" %s\n' % (re.escape(own), re.escape(MARK)), "", text, flags=re.MULTILINE)
    if record.get("main_created") and text == SHEBANG:
        return None
    return text.encode("utf-8", "surrogateescape")


def others_part(where):
    """Return the text of the main file without our include: what must load for us to be loaded."""
    main = (file_changes.read(where.main) or b"").decode("utf-8", "surrogateescape")
    return re.sub(r'^include "%s" %s$' % (re.escape(where.own), re.escape(MARK)), "", main, flags=re.MULTILINE)


def switch_service(verb):
    """``enable`` or ``disable`` the service for the next boot, never touching what runs; raises BootError."""
    done = _systemctl(verb, SERVICE)
    if done.returncode:
        raise BootError("systemctl %s %s failed: %s" % (verb, SERVICE, done.stderr.strip()))


def _matches(pattern, path):
    pattern = pattern if pattern.startswith("/") else "/etc/" + pattern
    return pattern.count("/") == path.count("/") and fnmatch.fnmatchcase(path, pattern)


def _record():
    try:
        return json.loads(file_changes.read(RECORD) or b"{}")
    except ValueError:
        raise BootError("%s is damaged; restore or delete it" % RECORD) from None


def _service():
    """Return what becomes of the service at boot: ``enabled``, ``disabled``, ``masked``, ``missing`` or ``unmanaged``."""
    if not os.path.isdir("/run/systemd/system"):
        return "enabled" if glob.glob("/etc/runlevels/*/nftables") else "unmanaged"
    if glob.glob("/etc/systemd/system/*.wants/%s" % SERVICE):  # asking takes ten times as long
        return "enabled"
    state = _systemctl("is-enabled", SERVICE).stdout.strip()
    if state in ("disabled", "enabled-runtime", "linked"):
        return "disabled"
    return ("masked" if state.startswith("masked") else "enabled") if state else "missing"


def _systemctl(*arguments):
    return subprocess.run(
        ["systemctl", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
        text=True,
        env=dict(os.environ, LC_ALL="C"),
    )


def _state(where, own, main, service):
    text = (main or b"").decode("utf-8", "replace")
    loads = (
        "loads it" if any(_matches(pattern, where.own) for pattern in _INCLUDE.findall(text)) else "does not load it"
    )
    lines = ["%s: %s" % (where.own, own), "%s: %s" % (where.main, "absent" if main is None else loads)]
    if service:
        lines.append("%s: %s" % (SERVICE, service))
    return "\n".join(lines) + "\n"
