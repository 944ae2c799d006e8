// Questions to try, as chips above the box; in the direct message the app's own prompts come first.

import { el, patch } from "./dom.js";

/** Draw the chips; pressing one asks. */
export function drawSamples(node, { samples, prompts, ask }) {
  const own = (prompts?.prompts ?? []).map((one) =>
    typeof one === "string" ? { title: one, message: one } : one);
  const known = new Set(own.map((one) => one.message));
  const rest = samples.filter((one) => !known.has(one)).map((one) => ({ title: one, message: one }));
  patch(node, [...own.map((one) => chip(one, ask, true)), ...rest.map((one) => chip(one, ask, false))]);
}

function chip({ title, message }, ask, suggested) {
  return {
    key: `${suggested}/${message}`,
    sign: title,
    make: () => el("button", {
      type: "button", class: `chip${suggested ? " suggested" : ""}`, title: message, data: { focus: `chip/${message}` },
      on: { click: () => ask(message) },
    }, title),
  };
}
