# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What win_ports_in_use finds on a recorded host: files of XProtect, addresses of HTTP.sys and listening sockets.

The files have what the vendor's public tools read from them, and nothing else; everything else in a real one is skipped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

RECORDER = r"C:\ProgramData\Milestone\XProtect Recording Server\RecorderConfig.xml"
MANAGEMENT = r"C:\ProgramData\Milestone\XProtect Management Server\ServerConfig.xml"
MOBILE = r"C:\Program Files\Milestone\XProtect Mobile Server\VideoOS.MobileServer.Service.exe.config"
RECORDERS = {"milestone_recording_server", "milestone_failover_server"}
MEDIA = 7563
UNNAMED = "Request queue is unnamed."

_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


def found(components: Collection[str], media: int = MEDIA) -> dict[str, Any]:
    """Return what the module does on a host of these components; ``media``: the port that its recording server is set to."""
    return {
        "files": list(files(set(components), media)),
        "http": servicestate(list(urls(set(components)))),
        "listening": list(sockets(set(components), media)),
    }


def files(components: set[str], media: int = MEDIA) -> Iterator[dict[str, str]]:
    """Yield the files of a host."""
    if components & RECORDERS:
        yield {"path": RECORDER, "text": recorder_config(media)}
    if "milestone_management_server" in components:
        yield {"path": MANAGEMENT, "text": server_config()}
    if "milestone_mobile_server" in components:
        yield {"path": MOBILE, "text": mobile_config()}


def recorder_config(media: int = MEDIA, api: int = 9001, alert: int = 0, management: int = 9000) -> str:
    """Return a RecorderConfig.xml."""
    return (
        f"{_HEAD}<recorderconfig>\n"
        "  <version>20.1.0.1</version>\n"
        "  <recorder><id>00000000-0000-0000-0000-000000000001</id><displayname>recorded</displayname></recorder>\n"
        f"  <server><address>ms1</address><webapiport>{management}</webapiport></server>\n"
        f"  <webserver><host>recorded</host><port>{media}</port></webserver>\n"
        f"  <webapi><port>{api}</port></webapi>\n"
        f"  <driverservices><alert><port>{alert}</port></alert></driverservices>\n"
        "</recorderconfig>\n"
    )


def server_config(port: int = 9000) -> str:
    """Return a ServerConfig.xml."""
    return (
        f"{_HEAD}<server><version>20.1.0.1</version>"
        f"<WebApiConfig><Port>{port}</Port><AuthorizationServerUri>http://ms1/IDP</AuthorizationServerUri></WebApiConfig></server>\n"
    )


def mobile_config(http: int = 8081, https: int = 8082) -> str:
    """Return a VideoOS.MobileServer.Service.exe.config."""
    channel = '<Address><add key="Ip" value="+" /><add key="Port" value="{}" /></Address>'
    return (
        f"{_HEAD}<configuration>"
        '<ManagementServer><Address><add key="Ip" value="ms1" /><add key="Port" value="80" /></Address></ManagementServer>'
        f"<HttpMetaChannel>{channel.format(http)}</HttpMetaChannel>"
        f"<HttpSecureMetaChannel>{channel.format(https)}</HttpSecureMetaChannel></configuration>\n"
    )


def urls(components: set[str]) -> Iterator[tuple[str, int, str]]:
    """Yield queue, process and address of what HTTP.sys holds."""
    yield UNNAMED, 1300, "HTTP://+:5985/WSMAN/"
    yield UNNAMED, 1300, "HTTP://+:47001/WSMAN/"
    if "milestone_management_server" in components:
        yield from (("IDP", 2900, "HTTP://*:80/IDP/"), ("IDP", 2900, "HTTPS://*:443/IDP/"))
        yield "API", 2901, "HTTPS://*:443/API/"
        yield UNNAMED, 2200, "HTTP://+:9000/"
    if components & RECORDERS:
        yield UNNAMED, 2100, "HTTP://+:9001/"
    if "milestone_log_server" in components:
        yield "LogServer", 2902, "HTTP://*:22337/LogServer/"
    if "milestone_mobile_server" in components:
        yield UNNAMED, 2500, "HTTP://+:8081/XPROTECTMOBILE/"
        yield UNNAMED, 2500, "HTTPS://+:8082/XPROTECTMOBILE/"


def servicestate(held: list[tuple[str, int, str]]) -> str:
    """Return addresses in the form of netsh http show servicestate view=requestq verbose=no."""
    lines = ["", "Snapshot of HTTP service state (Request Queue View):", "-" * 53, ""]
    for queue, process, url in held:
        lines += [
            f"Request queue name: {queue}",
            "    Version: 2.0",
            "    State: Active",
            "    Request queue 503 verbosity level: Basic",
            "    Max requests: 1000",
            "    Number of active processes attached: 1",
            "    Process IDs:",
            f"        {process}",
            "    URL groups:",
            "    URL group ID: FE00000440000001",
            "        State: Active",
            f"        Request queue name: {queue}",
            "        Number of registered URLs: 1",
            "        Registered URLs:",
            f"            {url}",
            "",
        ]
    return "\n".join(lines)


def sockets(components: set[str], media: int = MEDIA) -> Iterator[dict[str, Any]]:
    """Yield the sockets of a host: Windows' own, and those of its servers."""
    yield from (_held(port) for port in (445, 5985, 47001))
    yield _socket(135, 900, r"C:\Windows\System32\svchost.exe", "RpcSs", "RpcEptMapper")
    yield _socket(3389, 1100, r"C:\Windows\System32\svchost.exe", "TermService")
    yield _socket(49664, 600, r"C:\Windows\System32\lsass.exe", "SamSs")
    yield _socket(5353, 1200, r"C:\Windows\System32\svchost.exe", "Dnscache", protocol="udp")
    milestone = r"C:\Program Files\Milestone"
    if components & RECORDERS:
        recorder = rf"{milestone}\XProtect Recording Server\VideoOS.Recorder.Service.exe"
        for port in (media, 5210, *((11000,) if "milestone_recording_server" in components else ())):
            yield _socket(port, 2100, recorder, "Milestone XProtect Recording Server")
        yield _held(9001)
    if "milestone_management_server" in components:
        yield from (_held(port) for port in (80, 443, 9000))
    if "milestone_event_server" in components:
        event = rf"{milestone}\XProtect Event Server\VideoOS.Event.Server.exe"
        yield from (_socket(port, 2300, event, "Milestone XProtect Event Server") for port in (22331, 22333))
    if "milestone_log_server" in components:
        yield _held(22337)
    if "milestone_mobile_server" in components:
        yield from (_held(port) for port in (8081, 8082))
        mobile = rf"{milestone}\XProtect Mobile Server\VideoOS.MobileServer.Service.exe"
        yield from (_socket(port, 2500, mobile, "Milestone XProtect Mobile Server") for port in (40001, 40002, 40003))
    if "milestone_sql_server" in components:
        sql = r"C:\Program Files\Microsoft SQL Server\MSSQL15.MSSQLSERVER\MSSQL\Binn\sqlservr.exe"
        yield _socket(1433, 2700, sql, "MSSQLSERVER")
        yield _socket(1434, 2700, sql, "MSSQLSERVER", address="127.0.0.1")


def _held(port: int) -> dict[str, Any]:
    return {**_socket(port, 4, ""), "process": "System", "address": "::"}


def _socket(
    port: int, pid: int, path: str, *services: str, protocol: str = "tcp", address: str = "0.0.0.0"
) -> dict[str, Any]:
    return {
        "protocol": protocol,
        "address": address,
        "port": port,
        "pid": pid,
        "process": path.rpartition("\\")[2].removesuffix(".exe"),
        "path": path,
        "services": list(services),
    }
