// Fields of a modal: label, control, hint, and the error the app or the field itself gives.

import { el } from "../dom.js";
import { choices, press, select } from "./controls.js";
import { textObject } from "../text/mrkdwn.js";

const TYPES = {
  email_text_input: "email", url_text_input: "url", number_input: "number",
  datepicker: "date", timepicker: "time", datetimepicker: "datetime-local",
};
const INITIAL = ["initial_value", "initial_date", "initial_time"];

export function input(block, ctx) {
  const element = block.element ?? {};
  const id = `field-${ctx.place}-${element.action_id}`.replace(/[^\w-]/g, "_");
  const field = fieldOf(element, ctx);
  const focusable = field.matches("input,textarea,select") ? field : null;
  if (focusable) focusable.id = id;
  if (!block.optional && focusable) focusable.setAttribute("aria-required", "true");
  const error = el("p", { class: "field-error", id: `${id}-error`, role: "alert", hidden: true });
  const hint = block.hint ? el("p", { class: "field-hint", id: `${id}-hint` }, textObject(block.hint, ctx.names)) : null;
  field.setAttribute("aria-describedby", `${id}-error${hint ? ` ${id}-hint` : ""}`);
  const label = focusable ? el("label", { for: id }) : el("div", { class: "label", id: `${id}-label` });
  if (!focusable) field.setAttribute("aria-labelledby", `${id}-label`);
  label.append(textObject(block.label, ctx.names));
  if (block.optional) label.append(el("span", { class: "optional" }, " (optional)"));
  if (block.dispatch_action) {
    field.addEventListener("change", () => press(ctx, element, focusable, { value: fieldValue(field) }));
  }
  return el("div", {
    class: "input", data: { input: element.action_id, block: ctx.blockId, optional: String(Boolean(block.optional)) },
  }, label, field, error, hint);
}

/** Return what a field holds: a string, a list, or "" when nothing is entered. */
export function fieldValue(field) {
  if (field.matches("input,textarea,select")) {
    if (field.type === "datetime-local") return field.value ? Math.floor(new Date(field.value).getTime() / 1000) : "";
    return field.value;
  }
  const checked = [...field.querySelectorAll("input:checked")].map((box) => box.value);
  return field.getAttribute("role") === "radiogroup" ? (checked[0] ?? "") : checked;
}

/** Return every field below `form` as `{block, action, optional, field, box}`. */
export function fieldsOf(form) {
  return [...form.querySelectorAll(".input")].map((box) => ({
    block: box.dataset.block,
    action: box.dataset.input,
    optional: box.dataset.optional === "true",
    field: box.querySelector("input,textarea,select,.choices")?.closest(".choices") ?? box.querySelector("input,textarea,select"),
    box,
  }));
}

/** Show an error under a field, or take it away. */
export function showError(box, text) {
  const line = box.querySelector(".field-error");
  line.textContent = text;
  line.hidden = !text;
  box.classList.toggle("wrong", Boolean(text));
}

function fieldOf(element, ctx) {
  const initial = INITIAL.map((name) => element[name]).find((value) => value !== undefined) ?? "";
  if (element.type === "checkboxes" || element.type === "radio_buttons") return choices(element, ctx);
  if (element.type?.startsWith("multi_")) return many(element, ctx);
  if (element.type?.endsWith("_select")) return select(element, ctx);
  const common = {
    class: "text-input", placeholder: element.placeholder?.text ?? null,
    maxlength: element.max_length ?? null, minlength: element.min_length ?? null,
    autofocus: Boolean(element.focus_on_load),
  };
  if (element.multiline || element.type === "rich_text_input") return el("textarea", { ...common, rows: "4" }, String(initial));
  const step = element.type === "number_input" && element.is_decimal_allowed ? "any" : null;
  return el("input", { ...common, type: TYPES[element.type] ?? "text", value: String(initial), step,
    min: element.min_value ?? null, max: element.max_value ?? null });
}

function many(element, ctx) {
  const options = element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
  const listed = element.type.includes("users") ? ctx.names.people() : element.type.includes("channel") || element.type.includes("conversation") ? ctx.names.channels() : options;
  return choices({ ...element, type: "checkboxes", options: listed }, ctx);
}
