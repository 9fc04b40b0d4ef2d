# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FLOW's UDP subscriptions: what is pushed arrives while the firewalls remember the question, and later only where a flow declares it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from tests.support.media import PROGRAMS, MediaSite, Output, eventually

pytestmark = pytest.mark.media

BOX, SUBSCRIBER = "10.77.1.31", "10.77.1.33"
LISTENS, ASKS_FROM = 50555, 50556
PUSH = {"features": ["flow_udp_push"], "parameters_udp": {"flow_subscriber_ports": LISTENS}}
TELL = """
import socket, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
    teller.settimeout(60)
    teller.sendto(sys.argv[2].encode(), ("127.0.0.1", int(sys.argv[1])))
    if sys.argv[3:]:
        print(teller.recv(64).decode())
"""


class Subscription(NamedTuple):
    """A box's UDP server and a subscriber, both running."""

    site: MediaSite
    box: Output
    subscriber: Output

    def ask(self, from_port: int = LISTENS) -> str:
        """Have the subscriber ask; return what the box says of its first push."""
        self.site.lab.run("udp1", sys.executable, "-c", TELL, str(LISTENS), f"{BOX} {from_port}")
        return self.box.line()

    def change(self, state: int) -> int:
        """Have the zone's state change at the box; return how many it has to push it to."""
        message = f'{{"Change": {state}}}'
        return int(self.site.lab.run("flow1", sys.executable, "-c", TELL, "55570", message, "answer"))

    def forgotten(self) -> None:
        """Have both hosts' firewalls forget the question at once, as they do by themselves after a time (30 seconds by default)."""
        for host in ("flow1", "udp1"):
            self.site.shell(host, f"conntrack -D -p udp --src {SUBSCRIBER} --dst {BOX} || true")
            self.site.shell(host, f"conntrack -D -p udp --src {BOX} --dst {SUBSCRIBER} || true")
            assert BOX not in self.site.shell(host, f"conntrack -L -p udp --src {SUBSCRIBER} --dst {BOX}")


@contextmanager
def subscription(site: MediaSite, seconds: float) -> Iterator[Subscription]:
    box = (sys.executable, str(PROGRAMS / "flow_udp_server.py"), f"{seconds:g}")
    subscriber = (sys.executable, str(PROGRAMS / "flow_subscriber.py"), SUBSCRIBER, str(LISTENS))
    with (
        site.running("flow1", *box, ready="ready") as first,
        site.running("udp1", *subscriber, ready="ready") as second,
    ):
        both = Subscription(site, first, second)
        both.forgotten()  # what an earlier one left
        yield both


@pytest.fixture
def patient(site: MediaSite) -> Iterator[Subscription]:
    """A subscription that outlasts the test."""
    with subscription(site, 3600) as both:
        yield both


def test_pushes_arrive_until_the_subscription_runs_out(site: MediaSite) -> None:
    site.apply("udp1")
    site.apply("flow1", egress="enforce")
    with subscription(site, 1) as both:
        assert both.ask() == "0 pushed"
        assert both.subscriber.line() == "0"
        assert both.ask() == "0 pushed"  # renewed
        assert both.subscriber.line() == "0"
        states = iter(range(1, 10_000))
        eventually(lambda: both.change(next(states)) == 0, "the subscription runs out")
        pushed = [line.split()[0] for line in both.box.rest()]
        assert [both.subscriber.line() for _each in pushed] == pushed
        assert both.change(20_000) == 0  # silence, until it asks again
        assert both.ask() == "20000 pushed"
        assert both.subscriber.line() == "20000"


def test_a_change_arrives_while_the_question_is_remembered(patient: Subscription) -> None:
    patient.site.apply("udp1")
    patient.site.apply("flow1", egress="enforce")
    assert patient.ask() == "0 pushed"
    assert patient.change(1) == 1
    assert [patient.subscriber.line(), patient.subscriber.line()] == ["0", "1"]


def test_a_late_change_is_dropped_at_the_box_until_the_subscriber_asks_again(patient: Subscription) -> None:
    patient.site.apply("udp1")
    patient.site.apply("flow1", egress="enforce")
    assert patient.ask() == "0 pushed"
    assert patient.subscriber.line() == "0"
    patient.forgotten()
    assert patient.change(1) == 1
    assert patient.box.line() == "1 dropped here"
    assert patient.ask() == "1 pushed"
    assert patient.subscriber.line() == "1"


def test_another_port_than_the_one_asked_from_gets_nothing(patient: Subscription) -> None:
    """The subscription names the port to push to. Where it is not the port that asked, no push is an answer."""
    patient.site.apply("udp1")
    patient.site.apply("flow1", egress="enforce")
    assert patient.ask(ASKS_FROM) == "0 dropped here"
    assert patient.ask() == "0 pushed"
    assert patient.subscriber.line() == "0"


def test_where_the_box_may_send_the_subscriber_drops_late_changes_and_those_for_other_ports(
    patient: Subscription,
) -> None:
    patient.site.apply("flow1", "udp1")
    assert patient.ask() == "0 pushed"
    patient.forgotten()
    assert patient.change(1) == 1
    assert patient.box.line() == "1 pushed"
    patient.forgotten()
    assert patient.change(2) == 1
    assert patient.box.line() == "2 pushed"
    patient.forgotten()
    assert patient.ask(ASKS_FROM) == "2 pushed"  # to a port that did not ask
    patient.forgotten()
    assert patient.change(3) == 1
    assert patient.box.line() == "3 pushed"
    patient.forgotten()
    assert patient.ask() == "3 pushed"
    assert [patient.subscriber.line(), patient.subscriber.line()] == ["0", "3"]


def test_with_the_feature_late_changes_and_other_ports_arrive(patient: Subscription) -> None:
    patient.site.apply("flow1", "udp1", egress="enforce", **PUSH)
    assert patient.ask(ASKS_FROM) == "0 pushed"
    assert patient.subscriber.line() == "0"
    patient.forgotten()
    assert patient.change(1) == 1
    assert patient.box.line() == "1 pushed"
    assert patient.subscriber.line() == "1"
