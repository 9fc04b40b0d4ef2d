# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_kernel
from ansible_collections.vidnet.portmatrix.plugins.module_utils.nft_kernel import Nft, NftError
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab

GOOD = "table inet portmatrix {\n\tchain input {\n\t\ttcp dport 22 counter packets 3 bytes 180 accept\n\t}\n}\n"


@pytest.fixture
def nft():
    with NftLab() as lab:
        lab.host(HOST, "10.9.0.1/24")
        yield Nft(lab.nft_command())


def test_what_is_read_brings_back_what_was_there(nft):
    assert nft.read() == ""
    nft.apply(GOOD)
    assert nft.read() == GOOD
    nft.apply("delete table inet portmatrix\n" + nft.read())
    assert nft.read() == GOOD


def test_a_check_changes_nothing(nft):
    nft.check(GOOD)
    assert nft.read() == ""


@pytest.mark.parametrize("method", ["check", "apply"])
def test_a_refusal_holds_the_message_of_nft_and_nothing_is_applied(nft, method):
    with pytest.raises(NftError, match=r"(?s)^nft (refused|could not apply) these rules: /dev/stdin:6:.*syntax error"):
        getattr(nft, method)(GOOD + "add rule inet portmatrix input tcp dporx 1 accept\n")
    assert nft.read() == ""


def test_nft_is_found_beside_the_path_too(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "nft").touch(0o755)
    assert nft_kernel.find() == str(tmp_path / "nft")
    (tmp_path / "nft").chmod(0o644)
    monkeypatch.setattr(nft_kernel, "_DIRECTORIES", ())
    with pytest.raises(NftError, match="nft was not found on this host: install the package nftables"):
        nft_kernel.find()
