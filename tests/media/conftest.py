# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab with the site's policy applied and proven, and an encoder's streams in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import media
from tests.support.lab import SiteLab, recap

HOSTS = (
    *("pearl1", "viewer1", "flow1", "udp1", "insights1", "dns1", "stranger1"),
    *("rs1", "operator1", "operator2", "mob1", "phone1"),
)
CHANNELS = 4
"""Of pearl1, by the inventory."""
UNDECLARED = 554 + CHANNELS


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if lacking := media.missing():
        pytest.skip(f"NOT TESTED: {', '.join(lacking)}; tests/tools/media-packages.sh installs it")
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="session")
def clip(directory: Path) -> Path:
    return media.clip(directory)


@pytest.fixture(scope="session")
def site(directory: Path) -> Iterator[media.MediaSite]:
    with SiteLab(directory) as lab:
        assert recap(lab.playbook("site.yml", "--limit", ",".join(HOSTS))) == dict.fromkeys(HOSTS, 1)
        yield media.MediaSite(lab)


@pytest.fixture(scope="session")
def encoder(site: media.MediaSite, clip: Path) -> Iterator[media.MediaSite]:
    """The site with pearl1 streaming on each of its channels' ports, and on one more, which nothing declares."""
    ports = [str(port) for port in range(554, UNDECLARED + 1)]
    server = (media.SYSTEM_PYTHON, str(media.PROGRAMS / "rtsp_server.py"), str(clip), *ports)
    with site.running("pearl1", *server, ready="ready"):
        yield site
