// Markdown as Slack's markdown block and native streams take it: the blocks of a text.

import { el, fragment } from "../dom.js";
import { markdownLine } from "./markdown_line.js";

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^`\n]*)$/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*)$/;
const RULE = /^ {0,3}(?:(?:\*\s*){3,}|(?:-\s*){3,}|(?:_\s*){3,})$/;
const ITEM = /^(\s*)(?:([-*+])|(\d{1,9})[.)])\s+(.*)$/;
const TABLE_RULE = /^\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?$/;

/** Return the nodes of a Markdown text; one still being written is shown as far as it goes. */
export function markdown(text, names) {
  const lines = String(text ?? "").replaceAll("\r", "").split("\n");
  return fragment(blocks(lines, names, 0));
}

function blocks(lines, names, depth) {
  const made = [];
  for (let at = 0; at < lines.length; ) {
    const taken = lines[at].trim() === "" ? { end: at + 1 } : take(lines, at, names, depth);
    if (taken.node) made.push(taken.node);
    at = taken.end;
  }
  return made;
}

function take(lines, at, names, depth) {
  const line = lines[at];
  const fence = FENCE.exec(line);
  if (fence) return takeFence(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) {
    // A message is no document: its headings start below the page's own.
    const level = Math.min(heading[1].length + 2, 6);
    return { node: el(`h${level}`, { class: `md-h${heading[1].length}` }, markdownLine(heading[2].trim(), names)), end: at + 1 };
  }
  if (RULE.test(line)) return { node: el("hr"), end: at + 1 };
  if (/^ {0,3}>/.test(line) && depth < 8) return takeQuote(lines, at, names, depth);
  if (ITEM.test(line) && depth < 8) return takeList(lines, at, names, depth);
  if (line.includes("|") && TABLE_RULE.test((lines[at + 1] ?? "").trim())) {
    return takeTable(lines, at, names);
  }
  return takeParagraph(lines, at, names, depth);
}

function takeFence(lines, at, fence) {
  const close = new RegExp(`^ {0,3}${fence[1][0]}{${fence[1].length},}\\s*$`);
  let end = at + 1;
  while (end < lines.length && !close.test(lines[end])) end += 1;
  const code = el("code", { data: { language: fence[2].trim() || null } }, lines.slice(at + 1, end).join("\n"));
  return { node: el("pre", {}, code), end: end + 1 };
}

function takeQuote(lines, at, names, depth) {
  let end = at;
  while (end < lines.length && /^ {0,3}>/.test(lines[end])) end += 1;
  const inner = lines.slice(at, end).map((line) => line.replace(/^ {0,3}>\s?/, ""));
  return { node: el("blockquote", {}, blocks(inner, names, depth + 1)), end };
}

function takeList(lines, at, names, depth) {
  const [, lead, bullet, number] = ITEM.exec(lines[at]);
  const indent = lead.length;
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    if (item && item[1].length <= indent + 1 && Boolean(item[2]) === Boolean(bullet)) {
      if (item[1].length < indent) break;
      items.push([item[4]]);
    } else if (lines[end].trim() === "") {
      const next = lines[end + 1] ?? "";
      if (!(/^\s{2,}\S/.test(next) || (ITEM.test(next) && ITEM.exec(next)[1].length >= indent))) break;
      items.at(-1).push("");
    } else if (/^\s/.test(lines[end]) && lines[end].search(/\S/) > indent) {
      items.at(-1).push(lines[end].slice(Math.min(lines[end].search(/\S/), indent + 2)));
    } else {
      break;
    }
    end += 1;
  }
  const start = number && number !== "1" ? number : null;
  const rows = items.map((item) => el("li", {}, listItem(item, names, depth)));
  return { node: el(bullet ? "ul" : "ol", { start }, rows), end: Math.max(end, at + 1) };
}

function listItem(lines, names, depth) {
  const task = /^\[([ xX])\]\s+(.*)$/.exec(lines[0]);
  const box = task ? (task[1] === " " ? "☐ " : "☑ ") : "";
  const rest = lines.slice(1).some((line) => line.trim()) ? blocks(lines.slice(1), names, depth + 1) : [];
  return [box, ...markdownLine(task ? task[2] : lines[0], names), ...rest];
}

function takeTable(lines, at, names) {
  const aligned = cells(lines[at + 1]).map((cell) => (cell.endsWith(":") ? (cell.startsWith(":") ? "center" : "right") : null));
  const row = (line, tag) =>
    el("tr", {}, cells(line).map((cell, index) => el(tag, { data: { align: aligned[index] } }, markdownLine(cell, names))));
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
  const table = el("table", {}, el("thead", {}, row(lines[at], "th")), el("tbody", {}, body));
  return { node: el("div", { class: "table-scroll", tabindex: "0" }, table), end };
}

function cells(line) {
  const inner = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.replaceAll("\\|", "|").trim());
}

function takeParagraph(lines, at, names, depth) {
  let end = at + 1;
  while (end < lines.length && lines[end].trim() && !startsBlock(lines, end, depth)) end += 1;
  const shown = lines.slice(at, end).flatMap((line, index) => [index ? el("br") : null, ...markdownLine(line.trim(), names)]);
  return { node: el("p", {}, shown), end };
}

function startsBlock(lines, at, depth) {
  const line = lines[at];
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || (depth < 8 && (/^ {0,3}>/.test(line) || ITEM.test(line)));
}
