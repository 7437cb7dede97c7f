// What of a view's figures a tab is told: those of the rows in its sight. A page that shows twenty of a thousand services
// would else read a thousand rows each second.
//
// The newest figures of all rows are kept here, for the rows that come into sight. The steps of those out of sight follow
// a few with each update, so that none has a thousand of them.
import type { FrameTable } from './views';

// Places in the view's order; null: all rows.
export type Sight = { from: number; to: number } | null;

// What is read of a document and of an update; all else passes.
export interface Told {
  services?: readonly { service: string }[];
  figures?: FrameTable;
  steps?: FrameTable;
  order?: readonly string[];
}

type Figures = FrameTable['rows'][number];
type Names = ReadonlySet<string>;

const nameOf = (figures: Figures) => figures[0] as string;

export class Newest {
  private order: readonly string[] = [];
  private columns: readonly string[] = [];
  private readonly rows = new Map<string, Figures>();

  // A document has all rows whole.
  begin({ services = [] }: Told): void {
    this.order = services.map(({ service }) => service);
    this.rows.clear();
  }

  update({ services = [], figures, order }: Told): void {
    for (const { service } of services) this.rows.delete(service); // newer than its figures
    if (figures) {
      this.columns = figures.columns;
      for (const row of figures.rows) this.rows.set(nameOf(row), row);
    }
    if (!order) return;
    this.order = order;
    if (this.rows.size <= order.length) return;
    const kept = new Set(order);
    for (const name of this.rows.keys()) if (!kept.has(name)) this.rows.delete(name);
  }

  // The update without the rows out of sight, but for the one with the newest data: how old a page's data is, is told of all of it.
  within<T extends Told>(update: T, seen: Names): T {
    const { figures } = update;
    if (!figures) return update;
    const at = figures.columns.indexOf('last_data_ms') + 1;
    const time = (row: Figures) => (at > 0 ? Number(row[at]) : 0);
    const newest = figures.rows.reduce<Figures | null>((best, row) => (best === null || time(row) > time(best) ? row : best), null);
    return { ...update, figures: { columns: figures.columns, rows: figures.rows.filter((row) => row === newest || seen.has(nameOf(row))) } };
  }

  // The figures of the rows that have come into sight; null: none has.
  entered(before: Sight, now: Sight): FrameTable | null {
    const old = this.names(before);
    if (old === null) return null;
    const names = [...(this.names(now) ?? this.order)];
    const rows = names.filter((name) => !old.has(name)).map((name) => this.rows.get(name)).filter((row) => row !== undefined);
    return rows.length > 0 ? { columns: this.columns, rows } : null;
  }

  // Null: all.
  names(sight: Sight): Names | null {
    return sight && new Set(this.order.slice(sight.from, sight.to));
  }
}

const LATE_UPDATES = 8; // a step is told every tenth

// The steps that a tab has not been told yet. Their columns are the same as long as a server runs.
export class LateSteps {
  private columns: readonly string[] = [];
  private share = 0;
  private readonly rows = new Map<string, Figures>();

  clear(): void {
    this.rows.clear();
  }

  // What is told now: of new steps those in sight, of the late ones those in sight and some more. A row's steps keep their order.
  take(steps: FrameTable | undefined, seen: Names | null): FrameTable | undefined {
    const now: Figures[] = [];
    for (const [name, row] of this.rows) {
      if (!steps && seen !== null && !seen.has(name) && now.length >= this.share) continue;
      now.push(row);
      this.rows.delete(name);
    }
    if (steps) {
      this.columns = steps.columns;
      for (const row of steps.rows) {
        if (seen === null || seen.has(nameOf(row))) now.push(row);
        else this.rows.set(nameOf(row), row);
      }
      this.share = Math.ceil(this.rows.size / LATE_UPDATES);
    }
    return now.length > 0 ? { columns: this.columns, rows: now } : undefined;
  }
}
