"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const averages = data.averages.map(row => Object.fromEntries(data.columns.map((name, place) => [name, row[place]])));
const comparisons = data.comparisons.map(row => Object.fromEntries(data.pairs.map((name, place) => [name, row[place]])));
const chosen = name => document.getElementById(name).value;
const percent = value => value === null ? "none" : (100 * value).toFixed(1);
const words = name => name.replaceAll("_", " ");
const COUNTS = ["questions", "excluded", "errors", "timeouts", "unparsed", "unscored"];
const unique = values => [...new Set(values)].sort();

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text !== null) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function options(id, pairs) {
  const list = document.getElementById(id), before = list.value;
  list.replaceChildren(...pairs.map(([value, text]) => element("option", text, { value })));
  if (pairs.some(([value]) => value === before)) list.value = before;
}

// columns: {name, text, order (row -> number or text), cell (row -> td), main}; the first one names the row.
function table(id, columns, rows, sorting) {
  const place = Math.max(0, columns.findIndex(column => column.name === sorting.name));
  const order = columns[place].order, sign = sorting.down ? -1 : 1;
  const sorted = [...rows].sort((a, b) => {
    const [x, y] = [order(a), order(b)];
    if (x === null || y === null) return (x === null) - (y === null);
    return sign * (x < y ? -1 : x > y ? 1 : 0);
  });
  const head = element("tr", null);
  columns.forEach((column, index) => {
    const cell = element("th", null, { scope: "col" });
    if (index === place) cell.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    const button = element("button", column.text, { type: "button" });
    button.addEventListener("click", () => {
      sorting.down = sorting.name === column.name ? !sorting.down : index > 0;
      sorting.name = column.name;
      table(id, columns, rows, sorting);
      document.querySelectorAll(`#${id} thead button`)[index].focus();
    });
    cell.append(button);
    head.append(cell);
  });
  const body = element("tbody", null);
  for (const row of sorted) {
    const line = element("tr", null);
    columns.forEach((column, index) => line.append(index ? column.cell(row) : element("th", column.order(row), { scope: "row" })));
    body.append(line);
  }
  const top = element("thead", null);
  top.append(head);
  document.getElementById(id).replaceChildren(top, body);
}

function withInterval(value, low, high, main) {
  const cell = element("td", percent(value), main ? { class: "main" } : {});
  if (value !== null && low !== null) cell.append(element("small", `${percent(low)}${low < 0 ? " to " : "\u2013"}${percent(high)}`));
  return cell;
}

const scoreSorting = { name: "overall", down: true }, pairSorting = { name: "difference", down: true };

function scores() {
  const shown = averages.filter(row => row.release === chosen("release") && row.scoring === chosen("scoring"));
  const scope = chosen("scope");
  const names = unique(shown.map(row => scope ? row.category === scope && row.task : row.category).filter(Boolean));
  const rows = unique(shown.map(row => row.model)).map(model => {
    const own = shown.filter(row => row.model === model);
    const whole = own.find(row => (row.category ?? "") === scope && row.task === null);
    const parts = Object.fromEntries(names.map(name =>
      [name, own.find(row => scope ? row.category === scope && row.task === name : row.category === name && row.task === null)]));
    return { model, whole, parts };
  });
  const scored = (name, text, of, main) => ({
    name, text, order: row => of(row).value, cell: row => withInterval(of(row).value, of(row).low, of(row).high, main),
  });
  const counts = COUNTS.filter(name => name === "questions" || name === "excluded" || name === "errors" || rows.some(row => row.whole[name]));
  const columns = [
    { name: "model", text: "model", order: row => row.model },
    scored("overall", scope ? words(scope) : "overall", row => row.whole, true),
    ...names.map(name => scored(`part ${name}`, words(name), row => row.parts[name], false)),
    ...counts.map(name => ({
      name, text: name, order: row => row.whole[name], cell: row => element("td", row.whole[name].toLocaleString("en")),
    })),
  ];
  table("scores", columns, rows, scoreSorting);
}

function pairs() {
  const base = chosen("base");
  const rows = comparisons.filter(row => row.release === chosen("release") && row.scoring === chosen("scoring"))
    .filter(row => row.model === base || row.other === base)
    .map(row => row.other === base ? { ...row, name: row.model }
      : { ...row, name: row.other, estimate: -row.estimate, low: -row.high, high: -row.low });
  const columns = [
    { name: "model", text: "model", order: row => row.name },
    { name: "difference", text: "difference", order: row => row.estimate, cell: row => withInterval(row.estimate, row.low, row.high, true) },
    { name: "p", text: "p", order: row => row.p_value, cell: row => element("td", row.p_value.toFixed(4)) },
    { name: "questions", text: "shared questions", order: row => row.questions, cell: row => element("td", row.questions.toLocaleString("en")) },
  ];
  table("pairs", columns, rows, pairSorting);
}

function show() {
  const present = averages.filter(row => row.release === chosen("release"));
  options("scope", [["", "categories"], ...unique(present.map(row => row.category).filter(Boolean)).map(name => [name, `tasks of ${words(name)}`])]);
  scores();
  pairs();
}

options("release", unique(averages.map(row => row.release)).reverse().map(day => [day, day]));
options("scoring", [["compatible", "as LiveBench scores"], ["strict", "strictly right"]]);
options("base", unique(averages.map(row => row.model)).map(name => [name, name]));
for (const id of ["release", "scoring", "scope", "base"]) document.getElementById(id).addEventListener("change", show);
show();
