// data_visualization as SVG drawn here, with the same numbers as a table for screen readers.

import { el, svg } from "../dom.js";
import { scaleOf, shortNumber } from "./scale.js";

// On a phone a wide drawing would shrink its letters out of sight.
const NARROW = matchMedia("(max-width: 720px)").matches;
const WIDTH = NARROW ? 320 : 560;
const HEIGHT = NARROW ? 200 : 240;
const LABELS = NARROW ? 5 : 8;
const EDGE = { left: 52, right: 12, top: 12, bottom: 42 };
const INNER = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };
const RADIUS = 100;

export function chart(block) {
  const drawn = block.chart ?? {};
  const pie = drawn.type === "pie";
  const picture = pie ? drawPie(drawn.segments ?? []) : drawAxes(drawn);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `${block.title}: a ${drawn.type} chart; its numbers follow as a table`);
  const names = pie ? (drawn.segments ?? []).map((one) => one.label) : (drawn.series ?? []).map((one) => one.name);
  return el("figure", { class: "chart" },
    el("figcaption", {}, block.title),
    picture,
    names.length > 1 || pie ? legend(names) : null,
    numbers(drawn, pie));
}

function drawAxes({ type, series = [], axis_config: axes = {} }) {
  const labels = axes.categories ?? (series[0]?.data ?? []).map((point) => point.label);
  const values = series.flatMap((one) => one.data.map((point) => point.value));
  const scale = scaleOf(values, type !== "line");
  const y = (value) => EDGE.top + INNER.height * (1 - (value - scale.low) / (scale.high - scale.low));
  const step = INNER.width / Math.max(labels.length, 1);
  const x = (index) => EDGE.left + step * (index + 0.5);
  const root = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "axes" });
  for (const tick of scale.ticks) {
    root.append(
      svg("line", { class: "grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(tick), y2: y(tick) }),
      svg("text", { class: "tick", x: EDGE.left - 8, y: y(tick) + 4, "text-anchor": "end" }, shortNumber(tick)));
  }
  const every = Math.ceil(labels.length / LABELS);
  labels.forEach((label, index) => {
    if (index % every) return;
    root.append(svg("text", { class: "tick", x: x(index), y: HEIGHT - 24, "text-anchor": "middle" }, clipped(label, Math.floor((step * every) / 6))));
  });
  if (axes.y_label) {
    root.append(svg("text", { class: "tick", x: -(EDGE.top + INNER.height / 2), y: 11, transform: "rotate(-90)", "text-anchor": "middle" }, axes.y_label));
  }
  series.forEach((one, index) => root.append(...drawSeries(type, one, index, { x, y, step, count: series.length, zero: y(Math.max(scale.low, 0)) })));
  if (axes.x_label) root.append(svg("text", { class: "tick", x: WIDTH - EDGE.right, y: HEIGHT - 6, "text-anchor": "end" }, axes.x_label));
  return root;
}

function drawSeries(type, { name, data }, index, { x, y, step, count, zero }) {
  const hue = `series-${index % 6}`;
  const tip = (point) => svg("title", {}, `${name}, ${point.label}: ${point.value}`);
  if (type === "bar") {
    const width = Math.min((step * 0.8) / count, 48);
    return data.map((point, at) => {
      const left = x(at) - (width * count) / 2 + width * index;
      const top = Math.min(y(point.value), zero);
      return svg("rect", { class: `bar ${hue}`, x: left, y: top, width: Math.max(width - 2, 1), height: Math.max(Math.abs(zero - y(point.value)), 1), rx: 2 }, tip(point));
    });
  }
  const points = data.map((point, at) => `${x(at).toFixed(1)},${y(point.value).toFixed(1)}`);
  const dots = data.map((point, at) => svg("circle", { class: `dot ${hue}`, cx: x(at), cy: y(point.value), r: 3 }, tip(point)));
  const line = svg("polyline", { class: `line ${hue}`, points: points.join(" ") });
  if (type !== "area") return [line, ...dots];
  const floor = `${x(data.length - 1).toFixed(1)},${zero} ${x(0).toFixed(1)},${zero}`;
  return [svg("polygon", { class: `area ${hue}`, points: `${points.join(" ")} ${floor}` }), line, ...dots];
}

function drawPie(segments) {
  const root = svg("svg", { viewBox: "-110 -110 220 220", class: "pie" });
  const total = segments.reduce((sum, one) => sum + Math.max(one.value, 0), 0);
  let turned = 0;
  segments.forEach((segment, index) => {
    const share = total > 0 ? Math.max(segment.value, 0) / total : 0;
    const title = svg("title", {}, `${segment.label}: ${segment.value} (${Math.round(share * 100)} %)`);
    const hue = `slice series-${index % 6}`;
    // An arc that ends where it began is not drawn: one whole slice is a circle.
    if (share > 0.9999) root.append(svg("circle", { class: hue, r: RADIUS }, title));
    else if (share > 0) root.append(svg("path", { class: hue, d: slice(turned, turned + share) }, title));
    turned += share;
  });
  return root;
}

function slice(from, to) {
  const at = (share) => {
    const angle = share * 2 * Math.PI - Math.PI / 2;
    return `${(RADIUS * Math.cos(angle)).toFixed(2)} ${(RADIUS * Math.sin(angle)).toFixed(2)}`;
  };
  return `M 0 0 L ${at(from)} A ${RADIUS} ${RADIUS} 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to)} Z`;
}

function legend(names) {
  return el("ul", { class: "legend", "aria-hidden": "true" },
    names.map((name, index) => el("li", {}, el("span", { class: `swatch series-${index % 6}` }), name)));
}

function numbers(drawn, pie) {
  const series = pie ? [{ name: "Value", data: drawn.segments ?? [] }] : (drawn.series ?? []);
  const labels = (series[0]?.data ?? []).map((point) => point.label);
  const head = el("tr", {}, el("th", {}, "Label"), series.map((one) => el("th", { scope: "col" }, one.name)));
  const rows = labels.map((label, index) =>
    el("tr", {}, el("th", { scope: "row" }, label), series.map((one) => el("td", {}, String(one.data[index]?.value ?? "")))));
  return el("table", { class: "sr-only" }, el("thead", {}, head), el("tbody", {}, rows));
}

function clipped(text, length) {
  return text.length <= length ? text : `${text.slice(0, Math.max(length - 1, 1))}…`;
}
