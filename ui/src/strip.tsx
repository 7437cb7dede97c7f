// A breaker's states over time.
import { duration } from './format';
import { BREAKER_WORDS } from './glyphs';
import type { BreakerState } from './views';

const STRIP_HEIGHT = 24;

// Height is state, x is time: thin line closed, half-height hatch half-open, block open, dots unknown.
export function Strip({ spans, fromMs, toMs, label }: { spans: readonly (readonly [number, BreakerState])[]; fromMs: number; toMs: number; label: string }) {
  const x = (ms: number) => Math.min(100, Math.max(0, ((ms - fromMs) / (toMs - fromMs)) * 100));
  const parts = spans.map(([start, state], i) => {
    const end = spans[i + 1]?.[0] ?? toMs;
    return { state, from: x(start), to: x(end), s: (end - Math.max(start, fromMs)) / 1000 };
  }).filter((part) => part.to > part.from);
  const before = parts[0]?.from ?? 100; // nothing is known of it
  const words = parts.map((part) => `${BREAKER_WORDS[part.state]} ${duration(part.s)}`).slice(-8).join(', then ');
  return (
    <svg class="strip" height={STRIP_HEIGHT} role="img" aria-label={`${label}: ${words || 'nothing known'}`}>
      {before > 0 && <rect fill="url(#hatch-unknown)" width={`${before}%`} y="12" height="11" />}
      {parts.map((part, i) => <Span key={i} {...part} />)}
    </svg>
  );
}

function Span({ state, from, to }: { state: BreakerState; from: number; to: number }) {
  const width = `${to - from}%`;
  if (state === 'open') return <rect class="p-crit" x={`${from}%`} width={width} y="1" height="22" />;
  if (state === 'half_open') return <rect fill="url(#hatch-half)" x={`${from}%`} width={width} y="12" height="11" />;
  const line = { closed: 'k-ok w2', disabled: 'k-rule dashed', unknown: 'k-unk dotted' }[state] ?? 'k-unk dotted';
  return <line class={line} x1={`${from}%`} x2={`${to}%`} y1="22" y2="22" />;
}
