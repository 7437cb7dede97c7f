// An event stream that knows when it is lost.
//
// The stream is read with fetch and not with EventSource, because EventSource hides what is needed
// here: the server's comment lines (so a silent, half-open connection would look alive), the status,
// and the sentence of an error.
//
//   feed.start() -> onEvent... -> lost -> waits 1, 2, 4 ... 30 s -> onEvent("snapshot") ... -> feed.stop()
//
// A page that is hidden for 30 s lets its connection go, and takes it up again when it is looked at.

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

interface FeedHandlers {
  onEvent(type: string, data: unknown): void;
  onState(state: FeedState): void;
}

const SILENCE_MAX_MS = 13_000; // a comment comes after 10 s of silence, and 3 s are patience
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 30_000;
const HIDDEN_MAX_MS = 30_000;
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
  private running: AbortController | null = null;
  private wanted = false;
  private backoffMs = BACKOFF_FIRST_MS;
  private lostMono: number | null = null;
  private retryTimer = 0;
  private silenceTimer = 0;
  private hiddenTimer = 0;

  constructor(
    private readonly url: string,
    private readonly handlers: FeedHandlers,
  ) {}

  start(): void {
    this.wanted = true;
    document.addEventListener('visibilitychange', this.onVisibility);
    void this.run();
  }

  stop(): void {
    this.wanted = false;
    document.removeEventListener('visibilitychange', this.onVisibility);
    clearTimeout(this.hiddenTimer);
    this.hangUp();
  }

  retryNow(): void {
    if (this.running || !this.wanted) return;
    void this.run();
  }

  private readonly onVisibility = () => {
    clearTimeout(this.hiddenTimer);
    if (document.hidden) this.hiddenTimer = setTimeout(() => this.hangUp(), HIDDEN_MAX_MS);
    else this.retryNow();
  };

  private hangUp(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.silenceTimer);
    this.running?.abort();
    this.running = null;
  }

  private async run(): Promise<void> {
    clearTimeout(this.retryTimer);
    const mine = new AbortController();
    this.running = mine;
    if (this.lostMono === null) this.handlers.onState({ kind: 'connecting' });
    let failure: Failure | null = null;
    try {
      await this.read(mine);
    } catch (error) {
      if (error instanceof Refused) failure = error.failure;
    }
    if (this.running !== mine) return; // hung up on purpose
    this.hangUp();
    this.lost(failure);
  }

  private async read(mine: AbortController): Promise<void> {
    this.listen(mine);
    const response = await fetch(this.url, {
      signal: mine.signal,
      cache: 'no-store',
      headers: { Accept: 'text/event-stream' },
    });
    if (!response.ok || !response.body) throw new Refused(await failureOf(response));
    const parser = new EventParser((type, data) => {
      if (type !== 'bye') this.event(type, data);
    });
    const reader = response.body.getReader();
    const decoder = new TextDecoder();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      this.listen(mine);
      if (this.running === mine) parser.push(decoder.decode(part.value, { stream: true }));
    }
  }

  private listen(mine: AbortController): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => mine.abort(), SILENCE_MAX_MS);
  }

  private event(type: string, data: string): void {
    const value: unknown = JSON.parse(data);
    this.backoffMs = BACKOFF_FIRST_MS;
    this.lostMono = null;
    this.handlers.onState({ kind: 'live' });
    this.handlers.onEvent(type, value);
  }

  private lost(failure: Failure | null): void {
    const now = performance.now();
    this.lostMono ??= now;
    const waitMs = this.backoffMs * (0.9 + 0.2 * Math.random());
    this.backoffMs = Math.min(BACKOFF_MAX_MS, this.backoffMs * 2);
    this.retryTimer = setTimeout(() => void this.run(), waitMs);
    this.handlers.onState({ kind: 'lost', sinceMono: this.lostMono, retryMono: now + waitMs, failure });
  }
}
