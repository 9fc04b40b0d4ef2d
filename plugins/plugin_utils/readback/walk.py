# Copyright (c) 2026, vidnet.portmatrix contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The walk of packets through the rules in force, as the kernel would walk them, for all peers and ports at once.

The chains of a hook are walked by priority. Letting in ends one base chain, dropping ends all. A rule of which it is not
certain whether it matches leaves both ways open: only when both end alike is the end known.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.area import Area, Piece, Tag
from ansible_collections.vidnet.portmatrix.plugins.plugin_utils.readback.scene import Base, Scene, Step

UNFILTERED = "no rule: nothing filters these packets"


class End(NamedTuple):
    """How it ends for packets of some ports and peers, as bits: ``accept``, ``drop``, ``reject`` or ``unknown``, and by which rule."""

    ports: int
    peers: int
    verdict: str
    rule: str


class _Ends:
    """Where packets went that left the chains of a base chain."""

    def __init__(self) -> None:
        self.accepted: list[Piece] = []
        self.dropped: list[Piece] = []
        self.unknown: list[Piece] = []


def walk(scene: Scene, boxes: int, early: int, peers: int, loopback: bool = False) -> list[End]:
    """Return the ends of all packets of ``peers`` (bits).

    ``boxes`` are those that the packets are in, as far as ports and peers do not decide; ``early`` the same where the state of
    a connection is not known yet. Over the ``loopback`` the host may translate what it likes: the packets stay its own.
    """
    return _Walk(scene, boxes, early, loopback).ends(peers)


class _Walk:
    def __init__(self, scene: Scene, boxes: int, early: int, loopback: bool) -> None:
        self._scene = scene
        self._width = len(scene.ports)
        self._boxes = {False: boxes, True: early}
        self._early = False
        self._loopback = loopback
        self._rank = 0

    def ends(self, peers: int) -> list[End]:
        out: list[End] = []
        live = Area(self._width, [((1 << self._width) - 1, Tag(), peers)] if peers else [])
        last = -1
        for base in self._scene.bases:
            if not live:
                break
            live = self._through(base, live, out)
            last = base.policy_number
        for ports, tag, mine in live.pieces():
            if tag.maybe_drop >= 0:
                out.append(End(ports, mine, "unknown", self._scene.texts[tag.maybe_drop]))
            else:
                by = tag.by if tag.by >= 0 else last
                out.append(End(ports, mine, "accept", self._scene.texts[by] if by >= 0 else UNFILTERED))
        return out

    def _through(self, base: Base, live: Area, out: list[End]) -> Area:
        """Walk one base chain; return what goes on to the next."""
        self._early = base.stateless
        self._rank = 1 if base.accepts else 2
        if base.accepts and not any(step.mask & self._boxes[self._early] for step in self._scene.chains[base.chain]):
            return live
        ends = _Ends()
        left = self._chain(base.chain, 0, live, ends, base.hook).pieces()
        if not base.accepts:
            ends.dropped.extend((ports, tag._replace(by=base.policy_number), mine) for ports, tag, mine in left)
            left = []
        for ports, tag, mine in ends.unknown:
            out.append(End(ports, mine, "unknown", self._scene.texts[tag.by]))
        for piece in ends.dropped:
            if not _maybe(piece):
                out.append(self._end(piece, "drop", piece[1].by))
        following = self._open(ends.dropped)
        following.put((ports, tag._replace(maybe_accept=-1), mine) for ports, tag, mine in [*ends.accepted, *left])
        return following

    def _open(self, dropped: list[Piece]) -> Area:
        """Return what may have been let in before it was dropped: other chains may still drop it."""
        return Area(
            self._width,
            (
                (ports, Tag(tag.maybe_accept, 1, -1, tag.maybe_accept), mine)
                for ports, tag, mine in dropped
                if tag.maybe_accept >= 0
            ),
        )

    def _end(self, piece: Piece, verdict: str, number: int) -> End:
        return End(piece[0], piece[2], verdict, self._scene.texts[number])

    def _chain(self, chain: int, start: int, live: Area, ends: _Ends, hook: str) -> Area:
        """Walk a chain from rule ``start`` on; return what comes back from it."""
        back: list[Piece] = []
        scene, boxes, steps = self._scene, self._boxes[self._early], self._scene.chains[chain]
        for place in range(start, len(steps)):
            step = steps[place]
            if not step.mask & boxes:
                continue
            if not live:
                break
            matched = [
                piece
                for box in step.boxes
                if boxes >> box & 1
                for piece in live.take(scene.box_ports[box], scene.box_peers[box])
            ]
            if not matched:
                continue
            if step.rule.certain:
                self._apply(step, matched, live, back, ends, hook)
            else:
                self._perhaps(chain, place, step, matched, live, back, hook)
        live.put(back)
        return live

    def _apply(self, step: Step, matched: list[Piece], live: Area, back: list[Piece], ends: _Ends, hook: str) -> None:
        verdict = self._verdict(step, hook)
        if verdict == "accept":
            ends.accepted.extend(self._accepted(step, matched))
        elif verdict in ("drop", "reject"):
            ends.dropped.extend((ports, tag._replace(by=step.number), mine) for ports, tag, mine in matched)
        elif verdict == "return":
            back.extend(matched)
        elif verdict in ("jump", "goto"):
            returned = self._chain(step.target, 0, Area(self._width, matched), ends, hook).pieces()
            if verdict == "jump":
                live.put(returned)
            else:
                back.extend(returned)
        else:
            ends.unknown.extend((ports, tag._replace(by=step.number), mine) for ports, tag, mine in matched)

    def _perhaps(
        self, chain: int, place: int, step: Step, matched: list[Piece], live: Area, back: list[Piece], hook: str
    ) -> None:
        """A rule that may match or not: what it may do is noted, and the packets go on as if it did not match."""
        verdict = self._verdict(step, hook)
        if verdict in ("return", "goto"):
            # Whether these packets meet the rest of this chain is not known, so what that does is no more than possible.
            if verdict == "goto":
                matched = self._possible(step.target, 0, matched, step, hook)
            back.extend(self._possible(chain, place + 1, matched, step, hook))
        elif verdict == "jump":
            live.put(self._possible(step.target, 0, matched, step, hook))
        else:
            live.put(_noted(matched, step.number, verdict == "accept", verdict in ("drop", "reject")))

    def _possible(self, chain: int, start: int, pieces: list[Piece], step: Step, hook: str) -> list[Piece]:
        ends = _Ends()
        back = self._chain(chain, start, Area(self._width, pieces), ends, hook).pieces()
        return [
            *back,
            *_noted(ends.accepted, step.number, True, False),
            *_noted(ends.dropped, step.number, False, True),
            *_noted(ends.unknown, step.number, False, False),
        ]

    def _accepted(self, step: Step, matched: list[Piece]) -> list[Piece]:
        rank = self._rank
        return [
            (ports, tag._replace(by=step.number, rank=rank) if rank >= tag.rank else tag, mine)
            for ports, tag, mine in matched
        ]

    def _verdict(self, step: Step, hook: str) -> str:
        verdict = step.rule.verdict
        if verdict in ("jump", "goto") and step.target < 0:
            return "unknown"
        if verdict == "translate" and (self._loopback or hook in ("input", "postrouting")):
            return "accept"  # the source is not what decides who gets through here
        return verdict


def _maybe(piece: Piece) -> bool:
    return piece[1].maybe_accept >= 0


def _noted(pieces: list[Piece], number: int, accept: bool, drop: bool) -> list[Piece]:
    """Return the pieces with what a rule may do to them; neither ``accept`` nor ``drop`` is either. The first of each is kept."""
    out = []
    for ports, tag, peers in pieces:
        if (accept or not drop) and tag.maybe_accept < 0:
            tag = tag._replace(maybe_accept=number)
        if (drop or not accept) and tag.maybe_drop < 0:
            tag = tag._replace(maybe_drop=number)
        out.append((ports, tag, peers))
    return out
