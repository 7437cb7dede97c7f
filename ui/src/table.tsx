// The services, worst first. Only the rows in sight are in the document when there are many.
//
// While the pointer or the focus is in the list its rows keep their places, and a note says how many
// would move; figures go on changing.
import { batch, computed, effect, signal, useComputed } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { plural } from './format';
import { narrow } from './prefs';
import { follow, servicePath } from './route';
import { NarrowRow, WideRow } from './row';
import { order, rowOf } from './rows';

const ROW_PX = { wide: 46, narrow: 84 }; // as in page.css
const ALL_UP_TO = 60;
const SPARE_ROWS = 6;

const busy = signal(false); // the pointer or the focus is in the list
const places = signal<readonly string[]>([]);
effect(() => {
  const next = order.value;
  const now = places.peek();
  if (!busy.value || now.length === 0) {
    places.value = next;
    return;
  }
  const alive = new Set(next);
  const placed = new Set(now);
  places.value = [...now.filter((name) => alive.has(name)), ...next.filter((name) => !placed.has(name))];
});
const moved = computed(() => places.value.reduce((n, name, i) => n + (order.value[i] === name ? 0 : 1), 0));

export function reSort(): void {
  places.value = order.peek();
}

const visibleRange = signal({ from: 0, to: ALL_UP_TO });
let body: HTMLElement | null = null;
let focused = -1;

function measure(): void {
  if (!body) return;
  const n = places.peek().length;
  const px = narrow.peek() ? ROW_PX.narrow : ROW_PX.wide;
  const top = body.getBoundingClientRect().top;
  const from = n <= ALL_UP_TO ? 0 : Math.max(0, Math.floor(-top / px) - SPARE_ROWS);
  const to = n <= ALL_UP_TO ? n : Math.min(n, Math.ceil((innerHeight - top) / px) + SPARE_ROWS);
  const was = visibleRange.peek();
  if (was.from !== from || was.to !== to) visibleRange.value = { from, to };
}

function focusIndex(index: number): void {
  const i = Math.min(places.peek().length - 1, Math.max(0, index));
  const find = () => body?.querySelector<HTMLElement>(`a[data-index="${i}"]`);
  focused = i;
  const here = find();
  if (here) {
    here.focus();
    return;
  }
  const px = narrow.peek() ? ROW_PX.narrow : ROW_PX.wide;
  const top = (body?.getBoundingClientRect().top ?? 0) + scrollY;
  scrollTo(0, Math.max(0, top + i * px - innerHeight / 2));
  requestAnimationFrame(() => requestAnimationFrame(() => find()?.focus()));
}

// Moves the focus by so many rows; the first time to the first row.
export function moveFocus(by: number): void {
  if (body) focusIndex(focused < 0 ? 0 : focused + by);
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

function Row({ name, index }: { name: string; index: number }) {
  const row = rowOf(name)?.value;
  if (!row) return null;
  const path = servicePath(name);
  const click = (event: MouseEvent) => {
    if (getSelection()?.isCollapsed !== false) follow(event, path);
  };
  const staleness = row.evidence === 'stale' || row.evidence === 'no_data' ? ' old' : '';
  const cls = `row ${narrow.value ? 'narrow' : 'wide'}${staleness}`;
  return narrow.value ? (
    <div role="listitem" class={cls} onClick={click} aria-posinset={index + 1} aria-setsize={places.value.length}>
      <NarrowRow row={row} index={index} />
    </div>
  ) : (
    <div role="row" class={cls} onClick={click} aria-rowindex={index + 2}>
      <WideRow row={row} index={index} p99={anyLatency.value} />
    </div>
  );
}

// The column for latency is there only when a row has something to show in it.
const anyLatency = computed(() => order.value.some((name) => (rowOf(name)?.value.latency_p99_s ?? null) !== null));

function Head() {
  return (
    <div role="rowgroup">
      <div role="row" class="row head" aria-rowindex={1}>
        <span role="columnheader">Service</span>
        <span role="columnheader" class="rt">Calls/s</span>
        <span role="columnheader" class="opt">15 min</span>
        <span role="columnheader" class="rt">Errors/s</span>
        <span role="columnheader" class="opt">15 min</span>
        <span role="columnheader">Success, attempts → final</span>
        {anyLatency.value && <span role="columnheader" class="rt">p99</span>}
        <span role="columnheader">Retry budget used</span>
        <span role="columnheader" class="rt">Left, minute</span>
        <span role="columnheader" class="rt">Left, hour</span>
        <span role="columnheader">Breakers</span>
      </div>
    </div>
  );
}

function Body() {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    body = ref.current;
    const stop = effect(() => {
      void places.value;
      void narrow.value;
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
  const px = narrow.value ? ROW_PX.narrow : ROW_PX.wide;
  const end = Math.min(to, names.length);
  const onFocus = (event: FocusEvent) => {
    const index = (event.target as HTMLElement).dataset['index'];
    if (index !== undefined) focused = Number(index);
  };
  return (
    <div ref={ref} role={narrow.value ? 'list' : 'rowgroup'} onFocusIn={onFocus}>
      {from > 0 && <div role="presentation" style={{ height: `${from * px}px` }} />}
      {names.slice(from, end).map((name, i) => <Row key={name} name={name} index={from + i} />)}
      {end < names.length && <div role="presentation" style={{ height: `${(names.length - end) * px}px` }} />}
    </div>
  );
}

function Legend() {
  return (
    <footer class="foot">
      <span><i class="key hollow" /> success of attempts</span>
      <span><i class="key full" /> as callers see it</span>
      <span><i class="key saved" /> saved by retries (scale 50 to 100{'\u202f'}%)</span>
      <span><i class="key ticks" /> warning and critical marks</span>
      <span><i class="key pale" /> comes back within 10{'\u202f'}s</span>
      <span>≈ and dots: modelled</span>
      <span>hatch: not told</span>
    </footer>
  );
}

export function ServicesTable({ title }: { title: string }) {
  const ref = useRef<HTMLElement>(null);
  const note = useComputed(() => (busy.value && moved.value > 0 ? moved.value : 0));
  const table = narrow.value ? {} : { role: 'table' as const, 'aria-rowcount': places.value.length + 1, 'aria-label': 'Services, worst first' };
  return (
    <section ref={ref} class="card services" aria-labelledby="services-title"
      onFocusIn={() => (busy.value = true)}
      onFocusOut={() => (busy.value = ref.current?.matches(':hover') ?? false)}
      onPointerEnter={(event) => (busy.value = event.pointerType === 'mouse' || busy.value)}
      onPointerLeave={() => (busy.value = ref.current?.contains(document.activeElement) ?? false)}>
      <header>
        <h2 id="services-title">{title}</h2>
        <span class="m">worst first, over the last minute</span>
        <span class="sp" />
        {note.value > 0 && (
          <span class="note-inline">
            order changed, {plural(note.value, 'row')} moved <button class="flat" onClick={reSort}>Sort again</button>
          </span>
        )}
      </header>
      <div class={`table${anyLatency.value ? ' p99' : ''}`} {...table}>
        {!narrow.value && <Head />}
        <Body />
      </div>
      <Legend />
    </section>
  );
}
