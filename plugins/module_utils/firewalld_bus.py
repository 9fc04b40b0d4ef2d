# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Speaks with firewalld through its own Python binding: the only place that does."""

from __future__ import annotations

import contextlib
import sys

from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError

PATIENCE = 600
"""Seconds: firewalld checks all it has for each rule that it is given, so hundreds of rules take it minutes."""


class Bus:
    """A connection to the running firewalld. All methods raise BackendError."""

    def __init__(self):
        with _told("cannot be reached"):
            self._client = _binding().FirewallClient()
            if not self._client.connected:
                raise BackendError("firewalld does not answer on the system's message bus")

    def refusal(self):
        """Return why firewalld takes no changes now, "" when it does."""
        with _told("could not be asked for its state"):
            state = str(self._client.get_property("state"))
            if state != "RUNNING":
                return "firewalld is in the state %s; see its log for what is wrong" % state
            return "firewalld is in panic mode; end it with firewall-cmd --panic-off" if self._panics() else ""

    def policies(self, names):
        """Return name -> settings (dict) of those policy objects that the running firewalld knows, else None."""
        with _told("could not be read"):
            known = self._client.getPolicies()
            return {
                name: self._client.getPolicySettings(name).getSettingsDict() if name in known else None
                for name in names
            }

    def set_policy(self, name, changes):
        """Change these settings (dict) of a running policy object, which must not be in force unless only its zones change."""
        with _told("did not take the policy %s" % name):
            settings = self._client.getPolicySettings(name)
            settings.setSettingsDict(changes)
            # the binding's own method waits 25 seconds, and no longer
            self._client.fw_policy.setPolicySettings(name, settings.getRuntimeSettingsDbusDict(), timeout=PATIENCE)

    def check_rule(self, text):
        """Have firewalld's own parser check a rich rule."""
        with _told("refuses the rule %r" % text):
            found = str(_rich().Rich_Rule(rule_str=text))
            if found != text:
                raise BackendError("firewalld reads the rule %r as %r" % (text, found))

    def check_files(self):
        """Have firewalld check all of its files; a reload would refuse what is wrong in them."""
        with _told("finds a mistake in its files, so it cannot load anything new"):
            self._client.checkPermanentConfig()

    def uses_nftables(self):
        """Tell whether firewalld keeps its rules in nftables, and not in iptables."""
        with _told("could not be asked for its back-end"):
            return str(self._client.config().get_property("FirewallBackend")) == "nftables"

    def reload(self, ours):
        """Load all files, which alone makes policy objects known or forgotten.

        What others changed in the running firewalld since is put back as it was; ``ours`` are names of policies that are not.
        """
        with _told("could not be reloaded"):
            before = self._others(ours)
            direct = self._direct()
            self._client.fw.reload(timeout=PATIENCE)
            after = self._others(ours)
            for add, arguments in direct:
                with contextlib.suppress(Exception):  # most are there: they are in files, or someone was quicker
                    add(*arguments)
        for key, settings in before.items():
            if key in after and _plain(settings) != _plain(after[key]):
                self._put_back(key, settings)

    def _put_back(self, key, settings):
        kind, name = key
        setters = {
            "zone": self._client.setZoneSettings,
            "policy": self._client.setPolicySettings,
            "ipset": self._client.setEntries,
        }
        try:
            with _told("did not take back the %s %s as it was before the reload" % key):
                setters[kind](name, settings)
        except BackendError:
            # someone who waits for reloads, as Docker does for its interfaces, may have been quicker
            with _told("did not show the %s %s" % key):
                if _plain(self._one(kind, name)) != _plain(settings):
                    raise

    def _others(self, ours):
        names = {
            "zone": self._client.getZones(),
            "policy": self._client.getPolicies(),
            "ipset": self._client.getIPSets(),
        }
        found = {}
        for kind in names:
            for name in names[kind]:
                if kind != "policy" or name not in ours:
                    # entries that expire by themselves are not shown
                    with contextlib.suppress(Exception) if kind == "ipset" else contextlib.nullcontext():
                        found[kind, name] = self._one(kind, name)
        return found

    def _one(self, kind, name):
        client = self._client
        return {"zone": client.getZoneSettings, "policy": client.getPolicySettings, "ipset": client.getEntries}[kind](
            name
        )

    def _direct(self):
        client = self._client
        return (
            [(client.addChain, arguments) for arguments in client.getAllChains()]
            + [(client.addRule, arguments) for arguments in client.getAllRules()]
            + [(client.addPassthrough, arguments) for arguments in client.getAllPassthroughs()]
        )

    def _panics(self):
        return bool(self._client.queryPanicMode())


def _plain(settings):
    return getattr(settings, "settings", settings)


def _binding():
    try:
        from firewall import client
    except ImportError as error:
        raise BackendError(
            "firewalld's Python binding (package python3-firewall) is missing for %s: %s" % (sys.executable, error)
        ) from None
    return client


def _rich():
    _binding()
    from firewall.core import rich

    return rich


@contextlib.contextmanager
def _told(failure):
    """Turn whatever the binding raises into a sentence."""
    try:
        yield
    except BackendError:
        raise
    except Exception as error:  # of D-Bus, of GLib and of firewalld, which need not be there to be named
        message = (getattr(error, "get_dbus_message", lambda: None)() or str(error)).partition("JSON blob")[0]
        name = getattr(error, "get_dbus_name", lambda: "")()
        if name.startswith("org.freedesktop.DBus.Error"):
            message = "it does not answer; did it end? (%s)" % message
        if "resource busy" in message:
            message += "; firewall-cmd --reload may help: the kernel holds rules that firewalld does not know of"
        raise BackendError("firewalld %s: %s" % (failure, " ".join(message.split()))) from None
