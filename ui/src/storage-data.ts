// What the storage page knows: two documents that are fetched again and again while somebody looks.
//
//   const stop = watchStorage()      -> storage, cardinality, storageFailure ... -> stop()
//   sealNow()                        -> sealing: running, done, failed
//
// The figures come every 5 s. Cardinality is a walk over the whole index and comes every 30 s.
import { batch, signal } from '@preact/signals';
import { takeNotices } from './state';
import { failureOf, type Failure } from './stream';
import type { Notice, Sentence } from './views';

export interface Block {
  name: string;
  level: number;
  min: string;
  max: string;
  min_ms: number;
  max_ms: number;
  series: number;
  samples: number;
  bytes: number;
  bytes_per_sample: number | null;
  damaged: boolean;
}

export interface Damage {
  path: string;
  offset: number;
  what: string;
  found_at: string;
}

export interface StorageDocument {
  timestamp: string;
  now_ms: number;
  sentence: Sentence;
  memory: { budget_bytes: number | null; used_bytes: number; used: Record<string, number>; refused: Record<string, number> };
  head: { series: number; created: number; evicted: number; refused: number; chunks: number; unsealed_samples: number; late: number };
  log: { rows: number; bytes: number };
  events: { count: number; rows: number; bytes: number };
  disk: { blocks: number; bytes: number; samples: number; bytes_per_sample: number | null; free_bytes: number | null; total_bytes: number | null };
  samples: Record<'appended' | 'late' | 'duplicate' | 'out_of_order' | 'too_old' | 'future' | 'orphaned', number>;
  commits: { count: number; failures: number; last_duration_ms: number };
  seals: { count: number; failures: number; last_at: string | null; last_duration_ms: number };
  merges: { count: number; failures: number };
  retention: { time_ms: number; bytes: number; clock_behind_ms: number; blocks_dropped: number };
  range: { min: string | null; max: string | null };
  blocks: readonly Block[];
  damaged: number;
  damages: readonly Damage[];
  notices?: readonly Notice[];
}

export interface Entry {
  name: string;
  value?: string;
  count: number;
  bytes?: number;
}
export interface Top {
  total: number;
  items: readonly Entry[];
}
export interface CardinalityDocument {
  top: number;
  series: number;
  by_metric: Top;
  by_label: Top;
  by_pair: Top;
  by_job: Top;
  by_instance: Top;
}

export type Sealing =
  | { kind: 'idle' }
  | { kind: 'running'; sinceMono: number }
  | { kind: 'done'; blocks: number; samples: number; bytes: number; durationMs: number }
  | { kind: 'failed'; failure: Failure };

const API = '/api/v1/storage';
const EVERY_MS = 5_000;
const CARDINALITY_EVERY_MS = 30_000;
const TOP = 100;

export const storage = signal<StorageDocument | null>(null);
export const storageMono = signal(0); // when it came, by our clock
export const storageFailure = signal<Failure | null>(null);
export const cardinality = signal<CardinalityDocument | null>(null);
export const cardinalityFailure = signal<Failure | null>(null);
export const sealing = signal<Sealing>({ kind: 'idle' });

const unreachable = (error: unknown): Failure => ({
  status: 0,
  code: 'unreachable',
  message: `Fusebox does not answer (${error instanceof Error ? error.message : String(error)})`,
});

async function ask<T>(path: string, signalOf: AbortSignal, method = 'GET'): Promise<T | Failure> {
  try {
    const response = await fetch(API + path, { method, signal: signalOf, cache: 'no-store' });
    return response.ok ? ((await response.json()) as T) : await failureOf(response);
  } catch (error) {
    return unreachable(error);
  }
}

const isFailure = (answer: object): answer is Failure => 'status' in answer && 'code' in answer;

async function loadStorage(abort: AbortSignal): Promise<void> {
  const answer = await ask<StorageDocument>('', abort);
  if (abort.aborted) return;
  batch(() => {
    if (isFailure(answer)) {
      storageFailure.value = answer;
      return;
    }
    storageFailure.value = null;
    storage.value = answer;
    takeNotices(answer.notices);
    storageMono.value = performance.now();
  });
}

async function loadCardinality(abort: AbortSignal): Promise<void> {
  const answer = await ask<CardinalityDocument>(`/cardinality?top=${TOP}`, abort);
  if (abort.aborted) return;
  batch(() => {
    cardinalityFailure.value = isFailure(answer) ? answer : null;
    if (!isFailure(answer)) cardinality.value = answer;
  });
}

// Runs `load` now and every so often while the page is seen; one at a time.
function repeat(load: () => Promise<void>, everyMs: number): () => void {
  let timer = 0;
  let running = false;
  let lastMono = -Infinity;
  const step = async (): Promise<void> => {
    clearTimeout(timer);
    if (running) return;
    running = true;
    if (!document.hidden) {
      lastMono = performance.now();
      await load();
    }
    running = false;
    timer = window.setTimeout(step, everyMs);
  };
  const onVisible = () => {
    if (!document.hidden && performance.now() - lastMono >= everyMs) void step();
  };
  document.addEventListener('visibilitychange', onVisible);
  void step();
  return () => {
    running = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
  };
}

let abort: AbortController | null = null;

export function watchStorage(): () => void {
  const mine = (abort = new AbortController());
  const stops = [
    repeat(() => loadStorage(mine.signal), EVERY_MS),
    repeat(() => loadCardinality(mine.signal), CARDINALITY_EVERY_MS),
  ];
  return () => {
    stops.forEach((stop) => stop());
    mine.abort();
    batch(() => {
      storage.value = null;
      storageFailure.value = null;
      cardinality.value = null;
      cardinalityFailure.value = null;
    });
  };
}

export function reloadStorage(): void {
  if (!abort) return;
  void loadStorage(abort.signal);
  void loadCardinality(abort.signal);
}

// The answer comes when the seal has ended. It goes on when the page is left.
export async function sealNow(): Promise<void> {
  if (sealing.peek().kind === 'running') return;
  sealing.value = { kind: 'running', sinceMono: performance.now() };
  const answer = await ask<{ blocks: number; samples: number; bytes: number; duration_ms: number }>('/seal', new AbortController().signal, 'POST');
  sealing.value = isFailure(answer)
    ? { kind: 'failed', failure: answer }
    : { kind: 'done', blocks: answer.blocks, samples: answer.samples, bytes: answer.bytes, durationMs: answer.duration_ms };
  if (abort && !abort.signal.aborted) void loadStorage(abort.signal);
}
