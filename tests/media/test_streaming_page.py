# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/streaming.md shows works as it stands there: the settings, and the player's options."""

from __future__ import annotations

import shlex

import pytest
import yaml

from tests.integration.test_documentation import blocks
from tests.support.media import FRAMES, MediaSite, pulled, said

pytestmark = pytest.mark.media

PAGE = blocks("docs/streaming.md")


def test_a_flow_box_under_enforced_egress_gets_nothing_over_udp_without_them(encoder: MediaSite) -> None:
    encoder.apply("pearl1", "viewer1")
    encoder.apply("flow1", egress="enforce")
    url = "rtsp://10.77.1.41:554/mjpeg"
    players = {
        transport: encoder.play("flow1", url, "-rtsp_transport", transport, comes=transport == "tcp")
        for transport in ("tcp", "udp")
    }
    got = {transport: pulled(player).pictures for transport, player in players.items()}
    assert got == {"tcp": FRAMES, "udp": 0}


def test_the_settings_of_the_page(encoder: MediaSite) -> None:
    settings = yaml.safe_load(PAGE["example: streaming.yml"])
    variables = {name.removeprefix("portmatrix_"): value for name, value in settings.items()}
    encoder.apply("pearl1", "viewer1", "flow1", **variables)
    words = shlex.split(PAGE["example: player"])
    options, url = words[1 : words.index("-i")], words[words.index("-i") + 1]
    players = {
        ("viewer1", 4): encoder.play("viewer1", url, *options),
        ("viewer1", 6): encoder.play("viewer1", "rtsp://[fd77::1:41]:555/mjpeg", *options),
        ("flow1", 4): encoder.play("flow1", url, *options),
        ("flow1", 6): encoder.play("flow1", "rtsp://[fd77::1:41]:557/mjpeg", *options),
    }
    elsewhere = encoder.play(
        "flow1", url, "-rtsp_transport", "udp", "-min_port", "5000", "-max_port", "5999", comes=False
    )
    waiting = encoder.player("flow1", "rtsp://10.77.1.41:556/mjpeg", "none", port_range="40000-40099")
    assert {key: pulled(player).pictures for key, player in players.items()} == dict.fromkeys(players, FRAMES)
    assert pulled(elsewhere).pictures == 0
    assert int(said(waiting)) == FRAMES
