# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real players, servers and clients on the hosts of the lab, and policies put in force there one after the other."""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.support.lab import CHECKOUT, SiteLab

PROGRAMS = CHECKOUT / "tests" / "media"
SYSTEM_PYTHON = "/usr/bin/python3"
"""It has GStreamer's bindings, which the Python of the tests has not."""
FRAMES = 25
"""How many frames are pulled: of a server that sends 25 a second."""
PATIENCE = 60.0
"""Seconds for what must come, on however busy a machine."""
SILENCE = 2
"""Seconds without a packet after which nothing comes."""
TOOLS = "/usr/bin:/usr/sbin:/bin:/sbin"
BINDINGS = "import gi; gi.require_version('GstRtspServer', '1.0')"
PLAY = """
- hosts: all
  gather_facts: false
  roles: [vidnet.portmatrix.host_firewall]
"""


def chronyd() -> str:
    """Return the time daemon's path: the machine's own, or the one that media-packages.sh unpacked."""
    return shutil.which("chronyd", path=f"{TOOLS}:{CHECKOUT}/.cache/chrony/usr/sbin") or ""


def missing() -> list[str]:
    """Return what these tests need and the machine does not have."""
    found = {name: shutil.which(name, path=TOOLS) for name in ("ffmpeg", "dnsmasq", "conntrack", "setpriv")}
    found["chronyd"] = chronyd()
    bindings = subprocess.run([SYSTEM_PYTHON, "-c", BINDINGS], capture_output=True, check=False)
    found["GStreamer's RTSP server"] = "" if bindings.returncode else "yes"
    return sorted(name for name, path in found.items() if not path)


class Pulled(NamedTuple):
    """What a player got."""

    pictures: int
    """Decoded frames, all different from each other."""
    size: str
    """Of a frame, such as ``160x120``; "" when none came."""
    said: str
    """All else that the player printed."""


class Output:
    """The lines that a process prints, as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._process = process
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def line(self, seconds: float = PATIENCE) -> str:
        """Return the next line; raises AssertionError when none comes in time."""
        with contextlib.suppress(queue.Empty):
            line = self._lines.get(timeout=seconds)
            assert line is not None, f"{self._process.args} has ended"
            return line
        raise AssertionError(f"{self._process.args}: no further line within {seconds:g} s")

    def rest(self) -> list[str]:
        """Return the lines that are there already."""
        lines = []
        with contextlib.suppress(queue.Empty):
            while True:
                lines.append(self._lines.get_nowait() or "")
        return lines

    def close(self) -> None:
        """Read to the end of a process that has ended."""
        self._reader.join(PATIENCE)
        if self._process.stdout:
            self._process.stdout.close()


class MediaSite:
    """The lab with the site's policy applied."""

    def __init__(self, lab: SiteLab) -> None:
        self.lab = lab
        self._in_force: dict[str, str] = {}
        self._play = lab.directory / "apply.yml"
        self._play.write_text(PLAY)

    def apply(self, *hosts: str, **variables: Any) -> None:
        """Have the policy of these hosts as ``variables`` (without ``portmatrix_``) make it, and otherwise as the inventory does."""
        wanted = json.dumps({f"portmatrix_{name}": value for name, value in sorted(variables.items())})
        late = [host for host in hosts if self._in_force.get(host, "{}") != wanted]
        if late:
            # unconfirmed: site.yml has shown before how a change is confirmed, and here are many
            quickly = ("-e", '{"portmatrix_confirm_timeout": 0}')
            done = self.lab.playbook(str(self._play), "--limit", ",".join(late), *quickly, "-e", wanted)
            assert done.returncode == 0, done.stdout + done.stderr
            self._in_force.update(dict.fromkeys(late, wanted))

    @contextlib.contextmanager
    def running(self, host: str, *command: str, ready: str = "") -> Iterator[Output]:
        """Run a program on a host meanwhile; enters once a line has ``ready`` in it."""
        process = self.lab.start(host, "setpriv", "--pdeathsig", "KILL", "sh", "-c", 'exec "$@" 2>&1', "sh", *command)
        output = Output(process)
        try:
            while ready and ready not in output.line():
                pass
            yield output
        finally:
            process.kill()
            process.wait()
            output.close()

    def begin(self, host: str, *command: str) -> subprocess.Popen[str]:
        """Start a client on a host, which does not run for ever; `said` waits for it."""
        limited = ("timeout", "-k", "1", f"{2 * PATIENCE:g}", "sh", "-c", 'exec "$@" 2>&1', "sh")
        return self.lab.start(host, *limited, *command)

    def play(
        self, host: str, url: str, *options: str, comes: bool = True, silence: float = 0, frames: int = FRAMES
    ) -> subprocess.Popen[str]:
        """Start ffmpeg on a host; `pulled` waits for it. It gives up after ``silence`` seconds, as a rule by whether anything ``comes``."""
        silence = silence or (PATIENCE if comes else SILENCE)
        limit = f"{silence * 1_000_000:.0f}"
        scheme = url.partition(":")[0]
        # what comes by multicast says little of itself, and ffmpeg would watch it for five seconds first
        how = {"rtsp": ("-timeout", limit), "http": ("-rw_timeout", limit), "udp": ("-analyzeduration", "500000")}[
            scheme
        ]
        source = f"{url}?timeout={limit}" if scheme == "udp" else url
        command = ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "warning", *how, *options, "-i", source]
        return self.begin(host, *command, "-map", "0:v", "-frames:v", str(frames), "-f", "framemd5", "-")

    def player(
        self, host: str, url: str, method: str, comes: bool = True, port_range: str = "0-0"
    ) -> subprocess.Popen[str]:
        """Start GStreamer's player over UDP on a host; `said` waits for its number of frames.

        ``method`` is ``dummy`` where it sends the first packet, ``none`` where it waits. ``port_range`` 0-0 is any.
        """
        seconds = PATIENCE if comes else SILENCE
        program = str(PROGRAMS / "rtsp_player.py")
        return self.begin(host, SYSTEM_PYTHON, program, url, method, port_range, str(FRAMES), f"{seconds:g}")

    def shell(self, host: str, script: str) -> str:
        """Run a script on a host, which must succeed; return what it printed."""
        return self.lab.run(host, "sh", "-ec", script)


def said(process: subprocess.Popen[str]) -> str:
    """Return all that a client printed, once it has ended."""
    with process:
        return process.communicate(timeout=3 * PATIENCE)[0]


def pulled(process: subprocess.Popen[str]) -> Pulled:
    """Return what ffmpeg got, once it has ended."""
    lines = said(process).splitlines()
    sizes = [line.split()[-1] for line in lines if line.startswith("#dimensions 0:")]
    pictures = {line.split(",")[-1] for line in lines if line.startswith("0,")}
    rest = [line for line in lines if not line.startswith(("#", "0,"))]
    return Pulled(len(pictures), sizes[0] if pictures else "", "\n".join(rest))


def eventually(condition: Any, what: str) -> None:
    """Wait until a function returns a true value; raises AssertionError when it never does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {PATIENCE:g} s"
        time.sleep(0.1)


class Bridge:
    """The lab's bridge, as a switch that looks into IGMP and MLD, and asks who listens."""

    def __init__(self, lab: SiteLab) -> None:
        (state,) = lab.directory.glob("portmatrix-lab-*/*/state.json")
        known = json.loads(state.read_text())
        user = ["--user", "--preserve-credentials"] if known["rootless"] else []
        self._enter = ["nsenter", "--target", str(known["keeper"]["pid"]), *user, "--net", "--"]
        self._ports = {name: f"p{number}" for number, name in enumerate(known["plan"])}

    def settings(self, **values: int) -> None:
        """Change settings of the bridge, such as ``mcast_snooping``; times are hundredths of a second."""
        words = [word for name, value in values.items() for word in (name, str(value))]
        self._run("ip", "link", "set", "lab0", "type", "bridge", *words)

    def joined(self, group: str) -> set[str]:
        """Return the hosts that the switch has heard joining a group."""
        entries = json.loads(self._run("bridge", "-json", "mdb", "show", "dev", "lab0"))
        ports = {entry["port"] for part in entries for entry in part.get("mdb", []) if entry["grp"] == group}
        return {name for name, port in self._ports.items() if port in ports}

    def _run(self, *command: str) -> str:
        path = {"PATH": TOOLS}
        done = subprocess.run([*self._enter, *command], capture_output=True, text=True, check=False, env=path)
        assert done.returncode == 0, done.stderr
        return done.stdout


def clip(directory: Path) -> Path:
    """Make a minute of H.264: 320x240, 25 frames a second, every one different."""
    file = directory / "clip.mp4"
    source = ["-f", "lavfi", "-i", "testsrc=size=320x240:rate=25:duration=60"]
    coder = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", *source, *coder, str(file)], check=True)
    return file
