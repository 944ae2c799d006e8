// What stands between < and > in Slack's texts: people, channels, groups, dates, links.

import { el } from "../dom.js";
import { fillDate, wholeTime } from "./dates.js";
import { link } from "./links.js";

/** `<...>` on one line; nothing inside may open another. */
export const REFERENCE = /<([^<>\n]{1,3000})>/y;

/** Return the text with Slack's three entities as characters. */
export function unescape(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

/** Return what a person sees for the inside of `<...>`, or null when it is no reference. */
export function reference(inside, names) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescape(inside.slice(bar + 1));
  if (/^@[UWB][A-Z0-9]+$/.test(target)) return userChip(target.slice(1), names, label);
  if (/^#[CDG][A-Z0-9]+$/.test(target)) return channelChip(target.slice(1), names, label);
  if (target.startsWith("!")) return special(target.slice(1), names, label);
  const address = unescape(target);
  if (/^(https?:|mailto:)/i.test(address)) return link(address, label || address.replace(/^mailto:/i, ""));
  return null;
}

/** Return a person's name as a mention. */
export function userChip(id, names, label = "") {
  const own = id === names.me;
  return el("span", { class: `mention${own ? " own" : ""}` }, `@${names.person(id) ?? (label || id)}`);
}

/** Return a channel's name as a mention. */
export function channelChip(id, names, label = "") {
  return el("span", { class: "mention" }, `#${names.channel(id) ?? (label || id)}`);
}

/** Return a group's handle as a mention. */
export function groupChip(id, names, label = "") {
  return el("span", { class: "mention" }, names.group(id) ?? (label || `@${id}`));
}

/** Return a mention of everybody; it is shown as loudly as it would be heard. */
export function broadcastChip(range) {
  return el("span", { class: "mention broadcast" }, `@${range}`);
}

/** Return a date in the reader's time; what cannot be read falls back to its label. */
export function dateNode(seconds, template, fallback, address = "") {
  const moment = new Date(Number(seconds) * 1000);
  if (Number.isNaN(moment.getTime())) return document.createTextNode(fallback);
  const node = el("time", { datetime: moment.toISOString(), title: `${wholeTime(moment)} (${fallback})` });
  node.textContent = fillDate(template, moment);
  return address ? link(address, node) : node;
}

function special(command, names, label) {
  if (/^(channel|here|everyone)$/.test(command)) return broadcastChip(command);
  const [kind, ...rest] = command.split("^");
  if (kind === "subteam") return groupChip(rest[0] ?? "", names, label);
  if (kind === "date") return dateNode(rest[0], unescape(rest[1] ?? ""), label, rest[2] ?? "");
  return document.createTextNode(label || `<!${command}>`);
}
