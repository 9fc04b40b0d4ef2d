# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts and stops the responder as a process of its own, and knows which process is whose."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import signal
import stat
import tempfile
import time

from ansible_collections.vidnet.portmatrix.plugins.module_utils.responder import (
    Endpoint,
    ResponderError,
    endpoints,
    listen,
    serve,
)

_STOP_SECONDS = 5.0
_NOTHING = {"pid": None, "listening": [], "occupied": []}


def ensure_started(run, host, rules, addresses, seconds, check=False):
    """Have a responder listen for ``rules`` on ``addresses`` for ``seconds``.

    Return whether it had to be started, and its record (dict: pid, listening, occupied). One that serves the same
    is left as it is, one that serves something else is replaced. It listens when this returns.
    With ``check`` nothing is done. Raises ValueError for wrong input, ResponderError when it cannot listen.
    """
    wanted = endpoints(rules, addresses)
    with contextlib.nullcontext() if check else _locked():
        record = _find(run, host)
        if _serves(record, wanted):
            return False, record or _NOTHING
        if check:
            return True, dict(_NOTHING, listening=_plain(wanted))
        if record:
            _end(record)
        return _start(run, host, wanted, seconds)


def ensure_stopped(run, host, check=False):
    """End the responder of ``run`` and ``host``; return whether there was one, and the record of nothing.

    With ``check`` nothing is done. Raises ResponderError.
    """
    with contextlib.nullcontext() if check else _locked():
        record = _find(run, host)
        if record and not check:
            _end(record)
            os.unlink(_path(run, host))
    return record is not None, _NOTHING


def _find(run, host):
    """Return the record of the running responder of ``run`` and ``host``, or None."""
    try:
        with open(_path(run, host), encoding="utf-8") as file:
            record = json.load(file)
    except FileNotFoundError:
        return None
    return record if _birth(record["pid"]) == record["birth"] else None


def _serves(record, wanted):
    """Tell whether the responder of ``record`` (or None) was started for exactly the Endpoints ``wanted``."""
    if record is None:
        return not wanted
    return sorted(Endpoint(**each) for each in record["listening"] + record["occupied"]) == sorted(wanted)


def _plain(places):
    return [dict(endpoint._asdict()) for endpoint in places]


def _start(run, host, wanted, seconds):
    sockets, occupied = listen(wanted)
    record = dict(pid=None, listening=_plain(sockets.values()), occupied=_plain(occupied))
    if not sockets:
        return False, record
    path = _path(run, host)
    record["pid"] = _detach(sockets, lambda: _serve_and_forget(sockets, run, host, seconds, path))
    record["birth"] = _birth(record["pid"])
    _write(path, record)
    for sock in sockets:
        sock.close()
    return True, record


def _serve_and_forget(sockets, run, host, seconds, path):
    signal.alarm(seconds + 1)  # should the loop ever hang, the kernel keeps the promise
    serve(sockets, run, host, seconds)
    with open(path, encoding="utf-8") as file:
        mine = json.load(file)["pid"] == os.getpid()
    if mine:
        os.unlink(path)


def _end(record):
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(record["pid"], number)
        limit = time.monotonic() + _STOP_SECONDS
        while time.monotonic() < limit:
            if _birth(record["pid"]) != record["birth"]:
                return
            time.sleep(0.01)
    raise ResponderError("the responder with process id %d does not end" % record["pid"])


def _birth(pid):
    """Return when process ``pid`` began, in the kernel's ticks as text, or None when it is not running.

    A process id can be given to another process; together with this time it cannot.
    """
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else fields[19]


def _directory():
    """Return the private directory of the records; raises ResponderError when others could write there."""
    base = "/run" if os.access("/run", os.W_OK) else tempfile.gettempdir()
    path = os.path.join(base, "portmatrix-responder-%d" % os.geteuid())
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return path
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise ResponderError("%s must be a directory that only this user can enter; remove it" % path)
    return path


def record_name(run, host):
    """Return the name of the file that says which process is the responder of ``run`` and ``host``."""
    return hashlib.sha256(("%s %s" % (run, host)).encode("utf-8")).hexdigest()[:32] + ".json"


def _path(run, host):
    return os.path.join(_directory(), record_name(run, host))


def _write(path, record):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(record, file)
    os.replace(path + ".new", path)


@contextlib.contextmanager
def _locked():
    with contextlib.suppress(FileExistsError):
        os.mkdir(_directory(), 0o700)
    lock = os.open(os.path.join(_directory(), "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)
        os.close(lock)


def _detach(sockets, work):
    """Run ``work()`` in a new process that belongs to nobody and holds only ``sockets``; return its process id."""
    reader, writer = os.pipe()
    try:
        child = os.fork()
    except OSError as error:
        raise ResponderError("the responder's process could not be started: %s" % error) from error
    if child:
        os.close(writer)
        os.waitpid(child, 0)
        with os.fdopen(reader) as pipe:
            pid = pipe.read()
        if not pid:
            raise ResponderError("the responder's process could not be started")
        return int(pid)
    try:
        os.setsid()
        if os.fork() == 0:
            os.write(writer, b"%d" % os.getpid())
            _let_go({sock.fileno() for sock in sockets})
            work()
    finally:
        os._exit(0)


def _let_go(kept):
    """Leave everything of the parent behind except the open files ``kept``."""
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGTERM, signal.SIGALRM))
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    for number in map(int, os.listdir("/proc/self/fd")):
        if number > 2 and number not in kept:
            with contextlib.suppress(OSError):
                os.close(number)
    with contextlib.suppress(OSError), open("/proc/self/comm", "w", encoding="ascii") as file:
        file.write("portmatrix")
