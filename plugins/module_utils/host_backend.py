# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which firewall of a host holds the policy, and that firewall together with what of ours the others hold."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.module_utils import firewalld_presence, ufw_presence
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError, Change, Intent
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_backend import Nftables
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import NftError

NAMES = ("nftables", "firewalld", "ufw")
_NOTHING = Intent([], "allow", "enforce", "absent")


def _backend(name):
    """Return the class; a module is compiled anew on each host, so only what is needed there is imported."""
    if name == "firewalld":
        from ansible_collections.vidnet.portmatrix.plugins.module_utils.firewalld_backend import Firewalld

        return Firewalld
    if name == "ufw":
        from ansible_collections.vidnet.portmatrix.plugins.module_utils.ufw_backend import Ufw

        return Ufw
    return Nftables


def chosen(wanted):
    """Return the name of the back-end for this host: ``wanted``, or with ``auto`` the firewall that is active.

    Raises BackendError when two are, and for ``windows``: such a host is changed from the controller, and is not this one.
    """
    if wanted == "windows":
        raise BackendError(
            "portmatrix_backend is 'windows', and this host is not reached as a Windows host (by winrm, psrp, or ssh with"
            " ansible_shell_type); allowed here: auto, %s" % ", ".join(NAMES)
        )
    if wanted != "auto":
        return wanted
    active = ["firewalld"] * firewalld_presence.runs() + ["ufw"] * ufw_presence.active()
    if len(active) > 1:
        raise BackendError(
            "%s are both active on this host, and each may undo what the other does;"
            " stop one of them, or set portmatrix_backend to the one that shall hold the policy" % " and ".join(active)
        )
    return active[0] if active else "nftables"


class HostBackend:
    """The back-end ``name``, and what of ours there is in others: it goes, but for our table, which counts in audit mode.

    The methods are those of every back-end (see backend).
    """

    def __init__(self, name, persist):
        self.name = name
        self._persist = persist
        self._parts = [(name, _backend(name)(persist))]
        self._changes = []

    def plan(self, intent):
        intents = [intent]
        for name, part, about in self._others(intent):
            self._parts.append((name, part))
            intents.append(about)
        self._changes = [part.plan(about) for (_name, part), about in zip(self._parts, intents)]
        return Change(
            running=any(change.running for change in self._changes),
            boot=any(change.boot for change in self._changes),
            flows=self._changes[0].flows,
            diff=[text for change in self._changes for text in change.diff],
            warnings=[warning for change in self._changes for warning in change.warnings],
        )

    def check(self):
        for _name, part in self._parts:
            part.check()

    def snapshot(self):
        return {"parts": [(name, part.snapshot()) for name, part in self._parts]}

    def apply(self):
        before = self.snapshot()
        try:
            for (_name, part), change in zip(self._parts, self._changes):
                if change.running:
                    part.apply()
        except (BackendError, OSError):
            restore(before)
            raise

    def persist(self):
        for (_name, part), change in zip(self._parts, self._changes):
            if change.boot:
                part.persist()

    def _others(self, intent):
        if self.name != "nftables":
            # Counting is for now: at boot our table would be loaded beside a firewall that may flush what it finds.
            counts = intent.state == "present" and intent.mode == "audit"
            try:
                yield "nftables", Nftables(self._persist and not counts), intent if counts else _NOTHING
            except NftError:
                if counts:
                    raise
        if self.name != "ufw" and ufw_presence.has_ours():
            yield "ufw", _backend("ufw")(self._persist), _NOTHING


def restore(snapshot):
    """Bring back the running rules of the ``snapshot`` (dict) of a `HostBackend`."""
    for name, part in snapshot["parts"]:
        _backend(name).restore(part)
