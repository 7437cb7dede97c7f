// The rows of the services, kept current by frames: whole rows when a state changes, else figures alone.
//
// A row is made of signals, so that one of a thousand repaints alone, and of it what is another. What a frame tells
// of its figures waits until somebody reads the row: nobody reads the thousand that are out of sight.
import { computed, signal, type Signal } from '@preact/signals';
import type { FrameTable, Row } from './views';

const SPARK_POINTS = 90; // that a mark shows
const SPARK_SPARE = 18; // older ones go together, which is cheaper than one by one

type Path = readonly [keyof Row] | readonly ['budget', keyof Row['budget']];
type Bag = Record<string, unknown>;

function merged(row: Row, spark: Row['spark'], columns: readonly Path[], figures: readonly unknown[] | null): Row {
  if (!figures) return row.spark === spark ? row : { ...row, spark };
  const next = { ...row, spark, budget: { ...row.budget } };
  columns.forEach(([name, inner], i) => {
    if (inner === undefined) (next as unknown as Bag)[name] = figures[i + 1];
    else (next.budget as unknown as Bag)[inner] = figures[i + 1];
  });
  return next;
}

export class LiveRow {
  // As it last came whole: its figures may be old, what is no figure is not.
  readonly state: Signal<Row>;
  // Its points are appended in place, and the object around them is another then.
  private readonly spark: Signal<Row['spark']>;
  private columns: readonly Path[] = [];
  private readonly figures = signal<readonly unknown[] | null>(null);
  // With the newest figures.
  readonly row = computed(() => merged(this.state.value, this.spark.value, this.columns, this.figures.value));

  constructor(row: Row) {
    this.state = signal(row);
    this.spark = signal(row.spark);
  }

  put(row: Row): void {
    this.figures.value = null;
    this.state.value = row;
    if (row.spark) this.spark.value = row.spark;
  }

  putFigures(columns: readonly Path[], figures: readonly unknown[]): void {
    this.columns = columns;
    this.figures.value = figures;
  }

  putStep(columns: readonly string[], step: readonly unknown[]): void {
    const spark = this.spark.peek();
    if (!spark) return;
    for (let i = 0; i < columns.length; i++) {
      const points = (spark as unknown as Record<string, unknown[]>)[columns[i]!];
      if (points && points.push(step[i + 1]) > SPARK_POINTS + SPARK_SPARE) points.splice(0, SPARK_SPARE + 1);
    }
    this.spark.value = { ...spark, end_ms: spark.end_ms + spark.step_s * 1000 };
  }
}

const rows = new Map<string, LiveRow>();
export const rowOf = (name: string): LiveRow | undefined => rows.get(name);

// The names, worst first.
export const order = signal<readonly string[]>([]);
// Counts frames: whose figures moved, and whose rows came whole.
export const figuresMoved = signal(0);
export const statesMoved = signal(0);
// Counts what was told at once of rows that nobody had asked for before: an order made without it was not the right one.
export const caughtUp = signal(0);
// Some row has told a percentile of its latency.
export const latencyTold = signal(false);

const newest = (a: number | null, b: unknown) => (typeof b === 'number' && b > (a ?? 0) ? b : a);

// Returns when the newest data came, as putFigures does; null: nothing tells.
export function putRows(whole: readonly Row[]): number | null {
  let lastMs: number | null = null;
  for (const row of whole) {
    const known = rows.get(row.service);
    if (known) known.put(row);
    else rows.set(row.service, new LiveRow(row));
    lastMs = newest(lastMs, row.last_data_ms);
    if (row.latency_p99_s !== null) latencyTold.value = true;
  }
  if (whole.length > 0) statesMoved.value++;
  return lastMs;
}

export function putFigures({ columns, rows: told }: FrameTable): number | null {
  const paths = columns.map((column) => column.split('.') as unknown as Path);
  const at = columns.indexOf('last_data_ms') + 1;
  const p99 = columns.indexOf('latency_p99_s') + 1;
  let lastMs: number | null = null;
  for (const figures of told) {
    rows.get(figures[0] as string)?.putFigures(paths, figures);
    lastMs = newest(lastMs, figures[at]);
    if (p99 > 0 && figures[p99] !== null) latencyTold.value = true;
  }
  figuresMoved.value++;
  return lastMs;
}

export function putSteps({ columns, rows: told }: FrameTable): void {
  for (const step of told) rows.get(step[0] as string)?.putStep(columns, step);
}

export function putOrder(next: readonly string[]): void {
  const kept = new Set(next);
  for (const name of rows.keys()) if (!kept.has(name)) rows.delete(name);
  order.value = [...kept].filter((name) => rows.has(name));
}
