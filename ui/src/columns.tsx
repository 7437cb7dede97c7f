// The columns of the wide list, one row each: what stands in the head, how wide, what it sorts by, what a row
// shows. Those of a high rank are left out first where there is no room.
//
// What a cell shows is called, not mounted: a component for each mark of each row would cost more than the marks.
import type { ComponentChildren } from 'preact';
import { duration } from './format';
import { Glyph, rowGlyph } from './glyphs';
import { Spark } from './marks';
import { BreakersCell, BudgetCell, Left, Origin, Speed, SuccessCell, errorTone } from './row';
import { ServiceLink } from './text';
import type { Budget, Row } from './views';

export interface Column {
  title: string;
  sort?: string;
  width: number; // px, at least
  grows?: number; // share of what is left
  rank: number;
  align?: 'rt' | 'rc' | 'name';
  still?: boolean; // shows no figure: stays until a whole row comes
  cell(row: Row, index: number): ComponentChildren;
}

const isTold = (budget: Budget) => budget.utilization_percent !== null;

const COLUMNS: readonly Column[] = [
  { title: 'Service', sort: 'name', width: 170, grows: 3, rank: 0, align: 'name', still: true, cell: (row, index) => (
    <>
      {Glyph({ kind: rowGlyph(row) })}
      <span class="grow">{ServiceLink({ service: row.service, index })}{Origin({ row })}</span>
    </>
  ) },
  { title: 'Calls/s', sort: 'calls', width: 58, rank: 0, align: 'rt', cell: (row) => Speed({ perSecond: row.calls_per_s }) },
  { title: '15 min', width: 72, rank: 4, cell: (row) => row.spark && <Spark values={row.spark.calls} endMs={row.spark.end_ms} /> },
  { title: 'Success', sort: 'success', width: 136, grows: 0.5, rank: 0, align: 'rc', cell: (row) => SuccessCell({ row }) },
  { title: 'p99', sort: 'p99', width: 56, rank: 1, align: 'rt', cell: (row) => (
    row.latency_p99_s === null ? <span class="m" title="not told">{'\u2014'}</span> : duration(row.latency_p99_s)
  ) },
  { title: 'Retry budget used', sort: 'budget', width: 196, grows: 1, rank: 0, align: 'rc', cell: (row) => BudgetCell({ row }) },
  { title: 'Left, minute', sort: 'left', width: 72, rank: 5, align: 'rt',
    cell: ({ budget }) => Left({ value: budget.remaining_minute, limit: budget.limit_minute, per: 'minute', told: isTold(budget) }) },
  { title: 'Left, hour', sort: 'left_hour', width: 72, rank: 6, align: 'rt',
    cell: ({ budget }) => Left({ value: budget.remaining_hour, limit: budget.limit_hour, per: 'hour', told: isTold(budget) }) },
  { title: 'Breakers', sort: 'open', width: 66, rank: 0, still: true, cell: (row) => BreakersCell({ row }) },
  { title: 'Errors/s', sort: 'errors', width: 58, rank: 2, align: 'rt', cell: (row) => {
    const tone = errorTone(row);
    return Speed({ perSecond: row.errors_per_s, tone: tone === 's1' ? '' : `c-${tone} b` });
  } },
  { title: '15 min', width: 72, rank: 3, cell: (row) => (
    row.spark && <Spark values={row.spark.errors} endMs={row.spark.end_ms} tone={errorTone(row)} against={row.spark.calls} />
  ) },
];

export const GAP_PX = 14; // as in page.css
const EDGE_PX = 26;

// The columns that fit, in their order; that of latency only where a row has something to show in it.
export function columnsFor(widthPx: number, latency: boolean): readonly Column[] {
  let shown = COLUMNS.filter((column) => latency || column.sort !== 'p99');
  const needs = () => EDGE_PX + shown.reduce((sum, { width }) => sum + width + GAP_PX, -GAP_PX);
  while (needs() > widthPx) {
    const least = Math.max(...shown.map(({ rank }) => rank));
    if (least === 0) break;
    shown = shown.filter(({ rank }) => rank < least);
  }
  return shown;
}

export const template = (columns: readonly Column[]): string =>
  columns.map(({ width, grows }) => (grows ? `minmax(${width}px, ${grows}fr)` : `${width}px`)).join(' ');
