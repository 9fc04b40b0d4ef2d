# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP from the mobile server; names and time for a FLOW box whose egress is enforced: by dnsmasq, the C library, chrony and ffmpeg."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support import media
from tests.support.media import FRAMES, SILENCE, MediaSite, pulled, said

pytestmark = pytest.mark.media

SERVERS = {"dns1": ("10.77.1.2", "fd77::1:2"), "insights1": ("10.77.1.32", "fd77::1:32")}
"""The declared name and time server, and one that is none: it answers just so, to whoever may ask it."""
NAME, ADDRESSES = "recorder.example", ("10.77.1.12", "fd77::1:12")
DNSMASQ = ("dnsmasq", "--keep-in-foreground", "--user=root", "--group=root", "--conf-file=/dev/null", "--pid-file=")
RECORDS = ("--no-resolv", "--no-hosts", *(f"--address=/{NAME}/{address}" for address in ADDRESSES))
CLOCK = ("-d", "-u", "root", "pidfile /run/portmatrix-chronyd.pid")
TIME_SERVER = (*CLOCK, "-x", "local stratum 8", "allow", "cmdport 0", "bindcmdaddress /")


@pytest.fixture(scope="module")
def servers(site: MediaSite) -> Iterator[MediaSite]:
    """Name and time servers on both hosts, of which only one is declared; flow1 sends nothing that is not."""
    site.apply("flow1", egress="enforce")
    site.apply("dns1", "insights1", "rs1")
    site.lab.run("insights1", "nft", "insert rule inet portmatrix input udp dport { 53, 123 } accept")
    with ExitStack() as running:
        for host in SERVERS:
            running.enter_context(site.running(host, *DNSMASQ, *RECORDS, "--log-facility=-", ready="started, version"))
            running.enter_context(site.running(host, media.chronyd(), *TIME_SERVER, ready="starting"))
        yield site
    site.lab.run(
        "insights1",
        "sh",
        "-ec",
        "nft delete rule inet portmatrix input handle $(nft -a list chain inet portmatrix input | sed -n '/udp dport { 53, 123 }/s/.*# handle //p')",
    )


def resolved(site: MediaSite, host: str, server: str) -> set[str]:
    """Return the addresses that a host's own resolver finds when it is told to ask a server."""
    configuration = f"nameserver {server}\noptions timeout:{SILENCE} attempts:1\n"
    found = site.shell(host, f"printf '{configuration}' > /etc/resolv.conf; getent ahosts {NAME} || true")
    return {line.split()[0] for line in found.splitlines()}


def set_by(site: MediaSite, host: str, server: str, comes: bool = True) -> str:
    """Return what chrony says of the clock of a host that asks a time server."""
    seconds = f"{media.PATIENCE if comes else SILENCE:g}"
    return said(site.begin(host, media.chronyd(), "-Q", "-t", seconds, *CLOCK, f"server {server} iburst maxsamples 1"))


def test_a_flow_box_resolves_names_by_the_declared_server(servers: MediaSite) -> None:
    for server in SERVERS["dns1"]:
        assert resolved(servers, "flow1", server) == set(ADDRESSES)


def test_a_flow_box_asks_no_other_server_for_names(servers: MediaSite) -> None:
    for server in SERVERS["insights1"]:
        assert resolved(servers, "flow1", server) == set()
        assert resolved(servers, "rs1", server) == set(ADDRESSES)  # which may send what it likes


def test_a_flow_box_takes_the_time_from_the_declared_server(servers: MediaSite) -> None:
    for server in SERVERS["dns1"]:
        assert "System clock wrong by" in set_by(servers, "flow1", server)


def test_a_flow_box_takes_the_time_from_no_other(servers: MediaSite) -> None:
    for server in SERVERS["insights1"]:
        assert "Timeout reached" in set_by(servers, "flow1", server, comes=False)
        assert "System clock wrong by" in set_by(servers, "rs1", server)


def test_a_phone_plays_a_film_from_the_mobile_server(site: MediaSite, clip: Path) -> None:
    site.apply("mob1", "phone1")
    with ExitStack() as running:
        for port in (8081, 8080):
            web = (sys.executable, "-u", "-m", "http.server", "--directory", str(clip.parent), str(port))
            running.enter_context(site.running("mob1", *web, ready="Serving HTTP"))
        url = "http://10.77.1.17:{}/" + clip.name
        players = {
            ("phone1", 8081): site.play("phone1", url.format(8081)),
            ("mob1", 8080): site.play("mob1", url.format(8080)),
            ("phone1", 8080): site.play("phone1", url.format(8080), comes=False),
            ("stranger1", 8081): site.play("stranger1", url.format(8081), comes=False),
        }
        got = {key: pulled(player).pictures for key, player in players.items()}
    assert got == {("phone1", 8081): FRAMES, ("mob1", 8080): FRAMES, ("phone1", 8080): 0, ("stranger1", 8081): 0}
