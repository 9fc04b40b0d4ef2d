# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import base64
import json
from pathlib import Path

from tests.support.ansible_runs import run


def answer(directory: Path, *terms: str, **variables: object) -> str:
    """Return what a lookup of these terms answers, or Ansible's error."""
    quoted = "".join(f", '{term}'" for term in terms)
    template = "{{ lookup('vidnet.portmatrix.matrix'" + quoted + ") | to_json | b64encode }}"
    done = run(
        "ansible",
        "localhost",
        "-m",
        "ansible.builtin.copy",
        "-a",
        f"content={template} dest={directory}/out",
        "-e",
        json.dumps(variables),
    )
    out = directory / "out"
    return out.read_text(encoding="utf-8") if done.returncode == 0 else done.stdout + done.stderr


def matrix(directory: Path, *terms: str, **variables: object) -> dict:
    return json.loads(base64.b64decode(answer(directory, *terms, **variables)))


def test_everything(tmp_path: Path) -> None:
    found = matrix(tmp_path)
    assert found.keys() == {"documents", "components", "parameters", "features", "flows", "rows"}
    assert {flow["id"].partition(".")[0] for flow in found["flows"]} == {"milestone", "flow", "pearl", "hikvision"}
    assert all(flow["source"] for flow in found["flows"])


def test_one_product(tmp_path: Path) -> None:
    assert {flow["id"].partition(".")[0] for flow in matrix(tmp_path, "pearl")["flows"]} == {"pearl"}


def test_unknown_product(tmp_path: Path) -> None:
    assert "unknown product 'perl'; allowed: did you mean pearl" in answer(tmp_path, "perl")


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "acme.yml"
    path.write_text("product: acme\ncomponents: {acme_box: {description: A box}}\n", encoding="utf-8")
    assert "acme_box" in matrix(tmp_path, portmatrix_matrix_path=[str(path)])["components"]
    path.write_text("product: [\n", encoding="utf-8")
    assert "acme.yml:2:1: is not valid YAML" in answer(tmp_path, portmatrix_matrix_path=[str(path)])
