// A row of the list: built for its place, and painted with the service that stands there.
import { computed, effect } from '@preact/signals';
import { useLayoutEffect, useMemo } from 'preact/hooks';
import { template, type Column } from './columns';
import { places, placesCount } from './list';
import { Bind } from './paint';
import { narrow } from './prefs';
import { follow, servicePath } from './route';
import { NarrowRow, type Live } from './row';
import { rowOf, type LiveRow } from './rows';
import type { Row as ServiceRow } from './views';

// By place, not by name: another order paints other words into the same elements.
function useLiveAt(index: number): Live {
  return useMemo(() => {
    let last: LiveRow;
    const live = computed(() => (last = rowOf(places.value[index] ?? '') ?? last)); // a place that goes keeps what it had
    return { index, row: computed(() => live.value.row.value), state: computed(() => live.value.state.value), bind: new Bind(), still: new Bind() };
  }, [index]);
}

function rowClass(row: ServiceRow): string {
  const staleness = row.evidence === 'stale' || row.evidence === 'no_data' ? ' old' : '';
  return `row ${narrow.value ? 'narrow' : 'wide'}${staleness}${row.caused_by ? ' victim' : ''}`;
}

const Cells = ({ live, columns }: { live: Live; columns: readonly Column[] }) => (
  <>{columns.map((column, i) => <span key={i} role="cell" class={`cell ${column.align ?? ''}`}>{column.cell(live)}</span>)}</>
);

export function Row({ index, columns }: { index: number; columns: readonly Column[] }) {
  const live = useLiveAt(index);
  const built = useMemo(() => (narrow.value ? <NarrowRow live={live} /> : <Cells key={template(columns)} live={live} columns={columns} />), [live, columns, narrow.value]);
  const own = useMemo(() => live.bind.to({ class: rowClass }), [live]);
  useLayoutEffect(() => {
    const stops = [effect(() => live.still.paint(live.state.value)), effect(() => live.bind.paint(live.row.value))];
    return () => stops.forEach((stop) => stop());
  }, [built]);
  const click = (event: MouseEvent) => {
    if (getSelection()?.isCollapsed !== false) follow(event, servicePath(live.state.peek().service));
  };
  return narrow.value
    ? <div ref={own} role="listitem" onClick={click} aria-posinset={index + 1} aria-setsize={placesCount.value}>{built}</div>
    : <div ref={own} role="row" onClick={click} aria-rowindex={index + 2}>{built}</div>;
}
