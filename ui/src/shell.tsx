// What surrounds every view: the bar on top, the bars that say what is not as usual, the keys.
import { effect, signal, useSignal } from '@preact/signals';
import { Component, type ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { age, clock, count, duration, visible } from './format';
import { Glyph } from './glyphs';
import { narrow, nextTheme, theme } from './prefs';
import { follow, mapPath, overviewPath, route, storagePath } from './route';
import { dataAgeS, epoch, feedState, isRefused, paused, retryNow, shown, tick, togglePause } from './state';
import type { Failure } from './stream';

const LOADING_QUIET_MS = 150;
const LOADING_LONG_S = 5;
const DATA_FRESH_S = 10;
const LOST_QUIET_MS = 1000; // a reconnect that succeeds at once is not worth a bar

export const keysOpen = signal(false);
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

function Live() {
  const state = feedState.value;
  if (state.kind === 'idle' || isRefused.value) return null;
  if (paused.value) return <span class="live c-info"><Glyph kind="pause" quiet />Paused</span>;
  if (state.kind === 'lost') return <span class="live c-unk"><Glyph kind="stale" quiet />{narrow.value ? 'Lost' : 'Not connected'}</span>;
  if (state.kind === 'connecting' || !shown.value) return <span class="live c-unk">Connecting</span>;
  return (
    <span class="live c-ok" title="Connected; beside it the age of the newest data">
      <Glyph kind="ok" quiet />Live <span class="m sm age">{dataAgeS.value < DATA_FRESH_S || narrow.value ? age(dataAgeS.value) : `data ${age(dataAgeS.value)} old`}</span>
    </span>
  );
}

const THEME_GLYPHS = {
  auto: <g><circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.6" /><path d="M8 3a5 5 0 000 10z" fill="currentColor" /></g>,
  light: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.6" />,
  dark: <circle cx="8" cy="8" r="5.8" fill="currentColor" />,
};

// In the bar on top where there is room, else a row of its own below it.
export function Pages() {
  const link = (view: string, path: string, text: string) => (
    <a href={path} aria-current={route.value.view === view ? 'page' : undefined} onClick={(event) => follow(event, path)}>{text}</a>
  );
  return (
    <nav class="pages" aria-label="Pages">
      {link('overview', overviewPath, 'Services')}
      {link('map', mapPath, 'Map')}
      {link('storage', storagePath, 'Storage')}
    </nav>
  );
}

export function TopBar() {
  const isPaused = paused.value !== null;
  return (
    <header class="top">
      <a class="brand" href={overviewPath} onClick={(event) => follow(event, overviewPath)}>
        <svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
          <rect x="1" y="4" width="18" height="12" rx="3" />
          <path d="M4.5 10c2-4 3.6-4 5.5 0s3.5 4 5.5 0" />
        </svg>
        <span class={narrow.value ? 'sr' : ''}>fusebox</span>
      </a>
      {!narrow.value && <Pages />}
      <span class="sp" />
      <span class="m sm nw">{narrow.value ? 'UTC' : 'times in UTC'}</span>
      <Live />
      <button onClick={togglePause} aria-pressed={isPaused} disabled={!shown.value}>{isPaused ? 'Go live' : 'Pause'} <kbd>p</kbd></button>
      <button onClick={nextTheme} title="Colours: as the system, light, dark" aria-label={`Theme: ${theme.value}`}>
        <svg class="g" viewBox="0 0 16 16" aria-hidden="true">{THEME_GLYPHS[theme.value]}</svg>
        {narrow.value ? null : `Theme: ${theme.value}`}
      </button>
      <button class="wide-only" onClick={() => (keysOpen.value = true)}>Keys <kbd>?</kbd></button>
    </header>
  );
}

function LostBar() {
  const state = feedState.value;
  const now = tick.value;
  if (state.kind !== 'lost' || !shown.value || now - state.sinceMono < LOST_QUIET_MS) return null;
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

const KEYS: [string, string][] = [
  ['j', 'next service'],
  ['k', 'service before'],
  ['Enter', 'open it'],
  ['Esc', 'back to all services'],
  ['p', 'pause, and go live again'],
  ['\u2190 \u2192', 'move the cursor of a chart'],
  ['?', 'these keys'],
];

export function KeysDialog() {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => effect(() => {
    if (keysOpen.value) ref.current?.showModal();
    else ref.current?.close();
  }), []);
  return (
    <dialog ref={ref} aria-labelledby="keys-title" onClose={() => (keysOpen.value = false)}>
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">{KEYS.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <button onClick={() => (keysOpen.value = false)}>Close</button>
    </dialog>
  );
}
