# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ufw's settings, its lock, and its files of user rules: read, and written as ufw writes them."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import time
from collections import namedtuple

from ansible_collections.vidnet.portmatrix.plugins.module_utils import file_changes, ufw_presence, ufw_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.ufw_presence import PATHS

LOCK = "/run/ufw.lock"
"""As ufw itself locks; what it does not cover is its loading at boot."""

Settings = namedtuple("Settings", "enabled ipv6 defaults")
"""enabled, ipv6: bool. defaults: direction -> ``accept``, ``drop`` or ``reject``: what becomes of packets that no rule names."""
Rules = namedtuple("Rules", "head blocks tail")
"""The text of a file of rules in three parts; put together they are the file."""
Block = namedtuple("Block", "text own key")
"""One tuple with its lines. own: the `Own` it is, or None. key: what it matches, see ufw_rules.parse_tuple."""

_BEGIN = "### RULES ###\n"
_BLOCK = re.compile(r"\n(### tuple ###[^\n]*)\n(?:-A ufw6?-user-(?!limit)[^\n]*\n)*")
_PAUSE = 0.1


def settings():
    """Return the `Settings` of this host; where ufw is not installed it is not enabled."""
    found = ufw_presence.settings()
    return Settings(
        enabled=found.get("enabled") == "yes",
        ipv6=found.get("ipv6") == "yes" and os.path.exists("/proc/sys/net/ipv6"),
        defaults={
            "in": found.get("default_input_policy", "drop"),
            "out": found.get("default_output_policy", "accept"),
        },
    )


def read(family):
    """Return the bytes of a family's file of rules; raises BackendError when there is none, or none for this user."""
    try:
        content = file_changes.read(PATHS[family])
    except OSError as error:
        raise BackendError("%s cannot be read (it needs root; use become): %s" % (PATHS[family], error)) from None
    if content is None:
        raise BackendError("%s is missing: install the package ufw, or set another back-end" % PATHS[family])
    return content


def replacement(content, family):
    """Return what `FileChanges` takes to give a family's file this content (bytes)."""
    path = os.path.realpath(PATHS[family])
    return path, content, file_changes.mode_of(path)


def parse(content, family):
    """Return the `Rules` of a file (bytes); raises BackendError when it is not one of ufw's."""
    text = content.decode("utf-8", "surrogateescape")
    start = text.find(_BEGIN) + len(_BEGIN)
    if start < len(_BEGIN):
        raise BackendError("%s is not a file of ufw's: it has no line %r" % (PATHS[family], _BEGIN.strip()))
    blocks, end = [], start
    for match in _BLOCK.finditer(text, start):
        if match.start() > end:
            blocks.append(Block(text[end : match.start()], None, None))
        block = _block(match.group(), match.group(1))
        if block.own:  # of one line; what follows was put there by hand
            block = block._replace(text="".join(block.text.splitlines(True)[:3]))
        blocks.append(block)
        end = match.start() + len(block.text)
    return Rules(text[:start], blocks, text[end:])


def content(rules):
    """Return the bytes of the file for `Rules`."""
    return "".join([rules.head] + [block.text for block in rules.blocks] + [rules.tail]).encode(
        "utf-8", "surrogateescape"
    )


def block(own, family):
    """Return the `Block` of a rule of ours."""
    text = "\n%s\n%s\n" % (ufw_rules.tuple_line(own), ufw_rules.rule_line(own.key, family))
    return Block(text, own, own.key)


def right(item, own, family):
    """Tell whether a `Block` is the one of this `Own`."""
    return item.text == block(own, family).text


@contextlib.contextmanager
def locked(seconds, or_go_on=False):
    """Hold ufw's own lock, so that no one else's ufw is at work; wait up to ``seconds`` for it.

    Raises BackendError then, unless ``or_go_on``.
    """
    descriptor = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    until = time.monotonic() + seconds
    try:
        while not _lock(descriptor):
            if time.monotonic() > until:
                if or_go_on:
                    break
                raise BackendError("someone else's ufw holds %s; is one waiting for an answer?" % LOCK)
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor):
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _block(text, line):
    key, comment = ufw_rules.parse_tuple(line)
    ours = key is not None and key.action in ufw_rules.VERDICTS and ufw_rules.is_ours(comment)
    return Block(text, ufw_rules.own(key, comment) if ours else None, key)
