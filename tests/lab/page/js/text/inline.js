// One scanner for both dialects of inline text, linear in the length of the text.

import { el } from "../dom.js";
import { EMOJI_TOKEN, emoji } from "./emoji.js";
import { link } from "./links.js";

const BARE_URL = /https?:\/\/[^\s<>"'`|]{1,2000}/y;
const WORD = /[\p{L}\p{N}_]/u;
const WORD_LINE = /[\p{L}\p{N}]/u;

/** Emphasis nested deeper than this is shown as typed, so that no text exhausts the stack. */
export const DEEPEST = 6;

/**
 * Return the nodes of a line.
 *
 * `rules` are tried at every position and return `{node, end}` or null; what no rule takes is text.
 * `finish` turns collected plain text into what is shown.
 */
export function scan(text, rules, finish = (plain) => plain) {
  const nodes = [];
  const dead = new Set();
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(document.createTextNode(finish(plain)));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const found = first(rules, text, at, dead);
    if (found === null) {
      plain += text[at];
      at += 1;
      continue;
    }
    flush();
    nodes.push(found.node);
    at = found.end;
  }
  flush();
  return nodes;
}

/** Return a rule for `marker`…`marker`, on one line, not inside a word. */
export function emphasis(marker, tag, inside) {
  const size = marker.length;
  return (text, at, dead) => {
    if (dead.has(marker) || !text.startsWith(marker, at)) return null;
    // Only bold may begin inside a word: languages without spaces need it, `2*3*4` does not.
    if (marker !== "**" && WORD.test(text[at - 1] ?? "")) return null;
    if (/\s/.test(text[at + size] ?? " ")) return null;
    const end = closing(text, at + size, marker);
    if (end < 0) {
      dead.add(marker);
      return null;
    }
    if (end === at + size) return null;
    return { node: el(tag, {}, inside(text.slice(at + size, end))), end: end + size };
  };
}

/** Take `code` between one or more backticks. */
export function codeSpan(show = (text) => [text]) {
  const ticks = /(`+)(?!`)/y;
  return (text, at, dead) => {
    if (text[at] !== "`" || text[at - 1] === "`") return null;
    const run = match(ticks, text, at);
    if (run === null || dead.has(run[1])) return null;
    const start = at + run[1].length;
    const end = text.indexOf(run[1], start);
    if (end <= start) {
      dead.add(run[1]);
      return null;
    }
    return { node: el("code", {}, show(text.slice(start, end))), end: end + run[1].length };
  };
}

/** Take `:name:`. */
export function emojiRule(text, at) {
  const found = text[at] === ":" ? match(EMOJI_TOKEN, text, at) : null;
  if (found === null) return null;
  const node = emoji(found[1]);
  return node.nodeType === Node.TEXT_NODE ? null : { node, end: at + found[0].length };
}

/** Return a rule that takes an address standing by itself. */
export function bareUrl(decode = (text) => text) {
  return (text, at) => {
    if (text[at] !== "h" || WORD_LINE.test(text[at - 1] ?? "")) return null;
    const found = match(BARE_URL, text, at);
    if (found === null) return null;
    const address = found[0].replace(/[.,;:!?)\]}*_~]+$/, "");
    return { node: link(decode(address), decode(address)), end: at + address.length };
  };
}

/** Return the match of a sticky expression at a position, or null. */
export function match(sticky, text, at) {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function closing(text, from, marker) {
  for (let at = from; at < text.length && text[at] !== "\n"; at += 1) {
    if (text[at] === "`") {
      const end = text.indexOf("`", at + 1);
      if (end > at) at = end;
    } else if (text.startsWith(marker, at) && at > from && ends(text, at, marker)) {
      return at;
    }
  }
  return -1;
}

function ends(text, at, marker) {
  const next = text[at + marker.length] ?? "";
  if (/\s/.test(text[at - 1])) return false;
  // `**` closes bold, not italics that happen to stand before it.
  if (marker.length === 1 && next === marker) return false;
  return marker.includes("*") ? true : !WORD_LINE.test(next);
}

function first(rules, text, at, dead) {
  for (const rule of rules) {
    const found = rule(text, at, dead);
    if (found !== null) return found;
  }
  return null;
}
