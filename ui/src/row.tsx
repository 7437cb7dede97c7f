// What a row shows of its service: the cells of the wide list (columns.tsx), and the three lines of a phone.
import { age, count, cut, plural, rate, rateText, successText, visible } from './format';
import { BreakerGlyph, Glyph, breakerTone, rowGlyph, toneOf } from './glyphs';
import { Bullet, Dumbbell, budgetPercent, budgetTone, exhaustionWords, successTone } from './marks';
import { nowMs } from './state';
import { ServiceLink } from './text';
import type { Row } from './views';

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

export function Origin({ row }: { row: Row }) {
  const parts = [row.team, row.environment, row.source].filter((part): part is string => !!part).map((part) => cut(visible(part), 40));
  const trouble = troubleWords(row);
  return (
    <span class="origin xs m" title={[trouble ?? (row.reason && visible(row.reason)), ...parts].filter(Boolean).join(' · ')}>
      {trouble && <span class={`c-${toneOf(row.severity)}`}>{trouble}</span>}
      {trouble && parts.length > 0 && ' · '}
      <bdi>{parts.join(' · ')}</bdi>
    </span>
  );
}

export function SuccessCell({ row }: { row: Row }) {
  const why = evidenceWords(row);
  if (row.success_ratio === null || isOld(row)) return <span class="m ell" title={why ?? undefined}>{why ?? 'no calls'}</span>;
  if (row.evidence !== 'ok') return <span class="m ell">{why}</span>;
  const tone = successTone(row);
  return (
    <>
      {Dumbbell({ row })}
      <span class={tone === 's1' ? '' : `c-${tone} b`}>{successText(row.success_ratio, target(row))}</span>
    </>
  );
}

function budgetNote(row: Row): string {
  const { budget } = row;
  if (budget.utilization_percent === null) return '';
  const speed = row.retries_per_s ? `${rateText(row.retries_per_s)}` : 'no retries';
  return [exhaustionWords(budget), speed].filter(Boolean).join(' · ');
}

export function BudgetCell({ row }: { row: Row }) {
  const tone = budgetTone(row.budget);
  return (
    <>
      {Bullet({ budget: row.budget })}
      <span class="two">
        <span class={tone === 'crit' || tone === 'warn' ? `c-${tone} b` : tone === 'unk' ? 'm' : ''}>
          {budgetPercent(row.budget)}
          {!!row.budget.risk_level && <span class="xs"><span class="sr"> risk:</span> {visible(row.budget.risk!)}</span>}
        </span>
        <span class="xs m">{budgetNote(row)}</span>
      </span>
    </>
  );
}

// What is left of a limit. Without a limit there is no number, and the reason stands in the title.
export function Left({ value, limit, per, told }: { value: number | null; limit: number | null; per: string; told: boolean }) {
  if (!told) return <span class="sr">not told</span>;
  if (value === null) return <span class="m" title={`no limit per ${per} is known`}>no limit</span>;
  return <span class={value <= 0 ? 'c-crit b' : ''} title={limit === null ? undefined : `of ${count(limit)} per ${per}`}>{count(value)}</span>;
}

export function BreakersCell({ row }: { row: Row }) {
  const { breakers } = row;
  const worst = breakers.worst ?? 'unknown';
  if (breakers.total === 0) return <span class="m">none</span>;
  const calm = worst === 'closed' || worst === 'disabled';
  const k = worst === 'half_open' && breakers.open === 0 ? breakers.half_open : breakers.open;
  const words = [
    breakers.open > 0 && `${breakers.open} open`,
    breakers.half_open > 0 && `${breakers.half_open} half-open`,
    breakers.closed > 0 && `${breakers.closed} closed`,
    breakers.disabled > 0 && `${breakers.disabled} disabled`,
    breakers.unknown > 0 && `${breakers.unknown} unknown`,
  ].filter(Boolean).join(', ');
  return (
    <span class={`rc ${calm ? 'm' : `c-${breakerTone(worst)} b`}`} title={words}>
      {BreakerGlyph({ state: worst })}
      <span>{worst === 'unknown' ? '?' : k}/{breakers.total}</span>
      <span class="sr">{words}</span>
    </span>
  );
}

export function Speed({ perSecond, tone = '' }: { perSecond: number | null; tone?: string }) {
  const { value, unit } = rate(perSecond);
  if (unit === '') return <span class="m" title="not told">{'\u2014'}</span>;
  return <span class={tone}>{value}{unit === '/s' ? '' : `\u202f${unit}`}</span>;
}

export const errorTone = (row: Row) => (row.errors_per_s ? successTone(row) : 's1');

function leftWords(row: Row): string {
  const { remaining_minute: minute, remaining_hour: hour } = row.budget;
  if (row.budget.utilization_percent === null) return 'retries: the source does not tell';
  return [
    minute === null ? null : `${count(minute)} left this minute`,
    hour === null ? null : `${count(hour)} this hour`,
  ].filter(Boolean).join(' · ') || 'no limit known';
}

export function NarrowRow({ row, index }: { row: Row; index: number }) {
  const why = row.evidence === 'ok' ? null : evidenceWords(row);
  const tone = budgetTone(row.budget);
  const bad = successTone(row) !== 's1' && row.evidence === 'ok';
  return (
    <>
      <Glyph kind={rowGlyph(row)} />
      <span class="l1 ell">
        <ServiceLink service={row.service} index={index} /> <Origin row={row} />
      </span>
      <span class={`r1 nw ${tone === 'crit' || tone === 'warn' ? `c-${tone} b` : 's'}`}>retries {budgetPercent(row.budget)}</span>
      <span class="l2 s ell">
        {why ?? (row.success_ratio === null ? 'no calls'
          : <><span class={bad ? `c-${successTone(row)} b` : ''}>{successText(row.success_ratio, target(row))} ok</span> · {rateText(row.calls_per_s)}</>)}
        {!why && row.errors_per_s ? ` · ${rateText(row.errors_per_s)} fail` : ''}
      </span>
      <span class="r2"><Bullet budget={row.budget} /></span>
      <span class="l3 xs m ell" title={leftWords(row)}>{leftWords(row)}</span>
      <span class="r3"><BreakersCell row={row} /></span>
    </>
  );
}
