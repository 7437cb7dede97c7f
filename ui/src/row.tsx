// What a row shows of its service: the cells of the wide list (columns.tsx), and the three lines of a phone.
//
// A cell is built once for its place and painted as its row changes (paint.tsx): with each new figure, or, where it
// shows none, with a whole row or another service at the place.
import { useComputed, type ReadonlySignal } from '@preact/signals';
import { THIN, age, count, cut, duration, plural, rate, rateText, successText, visible } from './format';
import { BreakerGlyph, Glyph, breakerTone, rowGlyph, toneOf } from './glyphs';
import { Bullet, Dumbbell, budgetPercent, budgetTone, exhaustionWords, hiddenIf, successTone } from './marks';
import type { Bind } from './paint';
import { follow, servicePath } from './route';
import { Spark, lineOf, type Line } from './spark';
import { nowMs } from './state';
import { nameText, nameTitle } from './text';
import type { Row } from './views';

// What stands at a place of the list, and who paints it.
export interface Live {
  index: number;
  row: ReadonlySignal<Row>; // with the newest figures
  state: ReadonlySignal<Row>; // as it last came whole
  bind: Bind<Row>; // of the first
  still: Bind<Row>; // of the second
}

// Why there is no verdict, in words; null when there is one.
export function evidenceWords(row: Row): string | null {
  switch (row.evidence) {
    case 'ok':
      return null;
    case 'stale':
      return row.last_data_ms === null ? 'stale' : `last data ${age((nowMs.value - row.last_data_ms) / 1000)} ago`;
    case 'no_data':
      return 'no data came';
    case 'too_little':
      return row.calls_last_minute === null ? 'too little data' : `too little data, n=${count(row.calls_last_minute)}`;
    default:
      return 'unknown';
  }
}

const target = (row: Row) => row.slo?.success_rate_target_percent ?? null;
const isOld = (row: Row) => row.evidence === 'stale' || row.evidence === 'no_data';

// Why it is not well; and whether it is the cause of others' trouble, or waits for one.
function troubleWords(row: Row): string | null {
  if (row.health === 'healthy' || row.evidence === 'stale') return null;
  const role = row.victims ? `cause, ${plural(row.victims, 'feels it', 'feel it')}`
    : row.caused_by ? `waits for ${cut(visible(row.caused_by), 40)}` : null;
  return [role, row.reason && visible(row.reason)].filter(Boolean).join(' · ') || null;
}

const originOf = (row: Row) => [row.team, row.environment, row.source].filter((part): part is string => !!part).map((part) => cut(visible(part), 40)).join(' · ');

export function Origin({ live: { still } }: { live: Live }) {
  const all = (row: Row) => [troubleWords(row) ?? (row.reason && visible(row.reason)), originOf(row)].filter(Boolean).join(' · ');
  return (
    <span class="origin xs m" ref={still.to({ title: all })}>
      <span ref={still.to({ text: troubleWords, class: (row) => `c-${toneOf(row.severity)}` })} />
      <span ref={still.to({ text: (row) => (troubleWords(row) && originOf(row) ? ' · ' : null) })} />
      <bdi ref={still.to({ text: originOf })} />
    </span>
  );
}

export function ServiceName({ live: { index, state, still } }: { live: Live }) {
  return (
    <a data-index={index} onClick={(event) => follow(event, servicePath(state.peek().service))} ref={still.to({ href: (row) => servicePath(row.service) })}>
      <bdi ref={still.to({ title: (row) => nameTitle(row.service), text: (row) => nameText(row.service) })} />
    </a>
  );
}

export function RowGlyph({ live: { state } }: { live: Live }) {
  const kind = useComputed(() => rowGlyph(state.value));
  return <Glyph kind={kind.value} />;
}

const hasVerdict = (row: Row) => row.success_ratio !== null && row.evidence === 'ok';
const loud = (tone: string) => (tone === 'crit' || tone === 'warn' ? `c-${tone} b` : '');

export function SuccessCell({ live: { bind } }: { live: Live }) {
  const why = (row: Row) => (hasVerdict(row) ? null : evidenceWords(row) ?? 'no calls');
  return (
    <>
      <span class="m ell" ref={bind.to({ text: why, title: (row) => (isOld(row) ? why(row) : null), hidden: (row) => hiddenIf(hasVerdict(row)) })} />
      <Dumbbell bind={bind} isShown={hasVerdict} />
      <span ref={bind.to({
        text: (row) => (hasVerdict(row) ? successText(row.success_ratio, target(row)) : null),
        class: (row) => loud(successTone(row)),
      })} />
    </>
  );
}

function budgetNote(row: Row): string {
  const { budget } = row;
  if (budget.utilization_percent === null) return '';
  const speed = row.retries_per_s ? `${rateText(row.retries_per_s)}` : 'no retries';
  return [exhaustionWords(budget), speed].filter(Boolean).join(' · ');
}

function budgetClass({ budget }: Row): string {
  const tone = budgetTone(budget);
  return tone === 'unk' ? 'm' : loud(tone);
}

export function BudgetCell({ live: { bind } }: { live: Live }) {
  const risk = ({ budget }: Row) => (budget.risk_level ? ` ${visible(budget.risk!)}` : null);
  return (
    <>
      <Bullet bind={bind} />
      <span class="two">
        <span ref={bind.to({ class: budgetClass })}>
          <span ref={bind.to({ text: ({ budget }) => budgetPercent(budget) })} />
          <span class="xs" ref={bind.to({ hidden: (row) => hiddenIf(risk(row) === null) })}><span class="sr"> risk:</span><span ref={bind.to({ text: risk })} /></span>
        </span>
        <span class="xs m" ref={bind.to({ text: budgetNote })} />
      </span>
    </>
  );
}

// What is left of a limit. Without a limit there is no number, and the reason stands in the title.
export function Left({ live: { bind }, per }: { live: Live; per: 'minute' | 'hour' }) {
  const told = ({ budget }: Row) => budget.utilization_percent !== null;
  const value = ({ budget }: Row) => budget[`remaining_${per}`];
  const text = (row: Row) => (!told(row) ? 'not told' : value(row) === null ? 'no limit' : count(value(row)));
  const cls = (row: Row) => (!told(row) ? 'sr' : value(row) === null ? 'm' : value(row)! <= 0 ? 'c-crit b' : '');
  const title = (row: Row) => {
    const limit = row.budget[`limit_${per}`];
    if (!told(row)) return null;
    return value(row) === null ? `no limit per ${per} is known` : limit === null ? null : `of ${count(limit)} per ${per}`;
  };
  return <span ref={bind.to({ text, class: cls, title })} />;
}

const worstOf = ({ breakers }: Row) => breakers.worst ?? 'unknown';

function breakerWords({ breakers }: Row): string {
  return [
    breakers.open > 0 && `${breakers.open} open`,
    breakers.half_open > 0 && `${breakers.half_open} half-open`,
    breakers.closed > 0 && `${breakers.closed} closed`,
    breakers.disabled > 0 && `${breakers.disabled} disabled`,
    breakers.unknown > 0 && `${breakers.unknown} unknown`,
  ].filter(Boolean).join(', ');
}

// How many are as the worst one is, of how many.
function breakerShare(row: Row): string {
  const { breakers } = row;
  if (breakers.total === 0) return 'none';
  const k = worstOf(row) === 'half_open' && breakers.open === 0 ? breakers.half_open : breakers.open;
  return `${worstOf(row) === 'unknown' ? '?' : k}/${breakers.total}`;
}

function WorstBreaker({ state }: { state: ReadonlySignal<Row> }) {
  const worst = useComputed(() => (state.value.breakers.total === 0 ? null : worstOf(state.value)));
  return worst.value && <BreakerGlyph state={worst.value} />;
}

export function BreakersCell({ live: { state, still } }: { live: Live }) {
  const isCalm = (row: Row) => row.breakers.total === 0 || worstOf(row) === 'closed' || worstOf(row) === 'disabled';
  return (
    <span ref={still.to({ class: (row) => `rc ${isCalm(row) ? 'm' : `c-${breakerTone(worstOf(row))} b`}`, title: (row) => breakerWords(row) || null })}>
      <WorstBreaker state={state} />
      <span ref={still.to({ text: breakerShare })} />
      <span class="sr" ref={still.to({ text: breakerWords })} />
    </span>
  );
}

const errorTone = (row: Row) => (row.errors_per_s ? successTone(row) : 's1');

export function Speed({ live: { bind }, of }: { live: Live; of: 'calls_per_s' | 'errors_per_s' }) {
  const text = (row: Row) => {
    const { value, unit } = rate(row[of]);
    return unit === '' || unit === '/s' ? value : `${value}${THIN}${unit}`;
  };
  const cls = (row: Row) => (row[of] === null ? 'm' : of === 'errors_per_s' ? loud(errorTone(row)) : '');
  return <span ref={bind.to({ text, class: cls, title: (row) => (row[of] === null ? 'not told' : null) })} />;
}

export function Latency({ live: { bind } }: { live: Live }) {
  const untold = (row: Row) => row.latency_p99_s === null;
  return <span ref={bind.to({ text: (row) => duration(row.latency_p99_s), class: (row) => (untold(row) ? 'm' : ''), title: (row) => (untold(row) ? 'not told' : null) })} />;
}

// Drawn once for each step, however often it is painted.
const drawn = new WeakMap<object, { calls: Line; errors: Line }>();
function linesOf({ spark }: Row): { calls: Line; errors: Line } | null {
  if (!spark) return null;
  let lines = drawn.get(spark);
  if (!lines) drawn.set(spark, (lines = { calls: lineOf(spark.calls), errors: lineOf(spark.errors, { against: spark.calls }) }));
  return lines;
}

export const CallsSpark = ({ live: { bind } }: { live: Live }) => <Spark bind={bind} line={(row) => linesOf(row)?.calls ?? null} tone={() => 's1'} />;
export const ErrorsSpark = ({ live: { bind } }: { live: Live }) => <Spark bind={bind} line={(row) => linesOf(row)?.errors ?? null} tone={errorTone} />;

function leftWords(row: Row): string {
  const { remaining_minute: minute, remaining_hour: hour } = row.budget;
  if (row.budget.utilization_percent === null) return 'retries: the source does not tell';
  return [
    minute === null ? null : `${count(minute)} left this minute`,
    hour === null ? null : `${count(hour)} this hour`,
  ].filter(Boolean).join(' · ') || 'no limit known';
}

function NarrowCalls({ live: { bind } }: { live: Live }) {
  const why = (row: Row) => (row.evidence === 'ok' ? (row.success_ratio === null ? 'no calls' : null) : evidenceWords(row));
  const first = (row: Row) => why(row) ?? `${successText(row.success_ratio, target(row))} ok`;
  const rest = (row: Row) => [
    why(row) === null && ` · ${rateText(row.calls_per_s)}`,
    row.evidence === 'ok' && row.errors_per_s && ` · ${rateText(row.errors_per_s)} fail`,
  ].filter(Boolean).join('');
  return (
    <span class="l2 s ell">
      <span ref={bind.to({ text: first, class: (row) => (why(row) === null ? loud(successTone(row)) : '') })} />
      <span ref={bind.to({ text: rest })} />
    </span>
  );
}

export function NarrowRow({ live }: { live: Live }) {
  const { bind } = live;
  return (
    <>
      <RowGlyph live={live} />
      <span class="l1 ell">
        <ServiceName live={live} /> <Origin live={live} />
      </span>
      <span ref={bind.to({ text: ({ budget }) => `retries ${budgetPercent(budget)}`, class: ({ budget }) => `r1 nw ${loud(budgetTone(budget)) || 's'}` })} />
      <NarrowCalls live={live} />
      <span class="r2"><Bullet bind={bind} /></span>
      <span class="l3 xs m ell" ref={bind.to({ text: leftWords, title: leftWords })} />
      <span class="r3"><BreakersCell live={live} /></span>
    </>
  );
}
