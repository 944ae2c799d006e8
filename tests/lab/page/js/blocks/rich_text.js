// rich_text: nested lists, quotes and preformatted text, whose leaves are never interpreted.

import { el } from "../dom.js";
import { emoji, emojiCharacter } from "../text/emoji.js";
import { link } from "../text/links.js";
import { broadcastChip, channelChip, dateNode, groupChip, userChip } from "../text/references.js";

const STYLES = { bold: "strong", italic: "em", strike: "s", underline: "u", code: "code" };

/** Return the nodes of a rich_text block. */
export function richText(block, names) {
  return nest(block.elements ?? [], names);
}

/** Return the inline nodes of a rich_text block, for places that hold one line. */
export function richLine(block, names) {
  return (block.elements ?? []).flatMap((part) => leaves(part.elements ?? [], names));
}

// Slack sends a nested list as a following sibling with a deeper indent.
function nest(elements, names) {
  const made = [];
  const open = [];
  for (const element of elements) {
    const node = part(element, names);
    if (element.type !== "rich_text_list") {
      open.length = 0;
      made.push(node);
      continue;
    }
    const indent = element.indent ?? 0;
    while (open.length && open.at(-1).indent >= indent) open.pop();
    const parent = open.at(-1)?.node.lastElementChild;
    if (parent) parent.append(node);
    else made.push(node);
    open.push({ indent, node });
  }
  return made;
}

function part(element, names) {
  const inside = element.elements ?? [];
  switch (element.type) {
    case "rich_text_list": {
      const ordered = element.style === "ordered";
      const start = ordered && element.offset ? element.offset + 1 : null;
      return el(ordered ? "ol" : "ul", { start, data: { indent: element.indent ?? 0 } },
        inside.map((item) => el("li", {}, leaves(item.elements ?? [], names))));
    }
    case "rich_text_preformatted":
      return el("pre", {}, el("code", { data: { language: element.language } }, leaves(inside, names)));
    case "rich_text_quote":
      return el("blockquote", {}, leaves(inside, names));
    default:
      return el("p", {}, leaves(inside, names));
  }
}

function leaves(elements, names) {
  return elements.map((element) => styled(leaf(element, names), element.style));
}

function leaf(element, names) {
  switch (element.type) {
    case "text":
      return document.createTextNode(element.text ?? "");
    case "link":
      return link(element.url, element.text || element.url);
    case "user":
      return userChip(element.user_id, names);
    case "usergroup":
      return groupChip(element.usergroup_id, names);
    case "channel":
      return channelChip(element.channel_id, names);
    case "broadcast":
      return broadcastChip(element.range);
    case "emoji":
      return emojiCharacter(element.name) || !element.unicode ? emoji(element.name) : document.createTextNode(unicode(element));
    case "date":
      return dateNode(element.timestamp, element.format ?? "{date_short_pretty} at {time}", element.fallback ?? "", element.url);
    case "color":
      return el("code", {}, element.value);
    default:
      return document.createTextNode(element.text ?? "");
  }
}

function unicode(element) {
  const points = element.unicode.split("-").map((point) => Number.parseInt(point, 16));
  return points.every((point) => point > 0 && point < 0x110000) ? String.fromCodePoint(...points) : `:${element.name}:`;
}

function styled(node, style) {
  let made = node;
  for (const [name, tag] of Object.entries(STYLES)) if (style?.[name]) made = el(tag, {}, made);
  return made;
}
