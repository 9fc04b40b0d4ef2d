# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper: one process that holds the lab's bridge and, below it, one small process tree for each host.

Every process is told to die with its parent, and a host is a PID namespace of its own, so killing the keeper ends everything
that was ever started in the lab, and with it every namespace, mount and interface.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import traceback
from pathlib import Path
from typing import Any

from lab_state import LabError, describe, tool_path, write_state

NEWNS, NEWUTS, NEWUSER, NEWPID, NEWNET = 0x00020000, 0x04000000, 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE, MNT_DETACH = 2, 4, 8, 0x4000, 1 << 18, 2
PR_SET_PDEATHSIG = 1
SYSCTLS = {
    "ipv4/ip_forward": "0",
    "ipv6/conf/all/disable_ipv6": "0",
    "ipv6/conf/default/disable_ipv6": "0",
    "ipv6/conf/all/forwarding": "0",
    "ipv6/conf/default/accept_dad": "0",  # addresses are usable at once
    "ipv6/conf/default/accept_ra": "0",
}
ADVICE = {
    True: "start the lab as root, or allow users to make namespaces (kernel.unprivileged_userns_clone=1, "
    "kernel.apparmor_restrict_unprivileged_userns=0)",
    False: "CAP_SYS_ADMIN is needed",
}
LIBC = ctypes.CDLL(None, use_errno=True)


def _libc(function: str, *arguments: object) -> None:
    if getattr(LIBC, function)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{function}{arguments}: {os.strerror(error)}")


def _mount(source: str, target: Path | str, kind: str, flags: int = 0, data: str = "") -> None:
    _libc("mount", source.encode(), str(target).encode(), kind.encode(), ctypes.c_ulong(flags), data.encode())


def _ip(lines: list[str]) -> None:
    command = subprocess.run(
        ["ip", "-batch", "-"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": tool_path()},
    )
    if command.returncode:
        raise LabError(f"ip: {command.stderr.strip()}")


def _become_root_of_new_namespaces() -> bool:
    """Gives this process its own network and mounts; as an ordinary user, in a user namespace. True when so."""
    user, group = os.getuid(), os.getgid()
    rootless = user != 0
    try:
        _libc("unshare", NEWNET | NEWNS | (NEWUSER if rootless else 0))
        if rootless:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {user} 1")
            Path("/proc/self/gid_map").write_text(f"0 {group} 1")
        _mount("none", "/", "none", MS_REC | MS_PRIVATE)
    except OSError as error:
        raise LabError(f"this kernel refuses namespaces ({error}); {ADVICE[rootless]}") from error
    return rootless


def _private_files(name: str, store: Path) -> None:
    """Own /etc, /var/lib, /run and /sys; the rest of the file system is the machine's."""
    for target, lower in (("/etc", store / "etc"), ("/var/lib", Path("/var/lib"))):
        upper, work = (store / name / target.replace("/", "_") / part for part in ("upper", "work"))
        upper.mkdir(parents=True, mode=0o755)
        work.mkdir()
        _mount("overlay", target, "overlay", 0, f"lowerdir={lower},upperdir={upper},workdir={work}")
    _mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755")
    _mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    _libc("umount2", str(store).encode(), MNT_DETACH)


def _hardware_address(number: int) -> str:
    """The address of a host's network card: locally administered, and known before the card exists."""
    return f"02:00:00:00:{number >> 8:02x}:{number & 255:02x}"


def _neighbours(plan: dict[str, list[str]]) -> dict[str, list[str]]:
    """Host -> what tells it where all others are. The kernel's table of neighbours is one for all namespaces of the machine,
    and bounded; what is entered for good does not count."""
    entries = {
        name: [
            f"neigh add {interface.partition('/')[0]} lladdr {_hardware_address(number)} dev eth0 nud permanent"
            for interface in interfaces
        ]
        for number, (name, interfaces) in enumerate(plan.items())
    }
    return {name: [line for other, lines in entries.items() if other != name for line in lines] for name in plan}


def _start_host(number: int, name: str, interfaces: list[str], neighbours: list[str], keeper: int, store: Path) -> int:
    """Turns this process into the parent of a new host; returns the PID of the host's first process."""
    _libc("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _libc("unshare", NEWNET | NEWNS | NEWUTS)
    socket.sethostname(name)
    for key, value in SYSCTLS.items():
        Path("/proc/sys/net", key).write_text(value)
    _ip(
        [
            "link set lo up",
            f"link add eth0 address {_hardware_address(number)} type veth peer name p{number} netns {keeper}",
            "link set eth0 up",
            *(f"addr add {interface} dev eth0" for interface in interfaces),
            "route add 224.0.0.0/4 dev eth0",
            *neighbours,
        ]
    )
    _private_files(name, store)
    _libc("unshare", NEWPID)
    ready, done = os.pipe()
    host = os.fork()
    if host == 0:
        _libc("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # reap what daemons leave behind
        os.chdir("/")
        os.write(done, b"+")
        while True:
            signal.pause()
    os.close(done)
    if not os.read(ready, 1):
        raise LabError(f"{name}: cannot mount its own /proc")
    return host


def _close_all_but(descriptor: int) -> None:
    """Lets go of what was inherited: whoever waits for the end of a pipe would wait for the end of the lab."""
    os.closerange(3, descriptor)
    os.closerange(descriptor + 1, os.sysconf("SC_OPEN_MAX"))


def _host_process(
    number: int, name: str, interfaces: list[str], neighbours: list[str], keeper: int, store: Path, report: int
) -> None:
    """Body of the child that belongs to one host; never returns."""
    _close_all_but(report)
    try:
        host = _start_host(number, name, interfaces, neighbours, keeper, store)
        os.write(report, json.dumps({"host": name, "pid": host}).encode() + b"\n")
        os.waitpid(host, 0)
    except (OSError, LabError) as error:
        os.write(report, json.dumps({"error": f"{name}: {error}"}).encode() + b"\n")
    finally:
        os._exit(0)


def _start_lab(directory: Path, plan: dict[str, list[str]], known: bool) -> None:
    keeper = os.getpid()
    hosts: dict[str, dict[str, Any]] = {}
    state = {
        "keeper": describe(keeper),
        "rootless": os.getuid() != 0,
        "plan": plan,
        "neighbours": known,
        "hosts": hosts,
    }
    write_state(directory, state)  # from here on `down` can find what there is
    _become_root_of_new_namespaces()
    if not Path("/proc/sys/net/ipv6").exists():
        raise LabError("this kernel runs without IPv6, which the lab needs")
    store = directory / "files"
    store.mkdir(exist_ok=True)
    _mount("tmpfs", store, "tmpfs", MS_NOSUID | MS_NODEV, "mode=700")
    # What an ordinary user may not read is left out, so the exit status says nothing.
    subprocess.run(
        ["cp", "-dR", "--preserve=mode,timestamps", "/etc", str(store)], stderr=subprocess.DEVNULL, check=False
    )
    _ip(["link add lab0 type bridge mcast_snooping 0", "link set lab0 up"])

    results, report = os.pipe()
    neighbours = _neighbours(plan) if known else {}
    for number, (name, interfaces) in enumerate(plan.items()):
        if os.fork() == 0:
            _host_process(number, name, interfaces, neighbours.get(name, []), keeper, store, report)
    os.close(report)
    with os.fdopen(results) as lines:
        for _unused, line in zip(plan, lines):
            result = json.loads(line)
            if "error" in result:
                raise LabError(result["error"])
            hosts[result["host"]] = describe(result["pid"])
    if silent := plan.keys() - hosts.keys():
        raise LabError(f"no word from {', '.join(sorted(silent))}")
    _ip([f"link set p{number} master lab0 up" for number in range(len(plan))])
    write_state(directory, state)


def keep(directory: Path, plan: dict[str, list[str]], known: bool, report: int) -> None:
    """Body of the keeper process: builds the lab, writes "ok" or what went wrong to ``report``, and stays. Never returns.

    ``known``: every host is told the hardware addresses of all others.
    """
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        _close_all_but(report)
        os.chdir("/")
        _start_lab(directory, plan, known)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a host that ends leaves no zombie
        os.write(report, b"ok")
        os.close(report)
        while True:
            signal.pause()
    except (LabError, OSError) as error:
        os.write(report, str(error).encode())
    except BaseException:
        os.write(report, traceback.format_exc().encode())
    finally:
        os._exit(1)
