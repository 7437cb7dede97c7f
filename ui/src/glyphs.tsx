// The glyphs: one path each in `currentColor`, so that they sit on any ground and survive without colour.
import type { ComponentChildren } from 'preact';
import type { BreakerState, Evidence, Severity } from './views';

const GLYPHS: Record<string, ComponentChildren> = {
  ok: (
    <g fill="none" stroke="currentColor" stroke-width="1.6">
      <circle cx="8" cy="8" r="6" />
      <path d="M5.2 8.2l2 2 3.6-4" />
    </g>
  ),
  info: (
    <path fill="currentColor" fill-rule="evenodd" d="M8 1.4a6.6 6.6 0 110 13.2A6.6 6.6 0 018 1.4zM7.1 7.1v4.2h1.8V7.1zM7.1 4.3V6h1.8V4.3z" />
  ),
  warning: (
    <path fill="currentColor" fill-rule="evenodd" d="M8 1.2L15.4 14.4H.6zM7.1 6v4.2h1.8V6zM7.1 11.3v1.8h1.8v-1.8z" />
  ),
  critical: (
    <path fill="currentColor" fill-rule="evenodd" d="M8 .4L15.6 8 8 15.6.4 8zM8 9.2l1.73 1.73 1.2-1.2L9.2 8l1.73-1.73-1.2-1.2L8 6.8 6.27 5.07l-1.2 1.2L6.8 8 5.07 9.73l1.2 1.2z" />
  ),
  emergency: (
    <path fill="currentColor" fill-rule="evenodd" d="M.8.8h14.4v14.4H.8zM4.6 3.4v6h2v-6zM4.6 10.8v2h2v-2zM9.4 3.4v6h2v-6zM9.4 10.8v2h2v-2z" />
  ),
  unknown: (
    <g fill="none" stroke="currentColor" stroke-width="1.4">
      <circle cx="8" cy="8" r="6.4" stroke-dasharray="2.6 1.6" />
      <path d="M6.2 6.3c0-2.3 3.6-2.3 3.6 0 0 1.5-1.8 1.4-1.8 3M8 10.8v1.3" />
    </g>
  ),
  no_data: (
    <g fill="none" stroke="currentColor" stroke-width="1.4">
      <circle cx="8" cy="8" r="6" />
      <path d="M3.6 12.4l8.8-8.8" />
    </g>
  ),
  stale: (
    <g fill="none" stroke="currentColor" stroke-width="1.4">
      <circle cx="8" cy="8" r="6.2" />
      <path d="M8 4.4v4l2.6 1.6" />
    </g>
  ),
  too_little: (
    <g fill="currentColor">
      <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.6" stroke-dasharray="1.2 2.7" />
      <circle cx="5.4" cy="8" r="1" />
      <circle cx="8" cy="8" r="1" />
      <circle cx="10.6" cy="8" r="1" />
    </g>
  ),
  pause: <path d="M4 2.5h3v11H4zM9 2.5h3v11H9z" fill="currentColor" />,
};

export const WORDS: Record<string, string> = {
  ok: 'healthy',
  info: 'info',
  warning: 'warning',
  critical: 'critical',
  emergency: 'emergency',
  unknown: 'unknown',
  no_data: 'no data',
  stale: 'stale',
  too_little: 'too little data',
};

const TONES: Record<string, string> = {
  ok: 'ok',
  info: 'info',
  warning: 'warn',
  critical: 'crit',
  emergency: 'emer',
};
export const toneOf = (kind: string): string => TONES[kind] ?? 'unk';

export function Glyph({ kind, quiet = false, large = false }: { kind: string; quiet?: boolean; large?: boolean }) {
  const spoken = quiet ? { 'aria-hidden': true } : { role: 'img' as const, 'aria-label': WORDS[kind] ?? kind };
  return (
    <svg class={`g c-${toneOf(kind)}${large ? ' large' : ''}`} viewBox="0 0 16 16" {...spoken}>
      {GLYPHS[kind] ?? GLYPHS['unknown']}
    </svg>
  );
}

// Which glyph a row carries: how bad it is, or why that cannot be said.
export function rowGlyph(row: { health: string; severity: Severity; evidence: Evidence }): string {
  if (row.health !== 'unknown' && row.severity !== 'unknown') return row.severity;
  return row.evidence === 'ok' ? 'unknown' : row.evidence;
}

export const BREAKER_WORDS: Record<BreakerState, string> = {
  closed: 'closed',
  half_open: 'half-open',
  open: 'open',
  disabled: 'disabled',
  unknown: 'unknown',
};
const BREAKER_TONES: Record<BreakerState, string> = {
  closed: 'mute',
  half_open: 'warn',
  open: 'crit',
  disabled: 'mute',
  unknown: 'unk',
};
export const breakerTone = (state: BreakerState): string => BREAKER_TONES[state] ?? 'unk';

const LEVERS: Record<string, ComponentChildren> = {
  closed: <path d="M6.5 9h9" stroke-width="1.8" />,
  half_open: <path d="M6.5 8.6L15 4.6" stroke-width="2" stroke-dasharray="2.4 1.6" />,
  open: <path d="M6.5 8.4l7.9-7" stroke-width="2" />,
  disabled: <path d="M9 7l4 4M13 7l-4 4" stroke-width="1.6" />,
};

export function BreakerGlyph({ state }: { state: BreakerState }) {
  if (!LEVERS[state]) return <Glyph kind="unknown" />;
  return (
    <svg class={`g breaker c-${breakerTone(state)}`} viewBox="0 0 22 16" role="img" aria-label={BREAKER_WORDS[state]}>
      <g fill="none" stroke="currentColor">
        <path d="M0 9h5M17 9h5" stroke-width="1.8" />
        {LEVERS[state]}
        <circle cx="6" cy="9" r="2" fill="currentColor" stroke="none" />
        <circle cx="16" cy="9" r="2" class={state === 'closed' ? 'p-current' : 'p-surf'} stroke-width="1.5" />
      </g>
    </svg>
  );
}
