# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports really in use on a Windows host, each with where it came from, beside the ports of the matrix there.

What is compared is what programs are set to (their files), what HTTP.sys holds for them, and what listens. Nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback import ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.model import Ranges
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import http_urls, listening, port_settings
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.build import NAMES, PROTOCOLS
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.http_urls import HttpUrl
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.listening import Socket
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.matrix_ports import MatrixPort
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows.port_settings import Setting

TCP = PROTOCOLS["tcp"]


class Here(NamedTuple):
    """What the matrix has for the host.

    ``ports``: what its components listen on, the site's own flows included. ``opened``: those of them that its policy lets anybody
    reach. ``parameters``: the ports of each parameter that port_settings.yml names, as they are for this host. ``called``: the same
    for the components that this host calls, as (component, parameter) -> what any of them has.
    """

    components: frozenset[str]
    features: frozenset[str]
    ports: Sequence[MatrixPort]
    opened: Sequence[MatrixPort]
    parameters: Mapping[str, Ranges]
    called: Mapping[tuple[str, str], Sequence[Ranges]]


class _Given(NamedTuple):
    """Ports that a place names for a parameter of this host."""

    parameter: str
    ports: Ranges
    place: str


def compare(found: Mapping[str, Any], here: Here) -> dict[str, Any]:
    """Return what module win_ports_in_use found, beside the matrix.

    ``ports``: a row for each port and place it came from (``protocol``, ``port``, ``place``, ``source`` file, http or socket,
    ``parameter``, ``flows``, ``process``, ``services``, ``state``: matrix, differs, unknown, taken, off, calls, local or other).
    ``differences``: a sentence for each thing that is not as the matrix has it. ``suggested``: variables of the host that would make
    the matrix so. ``idle``: sentences on opened ports on which nothing listens now. ``remarks``: what could not be read.
    """
    remarks: list[str] = []
    told = list(_settings(found.get("files") or [], remarks))
    urls = http_urls.read(str(found.get("http") or ""))
    sockets = listening.read(found.get("listening") or [])
    rows: list[dict[str, Any]] = []
    differences: list[str] = []
    given: list[_Given] = []
    features: set[str] = set()
    for setting in told:
        row, sentence = _setting(setting, here, given, features)
        rows.append(row)
        differences += sentence
    for url in urls:
        row, sentence = _url(url, listening.behind(url, sockets), here, given)
        rows.append(row)
        differences += sentence
    suggested, sentences = _suggested(given, here)
    differences += sentences
    for socket in sockets:
        row, sentence = listening.judged(socket, here.ports, [each.ports for each in given])
        rows.append(row)
        differences += sentence
    return {
        "ports": rows,
        "differences": list(dict.fromkeys(differences)),
        "suggested": {
            **({"portmatrix_parameters": suggested} if suggested else {}),
            **({"portmatrix_features": sorted({*here.features, *features})} if features else {}),
        },
        "idle": list(_idle(here.opened, sockets)) if sockets else [],
        "remarks": remarks,
    }


def _settings(files: Sequence[Mapping[str, Any]], remarks: list[str]) -> Iterator[Setting]:
    for file in port_settings.once(files):
        path = str(file.get("path", ""))
        if file.get("error"):
            remarks.append(f"{path} could not be read: {file['error']}")
            continue
        try:
            yield from port_settings.settings(path, str(file.get("text") or ""))
        except ValueError as error:
            remarks.append(f"{path} {error}; it is left out")
        except RuntimeError as error:
            remarks.append(f"{path} is not read: that {error}")


def _setting(setting: Setting, here: Here, given: list[_Given], features: set[str]) -> tuple[dict[str, Any], list[str]]:
    place = setting.place
    where = f"{setting.path} {place.at}"
    row = _row("file", where, setting.port, parameter=place.parameter)
    if setting.port is None:
        wrong = bool(place.feature) and place.feature in here.features
        sentence = f"{where} is {place.unused}, which is off, though the feature {place.feature} is on."
        return {**row, "state": "off"}, [sentence] if wrong else []
    if place.calls:
        return _calls(setting, here, row)
    if here.components.isdisjoint(setting.components):
        sentence = f"{where} is {setting.port}, but the host is no {' or '.join(sorted(setting.components))}."
        return {**row, "state": "differs"}, [sentence]
    given.append(_Given(place.parameter, ((setting.port, setting.port),), where))
    row.update(_of_matrix(setting.port, place.parameter, here))
    if place.feature and place.feature not in here.features and "all" not in here.features:
        features.add(place.feature)
        return row, [f"{where} is {setting.port}, but the feature {place.feature} is not on, so no rule opens it."]
    return row, []


def _calls(setting: Setting, here: Here, row: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    place = setting.place
    expected = here.called.get((place.calls, place.parameter), ())
    if setting.port is None or not expected or any(ranges.contains(each, setting.port) for each in expected):
        return {**row, "state": "calls"}, []
    known = ", ".join(dict.fromkeys(",".join(ranges.texts(each)) for each in expected))
    sentence = (
        f"{setting.path} {place.at} calls the {place.calls} on {setting.port}, for which the matrix has {known} "
        f"({place.parameter} of that host)."
    )
    return {**row, "state": "differs"}, [sentence]


def _url(url: HttpUrl, program: Socket, here: Here, given: list[_Given]) -> tuple[dict[str, Any], list[str]]:
    where = f"HTTP.sys {url.text}"
    known = next(
        (
            each
            for each in port_settings.places().urls
            if f"{url.path.lower()}/".startswith(f"{each.path}/") and not each.components.isdisjoint(here.components)
        ),
        None,
    )
    row = _row(
        "http",
        where,
        url.port,
        parameter=known.parameter if known else "",
        process=program.path or program.process or url.queue,
        services=list(program.services),
    )
    if url.local:
        return {**row, "state": "local"}, []
    if known:
        given.append(_Given(known.parameter, ((url.port, url.port),), where))
    row.update(_of_matrix(url.port, known.parameter if known else "", here))
    told = any(ranges.contains(each.ports, url.port) for each in given)
    if row["state"] == "other" and listening.strange(program, here.ports):
        row["state"] = "unknown"
        return row, [] if told else [
            f"{program.holder()} has {url.text} of HTTP.sys, which the matrix does not have on this host."
        ]
    return row, []


def _of_matrix(port: int, parameter: str, here: Here) -> dict[str, Any]:
    """Return the state of a TCP port that is used here, and the flows that it is for."""
    flows = listening.flows_of(here.ports, TCP, port)
    if parameter and not ranges.contains(here.parameters.get(parameter, ()), port):
        return {"flows": flows, "state": "differs"}
    return {"flows": flows, "state": "matrix" if flows or parameter else "other"}


def _suggested(given: Sequence[_Given], here: Here) -> tuple[dict[str, Any], list[str]]:
    """Return the parameters that do not have what the host's files and addresses say, and a sentence for each.

    A file says all that a program listens on. HTTP.sys has an address only while its program runs, so one that is missing there is
    no difference.
    """
    suggested: dict[str, Any] = {}
    sentences = []
    for parameter in dict.fromkeys(each.parameter for each in given):
        mine = [each for each in given if each.parameter == parameter]
        files = [each for each in mine if not each.place.startswith("HTTP.sys ")]
        now = here.parameters.get(parameter, ())
        wanted = ranges.union(*(each.ports for each in files or mine))
        same = wanted == now if files else not ranges.subtract(wanted, now)
        if not same:
            text = ", ".join(ranges.texts(wanted))
            suggested[parameter] = int(text) if text.isdigit() else text
            places = " and ".join(dict.fromkeys(each.place for each in files or mine))
            has = f"has {', '.join(ranges.texts(now))}" if now else "has none"
            sentences.append(f"{places}: {text}; the matrix {has} ({parameter}).")
    return suggested, sentences


def _idle(opened: Iterable[MatrixPort], sockets: Sequence[Socket]) -> Iterator[str]:
    """Yield a sentence for what the policy opens and nobody listens on; a few of many ports may be in use at a time."""
    held: dict[int, Ranges] = {}
    for socket in sockets:
        if not socket.local:
            held[socket.number] = ranges.union(held.get(socket.number, ()), ((socket.port, socket.port),))
    idle: dict[tuple[int, Ranges], set[str]] = {}
    for port in opened:
        if not ranges.intersect(port.ports, held.get(port.protocol, ())):
            idle.setdefault((port.protocol, port.ports), set()).add(port.flow)
    for (protocol, ports), flows in sorted(idle.items()):
        text = ", ".join(ranges.texts(ports))
        yield f"Nothing listens now on {NAMES[protocol].upper()} {text} ({', '.join(sorted(flows))})."


def _row(source: str, place: str, port: int | None, **others: Any) -> dict[str, Any]:
    return {
        "protocol": "tcp",
        "port": port,
        "source": source,
        "place": place,
        "parameter": "",
        "flows": [],
        "process": "",
        "services": [],
        "state": "other",
        **others,
    }
