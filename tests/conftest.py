# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the checkout importable as ``ansible_collections.vidnet.portmatrix``, wherever it lies."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def _collections_path() -> str:
    """The directory that holds ``ansible_collections``: the real one, or a temporary one linking here."""
    if CHECKOUT.parts[-3:] == ("ansible_collections", "vidnet", "portmatrix"):
        return str(CHECKOUT.parents[2])
    tree = Path(tempfile.mkdtemp(prefix="portmatrix-tree-"))
    atexit.register(shutil.rmtree, tree, ignore_errors=True)
    namespace = tree / "ansible_collections" / "vidnet"
    namespace.mkdir(parents=True)
    (namespace / "portmatrix").symlink_to(CHECKOUT)
    return str(tree)


COLLECTIONS_PATH = _collections_path()
sys.path.insert(0, COLLECTIONS_PATH)
os.environ["ANSIBLE_COLLECTIONS_PATH"] = COLLECTIONS_PATH
