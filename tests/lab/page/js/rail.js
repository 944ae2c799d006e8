// The left side: channels, the app, who one is, and the banner above everything.

import { el, hiddenText, patch } from "./dom.js";
import { avatar } from "./message.js";

/** Draw the channels and the app. `at` is the present place, `unread(channel)` says what is new. */
export function drawPlaces({ rooms, apps }, names, { at, unread, open }) {
  patch(rooms, names.rooms.map((room) => entry(room.id, room.is_private ? "🔒" : "#", room.name, at, unread(room.id), open)));
  const isNew = names.dm ? unread(names.dm.id) : false;
  const here = at === "home" ? "dm" : at;
  patch(apps, [entry("dm", "🌙", names.person(names.bot) ?? "App", here, isNew, open)]);
}

/** Draw the persona switch. */
export function drawPersonas(node, users, names, { current, isNew, choose }) {
  patch(node, users.map((user) => {
    const fresh = user.name !== current && isNew(user);
    return {
      key: user.id,
      sign: `${user.name === current}/${fresh}`,
      make: () => el("label", { class: "persona" },
        el("input", { type: "radio", name: "persona", value: user.name, checked: user.name === current, data: { focus: `persona/${user.name}` }, on: { change: () => choose(user.name) } }),
        avatar({ author_id: user.id }, names, "small"),
        el("span", { class: "persona-words" }, el("span", {}, names.person(user.id)), el("small", {}, user.profile.title)),
        fresh ? el("span", { class: "dot" }, hiddenText("has something new")) : null),
    };
  }));
}

/** Draw what this demo is: who answers, and what the simulated estate suffers from. */
export function drawBanner(node, banner) {
  const model = banner.model
    ? [el("strong", {}, "A real model answers"), ` (${banner.model}).`]
    : [el("strong", {}, "Answers by rules only:"), " no model is configured."];
  const more = banner.note || (banner.model ? "" : "Set ANTHROPIC_API_KEY to let a model answer.");
  node.append(
    el("p", { class: banner.model ? "model on" : "model" }, el("span", { class: "lamp", "aria-hidden": "true" }), el("span", {}, model, more ? el("span", { class: "extra" }, ` ${more}`) : null)),
    el("p", { class: "scenario", title: banner.description ?? null }, "Simulated estate: ", el("code", {}, banner.scenario ?? "unknown"),
      banner.description ? el("span", { class: "extra" }, ` ${banner.description}`) : null),
    banner.task ? el("p", { class: "task-to-try" }, el("strong", {}, "Try: "), banner.task) : "");
}

function entry(place, sign, name, at, isNew, open) {
  return {
    key: place,
    sign: `${at === place}/${isNew}`,
    make: () => el("li", {}, el("button", {
      type: "button", class: `rail-item${isNew ? " unread" : ""}`, "aria-current": at === place ? "page" : null,
      data: { focus: `place/${place}`, place }, on: { click: () => open(place) },
    }, el("span", { class: "sign", "aria-hidden": "true" }, sign), el("span", { class: "rail-name" }, name),
    isNew ? el("span", { class: "dot" }, hiddenText("unread")) : null)),
  };
}
