// A chart with its head, its twin as a table, and the keys of its cursor.
//
// All charts of a page have one cursor; the values at it stand in the heads and not in a floating box.
import { effect, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { indexAt, summary, tableRows, timesOf, type ChartSpec, type Line, type Timeline } from './chart-data';
import { touches } from './chart-touch';
import { palette } from './chart-palette';
import { Plot, type Scene } from './chart-plot';
import { cursorMs, stepBack, turnTo, zoomTo } from './chart-zoom';
import { clock, moment } from './format';
import { between } from './period';
import { nowMs } from './state';

const PAGE_STEPS = 10;
const WHEEL_FACTOR = 1.5;

const setCursor = (ms: number | null) => {
  cursorMs.value = ms;
};
const spanOf = (fromMs: number, toMs: number) => between(fromMs, toMs, nowMs.peek());
const zoomBetween = (fromMs: number, toMs: number) => zoomTo(spanOf(fromMs, toMs));

// A sample of the line: colour and dash as they are drawn.
export function Key({ line }: { line: Line }) {
  return (
    <svg class="line-key" width="18" height="8" aria-hidden="true">
      <path class={`nf k-${line.tone} w2`} d="M0 4h18" stroke-dasharray={line.dash?.join(' ')} />
    </svg>
  );
}

export const valuesAt = (spec: ChartSpec, i: number) => spec.lines.map((l) => `${l.name} ${spec.show(l.values[i] ?? null)}`).join(', ');

function Head({ spec, timeline, focused }: { spec: ChartSpec; timeline: Timeline; focused: boolean }) {
  const at = cursorMs.value === null ? null : indexAt(timeline, cursorMs.value);
  const i = at ?? timeline.count - 1;
  const time = timesOf(timeline)[i]!;
  return (
    <header>
      <h2 id={`chart-${spec.id}`}>{spec.title}</h2>
      {spec.lines.map((line) => {
        const value = line.values[i] ?? null;
        return (
          <span class="legend nw" key={line.name}>
            <Key line={line} /> <span class="m">{line.name}</span> {value === null ? <span class="m">not heard</span> : <b>{spec.show(value)}</b>}
          </span>
        );
      })}
      <span class="sp" />
      {spec.note && <span class="xs m nw">{spec.note}</span>}
      <span class="m nw at">{timeline.period_s > 86_400 ? moment(time, nowMs.value).slice(0, 16) : clock(time)}</span>
      <span class="sr" aria-live="polite">{focused && at !== null ? `${clock(time)}: ${valuesAt(spec, i)}` : ''}</span>
    </header>
  );
}

function moveCursor(key: string, timeline: Timeline): boolean {
  const last = timeline.count - 1;
  const at = cursorMs.peek() === null ? null : indexAt(timeline, cursorMs.peek()!);
  const from = at ?? last + (key === 'ArrowLeft' ? 0 : 1);
  const next = { ArrowLeft: from - 1, ArrowRight: from + 1, PageUp: from - PAGE_STEPS, PageDown: from + PAGE_STEPS, Home: 0, End: last }[key];
  if (next === undefined) return false;
  cursorMs.value = timesOf(timeline)[Math.min(last, Math.max(0, next))]!;
  return true;
}

// The wheel scrolls the page; with Ctrl it zooms about the pointer.
function onWheel(event: WheelEvent, plot: Plot, { end_ms, period_s }: Timeline): void {
  if (!event.ctrlKey) return;
  event.preventDefault();
  const factor = event.deltaY > 0 ? WHEEL_FACTOR : 1 / WHEEL_FACTOR;
  const at = plot.timeAt(event.clientX);
  const before = (at - (end_ms - period_s * 1000)) * factor;
  const after = (end_ms - at) * factor;
  turnTo(spanOf(at - before, at + after));
}

interface Kept {
  plot: Plot;
  scene: Scene;
  seen: boolean;
}

function draw({ plot, scene, seen }: Kept): void {
  if (!seen) return; // it is drawn when it comes into sight
  plot.show(scene);
  plot.setCursor(cursorMs.peek());
}

// Connects a picture with what moves it; gives the way to undo that.
function attach(host: HTMLElement, own: Kept): () => void {
  const observer = new IntersectionObserver((entries) => {
    own.seen = entries[entries.length - 1]!.isIntersecting;
    draw(own);
  }, { rootMargin: '200px' });
  observer.observe(host);
  const wheel = (event: WheelEvent) => onWheel(event, own.plot, own.scene.timeline);
  host.addEventListener('wheel', wheel, { passive: false });
  const ends = [
    touches(host, own.plot, setCursor, zoomBetween),
    effect(() => {
      void palette.value;
      own.plot.repaint();
    }),
    effect(() => own.plot.setCursor(cursorMs.value)),
  ];
  return () => {
    ends.forEach((end) => end());
    observer.disconnect();
    host.removeEventListener('wheel', wheel);
    own.plot.close();
  };
}

export function Canvas({ scene, onFocus }: { scene: Scene; onFocus(focused: boolean): void }) {
  const host = useRef<HTMLDivElement>(null);
  const kept = useRef<Kept | null>(null);
  useEffect(() => {
    kept.current = { plot: new Plot(host.current!, { onCursor: setCursor, onSelect: zoomBetween }), scene, seen: false };
    return attach(host.current!, kept.current);
  }, []);
  useEffect(() => {
    kept.current!.scene = scene;
    draw(kept.current!);
  }, [scene]);
  const blur = () => {
    onFocus(false);
    setCursor(null);
  };
  const key = (event: KeyboardEvent) => {
    if (!event.ctrlKey && !event.altKey && !event.metaKey && moveCursor(event.key, scene.timeline)) event.preventDefault();
  };
  return (
    <div ref={host} class="plot" tabIndex={0} role="img" aria-label={summary(scene.spec, scene.timeline)}
      onFocus={() => onFocus(true)} onBlur={blur} onDblClick={() => void stepBack()} onKeyDown={key} />
  );
}

export function Numbers({ spec, timeline }: { spec: ChartSpec; timeline: Timeline }) {
  const times = timesOf(timeline);
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`${spec.title}, as a table`}>
      <table>
        <thead><tr><th scope="col">Step that ended, UTC</th>{spec.lines.map((l) => <th key={l.name} scope="col" class="rt">{l.name}</th>)}</tr></thead>
        <tbody>
          {tableRows(timeline).map((i) => (
            <tr key={times[i]}>
              <th scope="row">{moment(times[i]!, timeline.end_ms)}</th>
              {spec.lines.map((l) => {
                const v = l.values[i] ?? null;
                return <td key={l.name} class="rt">{v === null ? <span class="m">{spec.missing ?? 'not heard'}</span> : spec.show(v)}</td>;
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Chart({ scene, csv }: { scene: Scene; csv: string }) {
  const focused = useSignal(false);
  const open = useSignal(false);
  const { spec, timeline } = scene;
  return (
    <section class="card chart" aria-labelledby={`chart-${spec.id}`}>
      <Head spec={spec} timeline={timeline} focused={focused.value} />
      <Canvas scene={scene} onFocus={(now) => (focused.value = now)} />
      <footer class="chart-foot">
        <details class="numbers" onToggle={(event) => (open.value = event.currentTarget.open)}>
          <summary>As a table</summary>
          {open.value && <Numbers spec={spec} timeline={timeline} />}
        </details>
        <a href={csv} download>CSV</a>
      </footer>
    </section>
  );
}
