// What a query gave over time: lines, which of them is which, and their values at the cursor.
import { useSignal } from '@preact/signals';
import { useEffect, useMemo } from 'preact/hooks';
import { Canvas, Key, Numbers, valuesAt } from './chart';
import { indexAt, startMs, timesOf, type Line } from './chart-data';
import { loadLibrary, type Scene } from './chart-plot';
import { cursorMs } from './chart-zoom';
import { NoLibrary } from './charts';
import { clock, count, moment, plural } from './format';
import { graphOf, lineOf, undrawn, type Series } from './query-answer';
import type { Answer } from './query-data';
import { SaveButton, SeriesLabel, Shared } from './query-table';
import { nowMs } from './state';

const FEW = 20;
const DRAWN_MAX = 100;

interface Drawn {
  series: Series;
  line: Line;
}

// Press one and it stands alone; press it again and all are back.
function Legend({ drawn, only, at, choose, show }: { drawn: readonly Drawn[]; only: Series | null; at: number; choose(series: Series): void; show(value: number | null): string }) {
  return (
    <ul class="query-legend scroll" aria-label="Lines">
      {drawn.map(({ series, line }, i) => (
        <li key={i}>
          <button class="flat" aria-pressed={only === series} disabled={drawn.length === 1} onClick={() => choose(series)}>
            <Key line={line} /> <SeriesLabel series={series} />
          </button>
          <span class="rt nw">{line.values[at] === null || line.values[at] === undefined ? <span class="m">no value</span> : <b>{show(line.values[at]!)}</b>}</span>
        </li>
      ))}
    </ul>
  );
}

export function QueryGraph({ answer }: { answer: Answer }) {
  const ready = useSignal<boolean | null>(null);
  const all = useSignal(false);
  const only = useSignal<Series | null>(null);
  const focused = useSignal(false);
  const open = useSignal(false);
  useEffect(() => {
    loadLibrary().then(() => (ready.value = true), () => (ready.value = false));
  }, []);
  useEffect(() => {
    all.value = false;
    only.value = null;
  }, [answer]);
  const { series, timeline } = answer;
  const drawn = useMemo(() => series.slice(0, all.value ? DRAWN_MAX : FEW).map((one, i) => ({ series: one, line: lineOf(one, i, timeline) })), [answer, all.value]);
  const scene: Scene = useMemo(() => {
    const lines = drawn.filter(({ series: one }) => only.value === null || only.value === one).map(({ line }) => line);
    return { spec: graphOf(lines), timeline, openings: [] };
  }, [drawn, only.value]);
  if (ready.value === false) return <NoLibrary />;
  const cursor = cursorMs.value === null ? null : indexAt(timeline, cursorMs.value);
  const at = cursor ?? timeline.count - 1;
  const time = timesOf(timeline)[at]!;
  const odd = undrawn(series);
  return (
    <section class="card chart" aria-labelledby="query-graph-title">
      <header>
        <h2 id="query-graph-title">{moment(startMs(timeline), nowMs.value)} to {moment(timeline.end_ms, nowMs.value)}</h2>
        {series.length > drawn.length && <span class="m">showing {count(drawn.length)} of {count(series.length)}</span>}
        {series.length > drawn.length && drawn.length < DRAWN_MAX && <button class="flat" onClick={() => (all.value = true)}>{series.length > DRAWN_MAX ? `Show ${DRAWN_MAX}` : 'Show all'}</button>}
        <Shared text={answer.shared} />
        <span class="sp" />
        {scene.spec.note && <span class="xs m nw">{scene.spec.note}</span>}
        <span class="m nw at">{timeline.period_s > 86_400 ? moment(time, nowMs.value).slice(0, 16) : clock(time)}</span>
        <span class="sr" aria-live="polite">{focused.value && cursor !== null ? `${clock(time)}: ${valuesAt(scene.spec, cursor)}` : ''}</span>
      </header>
      {ready.value && <Canvas scene={scene} onFocus={(now) => (focused.value = now)} />}
      {odd > 0 && <p class="foot">{plural(odd, 'point')} NaN or infinite: not drawn.</p>}
      <Legend drawn={drawn} only={only.value} at={at} show={scene.spec.show} choose={(one) => (only.value = only.value === one ? null : one)} />
      <footer class="chart-foot">
        <details class="numbers" onToggle={(event) => (open.value = event.currentTarget.open)}>
          <summary>As a table</summary>
          {open.value && <Numbers spec={scene.spec} timeline={timeline} />}
        </details>
        <SaveButton series={series} />
      </footer>
    </section>
  );
}
