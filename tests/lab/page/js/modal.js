// The modal on top of a persona's stack: drawn from the app's view, submitted with what was typed.

import { blockItems } from "./blocks/block.js";
import { fieldValue, fieldsOf, showError } from "./blocks/inputs.js";
import { el, patch } from "./dom.js";
import { textObject } from "./text/mrkdwn.js";

const EMPTY = "Please complete this required field.";
const FIRST = ".modal-body :is(input, textarea, select), footer button:last-child";
const TROUBLE = "We had some trouble connecting. Try again?";

/** Shows views in one dialog. `acts` submits and closes; `contextFor` serves the blocks inside. */
export class Modal {
  #dialog = el("dialog", { class: "modal", "aria-labelledby": "modal-title" });
  #form = el("form", { novalidate: true, method: "dialog" });
  #shown = "";
  #viewId = "";
  #errors = "{}";

  constructor(acts) {
    this.acts = acts;
    this.#dialog.append(this.#form);
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#close();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    document.body.append(this.#dialog);
  }

  /** Show the view, or nothing when there is none. */
  show(view, ctx) {
    if (!view) {
      if (this.#dialog.open) this.#dialog.close();
      this.#shown = this.#viewId = "";
      return;
    }
    const sign = `${view.id}/${view.hash}`;
    const fresh = sign !== this.#shown;
    if (fresh) this.#draw(view, ctx);
    this.#shown = sign;
    this.#viewId = view.id;
    this.#showErrors(view.errors ?? {});
    if (!this.#dialog.open) this.#dialog.showModal();
    if (fresh) this.#form.querySelector(FIRST)?.focus();
  }

  #draw(view, ctx) {
    const typed = this.#viewId === view.id ? this.#typed() : new Map();
    const body = el("div", { class: "modal-body" });
    patch(body, blockItems(view.blocks, ctx));
    const close = () => this.#close();
    const submit = view.submit
      ? el("button", { type: "submit", class: "button primary" }, textObject(view.submit, ctx.names))
      : null;
    const pushed = Boolean(view.previous_view_id);
    this.#form.replaceChildren(
      el("header", {},
        pushed ? el("button", { type: "button", class: "icon-button", "aria-label": "Back", on: { click: close } }, "‹") : null,
        el("span", { class: "app-mark", "aria-hidden": "true" }, "🌙"),
        el("h2", { id: "modal-title" }, textObject(view.title, ctx.names)),
        el("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: close } }, "✕")),
      el("p", { class: "modal-trouble", role: "alert", hidden: true }),
      body,
      el("footer", {},
        el("button", { type: "button", class: "button", on: { click: close } }, view.close ? textObject(view.close, ctx.names) : "Close"),
        submit));
    this.#retype(typed);
  }

  async #submit() {
    const button = this.#form.querySelector("button[type=submit]");
    if (!button || button.getAttribute("aria-disabled") === "true") return;
    const values = this.#values();
    if (values === null) return;
    this.#say("");
    // The same error twice is an answer, too.
    this.#errors = "{}";
    button.setAttribute("aria-disabled", "true");
    button.setAttribute("aria-busy", "true");
    const failure = await this.acts.submit(this.#viewId, values);
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-busy");
    if (failure) this.#say(TROUBLE);
  }

  #values() {
    const values = {};
    let firstWrong = null;
    for (const { block, action, optional, field, box } of fieldsOf(this.#form)) {
      const value = fieldValue(field);
      const empty = value === "" || value.length === 0;
      const wrong = empty && !optional ? EMPTY : !field.matches(".choices") && !field.checkValidity() ? field.validationMessage : "";
      showError(box, wrong);
      if (wrong) firstWrong ??= field;
      else if (!empty) values[block] = { [action]: value };
    }
    if (!firstWrong) return values;
    (firstWrong.matches(".choices") ? firstWrong.querySelector("input") : firstWrong)?.focus();
    return null;
  }

  // Once for each answer of the app, so that what is corrected does not look wrong again.
  #showErrors(errors) {
    const sign = JSON.stringify(errors);
    if (sign === this.#errors) return;
    this.#errors = sign;
    const fields = fieldsOf(this.#form);
    for (const { block, box } of fields) showError(box, errors[block] ?? "");
    fields.find(({ block }) => errors[block])?.field.focus();
  }

  async #close() {
    await this.acts.close();
  }

  #say(text) {
    const line = this.#form.querySelector(".modal-trouble");
    line.textContent = text;
    line.hidden = !text;
  }

  // An update keeps what was typed into fields that are still there.
  #typed() {
    const fields = fieldsOf(this.#form).filter(({ field }) => field.matches("input,textarea,select"));
    return new Map(fields.map(({ block, action, field }) => [`${block}/${action}`, field.value]));
  }

  #retype(typed) {
    for (const { block, action, field } of fieldsOf(this.#form)) {
      if (typed.has(`${block}/${action}`) && field.matches("input,textarea,select")) field.value = typed.get(`${block}/${action}`);
    }
  }
}
