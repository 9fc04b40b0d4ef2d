// Copyright (c) 2026, vidnet.portmatrix contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// What a cell of the map stands for: the ports asked, what was expected and observed, and which flow declares them.
const OBSERVED = {
  open: "open", refused: "refused", filtered: "no answer", unreachable: "unreachable",
  wrong_host: "another host answered", error: "could not be asked",
};
const SERVICES = { responder: "temporary responder", service: "a service listens", nothing: "nothing listens", "": "" };
// What a detail says that stands beside it already.
const PLAIN = ["answered", "no answer"];
const MOST_ENTRIES = 100;

/** The entries for a cell: results alike but for their addresses and hosts, differences first. */
function entriesOf(found, listener, initiator) {
  const to = new Set(listener.hosts), from = new Set(initiator.hosts), alike = new Map();
  for (const row of found) {
    if (!to.has(row.listener) || !from.has(row.initiator)) continue;
    if (!alike.has(row.kind)) alike.set(row.kind, { kind: row.kind, rows: [] });
    alike.get(row.kind).rows.push(row);
  }
  const order = [LEAK, MISSING, OPEN, SHUT];
  return [...alike.values()].sort((one, other) => order.indexOf(one.kind.bit) - order.indexOf(other.kind.bit));
}

/** Fill the panel; returns its heading, which takes the focus. */
function showPair(found, listener, initiator, narrow) {
  const panel = document.getElementById("pair");
  const entries = entriesOf(found, listener, initiator);
  const single = listener.hosts.length === 1 && initiator.hosts.length === 1;
  const heading = make("h3", { tabIndex: -1 }, make("bdi", {}, initiator.name), " \u2192 ", make("bdi", {}, listener.name));
  const about = make("p", { className: "note" }, `${initiator.about || initiator.site} to ${listener.about || listener.site}`);
  const back = make("button", { type: "button" }, "Back to the map");
  back.dataset.back = "";
  const tools = make("p", { className: "tools" }, back);
  if (!single && entries.length) {
    const button = make("button", { type: "button" }, "Show these hosts in the map");
    button.addEventListener("click", () => narrow(listener.hosts, initiator.hosts));
    tools.append(button);
  }
  const list = make("ul", {}, ...entries.slice(0, MOST_ENTRIES).map(entry => entryOf(entry, single)));
  const rest = entries.length > MOST_ENTRIES ? `The first ${MOST_ENTRIES} of ${entries.length} kinds of results.` : "";
  panel.replaceChildren(heading, about, tools, list, make("p", { className: "note" }, entries.length ? rest : "Nothing was asked here."));
  panel.hidden = false;
  return heading;
}

function entryOf({ kind, rows: same }, single) {
  const state = STATES.find(each => each.bit === kind.bit);
  const symbol = make("i", { className: "cell-" + state.name }, state.symbol);
  symbol.setAttribute("aria-hidden", "true");
  const facts = [
    ["Must be", kind.expected],
    ["Was", OBSERVED[kind.observed] || kind.observed],
    ["Service", SERVICES[kind.service]],
    ["Detail", PLAIN.includes(kind.detail) ? "" : kind.detail],
    ["Where", kind.sentence],
    ["Rule", kind.rule && make("code", {}, kind.rule)],
    ["Tried", kind.attempts > 1 ? kind.attempts + " times" : ""],
    [single ? "Addresses" : "Pairs", single ? addressesOf(same) : pairsOf(same)],
    ["Declared by", kind.expected === "open" ? flowsOf(kind, same) : ""],
  ];
  const shown = facts.filter(([, text]) => text).map(([name, text]) => make("div", {}, make("dt", {}, name), make("dd", {}, text)));
  return make("li", {}, make("p", { className: "what" }, symbol, ` ${kind.protocol} ${kind.ports}`), make("dl", {}, ...shown));
}

function addressesOf(same) {
  return same.map(({ way }) => `${way.source} \u2192 ${way.address}`).join("; ");
}

function pairsOf(same) {
  const names = [...new Set(same.map(row => `${hosts[row.initiator].name} \u2192 ${hosts[row.listener].name}`))];
  return names.slice(0, 8).join("; ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
}

/** The flows that declare a port between the hosts of a result, with what they are for. */
function flowsOf(kind, [{ listener, initiator }]) {
  const fitting = proof.flows.filter(([, , listeners, initiators]) => initiators.includes(initiator) && listeners.some(
    ([host, protocol, ports]) => host === listener && protocol === kind.protocol
      && rangesOf(ports).some(([low, high]) => kind.ranges.some(([from, to]) => low <= to && from <= high)),
  ));
  return fitting.map(([id, description]) => description ? `${id} (${description})` : id).join("; ");
}
