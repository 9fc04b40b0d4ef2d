# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium without a window, driven by its own protocol over two pipes: real keys and real layout, and no driver to install."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
)
SECONDS = 60
KEYS = {
    "Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), " ": (32, " "),
    "End": (35, ""), "Home": (36, ""), "PageUp": (33, ""), "PageDown": (34, ""),
    "ArrowLeft": (37, ""), "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""),
}  # fmt: skip
CONTROL = 2


def installed() -> str | None:
    """Return the path of a browser that speaks this protocol."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with an empty profile, which ends with the ``with`` statement."""
    command = installed()
    assert command, f"none of {', '.join(NAMES)} is installed"
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()

    def pipes() -> None:
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (theirs_in, theirs_out)]  # out of the way of 3 and 4
        for end, number in zip(high, (3, 4)):
            os.dup2(end, number)

    process = subprocess.Popen(
        [command, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        preexec_fn=pipes,
        close_fds=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        page = Browser(ours_in, ours_out)
        yield page
        page.close()
        process.wait(SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(ours_out)
        os.close(ours_in)


class Browser:
    """One page. ``events``: what it told since it was opened, as pairs of method and parameters."""

    def __init__(self, ours_in: int, ours_out: int) -> None:
        self._in, self._out = ours_in, ours_out
        self._rest = b""
        self._last = 0
        self._session = ""
        self.events: list[tuple[str, dict[str, Any]]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method of the protocol; raises AssertionError with what the browser objects to."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        while (found := self._message()).get("id") != self._last:
            self.events.append((found.get("method", ""), found.get("params", {})))
        assert "error" not in found, f"{method}: {found['error']}"
        return found["result"]

    def close(self) -> None:
        """End the browser, which then has written everything to its profile."""
        self._session = ""
        self.call("Browser.close")

    def open(self, path: Path, width: int, height: int, dark: bool = False, reduced: bool = False) -> None:
        """Open a file in a window of this size (CSS pixels), and wait until it is loaded."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced else "no-preference"},
        ]
        self.call("Emulation.setEmulatedMedia", features=features)
        self.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        self.wait("document.readyState === 'complete'")

    def run(self, script: str) -> Any:
        """Return the value of an expression."""
        done = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def wait(self, script: str) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + SECONDS
        while not self.run(script):
            assert time.monotonic() < end, f"not within {SECONDS} s: {script}"
            time.sleep(0.02)

    def key(self, name: str, control: bool = False) -> None:
        """Press and release a key."""
        code, text = KEYS[name]
        common = {"key": name, "code": name, "windowsVirtualKeyCode": code, "modifiers": CONTROL if control else 0}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **common)
        self.call("Input.dispatchKeyEvent", type="keyUp", **common)

    def type(self, text: str) -> None:
        """Write into what has the focus."""
        self.call("Input.insertText", text=text)

    def tree(self) -> list[tuple[str, str]]:
        """Return role and name of everything that assistive software sees."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        return [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"] and "role" in node
        ]

    def picture(self, whole: bool = False) -> bytes:
        """Return a PNG of the window, or of the whole page."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def paper(self) -> bytes:
        """Return the page as a PDF, as it would be printed."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"])

    def complaints(self) -> list[str]:
        """Return what the browser logged as an error or a warning, and what scripts did not catch."""
        return [
            str(parameters)
            for method, parameters in self.events
            if method == "Runtime.exceptionThrown"
            or (method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"))
            or (method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"))
        ]

    def requests(self) -> list[str]:
        """Return the addresses that were asked for."""
        return [
            parameters["request"]["url"] for method, parameters in self.events if method == "Network.requestWillBeSent"
        ]

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _writable, _failed = select.select([self._in], [], [], SECONDS)
            assert ready, f"the browser has said nothing for {SECONDS} s"
            part = os.read(self._in, 1 << 20)
            assert part, "the browser has ended"
            self._rest += part
        found, _end, self._rest = self._rest.partition(b"\0")
        return json.loads(found)
