# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of one scenario, and the network that they and the controller are on.

The network is a bridge in a network namespace of the scenario, where the controller has its addresses. A container has a namespace of its
own that ends when it does, as a machine's rules do, so it is plugged in again after every start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
TOP = HERE.parents[2]
CACHE = TOP / ".cache" / "containers"
RUNTIME = Path("/run") / ("portmatrix-" + hashlib.sha256(str(TOP).encode()).hexdigest()[:8])
IMAGE_SCRIPT = TOP / "tests" / "tools" / "systemd-image.sh"
BRIDGE = "site"
NAT = "scenario_source"

Host = namedtuple("Host", "name address addresses release")
"""address: where Ansible reaches it. addresses: all of them, with prefix length. release: of Debian."""


class HostsError(Exception):
    """Something that keeps the hosts from running; the text is a sentence."""


def run(*command: str, text: str | None = None, check: bool = True, **options) -> subprocess.CompletedProcess[str]:
    """Run a command and return it with its output; raises HostsError with what it said."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, **options)
    if check and done.returncode:
        raise HostsError(f"{' '.join(command)}: exit {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done


def podman_command() -> list[str]:
    """Return podman with a storage of this checkout's own."""
    return ["podman", "--root", str(CACHE / "storage"), "--runroot", str(RUNTIME / "podman")]


def podman(*arguments: str, **options) -> str:
    """Run podman and return what it prints."""
    return run(*podman_command(), *arguments, env=_environment(), **options).stdout.strip()


def _environment() -> dict[str, str]:
    settings = CACHE / "containers.conf"
    if not settings.exists():
        settings.parent.mkdir(parents=True, exist_ok=True)
        # crun refuses where both versions of cgroups are in use
        runtime = '\nruntime = "runc"' if shutil.which("runc") else ""
        settings.write_text(
            f'[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"{runtime}\n'
            '[containers]\nlog_driver = "k8s-file"\ndefault_ulimits = ["nofile=8192:8192", "nproc=8192:8192"]\n'
        )
    return {**os.environ, "CONTAINERS_CONF": str(settings), "PODMAN": " ".join(podman_command())}


def image(release: str) -> str:
    """Return the name of the image of a release of Debian, building it where there is none."""
    done = subprocess.run([IMAGE_SCRIPT, release], env=_environment(), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise HostsError(f"no image of {release} could be built")
    return done.stdout.strip()


def read_plan() -> tuple[list[Host], dict]:
    """Return the hosts of the inventory and its variables for all."""
    inventory = yaml.safe_load((HERE / "inventory" / "hosts.yml").read_text())["all"]
    lengths = inventory["vars"]["host_prefix_lengths"]
    hosts = [
        Host(
            name,
            values["ansible_host"],
            [with_length(address, lengths) for address in values["portmatrix_addresses"]],
            values["host_release"],
        )
        for name, values in inventory["hosts"].items()
    ]
    return hosts, inventory["vars"]


def with_length(address: str, lengths: dict[int, int]) -> str:
    """Return an address with the prefix length of its family."""
    return f"{address}/{lengths[6 if ':' in address else 4]}"


def boot(container: str, from_image: str, *options: str) -> None:
    """Start a container whose first process is systemd, with no network but the loopback."""
    podman(
        "run", "--detach", "--name", container, "--network", "none", "--systemd", "always", "--cap-add", "NET_ADMIN,NET_RAW",
        *options, from_image, "/sbin/init",
    )  # fmt: skip


def wait_until_booted(container: str) -> None:
    """Return when systemd has started everything; raises HostsError when it does not get there."""
    for _try in range(100):  # until it answers at all
        state = podman("exec", container, "systemctl", "is-system-running", "--wait", check=False)
        if state not in ("", "offline"):
            break
        time.sleep(0.1)
    if state != "running":
        failed = podman("exec", container, "systemctl", "--failed", "--no-legend", check=False)
        raise HostsError(f"{container} did not boot: {state or 'no answer'} {failed}")


class Scenario:
    """The containers, the network and the controller's keys of one scenario."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.state = TOP / ".cache" / "hosts" / name
        self.namespace = f"{RUNTIME.name}-{name}"
        self.hosts, self.variables = read_plan()

    def container(self, host: str) -> str:
        """Return the name of a host's container."""
        return f"{self.name}-{host}"

    def on_controller(self, *command: str, **options) -> subprocess.CompletedProcess[str]:
        """Run a command on the controller, which is this machine with the scenario's network."""
        return run("ip", "netns", "exec", self.namespace, *command, **options)

    def up(self) -> None:
        """Start everything; what is left of an earlier run is ended first."""
        self.down()
        releases = sorted({host.release for host in self.hosts})
        images = {release: image(release) for release in releases}
        self.state.mkdir(parents=True)
        self._connect_controller()
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.state / "key"))
        with ThreadPoolExecutor() as pool:
            keys = list(pool.map(lambda host: self._start(host, images[host.release]), self.hosts))
        (self.state / "known_hosts").write_text("".join(keys))

    def _connect_controller(self) -> None:
        lengths = self.variables["host_prefix_lengths"]
        run("ip", "netns", "add", self.namespace)
        (self.state / "namespace").symlink_to(Path("/run/netns") / self.namespace)
        self.on_controller("ip", "link", "set", "lo", "up")
        # With an address of its own: otherwise it takes one of its ports', and changes it when they come and go.
        self.on_controller("ip", "link", "add", BRIDGE, "address", "02:00:00:00:01:00", "type", "bridge")
        self.on_controller("ip", "link", "set", BRIDGE, "up")
        address = ["ip", "netns", "exec", self.namespace, "ip", "address"]
        for usual in self.variables["controller_addresses"]:
            run(*address, "add", with_length(usual, lengths), "dev", BRIDGE, "nodad")
        for other in self.variables["controller_other_addresses"]:
            # Of two IPv6 addresses the kernel would take the newer one.
            run(
                *address,
                "add",
                with_length(other, lengths),
                "dev",
                BRIDGE,
                "nodad",
                *(["preferred_lft", "0"] if ":" in other else []),
            )
        # There before the first connection, so that the kernel knows every connection when its source is to change.
        self.on_controller("nft", "-f", "-", text=_nat(()))

    def _start(self, host: Host, from_image: str) -> str:
        """Start a host and wait until it has booted; returns its line for known_hosts."""
        container = self.container(host.name)
        boot(container, from_image, "--hostname", host.name)
        self._plug(host)
        public = (self.state / "key.pub").read_text()
        script = (
            "install -d -m 0700 -o deploy -g deploy /home/deploy/.ssh && "
            "cat > /home/deploy/.ssh/authorized_keys && cat /etc/ssh/ssh_host_ed25519_key.pub"
        )
        key = podman("exec", "--interactive", container, "sh", "-c", script, text=public)
        wait_until_booted(container)
        return f"{host.address} {key}\n"

    def _plug(self, host: Host) -> None:
        """Give a host its link, as a machine has one from the moment it starts."""
        mac = f"02:00:00:00:00:{self.hosts.index(host):02x}"  # the same after a restart, as a machine's is
        process = podman("inspect", "--format", "{{.State.Pid}}", self.container(host.name))
        self.on_controller("ip", "link", "delete", host.name, check=False)  # of the last start, when the kernel is late
        inner = ["name", "eth0", "address", mac, "netns", process]
        self.on_controller("ip", "link", "add", host.name, "type", "veth", "peer", *inner)
        self.on_controller("ip", "link", "set", host.name, "master", BRIDGE, "up")
        inside = ["nsenter", f"--net=/proc/{process}/ns/net", "ip"]
        for address in host.addresses:
            run(*inside, "address", "add", address, "dev", "eth0", "nodad")
        run(*inside, "link", "set", "eth0", "up")

    def reboot(self, names: list[str]) -> None:
        """Restart hosts and wait until they have booted."""

        def restart(host: Host) -> None:
            podman("restart", "--time", "20", self.container(host.name))
            self._plug(host)
            wait_until_booted(self.container(host.name))

        with ThreadPoolExecutor() as pool:
            list(pool.map(restart, (host for host in self.hosts if host.name in names)))

    def source(self, which: str) -> None:
        """Let the controller's new connections to port 22 come from its ``other`` or its ``usual`` addresses."""
        addresses = self.variables["controller_other_addresses"] if which == "other" else ()
        self.on_controller("nft", "-f", "-", text=_nat(addresses))

    def down(self) -> None:
        """End the scenario and remove its state."""
        if CACHE.is_dir() and shutil.which("podman"):
            podman("rm", "--force", "--time", "0", "--ignore", *(self.container(host.name) for host in self.hosts))
        if (Path("/run/netns") / self.namespace).exists():
            run("ip", "netns", "delete", self.namespace)
        shutil.rmtree(self.state, ignore_errors=True)


def _nat(addresses) -> str:
    """Return nft's commands that give new connections these sources and leave the others as they are.

    The rule on states has the kernel follow connections while there is nothing to translate: one that it does not know is new to it.
    """
    sources = "".join(
        f"add rule inet {NAT} postrouting tcp dport 22 snat {'ip6' if ':' in address else 'ip'} to {address}\n"
        for address in addresses
    )
    return f"""
table inet {NAT} {{
    chain follow {{ type filter hook output priority 0; }}
    chain postrouting {{ type nat hook postrouting priority 100; }}
}}
flush table inet {NAT}
add rule inet {NAT} follow ct state new
{sources}"""


def release_storage() -> None:
    """Let go of the storage, so that it can be removed as any directory."""
    mounted = str(CACHE / "storage" / "overlay")
    if os.path.ismount(mounted):
        run("umount", mounted)
    shutil.rmtree(RUNTIME, ignore_errors=True)
