// From what a person typed to what Slack sends: mentions become ids, markup characters entities.

const BROADCASTS = ["channel", "here", "everyone"];

/** Return the text as the Slack client would send it. */
export function encode(text, names) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const people = names.people().flatMap(({ value, text }) =>
    [text.text, names.user(value).name].map((name) => [name, `<@${value}>`]));
  const rooms = names.rooms.map((room) => [room.name, `<#${room.id}>`]);
  const ranges = BROADCASTS.map((range) => [range, `<!${range}>`]);
  return swap(swap(escaped, "@", [...people, ...ranges]), "#", rooms);
}

/** Return command and words of a slash command, or null when it is none. */
export function slashOf(text) {
  const found = /^\/([\w-]+)(?:\s+([\s\S]*))?$/.exec(text.trim());
  return found ? { command: `/${found[1]}`, words: (found[2] ?? "").trim() } : null;
}

/**
 * Return what can be completed at the caret: `{from, entries}`, or null.
 *
 * Entries are `{insert, label, detail}`; `from` is where the typed beginning starts. A command's entry
 * with `after` is offered once that much is typed.
 */
export function completionAt(text, caret, { names, commands, inThread }) {
  const before = text.slice(0, caret);
  const mention = /(?:^|[\s(])@([\p{L}\p{N}_.-]{0,30})$/u.exec(before);
  if (mention) {
    const entries = mentionEntries(names, mention[1].toLowerCase());
    return entries.length ? { from: caret - mention[1].length - 1, entries } : null;
  }
  if (inThread || !/^\/[\w -]{0,40}$/.test(before)) return null;
  const entries = commands.filter((one) =>
    one.insert.startsWith(before) && ![one.insert, one.insert.trim()].includes(before) && before.startsWith(one.after ?? ""));
  return entries.length ? { from: 0, entries } : null;
}

function mentionEntries(names, begun) {
  const bot = names.bot;
  return names
    .people()
    .filter(({ value, text }) => value !== names.me && matches(names.user(value), text.text, begun))
    .sort((left, right) => Number(right.value === bot) - Number(left.value === bot))
    .map(({ value, text }) => ({
      insert: `@${text.text} `,
      label: `@${text.text}`,
      detail: value === bot ? "App" : names.user(value).profile.title,
    }));
}

function matches(user, shown, begun) {
  return [shown, user.name, user.real_name].some((name) => name.toLowerCase().startsWith(begun));
}

function swap(text, sign, pairs) {
  const known = new Map(pairs.map(([name, token]) => [name.toLowerCase(), token]));
  const longest = [...known.keys()].sort((left, right) => right.length - left.length);
  let made = "";
  for (let at = 0; at < text.length; ) {
    const free = text[at] === sign && !/[\p{L}\p{N}_]/u.test(text[at - 1] ?? "");
    const rest = free ? text.slice(at + 1, at + 82).toLowerCase() : "";
    const name = free ? longest.find((one) => rest.startsWith(one) && !/[\p{L}\p{N}_]/u.test(rest[one.length] ?? "")) : undefined;
    made += name === undefined ? text[at] : known.get(name);
    at += name === undefined ? 1 : name.length + 1;
  }
  return made;
}
