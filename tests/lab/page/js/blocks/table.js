// Tables: the plain one, and data_table, which people sort and page through.

import { el } from "../dom.js";
import { richLine } from "./rich_text.js";

const DEFAULT_PAGE_SIZE = 5;
const COMPARE = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function table(block, ctx) {
  const settings = block.column_settings ?? [];
  const rows = (block.rows ?? []).map((row, index) =>
    el("tr", {}, row.map((cell, column) =>
      el(index === 0 ? "th" : "td", {
        scope: index === 0 ? "col" : null,
        class: settings[column]?.is_wrapped ? "wrapped" : null,
        data: { align: settings[column]?.align },
      }, cellNodes(cell, ctx)))));
  return scroller(el("table", {}, el("thead", {}, rows.slice(0, 1)), el("tbody", {}, rows.slice(1))), "Table");
}

export function dataTable(block, ctx) {
  const key = `${ctx.place}/table`;
  const look = ctx.memory.get(key) ?? { column: null, down: false, page: 0 };
  const [head = [], ...rows] = block.rows ?? [];
  const size = block.page_size ?? DEFAULT_PAGE_SIZE;
  const box = el("div", { class: "data-table" });
  const draw = (changed = {}) => {
    Object.assign(look, changed);
    ctx.memory.set(key, look);
    const pages = Math.max(1, Math.ceil(rows.length / size));
    look.page = Math.min(look.page, pages - 1);
    const focus = document.activeElement?.dataset?.focus;
    const had = box.contains(document.activeElement);
    const shown = sorted(rows, look).slice(look.page * size, (look.page + 1) * size);
    const body = el("table", {},
      el("caption", {}, block.caption ?? ""),
      el("thead", {}, el("tr", {}, head.map((cell, column) => heading(cell, column)))),
      el("tbody", {}, shown.map((row) => bodyRow(row, block.row_header_column_index, ctx))));
    box.replaceChildren(scroller(body, block.caption ?? "Table"), ...pager(pages));
    if (had) [...box.querySelectorAll("[data-focus]")].find((node) => node.dataset.focus === focus)?.focus();
  };

  function heading(cell, column) {
    const order = look.column !== column ? "none" : look.down ? "descending" : "ascending";
    const turn = () => draw({ column, down: look.column === column && !look.down, page: 0 });
    const sign = { none: "↕", ascending: "↑", descending: "↓" }[order];
    return el("th", { scope: "col", "aria-sort": order, data: { align: numeric(rows, column) ? "right" : null } },
      el("button", { type: "button", class: "sort", data: { focus: `${key}/${column}` }, on: { click: turn } },
        el("span", {}, plainText(cell)), el("span", { class: "sort-sign", "aria-hidden": "true" }, sign)));
  }

  function pager(pages) {
    if (pages < 2) return [];
    const turn = (label, name, by, off) =>
      el("button", { type: "button", class: "icon-button", "aria-label": name, disabled: off,
        data: { focus: `${key}/${name}` }, on: { click: () => draw({ page: look.page + by }) } }, label);
    const from = look.page * size + 1;
    return [el("div", { class: "pager" },
      turn("‹", "Previous page", -1, look.page === 0),
      el("span", { "aria-live": "polite" }, `${from}–${Math.min(from + size - 1, rows.length)} of ${rows.length}`),
      turn("›", "Next page", 1, look.page === pages - 1))];
  }

  draw();
  return box;
}

function bodyRow(row, headerColumn, ctx) {
  return el("tr", {}, row.map((cell, column) => {
    const isHeader = column === headerColumn;
    return el(isHeader ? "th" : "td", {
      scope: isHeader ? "row" : null,
      data: { align: cell?.type === "raw_number" ? "right" : null },
    }, cellNodes(cell, ctx));
  }));
}

function scroller(content, label) {
  return el("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": label }, content);
}

function cellNodes(cell, ctx) {
  return cell?.type === "rich_text" ? richLine(cell, ctx.names) : [plainText(cell)];
}

function plainText(cell) {
  if (cell?.type !== "rich_text") return String(cell?.text ?? cell?.value ?? "");
  const texts = (part) => part.text ?? part.url ?? (part.elements ?? []).map(texts).join("");
  return texts(cell);
}

function numeric(rows, column) {
  return rows.length > 0 && rows.every((row) => row[column]?.type === "raw_number");
}

function sorted(rows, { column, down }) {
  if (column === null) return rows;
  const turned = down ? -1 : 1;
  return [...rows].sort((left, right) => turned * compare(left[column], right[column]));
}

function compare(left, right) {
  if (left?.type === "raw_number" && right?.type === "raw_number") return left.value - right.value;
  return COMPARE.compare(plainText(left), plainText(right));
}
