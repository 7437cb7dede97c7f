// The newest events of a service that its applications told. Without any the list is not there.
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { age, count, duration, iso, parseTime, plural, visible, cut } from './format';
import { feedState, nowMs, paused, tick } from './state';
import { Name } from './text';

const FIRST = 10;
const MORE = 50;
const KEPT_MAX = 500;
const AGAIN_MS = 10_000;
const WORDS_MAX = 160;

interface Event {
  seq: number;
  timestamp: string;
  event_type: string;
  [field: string]: unknown;
}
interface Page {
  events: readonly Event[];
  next_before: number | null;
}

async function ask(service: string, limit: number, before: number | null): Promise<Page | null> {
  const path = `/api/v1/events?service=${encodeURIComponent(service)}&limit=${limit}${before === null ? '' : `&before=${before}`}`;
  try {
    const response = await fetch(path, { cache: 'no-store' });
    return response.ok ? ((await response.json()) as Page) : null;
  } catch {
    return null; // the bar on top says that the server is gone
  }
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? cut(visible(String(value)), WORDS_MAX) : '');
const worded = (word: string, value: unknown): string => (text(value) === '' ? '' : `${word} ${text(value)}`);

// What happened, in the order in which a person would say it.
function words(e: Event): string {
  const change = text(e.new_state) === '' ? '' : `${text(e.old_state) === '' ? 'now' : `${text(e.old_state)} \u2192`} ${text(e.new_state)}`;
  const outcome = text(e.outcome) || (e.success === true ? 'success' : e.success === false ? 'failure' : '');
  return [
    text(e.breaker), change, outcome, text(e.error_type), worded('status', e.status_code), text(e.status), text(e.operation), worded('called by', e.caller),
    worded('on', e.instance), typeof e.retry_count === 'number' && e.retry_count > 0 && plural(e.retry_count, 'retry', 'retries'),
    typeof e.duration_ms === 'number' && duration(e.duration_ms / 1000), text(e.message),
  ].filter(Boolean).join(' · ');
}

const typeWords = (type: string) => visible(type).replace(/_/g, ' ');

function Row({ event }: { event: Event }) {
  const at = parseTime(event.timestamp);
  return (
    <li>
      <span class="m nw" title={iso(at)}>{at === null ? '' : `${age(Math.max(0, (nowMs.value - at) / 1000))} ago`}</span>
      <b class="nw">{typeWords(event.event_type)}</b>
      <span class="what"><Name text={words(event)} max={WORDS_MAX} /></span>
    </li>
  );
}

// Newer ones in front of those that are there; each once.
function merged(newer: readonly Event[], older: readonly Event[]): readonly Event[] {
  const oldest = newer[newer.length - 1]?.seq ?? Infinity;
  return [...newer, ...older.filter((e) => e.seq < oldest)].slice(0, KEPT_MAX);
}

export function EventsList({ service }: { service: string }) {
  const events = useSignal<readonly Event[]>([]);
  const before = useSignal<number | null>(null);
  const askedMono = useSignal(-Infinity);

  const refresh = async () => {
    askedMono.value = performance.now();
    const page = await ask(service, FIRST, null);
    if (!page) return;
    const joined = page.events.some((e) => events.peek().some((known) => known.seq === e.seq));
    events.value = merged(page.events, joined ? events.peek() : []);
    if (!joined) before.value = page.next_before;
  };
  const more = async () => {
    const page = await ask(service, MORE, before.peek());
    if (!page) return;
    events.value = [...events.peek(), ...page.events].slice(0, KEPT_MAX);
    before.value = page.next_before;
  };
  const due = feedState.value.kind === 'live' && paused.value === null && tick.value - askedMono.value > AGAIN_MS;
  useEffect(() => {
    if (due) void refresh();
  }, [due]);

  const list = events.value;
  if (list.length === 0) return null;
  return (
    <section class="card events" aria-labelledby="events-title">
      <header><h2 id="events-title">Events</h2><span class="m">newest {count(list.length)}</span></header>
      <ul>{list.map((event) => <Row key={event.seq} event={event} />)}</ul>
      {before.value !== null && list.length < KEPT_MAX && <p class="foot"><button class="flat" onClick={more}>More</button></p>}
    </section>
  );
}
