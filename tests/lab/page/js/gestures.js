// What a persona does, and what they are told when it does not work out.

import { encode, slashOf } from "./composing.js";
import { confirmDialog, jsonDrawer } from "./dialogs.js";
import { commandTrouble, note, pressTrouble } from "./trouble.js";

/** The acts of one page. `look()` gives the present persona, names and route. */
export class Gestures {
  constructor(store, look, openThread) {
    this.store = store;
    this.look = look;
    this.openThread = openThread;
    this.memory = new Map();
  }

  /** Return what blocks need to know; `target` is a message's timestamp or a view's id. */
  context(names, target) {
    return {
      names,
      memory: this.memory,
      place: target,
      blockId: "",
      shortcuts: this.store.config.shortcuts,
      confirm: (object) => confirmDialog(object, names),
      press: (args) => this.#press(target, args),
      react: (message, name, add) => this.#try(add ? "react" : "unreact", { target: message.ts, name }),
      openThread: this.openThread,
      shortcut: (shortcut, message) => this.#shortcut(shortcut, message),
      showJson: jsonDrawer,
    };
  }

  /** Send what was typed; return whether it is on its way. */
  async send(text, channel, thread = "") {
    const { names } = this.look();
    const slash = slashOf(text);
    if (slash) return this.#command(slash, channel, thread);
    const encoded = encode(text, names);
    const answer = await this.#try("post", { channel, text: encoded, ...(thread ? { thread_ts: thread } : {}) });
    if (!answer) return false;
    const room = this.store.state.channels.find((one) => one.id === channel);
    const mentioned = encoded.includes(`<@${names.bot}>`);
    const heard = room.members.includes(names.bot);
    if (mentioned && !heard) note(`${names.person(names.bot)} is not in #${room.name}, so it does not see this.`);
    if (!thread && heard && (mentioned || room.kind === "im")) this.openThread({ channel, ts: answer.ts });
    return true;
  }

  async submit(viewId, values) {
    const answer = await this.#try("submit_view", { view_id: viewId, values });
    return answer ? this.store.outcome(answer.delivery) : "refused";
  }

  async close() {
    await this.#try("close_view");
  }

  async stop(channel, thread) {
    const answer = await this.#try("stop", { channel, thread_ts: thread });
    if (answer) this.#tell(await this.store.outcome(answer.delivery));
  }

  async openApp(tab) {
    await this.#try("open_home", { tab });
  }

  /** Have a monitoring tool post; return where its message is, or null. */
  async alert(body) {
    try {
      return await this.store.alert(body);
    } catch (error) {
      note(error.message);
      return null;
    }
  }

  async #press(target, args) {
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== null && value !== undefined));
    try {
      const answer = await this.store.act(this.look().persona, "click", { target, ...given });
      return pressTrouble(await this.store.outcome(answer.delivery));
    } catch (error) {
      return error.message;
    }
  }

  async #shortcut({ callback_id: callbackId, name }, message) {
    const answer = await this.#try("shortcut", { callback_id: callbackId, channel: message.channel, ts: message.ts });
    if (!answer) return;
    const trouble = pressTrouble(await this.store.outcome(answer.delivery));
    if (trouble) note(`${name}: ${trouble}`);
    else this.openThread(message);
  }

  async #command({ command, words }, channel, thread) {
    if (!this.store.config.commands.some((one) => one.command === command)) {
      note(`${command} is not a valid command. Commands here: ${this.store.config.commands.map((one) => one.command).join(", ")}`);
      return false;
    }
    if (thread) {
      note(`${command} is not supported in threads. Sorry!`);
      return false;
    }
    const answer = await this.#try("slash", { command, text: words, channel });
    if (!answer) return false;
    const failure = await this.store.outcome(answer.delivery);
    if (failure) note(commandTrouble(command, failure));
    return !failure;
  }

  #tell(failure) {
    if (failure) note(pressTrouble(failure));
  }

  async #try(verb, args = {}) {
    try {
      return await this.store.act(this.look().persona, verb, args);
    } catch (error) {
      note(`Not done: ${error.message}`);
      return null;
    }
  }
}
