// Why a query gave nothing: each of its selectors is asked for, with its labels and without.
import { signal } from '@preact/signals';
import { autoStep, rangeOf } from './query-ask';
import { post, type Question } from './query-data';
import { nowMs } from './state';

const LOOKBACK_S = 300; // as far as an instant looks back for a sample

export interface Finding {
  selector: string;
  kind: 'found' | 'labels' | 'nothing'; // it has series; its metric has, but not with these labels; neither
  metric: string;
}

export const findings = signal<readonly Finding[] | null>(null);

let looking: AbortController | null = null;

async function has(selector: string, [startS, endS]: readonly [number, number], mine: AbortController): Promise<boolean> {
  const found = await post('series', { 'match[]': selector, start: String(startS), end: String(endS), limit: '1' }, mine);
  return found.told !== null || (found.data as unknown[]).length > 0; // what cannot be asked is no reason
}

function spanOf({ kind, rangeS, endMs }: Question): readonly [number, number] {
  const end = endMs ?? nowMs.peek();
  if (kind === 'table') return [end / 1000 - LOOKBACK_S, end / 1000];
  const { startS, endS } = rangeOf(rangeS, end, autoStep(rangeS));
  return [startS - LOOKBACK_S, endS];
}

async function lookFor(selector: string, q: Question, mine: AbortController): Promise<Finding> {
  const metric = /^[\p{L}_:][\p{L}\p{N}_:.]*/u.exec(selector)?.[0] ?? '';
  const span = spanOf(q);
  if (await has(selector, span, mine)) return { selector, kind: 'found', metric };
  const bare = metric !== '' && metric !== selector && (await has(metric, span, mine));
  return { selector, kind: bare ? 'labels' : 'nothing', metric };
}

export async function explain(q: Question): Promise<void> {
  looking?.abort();
  const mine = (looking = new AbortController());
  findings.value = null;
  let selectors: readonly string[];
  try {
    selectors = (await import('./query-editor')).selectorsOf(q.text);
  } catch {
    return; // without the editor there is no grammar either
  }
  const found = await Promise.all(selectors.map((selector) => lookFor(selector, q, mine)));
  if (looking === mine) findings.value = found;
}
