// Blocks that hold text and pictures: section, header, context, divider, image, alert and the like.

import { el } from "../dom.js";
import { image, link } from "../text/links.js";
import { mrkdwn, textObject } from "../text/mrkdwn.js";
import { control } from "./controls.js";

const ALERT_SIGNS = { info: "ℹ️", warning: "⚠️", error: "⛔", success: "✅", default: "💬" };

export function section(block, ctx) {
  const body = el("div", { class: "section-text" });
  if (block.text) body.append(el("div", { class: "text" }, textObject(block.text, ctx.names)));
  if (block.fields) {
    const fields = block.fields.map((field) => el("div", { class: "field text" }, textObject(field, ctx.names)));
    body.append(el("div", { class: "fields" }, fields));
  }
  const side = block.accessory ? el("div", { class: "accessory" }, control(block.accessory, ctx)) : null;
  return el("div", { class: "section" }, body, side);
}

export function header(block, ctx) {
  return el("h3", { class: "header-block" }, textObject(block.text, ctx.names));
}

export function divider() {
  return el("hr");
}

export function context(block, ctx) {
  const parts = (block.elements ?? []).map((part) =>
    part.type === "image"
      ? image(part, "tiny")
      : el("span", { class: "text" }, textObject(part, ctx.names)),
  );
  return el("div", { class: "context" }, parts);
}

export function pictureBlock(block, ctx) {
  const title = block.title ? el("figcaption", {}, textObject(block.title, ctx.names)) : null;
  return el("figure", {}, title, image(block));
}

export function alert(block, ctx) {
  const level = Object.hasOwn(ALERT_SIGNS, block.level) ? block.level : "default";
  const text = el("div", { class: "text" }, textObject(block.text, ctx.names));
  return el("div", { class: "alert", role: level === "error" ? "alert" : "note", data: { level } },
    el("span", { "aria-hidden": "true" }, ALERT_SIGNS[level]), text);
}

export function video(block) {
  return el("figure", {}, el("figcaption", {}, link(block.title_url ?? block.video_url, `▶ ${block.title?.text ?? "Video"}`)));
}

export function file(block) {
  return el("p", { class: "file" }, `📄 ${block.external_id}`);
}

export function call(block) {
  return el("p", { class: "file" }, `📞 ${block.call?.v1?.name ?? "Call"}`);
}

/** Return a line of mrkdwn for where a bare string stands, as in attachments. */
export function words(text, ctx) {
  return el("div", { class: "text" }, mrkdwn(text, ctx.names));
}
