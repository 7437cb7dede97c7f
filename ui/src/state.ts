// What the page knows: the documents of the views, kept current by one feed, as signals.
//
//   open(route) -> the stream's first event is the whole document
//   update      -> merged into it; a row that did not change is not touched
//   resync, resume after a pause -> the document is fetched again, and updates that came
//                                   meanwhile are applied on top when they are newer
//
// Rows are one signal each, so that a row of a thousand repaints alone.
import { batch, computed, signal, type Signal } from '@preact/signals';
import { Feed, failureOf, type Failure, type FeedState } from './stream';
import type { MapDocument, Notice, OverviewDocument, OverviewUpdate, Row, Sentence, ServiceDocument, Totals } from './views';
import type { Route } from './route';

const API = '/api/v1/retry-monitoring/dashboard/';
const HELD_MAX = 600;

export const feedState = signal<FeedState>({ kind: 'connecting' });
export const paused = signal<{ atMs: number; missed: number } | null>(null);
export const epoch = signal<string | null>(null);

// The moment of what is shown: the server's clock, and ours when it came.
export const shown = signal<{ nowMs: number; mono: number } | null>(null);

export const sentence = signal<Sentence | null>(null);
export const totals = signal<Totals | null>(null);
export const order = signal<readonly string[]>([]);
export const overviewLoaded = signal(false);
export const serviceDoc = signal<ServiceDocument | null>(null);
export const mapDoc = signal<MapDocument | null>(null);
export const refused = signal<Failure | null>(null);

// The server is there, and says that the view is not.
export const isRefused = computed(() => shown.value === null && refused.value !== null && refused.value.status > 0);

// What Fusebox says about itself; every document has it, and it outlives a change of the view.
export const notices = signal<readonly Notice[]>([]);

export function takeNotices(next: readonly Notice[] | undefined): void {
  if (next && JSON.stringify(next) !== JSON.stringify(notices.peek())) notices.value = next;
}

const rows = new Map<string, Signal<Row>>();
export const rowOf = (name: string): Signal<Row> | undefined => rows.get(name);

// Ticks once a second, for ages. What a person sees is never older than it says.
export const tick = signal(performance.now());
setInterval(() => {
  if (!document.hidden) tick.value = performance.now();
}, 1000);
document.addEventListener('visibilitychange', () => {
  tick.value = performance.now();
});

// The server's clock, as far as it can be known here: its last word and the time since.
export const nowMs = computed(() => {
  const last = shown.value;
  return last ? last.nowMs + Math.max(0, tick.value - last.mono) : Date.now();
});
// How old the newest data of the view is.
const newestMs = signal<number | null>(null);
export const dataAgeS = computed(() => Math.max(0, (nowMs.value - (newestMs.value ?? shown.value?.nowMs ?? 0)) / 1000));

function seen(lastDataMs: number | null): void {
  if (lastDataMs !== null) newestMs.value = Math.max(newestMs.peek() ?? 0, lastDataMs);
}

interface View {
  path: string;
  takeDocument(doc: unknown): void;
  takeUpdate(update: unknown): void;
}

function putRow(row: Row): void {
  seen(row.last_data_ms);
  const known = rows.get(row.service);
  if (!known) rows.set(row.service, signal(row));
  else known.value = row.spark ? row : { ...row, spark: known.peek().spark };
}

function putOrder(next: readonly string[]): void {
  const kept = new Set(next);
  for (const name of rows.keys()) if (!kept.has(name)) rows.delete(name);
  order.value = next.filter((name) => rows.has(name));
}

const overviewView: View = {
  path: 'overview',
  takeDocument(value) {
    const doc = value as OverviewDocument;
    epoch.value = doc.epoch;
    sentence.value = doc.sentence;
    totals.value = doc.totals;
    doc.services.forEach(putRow);
    putOrder([...new Set(doc.services.map((row) => row.service))]);
    overviewLoaded.value = true;
  },
  takeUpdate(value) {
    const update = value as OverviewUpdate;
    if (update.sentence) sentence.value = update.sentence;
    if (update.totals) totals.value = { ...update.totals, spark: update.totals.spark ?? totals.peek()?.spark };
    update.services?.forEach(putRow);
    if (update.order) putOrder(update.order);
  },
};

const serviceView = (name: string): View => {
  const take = (value: unknown) => {
    const doc = value as ServiceDocument;
    const old = serviceDoc.peek()?.service === doc.service ? serviceDoc.peek() : null;
    serviceDoc.value = {
      ...doc,
      history: doc.history ?? old?.history,
      breaker_list: doc.breaker_list ?? old?.breaker_list,
    };
    seen(doc.last_data_ms);
    if (doc.epoch) epoch.value = doc.epoch;
  };
  return { path: `service/${encodeURIComponent(name)}`, takeDocument: take, takeUpdate: take };
};

const mapView: View = {
  path: 'dependency-map',
  takeDocument(value) {
    mapDoc.value = value as MapDocument;
    epoch.value = mapDoc.value.epoch;
    mapDoc.value.edges.forEach((edge) => seen(edge.last_data_ms));
  },
  takeUpdate(value) {
    if ('nodes' in (value as MapDocument)) mapView.takeDocument(value); // else it tells the time alone
  },
};

let current: { view: View; feed: Feed; close(): void } | null = null;
let fetching: AbortController | null = null;
let held: { type: string; data: unknown }[] = [];
let seq = -1;

function accept(view: View, type: string, data: unknown): void {
  const { seq: next, now_ms, notices: said } = data as { seq: number; now_ms: number; notices?: readonly Notice[] };
  if (type !== 'snapshot' && next <= seq) return;
  batch(() => {
    seq = next;
    refused.value = null;
    takeNotices(said);
    if (type === 'snapshot') view.takeDocument(data);
    else view.takeUpdate(data);
    shown.value = { nowMs: now_ms, mono: performance.now() };
    tick.value = performance.now();
  });
}

function onEvent(view: View, type: string, data: unknown): void {
  if (paused.peek()) {
    paused.value = { ...paused.peek()!, missed: paused.peek()!.missed + 1 };
  } else if (type === 'resync') {
    void catchUp();
  } else if (type === 'snapshot' || type === 'update') {
    if (fetching && type === 'update' && held.length < HELD_MAX) held.push({ type, data });
    else if (type === 'update' && (data as { seq: number }).seq > seq + 1) void catchUp();
    else accept(view, type, data);
  }
}

// Every view of the server is a frame, so a number left out is a frame that was missed.
// Fetches the whole document. Updates that come meanwhile wait, and count when they are newer.
async function catchUp(): Promise<void> {
  const { view } = current!;
  fetching?.abort();
  const mine = (fetching = new AbortController());
  held = [];
  let doc: unknown = null;
  try {
    const response = await fetch(API + view.path, { signal: mine.signal, cache: 'no-store' });
    if (response.ok) doc = await response.json();
    else refused.value = await failureOf(response);
  } catch {
    // The stream is lost as well then, and says so; its next snapshot is the document.
  }
  if (fetching !== mine) return;
  fetching = null;
  if (doc) accept(view, 'snapshot', doc);
  for (const { type, data } of held.splice(0)) accept(view, type, data);
}

function onState(state: FeedState): void {
  batch(() => {
    feedState.value = state;
    tick.value = performance.now();
    if (state.kind === 'lost' && state.failure) refused.value = state.failure;
  });
}

function viewOf(route: Route): View | null {
  if (route.view === 'overview') return overviewView;
  if (route.view === 'map') return mapView;
  return route.view === 'service' ? serviceView(route.name) : null;
}

// Shows another view: its feed starts, the one before ends.
export function open(route: Route): void {
  close();
  const view = viewOf(route);
  batch(() => {
    refused.value = null;
    paused.value = null;
    shown.value = null;
    newestMs.value = null;
    serviceDoc.value = null;
    mapDoc.value = null;
    feedState.value = { kind: view ? 'connecting' : 'idle' };
  });
  if (!view) return;
  const feed = new Feed(`${API}${view.path}/subscribe`, {
    onEvent: (type, data) => onEvent(view, type, data),
    onState,
  });
  current = { view, feed, close: () => feed.stop() };
  feed.start();
}

export function close(): void {
  current?.close();
  current = null;
  fetching?.abort();
  fetching = null;
  held = [];
  seq = -1;
}

export const retryNow = (): void => current?.feed.retryNow();

export function togglePause(): void {
  if (!current) return;
  if (!paused.peek()) {
    if (shown.peek()) paused.value = { atMs: shown.peek()!.nowMs, missed: 0 };
    return;
  }
  paused.value = null;
  void catchUp();
}
