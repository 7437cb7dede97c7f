// The history behind the charts of a service, for the period that the address names.
//
//   end = watchHistory(name) -> shownHistory changes -> end()
//
// The stream brings the last 15 minutes with its frames. Any other period is fetched, and while it moves on
// with the time fetched again whenever a step has closed. What is shown stays until the next is there.
import { batch, effect, signal, untracked } from '@preact/signals';
import type { Period } from './period';
import { period } from './route';
import { feedState, nowMs, paused, serviceDoc } from './state';
import { failureOf, type Failure } from './stream';
import type { ServiceDocument } from './views';
import type { History } from './views-service';

const API = '/api/v1/retry-monitoring/dashboard/service/';
const PATIENCE_MS = 1500; // a step is told a little after its end
const RETRY_MS = 10_000;

export const shownHistory = signal<History | null>(null);
export const loadingPeriod = signal<Period | null>(null);
export const historyFailure = signal<Failure | null>(null);

const NOT_HEARD: Failure = { status: 0, code: 'no_answer', message: 'The server does not answer.' };

function query(p: Period): string {
  const end = p.endMs ?? paused.peek()?.atMs ?? null;
  return `period=${p.rangeS}s${end === null ? '' : `&end=${end}`}`;
}

// What is shown as a file: the same steps, however long ago they were fetched.
export const csvPath = (name: string, h: History): string =>
  `${API}${encodeURIComponent(name)}/export?format=csv&period=${h.period_s}s&end=${h.end_ms}`;

let fetching: AbortController | null = null;
let triedMs = 0;

async function load(name: string, p: Period): Promise<void> {
  fetching?.abort();
  triedMs = nowMs.peek();
  const mine = (fetching = new AbortController());
  loadingPeriod.value = p;
  let failure: Failure | null = NOT_HEARD;
  let doc: ServiceDocument | null = null;
  try {
    const response = await fetch(`${API}${encodeURIComponent(name)}?${query(p)}`, { signal: mine.signal, cache: 'no-store' });
    failure = response.ok ? null : await failureOf(response);
    if (response.ok) doc = (await response.json()) as ServiceDocument;
  } catch {
    // No answer, or one that is no document; a newer question has its own end.
  }
  if (fetching !== mine) return;
  fetching = null;
  batch(() => {
    loadingPeriod.value = null;
    historyFailure.value = doc ? null : failure;
    if (doc?.history) shownHistory.value = doc.history;
  });
}

export const loadAgain = (name: string): Promise<void> => load(name, period.peek());

// Whether the figures of another moment are wanted than those that are there.
function isDue(p: Period): boolean {
  const now = shownHistory.value;
  if (historyFailure.value) return nowMs.value - triedMs > RETRY_MS;
  if (p.endMs !== null) return false;
  return !now || now.period_s !== p.rangeS || nowMs.value > now.end_ms + now.step_s * 1000 + PATIENCE_MS;
}

// What the page's own document has of this period.
function toldOf(p: Period): History | null {
  const told = serviceDoc.value?.history;
  return p.endMs === null && told?.period_s === p.rangeS ? told : null;
}

// With the time: as the document tells it, else asked for.
function moveOn(name: string): void {
  const p = period.value;
  if (paused.value) return;
  const told = toldOf(p);
  if (told) {
    shownHistory.value = told;
    historyFailure.value = null;
  } else if (feedState.value.kind === 'live' && !loadingPeriod.value && isDue(p)) {
    untracked(() => load(name, p));
  }
}

function ask(name: string, p: Period): void {
  forget();
  if (paused.peek() || !toldOf(p)) void load(name, p);
}

// Whatever is on its way is not wanted any more.
function forget(): void {
  fetching?.abort();
  fetching = null;
  loadingPeriod.value = null;
}

export function watchHistory(name: string): () => void {
  shownHistory.value = null;
  historyFailure.value = null;
  const ends = [
    effect(() => {
      const p = period.value;
      untracked(() => ask(name, p));
    }),
    effect(() => moveOn(name)),
  ];
  return () => {
    ends.forEach((end) => end());
    forget();
  };
}
