// A line over the last minutes: y from 0, straight lines, a gap where nothing was heard.
//
// All charts of a page share one cursor, by pointer or by arrow keys; the value at the cursor stands
// in the head of each chart and not in a floating box.
import { signal, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { ticks, timeTicks } from './axis';
import { clock, duration, iso } from './format';
import { narrow } from './prefs';
import type { Values } from './views';

export interface Series {
  end_ms: number;
  step_s: number;
  values: Values;
}
export interface Line {
  at: number;
  label: string;
  tone: string;
}
interface ChartProps {
  title: string;
  series: Series;
  tone: string;
  show(value: number | null): string; // with its unit
  axis(value: number): string;
  lines?: readonly Line[];
}

const HEIGHT = 150;
const PAD = { left: 52, right: 8, top: 8, bottom: 20 };

export const cursorMs = signal<number | null>(null);

export const timeAt = ({ end_ms, step_s, values }: Series, i: number): number =>
  end_ms - (values.length - 1 - i) * step_s * 1000;

function indexAt(series: Series, ms: number): number | null {
  const i = series.values.length - 1 - Math.round((series.end_ms - ms) / (series.step_s * 1000));
  return i >= 0 && i < series.values.length ? i : null;
}

function linePath(values: Values, x: (i: number) => number, y: (v: number) => number): string {
  let path = '';
  values.forEach((v, i) => {
    if (v === null) return;
    const joined = i > 0 && (values[i - 1] ?? null) !== null;
    path += `${joined ? 'L' : 'M'}${x(i).toFixed(1)} ${y(v).toFixed(1)}${joined ? '' : 'h.01'}`;
  });
  return path;
}

function summary(title: string, { values, step_s }: Series, show: ChartProps['show']): string {
  const heard = values.filter((v): v is number => v !== null);
  const span = duration(values.length * step_s);
  const missing = values.length - heard.length;
  return `${title}, last ${span}: now ${show(values[values.length - 1] ?? null)}, lowest ${show(Math.min(...heard))}, `
    + `highest ${show(Math.max(...heard))}${missing > 0 ? `, ${duration(missing * step_s)} not heard` : ''}`;
}

export function Chart({ title, series, tone, show, axis, lines = [] }: ChartProps) {
  const width = useSignal(600);
  const ref = useRef<SVGSVGElement>(null);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) width.value = Math.max(200, Math.round(entry.contentRect.width));
    });
    if (ref.current) observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);

  const { values } = series;
  const n = values.length;
  const w = width.value;
  const marks = ticks(Math.max(...values.map((v) => v ?? 0), ...lines.map((line) => line.at)));
  const top = marks[marks.length - 1]!;
  const x = (i: number) => PAD.left + (n > 1 ? i / (n - 1) : 1) * (w - PAD.left - PAD.right);
  const y = (v: number) => HEIGHT - PAD.bottom - (v / top) * (HEIGHT - PAD.top - PAD.bottom);
  const fromMs = timeAt(series, 0);
  const xOf = (ms: number) => x(((ms - fromMs) / (series.end_ms - fromMs || 1)) * (n - 1));

  const at = cursorMs.value === null ? null : indexAt(series, cursorMs.value);
  const shownAt = at ?? n - 1;
  const value = values[shownAt] ?? null;

  const point = (event: PointerEvent) => {
    const box = ref.current!.getBoundingClientRect();
    const part = (event.clientX - box.left - PAD.left) / (w - PAD.left - PAD.right);
    const i = Math.round(Math.min(1, Math.max(0, part)) * (n - 1));
    cursorMs.value = timeAt(series, i);
  };
  const key = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    cursorMs.value = timeAt(series, Math.min(n - 1, Math.max(0, shownAt + by)));
  };

  return (
    <section class="card chart">
      <header>
        <h2>{title}</h2>
        <span class="sp" />
        <span class="m nw" title={iso(timeAt(series, shownAt))}>{at === null ? 'now' : clock(timeAt(series, shownAt))}</span>
        <b class="nw">{value === null ? 'not heard' : show(value)}</b>
      </header>
      <svg ref={ref} height={HEIGHT} tabIndex={0} role="img" aria-label={summary(title, series, show)}
        onPointerMove={point} onPointerDown={point} onPointerLeave={() => (cursorMs.value = null)}
        onKeyDown={key} onBlur={() => (cursorMs.value = null)}>
        {marks.map((mark) => (
          <g key={mark}>
            <path class={mark === 0 ? 'k-rule' : 'k-hair'} d={`M${PAD.left} ${y(mark)}H${w - PAD.right}`} />
            <text class="te" x={PAD.left - 6} y={y(mark) + 4}>{axis(mark)}</text>
          </g>
        ))}
        {timeTicks(fromMs, series.end_ms, narrow.value ? 4 : 8).map((ms) => (
          <text key={ms} class="tm" x={Math.min(w - 20, Math.max(PAD.left + 4, xOf(ms)))} y={HEIGHT - 4}>{clock(ms, false)}</text>
        ))}
        {lines.map((line, i) => (
          <g key={line.label}>
            <path class={`nf dotted k-${line.tone}`} d={`M${PAD.left} ${y(line.at)}H${w - PAD.right}`} />
            {(i > 0 || y(line.at) + 16 < y(0)) && <text class={`t-${line.tone}`} x={PAD.left + 6} y={y(line.at) + (i === 0 ? 12 : -4)}>{line.label}</text>}
          </g>
        ))}
        <path class={`nf line k-${tone}`} d={linePath(values, x, y)} />
        {at !== null && <path class="k-ink3" d={`M${x(at)} ${PAD.top}V${HEIGHT - PAD.bottom}`} />}
        {value !== null && <circle class={`p-${tone}`} cx={x(shownAt)} cy={y(value)} r="3" />}
      </svg>
    </section>
  );
}
