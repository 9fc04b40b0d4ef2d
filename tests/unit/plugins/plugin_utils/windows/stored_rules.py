# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of Windows for hypothesis, and rule strings as public documents and exports show them."""

from __future__ import annotations

import ipaddress

from hypothesis import strategies as st

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.model import ALL_PROFILES, WindowsRule

#: MS-GPFAS 4.2, and rules in the forms that Windows' own and installers' rules have.
RULE_STRINGS = (
    r"v2.10|Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Public|LPort=RPC|RPort=49000|LA4=192.168.1.0/255.255.255.0"
    r"|LA4=192.168.0.0/255.255.255.0|RA4=LocalSubnet|RA6=LocalSubnet|App=c:\path\foo.exe|Name=Firewall Rule Test"
    r"|Security=Authenticate|Security2_9=An-NoEncap|",
    "v2.31|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort2_10=IPTLSIn|LPort2_10=IPHTTPSIn|App=System"
    "|Name=@FirewallAPI.dll,-25426|Desc=@FirewallAPI.dll,-25428|EmbedCtxt=@FirewallAPI.dll,-25000|",
    r"v2.33|Action=Block|Active=TRUE|Dir=In|Protocol=17|Profile=Public|LPort2_20=Ply2Disc"
    r"|App=%SystemRoot%\system32\svchost.exe|Svc=ssdpsrv|Name=@FirewallAPI.dll,-36104|",
    "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=58|ICMP6=134:*|RA6=fe80::/64|App=System|Name=Router advertisement|",
    "v2.26|Action=Block|Active=TRUE|Dir=Out|RA42=IntErnet|RA62=IntErnet|Name=Block a package|AppPkgId=S-1-15-2-1861897761|",
    "v2.31|Action=Allow|Active=FALSE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|LPort=80|LPort=443|LPort2_10=5000-5010"
    "|RA4=10.0.0.0/255.0.0.0|RA4=10.1.0.1-10.1.0.9|RA6=LocalSubnet|IFType=RemoteAccess|IFType=Wireless|Name=Some"
    "|Edge=TRUE|Defer=App|TTK=Proximity|",
    "v2.29|Action=ByPass|Active=TRUE|Dir=In|IF={0A1B2C3D-0000-0000-0000-00000000000A}|Name=IPsec|Security=Authenticate"
    "|RMAuth=O:LSD:(A;;CC;;;S-1-5-21-1)|LPort2_99=Later|",
)

V4 = st.integers(1, 2**32 - 2)
V6 = st.integers(1, 2**128 - 1)


def _prefixed(kind: type[ipaddress.IPv4Network] | type[ipaddress.IPv6Network], bits: int) -> st.SearchStrategy[str]:
    return st.builds(
        lambda number, length: kind((number, length), strict=False).with_prefixlen,
        st.integers(0, 2**bits - 1),
        st.integers(1, bits - 1),
    )


ADDRESSES = st.one_of(
    V4.map(lambda number: str(ipaddress.IPv4Address(number))),
    V6.map(lambda number: str(ipaddress.IPv6Address(number))),
    _prefixed(ipaddress.IPv4Network, 32),
    _prefixed(ipaddress.IPv4Network, 32).map(lambda text: ipaddress.ip_network(text).with_netmask),
    _prefixed(ipaddress.IPv6Network, 128),
    st.tuples(V4, V4).map(lambda ends: "-".join(str(ipaddress.IPv4Address(end)) for end in sorted(ends))),
    st.sampled_from(
        ["LocalSubnet", "LocalSubnet4", "DNS", "DHCP6", "WINS", "DefaultGateway", "IntErnet", "RmtIntrAnet"]
    ),
)
PORTS = st.one_of(
    st.integers(0, 65535).map(str),
    st.tuples(st.integers(0, 65535), st.integers(0, 65535)).map(lambda ends: f"{min(ends)}-{max(ends)}"),
    st.sampled_from(["RPC", "RPC-EPMap", "Teredo", "IPTLSIn", "Ply2Disc", "mDNS"]),
)
#: Whatever a rule may be called: any letters but the ones that a rule string is made of.
TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="|"), max_size=30)


def lists(of: st.SearchStrategy[str], empty: str) -> st.SearchStrategy[str]:
    return st.one_of(st.just(empty), st.lists(of, min_size=1, max_size=4, unique=True).map(",".join))


@st.composite
def rules(draw: st.DrawFn) -> WindowsRule:
    protocol = draw(st.sampled_from([1, 2, 6, 17, 58, 256]))
    ported = protocol in (6, 17)
    addresses = lists(ADDRESSES, "*").filter(lambda text: not {"LocalSubnet", "LocalSubnet4"} <= set(text.split(",")))
    return WindowsRule(
        name=draw(TEXTS.filter(bool)),
        group=draw(TEXTS),
        description=draw(TEXTS),
        enabled=draw(st.booleans()),
        direction=draw(st.sampled_from(["in", "out"])),
        action=draw(st.sampled_from(["allow", "block"])),
        protocol=protocol,
        local_ports=draw(lists(PORTS, "*")) if ported else "*",
        remote_ports=draw(lists(PORTS, "*")) if ported else "*",
        icmp=draw(lists(st.sampled_from(["8:*", "3:4", "134:0"]), "*")) if protocol in (1, 58) else "*",
        local_addresses=draw(addresses),
        remote_addresses=draw(addresses),
        profiles=draw(st.sampled_from([1, 2, 3, 4, 5, 6, 7, ALL_PROFILES])),
        program=draw(st.sampled_from(["", "System", r"%SystemRoot%\system32\svchost.exe"])),
        service=draw(st.sampled_from(["", "*", "ssdpsrv"])),
        interfaces=draw(st.sampled_from(["", "{0A1B2C3D-0000-0000-0000-00000000000A}"])),
        interface_types=draw(st.sampled_from(["All", "Lan", "Lan,Wireless"])),
        edge=draw(st.booleans()),
        others=draw(st.sampled_from([(), ("Defer=App",), ("TTK=Proximity", "New2_40=a=b")])),
    )
