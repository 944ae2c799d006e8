// The app's two tabs, and what it published for this person on Home.

import { blockItems } from "./blocks/block.js";
import { el, patch } from "./dom.js";

const TABS = [["home", "Home"], ["dm", "Messages"]];

/** Draw the tabs; `current` is "" where there are none. */
export function drawTabs(node, current, open) {
  node.hidden = !current;
  patch(node, TABS.map(([place, label]) => ({
    key: place,
    sign: String(place === current),
    make: () => el("button", {
      type: "button", role: "tab", class: "tab", "aria-selected": String(place === current), "aria-controls": place === "home" ? "home" : "messages", data: { focus: `tab/${place}` },
      on: { click: () => open(place) },
    }, label),
  })));
}

/** Draw the published view, or say that there is none yet. */
export function drawHome(node, view, contextFor) {
  const items = view
    ? blockItems(view.blocks, contextFor(view))
    : [{ key: "nothing", sign: "", make: () => el("p", { class: "empty" }, "The app has not published its Home tab yet.") }];
  let inner = node.querySelector(".home-inner");
  if (!inner) {
    inner = el("div", { class: "home-inner" });
    node.append(inner);
  }
  patch(inner, items);
}
