# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_boot

OWN = "/etc/nftables.d/portmatrix.nft"
LINE = f'include "{OWN}" # vidnet.portmatrix\n'.encode()


@given(st.one_of(st.none(), st.binary(), st.text("#\n \tinclude\"/etcnfabls.d*'", max_size=60).map(str.encode)))
def test_leaving_gives_back_the_bytes_that_were_there(main):
    laid, appended = nft_boot.including(main, OWN)
    record = {"main_created": main is None, "appended": appended}
    assert nft_boot.without(laid, OWN, record) == main
    assert nft_boot.including(laid, OWN) == (laid, "")
    assert main is None or laid.startswith(main)


@given(st.binary().filter(lambda main: nft_boot.including(main, OWN)[0] != main))
def test_what_others_added_behind_our_line_stays(added):
    laid, appended = nft_boot.including(b"flush ruleset", OWN)
    left = nft_boot.without(laid + b"# mine\n" + added, OWN, {"main_created": False, "appended": appended})
    assert left == b"flush ruleset\n# mine\n" + added


@pytest.mark.parametrize(
    ("line", "included"),
    [
        (f'include "{OWN}"', True),
        (f'  include   "{OWN}";', True),
        ('include "/etc/nftables.d/*.nft"', True),
        ('include "/etc/nftables.d/p*"', True),
        ('include "nftables.d/*.nft"', True),
        (f'#include "{OWN}"', False),
        ('include "/etc/*.nft"', False),
        ('include "/etc/nftables.d/*.conf"', False),
        ('include "/etc/nftables.d/"', False),
    ],
)
def test_an_include_that_loads_us_is_recognized(line, included):
    assert (nft_boot.including(line.encode(), OWN)[1] == "") is included


@pytest.mark.parametrize(
    ("os_release", "main"),
    [
        ("ID=debian\n", "/etc/nftables.conf"),
        ("ID=ubuntu\nID_LIKE=debian\n", "/etc/nftables.conf"),
        ("ID=arch\n", "/etc/nftables.conf"),
        ("", "/etc/nftables.conf"),
        ('NAME=x\nID="fedora"\n', "/etc/sysconfig/nftables.conf"),
        ('ID="almalinux"\nID_LIKE="rhel centos fedora"\n', "/etc/sysconfig/nftables.conf"),
        ("ID=alpine\nVERSION_ID=3.20\n", "/etc/nftables.nft"),
    ],
)
def test_the_main_file_is_the_distribution_s(os_release, main):
    assert nft_boot.place_for(os_release).main == main


def test_a_main_file_that_we_made_is_kept_when_others_use_it():
    record = json.loads(json.dumps({"main_created": True, "appended": LINE.decode()}))
    made = nft_boot.SHEBANG.encode() + LINE
    assert nft_boot.without(made, OWN, record) is None
    assert nft_boot.without(made + b"# mine\n", OWN, record) == nft_boot.SHEBANG.encode() + b"# mine\n"
