// The page: one state from the store, one route from the address, drawn again when either changes.

import { Announcer } from "./announcer.js";
import { Composer } from "./composer.js";
import { Gestures } from "./gestures.js";
import { drawHome, drawTabs } from "./home.js";
import { Modal } from "./modal.js";
import { namesOf } from "./names.js";
import { drawBanner, drawPersonas, drawPlaces } from "./rail.js";
import { go, readRoute } from "./route.js";
import { drawSamples } from "./samples.js";
import { Store } from "./store.js";
import { wireTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { Unread } from "./unread.js";
import { canStop, inThread, promptsOf, statusOf, summaryOf, titleOf, topLevel } from "./workspace.js";

const at = (id) => document.getElementById(id);
const store = new Store();
const gestures = new Gestures(store, present, (message) => openThread(message));
const modal = new Modal({ submit: (id, values) => gestures.submit(id, values), close: () => gestures.close() });
const messages = new Timeline(at("messages"));
const replies = new Timeline(at("replies"));
const announcer = new Announcer(at("announcer"));
const scope = () => ({ names: present().names, commands: store.config.commands.flatMap((one) => one.entries) });
const mainBox = new Composer(at("main-composer"), { id: "main-text", scope, send: (text) => gestures.send(text, present().channel) });
const threadBox = new Composer(at("thread-composer"), {
  id: "thread-text", inThread: true, scope, send: (text) => gestures.send(text, present().channel, readRoute().thread),
});
let unread = null;
let opened = "";

/** Return who looks at what; a route that leads nowhere leads to the first channel. */
function present() {
  const route = readRoute();
  const people = store.state.users.filter((user) => !user.is_bot && !user.deleted);
  const user = people.find((one) => one.name === route.persona) ?? people[0];
  const names = namesOf(store.state, user.id);
  const places = new Set(["dm", "home", ...names.rooms.map((room) => room.id)]);
  const place = places.has(route.place) ? route.place : (names.rooms[0]?.id ?? "dm");
  const channel = place === "dm" || place === "home" ? names.dm?.id : place;
  const thread = place !== "home" && route.place === place ? route.thread : "";
  return { people, user, persona: user.name, names, place, channel, thread };
}

function draw() {
  if (!unread) return;
  const now = present();
  const { state } = store;
  markSeen(now);
  drawRail(now);
  const isHome = now.place === "home";
  const isApp = isHome || now.place === "dm";
  at("messages").hidden = isHome;
  at("foot").hidden = isHome;
  at("home").hidden = !isHome;
  drawTabs(at("tabs"), isApp ? now.place : "", (place) => visit({ place }));
  drawHead(now, isApp);
  if (isHome) drawHome(at("home"), state.homes[now.user.id], (view) => gestures.context(now.names, view.id));
  else drawChannel(now);
  drawThread(now);
  const stack = state.stacks[now.user.id] ?? [];
  const view = state.views.find((one) => one.id === stack.at(-1));
  modal.show(view, view ? gestures.context(now.names, view.id) : null);
}

/** What is on the screen counts as read, before anything says what is new. */
function markSeen({ user, place, channel, thread }) {
  if (document.visibilityState !== "visible" || place === "home" || !channel) return;
  unread.mark(user.id, channel, topLevel(store.state, channel, user.id));
  if (thread) unread.mark(user.id, `${channel}/${thread}`, inThread(store.state, channel, thread, user.id));
}

function drawRail({ people, user, persona, names, place }) {
  const { state } = store;
  const isNew = (channel, me) => unread.inChannel(state, channel, me);
  drawPlaces({ rooms: at("rooms"), apps: at("apps") }, names, {
    at: place, unread: (channel) => isNew(channel, user.id), open: (to) => visit({ place: to }),
  });
  drawPersonas(at("personas"), people, names, {
    current: persona,
    isNew: (one) => state.channels.some((channel) => channel.members.includes(one.id) && isNew(channel.id, one.id)),
    choose: (name) => {
      go({ ...readRoute(), persona: name });
    },
  });
}

function drawHead({ names, place, channel }, isApp) {
  const room = store.state.channels.find((one) => one.id === channel);
  const bot = names.person(names.bot);
  const name = isApp ? bot : `${room.is_private ? "🔒" : "#"}${room.name}`;
  at("pane-name").textContent = name;
  const members = room ? `${room.members.length} members` : "";
  const missing = !isApp && room && !room.members.includes(names.bot) ? ` · ${bot} is not here` : "";
  at("pane-topic").textContent = isApp ? "App" : `${members}${missing}`;
  document.title = `${place === "home" ? "App Home" : name} · Nightdesk demo workspace`;
  mainBox.show(`${names.me}/${channel}`, isApp ? `Message ${bot}` : `Message ${name}`);
}

function drawChannel(now) {
  const { user, names, place, channel, thread } = now;
  const { state } = store;
  const rows = topLevel(state, channel, user.id);
  const look = (message) => {
    const summary = message.only_for ? null : summaryOf(state, channel, message.ts);
    const fresh = summary?.last && message.ts !== thread && unread.inThread(channel, message.ts, summary.last, user.id);
    return { inThread: false, summary: summary && { ...summary, unread: fresh } };
  };
  messages.show(`${user.id}/${channel}`, rows, contextOf(names), look, introOf(now));
  announcer.tell(`${user.id}/${channel}`, rows, names);
  const room = state.channels.find((one) => one.id === channel);
  drawSamples(at("samples"), {
    samples: store.config.samples,
    prompts: place === "dm" ? promptsOf(state, channel) : null,
    ask: (text) => ask(text, room, names),
  });
}

function drawThread({ user, names, channel, thread }) {
  const rows = thread ? inThread(store.state, channel, thread, user.id) : [];
  const open = rows.length > 0;
  at("thread").hidden = !open;
  at("desk").dataset.front = open ? "thread" : readRoute().place === "list" ? "rail" : "pane";
  if (!open) {
    opened = "";
    return;
  }
  const count = rows.length - 1;
  const room = names.channel(channel) ? `#${names.channel(channel)}` : names.person(names.bot);
  const replied = `${count} ${count === 1 ? "reply" : "replies"}`;
  at("thread-topic").textContent = [room, titleOf(store.state, channel, thread), replied].filter(Boolean).join(" · ");
  replies.show(`${user.id}/${channel}/${thread}`, rows, contextOf(names), (message) => ({ inThread: true, root: message.ts === thread }));
  announcer.tell(`${user.id}/${channel}/${thread}`, rows, names);
  const status = statusOf(store.state, channel, thread);
  if (at("status").textContent !== status) at("status").textContent = status;
  at("status").classList.toggle("busy", Boolean(status));
  at("stop").hidden = !canStop(store.state, channel, thread);
  threadBox.show(`${user.id}/${channel}/${thread}`, "Reply …");
  if (opened !== thread) threadBox.focus();
  opened = thread;
}

function introOf({ names, place, channel }) {
  const bot = names.person(names.bot);
  if (place === "dm") {
    const title = promptsOf(store.state, channel)?.title || `Talk to ${bot}`;
    return { sign: "🌙", title, text: `Only you and ${bot} read this. Every question starts a thread of its own.` };
  }
  const name = names.channel(channel);
  return { sign: "#", title: name, text: `This is the beginning of #${name}. Mention @${bot} to ask it something.` };
}

/** Every message gets a context of its own: presses go to its timestamp. */
function contextOf(names) {
  return (message) => gestures.context(names, message.ts);
}

function ask(text, room, names) {
  if (room.kind === "im" || text.startsWith("/")) return gestures.send(text, room.id);
  return gestures.send(`@${names.person(names.bot)} ${text}`, room.id);
}

function visit({ place, thread = "" }) {
  go({ persona: present().persona, place, thread });
}

function openThread({ channel, ts, thread_ts: root = "" }) {
  const { names } = present();
  visit({ place: channel === names.dm?.id ? "dm" : channel, thread: root || ts });
}

/** A link to a message of this workspace leads there, not out of the demo. */
function followPermalink(event) {
  const address = event.target.closest?.("a[href]")?.href ?? "";
  if (!store.config || !address.startsWith(store.config.permalinks)) return;
  const url = new URL(address);
  const [, channel, ts] = /\/archives\/(\w+)\/p(\d+)$/.exec(url.pathname) ?? [];
  if (!ts) return;
  event.preventDefault();
  openThread({ channel, ts: `${ts.slice(0, -6)}.${ts.slice(-6)}`, thread_ts: url.searchParams.get("thread_ts") ?? "" });
}

/** The app hears that somebody opened one of its tabs, once for each visit. */
function tellOpened() {
  const { persona, place } = present();
  const key = `${persona}/${place}`;
  if (tellOpened.last === key) return;
  tellOpened.last = key;
  if (place === "home") gestures.openApp("home");
  if (place === "dm") gestures.openApp("messages");
}

function routeChanged() {
  tellOpened();
  draw();
}

/** Post the alert and go to where it is, if the persona is there. */
async function postAlert() {
  const posted = await gestures.alert(store.config.alert);
  const room = store.state.channels.find((one) => one.id === posted?.channel);
  const { user, place } = present();
  if (room?.members.includes(user.id) && room.id !== place) visit({ place: room.id });
}

function wire() {
  wireTheme(at("theme"));
  at("to-rail").addEventListener("click", () => visit({ place: "list" }));
  for (const id of ["from-thread", "close-thread"]) at(id).addEventListener("click", () => visit({ place: present().place }));
  at("stop").addEventListener("click", () => gestures.stop(present().channel, present().thread));
  at("alert").addEventListener("click", postAlert);
  at("thread").addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) visit({ place: present().place });
  });
  document.addEventListener("click", followPermalink);
  store.addEventListener("change", draw);
  store.addEventListener("lost", () => (at("lost").hidden = false));
  store.addEventListener("found", () => (at("lost").hidden = true));
  document.addEventListener("visibilitychange", draw);
  for (const event of ["route", "popstate", "hashchange"]) addEventListener(event, routeChanged);
  // Loading messages take turns.
  setInterval(() => store.state?.statuses.some((row) => row.value.loading_messages?.length) && draw(), 3000);
}

wire();
await store.start();
unread = new Unread(store.state);
drawBanner(at("banner"), store.config.banner);
routeChanged();
