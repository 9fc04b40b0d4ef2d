# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewalld back-end: policy objects of our own, ahead of the zones, which stay as they are."""

from __future__ import annotations

import glob
import os

from ansible_collections.vidnet.portmatrix.plugins.module_utils import (
    firewalld_files,
    firewalld_kernel,
    firewalld_listing,
    firewalld_presence,
    firewalld_rules,
    firewalld_slots,
)
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError, Change
from ansible_collections.vidnet.portmatrix.plugins.module_utils.file_changes import FileChanges
from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_bus import Bus
from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_slots import Content

_NAMES = [name for names in firewalld_slots.NAMES.values() for name in names]
_NOT_ENABLED = "firewalld.service is not enabled, so nothing loads the policy at boot"
_STALE = "the kernel does not hold what firewalld believes it does, so firewalld is reloaded"
_SECONDS_EACH = (0.01, 0.0003)
"""What one more rule takes firewalld: in itself, and for each rule that it has."""
_LONG = 5


class Firewalld:
    """firewalld on this host; see `backend` for what the methods promise."""

    name = "firewalld"

    def __init__(self, persist):
        self._persist = persist
        self._bus = _connected()
        self._known = self._bus.policies(_NAMES)
        self._before = _in_force(self._known)
        self._stale = _stale(self._bus, self._known)
        self._disk = firewalld_files.on_disk() if persist else {}
        self._rules = self._wanted = self._files = None

    def plan(self, intent):
        """Return the `Change` that ``intent`` needs, and remember what to do."""
        if intent.state == "present":
            self._rules = firewalld_rules.wanted(intent.rules, intent.egress, intent.mode)
            self._files = firewalld_files.booting(self._rules)
        else:
            self._rules = dict.fromkeys(firewalld_rules.DIRECTIONS)
            self._files = dict.fromkeys(self._disk)
        self._wanted = {direction: firewalld_slots.content(rules) for direction, rules in self._rules.items()}
        steps = _steps(self._known, self._wanted)
        return Change(
            running=self._stale or steps is None or any(steps.values()),
            boot=self._persist and self._boot_differs(),
            flows=firewalld_listing.flow_changes(
                self._before,
                self._wanted,
                firewalld_files.noted_flows(),
                {
                    (direction, firewalld_rules.text(rich)): origin.flows
                    for direction, rules in self._rules.items()
                    for rich, origin in (rules or {}).items()
                },
            ),
            diff=self._diff(),
            warnings=self._warnings(steps),
        )

    def check(self):
        """Have firewalld's parser check the rules, and see that what is to be written can be; changes nothing."""
        refusal = self._bus.refusal()
        if refusal:
            raise BackendError(refusal)
        for rules in self._rules.values():
            for rich in rules or ():
                self._bus.check_rule(firewalld_rules.text(rich))
        if self._reloads():
            self._bus.check_files()
        if self._reloads() or (self._persist and self._boot_differs()):
            _check_writable()

    def snapshot(self):
        """Return what is in force in each direction, for `restore`."""
        return {
            direction: content and {"rules": sorted(content.rules), "others": content.others}
            for direction, content in self._before.items()
        }

    def apply(self):
        """Put what is wanted in force; when that fails, what was in force is put back."""
        try:
            _reach(self._bus, self._known, self._wanted, self._rules, self._stale)
        except BackendError:
            _undo(self._before)
            raise
        if any(self._wanted.values()):
            firewalld_files.note_running(self._rules)
        else:
            firewalld_files.forget_running()

    def persist(self):
        """Write what firewalld loads at boot, or remove it; in the latter case firewalld forgets our objects too."""
        _write([(path, content, firewalld_files.MODE) for path, content in self._changed_files()])
        if not any(self._wanted.values()) and any(self._known.values()):
            self._bus.reload(_NAMES)

    @staticmethod
    def restore(snapshot):
        """Put back in force what `snapshot` found, whatever is in force now."""
        before = {
            direction: found and Content(frozenset(found["rules"]), tuple(tuple(pair) for pair in found["others"]))
            for direction, found in snapshot.items()
        }
        bus = _connected()
        known = bus.policies(_NAMES)
        _reach(bus, known, before, _as_rich(before), _stale(bus, known))
        firewalld_files.forget_running()

    def _reloads(self):
        return self._stale or (any(self._wanted.values()) and not _all_usable(self._known))

    def _boot_differs(self):
        forget = not any(self._wanted.values()) and any(self._known.values())
        return bool(forget or self._changed_files())

    def _changed_files(self):
        wanted = self._files.items()
        return [(path, content) for path, content in wanted if self._disk[path] != content]

    def _diff(self):
        parts = [
            (
                "firewalld, in force",
                firewalld_listing.as_text(self._before),
                firewalld_listing.as_text(self._wanted),
            )
        ]
        if self._persist:
            parts.append(("boot path", *map("".join, zip(*map(self._file_states, sorted(self._files))))))
        return [
            {"before_header": name, "after_header": name, "before": before, "after": after}
            for name, before, after in parts
            if before != after
        ]

    def _file_states(self, path):
        wanted, found = self._files[path], self._disk[path]
        after = "" if wanted is None else "%s: as declared\n" % path
        before = "" if found is None else after if found == wanted else "%s: differs\n" % path
        return before, after

    def _warnings(self, steps):
        warnings = []
        if self._persist and any(self._wanted.values()) and _starts_not():
            warnings.append(_NOT_ENABLED)
        if self._stale:
            warnings.append(_STALE)
        seconds = _seconds(self._known, steps or {})
        if seconds > _LONG:
            warnings.append(
                "firewalld takes about %d s to load so many rules anew; nothing changes meanwhile" % seconds
            )
        return warnings


def _connected():
    if not firewalld_presence.runs():
        raise BackendError("firewalld does not run on this host; when it starts, it loads the policy of its files")
    return Bus()


def _all_usable(known):
    return all(
        firewalld_slots.usable(number, known[name])
        for names in firewalld_slots.NAMES.values()
        for number, name in enumerate(names)
    )


def _slots(known, direction):
    found = [known[name] for name in firewalld_slots.NAMES[direction]]
    empty = firewalld_slots.Slot(firewalld_slots.EMPTY, False)
    return [empty if settings is None else firewalld_slots.slot(direction, settings) for settings in found]


def _in_force(known):
    return {direction: firewalld_slots.in_force(_slots(known, direction)) for direction in firewalld_rules.DIRECTIONS}


def _steps(known, wanted):
    """Return direction -> steps, or None when firewalld has first to be told of our objects."""
    if any(wanted.values()) and not _all_usable(known):
        return None
    return {
        direction: firewalld_slots.steps(_slots(known, direction), content) for direction, content in wanted.items()
    }


def _stale(bus, known):
    if not bus.uses_nftables():
        return False
    return not firewalld_kernel.agrees(
        {
            name: slot.on
            for direction, names in firewalld_slots.NAMES.items()
            for name, slot in zip(names, _slots(known, direction))
        }
    )


def _as_rich(contents):
    nothing = firewalld_rules.Origin((), "")
    return {
        direction: content and {firewalld_rules.parse(rule): nothing for rule in sorted(content.rules)}
        for direction, content in contents.items()
    }


def _reach(bus, known, wanted, rules, stale):
    """Put ``wanted`` in force, whatever firewalld knows of us; ``rules`` is the same for files."""
    if stale:
        firewalld_kernel.make_reloadable()
    if any(wanted.values()) and (stale or not _all_usable(known)):
        known = _make_known(bus, known, rules, stale)
    elif stale:
        bus.reload(_NAMES)
        known = bus.policies(_NAMES)
    _bring(bus, known, wanted)


def _bring(bus, known, wanted):
    """Take the steps to ``wanted``; those that put nothing in force yet come first, so that most of what fails does there."""
    steps = _steps(known, wanted)
    fills = {direction: [step for step in todo[:1] if step.content is not None] for direction, todo in steps.items()}
    for direction, todo in fills.items():
        _take(bus, direction, todo)
    for direction, todo in steps.items():
        _take(bus, direction, todo[len(fills[direction]) :])


def _take(bus, direction, steps):
    for step in steps:
        ingress, egress = firewalld_slots.ZONES[direction]
        changes = {"ingress_zones": [ingress] if step.on else [], "egress_zones": [egress] if step.on else []}
        if step.content is not None:
            changes.update(_NOTHING, rich_rules=sorted(step.content.rules))
        bus.set_policy(firewalld_slots.NAMES[direction][step.slot], changes)


_NOTHING = {
    "services": [],
    "ports": [],
    "protocols": [],
    "source_ports": [],
    "icmp_blocks": [],
    "forward_ports": [],
    "masquerade": False,
}


def _make_known(bus, known, rules, stale):
    """Have firewalld load our policy objects; return their settings.

    It knows only objects that were in its files at its last reload, so this one reload cannot be spared. They hold the
    rules already, which is quicker than to add them, and are not in force yet, unless something of ours was: then there must
    be no gap. The files are put back as they were: until the policy is confirmed, a boot finds what it would have found
    before.
    """
    on = stale or any(_in_force(known).values())
    files = []
    for direction, names in firewalld_slots.NAMES.items():
        for number, name in enumerate(names):
            if on or not firewalld_slots.usable(number, known[name]):
                at_once = on and number == firewalld_slots.BEHIND and rules[direction] is not None
                text = firewalld_files.text(direction, number, rules[direction], at_once)
                files.append((firewalld_files.path(name), text.encode(), firewalld_files.MODE))
    changes = _write(files)
    try:
        bus.reload(_NAMES)
    finally:
        changes.undo()
    return bus.policies(_NAMES)


def _undo(before):
    """Go back as far as firewalld can still be asked to; it loads the former policy itself when it had to be started."""
    try:
        bus = Bus()
        _bring(bus, bus.policies(_NAMES), before)
    except BackendError:
        return


def _write(files):
    changes = FileChanges(files)
    try:
        changes.stage()
        changes.commit()
    except OSError as error:
        raise BackendError("%s cannot be written: %s" % (firewalld_files.DIRECTORY, error)) from None
    return changes


def _check_writable():
    directory = firewalld_files.DIRECTORY
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    if not os.access(directory, os.W_OK | os.X_OK):
        raise BackendError("%s cannot be written, so nothing was changed" % directory)


def _starts_not():
    """Tell whether systemd runs here and does not start firewalld."""
    units = "/etc/systemd/system/*.wants/firewalld.service"
    return os.path.isdir("/run/systemd/system") and not glob.glob(units)


def _seconds(known, steps):
    rules = sum(len(settings["rich_rules"]) for settings in known.values() if settings)
    items = 0
    for direction, todo in steps.items():
        slots = _slots(known, direction)
        items += sum(len(slots[one.slot].content.rules ^ one.content.rules) for one in todo if one.content is not None)
    base, each = _SECONDS_EACH
    return items * (base + each * rules)
