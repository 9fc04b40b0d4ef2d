# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a host's nftables policy to a wanted state: reads once, compares, checks everything, then applies."""

from __future__ import annotations

import os

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_boot, nft_listing, nft_script
from ansible_collections.vidnet.portmatrix.plugins.module_utils.file_changes import FileChanges, remove_empty
from ansible_collections.vidnet.portmatrix.plugins.module_utils.lockout_guard import cut_off
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import NftError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.policy_rules import checked


class PolicyError(Exception):
    """The wanted state was not reached; the text says why, and what the host is left with."""


def present(nft, rules, egress, persist, dry):
    """Put the policy for ``rules`` (list of dicts) in place through ``nft`` (`Nft`); return the module's result.

    ``persist`` lays the boot path as well; ``dry`` only looks. Raises RuleError, NftError, BootError or PolicyError.
    """
    parsed = checked(rules)
    refusal = cut_off(parsed, os.environ)
    if refusal:
        raise PolicyError(refusal + "; nothing was changed")
    wanted = nft_script.policy(parsed, egress)
    script = nft_script.text(wanted)
    host = _Host(nft, nft_boot.plan_present(script) if persist else None)
    transactions = []
    if nft_listing.as_text(host.table) != nft_listing.as_text(wanted):
        transactions = [nft_listing.relaxed(host.table, wanted), nft_listing.repairs(host.table, wanted) + script]
    return host.converge(wanted, transactions, dry)


def absent(nft, persist, dry):
    """Remove our table, and with ``persist`` our part of the boot path; return the module's result. Raises as `present`."""
    host = _Host(nft, nft_boot.plan_absent() if persist else None)
    delete = "delete table %s\n" % nft_script.TABLE
    return host.converge(None, [nft_listing.relaxed(host.table), delete] if host.table else [], dry)


class _Host:
    """What the kernel holds, read once, and the `Plan` for the boot path, if that is to be seen to."""

    def __init__(self, nft, plan):
        self._nft = nft
        self._plan = plan
        self._listing = nft.read()
        self.table = nft_listing.parse(self._listing) if self._listing else None

    def converge(self, wanted, transactions, dry):
        """Check and, unless ``dry``, run the ``transactions`` (scripts) and the plan; return the module's result."""
        plan = self._plan
        boots = bool(plan and (plan.files or plan.enable or plan.disable))
        main = nft_boot.others_part(plan.place) if wanted and boots else ""
        self._check(transactions[-1] if transactions else "", main)
        if not dry and (transactions or boots):
            self._write([script for script in transactions if script])
        return {
            "changed": bool(transactions or boots),
            "flows": nft_listing.flow_changes(self.table, wanted),
            "diff": self._diff(wanted),
            "warnings": plan.warnings if plan else [],
        }

    def _check(self, script, main):
        """Check both in one go, which costs half, and only on refusal one by one."""
        try:
            if script or main:
                self._nft.check(script + main)
        except NftError:
            self._nft.check(script)
            self._check_main(main)

    def _check_main(self, main):
        """A main file that does not load would leave the next boot without us."""
        where = self._plan.place
        try:
            self._nft.check(main)
        except NftError as error:
            if where.own not in str(error):  # ours is about to be written anew
                message = str(error).replace("/dev/stdin", where.main)
                raise PolicyError(
                    "%s would not load at boot, so nothing was changed: %s" % (where.main, message)
                ) from None

    def _write(self, transactions):
        plan = self._plan
        files = FileChanges(plan.files if plan else [])
        try:
            files.stage()
        except OSError as error:
            raise PolicyError("the boot path cannot be written, so nothing was changed: %s" % error) from None
        try:
            for script in transactions:
                self._nft.apply(script)
            files.commit()
            if plan and (plan.enable or plan.disable):
                nft_boot.switch_service("enable" if plan.enable else "disable")
        except (OSError, NftError, nft_boot.BootError) as error:
            files.undo()
            if transactions:
                self._restore()
            raise PolicyError("%s; rules and boot path are back as they were, nothing was lost" % error) from None
        if plan:
            remove_empty(plan.directories)

    def _restore(self):
        now = self._nft.read()
        if now:
            relaxed = nft_listing.relaxed(nft_listing.parse(now))
            if relaxed:
                self._nft.apply(relaxed)
            self._nft.apply("delete table %s\n%s" % (nft_script.TABLE, self._listing))
        else:
            self._nft.apply(self._listing)

    def _diff(self, wanted):
        parts = [("table %s" % nft_script.TABLE, nft_listing.as_text(self.table), nft_listing.as_text(wanted))]
        if self._plan:
            parts.append(("boot path", self._plan.before, self._plan.after))
        return [
            {"before_header": name, "after_header": name, "before": before, "after": after}
            for name, before, after in parts
            if before != after
        ]
