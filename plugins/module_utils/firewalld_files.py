# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of our policy objects, which firewalld loads at boot and at a reload.

They are written here and not by firewalld, which writes over a file in place: were it to end in the middle, or the disk to
be full, the next boot would find half a policy.
"""

from __future__ import annotations

import contextlib
import os
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.vidnet.portmatrix.plugins.module_utils import file_changes, firewalld_rules, firewalld_slots
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import FLOW_ID

DIRECTORY = "/etc/firewalld/policies"
RUNNING = "/run/portmatrix"
"""Holds the files of what is in force now, for the flow ids in them: firewalld has no room for those."""
MODE = 0o644

_OWN = "portmatrix: "
_USE = ("the policy of this host", "its other place, so that a change is one switch")
_HEAD = """\
<?xml version="1.0" encoding="utf-8"?>
<!-- Written by vidnet.portmatrix from the policy of this host: changes here are undone. -->
<policy priority="%d" target="%s">
  <short>portmatrix %s</short>
  <description>%s</description>
"""


def path(name, directory=None):
    """Return the path of a policy object's file."""
    return os.path.join(directory or DIRECTORY, name + ".xml")


def text(direction, number, rules, on):
    """Return the file of a direction's object: ``rules`` is `Rich` -> `Origin`, or None for none."""
    out = [_HEAD % (firewalld_slots.PRIORITIES[number], firewalld_slots.TARGET, direction, escape(_USE[number]))]
    if on:
        out.append('  <ingress-zone name="%s"/>\n  <egress-zone name="%s"/>\n' % firewalld_slots.ZONES[direction])
    for rich, origin in (rules or {}).items():
        out.append("  <!-- %s -->\n" % _comment(origin))
        out.append("  <rule%s>\n" % _attributes(rich.attributes))
        out.extend("    <%s%s/>\n" % (name, _attributes(pairs)) for name, pairs in rich.parts)
        out.append("  </rule>\n")
    return "".join(out) + "</policy>\n"


def booting(wanted):
    """Return path -> bytes of all our files for ``wanted`` (direction -> rules): of two objects one is loaded in force."""
    return {
        path(name): text(direction, number, rules, number == firewalld_slots.BEHIND and rules is not None).encode()
        for direction, rules in wanted.items()
        for number, name in enumerate(firewalld_slots.NAMES[direction])
    }


def on_disk():
    """Return path -> bytes, or None, of all our files, and of the copies that firewalld leaves of files it rewrites."""
    found = {}
    for names in firewalld_slots.NAMES.values():
        for name in names:
            for one in (path(name), path(name) + ".old"):
                found[one] = file_changes.read(one)
    return found


def note_running(wanted):
    """Note the flows of what is in force; without the note a later run knows less of what it changes, and no more."""
    with contextlib.suppress(OSError):
        changes = [
            (path(direction, RUNNING), text(direction, firewalld_slots.BEHIND, rules, True).encode(), MODE)
            for direction, rules in wanted.items()
        ]
        files = file_changes.FileChanges(changes)
        files.stage()
        files.commit()


def forget_running():
    """Remove the note."""
    with contextlib.suppress(OSError):
        for direction in firewalld_slots.NAMES:
            file_changes.remove(path(direction, RUNNING))


def noted_flows():
    """Return (direction, rule's text) -> flow ids, of what was loaded at boot and since."""
    flows = {}
    for direction, names in firewalld_slots.NAMES.items():
        for one in (path(names[firewalld_slots.BEHIND]), path(direction, RUNNING)):
            with contextlib.suppress(OSError):
                flows.update(((direction, rule), ids) for rule, ids in _flows(file_changes.read(one)))
    return flows


def _attributes(pairs):
    return "".join(" %s=%s" % (name, quoteattr(value)) for name, value in pairs)


def _comment(origin):
    words = ": ".join(part for part in (", ".join(origin.flows), origin.reason) if part)
    # XML wants no two hyphens in a comment
    return (words if origin.flows else _OWN + words).replace("--", "-~-").replace("--", "-~-")


def _flows(content):
    """Yield (rule's text, flow ids) for each rule of a file (bytes) that has a comment ahead."""
    if content is None:
        return
    parser = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    try:
        elements = list(ElementTree.fromstring(content, parser))
    except ElementTree.ParseError:
        return
    for comment, rule in zip(elements, elements[1:]):
        if comment.tag is ElementTree.Comment and rule.tag == "rule":
            ids = comment.text.replace("~", "").partition(":")[0].strip().split(", ")
            known = tuple(flow for flow in ids if FLOW_ID.match(flow))
            if not comment.text.strip().startswith(_OWN):
                yield _rule_text(rule), known


def _rule_text(element):
    parts = tuple((part.tag, tuple(part.attrib.items())) for part in element)
    return firewalld_rules.text(firewalld_rules.Rich(tuple(element.attrib.items()), parts))
