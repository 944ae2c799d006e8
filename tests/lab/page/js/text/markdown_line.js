// Markdown inside one line: emphasis, code, links, emoji, and Slack's own references.

import { DEEPEST, bareUrl, codeSpan, emojiRule, emphasis, match, scan } from "./inline.js";
import { link } from "./links.js";
import { REFERENCE, reference } from "./references.js";

const LINK = /(!?)\[((?:[^[\]\\\n]|\\.){0,1000})\]\(\s*<?([^\s()<>]{1,2000}(?:\([^\s()<>]{0,200}\))?[^\s()<>]{0,200})>?(?:\s+"[^"\n]{0,300}")?\s*\)/y;
const ESCAPED = /[!-/:-@[-`{-~]/;

/** Return the nodes of one line. */
export function markdownLine(text, names, depth = 0) {
  const inside = (part) => markdownLine(part, names, depth + 1);
  const marks = [
    emphasis("**", "strong", inside),
    emphasis("__", "strong", inside),
    emphasis("~~", "s", inside),
    emphasis("*", "em", inside),
    emphasis("_", "em", inside),
  ];
  return scan(text, [
    escapeRule,
    codeSpan((code) => [code.replace(/^ (.*) $/, "$1")]),
    (line, at) => linkRule(line, at, names, depth),
    (line, at) => referenceRule(line, at, names),
    ...(depth < DEEPEST ? marks : []),
    emojiRule,
    bareUrl(),
  ]);
}

function escapeRule(text, at) {
  if (text[at] !== "\\" || !ESCAPED.test(text[at + 1] ?? "")) return null;
  return { node: document.createTextNode(text[at + 1]), end: at + 2 };
}

function linkRule(text, at, names, depth) {
  if (text[at] !== "[" && !(text[at] === "!" && text[at + 1] === "[")) return null;
  const found = match(LINK, text, at);
  if (found === null) return null;
  // A picture in a model's text would be fetched from anywhere: Slack and this page link it.
  const label = found[1] ? `🖼 ${found[2] || found[3]}` : markdownLine(found[2], names, depth + 1);
  return { node: link(found[3], label), end: at + found[0].length };
}

function referenceRule(text, at, names) {
  const found = text[at] === "<" ? match(REFERENCE, text, at) : null;
  const node = found && reference(found[1], names);
  return node ? { node, end: at + found[0].length } : null;
}
