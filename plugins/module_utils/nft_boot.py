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

RECORD = "/var/lib/portmatrix/nftables.json"
SERVICE = "nftables.service"
MARK = "# vidnet.portmatrix"
SHEBANG = "#!/usr/sbin/nft -f\n"

Place = namedtuple("Place", "main own")
"""main: the file that the distribution loads at boot. own: ours."""
Plan = namedtuple("Plan", "place files enable disable directories before after warnings")
"""files: for `FileChanges`. enable, disable: whether to do that to the service. directories: to remove when empty.
before, after: what matters for booting, as text; equal when there is nothing to do."""

_INCLUDE = re.compile(r'^\s*include\s+"([^"]+)"', re.MULTILINE)


class BootError(Exception):
    """The boot path cannot be laid; the text says why."""


def place_for(os_release):
    """Return the `Place` for the text of /etc/os-release."""
    ids = set(re.sub('["\']', "", " ".join(re.findall(r"^ID(?:_LIKE)?=(.*)$", os_release, re.MULTILINE))).split())
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
    where = place()
    main, record = file_changes.read(where.main), _record()
    wanted_main, appended = including(main, where.own)
    service, warnings = _service(where.main)
    enable = service == "disabled"
    old = (file_changes.read(where.own), file_changes.mode_of(where.own))
    new = (script.encode(), 0o600)
    files = [(where.own, *new)] if old != new else []
    if wanted_main != main:
        files.append((where.main, wanted_main, file_changes.mode_of(where.main) or 0o755))
    kept = dict(record)
    kept["main_created"] = main is None or bool(record.get("main_created"))
    if appended:
        kept["appended"] = appended
    kept["enabled"] = bool(record.get("enabled")) or enable
    kept["directories"] = sorted(
        set(record.get("directories", [])).union(*(file_changes.missing_directories(os.path.dirname(p)) for p in where))
    )
    if kept != record:
        files.insert(0, (RECORD, (json.dumps(kept, indent=2, sort_keys=True) + "\n").encode(), 0o600))
    states = (_state(where, main, old == new, old[0], service), _state(where, wanted_main, True, b"", service, enable))
    return Plan(where, files, enable, False, [], states[0], states[1], warnings)


def plan_absent():
    """Return the `Plan` by which this host no longer knows of us."""
    where = place()
    main, own, record = file_changes.read(where.main), file_changes.read(where.own), _record()
    wanted_main = without(main, where.own, record)
    files = [(path, None, None) for path, content in ((where.own, own), (RECORD, record or None)) if content is not None]
    if wanted_main != main:
        files.append((where.main, wanted_main, file_changes.mode_of(where.main)))
    disable = bool(record.get("enabled")) and _service(where.main)[0] == "enabled"
    directories = record.get("directories", []) + [os.path.dirname(RECORD)]
    states = (_state(where, main, own is not None, own), _state(where, wanted_main, False, None))
    service = ("%s: enabled\n" % SERVICE, "%s: disabled\n" % SERVICE) if disable else ("", "")
    return Plan(where, files, False, disable, directories, states[0] + service[0], states[1] + service[1], [])


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


def _service(main):
    """Return ``("enabled" | "disabled" | "none", warnings)``; raises BootError when the service is masked."""
    if not os.path.isdir("/run/systemd/system"):
        if glob.glob("/etc/runlevels/*/nftables"):
            return "enabled", []
        return "none", ["systemd does not run here: see to it that something loads %s at boot" % main]
    if glob.glob("/etc/systemd/system/*.wants/%s" % SERVICE):  # a quarter of the time that asking takes
        return "enabled", []
    state = _systemctl("is-enabled", SERVICE).stdout.strip()
    if state == "masked":
        raise BootError("%s is masked, so nothing would load the policy at boot; unmask it or set persist to false" % SERVICE)
    if state in ("disabled", "enabled-runtime", "linked"):
        return "disabled", []
    if state:
        return "enabled", []
    return "none", ["there is no %s here: see to it that something loads %s at boot" % (SERVICE, main)]


def _systemctl(*arguments):
    return subprocess.run(
        ["systemctl", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, LC_ALL="C"),
    )


def _state(where, main, current, own, service="", enable=False):
    ours = "absent" if own is None else "as declared" if current else "differs"
    text = (main or b"").decode("utf-8", "replace")
    includes = any(_matches(pattern, where.own) for pattern in _INCLUDE.findall(text))
    state = "%s: %s\n%s: %s\n" % (
        where.own,
        ours,
        where.main,
        "absent" if main is None else "loads it" if includes else "does not load it",
    )
    return state + ("%s: %s\n" % (SERVICE, "enabled" if enable else service) if service else "")
