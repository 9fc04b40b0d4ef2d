# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the place of get-pip.py for ansible-test, without a download.

ansible-test runs its get-pip.py in a new virtual environment, with the packages to install as arguments. Python brings a pip
of its own; it is put in place, and then installs the versions asked for.
"""

from __future__ import annotations

import ensurepip
import os
import subprocess
import sys
from pathlib import Path

SYSTEM_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
ONLY_GET_PIP_KNOWS = {"--no-setuptools", "--no-wheel"}

arguments = [argument for argument in sys.argv[1:] if argument not in ONLY_GET_PIP_KNOWS]
environment = dict(os.environ)
if Path(SYSTEM_CERTIFICATES).exists():  # an older pip looks only at its own, which a company's proxy is not in
    environment.setdefault("PIP_CERT", SYSTEM_CERTIFICATES)
ensurepip.bootstrap()
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *arguments], env=environment))
