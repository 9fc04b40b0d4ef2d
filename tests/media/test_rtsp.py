# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""RTSP from an encoder: every channel over TCP and UDP, IPv4 and IPv6; nothing for others, and nothing beyond the channels."""

from __future__ import annotations

import pytest

from tests.media.conftest import CHANNELS, UNDECLARED
from tests.support.media import FRAMES, MediaSite, pulled

pytestmark = pytest.mark.media

ADDRESSES = ("10.77.1.41", "[fd77::1:41]")
SIZES = {"h264": ["320x240"] * CHANNELS, "mjpeg": [f"{160 + 16 * number}x120" for number in range(CHANNELS)]}


def test_a_viewer_watches_every_channel(encoder: MediaSite) -> None:
    encoder.apply("pearl1", "viewer1")
    wanted = [
        (transport, address, number, ("h264", "mjpeg")[(number + turn) % 2])
        for transport in ("tcp", "udp")
        for turn, address in enumerate(ADDRESSES)
        for number in range(CHANNELS)
    ]
    players = {
        (transport, address, number, path): encoder.play(
            "viewer1", f"rtsp://{address}:{554 + number}/{path}", "-rtsp_transport", transport
        )
        for transport, address, number, path in wanted
    }
    got = {key: pulled(player) for key, player in players.items()}
    assert {key: each[:2] for key, each in got.items()} == {key: (FRAMES, SIZES[key[3]][key[2]]) for key in wanted}, got


def test_others_get_nothing(encoder: MediaSite) -> None:
    encoder.apply("pearl1", "viewer1")
    others = {
        (host, address, transport): encoder.play(
            host, f"rtsp://{address}:554/mjpeg", "-rtsp_transport", transport, comes=host == "viewer1"
        )
        for host in ("viewer1", "stranger1", "operator1", "insights1")
        for address in ADDRESSES
        for transport in ("tcp", "udp")
    }
    got = {key: pulled(player) for key, player in others.items()}
    assert {key: each.pictures for key, each in got.items()} == {
        key: FRAMES if key[0] == "viewer1" else 0 for key in got
    }
    assert all("timed out" in each.said for key, each in got.items() if key[0] != "viewer1"), got


def test_a_port_beyond_the_channels_is_shut(encoder: MediaSite) -> None:
    encoder.apply("pearl1", "viewer1")
    url = f"rtsp://10.77.1.41:{UNDECLARED}/mjpeg"
    itself = encoder.play("pearl1", url, "-rtsp_transport", "tcp")
    viewer = encoder.play("viewer1", url, "-rtsp_transport", "tcp", comes=False)
    assert pulled(itself)[:2] == (FRAMES, f"{160 + 16 * CHANNELS}x120")
    shut = pulled(viewer)
    assert shut.pictures == 0
    assert "timed out" in shut.said
