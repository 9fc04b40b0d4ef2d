# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The back-end itself against a real ufw: its snapshot, and what is left when something fails."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time

import pytest

from ansible_collections.vidnet.portmatrix.tests.support.netns import COLLECTIONS_PATH
from ansible_collections.vidnet.portmatrix.tests.support.nft_host import HOST, rule
from ansible_collections.vidnet.portmatrix.tests.support.ufw_host import FILES, UfwLab

pytestmark = pytest.mark.managers

OLD = [
    rule("22", "10.9.0.0/24", "2001:db8:9::/64"),
    rule("80", "any"),
    rule("25", "10.9.0.9", direction="out"),
    rule("7563,6000-6010", "10.9.0.8/31", protocol="udp"),
    rule("", "10.9.0.8", protocol="igmp"),
]
NEW = [rule("22", "10.9.0.0/24", "2001:db8:9::/64"), rule("443", "10.9.0.2", "2001:db8:9::2")]
NFT = {
    name + verb: f"/usr/sbin/{name}-nft{verb}"
    for name in ("iptables", "ip6tables")
    for verb in ("", "-save", "-restore")
}
DRIVER = """
import json, subprocess, sys
from ansible_collections.vidnet.portmatrix.plugins.module_utils import policy_rules
from ansible_collections.vidnet.portmatrix.plugins.module_utils.backend import BackendError, Intent
from ansible_collections.vidnet.portmatrix.plugins.module_utils.ufw_backend import Ufw
from ansible_collections.vidnet.portmatrix.plugins.module_utils.ufw_presence import active

given = json.load(sys.stdin)
said = {"active": active()}
try:
    backend = None if given["steps"][0].startswith("restore") else Ufw(given["persist"])
    for step in given["steps"]:
        if step == "plan":
            intent = Intent(policy_rules.checked(given["rules"]), given["egress"], given["mode"], given["state"])
            said["change"] = backend.plan(intent)._asdict()
        elif step == "snapshot":
            said["snapshot"] = backend.snapshot()
        elif step == "restore":
            Ufw.restore(given["snapshot"])
        elif step in ("check", "apply", "persist"):
            getattr(backend, step)()
        else:
            subprocess.run(["sh", "-ec", step], check=True, stdout=subprocess.DEVNULL)
except BackendError as error:
    said["error"] = str(error)
said["ansible"] = any(name == "ansible" or name.startswith("ansible.") for name in sys.modules)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def whole():
    with UfwLab() as lab:
        lab.host(HOST, "10.9.0.1/24", "2001:db8:9::1/64")
        lab.enable()
        lab.shell("mkdir /run/stock; cp -a /etc/ufw /run/stock/; cp -a /etc/default/ufw /run/stock/defaults")
        yield lab


@pytest.fixture
def lab(whole):
    """The laboratory with a host that has the stock ufw and a rule made by hand."""
    whole.shell(
        "cp -a /run/stock/ufw/*.rules /run/stock/ufw/ufw.conf /etc/ufw/; cp -a /run/stock/defaults /etc/default/ufw;"
        " nft flush ruleset; " + alternatives(NFT) + "; /lib/ufw/ufw-init start"
    )
    whole.ufw("allow from 10.9.0.77")
    return whole


def alternatives(programs):
    """The commands by which these are the host's programs (name -> path)."""
    return ";".join(f"ln -sfn {path} /etc/alternatives/{name}" for name, path in programs.items())


def drive(lab, *steps, rules=(), prefix=(), **given):
    """Do ``steps`` with the back-end, in one bare process on the host; returns what it said."""
    given = {"egress": "allow", "mode": "enforce", "state": "present", "persist": True, **given}
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": COLLECTIONS_PATH, "PYTHONDONTWRITEBYTECODE": "1"}
    done = lab.run(
        HOST,
        *prefix,
        sys.executable,
        "-c",
        DRIVER,
        input=json.dumps({"steps": steps, "rules": list(rules), **given}),
        env=environment,
        check=False,
    )
    if not done.stdout:
        assert prefix, done.stderr
        return None
    said = json.loads(done.stdout)
    assert said["ansible"] is False
    return said


def put(lab, rules, **given):
    """Bring the host to these rules."""
    assert "error" not in drive(lab, "plan", "check", "apply", "persist", rules=rules, **given)


def chains(lab):
    """The user chains of both families, comments and all."""
    return [line for family in (4, 6) for line in lab.saved(family).splitlines() if "-user-" in line]


def bare(lab):
    """The user chains as what ufw loads."""
    return [lab.running(family, way) for family in (4, 6) for way in ("in", "out")]


def files(lab):
    """Both files of rules."""
    return [lab.file(family) for family in (4, 6)]


@pytest.mark.parametrize("after", ["nothing", "apply", "reload", "boot", "persist", "persist and reload", "by hand"])
@pytest.mark.parametrize("first", [False, True])
def test_a_snapshot_brings_the_running_rules_back_whatever_happened_since(lab, first, after):
    if not first:
        put(lab, OLD, egress="enforce")
        if after in ("apply", "by hand"):
            lab.boot()  # then the rules have no comments
    before, text, disk = bare(lab), chains(lab), files(lab)
    said = drive(lab, "plan", "snapshot", *(() if after == "nothing" else ("apply",)), rules=NEW)
    if after.startswith("persist"):
        put(lab, NEW)
    if after.endswith("reload"):
        lab.ufw("reload")
    elif after == "boot":
        lab.boot()
    elif after == "by hand":
        lab.ufw("allow from 10.9.0.78")
        lab.ufw("insert 1 allow from 10.9.0.79")
    for _time in range(2):  # twice is as good as once
        assert drive(lab, "restore", snapshot=said["snapshot"]) == {"active": True, "ansible": False}
        if after == "by hand":
            now = bare(lab)
            assert "10.9.0.79" in now[0][0] and any("10.9.0.78" in line for line in now[0])
            assert [[line for line in lines if "10.9.0.7" not in line] for lines in now] == [
                [line for line in lines if "10.9.0.7" not in line] for lines in before
            ]
        else:
            assert bare(lab) == before
    if after in ("nothing", "apply", "persist"):
        assert chains(lab) == text
    assert after.startswith(("persist", "by hand")) or files(lab) == disk


def test_a_snapshot_of_rules_that_stopped_running_brings_nothing_back(lab):
    put(lab, OLD)
    said = drive(lab, "plan", "snapshot", "apply", rules=NEW)
    lab.shell("/lib/ufw/ufw-init force-stop")
    before = lab.saved(4)
    assert "error" not in drive(lab, "restore", snapshot=said["snapshot"])
    assert lab.saved(4) == before  # a chain of ours would keep ufw from its next start


def refusing(lab, name):
    """Make a program in /run/bin that fails, unless it only checks; return the command that puts it in place."""
    lab.shell(
        f"mkdir -p /run/bin; printf '%s\\n' '#!/bin/sh' 'case \"$*\" in *--test*) exec {NFT[name]} \"$@\";; esac'"
        f" 'echo no such luck >&2; exit 1' > /run/bin/{name}; chmod +x /run/bin/{name}"
    )
    return f"ln -sfn /run/bin/{name} /etc/alternatives/{name}"


@pytest.mark.parametrize("old", [[], OLD])
def test_when_the_second_family_fails_the_first_comes_back(lab, old):
    put(lab, old)
    before = chains(lab), files(lab)
    said = drive(lab, "plan", "check", refusing(lab, "ip6tables-restore"), "apply", rules=NEW)
    assert said["error"] == "ip6tables-restore could not load these rules: no such luck"
    assert (chains(lab), files(lab)) == before


def test_what_iptables_refuses_is_refused_before_anything_changes(lab):
    lab.shell("sed -i 's/^COMMIT/-A ufw-user-input --no-such-option\\nCOMMIT/' /etc/ufw/user.rules")
    before = chains(lab), files(lab)
    said = drive(lab, "plan", "check", "apply", rules=NEW)
    assert said["error"].startswith("iptables-restore refused these rules: ")
    assert "--no-such-option" in said["error"]
    assert (chains(lab), files(lab)) == before
    assert "error" not in drive(lab, "plan", "check", "apply", rules=NEW, persist=False)
    assert files(lab) == before[1]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("ufw allow 999/tcp", "someone else has changed ufw's IPv4 rules just now; try again"),
        ("ip6tables -I ufw6-user-input -j ACCEPT", "someone else has changed ufw's IPv6 rules just now; try again"),
    ],
)
def test_rules_that_changed_since_they_were_read_are_not_lost(lab, change, sentence):
    said = drive(lab, "plan", "check", change, "apply", rules=NEW)
    assert said["error"] == sentence
    assert not [line for line in chains(lab) if "portmatrix" in line]


def test_a_file_that_changed_since_it_was_read_is_not_lost(lab):
    said = drive(lab, "plan", "check", "apply", "ufw allow 999/tcp", "persist", rules=NEW)
    assert said["error"] == "/etc/ufw/user.rules was changed by someone else just now; try again"
    assert "999" in lab.file() and "portmatrix" not in "".join(files(lab))


@pytest.mark.parametrize(
    ("mount", "sentence"),
    [
        ("mount --bind /etc/ufw /etc/ufw && mount -o remount,ro,bind /etc/ufw", "is read-only"),
        ("cp -a /etc/ufw /run/u && mount -t tmpfs -o size=112k t /etc/ufw && cp -a /run/u/. /etc/ufw/", "disk is full"),
    ],
)
def test_a_boot_path_that_cannot_be_written_stops_everything(lab, mount, sentence):
    before = chains(lab)
    said = drive(lab, mount, "plan", "check", "apply", rules=NEW, prefix=("unshare", "--mount"))
    assert said["error"].startswith("/etc/ufw/user.rules cannot be written, so nothing was changed: ")
    assert said["error"].endswith(sentence) or sentence in said["error"]
    assert chains(lab) == before


def test_when_the_second_file_fails_the_first_comes_back(lab):
    put(lab, OLD)
    disk = files(lab)
    bind = "mount --bind /etc/ufw/user6.rules /etc/ufw/user6.rules"  # a mount point cannot be replaced
    said = drive(lab, "plan", "check", "apply", bind, "persist", rules=NEW, prefix=("unshare", "--mount"))
    assert said["error"].startswith("the boot path cannot be written: ")
    assert files(lab) == disk
    assert "portmatrix-new" not in lab.shell("ls /etc/ufw")


@pytest.mark.skipif(not shutil.which("strace"), reason="NOT TESTED: strace is not installed on this machine")
def test_killed_anywhere_each_family_has_the_old_or_the_new_policy_and_the_next_run_goes_on(lab):
    lab.shell("mkdir -p /run/states/old /run/states/new")
    states = {}
    for name, rules in (("new", NEW), ("old", OLD)):
        put(lab, rules)
        lab.shell(f"cp -p {' '.join(FILES.values())} /run/states/{name}/")
        lab.boot()
        states[name] = bare(lab), files(lab)
    seen = set()
    for call in ("vfork", "fork", "clone", "write", "fsync", "fchmod", "rename"):
        for number in range(1, 50):
            lab.shell(
                "cp -p /run/states/old/* /etc/ufw/; rm -f /etc/ufw/*.portmatrix-new;"
                " iptables-restore -n < /etc/ufw/user.rules; ip6tables-restore -n < /etc/ufw/user6.rules"
            )
            kill = ("strace", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={number}")
            survived = drive(lab, "plan", "check", "apply", "persist", rules=NEW, prefix=kill)
            time.sleep(0.05)  # what it had started ends on its own
            seen.add(where(bare(lab), files(lab), states))
            put(lab, NEW)
            assert (bare(lab), files(lab)) == states["new"]
            if survived:
                break
        else:
            pytest.fail("it never came to its end")
    assert {("old", "old", "old", "old"), ("new", "new", "old", "old"), ("new", "new", "new", "old")} <= seen


def where(running, disk, states):
    """Which policy each family's chains and files hold."""
    parts = [
        (running[:2], 0, slice(0, 2)),
        (running[2:], 0, slice(2, 4)),
        (disk[:1], 1, slice(0, 1)),
        (disk[1:], 1, slice(1, 2)),
    ]
    found = [[name for name in states if states[name][kind][piece] == part] for part, kind, piece in parts]
    assert all(found), (running, disk)
    return tuple(names[0] for names in found)


def test_a_second_plan_after_a_kill_sees_ours_without_files(lab):
    drive(lab, "plan", "apply", rules=OLD)
    said = drive(lab, "plan", "apply", rules=NEW)
    assert said["change"]["flows"]["removed"] == [
        "test.in.igmp.all",
        "test.in.tcp.80",
        "test.in.udp.7563.6000-6010",
    ]
    assert not [line for line in lab.running() if "--dport 80 " in line]


def disable_ipv6(lab):
    lab.shell("sed -i 's/^IPV6=.*/IPV6=no/' /etc/default/ufw; nft flush ruleset; /lib/ufw/ufw-init start")


def test_without_ipv6_its_rules_are_left_out_with_a_warning_and_it_stays_shut(lab):
    put(lab, NEW)
    disable_ipv6(lab)
    said = drive(lab, "plan", "check", "apply", "persist", rules=NEW)
    assert "error" not in said
    assert any(warning.startswith("IPV6=no in /etc/default/ufw") for warning in said["change"]["warnings"])
    assert "portmatrix" not in lab.saved(6) and "706f72746d6174726978" not in lab.file(6)
    assert drive(lab, "plan", rules=NEW)["change"]["running"] is False
    assert not any("IPV6" in warning for warning in drive(lab, "plan", rules=[rule("80", "any")])["change"]["warnings"])
    lab.shell("ip6tables -P INPUT ACCEPT")
    assert "or IPv6 stays open" in drive(lab, "plan", rules=NEW)["error"]
    broken = "printf '#!/bin/sh\\nexit 1\\n' > /run/broken; chmod +x /run/broken"
    lab.shell(f"{broken}; ln -sfn /run/broken /etc/alternatives/ip6tables-save")
    assert "or IPv6 stays open" in drive(lab, "plan", rules=NEW)["error"]
    lab.shell(alternatives(NFT))
    assert "error" not in drive(lab, "plan", "check", "apply", "persist", state="absent")


@pytest.mark.parametrize(("where", "tail"), [("running", True), ("configured", True), ("neither", False)])
def test_a_default_of_allow_is_shut_whether_it_runs_or_will(lab, where, tail):
    if where == "running":
        lab.shell("iptables -P INPUT ACCEPT; ip6tables -P INPUT ACCEPT")
    elif where == "configured":
        lab.shell("sed -i 's/^DEFAULT_INPUT_POLICY=.*/DEFAULT_INPUT_POLICY=\"ACCEPT\"/' /etc/default/ufw")
    put(lab, NEW)
    for family in (4, 6):
        chain = "ufw6-user-input" if family == 6 else "ufw-user-input"
        assert (lab.running(family)[-1] == f"-A {chain} -j DROP") is tail
        assert (f"-A {chain} -j DROP\n" in lab.file(family)) is tail


def test_a_default_that_shuts_outgoing_packets_is_named(lab):
    lab.shell("sed -i 's/^DEFAULT_OUTPUT_POLICY=.*/DEFAULT_OUTPUT_POLICY=\"DROP\"/' /etc/default/ufw")
    (warning,) = [text for text in drive(lab, "plan", rules=NEW)["change"]["warnings"] if "egress" in text]
    assert warning.startswith("ufw's default for outgoing packets is drop and egress is allow")


@pytest.mark.parametrize(
    ("breakage", "sentence"),
    [
        ("ufw disable", "ufw is not enabled on this host: enable it, or set another back-end"),
        ("/lib/ufw/ufw-init force-stop", "ufw is enabled, but its IPv4 rules are not in force"),
        ("iptables -F INPUT", "ufw is enabled, but its IPv4 rules are not in force"),
        ("ip6tables -F ufw6-before-input", "ufw is enabled, but its IPv6 rules are not in force"),
    ],
)
def test_a_firewall_that_is_not_in_force_is_refused_and_can_be_left(lab, breakage, sentence):
    before = files(lab)
    put(lab, NEW)
    lab.shell(breakage)
    said = drive(lab, "plan", rules=NEW)
    assert said["error"].startswith(sentence)
    assert said["active"] is (breakage != "ufw disable")
    assert "error" not in drive(lab, "plan", "check", "apply", "persist", state="absent")
    assert files(lab) == before
    assert "portmatrix" not in lab.saved(4) + lab.saved(6)


def test_a_service_that_is_not_enabled_is_named_where_there_is_systemd(lab):
    lab.shell("mkdir -p /run/systemd/system")
    lab.mount("rm -f /etc/systemd/system/*.wants/ufw.service")
    said = drive(lab, "plan", rules=NEW)
    assert said["change"]["warnings"] == ["ufw.service is not enabled, so nothing loads these rules at boot"]
    lab.shell("mkdir -p /etc/systemd/system/multi-user.target.wants")
    lab.shell("ln -s /lib/systemd/system/ufw.service /etc/systemd/system/multi-user.target.wants/")
    assert drive(lab, "plan", rules=NEW)["change"]["warnings"] == []
    lab.shell("rm -r /run/systemd")


def test_a_policy_that_this_user_cannot_send_is_refused_whole(lab):
    put(lab, NEW)
    before = chains(lab), files(lab)
    many = [rule(str(1000 + number), f"10.{number // 200}.{number % 200}.0/24") for number in range(2000)]
    said = drive(lab, "plan", "check", "apply", rules=many)  # root of the laboratory is nobody special to the kernel
    assert said["error"].startswith("iptables-restore could not load these rules (the policy is larger than")
    assert (chains(lab), files(lab)) == before


def test_a_user_who_may_not_is_told(lab):
    said = drive(lab, "plan", rules=NEW, prefix=("setpriv", "--bounding-set=-all", "--inh-caps=-all"))
    assert said["error"].startswith("iptables-save could not list the rules (it needs root; use become): ")


def test_a_hundred_rules_cost_little(lab):
    rules = [rule(str(5000 + 2 * number), f"10.1.{number}.0/24", f"2001:db8:{number:x}::/64") for number in range(100)]
    began = time.monotonic()
    lab.run(HOST, sys.executable, "-c", "pass")
    empty = time.monotonic() - began
    began = time.monotonic()
    put(lab, rules)
    assert time.monotonic() - began - empty < 2.5  # ufw itself takes 15 s and more
    assert len(lab.running(4)) == 101


@pytest.mark.skipif(not shutil.which("iptables-legacy"), reason="NOT TESTED: no iptables-legacy on this machine")
def test_the_older_kernel_interface_does_as_well(lab):
    lab.shell("nft flush ruleset")
    if lab.run(HOST, "iptables-legacy", "-S", check=False).returncode:
        pytest.skip("NOT TESTED: this kernel has no ip_tables")
    lab.shell(alternatives({name: path.replace("nft", "legacy") for name, path in NFT.items()}))
    lab.shell("/lib/ufw/ufw-init start")
    before = chains(lab), files(lab)
    put(lab, OLD, egress="enforce")
    assert "--dport 80 " in str(lab.running())
    assert drive(lab, "plan", rules=OLD, egress="enforce")["change"]["running"] is False
    put(lab, NEW)
    said = drive(lab, "plan", "snapshot", "apply", rules=OLD)
    drive(lab, "restore", snapshot=said["snapshot"])
    assert "--dport 443 " in str(lab.running())
    put(lab, [], state="absent")
    assert (chains(lab), files(lab)) == before
    lab.shell("/lib/ufw/ufw-init force-stop")
