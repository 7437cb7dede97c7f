// The rows of the services, kept current by frames: whole rows when a state changes, else figures alone.
//
// A row is a signal of its own, so that one of a thousand repaints alone. What a frame tells of its
// figures waits until somebody reads the row: nobody reads the thousand that are out of sight.
import { signal } from '@preact/signals';
import type { FrameTable, Row } from './views';

const SPARK_POINTS = 90; // that a mark shows
const SPARK_SPARE = 18; // older ones go together, which is cheaper than one by one

type Path = readonly [keyof Row] | readonly ['budget', keyof Row['budget']];
type Bag = Record<string, unknown>;

class LiveRow {
  private readonly version = signal(0);
  private moved = false;
  private wholes = 0;
  private columns: readonly Path[] = [];
  private figures: readonly unknown[] = [];

  constructor(private row: Row) {}

  get value(): Row {
    void this.version.value;
    return this.peek();
  }

  // The row as it last came whole: its figures may be old, what is no figure is not.
  get state(): Row {
    return this.row;
  }

  // Another number as soon as a whole row came.
  get stamp(): number {
    return this.wholes;
  }

  peek(): Row {
    if (!this.moved) return this.row;
    const row = { ...this.row, budget: { ...this.row.budget } };
    this.columns.forEach(([name, inner], i) => {
      if (inner === undefined) (row as unknown as Bag)[name] = this.figures[i + 1];
      else (row.budget as unknown as Bag)[inner] = this.figures[i + 1];
    });
    this.moved = false;
    this.columns = [];
    return (this.row = row);
  }

  put(row: Row): void {
    this.row = row.spark ? row : { ...row, spark: this.row.spark };
    this.wholes++;
    this.moved = false;
    this.columns = [];
    this.version.value++;
  }

  putFigures(columns: readonly Path[], figures: readonly unknown[]): void {
    this.columns = columns;
    this.figures = figures;
    this.moved = true;
    this.version.value++;
  }

  // The spark is this row's own: steps are appended in place.
  putStep(columns: readonly string[], step: readonly unknown[]): void {
    const { spark } = this.row;
    if (!spark) return;
    for (let i = 0; i < columns.length; i++) {
      const points = (spark as unknown as Record<string, unknown[]>)[columns[i]!];
      if (points && points.push(step[i + 1]) > SPARK_POINTS + SPARK_SPARE) points.splice(0, SPARK_SPARE + 1);
    }
    spark.end_ms += spark.step_s * 1000;
    this.moved = true;
    this.version.value++;
  }
}

const rows = new Map<string, LiveRow>();
export const rowOf = (name: string): LiveRow | undefined => rows.get(name);

// The names, worst first.
export const order = signal<readonly string[]>([]);
// Counts frames: whose figures moved, and whose rows came whole.
export const figuresMoved = signal(0);
export const statesMoved = signal(0);
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
