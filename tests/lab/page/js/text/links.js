// Links to foreign addresses: three schemes, a new window, and no way back to this page.

import { el } from "../dom.js";

const SCHEMES = new Set(["http:", "https:", "mailto:"]);

/** Return the address if it may be followed, else null. */
export function safeHref(address) {
  try {
    const url = new URL(String(address));
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Return a link around the children; an address that may not be followed leaves only them. */
export function link(address, ...children) {
  const href = safeHref(address);
  const shown = children.flat().length ? children : [String(address)];
  if (href === null) return el("span", { class: "dead-link", title: "This link is not followed" }, shown);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer", title: href }, shown);
}

/** Return an image that this page serves itself; of any other only what it would show. */
export function image({ image_url: address, alt_text: alt = "", slack_file: file }, size = "") {
  const source = file?.id ? `/demo/files/${encodeURIComponent(file.id)}` : local(address);
  if (source) return el("img", { src: source, alt, class: `picture ${size}`, loading: "lazy" });
  const label = alt || "image";
  if (size) {
    return el("span", { class: `picture missing ${size}`, role: "img", "aria-label": label }, "🖼");
  }
  const caption = [`🖼 ${label}`];
  return el("span", { class: "picture missing" }, address ? link(address, caption) : caption);
}

function local(address) {
  const text = String(address ?? "");
  if (/^data:image\/(png|jpeg|gif|webp);base64,/.test(text)) return text;
  try {
    const url = new URL(text, location.href);
    return url.origin === location.origin ? url.href : null;
  } catch {
    return null;
  }
}
