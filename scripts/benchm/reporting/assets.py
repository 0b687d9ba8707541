"""The look of the pages with tables, and how a click on a heading sorts them.

No library, and nothing from elsewhere: pages work offline and are small.
"""

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem; color: #1f2430; background: #fff; }
h1 { font-size: 1.3rem; }
ul { color: #5b6270; font-size: .87rem; padding-left: 1.1rem; }
.wide { overflow-x: auto; }
input.all:not(:checked) ~ .wide .more { display: none; }
table.sortable { border-collapse: collapse; font-size: .9rem; }
table.sortable td, table.sortable th { padding: .25rem .7rem; border-bottom: 1px solid #e6e8ec;
  text-align: left; white-space: nowrap; font-variant-numeric: tabular-nums; }
table.sortable td.number { text-align: right; }
table.sortable td.name { white-space: normal; overflow-wrap: anywhere; min-width: 9rem;
  max-width: 18rem; }
table.sortable td.why { white-space: normal; color: #5b6270; font-style: italic; }
table.sortable th button { all: unset; cursor: pointer; font-weight: 600; }
table.sortable th button:focus-visible { outline: 2px solid #332288; }
table.sortable th button::after { content: " \\2195"; color: #9aa1ad; }
table.sortable th[aria-sort="ascending"] button::after { content: " \\2191"; color: inherit; }
table.sortable th[aria-sort="descending"] button::after { content: " \\2193"; color: inherit; }
"""

SCRIPT = """
"use strict";
// A click on a heading sorts by its column, a second one the other way. Numbers come before words,
// words before nothing, and rows without a measurement after all, in both directions.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const asWritten = [...body.rows];
  const compareWords = new Intl.Collator("en", { numeric: true }).compare;
  const wordsOf = (row, column) => (row.cells[column]?.textContent ?? "").trim();
  // Where nothing says its number, words that begin with one: 2.6e-06 (mxnet), 1.1x (0.9-1.3).
  const begins = /^-?\\d[\\d,]*(\\.\\d+)?(e[-+]?\\d+)?(?=$|[x%(\\s])/;
  const areNumbers = heads.map((head, column) => asWritten.every((row) =>
    wordsOf(row, column) === "" || begins.test(wordsOf(row, column))));
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    if (row.classList.contains("last") && (!cell || cell.classList.contains("why"))) return [3, 0];
    if (cell && cell.dataset.value !== undefined) return [0, Number(cell.dataset.value)];
    const words = wordsOf(row, column);
    if (words === "") return [2, ""];
    if (areNumbers[column]) return [0, Number(words.match(begins)[0].replaceAll(",", ""))];
    return [1, words];
  };
  heads.forEach((head, column) => {
    head.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const keyed = asWritten.map((row) => [row, keyOf(row, column)]);
      keyed.sort(([first, a], [second, b]) => {
        const last = first.classList.contains("last") - second.classList.contains("last");
        if (last || a[0] !== b[0]) return last || a[0] - b[0];
        const order = a[0] === 1 ? compareWords(a[1], b[1]) : a[1] - b[1] || 0;
        return down ? -order : order;
      });
      body.append(...keyed.map(([row]) => row));
    });
  });
}
"""
