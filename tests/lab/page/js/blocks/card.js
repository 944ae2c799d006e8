// Blocks that hold others: cards, carousels, and containers that fold.

import { el } from "../dom.js";
import { image } from "../text/links.js";
import { textObject } from "../text/mrkdwn.js";
import { control } from "./controls.js";
import { richLine } from "./rich_text.js";

export function card(block, ctx) {
  const line = (name) => (block[name] ? el("div", { class: `card-${name}` }, textObject(block[name], ctx.names)) : null);
  const head = el("div", { class: "card-head" }, block.icon ? image(block.icon, "tiny") : null,
    el("div", {}, line("title"), line("subtitle")));
  const row = block.actions?.length
    ? el("div", { class: "actions" }, block.actions.map((element) => control(element, ctx)))
    : null;
  return el("article", { class: "card" }, block.hero_image ? image(block.hero_image, "hero") : null, head, line("body"), row);
}

export function carousel(block, ctx) {
  const cards = (block.elements ?? []).map((one, index) =>
    el("li", {}, card(one, { ...ctx, place: `${ctx.place}/${index}`, blockId: one.block_id ?? ctx.blockId })));
  return el("ul", { class: "carousel", tabindex: "0", "aria-label": "Cards" }, cards);
}

export function container(block, ctx, drawBlock) {
  const title = block.rich_text_title ? richLine(block.rich_text_title, ctx.names) : textObject(block.title, ctx.names);
  const head = [
    block.icon ? image(block.icon, "tiny") : null,
    el("span", { class: "container-title" }, title),
    block.subtitle ? el("span", { class: "container-subtitle" }, textObject(block.subtitle, ctx.names)) : null,
  ];
  const inside = (block.child_blocks ?? []).map((child, index) =>
    drawBlock(child, { ...ctx, place: `${ctx.place}/${index}` }));
  const name = `container ${block.width ?? "standard"}`;
  if (!block.is_collapsible) {
    return el("section", { class: name }, el("div", { class: "container-head" }, head),
      block.has_header_divider ? el("hr") : null, inside);
  }
  const key = `${ctx.place}/open`;
  const fold = el("details", { class: name, open: ctx.memory.get(key) ?? !block.default_collapsed },
    el("summary", { class: "container-head" }, head), inside);
  fold.addEventListener("toggle", () => ctx.memory.set(key, fold.open));
  return fold;
}
