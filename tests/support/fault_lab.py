# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small site under its policy in which faults are made, with a proof that takes about a second."""

from __future__ import annotations

import itertools
import json
import select
import subprocess
import sys
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ansible_collections.vidnet.portmatrix.plugins.module_utils import nft_script
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.locate import Known, located
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.locate_plan import plan
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.proof_results import of_ports
from tests.support.ansible_runs import hostvars
from tests.support.lab import CHECKOUT, EXAMPLE, SiteLab

SITE = CHECKOUT / "tests" / "faults" / "site"
AGENT = Path(__file__).with_name("host_agent.py")
PATIENCE = 60  # seconds
Rows = dict[str, list[dict[str, Any]]]


class FaultLab(SiteLab):
    """The lab of SITE, under its policy, with a responder on each host; `proven` and `located` prove it."""

    def __init__(self, directory: Path, collections: str) -> None:
        super().__init__(directory)
        self._environment["PYTHONPATH"] = collections
        self.run_id = uuid.uuid4().hex
        self.hosts = hostvars(SITE)
        self._agents: dict[str, subprocess.Popen[str]] = {}
        self._turns = itertools.count()

    def __enter__(self) -> FaultLab:
        super().__enter__()
        for host in self.hosts:
            command = self._command("exec", host, sys.executable, str(AGENT))
            self._agents[host] = subprocess.Popen(
                command, env=self._variables(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        for host in self.hosts:
            self.restore(host)
            self.listen(host)
        return self

    def __exit__(self, *error: object) -> None:
        for agent in self._agents.values():
            agent.stdin.close()
        super().__exit__(*error)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(EXAMPLE / "lab.py"), "--hosts", str(SITE / "hosts.yml"), *arguments]

    def ask(self, requests: dict[str, list[Any]]) -> dict[str, Any]:
        """Send each host's agent a request, all at once; return host -> answer."""
        for host, request in requests.items():
            stream = self._agents[host].stdin
            stream.write(json.dumps(request) + "\n")
            stream.flush()
        answers = {host: self._line(host) for host in requests}
        assert all(answers.values()), f"ended: {[host for host, answer in answers.items() if not answer]}"
        return {host: json.loads(answer) for host, answer in answers.items()}

    def _line(self, host: str) -> str:
        stream = self._agents[host].stdout
        assert select.select([stream], [], [], PATIENCE)[0], f"{host}: no answer within {PATIENCE} s"
        return stream.readline()

    def on(self, host: str, *request: Any) -> Any:
        """Send one host's agent a request; return the answer."""
        return self.ask({host: list(request)})[host]

    def between(self, *command: str) -> None:
        """Run a command between the hosts, where the bridge is."""
        state = self._state()
        user = ["--user", "--preserve-credentials"] if state["rootless"] else []
        subprocess.run(["nsenter", "--target", str(state["keeper"]["pid"]), *user, "--net", *command], check=True)

    def port(self, host: str) -> str:
        """Return the name of a host's port of the bridge."""
        return f"p{list(self._state()['plan']).index(host)}"

    def _state(self) -> dict[str, Any]:
        return json.loads(next(self.directory.glob("portmatrix-lab-*/*/state.json")).read_text())

    def policy(self, host: str) -> str:
        """Return the nft script that brings a host's rules back, and rids it of all others."""
        values = self.hosts[host]
        return "flush ruleset\n" + nft_script.script(
            values["portmatrix_rules"], values.get("portmatrix_egress", "allow")
        )

    def restore(self, host: str) -> None:
        """Bring a host's rules back."""
        self.on(host, "nft", self.policy(host))

    def listen(self, host: str, without: str = "", more: Iterable[str] = (), also: str = "") -> None:
        """Have a host answer on every port that is asked for, but not on one (``tcp 7563``), on one more, on more addresses."""
        values = self.hosts[host]
        asked = [
            {**rule, "ports": [port for port in rule["ports"] if f"{rule['protocol']} {port}" != without]}
            for rule in values["portmatrix_asked"]
        ]
        if also:
            protocol, port = also.split()
            asked.append({"direction": "in", "protocol": protocol, "ports": [port]})
        self.on(host, "listen", self.run_id, host, asked, [*values["portmatrix_addresses"], *more])

    def silence(self) -> None:
        """Have no host answer any more."""
        self.ask({host: ["stop", self.run_id, host] for host in self.hosts})

    def verified(self) -> Rows:
        """Run the playbook; return the differences as its report tells them: initiator -> a row for each port."""
        self._other_ports()
        done = self.playbook("verify.yml", "-i", str(SITE), "-e", f"portmatrix_report_dir={self.directory}")
        assert done.returncode in (0, 2), done.stdout + done.stderr
        proof = json.loads((self.directory / "proof.json").read_text())
        assert (done.returncode == 2) == bool(
            proof["summary"]["differences"] or proof["summary"]["readback_differences"]
        ), done.stdout + done.stderr
        return of_ports(row for row in proof["results"] if not row["ok"])

    def _other_ports(self) -> None:
        turn = next(self._turns)
        self.ask({host: ["ports", turn] for host in self.hosts})

    def proven(self, retries: int = 0) -> Rows:
        """Return initiator -> what is not as expected."""
        self._other_ports()
        asked = {
            host: ["probe", self.run_id, values["portmatrix_expectations"], retries]
            for host, values in self.hosts.items()
        }
        return {
            host: differences
            for host, rows in self.ask(asked).items()
            if (differences := [row for row in rows if not row["ok"]])
        }

    def located(self, differences: Rows) -> Rows:
        """Return the differences with where they come about, as the role verify_ports does."""
        again = plan(differences, {host: values["portmatrix_expectations"] for host, values in self.hosts.items()})
        self._other_ports()
        self.ask({host: ["count", asked["flows"]] for host, asked in again.items()})
        results = self.ask(
            {
                host: ["probe", self.run_id, asked["expectations"], 0]
                for host, asked in again.items()
                if asked["expectations"]
            }
        )
        witnesses = self.ask({host: ["counted"] for host in again})
        rulesets = self.ask({host: ["ruleset"] for host in again})
        policies = {host: values["portmatrix_rules"] for host, values in self.hosts.items()}
        return located(differences, Known(results, witnesses, rulesets, policies))
