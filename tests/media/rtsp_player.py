# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""GStreamer's player, over UDP: ``rtsp_player.py URL NAT_METHOD PORT_RANGE FRAMES SECONDS``

NAT_METHOD is ``dummy`` (GStreamer's own default: a packet to each of the server's ports first) or ``none``. PORT_RANGE is of the
player's UDP ports, ``0-0`` for any. Prints how many frames were decoded: FRAMES at most, what came within SECONDS otherwise.

Runs under the system's Python, which has GStreamer's bindings.
"""

from __future__ import annotations

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst  # noqa: E402

PLAYER = "rtspsrc location={url} protocols=udp nat-method={method} port-range={ports} timeout=0 ! rtpjpegdepay ! jpegdec ! fakesink name=sink sync=false"


def main() -> None:
    """The command line."""
    url, method, ports, frames, seconds = sys.argv[1:]
    Gst.init(None)
    player = Gst.parse_launch(PLAYER.format(url=url, method=method, ports=ports))
    sink = player.get_by_name("sink")
    sink.set_property("num-buffers", int(frames))
    decoded = []
    sink.get_static_pad("sink").add_probe(
        Gst.PadProbeType.BUFFER, lambda *_pad: decoded.append(1) or Gst.PadProbeReturn.OK
    )
    player.set_state(Gst.State.PLAYING)
    player.get_bus().timed_pop_filtered(int(seconds) * Gst.SECOND, Gst.MessageType.EOS | Gst.MessageType.ERROR)
    player.set_state(Gst.State.NULL)
    print(len(decoded))


if __name__ == "__main__":
    main()
