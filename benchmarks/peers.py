# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the modules that people use for firewalld and ufw today, of the version named here, as plain processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import ansible

from ansible_collections.vidnet.portmatrix.benchmarks.continuity_watch import NotMeasured
from ansible_collections.vidnet.portmatrix.tests.support.firewalld_host import PYTHON
from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, NftLab

PACKAGE = "ansible==12.3.0"
WHEELS = Path(__file__).resolve().parent.parent / ".cache" / "peers"
COLLECTIONS = ("ansible/posix", "community/general")
NEEDED = (
    "ansible/posix/plugins/module_utils/",
    "ansible/posix/plugins/modules/firewalld.py",
    "community/general/plugins/modules/ufw.py",
)


def wheel() -> Path:
    """Return the package, downloaded unless it was before; raises `NotMeasured` where it cannot be."""
    name = f"{PACKAGE.replace('==', '-')}-*.whl"
    if not any(WHEELS.glob(name)):
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        options = ["--retries=1", "--timeout=15", "--no-deps", "--only-binary=:all:", f"--dest={WHEELS}"]
        done = subprocess.run([*pip, *options, PACKAGE], check=False, capture_output=True, text=True)
        if done.returncode:
            raise NotMeasured(f"{PACKAGE} cannot be downloaded: {(done.stderr.splitlines() or [''])[-1]}")
    return next(WHEELS.glob(name))


class Modules:
    """Modules that run under the distribution's Python, ours among them; ``missing`` says why the peers cannot, or is ""."""

    def __init__(self, directory: Path) -> None:
        """Lay out ``directory`` as a place to import from."""
        self._path = directory
        self.missing = ""
        self.versions: dict[str, str] = {}
        (directory / "ansible").symlink_to(Path(ansible.__file__).parent)
        ours = directory / "ansible_collections" / "vidnet"
        ours.mkdir(parents=True)
        (ours / "portmatrix").symlink_to(Path(COLLECTIONS_PATH) / "ansible_collections" / "vidnet" / "portmatrix")
        try:
            package = wheel()
        except NotMeasured as error:
            self.missing = str(error)
            return
        with zipfile.ZipFile(package) as archive:
            roots = tuple(f"ansible_collections/{part}" for part in NEEDED)
            archive.extractall(directory, [name for name in archive.namelist() if name.startswith(roots)])
            for collection in COLLECTIONS:
                manifest = json.loads(archive.read(f"ansible_collections/{collection}/MANIFEST.json"))
                self.versions[collection.replace("/", ".")] = manifest["collection_info"]["version"]

    def run(self, lab: NftLab, name: str, **params: Any) -> dict[str, Any]:
        """Run a module, named in full, on the host of the laboratory; raises `NotMeasured` when it fails."""
        namespace, collection, module = name.split(".")
        if self.missing and namespace != "vidnet":
            raise NotMeasured(self.missing)
        done = lab.run(
            HOST,
            PYTHON,
            "-m",
            f"ansible_collections.{namespace}.{collection}.plugins.modules.{module}",
            input=json.dumps({"ANSIBLE_MODULE_ARGS": params}),
            env={**os.environ, "PYTHONPATH": str(self._path)},
            check=False,
        )
        try:
            result = json.loads(done.stdout)
        except ValueError:
            raise NotMeasured(f"{name} ended with {done.returncode}: {done.stdout}{done.stderr}") from None
        if result.get("failed"):
            raise NotMeasured(f"{name} failed: {result.get('msg')}")
        return result
