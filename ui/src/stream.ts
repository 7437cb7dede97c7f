// An event stream that knows when it is lost.
//
// The stream is read with fetch and not with EventSource, because EventSource hides what is needed
// here: the server's comment lines (so a silent, half-open connection would look alive), the status,
// and the sentence of an error.
//
//   feed.listen(url) -> onEvent... -> lost -> waits 1, 2, 4 ... 30 s -> onEvent("snapshot") ... -> feed.listen(null)
//
// Clock, chance and network are given in (Env); it runs in a page and in a worker.

export interface Failure {
  status: number; // 0: no answer at all
  code: string;
  message: string;
}

export type FeedState =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'live' }
  | { kind: 'lost'; sinceMono: number; retryMono: number; failure: Failure | null };

export interface Env {
  fetch(url: string, init: RequestInit): Promise<Response>;
  now(): number; // monotonic
  random(): number;
  setTimer(act: () => void, ms: number): number;
  clearTimer(timer: number): void;
}

export const realEnv: Env = {
  fetch: (url, init) => fetch(url, init),
  now: () => performance.now(),
  random: Math.random,
  setTimer: (act, ms) => setTimeout(act, ms) as unknown as number,
  clearTimer: (timer) => clearTimeout(timer),
};

interface FeedHandlers {
  onEvent(type: string, text: string): void;
  onState(state: FeedState): void;
}

const SILENCE_MAX_MS = 13_000; // a comment comes after 10 s of silence, and 3 s are patience
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 30_000;
const EVENT_MAX_CHARS = 64 << 20;

// Takes text in any pieces and gives whole events (WHATWG HTML, 9.2.6 "Interpreting an event stream").
export class EventParser {
  private rest = '';
  private type = '';
  private data: string[] = [];

  constructor(private readonly emit: (type: string, data: string) => void) {}

  push(text: string): void {
    const whole = this.rest + text;
    let from = 0;
    for (let end = whole.indexOf('\n'); end >= 0; end = whole.indexOf('\n', from)) {
      const cr = end > from && whole[end - 1] === '\r' ? 1 : 0;
      this.line(whole.slice(from, end - cr));
      from = end + 1;
    }
    this.rest = whole.slice(from);
    if (this.rest.length > EVENT_MAX_CHARS) throw new Error('an event is too long');
  }

  private line(line: string): void {
    if (line === '') {
      if (this.data.length > 0) this.emit(this.type || 'message', this.data.join('\n'));
      this.type = '';
      this.data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.type = value;
  }
}

export async function failureOf(response: Response): Promise<Failure> {
  try {
    const { error } = await response.json();
    return { status: response.status, code: String(error.code), message: String(error.message) };
  } catch {
    return { status: response.status, code: 'http', message: `The server answered ${response.status}.` };
  }
}

class Refused extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

export class Feed {
  state: FeedState = { kind: 'idle' };
  private url: string | null = null;
  private running: AbortController | null = null;
  private backoffMs = BACKOFF_FIRST_MS;
  private lostMono: number | null = null;
  private retryTimer = 0;
  private silenceTimer = 0;

  constructor(
    private readonly env: Env,
    private readonly handlers: FeedHandlers,
  ) {}

  // From now on this is heard; null: nothing. The same again changes nothing.
  listen(url: string | null): void {
    if (url === this.url) return;
    this.url = url;
    this.reopen();
  }

  // Begins anew, with snapshots of everything.
  reopen(): void {
    this.hangUp();
    if (this.url !== null) {
      void this.run(this.url);
      return;
    }
    this.lostMono = null;
    this.tell({ kind: 'idle' });
  }

  retryNow(): void {
    if (!this.running && this.url !== null) void this.run(this.url);
  }

  private tell(state: FeedState): void {
    this.state = state;
    this.handlers.onState(state);
  }

  private hangUp(): void {
    this.env.clearTimer(this.retryTimer);
    this.env.clearTimer(this.silenceTimer);
    this.running?.abort();
    this.running = null;
  }

  private async run(url: string): Promise<void> {
    this.env.clearTimer(this.retryTimer);
    const mine = new AbortController();
    this.running = mine;
    if (this.state.kind === 'idle') this.tell({ kind: 'connecting' });
    let failure: Failure | null = null;
    try {
      await this.read(url, mine);
    } catch (error) {
      if (error instanceof Refused) failure = error.failure;
    }
    if (this.running !== mine) return; // hung up on purpose
    this.hangUp();
    this.lost(failure);
  }

  private async read(url: string, mine: AbortController): Promise<void> {
    this.patience(mine);
    const response = await this.env.fetch(url, { signal: mine.signal, cache: 'no-store', headers: { Accept: 'text/event-stream' } });
    if (!response.ok || !response.body) throw new Refused(await failureOf(response));
    const parser = new EventParser((type, data) => this.event(type, data));
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (this.running !== mine) return;
      this.patience(mine);
      parser.push(decoder.decode(part.value, { stream: true }));
    }
  }

  private patience(mine: AbortController): void {
    this.env.clearTimer(this.silenceTimer);
    this.silenceTimer = this.env.setTimer(() => mine.abort(), SILENCE_MAX_MS);
  }

  private event(type: string, text: string): void {
    if (type === 'bye') return;
    this.backoffMs = BACKOFF_FIRST_MS;
    this.lostMono = null;
    if (this.state.kind !== 'live') this.tell({ kind: 'live' });
    this.handlers.onEvent(type, text);
  }

  private lost(failure: Failure | null): void {
    const now = this.env.now();
    this.lostMono ??= now;
    const waitMs = this.backoffMs * (0.9 + 0.2 * this.env.random());
    this.backoffMs = Math.min(BACKOFF_MAX_MS, this.backoffMs * 2);
    this.retryTimer = this.env.setTimer(() => this.retryNow(), waitMs);
    this.tell({ kind: 'lost', sinceMono: this.lostMono, retryMono: now + waitMs, failure });
  }
}
