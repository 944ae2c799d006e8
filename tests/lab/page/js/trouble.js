// Slack's words for an app that does not answer, and small notes at the bottom of the page.

import { el } from "./dom.js";

const NOTE_MS = 6000;

/** Return what a person is told when a press brought no acknowledgement. */
export function pressTrouble(failure) {
  if (!failure) return "";
  return failure === "no_socket"
    ? "The app is not running. Nothing was done."
    : "The app did not answer in time. Try again?";
}

/** Return what Slackbot says about a failed slash command. */
export function commandTrouble(command, failure) {
  const code = failure === "timeout" ? "operation_timeout" : "dispatch_failed";
  return `${command} failed with the error “${code}”`;
}

/** Show a note for a few seconds; it is read out, too. */
export function note(text) {
  const box = el("div", { class: "note" }, text);
  document.getElementById("notes").append(box);
  setTimeout(() => box.remove(), NOTE_MS);
}
