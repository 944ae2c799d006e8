// What the workspace looks like now, kept fresh by the server's "something changed" stream.

const LEAST_PAUSE_MS = 80;

/** Says `change` after every new state, `lost` and `found` about the connection. */
export class Store extends EventTarget {
  state = null;
  config = null;
  #waiting = new Map();
  #fetching = false;
  #wanted = false;

  /** Load what the page needs and keep it fresh from now on. */
  async start() {
    this.config = await json(await fetch("/demo/config"));
    await this.#refresh();
    const events = new EventSource("/_lab/events");
    events.onmessage = (event) => {
      if (JSON.parse(event.data).version !== this.state?.version) this.#refresh();
    };
    events.onerror = () => this.dispatchEvent(new Event("lost"));
    events.onopen = () => {
      this.dispatchEvent(new Event("found"));
      this.#refresh();
    };
  }

  /** Do something as a person. Returns what the lab answers; throws with the lab's reason. */
  async act(persona, verb, args = {}) {
    return this.#post("/_lab/act", { persona, verb, args });
  }

  /** Post an alert as a monitoring tool would. */
  async alert(body) {
    return this.#post("/_lab/alert", body);
  }

  /** Return "" once the app acknowledged what it was told, else what went wrong. */
  async outcome(deliveryId) {
    if (!deliveryId) return "";
    return new Promise((resolve) => {
      this.#waiting.set(deliveryId, resolve);
      this.#settle();
    });
  }

  async #post(path, body) {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    const result = await json(answer);
    if (!result.ok) throw new Error(result.error ?? "The lab did not accept this.");
    this.#refresh();
    return result;
  }

  async #refresh() {
    if (this.#fetching) {
      this.#wanted = true;
      return;
    }
    this.#fetching = true;
    try {
      this.state = await json(await fetch("/demo/state"));
      this.dispatchEvent(new Event("found"));
      this.dispatchEvent(new Event("change"));
      this.#settle();
      // A stream changes a hundred times a second; nobody reads faster than this.
      if (this.#wanted) await new Promise((resolve) => setTimeout(resolve, LEAST_PAUSE_MS));
    } catch {
      this.dispatchEvent(new Event("lost"));
    } finally {
      this.#fetching = false;
    }
    if (this.#wanted) {
      this.#wanted = false;
      this.#refresh();
    }
  }

  #settle() {
    for (const [id, resolve] of this.#waiting) {
      const delivery = this.state.deliveries.find((one) => one.id === id);
      // Only the newest deliveries are listed; one that is gone from the list ended long ago.
      if (delivery && !["acked", "failed"].includes(delivery.state)) continue;
      if (!delivery && this.state.deliveries.length < 50) continue;
      this.#waiting.delete(id);
      resolve(delivery?.state === "failed" ? (delivery.failures.at(-1) ?? "failed") : "");
    }
  }
}

async function json(answer) {
  try {
    return await answer.json();
  } catch {
    throw new Error(`The demo answered ${answer.status} without JSON.`);
  }
}
