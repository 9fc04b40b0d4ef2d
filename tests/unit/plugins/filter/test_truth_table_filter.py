# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.vidnet.portmatrix.plugins.filter.truth_table import FilterModule


def test_the_filter_makes_the_table():
    table = FilterModule().filters()["truth_table"]
    assert table({"a": []}) == "0 probes, 0 differences\nnothing was probed from: a\n"
    assert table({"a": []}, format="markdown", width=50).startswith("**0 probes")


def test_a_wrong_value_is_an_error_of_the_filter():
    with pytest.raises(AnsibleFilterError, match="truth_table: format: 'html'; allowed are text, markdown, json"):
        FilterModule().filters()["truth_table"]({}, format="html")
