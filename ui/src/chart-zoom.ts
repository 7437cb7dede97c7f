// The way into the past of the charts, and step by step back out of it.
//
//   zoomTo(period) -> ... -> stepBack() -> the period before, at last the one that moves on with the time
import { signal } from '@preact/signals';
import { Steps, same } from './chart-steps';
import type { Period } from './period';
import { period, setPeriod } from './route';

const BURST_MS = 600; // turns of a wheel that belong together are one step

const steps = new Steps();
let turnedMono = -Infinity;

// At which instant all charts have their cursor; it belongs to the page.
export const cursorMs = signal<number | null>(null);

export function zoomTo(next: Period): void {
  const now = period.peek();
  if (same(now, next)) return;
  steps.add(now);
  setPeriod(next);
}

// By a wheel.
export function turnTo(next: Period): void {
  const mono = performance.now();
  const burst = mono - turnedMono < BURST_MS;
  turnedMono = mono;
  if (burst) setPeriod(next, 'replace');
  else zoomTo(next);
}

// False when there is nothing to go back to.
export function stepBack(): boolean {
  const last = steps.take(period.peek());
  if (last) setPeriod(last);
  return last !== null;
}
