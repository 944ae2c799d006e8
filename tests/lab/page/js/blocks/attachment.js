// Attachments: what alerting webhooks still send, with a coloured bar on the left.

import { el } from "../dom.js";
import { clockTime, dayName, momentOf } from "../text/dates.js";
import { image, link } from "../text/links.js";
import { drawBlock } from "./block.js";
import { words } from "./plain.js";

const COLOURS = { good: "#2a9d6f", warning: "#d9a116", danger: "#cf3b4b" };

export function attachment(block, ctx) {
  const box = el("div", { class: "attachment-body" },
    block.author_name ? el("div", { class: "attachment-author" }, block.author_link ? link(block.author_link, block.author_name) : block.author_name) : null,
    block.title ? el("div", { class: "attachment-title" }, block.title_link ? link(block.title_link, block.title) : block.title) : null,
    block.text ? words(block.text, ctx) : null,
    fields(block.fields, ctx),
    (block.blocks ?? []).map((inner, index) => drawBlock(inner, { ...ctx, place: `${ctx.place}/${index}` })),
    block.image_url ? image({ image_url: block.image_url, alt_text: block.fallback }) : null,
    footer(block));
  if (!box.childNodes.length && block.fallback) box.append(words(block.fallback, ctx));
  const bar = el("div", { class: "attachment-bar" });
  const colour = COLOURS[block.color] ?? `#${String(block.color ?? "").replace(/^#/, "")}`;
  // Set as a property: an invalid colour is ignored, and no style text is ever parsed.
  bar.style.backgroundColor = colour;
  return [block.pretext ? words(block.pretext, ctx) : null, el("div", { class: "attachment" }, bar, box)];
}

function fields(list, ctx) {
  if (!list?.length) return null;
  return el("dl", { class: "attachment-fields" }, list.map((field) =>
    el("div", { class: field.short ? "short" : null }, el("dt", {}, field.title ?? ""), el("dd", {}, words(field.value, ctx)))));
}

function footer(block) {
  const moment = block.ts ? momentOf(block.ts) : null;
  const parts = [block.footer, moment && `${dayName(moment)} at ${clockTime(moment)}`].filter(Boolean);
  return parts.length ? el("div", { class: "attachment-footer" }, parts.join(" · ")) : null;
}
