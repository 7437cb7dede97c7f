// Where an axis has its marks. Pure.

const GRID_MAX = 4;

// The steps of an axis from 0 to at least max: 1, 2, 2.5 or 5 times a power of ten.
export function ticks(max: number): number[] {
  const top = max > 0 ? max : 1;
  const power = 10 ** Math.floor(Math.log10(top / GRID_MAX));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((s) => Math.ceil(top / s - 1e-9) < GRID_MAX) ?? 10 * power;
  const n = Math.ceil(top / step - 1e-9);
  return Array.from({ length: n + 1 }, (_, i) => Number((i * step).toPrecision(6)));
}

// Whole minutes (or parts of them) that leave room between their labels.
export function timeTicks(fromMs: number, toMs: number, most: number): number[] {
  const steps = [15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((s) => s * 1000);
  const step = steps.find((s) => (toMs - fromMs) / s <= most) ?? 3_600_000;
  const times = [];
  for (let t = Math.ceil(fromMs / step) * step; t <= toMs; t += step) times.push(t);
  return times;
}
