// The stretch of time that charts show: how long it is, and where it ends when that is not now.
//
// In the address: ?range=6h&end=2026-11-20T02:41:07Z. Times are whole seconds there.

export interface Period {
  rangeS: number;
  endMs: number | null; // null: now, and it moves on
}

export const RANGES = ['15m', '1h', '6h', '24h', '7d'] as const;
export const RANGE_DEFAULT_S = 900;
const RANGE_MIN_S = 60; // of the server, as is the longest
const RANGE_MAX_S = 7 * 86_400;
const UNITS: readonly (readonly [string, number])[] = [['d', 86_400], ['h', 3600], ['m', 60], ['s', 1]];

export function parseRange(text: string): number | null {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = UNITS.find(([name]) => name === match?.[2]);
  if (!match || !unit) return null;
  const seconds = Number(match[1]) * unit[1];
  return seconds >= RANGE_MIN_S && seconds <= RANGE_MAX_S ? seconds : null;
}

// In the largest unit of which it is a whole number; one day is 24h.
export function rangeText(rangeS: number): string {
  const [name, unit] = UNITS.find(([, seconds]) => rangeS % seconds === 0 && rangeS !== 86_400) ?? UNITS[1]!;
  return `${rangeS / unit}${name}`;
}

// Unix milliseconds, or RFC 3339.
export function parseEnd(text: string): number | null {
  const ms = /^\d{12,14}$/.test(text) ? Number(text) : /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : NaN;
  return Number.isFinite(ms) ? ms : null;
}

export const endText = (endMs: number): string => new Date(Math.round(endMs / 1000) * 1000).toISOString().replace('.000Z', 'Z');

// What ends in the future ends now.
const ending = (rangeS: number, endMs: number, nowMs: number): Period => ({ rangeS, endMs: endMs >= nowMs ? null : endMs });

// Half its length back (-1) or on (+1). On to nearly now is on to now, which has gone on meanwhile.
export function shifted(p: Period, direction: -1 | 1, nowMs: number): Period {
  const endMs = (p.endMs ?? nowMs) + direction * p.rangeS * 500;
  return direction > 0 && endMs >= nowMs - p.rangeS * 50 ? { rangeS: p.rangeS, endMs: null } : { rangeS: p.rangeS, endMs };
}

// The next longer (+1) or shorter (-1) of RANGES. Its middle stays where it is, unless it ends now.
export function zoomed(p: Period, direction: -1 | 1, nowMs: number): Period {
  const ladder = RANGES.map((text) => parseRange(text)!);
  const rangeS = direction > 0 ? ladder.find((s) => s > p.rangeS) : ladder.reverse().find((s) => s < p.rangeS);
  if (rangeS === undefined) return p;
  return p.endMs === null ? { rangeS, endMs: null } : ending(rangeS, p.endMs + (rangeS - p.rangeS) * 500, nowMs);
}

// The period between two instants, as a person drew it; no shorter than the server's shortest.
export function between(fromMs: number, toMs: number, nowMs: number): Period {
  const rangeS = Math.round(Math.min(RANGE_MAX_S, Math.max(RANGE_MIN_S, (toMs - fromMs) / 1000)));
  return ending(rangeS, (fromMs + toMs) / 2 + rangeS * 500, nowMs);
}
