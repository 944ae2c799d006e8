// A small menu at a control: arrow keys move, Escape and a click elsewhere close it.

import { el } from "./dom.js";

let openOne = null;

/** Open a menu below `anchor`. Items are `{label, run}` or `{label, href}`. */
export function openMenu(anchor, items) {
  const again = openOne?.anchor === anchor;
  closeMenu();
  if (again) return;
  const menu = el("div", { class: "menu", role: "menu" }, items.map((item) => entry(item)));
  // A modal makes everything outside of it inert, so its menus live inside.
  (anchor.closest("dialog") ?? document.body).append(menu);
  place(menu, anchor);
  anchor.setAttribute("aria-expanded", "true");
  openOne = { menu, anchor };
  menu.addEventListener("keydown", move);
  document.addEventListener("pointerdown", outside, true);
  menu.firstElementChild?.focus();
}

/** Close the menu that is open, if any. */
export function closeMenu({ refocus = false } = {}) {
  if (!openOne) return;
  const { menu, anchor } = openOne;
  openOne = null;
  document.removeEventListener("pointerdown", outside, true);
  anchor.removeAttribute("aria-expanded");
  menu.remove();
  if (refocus) anchor.focus();
}

function entry({ label, sign = "", href = null, run = () => {} }) {
  const attributes = { role: "menuitem", class: "menu-item", tabindex: "-1" };
  const content = [sign ? el("span", { class: "menu-sign", "aria-hidden": "true" }, sign) : null, label];
  const chosen = () => {
    closeMenu({ refocus: true });
    run();
  };
  if (href) return el("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer", on: { click: chosen } }, content);
  return el("button", { ...attributes, type: "button", on: { click: chosen } }, content);
}

function place(menu, anchor) {
  const at = anchor.getBoundingClientRect();
  const size = menu.getBoundingClientRect();
  const left = Math.max(8, Math.min(at.left, innerWidth - size.width - 8));
  const below = at.bottom + 4 + size.height < innerHeight;
  menu.style.left = `${left}px`;
  menu.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - size.height - 4)}px`;
}

function move(event) {
  const entries = [...event.currentTarget.children];
  const at = entries.indexOf(document.activeElement);
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1 + entries.length, Home: 0, End: entries.length - 1 };
  if (event.key in steps) {
    event.preventDefault();
    entries[steps[event.key] % entries.length].focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    closeMenu({ refocus: true });
  }
}

function outside(event) {
  if (openOne && !openOne.menu.contains(event.target) && !openOne.anchor.contains(event.target)) closeMenu();
}
