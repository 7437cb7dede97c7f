// What may stand in every view: bars that say what is not as usual, loading, failure.
import { effect, signal, useSignal } from '@preact/signals';
import { Component, type ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { age, clock, count, cut, duration, visible } from './format';
import { Glyph } from './glyphs';
import { ignored, overviewPath } from './route';
import { epoch, feedState, paused, retryNow, shown, tick, togglePause } from './state';
import type { Failure } from './stream';

const LOADING_QUIET_MS = 150;
const LOADING_LONG_S = 5;
const LOST_QUIET_MS = 1000; // a reconnect that succeeds at once is not worth a bar

const newVersion = signal(false);

// After a restart the server may be another version than the page: then its shell names another script.
let lastEpoch: string | null = null;
effect(() => {
  const now = epoch.value;
  const restarted = lastEpoch !== null && now !== null && now !== lastEpoch;
  lastEpoch = now ?? lastEpoch;
  if (!restarted) return;
  const own = new URL(import.meta.url).pathname;
  fetch(overviewPath, { cache: 'no-cache' })
    .then(async (response) => {
      if (response.ok) newVersion.value = !(await response.text()).includes(own);
    })
    .catch(() => undefined);
});

function LostBar() {
  const state = feedState.value;
  if (state.kind !== 'lost' || !shown.value) return null;
  const now = tick.value;
  if (now - state.sinceMono < LOST_QUIET_MS) return null;
  const wait = Math.ceil((state.retryMono - now) / 1000);
  return (
    <div class="note" id="lost">
      <Glyph kind="stale" quiet />
      <span>
        <b>Not connected for {age((now - state.sinceMono) / 1000)}.</b> What you see is from {clock(shown.value.nowMs)}.{' '}
        {state.failure && `The server says: ${visible(state.failure.message)} `}
        {wait > 0 ? `Trying again in ${duration(wait)}.` : 'Trying again.'}
      </span>
      <span class="sp" />
      <button class="flat" onClick={retryNow}>Try now</button>
    </div>
  );
}

export function Bars() {
  const pause = paused.value;
  return (
    <>
      <LostBar />
      {pause && (
        <div class="note info" id="paused">
          <Glyph kind="pause" quiet />
          <span><b>Paused at {clock(pause.atMs)}</b>, {count(pause.missed)} newer {pause.missed === 1 ? 'update' : 'updates'}</span>
          <span class="sp" />
          <button class="flat" onClick={togglePause}>Go live</button>
        </div>
      )}
      {ignored.value.length > 0 && (
        <div class="note" id="ignored">
          <Glyph kind="unknown" quiet />
          <span>Left out of the address, because it makes no sense here: <code>{cut(visible(ignored.value.join(', ')), 120)}</code></span>
        </div>
      )}
      {newVersion.value && (
        <div class="note info">
          <Glyph kind="info" quiet /><span>A new version is there.</span><span class="sp" />
          <button class="flat" onClick={() => location.reload()}>Reload</button>
        </div>
      )}
    </>
  );
}

// Nothing at first, then grey bars; after a while words.
export function Loading() {
  const since = useSignal(performance.now());
  const late = useSignal(false);
  useEffect(() => {
    const timer = setTimeout(() => (late.value = true), LOADING_QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!late.value) return null;
  const seconds = Math.floor((tick.value - since.value) / 1000);
  return (
    <div class="loading">
      <i class="bar short" /><i class="bar" /><i class="bar tall" />
      <p class="s" role="status">{seconds >= LOADING_LONG_S ? `still loading, ${age(seconds)}` : <span class="sr">loading</span>}</p>
    </div>
  );
}

export function Failed({ failure }: { failure: Failure }) {
  const state = feedState.value;
  const wait = state.kind === 'lost' ? Math.ceil((state.retryMono - tick.value) / 1000) : 0;
  return (
    <section class="card in failed" role="alert">
      <h1><Glyph kind={failure.status === 404 ? 'unknown' : 'critical'} quiet /> {failure.status === 404 ? 'Not there' : 'Could not load this'}</h1>
      <p>{visible(failure.message)}</p>
      <p class="s">
        <code>{visible(failure.code)}</code>{wait > 0 && ` · trying again in ${duration(wait)}`}{' '}
        <button class="flat" onClick={retryNow}>Try again</button>
      </p>
    </section>
  );
}

// A panel that cannot be drawn says so; the others go on.
export class Guard extends Component<{ children: ComponentChildren }, { broken: string | null }> {
  override state = { broken: null };

  static override getDerivedStateFromError(error: unknown) {
    return { broken: error instanceof Error ? error.message : String(error) };
  }

  override render() {
    if (this.state.broken === null) return this.props.children;
    return (
      <section class="card in failed">
        <h2><Glyph kind="critical" quiet /> This part could not be drawn</h2>
        <p class="s"><code>{visible(this.state.broken)}</code></p>
      </section>
    );
  }
}
