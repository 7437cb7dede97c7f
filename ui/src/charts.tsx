// The charts of a service: one period, one cursor, and the words about what they show.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Chart } from './chart';
import { chartsOf, isHeard, knownSince, startMs, timelineOf } from './chart-data';
import { loadLibrary, type Scene } from './chart-plot';
import { csvPath, historyFailure, loadAgain, loadingPeriod, shownHistory, watchHistory } from './chart-history';
import { stepBack } from './chart-zoom';
import { openingsOf } from './breaker-time';
import { THIN, duration, moment, visible } from './format';
import { Glyph } from './glyphs';
import { rangeText } from './period';
import { period, setPeriod } from './route';
import { nowMs } from './state';
import type { ServiceDocument } from './views';
import type { History } from './views-service';

// As the buttons of the periods have it: 1 h, and not 60 min.
export const periodText = (rangeS: number) => rangeText(rangeS).replace(/\D/, (unit) => `${THIN}${unit === 'm' ? 'min' : unit}`);

// Esc goes one step back, before the page takes it as the way to all services.
export function onEscape(event: KeyboardEvent): void {
  const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog, .editor') !== null;
  if (event.key !== 'Escape' || event.defaultPrevented || typing || document.querySelector('dialog[open]')) return;
  if (stepBack()) event.preventDefault();
}

const isSilent = (h: History) => ![h.calls, h.retries, h.utilization_percent].some(isHeard);

function Words({ history, openings }: { history: History; openings: Scene['openings'] }) {
  const now = nowMs.value;
  const { endMs, rangeS } = period.value;
  const since = isSilent(history) ? null : knownSince(history);
  const opened = openings.some(([from, to]) => to > startMs(history) && from < history.end_ms);
  return (
    <div class="charts-head">
      <h2>{endMs === null ? `Last ${periodText(history.period_s)}` : `${moment(startMs(history), now)} to ${moment(history.end_ms, now)}`}</h2>
      <span class="m">
        {isSilent(history) ? `nothing was heard in any step of ${duration(history.step_s)}` : `steps of ${duration(history.step_s)}`}
        {since !== null && ` · data since ${moment(since, now)}`}
      </span>
      {opened && <span class="m"><i class="open-key" />a breaker was open</span>}
      <span class="sp" />
      {endMs !== null && (
        <>
          <span class="m">these charts stand still</span>
          <button class="flat" onClick={stepBack}>One step back <kbd>Esc</kbd></button>
          <button class="flat" onClick={() => setPeriod({ rangeS, endMs: null })}>To now</button>
        </>
      )}
    </div>
  );
}

function Trouble({ name }: { name: string }) {
  const failure = historyFailure.value;
  if (!failure) return null;
  return (
    <p class="note" role="status">
      <Glyph kind="unknown" quiet />
      <span><b>The history of {periodText(period.value.rangeS)} could not be loaded.</b> {visible(failure.message)}</span>
      <span class="sp" />
      <button class="flat" onClick={() => loadAgain(name)}>Try again</button>
    </p>
  );
}

// It is a file of its own, which another version of the server does not have.
export const NoLibrary = () => (
  <p class="note" role="status">
    <Glyph kind="unknown" quiet /><b>The charts could not be loaded.</b>
    <span class="sp" /><button class="flat" onClick={() => location.reload()}>Reload</button>
  </p>
);

export function Charts({ doc }: { doc: ServiceDocument }) {
  const ready = useSignal<boolean | null>(null);
  useEffect(() => {
    loadLibrary().then(() => (ready.value = true), () => (ready.value = false));
  }, []);
  useEffect(() => watchHistory(doc.service), [doc.service]);
  useEffect(() => {
    addEventListener('keydown', onEscape, { capture: true });
    return () => removeEventListener('keydown', onEscape, { capture: true });
  }, []);
  const history = shownHistory.value;
  const scenes = useMemo(() => {
    if (!history) return [];
    const openings = openingsOf(doc.breaker_list ?? [], history.end_ms);
    return chartsOf(doc, history).map((spec) => ({ spec, timeline: timelineOf(history), openings }));
  }, [history]);
  const loading = loadingPeriod.value;
  const veiled = loading !== null && history !== null && loading.rangeS !== history.period_s;
  if (ready.value === false) return <NoLibrary />;
  if (!history || !ready.value) return <Trouble name={doc.service} />;
  return (
    <section aria-label="History">
      <Trouble name={doc.service} />
      <Words history={history} openings={scenes[0]?.openings ?? []} />
      <div class={`grid c2 charts${veiled ? ' veil' : ''}`} aria-busy={veiled}>
        {scenes.map((scene) => <Chart key={scene.spec.id} scene={scene} csv={csvPath(doc.service, history)} />)}
      </div>
      {veiled && <span class="sr" role="status">Loading the last {periodText(loading.rangeS)}</span>}
    </section>
  );
}
