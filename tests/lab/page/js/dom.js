// Building and patching the page's nodes. Foreign text only ever becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

/** Return an element. `on` holds listeners, `data` data attributes; other names are attributes. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** Return an SVG element. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Return a fragment of the nodes and strings. */
export function fragment(...children) {
  const made = document.createDocumentFragment();
  add(made, children);
  return made;
}

/** Return text that is there for screen readers only. */
export function hiddenText(text) {
  return el("span", { class: "sr-only" }, text);
}

/**
 * Make the children of `parent` those of `items`, in order, touching as little as possible.
 *
 * An item is `{key, sign, make, update?}`: a node is kept while `sign` stays the same, updated in
 * place when there is `update`, else made anew. Focus inside a remade node is found again by its
 * `data-focus`.
 */
export function patch(parent, items) {
  const focused = document.activeElement?.dataset?.focus;
  const hadFocus = focused && parent.contains(document.activeElement);
  const before = new Map();
  for (const child of parent.children) before.set(child.patchKey, child);
  const nodes = items.map((item) => settle(item, before.get(item.key)));
  const kept = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!kept.has(child)) child.remove();
  nodes.forEach((node, index) => {
    if (parent.childNodes[index] !== node) parent.insertBefore(node, parent.childNodes[index] ?? null);
  });
  if (hadFocus && !parent.contains(document.activeElement)) {
    parent.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }
}

function settle(item, old) {
  if (old && old.patchSign === item.sign) return old;
  const node = old && item.update ? (item.update(old), old) : item.make();
  node.patchKey = item.key;
  node.patchSign = item.sign;
  return node;
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
    } else if (name === "data") {
      for (const [key, text] of Object.entries(value)) if (text != null) node.dataset[key] = text;
    } else {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  add(node, children);
  return node;
}

function add(node, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child instanceof Node ? child : String(child));
  }
}
