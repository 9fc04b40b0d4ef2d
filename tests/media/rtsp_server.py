# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An encoder's RTSP service, by GStreamer: ``rtsp_server.py H264_FILE PORT...``

Every port is a channel of its own, as on a Pearl. ``/h264`` plays the file, ``/mjpeg`` is a moving picture and a tone, made as it is
watched, whose width tells the port: 160 for the first, 16 more for each further one. Prints "ready" once all ports listen.

Runs under the system's Python, which has GStreamer's bindings.
"""

from __future__ import annotations

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

H264 = "( filesrc location={file} ! qtdemux ! rtph264pay name=pay0 pt=96 )"
MJPEG = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width={width},height=120,framerate=25/1 ! jpegenc"
    " ! rtpjpegpay name=pay0 pt=26  audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay1 pt=8 )"
)


def serve(port: int, descriptions: dict[str, str]) -> GstRtspServer.RTSPServer:
    """Listen on a port, in both families, with path -> pipeline."""
    server = GstRtspServer.RTSPServer(address="::", service=str(port))
    for path, description in descriptions.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(description)
        server.get_mount_points().add_factory(path, factory)
    if not server.attach(None):
        raise SystemExit(f"cannot listen on port {port}")
    return server


def main() -> None:
    """The command line."""
    file, *ports = sys.argv[1:]
    Gst.init(None)
    servers = [
        serve(int(port), {"/h264": H264.format(file=file), "/mjpeg": MJPEG.format(width=160 + 16 * number)})
        for number, port in enumerate(ports)
    ]
    print("ready", flush=True)
    GLib.MainLoop().run()
    del servers


if __name__ == "__main__":
    main()
