// For how long each breaker of a service was open within 24 hours: asked of the stored counter, which outlives a restart
// and knows of openings that were shorter than a scrape.
//
//   end = watchOpenTime(service) -> openSeconds(breaker) changes -> end()
import { signal } from '@preact/signals';
import { post } from './query-data';
import type { Breaker } from './views';

const ASK_EVERY_MS = 60_000;

interface Answer {
  result?: readonly { metric: Record<string, string>; value: readonly [number, string] }[];
}

const known = signal<ReadonlyMap<string, number>>(new Map());
const keyOf = (name: string, endpoint: string, caller: string) => JSON.stringify([name, endpoint, caller]);

// Undefined: nothing is stored of it, or nothing was answered.
export const openSeconds = ({ name, endpoint, caller }: Breaker): number | undefined => known.value.get(keyOf(name, endpoint, caller ?? ''));

// A JSON string is one of PromQL, too.
const query = (service: string) =>
  `sum by (name, endpoint, caller) (increase(fusebox_breaker_state_seconds_total{job="fusebox",service=${JSON.stringify(service)},state="open"}[24h]))`;

async function ask(service: string, mine: AbortController): Promise<void> {
  const found = await post('query', { query: query(service) }, mine);
  if (found.told || mine.signal.aborted) return;
  const { result = [] } = found.data as Answer;
  known.value = new Map(result.map(({ metric: { name = '', endpoint = '', caller = '' }, value }) => [keyOf(name, endpoint, caller), Number(value[1])]));
}

export function watchOpenTime(service: string): () => void {
  const mine = new AbortController();
  const again = () => !document.hidden && void ask(service, mine);
  const timer = setInterval(again, ASK_EVERY_MS);
  again();
  return () => {
    clearInterval(timer);
    mine.abort();
    known.value = new Map();
  };
}
