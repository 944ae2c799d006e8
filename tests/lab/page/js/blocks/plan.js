// What the bot is doing: a plan with its tasks, and task cards that stand alone.

import { el, hiddenText } from "../dom.js";
import { link } from "../text/links.js";
import { richText } from "./rich_text.js";

const STATES = {
  pending: ["", "not started"],
  in_progress: ["", "in progress"],
  complete: ["✓", "done"],
  error: ["!", "failed"],
};

export function plan(block, ctx) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((task) => task.status === "complete" || task.status === "error").length;
  const key = `${ctx.place}/plan`;
  const running = tasks.some((task) => task.status === "in_progress" || task.status === "pending");
  const fold = el("details", { class: "plan", open: ctx.memory.get(key) ?? true },
    el("summary", {},
      el("span", { class: "plan-title" }, block.title),
      el("span", { class: "plan-count" }, tasks.length ? `${done} of ${tasks.length}` : running ? "starting" : "")),
    tasks.map((task, index) => taskCard(task, { ...ctx, place: `${ctx.place}/${task.task_id ?? index}` })));
  fold.addEventListener("toggle", () => ctx.memory.set(key, fold.open));
  return fold;
}

export function taskCard(task, ctx) {
  const state = Object.hasOwn(STATES, task.status) ? task.status : "pending";
  const [sign, words] = STATES[state];
  const mark = el("span", { class: "task-mark", "aria-hidden": "true" }, sign);
  const title = el("span", { class: "task-title" }, task.title, hiddenText(` (${words})`));
  const more = [rich(task.details, ctx, "task-details"), rich(task.output, ctx, "task-output"), sources(task.sources)];
  return el("div", { class: "task", data: { state } }, mark, el("div", { class: "task-body" }, title, more));
}

// A block carries rich text here, a stream's chunk a plain string.
function rich(value, ctx, name) {
  if (!value) return null;
  return el("div", { class: name }, typeof value === "string" ? value : richText(value, ctx.names));
}

function sources(list) {
  if (!list?.length) return null;
  return el("div", { class: "task-sources" }, list.map((one) => link(one.url, one.text || one.url)));
}
