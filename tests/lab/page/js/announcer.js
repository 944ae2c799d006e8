// Reads finished messages of the app out to people who do not see them arrive.

const LONGEST = 240;

export class Announcer {
  #told = new Map();

  constructor(node) {
    this.node = node;
  }

  /** Say what is new in a place since the last time; the first time nothing is. */
  tell(place, messages, names) {
    const finished = messages.filter((one) => !one.streaming && one.author_id !== names.me);
    const known = this.#told.get(place);
    if (known) {
      const fresh = finished.filter((one) => !known.has(one.ts)).at(-1);
      if (fresh) this.node.textContent = `${names.person(fresh.author_id) ?? fresh.author}: ${plain(fresh.text)}`;
    }
    this.#told.set(place, new Set(finished.map((one) => one.ts)));
  }
}

function plain(text) {
  const words = String(text ?? "").replace(/<[^<>|]*\|([^<>]*)>/g, "$1").replace(/[*`~<>]|\b_|_\b/g, "");
  return words.length > LONGEST ? `${words.slice(0, LONGEST)}…` : words;
}
