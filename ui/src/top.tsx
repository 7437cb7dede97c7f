// The frame: brand, pages, what is shown of time, whether it is live. The pages stand in a rail at the
// left where there is room, in the bar on top where there is less, at the thumb on a phone (page.css).
import type { ComponentChildren } from 'preact';
import { age, clock, count, plural } from './format';
import { Glyph } from './glyphs';
import { openJump } from './jump';
import { RANGES, parseRange, rangeText } from './period';
import { THEMES, cycle, narrow, theme } from './prefs';
import { follow, hasCharts, isPast, kiosk, mapPath, overviewPath, period, queryPath, route, setPeriod, storagePath } from './route';
import { openSettings } from './settings';
import { dataAgeS, feedState, isRefused, nowMs, openBreakers, paused, shown, togglePause } from './state';

const DATA_FRESH_S = 10;

function Live() {
  const state = feedState.value;
  if (state.kind === 'idle' || isRefused.value) return null;
  if (paused.value) return <span class="live c-info"><Glyph kind="pause" quiet />Paused</span>;
  if (state.kind === 'lost') return <span class="live c-unk"><Glyph kind="stale" quiet />{narrow.value ? 'Lost' : 'Not connected'}</span>;
  if (state.kind === 'connecting' || !shown.value) return <span class="live c-unk">Connecting</span>;
  if (isPast.value) return <span class="live c-info"><Glyph kind="stale" quiet />Past</span>;
  return (
    <span class="live c-ok" title="Connected; beside it the age of the newest data">
      <Glyph kind="ok" quiet />Live <span class="m sm age">{dataAgeS.value < DATA_FRESH_S || narrow.value ? age(dataAgeS.value) : `data ${age(dataAgeS.value)} old`}</span>
    </span>
  );
}

// Pauses, or goes on from a pause or from the past.
export function toggleLive(): void {
  if (isPast.peek()) setPeriod({ ...period.peek(), endMs: null });
  else togglePause();
}

export function chooseRange(text: string): void {
  if (hasCharts.peek()) setPeriod({ ...period.peek(), rangeS: parseRange(text)! });
}

// As buttons, or as one choice where there is little room.
function Ranges() {
  const now = rangeText(period.value.rangeS);
  return (
    <>
      <span class="seg" role="group" aria-label="Range of the charts">
        {RANGES.map((text) => <button key={text} aria-pressed={text === now} onClick={() => chooseRange(text)}>{text}</button>)}
      </span>
      <select class="range" aria-label="Range of the charts" value={now} onChange={(event) => chooseRange(event.currentTarget.value)}>
        {!RANGES.some((text) => text === now) && <option>{now}</option>}
        {RANGES.map((text) => <option key={text}>{text}</option>)}
      </select>
    </>
  );
}

function PageLink({ view, path, children, current = true }: { view: string; path: string; children: ComponentChildren; current?: boolean }) {
  const here = current && route.value.view === view;
  return <a href={path} aria-current={here ? 'page' : undefined} onClick={(event) => follow(event, path)}>{children}</a>;
}

// How many are open is known only of views that a stream keeps current.
function OpenBreakers() {
  const open = feedState.value.kind === 'live' ? openBreakers.value : null;
  if (!open) return null;
  return (
    <PageLink view="overview" path={`${overviewPath}?q=breaker:open`} current={false}>
      Breakers <span class="n c-crit" title={`${plural(open, 'breaker')} open`}><Glyph kind="critical" quiet />{count(open)}<span class="sr"> open</span></span>
    </PageLink>
  );
}

function Pages() {
  return (
    <nav class="pages" aria-label="Pages">
      <PageLink view="overview" path={overviewPath}>Services</PageLink>
      <PageLink view="map" path={mapPath}>Map</PageLink>
      <OpenBreakers />
      <PageLink view="query" path={queryPath}>Query</PageLink>
      <PageLink view="storage" path={storagePath}>Storage</PageLink>
      {narrow.value && <button onClick={openJump}>Jump</button>}
      {narrow.value && <button onClick={openSettings}>Settings</button>}
    </nav>
  );
}

const THEME_GLYPHS = {
  auto: <g><circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.6" /><path d="M8 3a5 5 0 000 10z" fill="currentColor" /></g>,
  light: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="1.6" />,
  dark: <circle cx="8" cy="8" r="5.8" fill="currentColor" />,
};

function Controls() {
  const held = paused.value !== null || isPast.value;
  return (
    <>
      {feedState.value.kind !== 'idle' && <button onClick={toggleLive} aria-pressed={held} disabled={!shown.value}>{held ? 'Go live' : 'Pause'} <kbd>p</kbd></button>}
      {!narrow.value && (
        <>
          <button class="theme" onClick={() => cycle(theme, THEMES)} title={`Colours: ${theme.value === 'auto' ? 'as the system' : theme.value}`} aria-label={`Theme: ${theme.value}`}>
            <svg class="g" viewBox="0 0 16 16" aria-hidden="true">{THEME_GLYPHS[theme.value]}</svg>
          </button>
          <button onClick={openSettings}>Settings <kbd>?</kbd></button>
        </>
      )}
    </>
  );
}

export function TopBar() {
  const wall = kiosk.value;
  return (
    <header class="top">
      <a class="brand" href={overviewPath} onClick={(event) => follow(event, overviewPath)}>
        <svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
          <rect x="1" y="4" width="18" height="12" rx="3" />
          <path d="M4.5 10c2-4 3.6-4 5.5 0s3.5 4 5.5 0" />
        </svg>
        <span class={narrow.value ? 'sr' : ''}>fusebox</span>
      </a>
      {!wall && <Pages />}
      {!wall && !narrow.value && <button class="jump-to" onClick={openJump}>Jump to… <kbd>/</kbd></button>}
      <span class="sp" />
      {wall ? <span class="wall-clock">{clock(nowMs.value)} UTC</span> : <span class="m sm nw zone">{narrow.value ? 'UTC' : 'times in UTC'}</span>}
      {!wall && hasCharts.value && <Ranges />}
      <Live />
      {!wall && <Controls />}
    </header>
  );
}
