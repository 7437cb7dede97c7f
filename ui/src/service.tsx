// One service: what its callers get, what that costs in retries, and what stands behind it.
import type { ComponentChildren } from 'preact';
import { useSignal } from '@preact/signals';
import { clock, count, cut, duration, percentText, rateAxis, rateText, successText, visible } from './format';
import { Glyph, WORDS } from './glyphs';
import { BreakerList } from './breakers';
import { Bullet, Dumbbell, DumbbellScale, budgetPercent, budgetTone, successTone } from './marks';
import { Chart, timeAt, type Line, type Series } from './chart';
import { evidenceWords } from './row';
import { follow, overviewPath } from './route';
import { refused, serviceDoc } from './state';
import { Failed, Guard, Loading } from './shell';
import { Lead, Name } from './text';
import type { Budget, BudgetKind, History, KindOfBudget, ServiceDocument } from './views';

function Fact({ label, children }: { label: string; key?: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </>
  );
}

const Told = ({ perSecond }: { perSecond: number | null }) =>
  perSecond === null ? <span class="m">not told</span> : <>{rateText(perSecond)}</>;

function Limit({ used, limit, left, modelled }: { used: number | null; limit: number | null; left: number | null; modelled: boolean }) {
  if (used === null && limit === null) return <span class="m">no limit is known</span>;
  return (
    <>
      <b>{count(used)}</b> of {modelled ? '\u2248\u202f' : ''}{count(limit)} used · <b class={left === 0 ? 'c-crit' : ''}>{count(left)}</b> left
    </>
  );
}

function exhaustion({ exhaustion: end }: Budget): string {
  if (!end) return 'not at the present speed';
  if (end.in_s <= 0) return end.limit in KIND_WORDS ? `now: ${KIND_WORDS[end.limit as BudgetKind]}, spent` : `now: the limit per ${end.limit} is spent`;
  const range = end.low_s === null || end.high_s === null ? ''
    : ` (${end.confidence === null ? '' : `${percentText(end.confidence * 100)}: `}${duration(end.low_s)} to ${duration(end.high_s)})`;
  return `in ${duration(end.in_s)}${range}, limit per ${end.limit}`;
}

const KIND_WORDS: Record<BudgetKind, string> = {
  absolute: 'limits per minute and hour',
  ratio: 'share of calls, with a reserve',
  concurrency: 'share of active requests',
  failure_tokens: 'failure tokens',
  quota: 'quota',
  unknown: 'not known',
};

// Limits per minute and hour belong to these two kinds, whichever leads.
const hasLimits = ({ kind }: { kind: BudgetKind }) => kind === 'absolute' || kind === 'ratio';
const limitIsModelled = (b: Budget) => b.kinds?.find(hasLimits)?.modelled ?? b.modelled;

function percentOf(k: KindOfBudget): string {
  if (k.utilization_percent === null) return 'not known';
  const range = k.low_percent === null || k.high_percent === null ? ''
    : ` (${percentText(k.low_percent)} to ${percentText(k.high_percent)})`;
  return `${k.modelled ? '\u2248\u202f' : ''}${percentText(k.utilization_percent)}${range}`;
}

const RISK_TONE = ['ok', 'info', 'warn', 'crit', 'emer'];

function BudgetCard({ doc }: { doc: ServiceDocument }) {
  const { budget } = doc;
  const tone = budgetTone(budget);
  if (budget.utilization_percent === null) {
    return (
      <section class="card in">
        <h2>Retry budget</h2>
        <p class="huge m">unknown</p>
        <Bullet budget={budget} large />
        <p class="s">{budget.evidence === 'ok' || budget.evidence === 'unknown' ? 'The source of this service does not tell of retries.' : WORDS[budget.evidence]}</p>
      </section>
    );
  }
  return (
    <section class="card in budget">
      <header class="bare">
        <h2>Retry budget</h2>
        <span class="sp" />
        {budget.risk && <span class={`chip ${RISK_TONE[budget.risk_level ?? 0] ?? 'unk'}`}>risk: {visible(budget.risk)}</span>}
      </header>
      <p class={`huge ${tone === 's1' ? '' : `c-${tone}`}`}>
        {budgetPercent(budget)} <span class="unit">{hasLimits(budget) ? 'used in the last minute' : 'used'}</span>
      </p>
      <Bullet budget={budget} large />
      <p class="scale xs m">
        <span>0</span>
        <Mark at={budget.warning_threshold_percent} word="warning" />
        <Mark at={budget.critical_threshold_percent} word="critical" right />
      </p>
      <dl class="kv">
        <Fact label="This minute"><Limit used={budget.used_minute} limit={budget.limit_minute} left={budget.remaining_minute} modelled={limitIsModelled(budget)} /></Fact>
        {budget.limit_hour !== null && (
          <Fact label="This hour"><Limit used={budget.used_hour} limit={budget.limit_hour} left={budget.remaining_hour} modelled={limitIsModelled(budget)} /></Fact>
        )}
        {budget.returning_10s_percent !== null && <Fact label="Comes back in 10 s">{percentText(budget.returning_10s_percent)}</Fact>}
        {budget.retry_rate_percent !== null && <Fact label="Retries, share of calls">{percentText(budget.retry_rate_percent)}</Fact>}
        <Fact label="Empty">{exhaustion(budget)}</Fact>
        <Fact label="Model">{KIND_WORDS[budget.kind]}{budget.modelled ? ', modelled' : ''}</Fact>
        {(budget.kinds ?? []).length > 1 && budget.kinds?.map((k) => (
          <Fact key={k.kind} label={`of ${KIND_WORDS[k.kind]}`}>{percentOf(k)}</Fact>
        ))}
      </dl>
    </section>
  );
}

function Mark({ at, word, right = false }: { at: number | null; word: string; right?: boolean }) {
  if (at === null) return null;
  return <span class={right ? 'after' : 'before'} style={right ? { left: `${at}%` } : { right: `${100 - at}%` }}>{word} {at}</span>;
}

function CallersCard({ doc }: { doc: ServiceDocument }) {
  const why = evidenceWords(doc);
  const target = doc.slo?.success_rate_target_percent ?? null;
  const met = doc.slo?.success_rate_compliant ?? null;
  const tone = doc.evidence === 'ok' ? successTone(doc) : 's1';
  return (
    <section class="card in">
      <header class="bare">
        <h2>What callers get</h2>
        <span class="m">last {duration(doc.window_s)}</span>
        <span class="sp" />
        {why && <span class="chip unk"><Glyph kind={doc.evidence} quiet />{why}</span>}
      </header>
      <p class={`huge ${tone === 's1' ? '' : `c-${tone}`}`}>
        {doc.success_ratio === null ? <span class="m">{doc.evidence === 'no_data' ? 'no data' : 'no calls'}</span> : successText(doc.success_ratio, target)}{' '}
        <span class="unit">{doc.success_ratio === null ? '' : 'of calls succeed'}</span>
      </p>
      {doc.success_ratio !== null && <><Dumbbell row={doc} large /><DumbbellScale attempts={doc.attempt_success_ratio !== null} /></>}
      <dl class="kv">
        {doc.attempt_success_ratio !== null && <Fact label="Success of attempts">{successText(doc.attempt_success_ratio)}</Fact>}
        {doc.first_attempt_success_ratio !== null && <Fact label="Success of first attempts">{successText(doc.first_attempt_success_ratio)}</Fact>}
        <Fact label="Calls"><Told perSecond={doc.calls_per_s} />{doc.calls_last_minute !== null && <span class="m"> · {count(doc.calls_last_minute)} in the last minute</span>}</Fact>
        <Fact label="Errors"><Told perSecond={doc.errors_per_s} /></Fact>
        <Fact label="Retries"><Told perSecond={doc.retries_per_s} /></Fact>
        {doc.retries_denied_per_s !== null && <Fact label="Retries denied">{rateText(doc.retries_denied_per_s)}</Fact>}
        {doc.latency_p99_s !== null && <Fact label="Latency, p99">{duration(doc.latency_p99_s)}</Fact>}
        {target !== null && (
          <Fact label="Objective">{target}{'\u202f'}% {met === null ? '' : met ? 'met' : <b class="c-crit">missed</b>}</Fact>
        )}
      </dl>
    </section>
  );
}

const CHARTS: { key: keyof Pick<History, 'calls' | 'errors' | 'retries' | 'utilization_percent'>; title: string; tone: string }[] = [
  { key: 'calls', title: 'Calls', tone: 's1' },
  { key: 'errors', title: 'Errors', tone: 'crit' },
  { key: 'retries', title: 'Retries', tone: 'retry' },
  { key: 'utilization_percent', title: 'Retry budget used', tone: 's1' },
];

function budgetLines({ warning_threshold_percent: warning, critical_threshold_percent: critical }: Budget): Line[] {
  return [
    ...(warning === null ? [] : [{ at: warning, label: `warning ${warning}`, tone: 'warn' }]),
    ...(critical === null ? [] : [{ at: critical, label: `critical ${critical}`, tone: 'crit' }]),
  ];
}


function Charts({ doc, history }: { doc: ServiceDocument; history: History }) {
  const seriesOf = (key: (typeof CHARTS)[number]['key']): Series => ({ end_ms: history.end_ms, step_s: history.step_s, values: history[key] });
  const heard = CHARTS.filter(({ key }) => history[key].some((v) => v !== null));
  if (heard.length === 0) return null;
  const toneNow: Partial<Record<string, string>> = { utilization_percent: budgetTone(doc.budget), errors: successTone(doc) };
  return (
    <>
      <div class="grid c2">
        {heard.map(({ key, title, tone }) => (
          <Chart key={key} title={title} tone={toneNow[key] ?? tone} series={seriesOf(key)}
            {...(key === 'utilization_percent'
              ? { show: percentText, axis: percentText, lines: budgetLines(doc.budget) }
              : { show: rateText, axis: rateAxis })} />
        ))}
      </div>
      <Numbers columns={heard.map(({ key, title }) => ({ title, series: seriesOf(key), show: key === 'utilization_percent' ? percentText : rateText }))} />
    </>
  );
}

// The charts' twin: the same figures as a table, newest first.
function Numbers({ columns }: { columns: { title: string; series: Series; show(v: number | null): string }[] }) {
  const open = useSignal(false);
  const { series } = columns[0]!;
  return (
    <details class="card numbers" onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>The same figures as a table</summary>
      {open.value && (
        <div class="scroll">
          <table>
            <thead><tr><th scope="col">Time, UTC</th>{columns.map((c) => <th key={c.title} scope="col" class="rt">{c.title}</th>)}</tr></thead>
            <tbody>
              {series.values.map((_, back) => series.values.length - 1 - back).map((i) => (
                <tr key={i}>
                  <th scope="row">{clock(timeAt(series, i))}</th>
                  {columns.map((c) => {
                    const v = c.series.values[i] ?? null;
                    return <td key={c.title} class="rt">{v === null ? <span class="m">not heard</span> : c.show(v)}</td>;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </details>
  );
}

export function Service({ name }: { name: string }) {
  const doc = serviceDoc.value;
  const crumb = (
    <p class="crumb">
      <a href={overviewPath} onClick={(event) => follow(event, overviewPath)}>All services</a> <span class="m">/</span>{' '}
      <b><Name text={name} max={96} /></b>{' '}
      {doc && <span class="m">{[doc.team, doc.environment, doc.source].filter((part): part is string => !!part).map((part) => cut(visible(part), 64)).join(' · ')}</span>}
    </p>
  );
  if (!doc) return <>{crumb}{refused.value ? <Failed failure={refused.value} /> : <Loading />}</>;
  return (
    <>
      {crumb}
      <Lead sentence={doc.sentence} own={doc.service} />
      <div class="grid c2">
        <Guard><BudgetCard doc={doc} /></Guard>
        <Guard><CallersCard doc={doc} /></Guard>
      </div>
      <Guard><BreakerList doc={doc} /></Guard>
      {doc.history && <Guard><Charts doc={doc} history={doc.history} /></Guard>}
    </>
  );
}
