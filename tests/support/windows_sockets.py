# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What win_port_probe and win_port_listen do on a stand-in for a Windows host: the same, step by step, with this machine's sockets.

Where the host's file has ``enter``, a command that another one is given to, it is done by that: in a namespace of the lab.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import fcntl
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.vidnet.portmatrix.tests.support.windows_host import WindowsHost

NAMES = {
    errno.EPERM: "AccessDenied",
    errno.EACCES: "AccessDenied",
    errno.EADDRINUSE: "AddressAlreadyInUse",
    errno.EADDRNOTAVAIL: "AddressNotAvailable",
    errno.ECONNREFUSED: "ConnectionRefused",
    errno.ECONNRESET: "ConnectionReset",
    errno.EHOSTUNREACH: "HostUnreachable",
    errno.ENETUNREACH: "NetworkUnreachable",
    errno.ETIMEDOUT: "TimedOut",
}
PAUSE = 0.02


def _name(error: int) -> str:
    return NAMES.get(error, errno.errorcode[error])


def _socket(place: dict[str, Any]) -> socket.socket:
    family = socket.AF_INET6 if ":" in place["address"] else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM if place["protocol"] == "tcp" else socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


class _Attempt:
    """One target of win_port_probe."""

    def __init__(self, target: dict[str, Any], arguments: dict[str, Any]) -> None:
        self.target, self.word = target, arguments["word"].encode()
        self.request = base64.b64decode(arguments["request"])
        self.question = base64.b64decode(target.get("question", ""))
        self.at_once = target.get("at_once", False)
        self.tcp = target["protocol"] == "tcp"
        self.stage, self.error, self.answers, self.data = "bind", "", [], b""
        self.done = self.asked = self.waited = False
        self.begun = time.monotonic()
        self.socket = _socket(target)

    def observation(self) -> dict[str, Any]:
        answers = [*self.answers, self.data] if self.data else self.answers
        answers = [base64.b64encode(answer).decode() for answer in answers]
        return {"stage": self.stage, "error": self.error, "answers": answers}

    def start(self) -> None:
        self.socket.bind((self.target["source"], 0))
        self.stage = "connect"
        code = self.socket.connect_ex((self.target["address"], self.target["port"]))
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, "")
        if not self.tcp:
            self.stage, self.asked = "send", self.at_once
            self.send()
            self.stage = "read"

    def send(self) -> None:
        if self.asked and self.question:
            self.socket.send(self.question)
        self.socket.send(self.request)

    def ask(self) -> None:
        self.asked = True
        with contextlib.suppress(OSError):
            self.socket.send(self.question)

    def ready(self) -> None:
        if self.stage == "connect":
            code = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code:
                raise OSError(code, "")
            self.stage = "read"
            if self.question and (self.at_once or self.waited):
                self.ask()
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        if self.tcp:
            self.data += data
            end = b"\n" if not self.asked or self.data.startswith(self.word) else b"\r\n\r\n"
            self.done = not data or len(self.data) >= 4096 or end in self.data
        else:
            self.answers.append(data)
            self.done = data.startswith(self.word) or not self.question or len(self.answers) >= 8
            if not self.done and not self.asked:
                self.ask()

    def half(self) -> None:
        self.waited = True
        if not self.tcp:
            self.asked = True
            self.send()
        elif self.question and not self.asked and self.stage == "read":
            self.ask()


@contextlib.contextmanager
def _trouble(attempt: _Attempt) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        attempt.error, attempt.done = _name(error.errno), True


def win_port_probe(host: WindowsHost, arguments: dict[str, Any]) -> dict[str, Any]:
    """Be the module."""
    enter = host.data().get("enter")
    if not enter:
        return _probe(arguments)
    command = [*enter, sys.executable, "-m", __name__, "probe"]
    done = subprocess.run(
        command, env=_environment(), input=json.dumps(arguments).encode(), capture_output=True, check=False
    )
    if done.returncode:
        return {"failed": True, "msg": done.stderr.decode()}
    return json.loads(done.stdout)


def _environment() -> dict[str, str]:
    """Have the collection found there as well: Ansible's own importer finds it here."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")])}


def _probe(arguments: dict[str, Any]) -> dict[str, Any]:
    begun, limit = time.monotonic(), arguments["milliseconds"] / 1000
    attempts = [_Attempt(target, arguments) for target in arguments["targets"]]
    for attempt in attempts:
        with _trouble(attempt):
            attempt.start()
    open_ones = [attempt for attempt in attempts if not attempt.done]
    halfway = list(open_ones)
    while open_ones:
        now = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for attempt in open_ones:
                event = selectors.EVENT_WRITE if attempt.stage == "connect" else selectors.EVENT_READ
                selector.register(attempt.socket, event, attempt)
            for key, _events in selector.select(PAUSE):
                with _trouble(key.data):
                    key.data.ready()
        while halfway and halfway[0].begun + limit / 2 <= now:
            attempt = halfway.pop(0)
            if not attempt.done:
                with _trouble(attempt):
                    attempt.half()
        open_ones = [each for each in open_ones if not each.done and each.begun + limit > now]
    for attempt in attempts:
        attempt.socket.close()
    seconds = round(time.monotonic() - begun, 3)
    return {"changed": False, "observations": [each.observation() for each in attempts], "seconds": seconds}


class _State:
    """The files of win_port_listen."""

    def __init__(self, directory: Path, name: str) -> None:
        self.lock_file, self.record, self.stop, self.job = (
            directory / f"{name}.{suffix}" for suffix in ("lock", "json", "stop", "job")
        )

    def lock(self, seconds: float = 0) -> Any:
        """Return the open file, None where a responder has it."""
        end = time.monotonic() + seconds
        while True:
            file = self.lock_file.open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
            else:
                return file
            if time.monotonic() >= end:
                return None
            time.sleep(PAUSE)

    def text(self) -> str:
        return self.record.read_text() if self.record.exists() else ""

    def serves(self, text: str, serves: str) -> bool:
        return bool(text) and json.loads(text)["serves"] == serves

    def clear(self) -> None:
        for file in (self.record, self.stop):
            file.unlink(missing_ok=True)


def win_port_listen(host: WindowsHost, arguments: dict[str, Any]) -> dict[str, Any]:
    """Be the module; what Ansible's async does with ``serve`` is done here: another process."""
    directory = host.path.with_name(f"{host.path.stem}.responder")
    directory.mkdir(exist_ok=True)
    state = _State(directory, arguments["name"])
    if arguments["operation"] == "serve":
        job = directory / f"{arguments['start']}.async"
        command = [*host.data().get("enter", ()), sys.executable, "-m", __name__, str(directory), str(job)]
        job.write_text('{"started": 1, "finished": 0}')
        pipe = subprocess.Popen(
            command,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ).stdin
        pipe.write(json.dumps(arguments).encode())
        pipe.close()
        return {"changed": True, "started": True, "finished": False, "results_file": str(job), "ansible_job_id": "j1"}
    if arguments["operation"] == "look":
        return _look(state, arguments)
    lock = state.lock()
    was_running = lock is None
    if was_running:
        state.stop.touch()
        lock = state.lock(arguments["wait_seconds"])
        if lock is None:
            return {"failed": True, "msg": "the responder does not end"}
    state.clear()
    if state.job.exists():
        Path(state.job.read_text()).unlink(missing_ok=True)
        state.job.unlink()
    lock.close()
    return {"changed": was_running, "was_running": was_running}


def _look(state: _State, arguments: dict[str, Any]) -> dict[str, Any]:
    end = time.monotonic() + arguments.get("wait_seconds", 0)
    job_file = Path(arguments["job"]) if arguments.get("job") else None
    while True:
        record = state.text()
        if record:
            lock = state.lock()
            if lock:
                lock.close()
                record = ""
        job = job_file.read_text() if job_file and job_file.exists() else ""
        mine = bool(record) and json.loads(record)["start"] == arguments.get("start", "")
        ended = '"finished": 1' in job
        if mine or ended or time.monotonic() >= end:
            break
        time.sleep(PAUSE)
    if mine and job_file:
        state.job.write_text(str(job_file))
    elif ended and job_file:
        job_file.unlink()
    return {"changed": False, "record": record, "job": job}


def _serve(state: _State, arguments: dict[str, Any]) -> None:
    lock = state.lock()
    if lock is None:
        if state.serves(state.text(), arguments["serves"]):
            return
        state.stop.touch()
        lock = state.lock(10)
    state.clear()
    servers: dict[socket.socket, bytes] = {}
    refused = []
    for number, endpoint in enumerate(arguments["endpoints"]):
        made = _socket(endpoint)
        try:
            if made.family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind((endpoint["address"], endpoint["port"]))
            if endpoint["protocol"] == "tcp":
                made.listen()
            servers[made] = base64.b64decode(endpoint["greeting"])
        except OSError as error:
            refused.append({"number": number, "reason": _name(error.errno)})
    record = {"pid": os.getpid(), "start": arguments["start"], "serves": arguments["serves"], "refused": refused}
    state.record.with_suffix(".new").write_text(json.dumps(record))
    state.record.with_suffix(".new").replace(state.record)
    end = time.monotonic() + arguments["seconds"]
    open_ones: list[socket.socket] = []
    while time.monotonic() < end and not state.stop.exists():
        with selectors.DefaultSelector() as selector:
            for made in (*servers, *open_ones):
                selector.register(made, selectors.EVENT_READ)
            for key, _events in selector.select(PAUSE):
                with contextlib.suppress(OSError):
                    _answer(key.fileobj, servers, open_ones, arguments)
    state.clear()


def _answer(
    made: Any, servers: dict[socket.socket, bytes], open_ones: list[socket.socket], arguments: dict[str, Any]
) -> None:
    if made in open_ones:
        if not made.recv(65536):
            open_ones.remove(made)
            made.close()
    elif made.type == socket.SOCK_STREAM:
        peer, sender = made.accept()
        peer.send(servers[made] + sender[0].encode() + b"\n")
        open_ones.append(peer)
    else:
        data, sender = made.recvfrom(65536)
        if len(data) >= arguments["request_size"] and data.startswith(base64.b64decode(arguments["request"])):
            made.sendto(servers[made] + sender[0].encode() + b"\n", sender)


HANDLERS = {"win_port_probe": win_port_probe, "win_port_listen": win_port_listen}


def _served(given: dict[str, Any]) -> None:
    try:
        _serve(_State(Path(sys.argv[1]), given["name"]), given)
    except Exception as trouble:
        Path(sys.argv[2]).write_text(json.dumps({"finished": 1, "failed": True, "msg": repr(trouble)}))
        raise
    Path(sys.argv[2]).write_text(json.dumps({"started": 1, "finished": 1}))


if __name__ == "__main__":
    given = json.loads(sys.stdin.read())
    if sys.argv[1:] == ["probe"]:
        print(json.dumps(_probe(given)))
    else:
        _served(given)
