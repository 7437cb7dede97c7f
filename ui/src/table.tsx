// The services. Only the rows in sight are in the document when there are many.
import { batch, computed, effect, signal, useComputed } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { columnsFor, template, type Column } from './columns';
import { count, plural, visible } from './format';
import { busy, group, headingOf, headingWords, hits, inOrder, moved, places, placesCount, reSort, sort, sortsUp } from './list';
import { density, narrow } from './prefs';
import { kiosk, setParams } from './route';
import { latencyTold, order } from './rows';
import { sight } from './state';
import { Row } from './table-row';
import { Chips, Legend, ListTools } from './tools';

const rowPx = computed(() => (narrow.value ? 84 : density.value === 'dense' ? 30 : 46)); // as in page.css
const ALL_UP_TO = 40;
const SPARE_ROWS = 2;
const MOUNTED_MAX = 40;

const visibleRange = signal({ from: 0, to: Math.min(ALL_UP_TO, Math.ceil(innerHeight / rowPx.peek())) }); // until it is measured
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

// Of which rows figures are wanted: those in sight and their neighbours, so that they are there when one scrolls.
const NEAR_ROWS = 20;
const near = computed(() => ({
  from: Math.max(0, (Math.floor(visibleRange.value.from / NEAR_ROWS) - 1) * NEAR_ROWS),
  to: (Math.ceil(visibleRange.value.to / NEAR_ROWS) + 1) * NEAR_ROWS,
}));

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
      void placesCount.value;
      void rowPx.value;
      measure();
    });
    const stopLooking = effect(() => {
      sight.value = inOrder.value ? near.value : null;
    });
    if (returning !== null && places.peek().includes(returning)) focusIndex(places.peek().indexOf(returning));
    returning = null;
    addEventListener('scroll', measure, { passive: true });
    addEventListener('resize', measure);
    return () => {
      stop();
      stopLooking();
      removeEventListener('scroll', measure);
      removeEventListener('resize', measure);
      batch(() => {
        body = null;
        focused = -1;
        sight.value = null;
        busy.value = false;
      });
    };
  }, []);
  const { from, to } = visibleRange.value;
  const all = placesCount.value;
  const end = Math.min(to, all);
  const headings = useComputed(() => (group.value ? places.value.map(headingOf) : null)); // rows paint themselves
  const onFocus = (event: FocusEvent) => {
    const index = (event.target as HTMLElement).dataset['index'];
    if (index !== undefined) focused = Number(index);
  };
  const entry = (index: number) => {
    const heading = headings.value?.[index] ?? null;
    return heading === null ? <Row key={index} index={index} columns={columns.value} /> : <Heading key={index} text={heading} index={index} />;
  };
  return (
    <div ref={ref} role={narrow.value ? 'list' : 'rowgroup'} onFocusIn={onFocus} onKeyDown={onListKey}>
      {from > 0 && <div role="presentation" style={{ height: `${from * rowPx.value}px` }} />}
      {Array.from({ length: Math.max(0, end - from) }, (_, i) => entry(from + i))}
      {end < all && <div role="presentation" style={{ height: `${(all - end) * rowPx.value}px` }} />}
    </div>
  );
}

const allCount = computed(() => order.value.length);
const foundCount = computed(() => hits.value.length);

function Title() {
  const all = allCount.value;
  const found = foundCount.value;
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
    : { role: 'table' as const, 'aria-rowcount': placesCount.value + 1, 'aria-label': 'Services', style: { '--columns': template(columns.value) } };
  return (
    <section ref={ref} class="card services" aria-labelledby="services-title"
      onFocusIn={() => (busy.value = true)}
      onFocusOut={() => (busy.value = ref.current?.matches(':hover') ?? false)}
      onPointerEnter={(event) => (busy.value = event.pointerType === 'mouse' || busy.value)}
      onPointerLeave={() => (busy.value = ref.current?.contains(document.activeElement) ?? false)}>
      <header><Title />{!kiosk.value && <ListTools />}</header>
      <Chips />
      {placesCount.value > 0 ? <div class="table" {...table}>{!narrow.value && <Head />}<Body /></div>
        : <p class="s nothing">No service fits the filter.</p>}
      <Legend />
    </section>
  );
}
