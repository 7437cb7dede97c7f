// A line of the last 15 minutes, from 0 up, with gaps where nothing was heard, and a dot at now.
import type { Bind } from './paint';
import type { Values } from './views';

const SLOTS = 90; // 15 min in steps of 10 s; a younger series begins further right
const HEIGHT = 20;
const EDGE = 3;
const FOOT = HEIGHT - EDGE;
const FINE = 10; // of a path's unit in one of the picture's
// The words of a path are all written beforehand: thirty rows have five thousand of them.
const X = Array.from({ length: SLOTS }, (_, i) => `${Math.round((i / (SLOTS - 1)) * 100 * FINE)} `);
const Y = Array.from({ length: HEIGHT * FINE + 1 }, (_, i) => `${i}`);

// What is drawn; an empty path: nothing was heard.
export interface Line {
  path: string;
  nowY: string | null; // of the dot, when the newest is known
}

function pathOf(values: Values, y: (v: number) => number): string {
  const first = SLOTS - values.length;
  let path = '';
  let joined = false;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] ?? null;
    if (v !== null) path += (joined ? 'L' : 'M') + X[first + i] + Y[Math.round(y(v) * FINE)] + (joined ? '' : 'h.1');
    joined = v !== null;
  }
  return path;
}

const newest = (values: Values): Values => (values.length > SLOTS ? values.slice(-SLOTS) : values);

// Of what was heard; `least` when nothing was.
function largest(values: Values, least: number): number {
  let most = least;
  for (const v of values) if (v !== null && v > most) most = v;
  return most;
}

// `against`: the line stands on the scale of a twentieth of these, or more, so that a handful of errors does not look like a flood.
export function lineOf(all: Values, { top = 0, against = [] }: { top?: number; against?: Values } = {}): Line {
  const values = newest(all);
  const highest = largest(values, -1);
  if (highest < 0) return { path: '', nowY: null };
  const max = Math.max(top, 0.05 * largest(newest(against), 0), highest);
  const y = (v: number) => (max > 0 ? FOOT - (v / max) * (FOOT - EDGE) : FOOT);
  const last = values[values.length - 1] ?? null;
  return { path: pathOf(values, y), nowY: last === null ? null : `${y(last)}` };
}

export function Spark<T>({ bind, line, tone }: { bind: Bind<T>; line: (value: T) => Line | null; tone: (value: T) => string }) {
  const hidden = (value: T) => ((line(value)?.nowY ?? null) === null ? '' : null);
  return (
    <svg class="spark" height={HEIGHT} aria-hidden="true">
      <svg viewBox={`0 0 ${100 * FINE} ${HEIGHT * FINE}`} preserveAspectRatio="none" width="100%" height={HEIGHT}>
        <path ref={bind.to({ d: (value) => line(value)?.path ?? '', class: (value) => `nf thin k-${tone(value)}` })} />
      </svg>
      <circle cx="100%" r="2" ref={bind.to({ cy: (value) => line(value)?.nowY ?? null, class: (value) => `p-${tone(value)}`, hidden })} />
    </svg>
  );
}
