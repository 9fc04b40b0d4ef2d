# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys

from ansible_collections.vidnet.portmatrix.plugins.module_utils import capsule, rollback


def test_a_capsule_runs_with_nothing_but_python(tmp_path):
    program = tmp_path / "rollback.zip"
    program.write_bytes(capsule.packed(rollback))
    code = (
        f"import sys; sys.path.insert(0, {str(program)!r});"
        f"import {rollback.__name__} as ours; print(ours.__file__, 'ansible.module_utils' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [f"{program}/{rollback.__name__.replace('.', '/')}.py", "False"], done.stderr
