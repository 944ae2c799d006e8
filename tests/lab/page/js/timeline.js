// A scrolling list of messages: days, runs by one author, and staying at the newest line.

import { el, patch } from "./dom.js";
import { messageItem } from "./message.js";
import { dayName, momentOf } from "./text/dates.js";

const RUN_S = 300;
const AT_END_PX = 80;
const TOP_MARGIN_PX = 8;

/** Draws into `node`; the reader stays at the end if that is where they were. */
export class Timeline {
  #place = "";
  #stays = true;
  #settled = -1;

  constructor(node) {
    this.node = node;
    this.rows = el("div", { class: "rows" });
    this.jump = el("button", { type: "button", class: "jump", hidden: true, on: { click: () => this.#toEnd() } }, "New messages ↓");
    node.append(this.rows, this.jump);
    node.addEventListener("scroll", () => {
      this.#stays = this.#atEnd() || Math.abs(node.scrollTop - this.#settled) < 2;
      if (this.#stays) this.jump.hidden = true;
    });
    // Opening a thread makes the channel narrower and its text longer.
    new ResizeObserver(() => this.#stays && this.#toEnd()).observe(node);
  }

  /** Show the messages of a place; each has a context and a look of its own. `intro` comes first. */
  show(place, messages, contextOf, lookOf, intro = null) {
    const moved = place !== this.#place;
    const stay = moved || this.#stays;
    const last = this.rows.lastElementChild?.patchKey;
    patch(this.rows, [...(intro ? [introItem(intro)] : []), ...items(messages, contextOf, lookOf)]);
    this.#place = place;
    if (stay) this.#toEnd();
    else if (this.rows.lastElementChild?.patchKey !== last) this.jump.hidden = false;
  }

  #atEnd() {
    return this.node.scrollHeight - this.node.scrollTop - this.node.clientHeight < AT_END_PX;
  }

  #toEnd() {
    this.#stays = true;
    this.jump.hidden = true;
    // Of a message longer than the screen the beginning says most.
    const last = this.rows.lastElementChild;
    const long = last && last.offsetHeight > this.node.clientHeight;
    this.node.scrollTop = long ? last.offsetTop - TOP_MARGIN_PX : this.node.scrollHeight;
    this.#settled = this.node.scrollTop;
  }
}

function introItem({ sign, title, text }) {
  return {
    key: "intro",
    sign: title + text,
    make: () => el("div", { class: "intro" }, el("span", { class: "intro-sign", "aria-hidden": "true" }, sign), el("h2", {}, title), el("p", {}, text)),
  };
}

function items(messages, contextOf, lookOf) {
  const made = [];
  let previous = null;
  let today = "";
  for (const message of messages) {
    const look = lookOf(message);
    const day = dayName(momentOf(message.ts));
    if (day !== today) {
      // A thread begins with its root, whatever the day.
      if (!look.root) made.push({ key: `day ${day}`, sign: day, make: () => el("div", { class: "day" }, el("span", {}, day)) });
      previous = null;
      today = day;
    }
    made.push(messageItem(message, contextOf(message), { ...look, compact: continues(previous, message) }));
    previous = look.root ? null : message;
  }
  return made;
}

function continues(previous, message) {
  return Boolean(previous) && previous.author_id === message.author_id && previous.author === message.author &&
    !previous.only_for && !message.only_for && !isCard(previous) && !isCard(message) &&
    Number(message.ts) - Number(previous.ts) < RUN_S;
}

// Cards that follow each other would look like one.
function isCard(message) {
  return message.blocks.some((block) => block.block_id !== "txt") || message.attachments.length > 0;
}
