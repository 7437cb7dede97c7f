// The marks: each says its fact by shape first, and in words for those who do not see it.
import { Component } from 'preact';
import { duration, percentText, successText } from './format';
import { BREAKER_WORDS } from './glyphs';
import type { BreakerState, Budget, Row, Values } from './views';

const DUMBBELL_FLOOR = 0.5;

export function successTone(row: Row): string {
  const met = row.slo?.success_rate_compliant ?? null;
  const bad = met === false || (met === null && row.success_ratio !== null && row.success_ratio < 0.99);
  if (!bad) return 's1';
  return row.health === 'unhealthy' ? 'crit' : 'warn';
}

// Hollow: success of first attempts where a source tells it, else of all attempts. Filled: success as callers see it. Between them: what retries saved.
export function Dumbbell({ row, large = false }: { row: Row; large?: boolean }) {
  const { success_ratio: final, first_attempt_success_ratio: first } = row;
  const attempts = first ?? row.attempt_success_ratio;
  if (final === null) return null;
  const x = (ratio: number) => `${Math.max(0, (ratio - DUMBBELL_FLOOR) / (1 - DUMBBELL_FLOOR)) * 100}%`;
  const size = large ? 1.5 : 1;
  const y = 7 * size;
  const words = [
    attempts === null ? null : `${successText(attempts)} of ${first === null ? 'attempts' : 'first attempts'} succeed`,
    `${successText(final)} of calls succeed`,
  ].filter(Boolean).join(', ');
  return (
    <svg class={`dumbbell${large ? ' large' : ''}`} height={2 * y} role="img" aria-label={words}>
      <title>{words}</title>
      <line class="k-hair" x1="-5" x2="100%" y1={y} y2={y} />
      {attempts !== null && <line class="k-retry" stroke-width={2.5 * size} x1={x(attempts)} x2={x(final)} y1={y} y2={y} />}
      {attempts !== null && (attempts < DUMBBELL_FLOOR
        ? <path class="p-surf k-retry" stroke-width="1.6" d={`M3 ${y - 4}l-7 4 7 4z`} />
        : <circle class="p-surf k-retry" stroke-width="1.6" cx={x(attempts)} cy={y} r={3 * size} />)}
      <circle class={`p-${successTone(row)}`} cx={x(final)} cy={y} r={3.5 * size} />
    </svg>
  );
}

export const DumbbellScale = ({ attempts }: { attempts: boolean }) => (
  <p class="ends xs m">
    <span>50{'\u202f'}%</span>
    {attempts && <span><i class="key hollow" /> success of attempts</span>}
    {attempts && <span><i class="key full" /> as callers see it</span>}
    <span>100{'\u202f'}%</span>
  </p>
);

export function budgetTone(budget: Budget): string {
  const used = budget.utilization_percent;
  if (used === null) return 'unk';
  if (used >= (budget.critical_threshold_percent ?? 100)) return 'crit';
  if (used >= (budget.warning_threshold_percent ?? 100)) return 'warn';
  return 's1';
}

export function budgetWords(budget: Budget): string {
  if (budget.utilization_percent === null) return 'retry budget unknown: the source does not tell';
  const marks = [
    budget.warning_threshold_percent === null ? null : `warning at ${percentText(budget.warning_threshold_percent)}`,
    budget.critical_threshold_percent === null ? null : `critical at ${percentText(budget.critical_threshold_percent)}`,
    budget.returning_10s_percent ? `${percentText(budget.returning_10s_percent)} comes back within 10 s` : null,
    budget.modelled ? 'modelled: the limit follows from the traffic' : null,
  ].filter(Boolean);
  return [`${percentText(budget.utilization_percent)} of the retry budget used`, ...marks].join(', ');
}

const box = (from: number, to: number, top: number, bottom: number) => `M${from} ${top}H${to}V${bottom}H${from}z`;
const tick = (at: number | null, from: number, to: number) => (at === null || at > 100 ? '' : `M${at} ${from}V${to}`);

// The bullet bar. The picture is 100 wide and stretched, so its lengths are percentages.
export function Bullet({ budget, large = false }: { budget: Budget; large?: boolean }) {
  const [height, inset] = large ? [22, 6] : [12, 3];
  const words = budgetWords(budget);
  const used = budget.utilization_percent;
  const bar = Math.min(100, used ?? 0);
  const staying = Math.min(bar, Math.max(0, (used ?? 0) - (budget.returning_10s_percent ?? 0)));
  const tone = budgetTone(budget);
  const ticks = tick(budget.warning_threshold_percent, height * 0.66, height) + tick(budget.critical_threshold_percent, 0, height);
  return (
    <span class={`bullet${large ? ' large' : ''}`} title={words}>
      {used === null ? (
        <svg class="track" height={height} role="img" aria-label={words}>
          <rect width="100%" height="100%" fill="url(#hatch-unknown)" />
          <rect class="nf k-rule" x="0.5" y="0.5" width="calc(100% - 1px)" height={height - 1} />
        </svg>
      ) : (
        <svg class="track" height={height} viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" role="img" aria-label={words}>
          <path class="p-track" d={box(0, 100, 0, height)} />
          <path class={`p-${tone}`} d={box(0, bar, inset, height - inset)} />
          {staying < bar && <path class="p-surf pale" d={box(staying, bar, inset, height - inset)} />}
          {budget.modelled && <path class="nf k-ink2 dotted" d={`M0 .5H100M0 ${height - 0.5}H100`} />}
          {ticks && <path class="k-ink2" stroke-width="1.5" d={ticks} />}
        </svg>
      )}
      <svg class={`over c-${tone}`} width="8" height={height} viewBox="0 0 8 12" aria-hidden="true">
        {used !== null && used > 100 && <path d="M1.5 2l6 4-6 4z" fill="currentColor" />}
      </svg>
    </span>
  );
}

export function budgetPercent(budget: Budget): string {
  return budget.utilization_percent === null
    ? 'unknown'
    : `${budget.modelled ? '\u2248\u202f' : ''}${percentText(budget.utilization_percent)}`;
}

export function exhaustionWords(budget: Budget): string | null {
  const end = budget.exhaustion;
  if (!end) return null;
  if (end.in_s <= 0) return 'spent';
  return `empty in ${duration(end.in_s)}`;
}

const SPARK_SLOTS = 90; // 15 min in steps of 10 s; a younger series begins further right

const SPARK_HEIGHT = 20;
const SPARK_EDGE = 3;
const SPARK_FINE = 10; // of a path's unit in one of the picture's
// The words of a path are all written beforehand: thirty rows have five thousand of them.
const SPARK_X = Array.from({ length: SPARK_SLOTS }, (_, i) => `${Math.round((i / (SPARK_SLOTS - 1)) * 100 * SPARK_FINE)} `);
const SPARK_Y = Array.from({ length: SPARK_HEIGHT * SPARK_FINE + 1 }, (_, i) => `${i}`);

function sparkPath(values: Values, y: (v: number) => number): string {
  const first = SPARK_SLOTS - values.length;
  let path = '';
  let joined = false;
  for (let i = 0; i < values.length; i++) {
    const v = values[i] ?? null;
    if (v !== null) path += (joined ? 'L' : 'M') + SPARK_X[first + i] + SPARK_Y[Math.round(y(v) * SPARK_FINE)] + (joined ? '' : 'h.1');
    joined = v !== null;
  }
  return path;
}

const newest = (values: Values): Values => (values.length > SPARK_SLOTS ? values.slice(-SPARK_SLOTS) : values);

// Of what was heard; `least` when nothing was.
function largest(values: Values, least: number): number {
  let most = least;
  for (const v of values) if (v !== null && v > most) most = v;
  return most;
}

// `against`: the line stands on the scale of a twentieth of these, or more.
interface SparkProps {
  values: Values;
  endMs: number | null;
  tone?: string;
  top?: number;
  against?: Values;
}

// A line of the last minutes from 0 up, with gaps where nothing was heard, and a dot at now. A step is appended to
// the values in place, so the end of the last one tells whether there is anything to draw.
export class Spark extends Component<SparkProps> {
  override shouldComponentUpdate(next: SparkProps) {
    const { values, endMs, tone, top } = this.props;
    return next.endMs !== endMs || next.values !== values || next.tone !== tone || next.top !== top;
  }

  override render({ values: all, tone = 's1', top = 0, against = [] }: SparkProps) {
    const values = newest(all);
    const highest = largest(values, -1);
    if (highest < 0) return <svg class="spark" height={SPARK_HEIGHT} aria-hidden="true" />;
    const max = Math.max(top, 0.05 * largest(newest(against), 0), highest);
    const foot = SPARK_HEIGHT - SPARK_EDGE;
    const y = (v: number) => (max > 0 ? foot - (v / max) * (foot - SPARK_EDGE) : foot);
    const last = values[values.length - 1] ?? null;
    return (
      <svg class="spark" height={SPARK_HEIGHT} aria-hidden="true">
        <svg viewBox={`0 0 ${100 * SPARK_FINE} ${SPARK_HEIGHT * SPARK_FINE}`} preserveAspectRatio="none" width="100%" height={SPARK_HEIGHT}>
          <path class={`nf thin k-${tone}`} d={sparkPath(values, y)} />
        </svg>
        {last !== null && <circle class={`p-${tone}`} cx="100%" cy={y(last)} r="2" />}
      </svg>
    );
  }
}

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

// Patterns that the marks fill with; once per page.
export function Hatches() {
  return (
    <svg class="defs" width="0" height="0" aria-hidden="true">
      <defs>
        <pattern id="hatch-half" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path class="k-warn" d="M0 0v5" stroke-width="4" />
        </pattern>
        <pattern id="hatch-unknown" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <path class="k-hair" d="M0 0v5" stroke-width="3" />
        </pattern>
      </defs>
    </svg>
  );
}
