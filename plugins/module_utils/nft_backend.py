# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back-end for nftables: the table `nft_script.TABLE`, and the file that is loaded at boot."""

from __future__ import annotations

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_boot, nft_listing, nft_script
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError, Change
from ansible_collections.vidnet.portmatrix.plugins.module_utils.file_changes import FileChanges, remove_empty
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import Nft, NftError, find


class Nftables:
    """One host's table and boot path; the methods are those of every back-end (see backend)."""

    name = "nftables"

    def __init__(self, persist):
        self._nft = Nft([find()])
        self._listing = self._nft.read()
        self._table = nft_listing.parse(self._listing) if self._listing else None
        self._persist = persist
        self._boot = None
        self._present = False
        self._transactions = []

    def plan(self, intent):
        self._present = intent.state == "present"
        wanted, script = None, ""
        if self._present:
            wanted = nft_script.policy(intent.rules, intent.egress, intent.mode)
            script = nft_script.text(wanted)
        self._transactions = self._changes(wanted, script)
        if self._persist:
            self._boot = nft_boot.plan_present(script) if self._present else nft_boot.plan_absent()
        return Change(
            running=bool(self._transactions),
            boot=self._boots(),
            flows=nft_listing.flow_changes(self._table, wanted),
            diff=self._diff(wanted),
            warnings=self._boot.warnings if self._boot else [],
        )

    def check(self):
        """Check rules and main file in one go, which costs half, and only on refusal one by one."""
        script = self._transactions[-1] if self._transactions else ""
        main = nft_boot.others_part(self._boot.place) if self._present and self._boots() else ""
        try:
            if script or main:
                self._nft.check(script + main)
        except NftError:
            self._nft.check(script)
            self._check_main(main)
        if self._boots():
            FileChanges(self._boot.files).check()

    def snapshot(self):
        return {"listing": self._listing}

    def apply(self):
        for script in self._transactions:
            if script:
                self._nft.apply(script)

    def persist(self):
        if not self._boots():
            return
        files = FileChanges(self._boot.files)
        # What is loaded must be there before the service is enabled, and until it is disabled.
        try:
            files.stage()
            if self._boot.disable:
                nft_boot.switch_service("disable")
            files.commit()
            if self._boot.enable:
                nft_boot.switch_service("enable")
        except (OSError, nft_boot.BootError) as error:
            files.undo()
            if self._boot.disable:
                nft_boot.switch_service("enable")
            raise BackendError("the boot path cannot be written: %s" % error) from None
        remove_empty(self._boot.directories)

    @staticmethod
    def restore(snapshot):
        nft, listing = Nft([find()]), snapshot["listing"]
        now = nft.read()
        if now:
            relaxed = nft_listing.relaxed(nft_listing.parse(now))
            if relaxed:
                nft.apply(relaxed)
            nft.apply("delete table %s\n%s" % (nft_script.TABLE, listing))
        elif listing:
            nft.apply(listing)

    def _changes(self, wanted, script):
        if wanted is None:
            delete = "delete table %s\n" % nft_script.TABLE
            return [nft_listing.relaxed(self._table), delete] if self._table else []
        if nft_listing.as_text(self._table) == nft_listing.as_text(wanted):
            return []
        return [nft_listing.relaxed(self._table, wanted), nft_listing.repairs(self._table, wanted) + script]

    def _boots(self):
        return bool(self._boot and (self._boot.files or self._boot.enable or self._boot.disable))

    def _check_main(self, main):
        """A main file that does not load would leave the next boot without us."""
        where = self._boot.place
        try:
            self._nft.check(main)
        except NftError as error:
            if where.own not in str(error):  # ours is about to be written anew
                message = str(error).replace("/dev/stdin", where.main)
                raise BackendError(
                    "%s would not load at boot, so nothing was changed: %s" % (where.main, message)
                ) from None

    def _diff(self, wanted):
        parts = [("table %s" % nft_script.TABLE, nft_listing.as_text(self._table), nft_listing.as_text(wanted))]
        if self._boot:
            parts.append(("boot path", self._boot.before, self._boot.after))
        return [
            {"before_header": name, "after_header": name, "before": before, "after": after}
            for name, before, after in parts
            if before != after
        ]
