# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every PowerShell script of the repository, read by a grammar: what can be known of it without PowerShell."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import powershell, powershell_tree

TOP = Path(__file__).parents[4]
MODULES = TOP / "plugins/modules"
UTILITIES = TOP / "plugins/module_utils"
REQUIRED = re.compile(
    rb"^#AnsibleRequires -PowerShell ansible_collections\.vidnet\.portmatrix\.plugins\.module_utils\.(\w+)$",
    re.MULTILINE,
)
#: Commands of Windows PowerShell 5.1 and of modules that every Windows since Server 2016 has, as far as the scripts need them.
COMMANDS = {
    *("convertfrom-json", "convertto-json", "export-modulemember", "foreach-object", "get-acl", "get-ciminstance"),
    *(
        "get-date",
        "get-item",
        "get-nettcpconnection",
        "get-process",
        "get-netudpendpoint",
        "get-scheduledtask",
        "get-service",
    ),
    *(
        "join-path",
        "new-object",
        "new-scheduledtaskaction",
        "new-scheduledtaskprincipal",
        "new-scheduledtasksettingsset",
    ),
    *(
        "new-scheduledtasktrigger",
        "new-timespan",
        "register-scheduledtask",
        "remove-item",
        "select-object",
        "set-content",
    ),
    *("sort-object", "start-sleep", "test-path", "unregister-scheduledtask", "where-object"),
}
PROGRAMS = {"icacls.exe", "netsh.exe"}
#: Variables that PowerShell or Ansible sets.
GIVEN = {"_", "args", "true", "false", "null", "lastexitcode", "psversiontable", "error", "matches", "input", "pid"}


def scripts() -> list[Path]:
    """Return the repository's scripts; what tools left in it is none of them."""
    found = []
    for directory, below, names in os.walk(TOP):
        below[:] = [name for name in below if not name.startswith(".") and name not in ("dist", "demo-report")]
        found += [Path(directory, name) for name in names if name.endswith((".ps1", ".psm1", ".psd1"))]
    return sorted(found)


SCRIPTS = scripts()
PRODUCT = [path for path in SCRIPTS if path.parent in (MODULES, UTILITIES)]
OWN_MODULES = [path for path in PRODUCT if path.suffix == ".ps1"]


def name_of(path: Path) -> str:
    return str(path.relative_to(TOP))


def tree(path: Path) -> Any:
    return powershell.parsed(path.read_bytes())


def required(path: Path) -> list[Path]:
    """Return the utilities that Ansible sends along with a script, those that they need in turn included."""
    found = [UTILITIES / f"{name.decode()}.psm1" for name in REQUIRED.findall(path.read_bytes())]
    return list(dict.fromkeys(each for utility in found for each in (utility, *required(utility))))


def test_there_are_scripts() -> None:
    assert {"win_firewall_policy.ps1", "FwCom.psm1"} <= {path.name for path in PRODUCT}


@pytest.mark.parametrize("path", SCRIPTS, ids=name_of)
def test_a_script_is_one_for_5_1(path: Path) -> None:
    assert powershell.faults(path.read_bytes()) == []
    assert b"\t" not in path.read_bytes()


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_com_objects_are_made_in_one_place(path: Path) -> None:
    source = path.read_text(encoding="ascii")
    if path.name != "FwCom.psm1":
        assert "HNetCfg" not in source
        assert not any("comobject" in call.parameters for call in powershell_tree.calls(tree(path)))
        return
    lines = [line for line in source.splitlines() if line and not line.startswith("#")]
    made = [
        line for line in lines if re.fullmatch(r"Function New-Fw\w+ \{ New-Object -ComObject HNetCfg\.\w+ \}", line)
    ]
    assert len(made) == 3
    assert len(lines) == 4  # and what exports them


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_a_script_is_short_and_has_its_licence(path: Path) -> None:
    source = path.read_text(encoding="ascii")
    code = [line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(code) < (200 if path.suffix == ".psm1" or path.name == "win_firewall_policy.ps1" else 400)
    assert max(map(len, source.splitlines())) <= 160
    assert "GNU General Public License v3.0+" in source
    assert source.startswith("#!powershell\n") == (path.suffix == ".ps1")


@pytest.mark.parametrize("path", OWN_MODULES, ids=name_of)
def test_whatever_a_module_calls_is_there(path: Path) -> None:
    together = [path, *required(path)]
    assert all(each.exists() for each in together)
    exported: dict[str, frozenset[str]] = {}
    for each in together:
        own = {function.name: function.parameters for function in powershell_tree.functions(tree(each))}
        assert not own.keys() & (exported.keys() | COMMANDS), "one name for two functions"
        exported.update({name: own[name] for name in own if each == path or name in exports(each)})
    for each in together:
        here = exported | {function.name: function.parameters for function in powershell_tree.functions(tree(each))}
        for call in powershell_tree.calls(tree(each)):
            known = call.command in COMMANDS | PROGRAMS | here.keys()
            assert known, f"{each.name} line {call.line}: {call.command}"
            if call.command in here:
                assert call.parameters <= here[call.command], f"{each.name} line {call.line}: {call}"


def exports(path: Path) -> set[str]:
    """Return the functions that a utility gives to others."""
    found: set[str] = set()
    for node in powershell.nodes(tree(path), "command"):
        if powershell.text(node).startswith("Export-ModuleMember"):
            words = powershell.text(node).partition("-Function")[2]
            found |= {word.strip(" '").lower() for word in words.split(",")}
    return found


@pytest.mark.parametrize("path", [path for path in PRODUCT if path.suffix == ".psm1"], ids=name_of)
def test_a_utility_exports_what_it_has(path: Path) -> None:
    assert exports(path) <= {function.name for function in powershell_tree.functions(tree(path))}
    assert exports(path)


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_every_variable_has_a_value(path: Path) -> None:
    found = list(powershell_tree.variables(tree(path)))
    of_script = {name.removeprefix("script:") for _line, name, is_set in found if is_set} | GIVEN
    unset = {
        f"line {line}: {name}"
        for line, name, _set in found
        if not name.startswith("env:") and known(name) not in of_script
    }
    assert unset == set()


def known(name: str) -> str:
    return name.lstrip("@").removeprefix("script:")


@pytest.mark.parametrize("path", [path for path in PRODUCT if path.suffix == ".psm1"], ids=name_of)
def test_every_variable_of_a_function_has_its_value_there(path: Path) -> None:
    for function in powershell_tree.functions(tree(path)):
        found = list(powershell_tree.variables(function.body))
        of_function = {name for _line, name, is_set in found if is_set} | GIVEN
        unset = {f"line {line}: {name}" for line, name, _set in found if ":" not in name and name not in of_function}
        assert unset == set()


def documented(options: dict[str, Any]) -> dict[str, Any]:
    """Return documented options in the form of a module's own."""
    form = {}
    for name, option in options.items():
        entry = {key: option[key] for key in ("type", "elements", "choices", "default") if key in option}
        form[name] = entry | ({"required": True} if option.get("required") else {})
        assert option["description"]
        if "suboptions" in option:
            form[name]["options"] = documented(option["suboptions"])
    return form


def declared(options: dict[str, Any]) -> dict[str, Any]:
    form = {}
    for name, option in options.items():
        known_keys = ("type", "elements", "choices", "default", "required")
        form[name] = {
            key: option[key] for key in known_keys if option.get(key) is not None and option[key] is not False
        }
        form[name] |= {"default": False} if option.get("default") is False else {}
        if "options" in option:
            form[name]["options"] = declared(option["options"])
    return form


@pytest.mark.parametrize("path", OWN_MODULES, ids=name_of)
def test_a_module_has_the_options_that_are_documented(path: Path) -> None:
    sidecar = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))
    assert sidecar.keys() == {"DOCUMENTATION", "EXAMPLES", "RETURN"}
    documentation = sidecar["DOCUMENTATION"]
    assert documentation["module"] == path.stem
    spec = powershell_tree.literals(tree(path))["$spec"]
    assert declared(spec["options"]) == documented(documentation.get("options") or {})
    supported = documentation["attributes"]["check_mode"]["support"]
    assert spec.get("supports_check_mode", False) == (supported != "none")
    tasks = yaml.safe_load(sidecar["EXAMPLES"])
    assert all(f"vidnet.portmatrix.{path.stem}" in task or "name" in task for task in tasks)


def test_the_task_of_a_rollback_is_one_line_that_quotes_nothing_twice() -> None:
    source = (UTILITIES / "FwTransaction.psm1").read_text(encoding="ascii")
    body = source.split("$script:TakeBack = {\n")[1].split("\n}\n")[0]
    assert not set('"`#') & set(body)
    assert "$(" not in body  # the task scheduler has a meaning of its own for it
    assert not re.search(r"[|,+]\s*$|^\s*\}\s*(else|catch|finally)", body, re.MULTILINE)
    lines = [line.strip() for line in body.splitlines() if line.strip()]
    command = "; ".join(lines).replace("{; ", "{ ").replace("; }", " }")
    assert powershell.faults(f"& {{ {command} }} 'a' 'b' 'c' 'd' 'e'".encode()) == []
    (block,) = powershell.nodes(powershell.parsed(command.encode()), "param_block")
    keys = re.search(r"foreach \(\$key in ([^)]*)\)", source)
    assert keys
    assert len(list(powershell.nodes(block, "script_parameter"))) == keys[1].count("'") / 2
