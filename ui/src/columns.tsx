// The columns of the wide list, one row each: what stands in the head, how wide, what it sorts by, what a row
// shows. Those of a high rank are left out first where there is no room.
import type { VNode } from 'preact';
import { BreakersCell, BudgetCell, CallsSpark, ErrorsSpark, Latency, Left, Origin, RowGlyph, ServiceName, Speed, SuccessCell, type Live } from './row';

export interface Column {
  title: string;
  sort?: string;
  width: number; // px, at least
  grows?: number; // share of what is left
  rank: number;
  align?: 'rt' | 'rc' | 'name';
  cell(live: Live): VNode;
}

const COLUMNS: readonly Column[] = [
  { title: 'Service', sort: 'name', width: 170, grows: 3, rank: 0, align: 'name', cell: (live) => (
    <>
      <RowGlyph live={live} />
      <span class="grow"><ServiceName live={live} /><Origin live={live} /></span>
    </>
  ) },
  { title: 'Calls/s', sort: 'calls', width: 58, rank: 0, align: 'rt', cell: (live) => <Speed live={live} of="calls_per_s" /> },
  { title: '15 min', width: 72, rank: 4, cell: (live) => <CallsSpark live={live} /> },
  { title: 'Success', sort: 'success', width: 136, grows: 0.5, rank: 0, align: 'rc', cell: (live) => <SuccessCell live={live} /> },
  { title: 'p99', sort: 'p99', width: 56, rank: 1, align: 'rt', cell: (live) => <Latency live={live} /> },
  { title: 'Retry budget used', sort: 'budget', width: 196, grows: 1, rank: 0, align: 'rc', cell: (live) => <BudgetCell live={live} /> },
  { title: 'Left, minute', sort: 'left', width: 72, rank: 5, align: 'rt', cell: (live) => <Left live={live} per="minute" /> },
  { title: 'Left, hour', sort: 'left_hour', width: 72, rank: 6, align: 'rt', cell: (live) => <Left live={live} per="hour" /> },
  { title: 'Breakers', sort: 'open', width: 66, rank: 0, cell: (live) => <BreakersCell live={live} /> },
  { title: 'Errors/s', sort: 'errors', width: 58, rank: 2, align: 'rt', cell: (live) => <Speed live={live} of="errors_per_s" /> },
  { title: '15 min', width: 72, rank: 3, cell: (live) => <ErrorsSpark live={live} /> },
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
