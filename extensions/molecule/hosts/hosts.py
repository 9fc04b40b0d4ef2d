# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of a scenario: containers with systemd, reached by ssh over a network of their own.

    hosts.py check                        say whether this machine can run them (exit 3 and why, when it cannot)
    hosts.py up                           start the scenario's hosts
    hosts.py reboot HOST...               restart hosts
    hosts.py exec HOST COMMAND...         run a command on a host as root, past ssh and its firewall; "controller" is this machine
    hosts.py probe HOST TARGET=STATE...   connect from a host: 10.79.0.12:7563=open, [fd79::12]:22=filtered, ...=refused
    hosts.py snapshot HOST whole|neighbours   print what the host's firewall holds
    hosts.py same HOST whole|neighbours FILE  compare it with what it was (exit 1 and the differences)
    hosts.py source other|usual           where the controller's new connections to port 22 come from
    hosts.py abandon HOST... -- PLAYBOOK  run it, and kill it and its ssh when a change waits to be confirmed on these hosts
    hosts.py outages FILE HOST...         note when new connections to port 22 fail, until FILE.stop is there
    hosts.py down                         end the scenario's hosts
    hosts.py down all                     end those of all scenarios, and let go of the storage of containers

The scenario is MOLECULE_SCENARIO_NAME. Needs root.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from machines import (
    HERE,
    HostsError,
    Scenario,
    boot,
    image,
    podman,
    podman_command,
    read_plan,
    release_storage,
    run,
    wait_until_booted,
)

TRIAL = "trial"
ACTIONS = ("check", "up", "reboot", "exec", "probe", "snapshot", "same", "source", "abandon", "outages", "down")


def check() -> None:
    """Raise HostsError when this machine cannot run the hosts."""
    if os.geteuid() != 0:
        raise HostsError("containers with a network of the tests' own need root")
    missing = [tool for tool in ("podman", "ip", "nsenter", "nft", "ssh") if not shutil.which(tool)]
    if missing:
        raise HostsError(f"{', '.join(missing)} missing")
    for release in sorted({host.release for host in read_plan()[0]}):
        name = image(release)
        podman("rm", "--force", "--time", "0", "--ignore", TRIAL)
        try:
            boot(TRIAL, name)
            wait_until_booted(TRIAL)
            podman("exec", TRIAL, "nft", "add table inet trial")
        finally:
            podman("rm", "--force", "--time", "0", "--ignore", TRIAL)


def inside(scenario: Scenario, host: str) -> list[str]:
    """Return what a command on a host, or on the controller, begins with."""
    if host == "controller":
        return ["ip", "netns", "exec", scenario.namespace]
    return [*podman_command(), "exec", "--interactive", scenario.container(host)]


def script(scenario: Scenario, host: str, name: str, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """Run a script of this directory on a host, by the host's Python."""
    python = sys.executable if host == "controller" else "python3"
    return run(*inside(scenario, host), python, "-", *arguments, text=(HERE / name).read_text(), check=False, **options)


def abandon(scenario: Scenario, hosts: list[str], playbook: str) -> None:
    """Run a playbook until a change waits on all ``hosts``, and end it as the loss of the controller does: nobody says goodbye."""
    control = scenario.state / "lost"  # of its ssh, which lives on in sessions of its own
    waiting = ["test", "-e", "/run/portmatrix/pending.json"]
    with (scenario.state / "abandoned.log").open("w+") as log:
        command = ["ansible-playbook", "--extra-vars", f"ansible_control_path_dir={control}", playbook]
        running = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        missing = set(hosts)
        while missing and running.poll() is None:
            missing -= {host for host in missing if run(*inside(scenario, host), *waiting, check=False).returncode == 0}
        if not missing:
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        for process in processes_with(str(control)):
            with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
                os.kill(process, signal.SIGKILL)
        scenario.source("usual")
        if missing:
            log.seek(0)
            raise HostsError(f"no change waited on {', '.join(sorted(missing))}: {log.read()}")


def processes_with(word: str) -> list[int]:
    """Return the ids of the processes whose command line holds a word."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if word.encode() in (directory / "cmdline").read_bytes():
                found.append(int(directory.name))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("words", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    words = options.words
    if options.action == "check":
        check()
        return 0
    if options.action == "down" and words == ["all"]:
        for directory in Path(Scenario("all").state).parent.glob("*"):
            Scenario(directory.name).down()
        release_storage()
        return 0
    scenario = Scenario(os.environ["MOLECULE_SCENARIO_NAME"])
    if options.action == "up":
        scenario.up()
    elif options.action == "down":
        scenario.down()
    elif options.action == "reboot":
        scenario.reboot(words)
    elif options.action == "source":
        scenario.source(words[0])
    elif options.action == "exec":
        return subprocess.run([*inside(scenario, words[0]), *words[1:]], check=False).returncode
    elif options.action in ("probe", "snapshot"):
        done = script(scenario, words[0], f"{options.action}.py", *words[1:])
        sys.stdout.write(done.stdout)
        sys.stderr.write(done.stderr)
        return done.returncode
    elif options.action == "same":
        now = script(scenario, words[0], "snapshot.py", words[1]).stdout
        differences = list(
            difflib.unified_diff(
                Path(words[2]).read_text().splitlines(), now.splitlines(), "before", "now", "", "", 1, ""
            )
        )
        print("\n".join(differences))
        return 1 if differences else 0
    elif options.action == "abandon":
        split = words.index("--")
        abandon(scenario, words[:split], words[split + 1])
    elif options.action == "outages":
        addresses = [host.address for host in scenario.hosts if host.name in words[1:]]
        done = script(scenario, "controller", "outages.py", words[0], *addresses)
        sys.stderr.write(done.stderr)
        return done.returncode
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except HostsError as error:
        print(f"hosts.py: {error}", file=sys.stderr)
        sys.exit(3)
