// Where an axis has its marks. Pure.

const GRID_MAX = 4;
const SHARE_SPAN_MIN = 0.01; // below a hundredth there is noise, drawn large

// The marks of an axis from 0 to at least max: steps of 1, 2, 2.5 or 5 times a power of ten.
export function ticks(max: number): number[] {
  const top = max > 0 ? max : 1;
  const power = 10 ** Math.floor(Math.log10(top / GRID_MAX));
  const step = [1, 2, 2.5, 5, 10, 20].map((n) => n * power).find((s) => Math.ceil(top / s - 1e-9) < GRID_MAX)!;
  const n = Math.ceil(top / step - 1e-9);
  return Array.from({ length: n + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

const NEAR_ZERO = 0.75; // a curve that leaves more room than this below it is drawn without its zero

// The grid of any values: with the zero, unless they all keep far from it.
export function spanGrid(low: number, high: number): number[] {
  let from = low >= 0 && low < NEAR_ZERO * high ? 0 : low;
  let to = high <= 0 && high > NEAR_ZERO * low ? 0 : high;
  if (from === to) [from, to] = from === 0 ? [0, 1] : [Math.min(0, from), Math.max(0, to)];
  const power = 10 ** Math.floor(Math.log10((to - from) / GRID_MAX));
  const fits = (step: number) => Math.ceil(to / step - 1e-9) - Math.floor(from / step + 1e-9) <= GRID_MAX;
  const step = [1, 2, 2.5, 5, 10, 20, 50].map((n) => n * power).find(fits)!;
  const first = Math.floor(from / step + 1e-9);
  return Array.from({ length: Math.ceil(to / step - 1e-9) - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

// The grid of a chart of shares, from the top down: whole is on top, and the lowest value is above the floor.
export function shareTicks(lowest: number): number[] {
  return ticks(Math.max(SHARE_SPAN_MIN, 1 - lowest)).map((t) => Number(Math.max(0, 1 - t).toPrecision(9))).reverse();
}

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const SPAN_STEPS_MS = [5, 10, 15, 30].map((t) => t * SECOND_MS).concat([1, 2, 5, 10, 15, 30].map((m) => m * MINUTE_MS), [1, 2, 3, 6, 12].map((h) => h * HOUR_MS), [1, 2, 7, 14].map((d) => d * DAY_MS));
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600];
const MONTH_MS = 30.4 * DAY_MS;

export interface SpanTicks {
  times: number[];
  unit: 'second' | 'minute' | 'day' | 'month' | 'year'; // what the marks stand at the beginning of
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

// Marks of an axis of seconds to decades: at whole steps of the clock, and from weeks on of the calendar (UTC).
export function spanTicks(fromMs: number, toMs: number, most: number): SpanTicks {
  const span = Math.max(1, toMs - fromMs);
  const step = SPAN_STEPS_MS.find((s) => span / s <= most);
  if (step === undefined) {
    const months = MONTH_STEPS.find((m) => span / (m * MONTH_MS) <= most) ?? 12 * Math.ceil(span / (12 * MONTH_MS * most));
    return { times: monthTicks(fromMs, toMs, months), unit: months % 12 === 0 ? 'year' : 'month' };
  }
  const times = [];
  for (let t = Math.ceil(fromMs / step) * step; t <= toMs; t += step) times.push(t);
  return { times, unit: step >= DAY_MS ? 'day' : step >= MINUTE_MS ? 'minute' : 'second' };
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

// The words under a mark: of the clock, at midnight and from days on of the calendar.
export function tickText(ms: number, unit: SpanTicks['unit']): string {
  const text = new Date(ms).toISOString();
  const month = MONTHS[Number(text.slice(5, 7)) - 1];
  if (unit === 'year') return text.slice(0, 4);
  if (unit === 'month') return month === 'Jan' ? `Jan ${text.slice(0, 4)}` : `${month}`;
  if (unit === 'day' || text.slice(11, 19) === '00:00:00') return `${month} ${Number(text.slice(8, 10))}`;
  return text.slice(11, unit === 'second' ? 19 : 16);
}
