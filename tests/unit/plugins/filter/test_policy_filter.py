# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleError, AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.policy import FilterModule

policy = FilterModule().filters()["policy"]
HOSTVARS = {
    "rs1": {"group_names": ["milestone_recording_server"], "ansible_host": "10.0.0.11", "unrelated": "{{ nothing }}"},
    "sc1": {
        "group_names": ["milestone_smart_client"],
        "ansible_host": "10.0.0.12",
        "portmatrix_rules": "results are not read",
    },
}


def test_the_whole_site_or_one_host() -> None:
    site = policy(HOSTVARS)
    assert site.keys() == HOSTVARS.keys()
    assert site["rs1"].keys() == {"rules", "unresolved", "expectations", "asked", "managed", "addresses"}
    assert policy(HOSTVARS, "rs1") == site["rs1"]
    media = [rule for rule in site["rs1"]["rules"] if rule["flows"] == ["milestone.recording.media"]]
    assert [(rule["ports"], rule["peers"]) for rule in media] == [(["7563"], ["10.0.0.12/32"])]


def test_unknown_host() -> None:
    with pytest.raises(AnsibleFilterError, match="'rs9' is not a host of the inventory"):
        policy(HOSTVARS, "rs9")


def test_not_the_variables_of_hosts() -> None:
    with pytest.raises(AnsibleFilterError, match="the input must be the variables of every host"):
        policy([])


def test_all_problems_at_once() -> None:
    wrong = {name: {**variables, "portmatrix_features": ["nonsense"]} for name, variables in HOSTVARS.items()}
    with pytest.raises(AnsibleError) as raised:
        policy(wrong)
    assert "2 problems in your input, nothing was applied" in str(raised.value)
    assert "rs1.portmatrix_features[0]: unknown 'nonsense'" in str(raised.value)
    assert "sc1.portmatrix_features[0]: unknown 'nonsense'" in str(raised.value)
