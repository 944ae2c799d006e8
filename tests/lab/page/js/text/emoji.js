// The emoji names people and the bot use; a name that is not here stays as it was written.

import { el } from "../dom.js";

const NAMES = {
  "+1": "👍", "-1": "👎", alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️", arrow_up: "⬆️",
  arrows_counterclockwise: "🔄", ballot_box_with_check: "☑️", bar_chart: "📊", bell: "🔔",
  book: "📖", boom: "💥", bug: "🐛", bulb: "💡", calendar: "📆", chart_with_downwards_trend: "📉",
  chart_with_upwards_trend: "📈", checkered_flag: "🏁", clap: "👏", clipboard: "📋", clock1: "🕐",
  construction: "🚧", coffee: "☕", cry: "😢", crystal_ball: "🔮", dart: "🎯", ear: "👂",
  exclamation: "❗", eyes: "👀", fire: "🔥", gear: "⚙️", green_heart: "💚", grey_question: "❔",
  hammer_and_wrench: "🛠️", heart: "❤️", heavy_check_mark: "✔️", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", information_source: "ℹ️", joy: "😂", key: "🔑",
  large_blue_circle: "🔵", large_green_circle: "🟢", large_orange_circle: "🟠",
  large_red_circle: "🔴", large_yellow_circle: "🟡", link: "🔗", lock: "🔒", mag: "🔍", memo: "📝",
  moon: "🌔", crescent_moon: "🌙", no_entry: "⛔", no_entry_sign: "🚫", ok: "🆗", ok_hand: "👌",
  one: "1️⃣", package: "📦", page_facing_up: "📄", partying_face: "🥳", pray: "🙏", pushpin: "📌",
  question: "❓", raised_hands: "🙌", recycle: "♻️", red_circle: "🔴", repeat: "🔁",
  robot_face: "🤖", rocket: "🚀", rotating_light: "🚨", satellite: "🛰️", see_no_evil: "🙈",
  shield: "🛡️", ship: "🚢", slightly_smiling_face: "🙂", smile: "😄", snail: "🐌", sob: "😭",
  sparkles: "✨", star: "⭐", stop_sign: "🛑", stopwatch: "⏱️", tada: "🎉", thinking_face: "🤔",
  thumbsdown: "👎", thumbsup: "👍", two: "2️⃣", three: "3️⃣", wastebasket: "🗑️", warning: "⚠️",
  wave: "👋", whale: "🐳", white_check_mark: "✅", white_circle: "⚪", wrench: "🔧", x: "❌",
  zap: "⚡", zzz: "💤",
};

/** What people react with from the toolbar. */
export const QUICK_REACTIONS = ["eyes", "white_check_mark", "thumbsup"];

export const EMOJI_TOKEN = /:([a-z0-9_+-]{1,60})(?:::skin-tone-[2-6])?:/y;

/** Return the character of a name, or "". */
export function emojiCharacter(name) {
  return Object.hasOwn(NAMES, name) ? NAMES[name] : "";
}

/** Return the emoji of a name, or the name between colons. */
export function emoji(name) {
  const shown = emojiCharacter(name);
  if (!shown) return document.createTextNode(`:${name}:`);
  return el("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, shown);
}
