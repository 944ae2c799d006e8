// One message: who, when, what, and what can be done with it.

import { blockItems } from "./blocks/block.js";
import { el, hiddenText, patch } from "./dom.js";
import { openMenu } from "./menu.js";
import { bareTime, clockTime, dayName, momentOf, wholeTime } from "./text/dates.js";
import { QUICK_REACTIONS, emoji } from "./text/emoji.js";
import { markdown } from "./text/markdown.js";
import { mrkdwn } from "./text/mrkdwn.js";

/** Return the `patch` item of a message. `look` has `compact`, `summary` and `inThread`. */
export function messageItem(message, ctx, look) {
  const sign = JSON.stringify([message, look, ctx.names.me]);
  return {
    key: message.ts,
    sign,
    make: () => {
      const node = el("article", { data: { ts: message.ts } });
      draw(node, message, ctx, look);
      return node;
    },
    update: (node) => draw(node, message, ctx, look),
  };
}

/** Return the round-cornered picture of a person or app. */
export function avatar(message, names, size = "") {
  const user = names.user(message.author_id);
  const name = user ? (names.person(user.id) ?? "?") : message.author || "?";
  const sign = message.author_id === names.bot ? "🌙" : user ? name.slice(0, 1).toUpperCase() : "🔔";
  const hue = [...(message.author_id || name)].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 8, 7);
  const kind = message.author_id === names.bot ? "bot" : `hue-${hue}`;
  return el("span", { class: `avatar ${kind} ${size}`, "aria-hidden": "true" }, sign);
}

function draw(node, message, ctx, look) {
  const bot = message.author_id === ctx.names.bot;
  const kinds = [message.only_for ? "ephemeral" : "", look.compact ? "compact" : "", message.streaming ? "streaming" : ""];
  node.className = `message ${kinds.join(" ")}`;
  const parts = [
    part("gutter", `${look.compact}`, () => gutter(message, ctx, look)),
    part("head", `${look.compact}${message.only_for}`, () => head(message, ctx, look, bot)),
    {
      key: "body",
      sign: JSON.stringify([message.blocks, message.text, message.attachments, message.files, message.streaming, message.edited, message.lead]),
      make: () => {
        const box = el("div", { class: "body" });
        body(box, message, ctx);
        return box;
      },
      update: (box) => body(box, message, ctx),
    },
    part("reactions", JSON.stringify(message.reactions), () => reactions(message, ctx)),
    part("summary", JSON.stringify(look.summary ?? null), () => summary(message, ctx, look.summary)),
    part("tools", String(look.inThread), () => tools(message, ctx, look)),
  ];
  patch(node, parts);
}

function part(key, sign, make) {
  return { key, sign, make };
}

function gutter(message, ctx, look) {
  const moment = momentOf(message.ts);
  if (look.compact) return el("div", { class: "gutter" }, el("time", { class: "hover-time", title: wholeTime(moment) }, bareTime(moment)));
  return el("div", { class: "gutter" }, avatar(message, ctx.names));
}

function head(message, ctx, look, bot) {
  const moment = momentOf(message.ts);
  const name = ctx.names.person(message.author_id) ?? (message.author || "unknown");
  const app = bot || !ctx.names.user(message.author_id);
  const line = look.compact
    ? hiddenText(`${name}, ${clockTime(moment)}`)
    : [el("span", { class: "author" }, name), app ? el("span", { class: "app-badge" }, "APP") : null,
      el("time", { datetime: moment.toISOString(), title: wholeTime(moment) }, clockTime(moment))];
  const only = message.only_for ? el("span", { class: "only-you" }, "👁 Only visible to you") : null;
  return el("div", { class: "head" }, only, line);
}

function body(box, message, ctx) {
  const inside = { ...ctx, place: message.ts };
  const items = message.streamed ? streamItems(message, inside) : plainItems(message, inside);
  items.push(...blockItems((message.attachments ?? []).map((one) => ({ ...one, type: "attachment" })), inside, "attached"));
  for (const file of message.files ?? []) items.push(fileItem(file));
  if (message.edited) items.push(part("edited", "", () => el("span", { class: "edited" }, "(edited)")));
  patch(box, items);
}

// A stream shows its tasks, then what was written so far, then the blocks it ended with.
function streamItems(message, ctx) {
  const lead = message.streamed.lead;
  const items = blockItems(message.blocks.slice(0, lead), ctx, "lead");
  if (message.text || message.streaming) {
    items.push(part("stream", `${message.streaming}${message.text}`, () =>
      el("div", { class: "markdown stream-text" }, markdown(message.text, ctx.names))));
  }
  return [...items, ...blockItems(message.blocks.slice(lead), ctx)];
}

function plainItems(message, ctx) {
  // What people type arrives as text and again as one rich text block; the text keeps its markup.
  const typed = message.blocks.length === 1 && message.blocks[0].block_id === "txt";
  if (message.blocks.length && !typed) return blockItems(message.blocks, ctx);
  if (!message.text) return [];
  return [part("text", message.text, () => el("div", { class: "text" }, mrkdwn(message.text, ctx.names)))];
}

function fileItem(file) {
  return part(`file${file.id}`, JSON.stringify(file), () => {
    if (file.mimetype?.startsWith("image/")) return sharedPicture(file);
    return file.mode === "snippet" ? snippet(file) : fileLink(file, { download: file.name });
  });
}

function fileAddress(file) {
  return `/demo/files/${encodeURIComponent(file.id)}`;
}

function fileLink(file, more) {
  const size = file.size < 1024 ? `${file.size} B` : `${Math.round(file.size / 1024)} kB`;
  return el("a", { class: "file", href: fileAddress(file), ...more }, `📄 ${file.title} · ${size}`);
}

function sharedPicture(file) {
  const open = { href: fileAddress(file), target: "_blank", rel: "noopener", "aria-label": `Open ${file.name} in full size` };
  return el("figure", { class: "shared" },
    el("figcaption", {}, file.title),
    el("a", open, el("img", { src: fileAddress(file), alt: file.alt_txt || file.title, class: "shared-picture" })));
}

function snippet(file) {
  const more = file.lines_more ? `… ${file.lines_more} more ${file.lines_more === 1 ? "line" : "lines"}` : "";
  return el("figure", { class: "shared" },
    fileLink(file, { target: "_blank", rel: "noopener" }),
    el("pre", { class: "snippet", tabindex: "0", "aria-label": `Beginning of ${file.name}` }, file.preview),
    more ? el("span", { class: "snippet-more" }, more) : null);
}

function reactions(message, ctx) {
  const row = el("div", { class: "reactions" });
  for (const [name, users] of Object.entries(message.reactions ?? {})) {
    const mine = users.includes(ctx.names.me);
    const who = users.map((id) => ctx.names.person(id) ?? id).join(", ");
    row.append(el("button", {
      type: "button", class: "reaction", "aria-pressed": String(mine), title: `${who} reacted with :${name}:`,
      "aria-label": `${name}, ${users.length}, ${mine ? "remove yours" : "add yours"}`, data: { focus: `${message.ts}/reaction/${name}` },
      on: { click: () => ctx.react(message, name, !mine) },
    }, emoji(name), ` ${users.length}`));
  }
  return row;
}

function summary(message, ctx, replies) {
  if (!replies) return el("div", { class: "no-summary" });
  const words = `${replies.count} ${replies.count === 1 ? "reply" : "replies"}`;
  return el("button", {
    type: "button", class: `thread-summary${replies.unread ? " unread" : ""}`, data: { focus: `${message.ts}/summary` },
    on: { click: () => ctx.openThread(message) },
  },
  replies.authors.map((one) => avatar(one, ctx.names, "mini")),
  replies.count ? el("span", { class: "count" }, words) : null,
  replies.status ? el("span", { class: "last busy" }, replies.status) : el("span", { class: "last" }, `Last reply ${lastReply(momentOf(replies.last))}`),
  replies.unread ? hiddenText(" (new)") : null);
}

// Not "a minute ago": nothing would redraw it when the minute is over.
function lastReply(moment) {
  return `${dayName(moment).replace(/^Today$/, "today").replace(/^Yesterday$/, "yesterday")} at ${clockTime(moment)}`;
}

function tools(message, ctx, look) {
  if (message.only_for) return el("div", { class: "no-tools" });
  const tool = (name, sign, run, more = {}) =>
    el("button", { type: "button", class: "tool", "aria-label": name, title: name, data: { focus: `${message.ts}/${name}` }, ...more, on: { click: run } }, sign);
  const shortcuts = ctx.shortcuts.map((one) => ({ label: one.name, sign: "🔍", run: () => ctx.shortcut(one, message) }));
  const more = (event) => openMenu(event.currentTarget, [
    ...shortcuts,
    { label: "Show JSON", sign: "{ }", run: () => ctx.showJson(message) },
  ]);
  return el("div", { class: "tools", role: "toolbar", "aria-label": "Message actions" },
    QUICK_REACTIONS.map((name) => tool(`React with ${name.replaceAll("_", " ")}`, emoji(name), () =>
      ctx.react(message, name, !(message.reactions?.[name] ?? []).includes(ctx.names.me)))),
    look.inThread ? null : tool("Reply in thread", "💬", () => ctx.openThread(message)),
    tool("More actions", "⋯", more, { "aria-haspopup": "menu" }));
}
