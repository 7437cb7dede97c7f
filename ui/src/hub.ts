// The one stream of a browser: what its tabs look at, united, kept current and handed to them.
//
//   tab "overview" --\                                        /--> snapshot, update ... to each tab
//   tab "map" --------> hub --- one stream of both views ----<     that looks at the view
//   tab "overview" --/
//
// A tab says every few seconds what it looks at; one that falls silent (closed, crashed, hidden: it
// then says nothing) is let go. Every frame of a view counts up, so a number left out is a frame that
// was missed: then the view's document is fetched again, and updates that come meanwhile wait.
//
// It runs in the SharedWorker (worker.ts), or in a page that cannot have one (link.ts).
import { LateSteps, Newest, type Sight, type Told } from './sight';
import { Feed, failureOf, type Env, type Failure } from './stream';

export const DASHBOARD = '/api/v1/retry-monitoring/dashboard/';
const VIEWS_MAX = 16; // of one stream, as the server says
const TAB_SILENT_MS = 30_000;
const HELD_MAX = 120;
const ASK_AGAIN_FIRST_MS = 5_000; // for a view that is not there
const ASK_AGAIN_MAX_MS = 30_000;

// `fresh`: the documents again, though nothing was missed on the way. `sight`: of which rows it wants the figures.
export type FromTab = { kind: 'watch'; views: readonly string[]; fresh: boolean; sight: Sight } | { kind: 'retry' } | { kind: 'leave' };

export type LinkState =
  | { kind: 'idle' | 'connecting' | 'live' }
  | { kind: 'lost'; forMs: number; retryInMs: number; failure: Failure | null };

export type ToTab =
  | { kind: 'state'; state: LinkState }
  | { kind: 'snapshot' | 'update' | 'rest'; view: string; text: string } // rest: figures and steps of rows that came into sight
  | { kind: 'refused'; view: string; failure: Failure };

export interface Port {
  post(message: ToTab): void;
}

// Two spellings of one view are one: names are percent-encoded in more than one way.
export function viewKey(view: string): string {
  try {
    return decodeURIComponent(view);
  } catch {
    return view;
  }
}

interface Channel {
  key: string;
  view: string; // as the first tab spells it
  seq: number;
  epoch: string | null;
  fetching: AbortController | null;
  newest: Newest;
  held: { head: Head; text: string }[];
  refused: Failure | null;
  askAgainMs: number;
  askAgainTimer: number;
}

interface Head extends Told {
  view?: string;
  seq?: number;
  epoch?: string;
  code?: string;
  message?: string;
}

const LIMIT: Failure = { status: 429, code: 'limit', message: `Other tabs of this browser look at ${VIEWS_MAX} views already. Close one of them.` };

export class Hub {
  private readonly tabs = new Map<Port, { keys: readonly string[]; heardMono: number; sight: Sight; late: LateSteps }>();
  private readonly channels = new Map<string, Channel>();
  private readonly feed: Feed;
  private sweepTimer = 0;

  constructor(private readonly env: Env) {
    this.feed = new Feed(env, {
      onEvent: (type, text) => this.event(type, text),
      onState: () => this.tabs.forEach((_, port) => port.post(this.state())),
    });
  }

  hear(port: Port, message: FromTab): void {
    if (message.kind === 'leave') this.tabs.delete(port);
    else if (message.kind === 'watch') this.watch(port, message.views, message.fresh, message.sight);
    else this.retry();
    this.settle();
  }

  private watch(port: Port, views: readonly string[], fresh: boolean, sight: Sight): void {
    const { keys: before, sight: saw, late } = this.tabs.get(port) ?? { keys: [] as readonly string[], sight: null, late: new LateSteps() };
    const keys = views.map(viewKey);
    this.tabs.set(port, { keys, heardMono: this.env.now(), sight, late });
    port.post(this.state());
    keys.forEach((key, i) => {
      const known = this.channels.get(key);
      if (!known) this.channels.set(key, { key, view: views[i]!, seq: -1, epoch: null, newest: new Newest(), fetching: null, held: [], refused: null, askAgainMs: ASK_AGAIN_FIRST_MS, askAgainTimer: 0 });
      else if (known.refused && !before.includes(key)) port.post({ kind: 'refused', view: key, failure: known.refused });
      else if (known.seq >= 0 && (fresh || !before.includes(key))) void this.catchUp(known);
      else this.bring(port, known, late, saw, sight);
    });
  }

  // What the tab has not heard of the rows that it sees from now on.
  private bring(port: Port, { key, newest }: Channel, late: LateSteps, before: Sight, now: Sight): void {
    if (before?.from === now?.from && before?.to === now?.to) return;
    const figures = newest.entered(before, now) ?? undefined;
    const steps = late.take(undefined, newest.names(now));
    if (figures || steps) port.post({ kind: 'rest', view: key, text: JSON.stringify({ figures, steps }) });
  }

  private retry(): void {
    this.feed.retryNow();
    for (const channel of this.channels.values()) if (channel.refused && channel.refused !== LIMIT) void this.catchUp(channel);
  }

  // Lets go what nobody looks at, and listens to the rest.
  private settle(): void {
    const now = this.env.now();
    for (const [port, tab] of this.tabs) if (now - tab.heardMono >= TAB_SILENT_MS) this.tabs.delete(port);
    const wanted = new Set([...this.tabs.values()].flatMap((tab) => tab.keys));
    for (const [key, channel] of this.channels) {
      if (wanted.has(key)) continue;
      channel.fetching?.abort();
      this.env.clearTimer(channel.askAgainTimer);
      this.channels.delete(key);
    }
    const channels = [...this.channels.values()];
    for (const channel of channels.slice(VIEWS_MAX)) if (!channel.refused) this.refuse(channel, LIMIT);
    const query = channels.slice(0, VIEWS_MAX).map((channel) => `view=${encodeURIComponent(channel.view)}`).sort().join('&');
    this.feed.listen(query ? `${DASHBOARD}subscribe?${query}` : null);
    this.env.clearTimer(this.sweepTimer);
    if (this.tabs.size > 0) this.sweepTimer = this.env.setTimer(() => this.settle(), TAB_SILENT_MS / 6);
  }

  private state(): ToTab {
    const { state } = this.feed;
    if (state.kind !== 'lost') return { kind: 'state', state: { kind: state.kind } };
    const now = this.env.now();
    return { kind: 'state', state: { kind: 'lost', forMs: now - state.sinceMono, retryInMs: state.retryMono - now, failure: state.failure } };
  }

  private tell(channel: Channel, message: ToTab): void {
    for (const [port, tab] of this.tabs) if (tab.keys.includes(channel.key)) port.post(message);
  }

  // Each tab hears what is in its sight.
  private tellUpdate({ key, newest }: Channel, head: Head, text: string): void {
    for (const [port, { keys, sight, late }] of this.tabs) {
      if (!keys.includes(key)) continue;
      const seen = newest.names(sight);
      const own = seen && (head.figures || head.steps) && { ...newest.within(head, seen), steps: late.take(head.steps, seen) };
      port.post({ kind: 'update', view: key, text: own ? JSON.stringify(own) : text });
    }
  }

  private event(type: string, text: string): void {
    const head = JSON.parse(text) as Head;
    const channel = this.channels.get(viewKey(head.view ?? ''));
    if (!channel) return; // let go a moment ago
    if (type === 'snapshot') this.begin(channel, head, text);
    else if (type === 'update') this.update(channel, head, text);
    else if (type === 'resync') void this.catchUp(channel);
    else if (type === 'refused') this.refuse(channel, { status: 404, code: head.code ?? '', message: head.message ?? '' });
  }

  private begin(channel: Channel, head: Head, text: string): void {
    channel.fetching?.abort();
    channel.fetching = null;
    channel.held = [];
    channel.refused = null;
    channel.askAgainMs = ASK_AGAIN_FIRST_MS;
    this.env.clearTimer(channel.askAgainTimer);
    channel.seq = head.seq ?? -1;
    channel.epoch = head.epoch ?? null;
    channel.newest.begin(head);
    for (const tab of this.tabs.values()) if (tab.keys.includes(channel.key)) tab.late.clear();
    this.tell(channel, { kind: 'snapshot', view: channel.key, text });
  }

  private update(channel: Channel, head: Head, text: string): void {
    const { seq = -1, epoch } = head;
    const other = epoch !== undefined && epoch !== channel.epoch;
    if (channel.fetching && channel.held.length < HELD_MAX) channel.held.push({ head, text });
    else if (other || seq > channel.seq + 1) void this.catchUp(channel);
    else if (seq > channel.seq) {
      channel.seq = seq;
      channel.newest.update(head);
      this.tellUpdate(channel, head, text);
    }
  }

  private async catchUp(channel: Channel): Promise<void> {
    channel.fetching?.abort();
    const mine = (channel.fetching = new AbortController());
    channel.held = [];
    let text: string | null = null;
    let failure: Failure | null = null;
    try {
      const response = await this.env.fetch(DASHBOARD + channel.view, { signal: mine.signal, cache: 'no-store' });
      if (response.ok) text = await response.text();
      else failure = await failureOf(response);
    } catch {
      // The stream is lost as well then, and says so; its next snapshot is the document.
    }
    if (channel.fetching !== mine) return;
    channel.fetching = null;
    if (text !== null) this.caughtUp(channel, text);
    else if (failure?.status === 404) this.refuse(channel, failure);
  }

  private caughtUp(channel: Channel, text: string): void {
    const { held, refused } = channel;
    this.begin(channel, JSON.parse(text) as Head, text);
    for (const { head, text: update } of held) if ((head.seq ?? -1) > channel.seq) this.update(channel, head, update);
    if (refused) this.feed.reopen(); // the stream does not have it
  }

  private refuse(channel: Channel, failure: Failure): void {
    channel.refused = failure;
    this.tell(channel, { kind: 'refused', view: channel.key, failure });
    this.env.clearTimer(channel.askAgainTimer);
    if (failure === LIMIT) return; // its turn comes when another view is let go
    channel.askAgainTimer = this.env.setTimer(() => void this.catchUp(channel), channel.askAgainMs);
    channel.askAgainMs = Math.min(ASK_AGAIN_MAX_MS, channel.askAgainMs * 2);
  }
}
