// Numbers along an axis: round steps, short labels.

const SHORT = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 2 });

/** Return `{low, high, ticks}` around the values; `fromZero` keeps zero on the axis. */
export function scaleOf(values, fromZero) {
  let low = Math.min(...values, fromZero ? 0 : Infinity);
  let high = Math.max(...values, fromZero ? 0 : -Infinity);
  if (!Number.isFinite(low) || !Number.isFinite(high)) [low, high] = [0, 1];
  if (low === high) high = low + (Math.abs(low) || 1);
  // A line that starts near zero is read more honestly from zero.
  if (low > 0 && low < high * 0.5) low = 0;
  const step = roundStep((high - low) / 4);
  const ticks = [];
  for (let tick = Math.floor(low / step) * step; ticks.length < 12; tick += step) {
    ticks.push(Number(tick.toPrecision(12)));
    if (tick >= high) break;
  }
  return { low: ticks[0], high: ticks.at(-1), ticks };
}

/** Return a number as an axis shows it. */
export function shortNumber(value) {
  return SHORT.format(value);
}

function roundStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough) ?? rough;
}
