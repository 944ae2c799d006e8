// Questions to a state: what is in a channel, in a thread, and what runs there. Pure functions.

/** Return a place's top-level messages, with what only this person sees, oldest first. */
export function topLevel(state, channel, me) {
  const rows = (state.messages[channel] ?? []).filter((one) =>
    !one.thread_ts || one.thread_ts === one.ts || one.subtype === "thread_broadcast");
  const own = state.ephemerals.filter((one) => one.channel === channel && one.only_for === me && !one.thread_ts);
  return [...rows, ...own].sort(byTs).map((one) => withStream(state, one));
}

/** Return a thread's root and replies, with what only this person sees, oldest first. */
export function inThread(state, channel, root, me) {
  const rows = (state.messages[channel] ?? []).filter((one) => one.ts === root || one.thread_ts === root);
  const own = state.ephemerals.filter((one) => one.channel === channel && one.only_for === me && one.thread_ts === root);
  return [...rows, ...own].sort(byTs).map((one) => withStream(state, one));
}

/** Return every message this person may see in a channel. */
export function everything(state, channel, me) {
  return [...(state.messages[channel] ?? []), ...state.ephemerals.filter((one) => one.channel === channel && one.only_for === me)];
}

/** Return the roots this person wrote in, as a set of timestamps. */
export function joinedThreads(state, channel, me) {
  const mine = (state.messages[channel] ?? []).filter((one) => one.author_id === me);
  return new Set(mine.map((one) => one.thread_ts || one.ts));
}

/** Return the replies below a root in short, or null when there are none and nothing runs. */
export function summaryOf(state, channel, root) {
  const replies = (state.messages[channel] ?? []).filter((one) => one.thread_ts === root && one.ts !== root).sort(byTs);
  const status = statusOf(state, channel, root);
  if (!replies.length && !status) return null;
  const authors = new Map(replies.map((one) => [one.author_id || one.author, { author_id: one.author_id, author: one.author }]));
  return { count: replies.length, last: replies.at(-1)?.ts ?? "", authors: [...authors.values()].slice(0, 4), status };
}

/** Return what the app is doing in a thread, e.g. "Nightdesk is looking at pods…", or "". */
export function statusOf(state, channel, root) {
  const found = find(state.statuses, channel, root);
  if (!found) return "";
  const lines = found.loading_messages ?? [];
  if (lines.length) return lines[Math.floor(Date.now() / 3000) % lines.length];
  return `${state.users.find((user) => user.id === state.bot_user_id)?.real_name ?? ""} ${found.text}`;
}

/** Return whether Stop is offered in a thread. */
export function canStop(state, channel, root) {
  return find(state.sessions, channel, root)?.status === "processing";
}

/** Return what the app calls a thread, or "". */
export function titleOf(state, channel, root) {
  return find(state.titles, channel, root) ?? find(state.sessions, channel, root)?.title ?? "";
}

/** Return the prompts the app suggests in a conversation: `{title, prompts}`, or null. */
export function promptsOf(state, channel) {
  return find(state.prompts, channel, "") ?? null;
}

function find(table, channel, thread) {
  return table.find((row) => row.channel === channel && row.thread_ts === thread)?.value;
}

function withStream(state, message) {
  const streamed = state.streamed[message.channel]?.[message.ts];
  return streamed === undefined ? message : { ...message, streamed: { lead: streamed } };
}

function byTs(left, right) {
  return Number(left.ts) - Number(right.ts) || (left.ts < right.ts ? -1 : 1);
}
