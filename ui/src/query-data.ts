// What the query page knows: the question that the address names, what runs, and what came of it.
//
//   end = watchQuery() -> running, answer, refusal ... -> end()
//   ask(text)          the question goes into the address, and from there it is asked
//
// What came last stays until the next is there. An answer is read up to ANSWER_MAX_BYTES, then given up.
import { batch, computed, effect, signal, untracked } from '@preact/signals';
import { parseStep, rangeOf, refusalOf, autoStep, type Refusal, type Told } from './query-ask';
import { foundIn, pointCount, type Data, type Series } from './query-answer';
import type { Timeline } from './chart-data';
import { bytes } from './format';
import { param, period, route, setParams } from './route';
import { nowMs } from './state';

const API = '/api/v1/';
const ANSWER_MAX_BYTES = 64e6;

export type Kind = 'table' | 'graph';

export interface Question {
  text: string;
  kind: Kind;
  rangeS: number;
  endMs: number | null; // null: now
  stepS: number; // of a graph
}
export interface Answer {
  question: Question;
  data: Data;
  series: readonly Series[];
  shared: string; // what all of them have
  points: number;
  timeline: Timeline; // of a graph
  tookMs: number;
  bytes: number;
}

export const kind = computed<Kind>(() => (param('view') === 'graph' ? 'graph' : 'table'));
export const givenStep = computed(() => parseStep(param('step') ?? ''));
export const question = computed<Question | null>(() => {
  const text = param('expr');
  if (route.value.view !== 'query' || !text) return null;
  const { rangeS, endMs } = period.value;
  return { text, kind: kind.value, rangeS, endMs, stepS: givenStep.value ?? autoStep(rangeS) };
});

export const running = signal<{ question: Question; sinceMono: number } | null>(null);
export const answer = signal<Answer | null>(null);
export const refusal = signal<{ text: string; told: Refusal } | null>(null);
export const cancelled = signal(false);

let asking: AbortController | null = null;

class TooLarge extends Error {}

// The whole text of an answer, as long as it is not larger than a page can hold.
async function read(response: Response, mine: AbortController): Promise<{ text: string; size: number }> {
  const reader = response.body!.getReader();
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length;
    if (size > ANSWER_MAX_BYTES) {
      mine.abort();
      throw new TooLarge();
    }
    text += decoder.decode(part.value, { stream: true });
  }
  return { text: text + decoder.decode(), size };
}

interface Document {
  data?: unknown;
  errorType?: string;
  error?: string | { code: string; message: string }; // of Prometheus' API, or of Fusebox before it
}

function toldOf(response: Response, { errorType = '', error }: Document): Told {
  const message = typeof error === 'string' ? error : (error?.message ?? `The server answered ${response.status}.`);
  const retryAfterS = Number(response.headers.get('Retry-After') ?? NaN);
  return { status: response.status, type: errorType, message, retryAfterS: Number.isFinite(retryAfterS) ? retryAfterS : null };
}

const NO_ANSWER: Told = { status: 0, type: '', message: 'It may have stopped, or the way to it is cut.', retryAfterS: null };
const LARGE: Told = { status: 200, type: 'execution', message: `The answer has more than ${bytes(ANSWER_MAX_BYTES)}: too many series or points for a page.`, retryAfterS: null };

// One question to Prometheus' API: what is told of a refusal, else the data.
export async function post(path: string, params: Record<string, string>, mine: AbortController): Promise<{ told: Told } | { told: null; data: unknown; size: number }> {
  try {
    const response = await fetch(API + path, { method: 'POST', body: new URLSearchParams(params), signal: mine.signal, cache: 'no-store' });
    const { text, size } = await read(response, mine);
    let doc: Document;
    try {
      doc = JSON.parse(text) as Document;
    } catch {
      doc = {};
    }
    return response.ok && 'data' in doc ? { told: null, data: doc.data, size } : { told: toldOf(response, doc) };
  } catch (error) {
    return { told: error instanceof TooLarge ? LARGE : NO_ANSWER };
  }
}

function paramsOf(q: Question, range: ReturnType<typeof rangeOf>): Record<string, string> {
  if (q.kind === 'graph') return { query: q.text, start: String(range.startS), end: String(range.endS), step: String(q.stepS) };
  return q.endMs === null ? { query: q.text } : { query: q.text, time: String(q.endMs / 1000) };
}

async function run(q: Question): Promise<void> {
  asking?.abort();
  const mine = (asking = new AbortController());
  const sinceMono = performance.now();
  batch(() => {
    running.value = { question: q, sinceMono };
    cancelled.value = false;
  });
  const range = rangeOf(q.rangeS, q.endMs ?? nowMs.peek(), q.stepS);
  const found = await post(q.kind === 'graph' ? 'query_range' : 'query', paramsOf(q, range), mine);
  if (asking !== mine) return;
  asking = null;
  batch(() => {
    running.value = null;
    refusal.value = found.told && { text: q.text, told: refusalOf(found.told, q.text) };
    if (found.told) {
      answer.value = null;
      return;
    }
    const data = found.data as Data;
    const { series, shared } = foundIn(data);
    const timeline = { end_ms: range.endS * 1000, period_s: (range.count - 1) * q.stepS, step_s: q.stepS, count: range.count };
    answer.value = { question: q, data, series, shared, points: pointCount(series), timeline, tookMs: performance.now() - sinceMono, bytes: found.size };
  });
}

// The same question again, as it is now.
export function runAgain(): void {
  const q = question.peek();
  if (q) void run(q);
}

export function ask(text: string): void {
  const trimmed = text.trim();
  if (trimmed !== '' && trimmed === param('expr')) runAgain();
  else setParams({ expr: trimmed || null });
}

export function cancel(): void {
  if (!asking) return;
  asking.abort();
  asking = null;
  batch(() => {
    running.value = null;
    cancelled.value = true;
  });
}

function forget(): void {
  asking?.abort();
  asking = null;
  batch(() => {
    running.value = null;
    answer.value = null;
    refusal.value = null;
    cancelled.value = false;
  });
}

// Asks whenever the address names another question.
export function watchQuery(): () => void {
  let last = '';
  const end = effect(() => {
    const q = question.value;
    const key = JSON.stringify(q && (q.kind === 'graph' ? q : { ...q, rangeS: 0, stepS: 0 })); // a table is of one instant
    if (key === last) return;
    last = key;
    untracked(() => (q ? void run(q) : forget()));
  });
  return () => {
    end();
    forget();
  };
}
