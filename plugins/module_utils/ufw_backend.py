# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back-end for ufw: rules of ours among those made by hand, never a reload.

Each address family has its own transaction and its own file. Whoever is killed between the two leaves one family with the
new policy and one with the old; a packet is of one family, so it meets one of the two policies, whole.
"""

from __future__ import annotations

import contextlib
import glob
import itertools
import os

from ansible_collections.vidnet.portmatrix.plugins.module_utils import ufw_family, ufw_files, ufw_presence, ufw_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError, Change
from ansible_collections.vidnet.portmatrix.plugins.module_utils.file_changes import FileChanges
from ansible_collections.vidnet.portmatrix.plugins.module_utils.ufw_family import Family

LOCK_SECONDS = 20
_RESTORE_LOCK_SECONDS = 3
_IPV6_SHUT = (
    "IPV6=no in %s, so ufw shuts IPv6 altogether, and with it what these rules let pass to or from IPv6 peers"
    % ufw_presence.DEFAULTS
)
_IPV6_OPEN = (
    "IPV6=no in %s, yet the kernel lets IPv6 in: set IPV6=yes and start ufw anew, or IPv6 stays open"
    % ufw_presence.DEFAULTS
)


class Ufw:
    """One host's ufw; the methods are those of every back-end (see backend)."""

    name = "ufw"

    def __init__(self, persist):
        self._persist = persist
        self._settings = ufw_files.settings()
        self._families = [Family(4, self._settings.enabled), self._ipv6()]

    def plan(self, intent):
        if intent.state == "present":
            self._refuse(intent)
        wanted = {family.number: self._wanted(intent, family) for family in self._families}
        for family in self._families:
            family.plan(wanted[family.number])
        before, after = (list(itertools.chain(*rules)) for rules in zip(*(family.flows() for family in self._families)))
        return Change(
            running=any(family.runs_otherwise() for family in self._families),
            boot=bool(self._to_write()),
            flows=ufw_rules.flow_changes(before, after),
            diff=[text for family in self._families for text in family.diff(self._persist)],
            warnings=list(self._warnings(intent, wanted)) if intent.state == "present" else [],
        )

    def check(self):
        for family in self._families:
            family.check(self._persist)
        FileChanges([family.file() for family in self._to_write()]).check()

    def snapshot(self):
        return {str(family.number): family.snapshot() for family in self._families}

    def apply(self):
        changed = [family for family in self._families if family.runs_otherwise()]
        with ufw_files.locked(LOCK_SECONDS):
            for family in changed:
                family.refresh()
            done = []
            try:
                for family in changed:
                    family.apply()
                    done.append(family)
            except BackendError:
                for family in done:
                    family.take_back()
                raise

    def persist(self):
        changed = self._to_write()
        if not changed:
            return
        files = FileChanges([family.file() for family in changed])
        try:
            with ufw_files.locked(LOCK_SECONDS):
                for family in changed:
                    family.check_file()
                files.stage()
                files.commit()
        except OSError as error:
            raise BackendError("the boot path cannot be written: %s" % error) from None

    @staticmethod
    def restore(snapshot):
        errors = []
        with ufw_files.locked(_RESTORE_LOCK_SECONDS, or_go_on=True):
            for number, lines in snapshot.items():
                try:
                    if lines:
                        ufw_family.restore(int(number), lines)
                except BackendError as error:
                    errors.append(str(error))
        if errors:
            raise BackendError("; ".join(errors))

    def _ipv6(self):
        """Return the IPv6 `Family`; a host that is to have none may not even be able to list its rules."""
        settings = self._settings
        if settings.enabled and not settings.ipv6:
            with contextlib.suppress(BackendError):
                return Family(6, True)
        return Family(6, settings.enabled and settings.ipv6)

    def _wanted(self, intent, family):
        if intent.state == "absent" or (family.number == 6 and not self._settings.ipv6):
            return []
        shut = set()
        if intent.mode == "enforce":
            shut.update(way for way in ("in", "out") if self._lets_pass(family, way))
        if intent.egress == "allow":
            shut.discard("out")
        return ufw_rules.wanted(intent.rules, family.number, intent.egress, shut)

    def _lets_pass(self, family, direction):
        """Tell whether ufw lets pass what no rule names, now or after its next start."""
        return "accept" in (self._settings.defaults[direction], family.running.policies.get(direction, "").lower())

    def _refuse(self, intent):
        """Raise BackendError where rules of ours would be of no use."""
        if not self._settings.enabled:
            raise BackendError("ufw is not enabled on this host: enable it, or set another back-end")
        for family in self._families:
            if family.number == 6 and not self._settings.ipv6:
                if intent.mode == "enforce" and _has_ipv6() and family.running.policies.get("in") != "DROP":
                    raise BackendError(_IPV6_OPEN)
            elif not (family.running.chains and family.running.hooked):
                raise BackendError(
                    "ufw is enabled, but its %s rules are not in force: start it, or look what removed its chains"
                    % ufw_family.TITLES[family.number]
                )

    def _warnings(self, intent, wanted):
        if not self._settings.ipv6 and any(6 in rule.peers for rule in intent.rules):
            yield _IPV6_SHUT
        if intent.egress == "allow" and self._settings.defaults["out"] != "accept":
            yield (
                "ufw's default for outgoing packets is %s and egress is allow, so rules for outgoing packets are left to ufw"
                % self._settings.defaults["out"]
            )
        for family in self._families:
            for key in family.against(wanted[family.number]):
                yield "a rule made by hand stands against this policy: %s" % ufw_rules.sentence(key)
        if os.path.isdir("/run/systemd/system") and not glob.glob("/etc/systemd/system/*.wants/ufw.service"):
            yield "ufw.service is not enabled, so nothing loads these rules at boot"

    def _to_write(self):
        return [family for family in self._families if self._persist and family.boots_otherwise()]


def _has_ipv6():
    with contextlib.suppress(OSError), open("/proc/net/if_inet6", encoding="ascii") as file:
        return any(line.split()[-1] != "lo" for line in file)
    return False
