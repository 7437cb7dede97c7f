// What the charts of a service show, made from its history: lines, marks, and the words for both. Pure.
//
// A value stands at the end of the step that it is of. null is "not heard" and becomes a gap.
import { shareTicks, ticks } from './axis';
import { clock, duration, percentText, rateAxis, rateText, successText } from './format';
import type { ServiceDocument, Values } from './views';
import type { History } from './views-service';

export type Tone = 's1' | 's3' | 's4' | 'retry' | 'crit' | 'warn' | 'ink2';

// The instants of a chart: `count` of them, step_s apart, the last at end_ms, in a picture of period_s.
export interface Timeline {
  period_s: number;
  step_s: number;
  end_ms: number;
  count: number;
}
export interface Line {
  name: string;
  tone: Tone;
  values: Values;
  dash?: readonly number[];
  stepped?: boolean; // it holds for the whole step before its time
  end: string; // what stands at its end
}
export interface Mark {
  at: number;
  label: string;
}
export interface ChartSpec {
  id: string;
  title: string;
  lines: readonly Line[];
  marks: readonly Mark[];
  grid: readonly number[]; // from the bottom to the top of the picture
  note: string | null; // about the axis
  alone?: boolean; // no others stand beside it: it is tall, and needs no room for words at its lines' ends
  missing?: string; // in place of a value; else "not heard"
  show(value: number | null): string; // with its unit
  axis(value: number): string;
}

export const SHORT_DASH = [2, 2.5];
export const LONG_DASH = [7, 3];
const ATTEMPT_DASH = [4, 3];
const TABLE_ROWS_MAX = 360;

export const isHeard = (values: Values): boolean => values.some((v) => v !== null);
export const startMs = (t: Pick<Timeline, 'end_ms' | 'period_s'>): number => t.end_ms - t.period_s * 1000;
export const timesOf = (t: Timeline): number[] => Array.from({ length: t.count }, (_, i) => t.end_ms - (t.count - 1 - i) * t.step_s * 1000);
export const timelineOf = ({ period_s, step_s, end_ms, calls }: History): Timeline => ({ period_s, step_s, end_ms, count: calls.length });

export function indexAt(t: Timeline, ms: number): number | null {
  const i = t.count - 1 - Math.round((t.end_ms - ms) / (t.step_s * 1000));
  return i >= 0 && i < t.count ? i : null;
}

function lowestOf(lines: readonly Values[]): number {
  return lines.reduce((low, values) => values.reduce<number>((l, v) => (v === null ? l : Math.min(l, v)), low), Infinity);
}
const highestOf = (lines: readonly Values[]): number => -lowestOf(lines.map((values) => values.map((v) => (v === null ? null : -v))));

function lastOf(values: Values): number | null {
  for (let i = values.length - 1; i >= 0; i--) if (values[i] !== null) return values[i]!;
  return null;
}

const sum = (a: Values, b: Values): Values => a.map((v, i) => (v === null || (b[i] ?? null) === null ? null : v + b[i]!));
const heardLines = (lines: readonly Line[]): Line[] => lines.filter((line) => isHeard(line.values));
const sharePercent = (share: number) => `${Number((share * 100).toFixed(5))}\u202f%`;

function fromZero(lines: readonly Line[], marks: readonly Mark[]): number[] {
  return ticks(Math.max(0, highestOf(lines.map((l) => l.values)), ...marks.map((m) => m.at)));
}

// Rates on one axis have one unit, that of the highest.
function rateGrid(lines: readonly Line[]): Pick<ChartSpec, 'grid' | 'axis'> {
  const grid = fromZero(lines, []);
  return { grid, axis: (v) => rateAxis(v, grid[grid.length - 1]!) };
}

function successChart(doc: ServiceDocument, h: History): ChartSpec {
  const target = doc.slo?.success_rate_target_percent ?? null;
  const first = isHeard(h.first_attempt_success_ratio);
  const lines = heardLines([
    { name: 'final', tone: 's1', values: h.success_ratio, end: 'final' },
    { name: first ? 'first attempts' : 'attempts', tone: 'retry', dash: ATTEMPT_DASH, end: first ? 'first' : 'attempts',
      values: first ? h.first_attempt_success_ratio : h.attempt_success_ratio },
  ]);
  const grid = shareTicks(Math.min(lowestOf(lines.map((l) => l.values)), target === null ? 1 : target / 100));
  return {
    id: 'success', title: 'Success of calls', lines, grid, note: grid[0]! > 0 ? `axis from ${sharePercent(grid[0]!)}` : null,
    marks: target === null ? [] : [{ at: Number((target / 100).toPrecision(12)), label: `objective ${target}\u202f%` }],
    show: (v) => successText(v, target), axis: sharePercent,
  };
}

function callsChart(h: History): ChartSpec {
  const attempts = sum(h.calls, h.retries);
  const calls = lastOf(h.calls.map((v, i) => (attempts[i] === null ? null : v)));
  const factor = (calls ? lastOf(attempts)! / calls : 1).toFixed(2);
  const lines = heardLines([
    { name: 'attempts', tone: 'retry', dash: ATTEMPT_DASH, values: attempts, end: factor === '1.00' ? '' : `\u00d7${factor}` },
    { name: 'calls', tone: 's1', values: h.calls, end: '' },
  ]);
  return {
    id: 'calls', title: lines.length > 1 ? 'Calls and attempts' : 'Calls', lines, marks: [], note: null, show: rateText, ...rateGrid(lines),
  };
}

function latencyChart(doc: ServiceDocument, h: History): ChartSpec {
  const target = doc.slo?.response_time_target_ms ?? null;
  const marks = target === null ? [] : [{ at: target / 1000, label: `objective ${duration(target / 1000)} for p95` }];
  const lines = heardLines([
    { name: 'p50', tone: 's1', dash: SHORT_DASH, values: h.latency_p50_s, end: 'p50' },
    { name: 'p95', tone: 's3', dash: LONG_DASH, values: h.latency_p95_s, end: 'p95' },
    { name: 'p99', tone: 's4', values: h.latency_p99_s, end: 'p99' },
  ]);
  return { id: 'latency', title: 'Latency', lines, marks, grid: fromZero(lines, marks), note: null, show: duration, axis: (v) => (v === 0 ? '0' : duration(v)) };
}

function retriesChart(h: History): ChartSpec {
  const used = heardLines([
    { name: 'used', tone: 's1', values: h.retries, end: '' },
    { name: 'denied', tone: 'crit', dash: LONG_DASH, values: h.retries_denied, end: '' },
  ]);
  const limit: Line = { name: 'limit', tone: 'ink2', dash: ATTEMPT_DASH, stepped: true, values: h.retry_limit, end: 'limit' };
  const lines = used.length > 0 ? heardLines([...used, limit]) : [];
  return {
    id: 'retries', title: `Retries used${used.length > 1 ? ' and denied' : ''}`, lines, marks: [], note: null, show: rateText, ...rateGrid(lines),
  };
}

// Where no limit is told in retries, what is used of the budget is the only measure.
function budgetChart({ budget }: ServiceDocument, h: History): ChartSpec {
  const told = [[budget.warning_threshold_percent, 'warning'], [budget.critical_threshold_percent, 'critical']] as const;
  const marks = told.flatMap(([at, word]) => (at === null ? [] : [{ at, label: `${word} ${at}\u202f%` }]));
  const lines = isHeard(h.retry_limit) ? [] : heardLines([{ name: 'used', tone: 's1', values: h.utilization_percent, end: '' }]);
  return { id: 'budget', title: 'Retry budget used', lines, marks, grid: fromZero(lines, marks), note: null, show: percentText, axis: percentText };
}

// The charts that have something to show.
export function chartsOf(doc: ServiceDocument, h: History): ChartSpec[] {
  return [successChart(doc, h), callsChart(h), latencyChart(doc, h), retriesChart(h), budgetChart(doc, h)].filter((c) => c.lines.length > 0);
}

// Since when there is anything, when that is not the beginning of the period.
export function knownSince(h: History): number | null {
  const first = h.calls.findIndex((v, i) => v !== null || h.retries[i] !== null || h.utilization_percent[i] !== null);
  const ms = first < 0 ? h.end_ms : timesOf(timelineOf(h))[first]! - h.step_s * 1000;
  return ms - startMs(h) > 1.5 * h.step_s * 1000 ? ms : null;
}

// What a person who does not see the chart is told.
export function summary(spec: ChartSpec, t: Timeline): string {
  const times = timesOf(t);
  const line = ({ name, values }: Line) => {
    if (!isHeard(values)) return `${name}: ${spec.missing ?? 'nothing heard'}`;
    const low = lowestOf([values]);
    const high = highestOf([values]);
    const missing = (Math.max(t.count, t.period_s / t.step_s) - values.filter((v) => v !== null).length) * t.step_s;
    return `${name}: at the end ${spec.show(values[values.length - 1] ?? null)}, lowest ${spec.show(low)} at ${clock(times[values.indexOf(low)]!)}, `
      + `highest ${spec.show(high)} at ${clock(times[values.indexOf(high)]!)}${missing >= t.step_s ? `, ${spec.missing ?? 'nothing heard'} for ${duration(missing)}` : ''}`;
  };
  return [`${spec.title}, ${clock(startMs(t))} to ${clock(t.end_ms)} UTC`, ...spec.lines.map(line), ...spec.marks.map((m) => m.label)].join('. ');
}

// The rows of a chart's table, newest first; of very many every so many.
export function tableRows({ count: n }: Timeline): number[] {
  const every = Math.ceil(n / TABLE_ROWS_MAX);
  return Array.from({ length: Math.ceil(n / every) }, (_, k) => n - 1 - k * every);
}

// Moves labels apart that would overlap: at least `gap` between them, all between lo and hi, in their order.
export function spread(wanted: readonly number[], gap: number, lo: number, hi: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]!);
  const placed = [...wanted];
  let free = lo;
  for (const i of order) {
    placed[i] = Math.max(placed[i]!, free);
    free = placed[i]! + gap;
  }
  free = hi;
  for (const i of order.reverse()) {
    placed[i] = Math.min(placed[i]!, free);
    free = placed[i]! - gap;
  }
  return placed;
}
