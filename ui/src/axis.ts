// Where an axis has its marks. Pure.

const GRID_MAX = 4;

// The steps of an axis from 0 to at least max: 1, 2, 2.5 or 5 times a power of ten.
export function ticks(max: number): number[] {
  const top = max > 0 ? max : 1;
  const power = 10 ** Math.floor(Math.log10(top / GRID_MAX));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((s) => Math.ceil(top / s - 1e-9) < GRID_MAX) ?? 10 * power;
  const n = Math.ceil(top / step - 1e-9);
  return Array.from({ length: n + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

// Whole minutes (or parts of them) that leave room between their labels.
export function timeTicks(fromMs: number, toMs: number, most: number): number[] {
  const steps = [15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((s) => s * 1000);
  const step = steps.find((s) => (toMs - fromMs) / s <= most) ?? 3_600_000;
  const times = [];
  for (let t = Math.ceil(fromMs / step) * step; t <= toMs; t += step) times.push(t);
  return times;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SPAN_STEPS_MS = [1, 2, 5, 10, 15, 30].map((m) => m * MINUTE_MS).concat([1, 2, 3, 6, 12].map((h) => h * HOUR_MS), [1, 2, 7, 14].map((d) => d * DAY_MS));
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600];
const MONTH_MS = 30.4 * DAY_MS;

export interface SpanTicks {
  times: number[];
  unit: 'minute' | 'day' | 'month' | 'year'; // what the marks stand at the beginning of
}

// The beginnings of months, every so many of them, counted from January.
function monthTicks(fromMs: number, toMs: number, step: number): number[] {
  const from = new Date(fromMs);
  const times = [];
  for (let month = Math.ceil((from.getUTCFullYear() * 12 + from.getUTCMonth()) / step) * step; ; month += step) {
    const at = Date.UTC(Math.floor(month / 12), month % 12, 1);
    if (at > toMs || Number.isNaN(at)) return times;
    if (at >= fromMs) times.push(at);
  }
}

// Marks of an axis of minutes to decades: at whole steps of the clock, and from weeks on of the calendar (UTC).
export function spanTicks(fromMs: number, toMs: number, most: number): SpanTicks {
  const span = Math.max(1, toMs - fromMs);
  const step = SPAN_STEPS_MS.find((s) => span / s <= most);
  if (step === undefined) {
    const months = MONTH_STEPS.find((m) => span / (m * MONTH_MS) <= most) ?? 12 * Math.ceil(span / (12 * MONTH_MS * most));
    return { times: monthTicks(fromMs, toMs, months), unit: months % 12 === 0 ? 'year' : 'month' };
  }
  const times = [];
  for (let t = Math.ceil(fromMs / step) * step; t <= toMs; t += step) times.push(t);
  return { times, unit: step >= DAY_MS ? 'day' : 'minute' };
}
