// Two dialogs of Slack's own: "are you sure", and the JSON behind a message.

import { el } from "./dom.js";
import { textObject } from "./text/mrkdwn.js";

/** Ask what a confirm object asks; return whether the answer was yes. */
export function confirmDialog(object, names) {
  return new Promise((resolve) => {
    const done = (answer) => () => {
      dialog.close();
      resolve(answer);
    };
    const yes = object.style === "danger" ? "danger filled" : "primary";
    const dialog = el("dialog", { class: "modal confirm", "aria-labelledby": "confirm-title" },
      el("header", {}, el("h2", { id: "confirm-title" }, object.title.text)),
      el("div", { class: "modal-body text" }, textObject(object.text, names)),
      el("footer", {},
        el("button", { type: "button", class: "button", on: { click: done(false) } }, object.deny?.text ?? "Cancel"),
        el("button", { type: "button", class: `button ${yes}`, on: { click: done(true) } }, object.confirm?.text ?? "Yes")));
    dialog.addEventListener("cancel", () => resolve(false));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Show a message as the JSON it is. */
export function jsonDrawer(message) {
  const text = JSON.stringify(message, null, 2);
  const copy = async (event) => {
    const button = event.currentTarget;
    await navigator.clipboard?.writeText(text);
    button.textContent = "Copied";
  };
  const dialog = el("dialog", { class: "drawer", "aria-label": "Message as JSON" },
    el("header", {},
      el("h2", {}, "Message as JSON"),
      el("button", { type: "button", class: "button", on: { click: copy } }, "Copy"),
      el("button", { type: "button", class: "icon-button", "aria-label": "Close", on: { click: () => dialog.close() } }, "✕")),
    el("pre", { tabindex: "0" }, text));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}
