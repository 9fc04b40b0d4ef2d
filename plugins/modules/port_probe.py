#!/usr/bin/python

# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: port_probe
short_description: Probe from a host which ports of other hosts are open and which are shut
version_added: 0.1.0
description:
  - Tries all ports of all targets at once from this host and tells open, refused, filtered and unreachable apart,
    the last with the ICMP message and who sent it.
  - The run lasts about O(timeout) plus one round trip, however many ports are filtered.
  - With M(vidnet.portmatrix.port_listen) on the targets it works before the vendor's software is installed,
    also for UDP, and finds addresses and ports that lead elsewhere than they should.
  - Where none of its responders answers, it asks the real service in the service's own protocol. On well-known ports that is
    DNS (UDP 53), NTP (UDP 123), SSDP (UDP 1900), mDNS (UDP 5353) and RTSP (TCP 554), after half of the O(timeout);
    on other ports as O(expectations[].speaks) says, at once.
  - It needs nothing but Python and no privileges, and on a Windows host nothing but PowerShell.
options:
  run:
    description:
      - Id of this verification run, the same as in M(vidnet.portmatrix.port_listen).
      - Letters, digits and hyphens, at most 64.
    type: str
    required: true
  expectations:
    description:
      - What this host must and must not be able to reach.
      - In an inventory with the P(vidnet.portmatrix.site#inventory) plugin this is C(portmatrix_expectations).
    type: list
    elements: dict
    required: true
    suboptions:
      to:
        description: Inventory name of the target, as in O(vidnet.portmatrix.port_listen#module:host).
        type: str
        required: true
      source:
        description: Address of this host to send from.
        type: str
        required: true
      address:
        description: Address of the target, of the same family as O(expectations[].source).
        type: str
        required: true
      protocol:
        description: Protocol to probe.
        type: str
        required: true
        choices: [tcp, udp]
      open:
        description: Ports that must be open.
        type: list
        elements: int
        default: []
      shut:
        description: Ports that must be filtered or unreachable.
        type: list
        elements: int
        default: []
      speaks:
        description:
          - What services on other ports than the well-known ones speak, as a dictionary of port and protocol.
          - Over UDP that is V(dns), V(mdns), V(ntp) or V(ssdp), over TCP V(rtsp).
          - Ports that are neither in O(expectations[].open) nor in O(expectations[].shut) are passed over.
          - Only ports that are named here, and 554, are sent a line of RTSP.
        type: dict
        default: {}
  timeout:
    description:
      - Seconds to wait for each answer, more than V(0) and at most V(60).
      - Linux repeats a lost TCP packet after one second, so a timeout above V(1) forgives a loss.
      - Windows tries a refused connection again for up to two seconds before it says so. From a Windows host, less than V(3) is V(3).
    type: float
    default: 1.0
  concurrency:
    description:
      - How many sockets are open at most at a time, from V(1) to V(16384).
      - The soft limit of open files is raised as far as this needs. Where the hard limit is lower, it takes its place.
      - More probes than this take several times the O(timeout).
    type: int
    default: 2048
  retries:
    description:
      - How often a port that must be open and was not is tried again, from V(0) to V(10).
      - A port that must be shut and answered is not tried again, as no later silence takes the answer back.
    type: int
    default: 1
attributes:
  action:
    description: Runs on the controller too, which judges what the sockets of a Windows host saw.
    support: full
  check_mode:
    description: Can run in check mode. Probing changes nothing.
    support: full
  diff_mode:
    description: Returns what was changed, when in diff mode.
    support: none
    details: It changes nothing.
  platform:
    description: Target operating systems.
    support: full
    platforms: linux, windows
    details: Of Windows, what Microsoft documents has been gone by; it has not been tried on a Windows host.
notes:
  - The module does not fail when an observation differs from its expectation; see RV(differences).
  - A UDP port counts as open when something answers. Use M(vidnet.portmatrix.port_listen) on the targets;
    without it, a UDP port that must be open is reported as filtered unless its service speaks one of the protocols above.
  - The replies of services are checked - the number of the request (DNS, mDNS, RTSP), the time stamp and mode (NTP), the
    headers ST and LOCATION (SSDP). Anything else that answers is C(another service).
  - Hosts send only a few ICMP messages a second. Of many UDP ports on which nothing listens and that nothing blocks
    only the first are seen as refused, the others as filtered. Let M(vidnet.portmatrix.port_listen) listen on the
    ports that must be shut too, and every one of them answers.
  - A TCP packet that a firewall turns away with an ICMP message counts as unreachable. One that it turns away with a
    reset cannot be told from a closed port of the host, and counts as refused.
  - A Windows firewall keeps its host from refusing (stealth mode), so that a port on which nothing listens looks filtered there even
    where the rules let the packet in. With M(vidnet.portmatrix.port_listen) on the target it answers.
  - A Windows host does not tell who sent an ICMP message. A UDP port counts as refused there for the message of any router.
seealso:
  - module: vidnet.portmatrix.port_listen
  - plugin: vidnet.portmatrix.truth_table
    plugin_type: filter
author:
  - vidnet.portmatrix contributors (@vidnet)
"""

EXAMPLES = r"""
- name: Probe everything this host must and must not reach
  vidnet.portmatrix.port_probe:
    run: "{{ portmatrix_run }}"
    expectations: "{{ portmatrix_expectations }}"
  register: probed

- name: A Pearl with three channels, before or after its RTSP servers run
  vidnet.portmatrix.port_probe:
    run: trial-1
    expectations:
      - to: pearl1
        source: 10.77.1.5
        address: 10.77.1.31
        protocol: tcp
        open: [554, 555, 556]
        speaks: {554: rtsp, 555: rtsp, 556: rtsp}

- name: One recording server, two ports
  vidnet.portmatrix.port_probe:
    run: trial-1
    expectations:
      - to: rs1
        source: 10.77.1.5
        address: 10.77.1.11
        protocol: tcp
        open: [7563]
        shut: [7562]
  register: probed
  failed_when: probed.differences | length > 0
"""

RETURN = r"""
results:
  description: One entry for each port.
  type: list
  elements: dict
  returned: success
  contains:
    to:
      description: Inventory name of the target.
      type: str
    source:
      description: Address of this host.
      type: str
    address:
      description: Address of the target.
      type: str
    protocol:
      description: V(tcp) or V(udp).
      type: str
    port:
      description: The port.
      type: int
    expected:
      description: V(open) or V(shut).
      type: str
    observed:
      description:
        - V(open), a service or the responder of the target answered.
        - V(refused), the packet reached the host and nothing listens there.
        - V(filtered), no answer, or dropped before leaving this host.
        - V(unreachable), a router or a firewall turned the packet away, or there is no route.
        - V(wrong_host), the responder of another host answered, or that of another address or port of this one.
        - V(error), anything else.
      type: str
    ok:
      description: Whether the observation is what was expected. For V(shut) that is V(filtered) or V(unreachable).
      type: bool
    service:
      description:
        - Who is behind the port, apart from whether the way is open.
        - V(responder), the temporary one of M(vidnet.portmatrix.port_listen).
        - V(service), something else that listens there.
        - V(nothing), the packet arrived and nobody listens.
        - Empty where that is not known.
      type: str
    attempts:
      description: How often the port was tried.
      type: int
    detail:
      description:
        - Who answered what, such as V(answered), V(NTP server, stratum 3) or V(RTSP/1.0 200).
        - For an ICMP message its name, type, code and sender.
        - Where a responder saw the request come from another address than RV(results[].source), it says which.
      type: str
  sample:
    - to: rs1
      source: 10.77.1.5
      address: 10.77.1.11
      protocol: tcp
      port: 7563
      expected: open
      observed: open
      ok: true
      service: responder
      attempts: 1
      detail: answered
differences:
  description: The entries of RV(results) that are not as expected, in the same form.
  type: list
  elements: dict
  returned: success
counts:
  description: How often each observation was made.
  type: dict
  returned: success
  sample: {open: 1, refused: 0, filtered: 1, unreachable: 0, wrong_host: 0, error: 0}
probes:
  description: How many ports were probed.
  type: int
  returned: success
  sample: 2
retried:
  description: How many ports were tried more than once.
  type: int
  returned: success
  sample: 0
seconds:
  description: How long it took.
  type: float
  returned: success
  sample: 1.021
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_options import PROBE
from ansible_collections.vidnet.portmatrix.plugins.module_utils.probe_wire import checked_run
from ansible_collections.vidnet.portmatrix.plugins.module_utils.prober import ProbeError, checked_limits, verify


def main():
    module = AnsibleModule(argument_spec=PROBE, supports_check_mode=True)
    limits = {name: module.params[name] for name in ("timeout", "concurrency", "retries")}
    try:
        checked_limits(**limits)
        found = verify(checked_run(module.params["run"]), module.params["expectations"], **limits)
    except (ValueError, ProbeError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
