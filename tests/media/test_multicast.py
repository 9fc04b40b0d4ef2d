# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Live video by multicast: to those who joined, on the declared ports, from the declared servers, through a switch that snoops."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.support.media import FRAMES, Bridge, MediaSite, eventually, pulled, said

pytestmark = pytest.mark.media

DECLARED, NEIGHBOURS = (6000, 7000), (5999, 7001)
GROUPS = ("239.77.1.5", "[ff08::77:5]")
MEMBERSHIP = 4
"""Seconds after which the switch forgets who does not answer its queries."""
SEEN = "add table inet seen; add chain inet seen in { type filter hook prerouting priority raw; }"


def sender(clip: Path, *targets: tuple[str, int]) -> list[str]:
    """Return the command that sends a film again and again, as it is, to (group, port)."""
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-stream_loop", "-1", "-i", str(clip)]
    for group, port in targets:
        command += ["-c", "copy", "-f", "mpegts", f"udp://{group}:{port}?pkt_size=1316&ttl=4"]
    return command


@pytest.fixture(scope="module")
def switch(site: MediaSite) -> Iterator[Bridge]:
    """The lab's bridge, which passes a group's packets only to those who joined it."""
    bridge = Bridge(site.lab)
    bridge.settings(
        mcast_snooping=1,
        mcast_querier=1,
        mcast_query_interval=100,
        mcast_query_response_interval=50,
        mcast_startup_query_interval=50,
        mcast_membership_interval=100 * MEMBERSHIP,
    )
    yield bridge
    bridge.settings(mcast_querier=0, mcast_snooping=0)


@pytest.fixture(scope="module")
def stream(site: MediaSite, switch: Bridge, clip: Path) -> Iterator[MediaSite]:
    """rs1 sends to a group of each family, on declared ports and on their neighbours."""
    site.apply("rs1", "operator1", "operator2", "viewer1")
    with ExitStack() as senders:
        # two programs: where egress is enforced, the one that may not send ends
        for ports in (DECLARED, NEIGHBOURS):
            targets = [(group, port) for group in GROUPS for port in ports]
            senders.enter_context(site.running("rs1", *sender(clip, *targets)))
        yield site


def watched(site: MediaSite, comes: dict[tuple[str, str, int], bool]) -> dict[tuple[str, str, int], bool]:
    """Return whether a host that joins gets the picture, by host, group and port; ``comes`` says for which to wait."""
    players = {key: site.play(key[0], f"udp://{key[1]}:{key[2]}", comes=each) for key, each in comes.items()}
    return {key: pulled(player).pictures == FRAMES for key, player in players.items()}


@contextmanager
def arriving(site: MediaSite, host: str, ports: str) -> Iterator[Callable[[], int]]:
    """Count the packets to UDP ports that reach a host, before its rules see them; yields the function that tells how many."""

    def packets() -> int:
        listed = json.loads(site.lab.run(host, "nft", "-j", "list", "counters", "table", "inet", "seen"))
        return next(each["counter"]["packets"] for each in listed["nftables"] if "counter" in each)

    rule = f"add counter inet seen group; add rule inet seen in udp dport {ports} counter name group"
    site.lab.run(host, "nft", f"{SEEN}; {rule}")
    try:
        yield packets
    finally:
        site.lab.run(host, "nft", "delete table inet seen")


def test_smart_clients_watch_on_the_declared_ports_only(stream: MediaSite) -> None:
    ports = DECLARED + NEIGHBOURS
    comes = {("operator1", group, port): port in DECLARED for group in GROUPS for port in ports}
    assert watched(stream, comes) == comes


def test_only_recording_servers_are_heard(stream: MediaSite, clip: Path) -> None:
    with (
        stream.running("stranger1", *sender(clip, (GROUPS[0], 6001))),
        arriving(stream, "operator1", "6001") as packets,
    ):
        comes = {("operator1", GROUPS[0], 6000): True, ("operator1", GROUPS[0], 6001): False}
        assert watched(stream, comes) == comes
        assert packets() > 0


def test_others_get_nothing_though_it_reaches_them(stream: MediaSite) -> None:
    """viewer1 is no Smart Client. That it joins is its own affair: the packets come, and its rules drop them."""
    comes = {("viewer1", group, 6000): False for group in GROUPS}
    with arriving(stream, "viewer1", "6000") as packets:
        assert watched(stream, comes) == comes
        assert packets() > 0


def test_the_switch_hears_who_joined_and_keeps_hearing(stream: MediaSite, switch: Bridge) -> None:
    """The client's IGMP and MLD reports leave, and the switch's queries reach it; otherwise the stream ends with the membership."""
    longer = FRAMES * (MEMBERSHIP + 3)
    players = [stream.play("operator1", f"udp://{group}:6000", frames=longer) for group in GROUPS]
    for group in GROUPS:
        eventually(
            lambda group=group: switch.joined(group.strip("[]")) == {"operator1"}, f"operator1 alone joined {group}"
        )
    with arriving(stream, "operator2", "6000-7000") as packets:  # which has not joined
        for player in players:
            assert pulled(player).pictures == longer
        assert packets() == 0
    heard = stream.lab.run("operator1", "nft", "list", "chain", "inet", "portmatrix", "input")
    (queries,) = (line for line in heard.splitlines() if "asked by any querier" in line)
    assert "packets 0 " not in queries


def test_with_egress_enforced_reports_and_declared_groups_leave(stream: MediaSite, switch: Bridge, clip: Path) -> None:
    stream.apply("rs1", "operator1", egress="enforce")
    eventually(lambda: not switch.joined("239.77.1.5"), "everybody left")
    comes = {("operator1", group, 6000): True for group in GROUPS}
    assert watched(stream, comes) == comes
    for beyond in (("239.78.1.5", 6000), ("239.77.1.5", 7001)):
        assert "not permitted" in said(stream.begin("rs1", *sender(clip, beyond)))


def test_without_the_feature_nothing_arrives(stream: MediaSite) -> None:
    stream.apply("operator1", features=[])
    comes = {(host, group, 6000): host == "operator2" for host in ("operator1", "operator2") for group in GROUPS}
    assert watched(stream, comes) == comes
