# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ufw's rules of one address family: what runs and what the file holds, against what is wanted."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.module_utils import ufw_files, ufw_kernel, ufw_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError

TITLES = {4: "IPv4", 6: "IPv6"}
_STOPPED = ufw_kernel.Running({}, {}, False)


class Family:
    """``number`` is 4 or 6; ``runs`` tells whether to look at the running rules as well."""

    def __init__(self, number, runs):
        self.number = number
        self.running = ufw_kernel.read(number) if runs else _STOPPED
        self._content = ufw_files.read(number)
        self._rules = ufw_files.parse(self._content, number)
        self._in_file = [block.own for block in self._rules.blocks if block.own]
        self._chains = self._recognized(self.running)
        self._changed = {}
        self._wanted_rules = self._rules

    def plan(self, ours):
        """Work out what has to change for the list of `Own`."""
        number = self.number
        theirs = {
            block.key._replace(action="allow")
            for block in self._rules.blocks
            if block.key and not block.own and block.key.action.startswith("allow")
        }
        blocks = ufw_rules.merged(
            self._rules.blocks,
            [rule for rule in ours if rule.key not in theirs],
            lambda rule: ufw_files.block(rule, number),
            lambda block, rule: ufw_files.right(block, rule, number),
        )
        self._wanted_rules = self._rules._replace(blocks=blocks)
        self._changed = {}
        for direction, lines in self._chains.items():
            loaded = {ufw_rules.parse_rule(line.text, number)[0] for line in lines if not line.own}
            wanted = ufw_rules.merged(
                lines,
                [rule for rule in ours if rule.key.direction == direction and rule.key not in theirs & loaded],
                lambda rule: ufw_kernel.line(rule, number),
                ufw_kernel.right,
            )
            if wanted != lines:
                self._changed[direction] = wanted

    def runs_otherwise(self):
        """Tell whether the running rules differ from the plan."""
        return bool(self._changed)

    def boots_otherwise(self):
        """Tell whether the file differs from the plan."""
        return self._wanted_rules.blocks != self._rules.blocks

    def flows(self):
        """Return the lists of `Own` that run, and that shall run."""
        return _owns(self._chains), _owns(dict(self._chains, **self._changed))

    def against(self, ours):
        """Return the keys of rules made by hand that shut exactly what a rule of ours lets pass."""
        keys = {rule.key for rule in ours}
        return [
            block.key
            for block in self._rules.blocks
            if block.key
            and not block.own
            and block.key.action.partition("_")[0] in ("deny", "reject")
            and block.key._replace(action="allow") in keys
        ]

    def diff(self, boot):
        """Return what Ansible shows of running rules and, with ``boot``, of the file; alike is shown once."""
        path = ufw_files.PATHS[self.number]
        parts = {}
        if self.runs_otherwise():
            parts["running rules"] = tuple(_text(rules) for rules in self.flows())
        if boot and self.boots_otherwise():
            wanted = [block.own for block in self._wanted_rules.blocks if block.own]
            parts[path] = (_text(self._in_file), _text(wanted))
        if len(parts) == 2 and len(set(parts.values())) == 1:
            parts = {"running rules and %s" % path: parts[path]}
        return [
            {"before_header": name, "after_header": name, "before": before, "after": after}
            for what, (before, after) in parts.items()
            for name in ["ufw, %s, %s" % (TITLES[self.number], what)]
        ]

    def check(self, boot):
        """Have iptables check what would be loaded now and, with ``boot``, at boot; raises BackendError."""
        if self._changed:
            ufw_kernel.check(ufw_kernel.script(self._changed, self.number), self.number)
        if boot and self.boots_otherwise():
            ufw_kernel.check(ufw_files.content(self._wanted_rules).decode("utf-8", "surrogateescape"), self.number)

    def file(self):
        """Return the file as `FileChanges` takes it."""
        return ufw_files.replacement(ufw_files.content(self._wanted_rules), self.number)

    def check_file(self):
        """Raise BackendError when someone else has changed the file since it was read."""
        if ufw_files.read(self.number) != self._content:
            raise BackendError("%s was changed by someone else just now; try again" % ufw_files.PATHS[self.number])

    def refresh(self):
        """Read the counters once more; raises BackendError when someone else has changed the rules."""
        now = self._recognized(ufw_kernel.read(self.number))
        if _texts(now) != _texts(self._chains):
            raise BackendError("someone else has changed ufw's %s rules just now; try again" % TITLES[self.number])
        counters = {line.text: line.counters for lines in now.values() for line in lines}
        self._chains = now
        self._changed = {
            direction: [line._replace(counters=counters.get(line.text, line.counters)) for line in lines]
            for direction, lines in self._changed.items()
        }

    def apply(self):
        """Load the planned chains."""
        ufw_kernel.load(ufw_kernel.script(self._changed, self.number), self.number)

    def take_back(self):
        """Load the chains as they were read."""
        before = {direction: self._chains[direction] for direction in self._changed}
        ufw_kernel.load(ufw_kernel.script(before, self.number), self.number)

    def snapshot(self):
        """Return a dict for JSON with all lines in order, and which of them are ours."""
        return {
            direction: [[line.text, line.own.comment if line.own else None] for line in lines]
            for direction, lines in self._chains.items()
        }

    def _recognized(self, running):
        known = {rule.key: rule for rule in self._in_file}
        return {
            direction: ufw_kernel.recognized(lines, self.number, known) for direction, lines in running.chains.items()
        }


def restore(number, snapshot):
    """Bring back our lines of a `Family.snapshot`; what others have done to the chains since is kept."""
    chains = ufw_kernel.read(number).chains
    then = {direction: [_remembered(line, number) for line in lines] for direction, lines in snapshot.items()}
    known = {line.own.key: line.own for lines in then.values() for line in lines if line.own}
    # What is in the file only was loaded from there meanwhile.
    blocks = ufw_files.parse(ufw_files.read(number), number).blocks
    known = {**{block.own.key: block.own for block in blocks if block.own}, **known}
    changed = {}
    for direction in set(chains) & set(then):
        now = ufw_kernel.recognized(chains[direction], number, known)
        wanted = _back(now, then[direction], number)
        if [line.text for line in wanted] != [line.text for line in now]:
            counters = {line.text: line.counters for line in now}
            changed[direction] = [line._replace(counters=counters.get(line.text, line.counters)) for line in wanted]
    if changed:
        ufw_kernel.load(ufw_kernel.script(changed, number), number)


def _back(now, then, number):
    foreign = [[line.text for line in lines if not line.own] for lines in (now, then)]
    if foreign[0] == foreign[1]:
        return then
    ours = [line.own for line in then if line.own]
    return ufw_rules.merged(now, ours, lambda rule: ufw_kernel.line(rule, number), ufw_kernel.right)


def _remembered(line, number):
    text, comment = line
    key, in_text = ufw_rules.parse_rule(text, number)
    own = None if comment is None else ufw_rules.own(key, comment)
    return ufw_kernel.Line(text, own, in_text is None, "[0:0]")


def _owns(chains):
    return [line.own for direction in sorted(chains) for line in chains[direction] if line.own]


def _texts(chains):
    return {direction: [line.text for line in lines] for direction, lines in chains.items()}


def _text(rules):
    rules = sorted(rules, key=lambda rule: rule.key.direction)
    return "".join("%s comment '%s'\n" % (ufw_rules.sentence(rule.key), rule.comment) for rule in rules)
