// Slack's own markup, mrkdwn: what sections, contexts and plain messages are written in.

import { el, fragment } from "../dom.js";
import { DEEPEST, bareUrl, codeSpan, emojiRule, emphasis, match, scan } from "./inline.js";
import { REFERENCE, reference, unescape } from "./references.js";

/** Return the nodes of a text in mrkdwn. `names` finds people, channels and groups by id. */
export function mrkdwn(text, names) {
  const pieces = String(text ?? "").split("```");
  // An odd number of fences leaves the last one unclosed: it is text, not code.
  const closed = pieces.length % 2 === 1;
  return fragment(
    pieces.map((piece, index) => {
      if (index % 2 === 1 && (closed || index < pieces.length - 1)) {
        return el("pre", {}, el("code", {}, plainOf(piece.replace(/^\n|\n$/g, ""), names)));
      }
      const opened = index % 2 === 1 ? "```" : "";
      return paragraphs(trimAround(opened + piece, index, pieces.length), names);
    }),
  );
}

/** Return one line of mrkdwn, with no quotes and no code blocks. */
export function mrkdwnLine(text, names, depth = 0) {
  const inside = (part) => mrkdwnLine(part, names, depth + 1);
  const marks = [emphasis("*", "strong", inside), emphasis("_", "em", inside), emphasis("~", "s", inside)];
  return scan(
    text,
    [
      (line, at) => referenceRule(line, at, names),
      codeSpan((code) => plainOf(code, names)),
      ...(depth < DEEPEST ? marks : []),
      emojiRule,
      bareUrl(unescape),
    ],
    unescape,
  );
}

/** Return a text object of either kind. */
export function textObject(object, names) {
  if (!object) return fragment();
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return fragment(scan(String(object.text ?? ""), object.emoji === false ? [] : [emojiRule]));
}

function paragraphs(text, names) {
  const nodes = [];
  let quoted = [];
  let rest = false;
  const endQuote = () => {
    if (quoted.length) nodes.push(el("blockquote", {}, lines(quoted, names)));
    quoted = [];
  };
  let open = [];
  const endOpen = () => {
    if (open.length) nodes.push(...lines(open, names));
    open = [];
  };
  for (const line of text.split("\n")) {
    const mark = rest ? null : /^(?:&gt;|>){1,3}\s?/.exec(line);
    if (mark || rest) {
      endOpen();
      if (mark && /^(?:&gt;|>){3}/.test(mark[0])) rest = true;
      quoted.push(mark ? line.slice(mark[0].length) : line);
    } else {
      endQuote();
      open.push(line);
    }
  }
  endQuote();
  endOpen();
  return nodes;
}

function lines(rows, names) {
  return rows.flatMap((row, index) => [index ? el("br") : null, ...mrkdwnLine(row, names)]);
}

function trimAround(piece, index, count) {
  let text = piece;
  if (index > 0) text = text.replace(/^\n/, "");
  if (index < count - 1) text = text.replace(/\n$/, "");
  return text;
}

function referenceRule(text, at, names) {
  const found = text[at] === "<" ? match(REFERENCE, text, at) : null;
  const node = found && reference(found[1], names);
  return node ? { node, end: at + found[0].length } : null;
}

function plainOf(text, names) {
  return scan(text, [(line, at) => referenceRule(line, at, names)], unescape);
}
