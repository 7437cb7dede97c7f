// What a query gave: its parts, the words for its series, its rows and lines, and the file it becomes. Pure.
import { spanGrid } from './axis';
import type { ChartSpec, Line, Timeline, Tone } from './chart-data';
import { plain, plainAxis, visible } from './format';

export type Labels = Readonly<Record<string, string>>;
export type Point = readonly [number, string]; // Unix seconds, the number as the server writes it

// "data" of Prometheus' API.
export type Data =
  | { resultType: 'scalar'; result: Point }
  | { resultType: 'string'; result: Point }
  | { resultType: 'vector'; result: readonly { metric: Labels; value: Point }[] }
  | { resultType: 'matrix'; result: readonly { metric: Labels; values: readonly Point[] }[] };

export interface Series {
  labels: Labels;
  name: string; // what tells it from the others
  points: readonly Point[];
}
export interface Found {
  series: readonly Series[];
  shared: string; // what all of them have
}

export const numberOf = (text: string): number => ({ '+Inf': Infinity, '-Inf': -Infinity })[text] ?? Number(text);

// A name that is none of Prometheus' stands in quotes.
const labelName = (name: string) => (/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(visible(name)));
const pair = (name: string, value: string) => `${labelName(name)}=${JSON.stringify(visible(value))}`;

function written(labels: Labels, names: readonly string[]): string {
  const pairs = names.filter((name) => name !== '__name__').map((name) => pair(name, labels[name]!));
  const metric = names.includes('__name__') ? visible(labels['__name__']!) : '';
  return metric + (pairs.length > 0 || metric === '' ? `{${pairs.join(', ')}}` : '');
}

// The whole of a series, as one would ask for it.
export const seriesText = (labels: Labels): string => written(labels, Object.keys(labels));

// What selects the series of a metric, or those with a label; exact, whatever stands in it.
export const selectorOf = (label: string, value: string): string =>
  label === '__name__' && /^[A-Za-z_:][\w:]*$/.test(value) ? value : `{${label}=${JSON.stringify(value)}}`;

// Which labels are not the same in all.
export function differing(all: readonly Labels[]): Set<string> {
  const first = all[0] ?? {};
  const found = new Set<string>();
  for (const labels of all) {
    for (const name in labels) if (labels[name] !== first[name]) found.add(name);
    for (const name in first) if (!(name in labels)) found.add(name);
  }
  return found;
}

export function foundIn(data: Data): Found {
  if (data.resultType === 'scalar' || data.resultType === 'string') return { series: [], shared: '' };
  const all: readonly { metric: Labels; value?: Point; values?: readonly Point[] }[] = data.result;
  const own = differing(all.map(({ metric }) => metric));
  const alone = own.size === 0; // one series, or several that are alike
  const name = (labels: Labels) => written(labels, Object.keys(labels).filter((label) => alone || own.has(label)));
  const rest = alone ? [] : Object.keys(all[0]!.metric).filter((label) => !own.has(label));
  return {
    series: all.map(({ metric, value, values }) => ({ labels: metric, name: name(metric), points: values ?? [value!] })),
    shared: rest.length > 0 ? written(all[0]!.metric, rest) : '',
  };
}

export const pointCount = (all: readonly Series[]): number => all.reduce((sum, { points }) => sum + points.length, 0);

// --- the table

export type Order = 'value' | '-value' | 'name' | '-name' | null;

const lastOf = ({ points }: Series): number => (points.length > 0 ? numberOf(points[points.length - 1]![1]) : NaN);

// null: as the query gave them. What is no number comes last, either way.
export function sortedBy(all: readonly Series[], order: Order): readonly Series[] {
  if (order === null) return all;
  const up = order.startsWith('-') ? -1 : 1;
  if (order.endsWith('name')) {
    const keyed = all.map((series) => ({ series, key: seriesText(series.labels) }));
    return keyed.sort((a, b) => (a.key < b.key ? -up : a.key > b.key ? up : 0)).map(({ series }) => series);
  }
  return [...all].sort((a, b) => {
    const [x, y] = [lastOf(a), lastOf(b)];
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return x === y ? 0 : (x - y) * up;
  });
}

// --- the graph

const TONES: readonly Tone[] = ['s1', 'retry', 's3', 's4', 'ink2'];
const DASHES: readonly (readonly number[] | undefined)[] = [undefined, [7, 3], [2, 2.5], [9, 3, 2, 3]];

// Five hues, then the same with other dashes: the first twenty are all told apart.
export const toneOf = (i: number): Tone => TONES[i % TONES.length]!;
const dashOf = (i: number) => DASHES[Math.floor(i / TONES.length) % DASHES.length];

// A step without a point, or with one that is no number, is a gap.
function valuesOf({ points }: Series, { end_ms, step_s, count }: Timeline): (number | null)[] {
  const values: (number | null)[] = Array(count).fill(null);
  for (const [s, text] of points) {
    const i = count - 1 - Math.round((end_ms / 1000 - s) / step_s);
    const value = numberOf(text);
    if (i >= 0 && i < count && Number.isFinite(value)) values[i] = value;
  }
  return values;
}

export const lineOf = (series: Series, i: number, timeline: Timeline): Line => {
  const dash = dashOf(i);
  return { name: series.name, tone: toneOf(i), values: valuesOf(series, timeline), end: '', ...(dash && { dash }) };
};

export function graphOf(lines: readonly Line[]): ChartSpec {
  let low = Infinity;
  let high = -Infinity;
  for (const { values } of lines)
    for (const v of values)
      if (v !== null) {
        low = Math.min(low, v);
        high = Math.max(high, v);
      }
  const grid = low > high ? [0, 1] : spanGrid(low, high);
  const top = Math.max(Math.abs(grid[0]!), Math.abs(grid[grid.length - 1]!));
  return {
    id: 'query', title: 'Graph', lines, marks: [], grid, alone: true,
    note: grid[0]! > 0 ? `axis from ${plainAxis(grid[0]!, top)}` : null,
    missing: 'no value', show: (v) => (v === null ? 'no value' : plain(v)), axis: (v) => plainAxis(v, top),
  };
}

// Points that no line can show: NaN and the infinities.
export const undrawn = (all: readonly Series[]): number =>
  all.reduce((sum, { points }) => sum + points.reduce((n, [, text]) => n + (Number.isFinite(numberOf(text)) ? 0 : 1), 0), 0);

// --- as a file

// No program may take a text for a formula; a number is none.
const cell = (text: string): string => {
  const safe = /^[=+\-@\t\r]/.test(text) && Number.isNaN(numberOf(text)) && text !== 'NaN' ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};

// One line for each point: its labels, its time, its value.
export function csvOf(all: readonly Series[]): string {
  const names = [...new Set(all.flatMap(({ labels }) => Object.keys(labels)))].sort();
  const lines = [[...names, 'timestamp', 'value'].map(cell).join(',')];
  for (const { labels, points } of all) {
    const own = names.map((name) => cell(labels[name] ?? '')).join(',');
    for (const [s, text] of points) lines.push(`${own}${own === '' && names.length === 0 ? '' : ','}${new Date(Math.round(s * 1000)).toISOString()},${cell(text)}`);
  }
  return `${lines.join('\r\n')}\r\n`;
}
