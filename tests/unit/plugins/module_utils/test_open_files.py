# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH

CODE = """
import resource
from ansible_collections.vidnet.portmatrix.plugins.module_utils.open_files import allow_open_files
print(allow_open_files({wanted}), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def allowed(limits: str, wanted: int) -> tuple[int, int]:
    """Return how many files fit and the soft limit after asking for ``wanted`` under the limits "soft:hard"."""
    command = ["prlimit", f"--nofile={limits}", sys.executable, "-c", CODE.format(wanted=wanted)]
    env = {**os.environ, "PYTHONPATH": COLLECTIONS_PATH}
    fitting, soft = subprocess.run(command, capture_output=True, text=True, check=True, env=env).stdout.split()
    return int(fitting), int(soft)


def test_a_limit_that_suffices_is_left_alone():
    assert allowed("1000:2000", 100) == (100, 1000)


def test_the_soft_limit_is_raised_no_further_than_needed():
    fitting, soft = allowed("100:2000", 500)
    assert fitting == 500
    assert 500 < soft < 700


@pytest.mark.parametrize("limits", ["300:300", "100:300"])
def test_the_hard_limit_holds(limits):
    fitting, soft = allowed(limits, 500)
    assert 100 < fitting < 300
    assert soft == 300


def test_nothing_fits_a_hard_limit_that_is_too_low():
    assert allowed("50:50", 500) == (0, 50)
