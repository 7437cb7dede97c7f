// The services. Only the rows in sight are in the document when there are many.
import { batch, computed, effect, signal, useComputed } from '@preact/signals';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { columnsFor, template, type Column } from './columns';
import { count, plural, visible } from './format';
import { busy, group, headingOf, headingWords, hits, moved, places, reSort, sort, sortsUp } from './list';
import { Bind } from './paint';
import { density, narrow } from './prefs';
import { follow, kiosk, servicePath, setParams } from './route';
import { NarrowRow, type Live } from './row';
import { latencyTold, order, rowOf, type LiveRow } from './rows';
import { Chips, Legend, ListTools } from './tools';
import type { Row as ServiceRow } from './views';

const rowPx = computed(() => (narrow.value ? 84 : density.value === 'dense' ? 30 : 46)); // as in page.css
const ALL_UP_TO = 40;
const SPARE_ROWS = 2;
const MOUNTED_MAX = 40;

const entriesCount = computed(() => places.value.length);
const visibleRange = signal({ from: 0, to: ALL_UP_TO });
const widthPx = signal(1200);
let body: HTMLElement | null = null;
let focused = -1;

function measure(): void {
  if (!body) return;
  const n = places.peek().length;
  const px = rowPx.peek();
  const top = body.getBoundingClientRect().top;
  const all = n <= ALL_UP_TO;
  const from = all ? 0 : Math.min(Math.max(0, n - 1), Math.max(0, Math.floor(-top / px) - SPARE_ROWS));
  const to = all ? n : Math.min(n, from + MOUNTED_MAX, Math.ceil((innerHeight - top) / px) + SPARE_ROWS);
  const was = visibleRange.peek();
  if (was.from !== from || was.to !== to) visibleRange.value = { from, to };
}

function focusIndex(index: number, step = 1): void {
  const names = places.peek();
  let i = Math.min(names.length - 1, Math.max(0, index));
  while (names[i] !== undefined && headingOf(names[i]!) !== null) i += step; // a heading has nothing to open
  if (names[i] === undefined) return;
  const find = () => body?.querySelector<HTMLElement>(`a[data-index="${i}"]`);
  focused = i;
  const here = find();
  if (here) {
    here.focus();
    return;
  }
  const top = (body?.getBoundingClientRect().top ?? 0) + scrollY;
  scrollTo(0, Math.max(0, top + i * rowPx.peek() - innerHeight / 2));
  requestAnimationFrame(() => requestAnimationFrame(() => find()?.focus()));
}

// Moves the focus by so many rows; the first time to the first row.
export function moveFocus(by: number): void {
  if (body) focusIndex(focused < 0 ? 0 : focused + by, by < 0 ? -1 : 1);
}

const PAGE_ROWS = 10;
const LIST_KEYS: Record<string, () => void> = {
  ArrowDown: () => moveFocus(1),
  ArrowUp: () => moveFocus(-1),
  PageDown: () => moveFocus(PAGE_ROWS),
  PageUp: () => moveFocus(-PAGE_ROWS),
  Home: () => focusIndex(0),
  End: () => focusIndex(places.peek().length - 1, -1),
};

function onListKey(event: KeyboardEvent): void {
  const act = LIST_KEYS[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
}

let returning: string | null = null;

// The row of this service takes the focus when the list is shown again.
export const returnTo = (name: string): void => {
  returning = name;
};

export const leaveRow = (): void => {
  focused = -1;
  (document.activeElement as HTMLElement | null)?.blur();
};

function Heading({ text, index }: { text: string; index: number }) {
  const { count: n, bad } = headingWords(text);
  const words = (
    <>
      <b>{text ? <bdi>{visible(text)}</bdi> : `no ${group.value}`}</b>
      <span class="m"> {plural(n, 'service')}{bad > 0 && `, ${count(bad)} not well`}</span>
    </>
  );
  return narrow.value ? <div role="listitem" class="row heading">{words}</div>
    : <div role="row" class="row heading" aria-rowindex={index + 2}><span role="cell">{words}</span></div>;
}

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

function Row({ index, columns }: { index: number; columns: readonly Column[] }) {
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
    ? <div ref={own} role="listitem" onClick={click} aria-posinset={index + 1} aria-setsize={places.value.length}>{built}</div>
    : <div ref={own} role="row" onClick={click} aria-rowindex={index + 2}>{built}</div>;
}

const columns = computed(() => columnsFor(widthPx.value, latencyTold.value));

function HeadCell({ column }: { column: Column }) {
  const by = sort.value;
  const mine = column.sort !== undefined && by?.key === column.sort;
  const cls = column.align === 'rt' ? 'rt' : '';
  if (!column.sort) return <span role="columnheader" class={cls}>{column.title}</span>;
  const next = !mine ? column.sort : by.reverse ? null : `-${column.sort}`;
  return (
    <span role="columnheader" class={cls} aria-sort={mine ? (sortsUp(by) ? 'ascending' : 'descending') : undefined}>
      <button class="sort" onClick={() => setParams({ sort: next }, 'replace')}>
        {column.title}{mine && <span aria-hidden="true">{sortsUp(by) ? '\u2191' : '\u2193'}</span>}
      </button>
    </span>
  );
}

const Head = () => (
  <div role="rowgroup">
    <div role="row" class="row head" aria-rowindex={1}>
      {columns.value.map((column, i) => <HeadCell key={i} column={column} />)}
    </div>
  </div>
);

function Body() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    body = ref.current;
    const stop = effect(() => {
      void entriesCount.value;
      void rowPx.value;
      measure();
    });
    if (returning !== null && places.peek().includes(returning)) focusIndex(places.peek().indexOf(returning));
    returning = null;
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => {
      stop();
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
      batch(() => {
        body = null;
        focused = -1;
        busy.value = false;
      });
    };
  }, []);
  const names = places.value;
  const { from, to } = visibleRange.value;
  const end = Math.min(to, names.length);
  const onFocus = (event: FocusEvent) => {
    const index = (event.target as HTMLElement).dataset['index'];
    if (index !== undefined) focused = Number(index);
  };
  const entry = (name: string, index: number) => {
    const heading = headingOf(name);
    return heading === null ? <Row key={index} index={index} columns={columns.value} /> : <Heading key={index} text={heading} index={index} />;
  };
  return (
    <div ref={ref} role={narrow.value ? 'list' : 'rowgroup'} onFocusIn={onFocus} onKeyDown={onListKey}>
      {from > 0 && <div role="presentation" style={{ height: `${from * rowPx.value}px` }} />}
      {names.slice(from, end).map((name, i) => entry(name, from + i))}
      {end < names.length && <div role="presentation" style={{ height: `${(names.length - end) * rowPx.value}px` }} />}
    </div>
  );
}

function Title() {
  const all = order.value.length;
  const found = hits.value.length;
  const note = useComputed(() => (busy.value ? moved.value : 0));
  return (
    <>
      <h2 id="services-title">{found === all ? plural(all, 'service') : `${count(found)} of ${plural(all, 'service')}`}</h2>
      <span class="m">{sort.value ? 'over the last minute' : 'worst first, over the last minute'}</span>
      <span class="sp" />
      {note.value > 0 && (
        <span class="note-inline">
          order changed, {plural(note.value, 'row')} moved <button class="flat" onClick={reSort}>Sort again</button>
        </span>
      )}
    </>
  );
}

export function ServicesTable() {
  const ref = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    widthPx.value = ref.current!.clientWidth;
    const watch = new ResizeObserver(([entry]) => (widthPx.value = entry!.contentRect.width));
    watch.observe(ref.current!);
    return () => watch.disconnect();
  }, []);
  const table = narrow.value ? {}
    : { role: 'table' as const, 'aria-rowcount': places.value.length + 1, 'aria-label': 'Services', style: { '--columns': template(columns.value) } };
  return (
    <section ref={ref} class="card services" aria-labelledby="services-title"
      onFocusIn={() => (busy.value = true)}
      onFocusOut={() => (busy.value = ref.current?.matches(':hover') ?? false)}
      onPointerEnter={(event) => (busy.value = event.pointerType === 'mouse' || busy.value)}
      onPointerLeave={() => (busy.value = ref.current?.contains(document.activeElement) ?? false)}>
      <header><Title />{!kiosk.value && <ListTools />}</header>
      <Chips />
      {places.value.length > 0 ? <div class="table" {...table}>{!narrow.value && <Head />}<Body /></div>
        : <p class="s nothing">No service fits the filter.</p>}
      <Legend />
    </section>
  );
}
