// What is known of breakers over time: the strip of the last minutes, and the transitions before it. Pure.
import { parseTime } from './format';
import type { Breaker, BreakerState } from './views';

export type Span = readonly [fromMs: number, state: BreakerState]; // until the next begins

const TRANSITIONS_TOLD = 16; // of a breaker, the newest

// Since when its states are known: as long as their seconds add up to, if no transition was left out since.
function knownFromMs(b: Breaker, nowMs: number): number {
  const seconds = Object.values(b.seconds_in_state ?? {}).reduce((sum, s) => sum + s, 0);
  const oldest = b.transitions.length < TRANSITIONS_TOLD ? null : parseTime(b.transitions[b.transitions.length - 1]!.time);
  return Math.max(nowMs - seconds * 1000, oldest ?? -Infinity);
}

// All spans that are known, oldest first.
export function spansOf(b: Breaker, nowMs: number): Span[] {
  const strip = b.strip;
  const stripFrom = strip[0]?.[0] ?? nowMs;
  const from = knownFromMs(b, nowMs);
  if (from >= stripFrom) return [...strip];
  const before = [...b.transitions].reverse().map((t) => ({ ms: parseTime(t.time) ?? nowMs, from: t.from, to: t.to })).filter((t) => t.ms > from && t.ms < stripFrom);
  const first = before[0]?.from ?? strip[0]?.[1] ?? b.state;
  return [[from, first], ...before.map((t): Span => [t.ms, t.to]), ...strip];
}

// When any of the breakers was open: spans that do not overlap, oldest first.
export function openingsOf(breakers: readonly Breaker[], nowMs: number): [number, number][] {
  const all = breakers.flatMap((b) => {
    const spans = spansOf(b, nowMs);
    return spans.flatMap(([from, state], i): [number, number][] => (state === 'open' ? [[from, spans[i + 1]?.[0] ?? nowMs]] : []));
  }).sort((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [from, to] of all) {
    const last = merged[merged.length - 1];
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged;
}
