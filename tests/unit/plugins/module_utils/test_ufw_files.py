# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import subprocess
import sys

import pytest

from ansible_collections.vidnet.portmatrix.plugins.module_utils import ufw_files, ufw_presence
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError
from ansible_collections.vidnet.portmatrix.plugins.module_utils.ufw_rules import Key, Own

STOCK = """*filter
:ufw-user-input - [0:0]
### RULES ###
-A ufw-user-limit -j REJECT
COMMIT
"""
USED = """*filter
:ufw-user-input - [0:0]
### RULES ###

### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in comment=636166c3a9
-A ufw-user-input -p tcp --dport 22 -j ACCEPT

### tuple ### allow_log any 2222 0.0.0.0/0 any 0.0.0.0/0 in
-A ufw-user-logging-input -p tcp --dport 2222 -j RETURN
-A ufw-user-input -p tcp --dport 2222 -j ACCEPT
-A ufw-user-input -p udp --dport 2222 -j ACCEPT

### tuple ### allow tcp 80 0.0.0.0/0 any 10.0.0.5 in comment=706f72746d61747269783a20612e62
-A ufw-user-input -p tcp --dport 80 -s 10.0.0.5 -j ACCEPT

### END RULES ###

### LOGGING ###
COMMIT
"""
OURS = Own(Key("in", "allow", "tcp", "80", "0.0.0.0/0", "any", "10.0.0.5"), "portmatrix: a.b", ("a.b",))

HOLD = """
import fcntl, sys
lock = open(sys.argv[1], "w")
fcntl.lockf(lock, fcntl.LOCK_EX)  # as ufw itself does
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize(
    "text",
    [
        STOCK,
        USED,
        USED + "\xff\n",
        USED.replace("\n### END RULES", "-A ufw-user-input -s 10.0.0.6 -j ACCEPT\n# mine\n\n### END RULES"),
    ],
)
def test_a_file_comes_back_byte_for_byte(text):
    content = text.encode("latin-1")
    assert ufw_files.content(ufw_files.parse(content, 4)) == content


def test_ours_are_told_from_those_made_by_hand():
    rules = ufw_files.parse(USED.encode(), 4)
    assert [block.own for block in rules.blocks] == [None, None, OURS]
    assert [block.key.action for block in rules.blocks] == ["allow", "allow_log", "allow"]
    assert rules.blocks[2] == ufw_files.block(OURS, 4)
    assert rules.tail.startswith("\n### END RULES ###")


def test_a_rule_of_ours_that_was_edited_is_not_right():
    edited = USED.replace("-s 10.0.0.5 -j ACCEPT", "-j ACCEPT")
    block = ufw_files.parse(edited.encode(), 4).blocks[2]
    assert block.own == OURS and not ufw_files.right(block, OURS, 4)


def test_a_line_put_under_a_rule_of_ours_is_not_ours():
    line = "-A ufw-user-input -s 10.0.0.6 -j ACCEPT\n"
    rules = ufw_files.parse(USED.replace("\n### END RULES", line + "\n### END RULES").encode(), 4)
    assert ufw_files.right(rules.blocks[2], OURS, 4)
    assert rules.tail.startswith(line)


def test_the_first_rule_of_a_file_as_installed_follows_its_mark():
    rules = ufw_files.parse(STOCK.encode(), 4)
    text = ufw_files.content(rules._replace(blocks=[ufw_files.block(OURS, 4)])).decode()
    assert "### RULES ###\n\n### tuple ### allow tcp 80" in text
    assert ufw_files.content(ufw_files.parse(text.encode(), 4)._replace(blocks=[])) == STOCK.encode()


def test_another_file_is_refused():
    with pytest.raises(BackendError, match=r"user6\.rules is not a file of ufw's: it has no line"):
        ufw_files.parse(b"*filter\nCOMMIT\n", 6)


@pytest.mark.parametrize(
    ("conf", "defaults", "enabled", "ways"),
    [
        ("ENABLED=yes\n", 'DEFAULT_INPUT_POLICY="ACCEPT"\n', True, {"in": "accept", "out": "accept"}),
        ("# ENABLED=yes\nENABLED=no\n", 'DEFAULT_OUTPUT_POLICY="REJECT"\n', False, {"in": "drop", "out": "reject"}),
        ('ENABLED="YES"\n', "", True, {"in": "drop", "out": "accept"}),
        (None, None, False, {"in": "drop", "out": "accept"}),
    ],
)
def test_settings_are_read_as_ufw_reads_them(tmp_path, monkeypatch, conf, defaults, enabled, ways):
    for name, text in (("CONF", conf), ("DEFAULTS", defaults)):
        path = tmp_path / name
        monkeypatch.setattr(ufw_presence, name, str(path))
        if text is not None:
            path.write_text(text)
    found = ufw_files.settings()
    assert (found.enabled, found.defaults) == (enabled, ways)


def test_a_lock_that_someone_holds_is_waited_for_and_named(tmp_path, monkeypatch):
    monkeypatch.setattr(ufw_files, "LOCK", str(tmp_path / "lock"))
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, ufw_files.LOCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline().strip() == "held"
    with pytest.raises(BackendError, match="someone else's ufw holds"), ufw_files.locked(0.3):
        pass
    with ufw_files.locked(0.3, or_go_on=True):
        pass
    holder.communicate()
    with ufw_files.locked(0.3):
        pass
