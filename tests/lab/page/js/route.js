// Where the reader is: persona, place and thread, in the address, so that Back and reload work.

/** Return `{persona, place, thread}`; a place is a channel id, "dm", "home", or "" for the list. */
export function readRoute() {
  const [persona = "", place = "", thread = ""] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  return { persona, place, thread };
}

/** Go somewhere; `replace` leaves no step to go back to. */
export function go({ persona, place, thread = "" }, { replace = false } = {}) {
  const parts = [persona, place, thread].map(encodeURIComponent);
  const hash = `#/${parts.join("/").replace(/\/+$/, "")}`;
  if (hash === location.hash) return;
  if (replace) history.replaceState(null, "", hash);
  else history.pushState(null, "", hash);
  dispatchEvent(new Event("route"));
}
