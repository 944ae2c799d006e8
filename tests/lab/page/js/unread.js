// What each persona has not seen yet, for as long as the page is open.

import { everything, joinedThreads } from "./workspace.js";

export class Unread {
  #seen = new Map();
  #since = 0;

  /** Everything up to now counts as read by everybody. */
  constructor(state) {
    this.#since = state.now;
  }

  /** Note that somebody has seen a place, or a thread of it, up to its newest message. */
  mark(me, place, messages) {
    const newest = messages.reduce((last, one) => Math.max(last, Number(one.ts)), 0);
    const key = `${me}/${place}`;
    if (newest > this.#upTo(key)) this.#seen.set(key, newest);
  }

  /** Return whether a channel has something new: at its top, or in a thread the person is in. */
  inChannel(state, channel, me) {
    const joined = joinedThreads(state, channel, me);
    return everything(state, channel, me).some((one) => {
      if (one.author_id === me) return false;
      const root = one.thread_ts && one.thread_ts !== one.ts ? one.thread_ts : "";
      if (root && !joined.has(root)) return false;
      return Number(one.ts) > this.#upTo(root ? `${me}/${channel}/${root}` : `${me}/${channel}`);
    });
  }

  /** Return whether a thread has a reply the person has not seen. */
  inThread(channel, root, last, me) {
    return Number(last) > this.#upTo(`${me}/${channel}/${root}`);
  }

  #upTo(key) {
    return this.#seen.get(key) ?? this.#since;
  }
}
