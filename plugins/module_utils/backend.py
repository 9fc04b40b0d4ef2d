# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every back-end offers, so that one sequence (host_change) serves them all.

A back-end is a class with a ``name`` and these methods:

``__init__(persist)``
    Reads the running rules and, with ``persist``, the boot path, once.
``plan(intent)``
    Compares with an `Intent` and returns a `Change`; what follows acts on it.
``check()``
    Has the real tool check the change, and makes sure that the boot path can be written. Changes nothing.
``snapshot()``
    Returns a dict for JSON: what ``restore`` needs to bring the running rules back.
``apply()``
    Changes the running rules in one transaction.
``persist()``
    Brings the boot path in line, so that what boots is the old or the new policy, whole, at any moment.
``restore(snapshot)``
    Static; brings the running rules back, whatever they are now, from a process that has nothing but this collection.

All raise `BackendError`, and then nothing is changed.
"""

from __future__ import annotations

from collections import namedtuple

Intent = namedtuple("Intent", "rules egress mode state")
"""rules: checked rules. egress: ``allow`` or ``enforce``. mode: ``enforce`` or ``audit``. state: ``present`` or ``absent``."""

Change = namedtuple("Change", "running boot flows diff warnings")
"""running, boot: whether the rules in force, and those loaded at boot, differ. flows: ids by ``added``, ``removed`` and
``changed``. diff: list of dicts as Ansible shows them. warnings: list of sentences."""


class BackendError(Exception):
    """A back-end cannot do what is wanted; the text is a sentence for the user."""
