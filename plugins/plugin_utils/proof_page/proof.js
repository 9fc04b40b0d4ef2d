// Copyright (c) 2026, vidnet.portmatrix contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
"use strict";
// The proof as numbers (see data.py), and which of its results a set of filters leaves.
const proof = JSON.parse(document.getElementById("data").textContent);
const OPEN = 1, SHUT = 2, MISSING = 4, LEAK = 8;
const STATES = [
  { bit: LEAK, name: "leak", symbol: "!", text: "must be shut, is not" },
  { bit: MISSING, name: "missing", symbol: "\u2715", text: "must be open, is not" },
  { bit: OPEN, name: "open", symbol: "\u25cf", text: "open, as declared" },
  { bit: SHUT, name: "shut", symbol: "\u00b7", text: "shut, as declared" },
];

const hosts = [], groups = [];
for (const [site, components, size] of proof.groups) {
  const group = { site, components, title: components.join(", ") || "no component", hosts: [] };
  for (let count = 0; count < size; count++) {
    const [name, state, addresses] = proof.hosts[hosts.length];
    const text = [name, site, group.title, addresses].join(" ").toLowerCase();
    group.hosts.push(hosts.length);
    hosts.push({ name, state, group, text });
  }
  groups.push(group);
}

const kinds = proof.kinds.map(([protocol, ports, expected, observed, ok, service, attempts, detail, sentence, rule]) => ({
  protocol, ports, expected, observed, ok, service, attempts, detail, sentence, rule,
  bit: expected === "open" ? (ok ? OPEN : MISSING) : (ok ? SHUT : LEAK),
  ranges: rangesOf(ports),
  text: [protocol, ports, expected, observed, service, detail, sentence, rule].join(" ").toLowerCase(),
}));
const ways = proof.ways.map(([source, address]) => ({ source, address, text: source + " " + address }));
const rows = [];
for (let at = 0; at < proof.rows.length; at += 4) {
  const [initiator, listener, way, kind] = proof.rows.slice(at, at + 4);
  rows.push({ initiator, listener, way: ways[way], kind: kinds[kind] });
}

function rangesOf(ports) {
  return ports.split(", ").filter(Boolean).map(port => {
    const [low, high] = port.split("-").map(Number);
    return [low, high === undefined ? low : high];
  });
}

function holds(ranges, port) {
  return ranges.some(([low, high]) => low <= port && port <= high);
}

/** Whether a row has a word: a number is a port, or part of a name or an address. */
function has(row, word) {
  const port = /^\d+$/.test(word) && Number(word);
  return (port ? holds(row.kind.ranges, port) : row.kind.text.includes(word) || row.way.text.includes(word))
    || hosts[row.initiator].text.includes(word) || hosts[row.listener].text.includes(word);
}

/** The rows that the filters leave. */
function matching(filters) {
  return rows.filter(({ initiator, listener, kind, way }, at) =>
    (!filters.listeners || filters.listeners.has(listener))
    && (!filters.initiators || filters.initiators.has(initiator))
    && (!filters.protocol || kind.protocol === filters.protocol)
    && (!filters.onlyDifferences || !kind.ok)
    && (!filters.onlyOpen || kind.expected === "open" || kind.observed === "open")
    && filters.words.every(word => has(rows[at], word)));
}

/** What the bits of a cell mean, in words. */
function meaning(bits) {
  return STATES.filter(state => bits & state.bit).map(state => state.text).join("; ") || "not asked";
}

/** A new element with text or children. */
function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
