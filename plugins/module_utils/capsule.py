# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""This collection's code as one file that runs on its own, when Ansible and its temporary files are gone."""

from __future__ import annotations

import io
import sys
import zipfile

_PACKAGE = __name__.rpartition(".")[0]
_START = """\
import sys

sys.dont_write_bytecode = True
from {module} import main

main(sys.argv[1:])
"""


def packed(module):
    """Return a zip file (bytes) that Python runs: ``main(arguments)`` of ``module``, one of our module_utils."""
    names = sorted(name for name in sys.modules if name.startswith(_PACKAGE + "."))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        parts = _PACKAGE.split(".")
        for depth in range(1, len(parts) + 1):
            archive.writestr("/".join(parts[:depth]) + "/__init__.py", "")
        for name in names:
            ours = sys.modules[name]
            archive.writestr(name.replace(".", "/") + ".py", ours.__loader__.get_data(ours.__file__))
        archive.writestr("__main__.py", _START.format(module=module.__name__))
    return out.getvalue()
