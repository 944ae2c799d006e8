// Moments in the reader's own time zone and language.

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const TIME = format({ hour: "2-digit", minute: "2-digit" });
const TIME_SECONDS = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const WHOLE = format({ dateStyle: "full", timeStyle: "long" });
const DAYS = {
  short: format({ month: "short", day: "numeric", year: "numeric" }),
  plain: format({ month: "long", day: "numeric", year: "numeric" }),
  long: format({ weekday: "long", month: "long", day: "numeric", year: "numeric" }),
};
const AGO = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const UNITS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 30], ["month", 12], ["year", Infinity]];

/** Return the moment of a Slack timestamp. */
export function momentOf(ts) {
  return new Date(Number.parseFloat(ts) * 1000);
}

/** Return hours and minutes. */
export function clockTime(moment) {
  return TIME.format(moment);
}

/** Return hours and minutes where there is no room for more. */
export function bareTime(moment) {
  const parts = TIME.formatToParts(moment).filter(({ type }) => type !== "dayPeriod");
  return parts.map(({ value }) => value).join("").trim();
}

/** Return everything, for a tooltip. */
export function wholeTime(moment) {
  return WHOLE.format(moment);
}

/** Return "Today", "Yesterday" or the day. */
export function dayName(moment) {
  return pretty(moment, DAYS.long);
}

/** Return "3 minutes ago" and the like. */
export function ago(moment, now = new Date()) {
  let amount = Math.round((moment - now) / 1000);
  for (const [unit, size] of UNITS) {
    if (Math.abs(amount) < size) return AGO.format(amount, unit);
    amount = Math.round(amount / size);
  }
  return "";
}

/** Return Slack's date template filled in, e.g. `{date_short_pretty} at {time}`. */
export function fillDate(template, moment) {
  return template.replace(/\{([a-z_]+)\}/g, (token, name) => TOKENS[name]?.(moment) ?? token);
}

const TOKENS = {
  date_num: (moment) => isoDay(moment),
  date_slash: (moment) => isoDay(moment).replaceAll("-", "/"),
  date: (moment) => DAYS.plain.format(moment),
  date_short: (moment) => DAYS.short.format(moment),
  date_long: (moment) => DAYS.long.format(moment),
  date_pretty: (moment) => pretty(moment, DAYS.plain),
  date_short_pretty: (moment) => pretty(moment, DAYS.short),
  date_long_pretty: (moment) => pretty(moment, DAYS.long),
  day_divider_pretty: (moment) => dayName(moment),
  time: (moment) => TIME.format(moment),
  time_secs: (moment) => TIME_SECONDS.format(moment),
  ago: (moment) => ago(moment),
};

function pretty(moment, otherwise) {
  const start = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  const days = Math.round((start(moment) - start(new Date())) / 86_400_000);
  return { 0: "Today", "-1": "Yesterday", 1: "Tomorrow" }[days] ?? otherwise.format(moment);
}

function isoDay(moment) {
  const pad = (number) => String(number).padStart(2, "0");
  return `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
}
