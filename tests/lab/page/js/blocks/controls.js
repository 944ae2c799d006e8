// What can be pressed or chosen: buttons, menus, pickers. A press goes to the app as the persona.

import { el } from "../dom.js";
import { openMenu } from "../menu.js";
import { image, safeHref } from "../text/links.js";
import { textObject } from "../text/mrkdwn.js";

const PICKERS = {
  datepicker: ["date", "initial_date"],
  timepicker: ["time", "initial_time"],
};
const LISTS = {
  static_select: (element) => element,
  external_select: (element) => element,
  users_select: (element, ctx) => ({ options: ctx.names.people() }),
  conversations_select: (element, ctx) => ({ options: ctx.names.channels() }),
  channels_select: (element, ctx) => ({ options: ctx.names.channels() }),
};

/** Return the node of an interactive element, or of the image beside a section. */
export function control(element, ctx) {
  if (element.visible_to_user_ids && !element.visible_to_user_ids.includes(ctx.names.me)) return null;
  switch (element.type) {
    case "image":
      return image(element, "thumbnail");
    case "button":
    case "workflow_button":
      return button(element, ctx);
    case "overflow":
      return overflow(element, ctx);
    case "checkboxes":
    case "radio_buttons":
      return choices(element, ctx, (chosen) => press(ctx, element, null, { value: chosen }));
    default:
      return chooser(element, ctx);
  }
}

/** Return a select for any of the one-choice menus. */
export function select(element, ctx, listeners = {}) {
  const { options = [], option_groups: groups = [] } = (LISTS[element.type] ?? ((one) => one))(element, ctx);
  const chosen = element.initial_option?.value ?? element.initial_user ?? element.initial_channel ?? element.initial_conversation;
  const label = element.placeholder?.text ?? "Choose an option";
  const option = (one) => el("option", { value: one.value, selected: one.value === chosen }, one.text.text);
  return el("select", { class: "select", "aria-label": label, data: { focus: focusName(element, ctx) }, on: listeners },
    el("option", { value: "", disabled: true, hidden: true, selected: chosen === undefined }, label),
    options.map(option),
    groups.map((group) => el("optgroup", { label: group.label.text }, group.options.map(option))));
}

/** Return checkboxes or radio buttons. `tell` is given the chosen value, or the list of values. */
export function choices(element, ctx, tell = () => {}) {
  const many = element.type === "checkboxes";
  const initial = new Set((element.initial_options ?? [element.initial_option]).filter(Boolean).map((one) => one.value));
  const group = `${ctx.place}/${ctx.blockId}/${element.action_id}`;
  const list = el("div", { class: "choices", role: many ? "group" : "radiogroup" });
  const values = () => [...list.querySelectorAll("input:checked")].map((box) => box.value);
  for (const option of element.options ?? []) {
    const box = el("input", {
      type: many ? "checkbox" : "radio", name: group, value: option.value, checked: initial.has(option.value),
      on: { change: () => tell(many ? values() : values()[0]) },
    });
    const words = el("span", {}, textObject(option.text, ctx.names),
      option.description ? el("small", {}, textObject(option.description, ctx.names)) : null);
    list.append(el("label", { class: "choice" }, box, words));
  }
  return list;
}

/** Send a press to the app; the control waits, and says so when no answer comes. */
export async function press(ctx, element, node, chosen = {}) {
  if (node?.getAttribute("aria-disabled") === "true") return;
  if (element.confirm && !(await ctx.confirm(element.confirm))) return;
  wait(node, true);
  const trouble = await ctx.press({ action_id: element.action_id, block_id: ctx.blockId || null, ...chosen });
  wait(node, false);
  if (trouble && node) node.after(el("span", { class: "trouble", role: "alert" }, `⚠️ ${trouble}`));
}

function wait(node, waiting) {
  if (!node) return;
  if (waiting) {
    if (node.nextElementSibling?.classList.contains("trouble")) node.nextElementSibling.remove();
    node.setAttribute("aria-disabled", "true");
    node.setAttribute("aria-busy", "true");
  } else {
    node.removeAttribute("aria-disabled");
    node.removeAttribute("aria-busy");
  }
}

function button(element, ctx) {
  const href = element.url ? safeHref(element.url) : null;
  const attributes = {
    class: `button ${element.style ?? ""}`,
    "aria-label": element.accessibility_label ?? null,
    data: { action: element.action_id, focus: focusName(element, ctx) },
  };
  const label = textObject(element.text, ctx.names);
  if (href) {
    // Slack opens the address and tells the app as well.
    return el("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer",
      on: { click: (event) => press(ctx, element, event.currentTarget) } }, label);
  }
  return el("button", { ...attributes, type: "button",
    on: { click: (event) => press(ctx, element, event.currentTarget) } }, label);
}

function overflow(element, ctx) {
  const open = (event) => {
    const anchor = event.currentTarget;
    openMenu(anchor, (element.options ?? []).map((option) => ({
      label: option.text.text,
      href: option.url ? safeHref(option.url) : null,
      run: () => press(ctx, element, anchor, { selected_option: option.value }),
    })));
  };
  return el("button", { class: "button overflow", type: "button", "aria-haspopup": "menu", "aria-label": "More options",
    data: { action: element.action_id, focus: focusName(element, ctx) }, on: { click: open } }, "⋯");
}

function chooser(element, ctx) {
  if (Object.hasOwn(PICKERS, element.type)) {
    const [type, initial] = PICKERS[element.type];
    return el("input", { class: "select", type, value: element[initial] ?? null,
      "aria-label": element.placeholder?.text ?? type,
      on: { change: (event) => press(ctx, element, event.target, { value: event.target.value }) } });
  }
  return select(element, ctx, {
    change: (event) => press(ctx, element, event.target, { selected_option: event.target.value }),
  });
}

function focusName(element, ctx) {
  return `${ctx.place}/${element.action_id}`;
}
