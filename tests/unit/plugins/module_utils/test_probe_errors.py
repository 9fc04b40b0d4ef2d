# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_errors import (
    SHORTAGES,
    Shortage,
    from_errno,
)


@pytest.mark.parametrize("code", sorted(SHORTAGES), ids=errno.errorcode.get)
def test_a_shortage_of_this_host_is_no_observation(code):
    with pytest.raises(Shortage) as caught:
        from_errno(code)
    assert caught.value.args == (code,)


@pytest.mark.parametrize(
    ("code", "observed", "detail"),
    [
        (errno.ECONNREFUSED, "refused", "the way is open, nothing listens there"),
        (errno.EPERM, "filtered", "dropped before leaving"),
        (errno.ETIMEDOUT, "filtered", "no answer"),
        (errno.ENETUNREACH, "unreachable", "ENETUNREACH, Network is unreachable"),
        (errno.EHOSTUNREACH, "unreachable", "EHOSTUNREACH, No route to host"),
        (errno.EINVAL, "error", "EINVAL, Invalid argument"),
        (9999, "error", "9999, Unknown error 9999"),
    ],
)
def test_what_an_errno_means(code, observed, detail):
    assert from_errno(code) == (observed, detail, "nothing" if observed == "refused" else "")
