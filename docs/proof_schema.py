# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes proof.schema.json: ``python docs/proof_schema.py > docs/proof.schema.json`` (a test holds it and the code together)."""

from __future__ import annotations

import json
import os
import sys


def text() -> str:
    """Return the whole file."""
    from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_schema import SCHEMA

    return json.dumps(SCHEMA, indent=2) + "\n"


if __name__ == "__main__":
    sys.path.extend(path for path in os.environ.get("ANSIBLE_COLLECTIONS_PATH", "").split(":") if path)
    sys.stdout.write(text())
