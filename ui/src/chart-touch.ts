// Fingers on a chart: one moves the cursor, two stretch the time between them. Up and down scrolls the page.
import type { Plot } from './chart-plot';

// The stretch that keeps the instants a and b under two fingers that are at the parts p and q of the width (0 to 1).
export function stretched(a: number, b: number, p: number, q: number): [number, number] | null {
  if (Math.abs(q - p) < 0.05) return null;
  const perWidth = (b - a) / (q - p);
  return perWidth > 0 ? [a - p * perWidth, a + (1 - p) * perWidth] : null;
}

export function touches(host: HTMLElement, plot: Plot, onCursor: (ms: number) => void, onZoom: (fromMs: number, toMs: number) => void): () => void {
  const fingers = new Map<number, { x: number; ms: number }>();
  let range: [number, number] | null = null;
  const part = (x: number) => {
    const box = plot.over!.getBoundingClientRect();
    return (x - box.left) / box.width;
  };
  const down = (event: PointerEvent) => {
    if (event.pointerType !== 'touch' || !plot.over) return;
    fingers.set(event.pointerId, { x: event.clientX, ms: plot.timeAt(event.clientX) });
    if (fingers.size === 1) onCursor(plot.stepAt(event.clientX));
  };
  const move = (event: PointerEvent) => {
    const finger = fingers.get(event.pointerId);
    if (!finger) return;
    finger.x = event.clientX;
    if (fingers.size === 1) return onCursor(plot.stepAt(event.clientX));
    const [a, b] = [...fingers.values()].sort((one, two) => one.ms - two.ms);
    range = stretched(a!.ms, b!.ms, part(a!.x), part(b!.x)) ?? range;
    if (range) plot.stretch(...range);
  };
  const up = (event: PointerEvent) => {
    if (!fingers.delete(event.pointerId) || fingers.size > 0) return;
    if (range) onZoom(...range);
    range = null;
  };
  const heard = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: up };
  for (const [name, act] of Object.entries(heard)) host.addEventListener(name, act as EventListener);
  return () => {
    for (const [name, act] of Object.entries(heard)) host.removeEventListener(name, act as EventListener);
  };
}
