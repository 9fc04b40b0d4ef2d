# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports that programs on a Windows host are set to, from their own files; which files and where, is in port_settings.yml."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils import yaml_file
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.windows import values

FILE = Path(__file__).with_name("port_settings.yml")
REQUIRED = "needs the Python package defusedxml on the controller: pip install defusedxml"
#: Characters of a file that are read: the largest of these files has some tens of thousands.
MOST_CHARACTERS = 4_000_000
_ATTRIBUTE = re.compile(r"(.*)/@([A-Za-z]+)")


class Place(NamedTuple):
    """A place in a file that holds a port, and the parameter of the matrix that is meant by it.

    ``calls`` is the component whose port it is where that is another host's. A port that equals ``unused`` is none.
    """

    at: str
    parameter: str
    calls: str = ""
    unused: int | None = None
    feature: str = ""


class ConfigFile(NamedTuple):
    """A file, as Windows names it, and whose it is; ``registry`` has key, value and suffix where its path is in the registry."""

    path: str
    components: frozenset[str]
    places: tuple[Place, ...]
    registry: Mapping[str, str]

    @property
    def name(self) -> str:
        """The file's own name, in lower case."""
        return _name(self.path)


class Url(NamedTuple):
    """How the path of an address begins, in lower case, by which a program is known."""

    path: str
    parameter: str
    components: frozenset[str]


class Places(NamedTuple):
    """What port_settings.yml holds."""

    files: tuple[ConfigFile, ...]
    urls: tuple[Url, ...]

    def parameters(self) -> frozenset[str]:
        """Return the parameters of the matrix that anything here is about."""
        return frozenset(place.parameter for file in self.files for place in file.places).union(
            url.parameter for url in self.urls
        )


class Setting(NamedTuple):
    """A port that a file holds: ``port`` is None where it is switched off."""

    path: str
    place: Place
    components: frozenset[str]
    port: int | None


@functools.lru_cache(maxsize=1)
def places() -> Places:
    """Return what the shipped file holds."""
    data = yaml_file.read(FILE)
    return Places(
        tuple(
            ConfigFile(
                file["path"],
                frozenset(file["components"]),
                tuple(
                    Place(**{key: place[key] for key in Place._fields if key in place}) for place in file["settings"]
                ),
                file.get("registry", {}),
            )
            for file in data["files"]
        ),
        tuple(Url(url["path"].lower(), url["parameter"], frozenset(url["components"])) for url in data["urls"]),
    )


def wanted() -> dict[str, list[Any]]:
    """Return what a host is to be asked for: ``files``, and ``registered`` ones, whose path its registry has."""
    return {
        "files": [file.path for file in places().files],
        "registered": [dict(file.registry) for file in places().files if file.registry],
    }


def settings(path: str, text: str) -> list[Setting]:
    """Return the ports of a file; none for a file that is not known here.

    Raises ValueError for what is no XML or has a value that is no port, and RuntimeError without defusedxml.
    """
    known = next((file for file in places().files if file.name == _name(path)), None)
    if known is None:
        return []
    root = _parsed(text)
    return [
        Setting(path, place, known.components, None if number == place.unused else _port(number, place))
        for place in known.places
        for number in _numbers(root, place)
    ]


def once(found: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield each file once: one that the registry names may be the usual one."""
    seen: set[str] = set()
    for file in found:
        path = values.program(str(file.get("path", "")))
        if path not in seen:
            seen.add(path)
            yield file


def _parsed(text: str) -> Any:
    try:
        from defusedxml import ElementTree
        from defusedxml.common import DefusedXmlException
    except ImportError:
        raise RuntimeError(REQUIRED) from None
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"has more than {MOST_CHARACTERS:,} characters")
    # a text has been decoded already, and what it says of its encoding is no longer so
    plain = re.sub(r"^\ufeff?\s*<\?xml[^>]*\?>", "", text)
    try:
        return ElementTree.fromstring(plain, forbid_dtd=True)
    except DefusedXmlException:
        raise ValueError("has a document type or entities of its own") from None
    except ElementTree.ParseError as error:
        raise ValueError(f"is no XML: {error}") from None


def _numbers(root: Any, place: Place) -> Iterator[int]:
    path, attribute = place.at, ""
    found = _ATTRIBUTE.fullmatch(path)
    if found:
        path, attribute = found[1], found[2]
    _empty, first, below = path.split("/", 2)
    for element in root.findall(below) if root.tag == first else []:
        text = ((element.get(attribute) if attribute else element.text) or "").strip()
        if text:
            if not (text.isascii() and text.isdigit()):
                raise ValueError(f"{place.at} holds {text[:40]!r}, which is no port")
            yield int(text)


def _port(number: int, place: Place) -> int:
    if not 1 <= number <= 65535:
        raise ValueError(f"{place.at} holds {number}, which is no port")
    return number


def _name(path: str) -> str:
    return path.replace("/", "\\").rpartition("\\")[2].lower()
