// A tab's line to the hub that holds the stream: in the SharedWorker of all tabs, or, where there is
// none, in the tab itself.
//
// While it is looked at, the tab says every few seconds what it looks at, and is answered; a hidden tab
// says nothing, so that the hub lets it go after a while.
import { Hub, type FromTab, type Port, type ToTab } from './hub';
import type { Sight } from './sight';
import { realEnv } from './stream';

declare const WORKER_URL: string; // by build.mjs
declare global {
  interface Window {
    trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(): string }): { createScriptURL(text: string): unknown } };
  }
}

const SAY_EVERY_MS = 5_000;
const ANSWER_FIRST_MS = 3_000; // then the worker is taken for absent
const ANSWER_MAX_MS = 15_000;

interface Line {
  say(message: FromTab): void;
  close(): void;
}

function localLine(hear: (message: ToTab) => void): Line {
  const hub = new Hub(realEnv);
  const port: Port = { post: hear };
  return { say: (message) => hub.hear(port, message), close: () => hub.hear(port, { kind: 'leave' }) };
}

// The policy forbids any other address, and any other way to make a worker.
function workerUrl(): string {
  const policy = window.trustedTypes?.createPolicy('fusebox-worker', { createScriptURL: () => WORKER_URL });
  return (policy?.createScriptURL('') ?? WORKER_URL) as string;
}
let url: string | null = null;

function workerLine(hear: (message: ToTab) => void, failed: () => void): Line {
  const worker = new SharedWorker((url ??= workerUrl()), { name: 'fusebox' });
  const { port } = worker;
  worker.onerror = failed;
  port.onmessage = ({ data }: MessageEvent<ToTab>) => hear(data);
  const say = (message: FromTab) => port.postMessage(message);
  return {
    say,
    close: () => {
      say({ kind: 'leave' });
      port.onmessage = null;
      worker.onerror = null;
    },
  };
}

export class Link {
  private line: Line | null = null;
  private shared = 'SharedWorker' in window;
  private views: readonly string[] = [];
  private sight: Sight = null;
  private answered = false;
  private heardMono = 0;

  constructor(private readonly onMessage: (message: ToTab) => void) {
    setInterval(() => this.say(false), SAY_EVERY_MS);
    document.addEventListener('visibilitychange', () => this.say(true));
    addEventListener('pagehide', () => this.hangUp());
    addEventListener('pageshow', (event) => event.persisted && this.say(true));
  }

  watch(views: readonly string[]): void {
    this.views = views;
    this.say(false);
  }

  // Of which rows figures are wanted.
  look(sight: Sight): void {
    if (JSON.stringify(sight) === JSON.stringify(this.sight)) return;
    this.sight = sight;
    this.say(false);
  }

  // Asks for the documents again.
  refresh(): void {
    this.say(true);
  }

  retryNow(): void {
    this.line?.say({ kind: 'retry' });
  }

  private say(fresh: boolean): void {
    if (document.hidden) return;
    if (this.line && this.answered && performance.now() - this.heardMono > ANSWER_MAX_MS) this.hangUp();
    this.line ??= this.dial();
    this.line.say({ kind: 'watch', views: this.views, fresh, sight: this.sight });
  }

  private hangUp(): void {
    this.line?.close();
    this.line = null;
  }

  private dial(): Line {
    this.answered = false;
    const hear = (message: ToTab) => {
      this.answered = true;
      this.heardMono = performance.now();
      this.onMessage(message);
    };
    if (!this.shared) return localLine(hear);
    const alone = () => {
      if (this.line !== line || this.answered) return;
      this.shared = false;
      this.hangUp();
      this.say(false);
    };
    let line: Line;
    try {
      line = workerLine(hear, alone);
    } catch {
      this.shared = false; // forbidden here
      return localLine(hear);
    }
    setTimeout(alone, ANSWER_FIRST_MS);
    return line;
  }
}
