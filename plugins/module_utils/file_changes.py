# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several files replaced or removed together, durably: all of them, or none."""

from __future__ import annotations

import contextlib
import os
import stat

from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError

SUFFIX = ".portmatrix-new"
_MARGIN = 65536
"""Bytes that stay free besides: directories and the file system's own."""


class FileChanges:
    """``wanted``: list of ``(path, content, mode)``; content is bytes, or None for a file that shall be gone.

    A file that exists keeps its owner and security label.
    """

    def __init__(self, wanted):
        self._wanted = wanted
        self._staged = []
        self._before = []
        self._directories = []

    def check(self):
        """Raise BackendError when a file could not be written: a read-only or full file system. Writes nothing."""
        for path, content, _mode in self._wanted:
            directory = _existing(os.path.dirname(path))
            if not os.access(directory, os.W_OK):
                raise BackendError("%s cannot be written, so nothing was changed: %s is read-only" % (path, directory))
            space = os.statvfs(directory)
            if len(content or b"") + _MARGIN > space.f_bfree * space.f_frsize:
                raise BackendError("%s cannot be written, so nothing was changed: the disk is full" % path)

    def stage(self):
        """Write everything next to its place; raises OSError, and then nothing is left behind."""
        try:
            for path, content, mode in self._wanted:
                if content is not None:
                    self._make_directory(os.path.dirname(path))
                    self._staged.append(path + SUFFIX)
                    _write_beside(path, content, mode)
        except OSError:
            self.undo()
            raise

    def commit(self):
        """Put everything in its place; raises OSError, and then everything is as it was."""
        try:
            for path, content, _mode in self._wanted:
                self._before.append((path, read(path), mode_of(path)))
                if content is None:
                    os.unlink(path)
                else:
                    os.rename(path + SUFFIX, path)
                _sync_directory(path)
        except OSError:
            self.undo()
            raise

    def undo(self):
        """Bring back what was there before."""
        for temporary in self._staged:
            remove(temporary)
        for path, content, mode in reversed(self._before):
            if content is None:
                remove(path)
            elif read(path) != content:
                _write_beside(path, content, mode)
                os.rename(path + SUFFIX, path)
                _sync_directory(path)
        remove_empty(self._directories)
        self._staged, self._before, self._directories = [], [], []

    def _make_directory(self, directory):
        for path in missing_directories(directory):
            os.mkdir(path, 0o755)
            self._directories.append(path)


def missing_directories(directory):
    """Return ``directory`` and its parents that do not exist, the outermost first."""
    missing = []
    while not os.path.isdir(directory):
        missing.insert(0, directory)
        directory = os.path.dirname(directory)
    return missing


def _existing(directory):
    missing = missing_directories(directory)
    return os.path.dirname(missing[0]) if missing else directory


def remove_empty(directories):
    """Remove those directories that are empty, the innermost first."""
    for directory in sorted(directories, key=len, reverse=True):
        with contextlib.suppress(OSError):
            os.rmdir(directory)


def read(path):
    """Return a file's bytes, or None when there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def mode_of(path):
    """Return a file's permission bits, or None when there is none."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return None


def remove(path):
    """Remove a file that may already be gone."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _write_beside(path, content, mode):
    descriptor = os.open(path + SUFFIX, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        with contextlib.suppress(FileNotFoundError):
            old = os.stat(path)
            os.fchown(file.fileno(), old.st_uid, old.st_gid)
            _copy_label(path, file.fileno())
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())


def _copy_label(path, descriptor):
    # Hosts without SELinux have no such attribute.
    with contextlib.suppress(OSError):
        os.setxattr(descriptor, "security.selinux", os.getxattr(path, "security.selinux"))


def _sync_directory(path):
    descriptor = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
