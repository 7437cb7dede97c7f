// The marks: each says its fact by shape first, and in words for those who do not see it.
import { duration, percentText, successText } from './format';
import type { Bind } from './paint';
import type { Budget, Row } from './views';

const DUMBBELL_FLOOR = 0.5;

export function successTone(row: Row): string {
  const met = row.slo?.success_rate_compliant ?? null;
  const bad = met === false || (met === null && row.success_ratio !== null && row.success_ratio < 0.99);
  if (!bad) return 's1';
  return row.health === 'unhealthy' ? 'crit' : 'warn';
}

interface HasBudget {
  budget: Budget;
}

export const hiddenIf = (is: boolean) => (is ? '' : null);

const attemptsOf = (row: Row) => row.first_attempt_success_ratio ?? row.attempt_success_ratio;
const along = (ratio: number | null) => `${Math.max(0, ((ratio ?? 1) - DUMBBELL_FLOOR) / (1 - DUMBBELL_FLOOR)) * 100}%`;

function dumbbellWords(row: Row): string {
  const attempts = attemptsOf(row);
  const calls = `${successText(row.success_ratio)} of calls succeed`;
  if (attempts === null) return calls;
  return `${successText(attempts)} of ${row.first_attempt_success_ratio === null ? 'attempts' : 'first attempts'} succeed, ${calls}`;
}

const isBelow = (row: Row) => (attemptsOf(row) ?? 1) < DUMBBELL_FLOOR; // the scale ends before it

// Hollow: success of first attempts where a source tells it, else of all attempts. Filled: success as callers see it.
// Between them: what retries saved. Nothing of a row that has no success, or no verdict.
export function Dumbbell({ bind, isShown, large = false }: { bind: Bind<Row>; isShown: (row: Row) => boolean; large?: boolean }) {
  const size = large ? 1.5 : 1;
  const y = 7 * size;
  const from = (row: Row) => along(attemptsOf(row));
  const to = (row: Row) => along(row.success_ratio);
  const untold = (row: Row) => hiddenIf(attemptsOf(row) === null);
  return (
    <svg class={`dumbbell${large ? ' large' : ''}`} height={2 * y} role="img" ref={bind.to({ 'aria-label': dumbbellWords, hidden: (row) => hiddenIf(!isShown(row)) })}>
      <title ref={bind.to({ text: dumbbellWords })} />
      <line class="k-hair" x1="-5" x2="100%" y1={y} y2={y} />
      <line class="k-retry" stroke-width={2.5 * size} y1={y} y2={y} ref={bind.to({ x1: from, x2: to, hidden: untold })} />
      <path class="p-surf k-retry" stroke-width="1.6" d={`M3 ${y - 4}l-7 4 7 4z`} ref={bind.to({ hidden: (row) => hiddenIf(!isBelow(row)) })} />
      <circle class="p-surf k-retry" stroke-width="1.6" cy={y} r={3 * size} ref={bind.to({ cx: from, hidden: (row) => (isBelow(row) ? '' : untold(row)) })} />
      <circle cy={y} r={3.5 * size} ref={bind.to({ cx: to, class: (row) => `p-${successTone(row)}` })} />
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

const usedOf = ({ budget }: HasBudget) => Math.min(100, budget.utilization_percent ?? 0);
const stayingOf = ({ budget }: HasBudget) => Math.min(100, Math.max(0, (budget.utilization_percent ?? 0) - (budget.returning_10s_percent ?? 0)));
const wordsOf = ({ budget }: HasBudget) => budgetWords(budget);

// The bullet bar. The picture is 100 wide and stretched, so its lengths are percentages; one that is unknown is hatched instead.
export function Bullet<T extends HasBudget>({ bind, large = false }: { bind: Bind<T>; large?: boolean }) {
  const [height, inset] = large ? [22, 6] : [12, 3];
  const isUnknown = ({ budget }: T) => budget.utilization_percent === null;
  const returning = (of: T) => (stayingOf(of) < usedOf(of) ? box(stayingOf(of), usedOf(of), inset, height - inset) : '');
  const ticks = ({ budget }: T) => tick(budget.warning_threshold_percent, height * 0.66, height) + tick(budget.critical_threshold_percent, 0, height);
  return (
    <span class={`bullet${large ? ' large' : ''}`} role="img" ref={bind.to({ title: wordsOf, 'aria-label': wordsOf })}>
      <svg class="track" height={height} aria-hidden="true" ref={bind.to({ hidden: (of) => hiddenIf(!isUnknown(of)) })}>
        <rect width="100%" height="100%" fill="url(#hatch-unknown)" />
        <rect class="nf k-rule" x="0.5" y="0.5" width="calc(100% - 1px)" height={height - 1} />
      </svg>
      <svg class="track" height={height} viewBox={`0 0 100 ${height}`} preserveAspectRatio="none" aria-hidden="true" ref={bind.to({ hidden: (of) => hiddenIf(isUnknown(of)) })}>
        <path class="p-track" d={box(0, 100, 0, height)} />
        <path ref={bind.to({ d: (of) => box(0, usedOf(of), inset, height - inset), class: ({ budget }) => `p-${budgetTone(budget)}` })} />
        <path class="p-surf pale" ref={bind.to({ d: returning })} />
        <path class="nf k-ink2 dotted" d={`M0 .5H100M0 ${height - 0.5}H100`} ref={bind.to({ hidden: ({ budget }) => hiddenIf(!budget.modelled) })} />
        <path class="k-ink2" stroke-width="1.5" ref={bind.to({ d: ticks })} />
      </svg>
      <svg width="8" height={height} viewBox="0 0 8 12" aria-hidden="true" ref={bind.to({ class: ({ budget }) => `over c-${budgetTone(budget)}` })}>
        <path d="M1.5 2l6 4-6 4z" fill="currentColor" ref={bind.to({ hidden: ({ budget }) => hiddenIf((budget.utilization_percent ?? 0) <= 100) })} />
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
