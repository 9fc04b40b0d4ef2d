// Copyright (c) 2026, vidnet.portmatrix contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// The map: a grid of listeners and initiators, which arrow keys move in.
const MOST_CELLS = 22500;
const LEVELS = [
  { name: "host", text: "host" },
  { name: "group", text: "set of components at a site" },
  { name: "site", text: "site" },
];

/** The lines of an axis: hosts, groups or sites of those hosts that ``shown`` leaves (null: all). */
function linesOf(level, shown) {
  const lines = [];
  for (const group of groups) {
    const members = shown ? group.hosts.filter(host => shown.has(host)) : group.hosts;
    if (!members.length) continue;
    const site = group.site || "no site";
    if (level === "host") {
      for (const host of members) lines.push({ name: hosts[host].name, about: group.title, site, hosts: [host] });
    } else if (level === "group") {
      const only = members.length === 1 && hosts[members[0]].name;
      lines.push({ name: only || group.title, about: only ? group.title : members.length + " hosts", site, hosts: members });
    } else if (lines.length && lines[lines.length - 1].site === site) {
      lines[lines.length - 1].hosts.push(...members);
    } else {
      lines.push({ name: site, about: "", site, hosts: [...members] });
    }
  }
  if (level === "site") for (const line of lines) line.about = line.hosts.length + " hosts";
  return lines;
}

/** The grid for the rows that are left: at the level asked for, or the next that does not have too many cells. */
function layout(found, filters, level) {
  const narrowed = filters.words.length || filters.protocol || filters.onlyDifferences || filters.onlyOpen;
  const left = (end, given) => narrowed ? new Set(found.map(row => row[end])) : given;
  const listeners = left("listener", filters.listeners), initiators = left("initiator", filters.initiators);
  const names = LEVELS.map(each => each.name);
  for (let at = names.indexOf(level); ; at++) {
    const down = linesOf(names[at], listeners), across = linesOf(names[at], initiators);
    if (down.length * across.length <= MOST_CELLS || at === names.length - 1) {
      return { level: names[at], down, across, bits: bitsOf(found, down, across) };
    }
  }
}

function bitsOf(found, down, across) {
  const place = lines => {
    const places = new Array(hosts.length);
    lines.forEach((line, at) => line.hosts.forEach(host => { places[host] = at; }));
    return places;
  };
  const rowOf = place(down), columnOf = place(across), bits = new Uint8Array(down.length * across.length);
  for (const { listener, initiator, kind } of found) bits[rowOf[listener] * across.length + columnOf[initiator]] |= kind.bit;
  return bits;
}

/** Draw the grid into the map; cells carry their place. */
function draw(grid) {
  const { down, across, bits } = grid;
  const bands = new Set([...down, ...across].map(line => line.site)).size > 1 && grid.level !== "site";
  const table = make("table");
  table.setAttribute("role", "grid");
  table.setAttribute("aria-labelledby", "reach-title");
  table.append(headOf(across, bands));
  let body;
  down.forEach((line, row) => {
    if (!body || line.site !== down[row - 1].site) {
      body = table.appendChild(make("tbody"));
      if (bands) {
        const band = make("th", { colSpan: across.length + 1, scope: "rowgroup" }, make("span", {}, line.site));
        body.append(make("tr", { className: "site-row" }, band));
      }
    }
    const tr = make("tr", {}, titled(line, "row"));
    across.forEach((other, column) => tr.append(cellOf(grid, row, column, bits[row * across.length + column])));
    body.append(tr);
  });
  const map = document.getElementById("map");
  map.classList.toggle("dense", across.length > 44);
  map.replaceChildren(...(down.length && across.length ? [table] : []));
  const first = map.querySelector("td[data-row]");
  if (first) first.tabIndex = 0;
}

function headOf(across, bands) {
  const corner = make("td", { className: "corner", rowSpan: bands ? 2 : 1 }, "connects \u2192", make("br"), "listens \u2193");
  const head = make("thead");
  if (bands) {
    const tr = make("tr", {}, corner);
    for (let at = 0; at < across.length;) {
      const { site } = across[at];
      let span = 0;
      while (at + span < across.length && across[at + span].site === site) span++;
      tr.append(make("th", { className: "site-column", colSpan: span, scope: "colgroup", title: site }, site));
      at += span;
    }
    head.append(tr);
  }
  head.append(make("tr", {}, ...(bands ? [] : [corner]), ...across.map((line, at) => titled(line, "col", bands && startsSite(across, at)))));
  return head;
}

/** Whether a column is the first of its site, and not the first of all. */
function startsSite(across, at) {
  return at > 0 && across[at].site !== across[at - 1].site;
}

function titled(line, scope, starts) {
  const parts = [make("b", {}, make("bdi", {}, line.name)), " ", make("small", {}, line.about)];
  const title = [line.name, line.about].filter(Boolean).join(", ");
  return scope === "row" ? make("th", { scope, title }, ...parts)
    : make("th", { scope, title, className: starts ? "column site-start" : "column" }, make("div", {}, ...parts));
}

function cellOf(grid, row, column, bits) {
  const listener = grid.down[row], initiator = grid.across[column];
  const state = STATES.find(each => bits & each.bit);
  const itself = listener.hosts.length === 1 && listener.hosts[0] === initiator.hosts[0] && initiator.hosts.length === 1;
  const names = [state ? "cell-" + state.name : itself ? "self" : "cell-none"];
  if (grid.level !== "site" && startsSite(grid.across, column)) names.push("site-start");
  const cell = make("td", { className: names.join(" "), tabIndex: -1 }, state ? state.symbol : "");
  cell.dataset.row = row;
  cell.dataset.column = column;
  cell.setAttribute("aria-label", `${initiator.name} to ${listener.name}: ${itself ? "itself" : meaning(bits)}`);
  return cell;
}

/** The cell that a key leads to, or undefined when the key is not one of the grid's. */
function moved(grid, cell, event) {
  const row = Number(cell.dataset.row), column = Number(cell.dataset.column);
  const last = [grid.down.length - 1, grid.across.length - 1];
  const to = {
    ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1],
    PageUp: [row - 10, column], PageDown: [row + 10, column],
    Home: [event.ctrlKey ? 0 : row, 0], End: [event.ctrlKey ? last[0] : row, last[1]],
  }[event.key];
  return to && cellAt(...to.map((place, axis) => Math.max(0, Math.min(last[axis], place))));
}

function cellAt(row, column) {
  return document.querySelector(`#map td[data-row="${row}"][data-column="${column}"]`);
}

/** Make a cell the one that the tab key comes to. */
function current(cell) {
  document.querySelectorAll('#map td[tabindex="0"]').forEach(other => { other.tabIndex = -1; });
  cell.tabIndex = 0;
}
