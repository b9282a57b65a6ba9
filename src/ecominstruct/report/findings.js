"use strict";
// Sorts, filters and pages the table of findings. Data come from a block of JSON and become text nodes, never markup.
(function () {
  const PAGE = 50;
  const SEVERITIES = ["high", "medium", "low"];
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const body = document.getElementById("body");
  const heads = Array.from(document.querySelectorAll("th button"));
  const selects = Array.from(document.querySelectorAll("#filters select"));
  const words = document.getElementById("words");
  const state = { column: -1, down: false, page: 0 };
  let shown = rows;

  function compare(left, right) {
    const a = left[state.column], b = right[state.column];
    if (state.column === 0) return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
    return a < b ? -1 : a > b ? 1 : 0;
  }

  function select() {
    const wanted = selects.filter((one) => one.value).map((one) => [Number(one.dataset.column), one.value]);
    const said = words.value.toLowerCase();
    shown = rows.filter(
      (row) => wanted.every(([at, value]) => row[at] === value) && (!said || row.some((cell) => cell.toLowerCase().includes(said)))
    );
    if (state.column >= 0) shown.sort((a, b) => (state.down ? compare(b, a) : compare(a, b)));
    state.page = 0;
    draw();
  }

  function draw() {
    const first = state.page * PAGE;
    const some = shown.slice(first, first + PAGE).map((row) => {
      const line = document.createElement("tr");
      for (const value of row) {
        const text = document.createElement("bdi");
        text.textContent = value;
        line.appendChild(document.createElement("td")).appendChild(text);
      }
      return line;
    });
    body.replaceChildren(...some);
    const last = Math.min(first + PAGE, shown.length);
    document.getElementById("where").textContent = shown.length ? `${first + 1} to ${last} of ${shown.length}` : "nothing fits";
    document.getElementById("before").disabled = state.page === 0;
    document.getElementById("after").disabled = last >= shown.length;
  }

  heads.forEach((head, at) =>
    head.addEventListener("click", () => {
      state.down = state.column === at && !state.down;
      state.column = at;
      heads.forEach((one, other) =>
        one.parentElement.setAttribute("aria-sort", other !== at ? "none" : state.down ? "descending" : "ascending")
      );
      select();
    })
  );
  selects.forEach((one) => one.addEventListener("change", select));
  words.addEventListener("input", select);
  document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());
  document.getElementById("before").addEventListener("click", () => { state.page -= 1; draw(); });
  document.getElementById("after").addEventListener("click", () => { state.page += 1; draw(); });
  draw();
})();
