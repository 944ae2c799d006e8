// The box people write in: grows with the text, completes mentions and commands, sends on Enter.

import { completionAt } from "./composing.js";
import { el } from "./dom.js";

const MAX_HEIGHT_PX = 180;

/** Fills `node`. `send(text)` returns true when the text may be cleared. */
export class Composer {
  #drafts = new Map();
  #place = "";
  #found = null;
  #chosen = 0;
  #sending = false;

  constructor(node, { id, inThread = false, send, scope }) {
    this.send = send;
    this.scope = scope;
    this.inThread = inThread;
    this.listId = `${id}-list`;
    this.list = el("ul", { class: "completion", role: "listbox", id: this.listId, "aria-label": "Suggestions", hidden: true });
    this.text = el("textarea", {
      id, rows: "1", role: "combobox", "aria-autocomplete": "list", "aria-controls": this.listId, "aria-expanded": "false",
      on: {
        input: () => this.#typed(),
        keydown: (event) => this.#key(event),
        blur: () => this.#closeList(),
        click: () => this.#complete(),
      },
    });
    this.button = el("button", { type: "button", class: "send", "aria-label": "Send", title: "Send (Enter)", on: { click: () => this.#submit() } }, "➤");
    const at = el("button", { type: "button", class: "icon-button", title: "Mention somebody", "aria-label": "Mention somebody", on: { click: () => this.#insert("@") } }, "@");
    const slash = inThread ? null : el("button", { type: "button", class: "icon-button", title: "Slash command", "aria-label": "Slash command", on: { click: () => this.#insert("/") } }, "/");
    const hint = el("span", { class: "composer-hint", "aria-hidden": "true" }, "Enter sends · Shift+Enter new line");
    node.append(el("div", { class: "composer" }, this.list, this.text, el("div", { class: "composer-bar" }, at, slash, hint, this.button)));
    this.#typed();
  }

  /** Be the box of a place; what was begun there is still there. */
  show(place, label) {
    if (place !== this.#place) {
      this.#drafts.set(this.#place, this.text.value);
      this.#place = place;
      this.text.value = this.#drafts.get(place) ?? "";
      this.#closeList();
      this.#grow();
    }
    this.text.placeholder = label;
    this.text.setAttribute("aria-label", label);
  }

  focus() {
    // On a touch screen the keyboard would cover what is being read.
    if (matchMedia("(pointer: fine)").matches) this.text.focus({ preventScroll: true });
  }

  #typed() {
    this.#grow();
    this.#complete();
  }

  #grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight, MAX_HEIGHT_PX)}px`;
    this.button.disabled = !this.text.value.trim();
  }

  async #submit() {
    const text = this.text.value.trim();
    if (!text || this.#sending) return;
    this.#sending = true;
    const place = this.#place;
    this.text.value = "";
    this.#typed();
    const sent = await this.send(text);
    this.#sending = false;
    if (sent) return;
    if (place !== this.#place) this.#drafts.set(place, text);
    else if (!this.text.value) {
      this.text.value = text;
      this.#grow();
    }
  }

  #insert(sign) {
    if (sign === "/" ? this.text.value : false) return;
    const at = this.text.selectionStart;
    const glue = at > 0 && !/\s$/.test(this.text.value.slice(0, at)) ? " " : "";
    this.text.focus();
    this.text.setRangeText(`${glue}${sign}`, at, this.text.selectionEnd, "end");
    this.#typed();
  }

  #key(event) {
    if (event.isComposing) return;
    if (this.#found && this.#listKey(event)) {
      event.preventDefault();
      return;
    }
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    }
  }

  #listKey(event) {
    const count = this.#found.entries.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      this.#chosen = (this.#chosen + (event.key === "ArrowDown" ? 1 : count - 1)) % count;
      this.#drawList();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      this.#closeList();
    } else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey)) {
      this.#take(this.#found.entries[this.#chosen]);
    } else {
      return false;
    }
    return true;
  }

  #complete() {
    if (document.activeElement !== this.text) return;
    const found = completionAt(this.text.value, this.text.selectionStart, { ...this.scope(), inThread: this.inThread });
    if (!found) {
      this.#closeList();
      return;
    }
    this.#found = found;
    this.#chosen = 0;
    this.#drawList();
  }

  #drawList() {
    const { entries } = this.#found;
    this.list.replaceChildren(...entries.map((entry, index) => el("li", {
      role: "option", id: `${this.listId}-${index}`, "aria-selected": String(index === this.#chosen),
      // Before blur, so that the box keeps the focus.
      on: { pointerdown: (event) => { event.preventDefault(); this.#take(entry); } },
    }, el("span", {}, entry.label), el("small", {}, entry.detail ?? ""))));
    this.list.hidden = false;
    this.text.setAttribute("aria-expanded", "true");
    this.text.setAttribute("aria-activedescendant", `${this.listId}-${this.#chosen}`);
  }

  #take(entry) {
    const caret = this.text.selectionStart;
    this.text.setRangeText(entry.insert, this.#found.from, caret, "end");
    this.#typed();
  }

  #closeList() {
    this.#found = null;
    this.list.hidden = true;
    this.text.setAttribute("aria-expanded", "false");
    this.text.removeAttribute("aria-activedescendant");
  }
}
