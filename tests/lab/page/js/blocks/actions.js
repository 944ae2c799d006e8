// Rows of controls: actions, and the small feedback and icon buttons under an answer.

import { el } from "../dom.js";
import { control, press } from "./controls.js";

const ICONS = { trash: "🗑️", edit: "✏️", copy: "📋", refresh: "🔄", share: "↗️" };
const RATINGS = [["positive_button", "👍"], ["negative_button", "👎"]];

export function actions(block, ctx) {
  return el("div", { class: "actions" }, (block.elements ?? []).map((element) => control(element, ctx)));
}

export function contextActions(block, ctx) {
  return el("div", { class: "context-actions" }, (block.elements ?? []).map((element) =>
    element.type === "feedback_buttons" ? feedback(element, ctx) : iconButton(element, ctx)));
}

function feedback(element, ctx) {
  const row = el("div", { class: "feedback", role: "group", "aria-label": "Rate this answer" });
  const remembered = `${ctx.place}/${element.action_id}/${ctx.names.me}`;
  for (const [name, sign] of RATINGS) {
    const side = element[name];
    if (!side) continue;
    const chosen = ctx.memory.get(remembered) === side.value;
    row.append(el("button", {
      class: "icon-button", type: "button", "aria-pressed": String(chosen), title: side.text.text,
      "aria-label": side.accessibility_label ?? side.text.text,
      data: { action: element.action_id, focus: `${ctx.place}/${element.action_id}/${name}` },
      on: { click: (event) => rate(event.currentTarget, side.value) },
    }, sign));
  }
  async function rate(node, value) {
    ctx.memory.set(remembered, value);
    for (const one of row.children) one.setAttribute("aria-pressed", String(one === node));
    await press(ctx, element, node, { value });
  }
  return row;
}

function iconButton(element, ctx) {
  if (element.visible_to_user_ids && !element.visible_to_user_ids.includes(ctx.names.me)) return null;
  const label = element.accessibility_label ?? element.text?.text ?? element.icon;
  return el("button", { class: "icon-button", type: "button", title: element.text?.text, "aria-label": label,
    data: { action: element.action_id, focus: `${ctx.place}/${element.action_id}` },
    on: { click: (event) => press(ctx, element, event.currentTarget) } }, ICONS[element.icon] ?? "•");
}
