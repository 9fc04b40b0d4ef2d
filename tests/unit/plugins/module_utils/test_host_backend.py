# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import firewalld_presence, host_backend, ufw_presence
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, rule
from ansible_collections.vidnet.portmatrix.tests.support.ufw_host import UfwLab

RULES = [rule("22,80", "10.9.0.7", flows=("site.web",))]


@pytest.mark.parametrize(
    ("firewalld", "ufw", "expected"), [(False, False, "nftables"), (True, False, "firewalld"), (False, True, "ufw")]
)
def test_auto_is_what_is_active(monkeypatch, firewalld, ufw, expected):
    monkeypatch.setattr(firewalld_presence, "runs", lambda: firewalld)
    monkeypatch.setattr(ufw_presence, "active", lambda: ufw)
    assert host_backend.chosen("auto") == expected
    assert host_backend.chosen("nftables") == "nftables"


def test_two_active_managers_are_an_error_that_names_both(monkeypatch):
    monkeypatch.setattr(firewalld_presence, "runs", lambda: True)
    monkeypatch.setattr(ufw_presence, "active", lambda: True)
    with pytest.raises(BackendError, match="firewalld and ufw are both active.*set portmatrix_backend"):
        host_backend.chosen("auto")
    assert host_backend.chosen("ufw") == "ufw"


@pytest.fixture
def lab():
    with UfwLab() as made:
        made.host(HOST, "10.9.0.1/24")
        made.host("admin", "10.9.0.7/24")
        made.host("stranger", "10.9.0.66/24")
        made.enable()
        yield made


def change(lab, **params):
    return lab.module(HOST, "host_firewall", confirm_timeout=0, **params)


@pytest.mark.managers
def test_ufw_and_our_table_beside_it_while_auditing(lab):
    audited = change(lab, rules=RULES, mode="audit")
    assert audited["backend"] == "ufw" and "seen" in lab.listing()
    assert change(lab, rules=RULES, mode="audit")["changed"] is False
    assert change(lab, rules=RULES)["changed"] is True
    assert lab.listing() == "" and change(lab, rules=RULES)["changed"] is False
    lab.serve(HOST, 80)
    assert lab.reaches("admin", "tcp", "10.9.0.1", 80) and not lab.reaches("stranger", "tcp", "10.9.0.1", 80)


@pytest.mark.managers
def test_another_back_end_takes_over_what_ufw_held(lab):
    change(lab, rules=RULES)
    assert b"portmatrix".hex() in lab.shell("cat /etc/ufw/user.rules")
    moved = change(lab, rules=RULES, backend="nftables")
    assert moved["backend"] == "nftables" and "site.web" in lab.listing()
    assert b"portmatrix".hex() not in lab.shell("cat /etc/ufw/user.rules")
    assert change(lab, rules=RULES, backend="nftables")["changed"] is False
    back = change(lab, rules=RULES)
    assert back["backend"] == "ufw" and lab.listing() == ""
    change(lab, state="absent")
    assert "portmatrix" not in lab.shell(
        "{ ls /etc/nftables* /var/lib 2>/dev/null || true; } && cat /etc/ufw/user.rules"
    )
