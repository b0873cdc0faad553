"use strict";
// Draws every chart from the specification beside it, and lets every table be sorted by its headings.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const narrow = matchMedia("(max-width: 40rem)");
  const actions = { export: true, source: false, compiled: false, editor: false };

  // The charts' look is declared for paper; on a dark page only ink and the two darkest colours change.
  const lighter = (text) => text.replaceAll("#0072b2", "#3f97d3").replaceAll("#009e73", "#22b68a");

  function inked(spec) {
    if (!dark.matches) return;
    const ink = "#d0d7de";
    const config = spec.config;
    for (const part of ["axis", "legend", "header"]) {
      config[part] = { ...config[part], labelColor: ink, titleColor: ink };
    }
    config.title = { ...config.title, color: ink, subtitleColor: ink };
    config.text = { ...config.text, color: ink };
    config.rule = { ...config.rule, color: ink };
  }

  function wrapped(text, letters) {
    const lines = [""];
    for (const word of String(text).split(" ")) {
      if ((lines.at(-1) + word).length > letters) lines.push("");
      lines[lines.length - 1] = (lines.at(-1) + " " + word).trim();
    }
    return lines;
  }

  // On a telephone titles break over lines and begin at the edge of the chart.
  function narrowed(spec) {
    const config = spec.config;
    config.axis = { ...config.axis, labelFontSize: 11, labelLimit: 150 };
    config.legend = { ...config.legend, columns: 1 };
    config.title = { ...config.title, fontSize: 13, frame: "bounds" };
    for (const part of ["text", "subtitle"]) {
      if (spec.title[part]) spec.title[part] = wrapped(spec.title[part], 42);
    }
    for (const view of [spec, ...(spec.layer || [])]) {
      const x = view.encoding && view.encoding.x;
      if (x && x.title) x.title = wrapped(x.title, 34);
    }
  }

  function sized(spec, figure) {
    if (spec.facet) {
      spec.config.view = { ...spec.config.view, continuousWidth: Math.max(200, figure.clientWidth - 110) };
    } else {
      spec.width = "container";
      spec.autosize = { type: "fit-x", contains: "padding" };
    }
    if (narrow.matches) narrowed(spec);
  }

  async function draw() {
    for (const holder of document.querySelectorAll("script.spec")) {
      const figure = holder.previousElementSibling;
      const spec = JSON.parse(dark.matches ? lighter(holder.textContent) : holder.textContent);
      inked(spec);
      sized(spec, figure);
      await vegaEmbed(figure, spec, { actions, renderer: "svg" });
      figure.dataset.drawn = "yes";
    }
  }

  function sortBy(heading) {
    const table = heading.closest("table");
    const place = [...heading.parentNode.children].indexOf(heading);
    const descending = heading.getAttribute("aria-sort") !== "descending";
    const value = (row) => {
      const cell = row.children[place];
      return cell.dataset.sort === undefined ? cell.textContent : Number(cell.dataset.sort);
    };
    const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
    const rows = [...table.tBodies[0].rows].sort((a, b) => (descending ? -1 : 1) * compare(value(a), value(b)));
    table.tBodies[0].append(...rows);
    for (const other of heading.parentNode.children) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  }

  for (const heading of document.querySelectorAll("table.answer th")) {
    heading.tabIndex = 0;
    heading.title = "Sort by this column";
    heading.addEventListener("click", () => sortBy(heading));
    heading.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        sortBy(heading);
      }
    });
  }

  draw();
  dark.addEventListener("change", draw);
})();
