// Copyright (c) 2026, vidnet.portmatrix contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// The page's controls.
(function start() {
  const byId = id => document.getElementById(id);
  const form = byId("filters"), map = byId("map"), pair = byId("pair"), says = byId("map-says"), hint = byId("map-hint");
  let found, grid, narrowed, selected;

  function options(select, entries) {
    const made = (text, value) => make("option", { value }, text);
    for (const [title, members] of entries) {
      if (title) select.append(Object.assign(make("optgroup", {}, ...members.map(each => made(...each))), { label: title }));
      else select.append(...members.map(each => made(...each)));
    }
  }

  function chosen(value) {
    const wanted = value.slice(2);
    if (!value) return null;
    const fits = value[0] === "s" ? group => group.site === wanted : group => group.components.includes(wanted);
    return new Set(groups.filter(fits).flatMap(group => group.hosts));
  }

  function update() {
    const filters = {
      words: byId("words").value.toLowerCase().split(/\s+/).filter(Boolean),
      listeners: narrowed ? new Set(narrowed.listeners) : chosen(byId("listeners").value),
      initiators: narrowed ? new Set(narrowed.initiators) : chosen(byId("initiators").value),
      protocol: byId("protocol").value,
      onlyDifferences: byId("only-differences").checked,
      onlyOpen: byId("only-open").checked,
    };
    const wanted = byId("level").value;
    found = matching(filters);
    grid = layout(found, filters, wanted);
    draw(grid);
    pair.hidden = true;
    hint.textContent = "";
    const pairs = new Set(found.map(row => row.initiator * hosts.length + row.listener)).size;
    const different = new Set(found.filter(row => !row.kind.ok).map(row => row.initiator * hosts.length + row.listener)).size;
    const level = LEVELS.find(each => each.name === grid.level).text;
    const coarser = grid.level === wanted ? "" : ` These are too many hosts for one map, so there is a row for each ${level}. Filter, or open a cell, to see hosts.`;
    says.textContent = grid.down.length && grid.across.length
      ? `${count(pairs, "pair")} of hosts shown, ${different.toLocaleString("en")} with differences.${coarser}`
      : "Nothing fits these filters.";
  }

  function count(number, noun) {
    return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
  }

  function open(cell) {
    if (selected) selected.removeAttribute("aria-selected");
    selected = cell;
    current(cell);
    cell.setAttribute("aria-selected", "true");
    const heading = showPair(found, grid.down[cell.dataset.row], grid.across[cell.dataset.column], (listeners, initiators) => {
      narrowed = { listeners, initiators };
      byId("level").value = "host";
      update();
      const first = map.querySelector('td[tabindex="0"]');
      if (first) first.focus();
    });
    heading.focus({ preventScroll: matchMedia("(min-width: 75rem)").matches });
  }

  function back() {
    pair.hidden = true;
    if (selected && selected.isConnected) {
      selected.removeAttribute("aria-selected");
      selected.focus();
    }
  }

  const cellOfEvent = event => event.target.closest("#map td[data-row]");
  map.addEventListener("click", event => { const cell = cellOfEvent(event); if (cell) open(cell); });
  map.addEventListener("keydown", event => {
    const cell = cellOfEvent(event);
    if (!cell || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      open(cell);
    } else {
      const next = moved(grid, cell, event);
      if (!next) return;
      event.preventDefault();
      current(next);
      next.focus();
    }
  });
  for (const name of ["focusin", "mouseover"]) {
    map.addEventListener(name, event => {
      const cell = cellOfEvent(event);
      if (cell) hint.textContent = cell.getAttribute("aria-label");
    });
  }
  pair.addEventListener("click", event => { if ("back" in event.target.dataset) back(); });
  pair.addEventListener("keydown", event => { if (event.key === "Escape") back(); });

  const sites = [...new Set(groups.map(group => group.site))].filter(Boolean);
  const components = [...new Set(groups.flatMap(group => group.components))].sort();
  for (const id of ["listeners", "initiators"]) {
    options(byId(id), [
      ["", [["all hosts", ""]]],
      ["Site", sites.map(name => [name, "s:" + name])],
      ["Component", components.map(name => [name, "c:" + name])],
    ].filter(([, members]) => members.length));
  }
  options(byId("protocol"), [["", [["all", ""], ...[...new Set(kinds.map(kind => kind.protocol))].sort().map(name => [name, name])]]]);
  options(byId("level"), [["", LEVELS.filter(each => each.name !== "site" || sites.length > 1).map(each => [each.text, each.name])]]);
  const symbols = [...STATES, { name: "none", symbol: "", text: "not asked" }].map(state =>
    make("li", {}, make("i", { className: "cell-" + state.name, ariaHidden: "true" }, state.symbol), state.text));
  byId("legend").append(...symbols);
  byId("legend").hidden = form.hidden = false;
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("input", event => {
    if (["listeners", "initiators"].includes(event.target.id)) narrowed = null;
    update();
  });
  form.addEventListener("reset", () => { narrowed = null; setTimeout(update); });
  update();

  const list = Array.from(byId("host-list").children, host => [host, host.textContent.toLowerCase()]);
  const each = open => () => { for (const [host] of list) if (!host.hidden) host.open = open; };
  byId("host-tools").hidden = false;
  byId("host-tools").addEventListener("submit", event => event.preventDefault());
  byId("host-open").addEventListener("click", each(true));
  byId("host-close").addEventListener("click", each(false));
  byId("host-words").addEventListener("input", event => {
    const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const [host, text] of list) shown += !(host.hidden = !words.every(word => text.includes(word)));
    byId("host-shown").textContent = words.length ? `${shown} of ${list.length} hosts` : "";
  });

  const size = byId("picture-size");
  if (size) {
    byId("picture-tools").hidden = false;
    size.addEventListener("click", () => {
      const full = byId("drawing").classList.toggle("full");
      size.setAttribute("aria-pressed", full);
    });
  }
})();
