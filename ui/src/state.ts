// What the page knows: the documents of the views, kept current through the link, as signals.
//
//   open(route) -> the document, first by a request of its own, then from the stream
//   update      -> merged into it; a row that did not change is not touched
//   a hidden page, a paused one -> takes nothing; afterwards the document comes again
import { batch, computed, effect, signal } from '@preact/signals';
import { DASHBOARD, viewKey, type LinkState, type ToTab } from './hub';
import { Link } from './link';
import { caughtUp, putFigures, putOrder, putRows, putSteps } from './rows';
import type { Sight } from './sight';
import { failureOf, type Failure, type FeedState } from './stream';
import type { FrameTable, MapDocument, Notice, OverviewDocument, OverviewUpdate, Sentence, ServiceDocument, Totals } from './views';
import type { Route } from './route';

export const feedState = signal<FeedState>({ kind: 'connecting' });
export const paused = signal<{ atMs: number; missed: number } | null>(null);
export const epoch = signal<string | null>(null);

// The moment of what is shown: the server's clock, and ours when it came.
export const shown = signal<{ nowMs: number; mono: number } | null>(null);

export const sentence = signal<Sentence | null>(null);
export const totals = signal<Totals | null>(null);
export const overviewLoaded = signal(false);
export const serviceDoc = signal<ServiceDocument | null>(null);
export const mapDoc = signal<MapDocument | null>(null);
export const refused = signal<Failure | null>(null);

// The server is there, and says that the view is not.
export const isRefused = computed(() => shown.value === null && refused.value !== null && refused.value.status > 0);

// What Fusebox says about itself; every document has it, and it outlives a change of the view.
export const notices = signal<readonly Notice[]>([]);

// How many breakers are open; every document of a stream has it.
export const openBreakers = signal<number | null>(null);

export function takeNotices(next: readonly Notice[] | undefined): void {
  if (next && JSON.stringify(next) !== JSON.stringify(notices.peek())) notices.value = next;
}

// Ticks with each frame, and by itself where none comes, for ages. What a person sees is never older than it says.
const TICK_MS = 1_100; // frames come once a second
export const tick = signal(performance.now());
let nextTick = 0;
effect(() => {
  void tick.value;
  clearTimeout(nextTick);
  nextTick = window.setTimeout(() => {
    if (!document.hidden) tick.value = performance.now();
  }, TICK_MS);
});
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

const overviewView: View = {
  path: 'overview',
  takeDocument(value) {
    const doc = value as OverviewDocument;
    epoch.value = doc.epoch;
    sentence.value = doc.sentence;
    totals.value = doc.totals;
    seen(putRows(doc.services));
    putOrder(doc.services.map((row) => row.service));
    overviewLoaded.value = true;
  },
  takeUpdate(value) {
    const update = value as OverviewUpdate;
    if (update.sentence) sentence.value = update.sentence;
    if (update.totals) totals.value = { ...update.totals, spark: update.totals.spark ?? totals.peek()?.spark };
    if (update.services) seen(putRows(update.services));
    if (update.figures) seen(putFigures(update.figures));
    if (update.steps) putSteps(update.steps);
    if (update.order) putOrder(update.order);
  },
};

// As the server spells a name (RFC 3986, 2.3), for the page's preloaded document to be found.
const segment = (name: string): string => encodeURIComponent(name).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

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
  return { path: `service/${segment(name)}`, takeDocument: take, takeUpdate: take };
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

let current: { view: View; key: string } | null = null;
let behind = true; // the document has to come before updates count

function take(view: View, kind: 'snapshot' | 'update', data: unknown): void {
  const { now_ms, notices: said, open_breakers } = data as { now_ms: number; notices?: readonly Notice[]; open_breakers?: number };
  batch(() => {
    refused.value = null;
    takeNotices(said);
    openBreakers.value = open_breakers ?? null;
    if (kind === 'snapshot') view.takeDocument(data);
    else view.takeUpdate(data);
    shown.value = { nowMs: now_ms, mono: performance.now() };
    tick.value = performance.now();
  });
}

function onFrame(kind: 'snapshot' | 'update', text: string): void {
  const pause = paused.peek();
  if (pause) paused.value = { ...pause, missed: pause.missed + 1 };
  else if (document.hidden) behind = true;
  else if (kind === 'snapshot' || !behind) {
    behind = false;
    take(current!.view, kind, JSON.parse(text));
  }
}

interface Rest {
  figures?: FrameTable;
  steps?: FrameTable;
}

// Of rows that came into sight. It is no news: a paused page takes it as well.
function takeRest({ figures, steps }: Rest): void {
  batch(() => {
    if (figures) putFigures(figures);
    if (steps) putSteps(steps);
    caughtUp.value++;
  });
}

function onState(state: LinkState): void {
  const mono = performance.now();
  batch(() => {
    feedState.value = state.kind !== 'lost' ? state
      : { kind: 'lost', sinceMono: mono - state.forMs, retryMono: mono + state.retryInMs, failure: state.failure };
    tick.value = mono;
    if (state.kind === 'lost' && state.failure) refused.value = state.failure;
  });
}

const link = new Link((message: ToTab) => {
  if (message.kind === 'state') {
    if (current) onState(message.state);
  } else if (message.view === current?.key) {
    if (message.kind === 'refused') refused.value = message.failure;
    else if (message.kind === 'rest') takeRest(JSON.parse(message.text) as Rest);
    else onFrame(message.kind, message.text);
  }
});

function viewOf(route: Route): View | null {
  if (route.view === 'overview') return overviewView;
  if (route.view === 'map') return mapView;
  return route.view === 'service' ? serviceView(route.name) : null;
}

// The browser has asked for this document when it got the page (Link: preload), before there was a script.
async function takeFirst(mine: { view: View }): Promise<void> {
  try {
    const response = await fetch(DASHBOARD + mine.view.path);
    const failure = response.ok ? null : await failureOf(response);
    const doc: unknown = response.ok ? await response.json() : null;
    if (current !== mine) return;
    if (doc) take(mine.view, 'snapshot', doc);
    else refused.value = failure;
  } catch {
    // The link will say so.
  }
}

// Shows another view: the link lets the one before go.
export function open(route: Route): void {
  const first = current === null && shown.peek() === null;
  const view = viewOf(route);
  const mine = (current = view && { view, key: viewKey(view.path) });
  behind = true;
  batch(() => {
    refused.value = null;
    paused.value = null;
    shown.value = null;
    newestMs.value = null;
    serviceDoc.value = null;
    mapDoc.value = null;
    if (!view) feedState.value = { kind: 'idle' };
    else if (feedState.peek().kind === 'idle') feedState.value = { kind: 'connecting' };
  });
  const watch = () => current === mine && link.watch(view ? [view.path] : []);
  if (first && mine) void takeFirst(mine).then(watch);
  else watch();
}

// Of which rows the page shows figures; while it is paused it may show any, as they were.
export const sight = signal<Sight>(null);
effect(() => link.look(paused.value ? null : sight.value));

export const retryNow = (): void => link.retryNow();

export function togglePause(): void {
  if (!current) return;
  if (!paused.peek()) {
    if (shown.peek()) paused.value = { atMs: shown.peek()!.nowMs, missed: 0 };
    return;
  }
  paused.value = null;
  behind = true;
  link.refresh();
}
