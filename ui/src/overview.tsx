// The overview: the sentence, what needs someone, five figures, and the services with the worst first.
import { computed } from '@preact/signals';
import { Fragment, type ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { THIN, count, duration, percent, rate, rateText, success, successText } from './format';
import { Glyph } from './glyphs';
import { Needs, causes } from './needs';
import { Painted } from './paint';
import { order } from './rows';
import { Spark, lineOf, type Line } from './spark';
import { overviewLoaded, sentence, totals } from './state';
import { ServicesTable } from './table';
import { Lead } from './text';
import type { Totals, Values } from './views';
import { Guard, Loading } from './shell';

interface KpiProps {
  label: string;
  value: string;
  unit: string;
  line?: Line | undefined;
  tone?: string;
  children?: ComponentChildren;
}

function Kpi({ label, value, unit, line, tone = 's1', children }: KpiProps) {
  return (
    <div class="kpi">
      <div class="up">{label}</div>
      <div class="fig">
        {value} <span class="unit">{unit}</span>
      </div>
      <div class="xs s">{children}</div>
      {line && <Painted value={{ line, tone }}>{(bind) => <Spark bind={bind} line={(drawn) => drawn.line} tone={(drawn) => drawn.tone} />}</Painted>}
      {line && <div class="axis15"><span>15{THIN}min</span><span>now</span></div>}
    </div>
  );
}

function HealthCounts({ services }: { services: Totals['services'] }) {
  const bad: [string, number, string][] = [
    ['critical', services.unhealthy, 'unhealthy'],
    ['warning', services.degraded, 'degraded'],
    ['unknown', services.unknown, 'unknown'],
  ];
  return (
    <>
      {bad.filter(([, n]) => n > 0).map(([kind, n, word]) => (
        <Fragment key={kind}>
          <span class="count" title={`${n} ${word}`}><Glyph kind={kind} quiet /> {count(n)}<span class="sr"> {word}</span></span>{' '}
        </Fragment>
      ))}
      <span class="nw">{count(services.healthy)} healthy</span>
    </>
  );
}

function breakerFigure({ open, half_open, closed, disabled, unknown, total }: Totals['breakers']) {
  if (total === 0) return { value: '0', unit: '', rest: 'no service has told of one' };
  const rest = [
    closed > 0 && `${count(closed)} closed`,
    disabled > 0 && `${count(disabled)} disabled`,
    unknown > 0 && `${count(unknown)} unknown`,
  ].filter(Boolean).join(', ');
  const unit = half_open > 0 ? `open, ${count(half_open)} half-open` : `open of ${count(total)}`;
  return { value: count(open), unit, rest: rest || 'none closed' };
}

// A success line runs from its own worst to 100 %: what is drawn is what failed, downwards.
function successLine(values: Values): Line {
  const worst = Math.min(0.99, ...values.filter((v): v is number => v !== null));
  return lineOf(values.map((v) => (v === null ? null : v - worst)), { top: 1 - worst });
}

type Lines = Record<'calls' | 'success' | 'retries' | 'open', Line>;
const linesOf = ({ calls, success, retries, open }: NonNullable<Totals['spark']>): Lines => ({
  calls: lineOf(calls), success: successLine(success), retries: lineOf(retries, { against: calls }), open: lineOf(open, { top: 1 }),
});

function Kpis({ of }: { of: Totals }) {
  const calls = rate(of.calls_per_s);
  const breakers = breakerFigure(of.breakers);
  const lines: Partial<Lines> = useMemo(() => (of.spark?.calls.length ? linesOf(of.spark) : {}), [of.spark]);
  return (
    <section class="kpis card" aria-label="All services together">
      <Kpi label="Services" value={count(of.services.total)} unit="">
        <HealthCounts services={of.services} />
      </Kpi>
      <Kpi label="Success, as callers see it" value={success(of.success_ratio)} unit={of.success_ratio === null ? '' : '%'} line={lines.success}>
        {of.success_ratio === null ? 'no calls yet'
          : of.attempt_success_ratio === null ? 'attempts: not told' : `${successText(of.attempt_success_ratio)} of attempts`}
      </Kpi>
      <Kpi label="Calls" value={calls.value} unit={calls.unit} line={lines.calls}>
        {of.errors_per_s === null ? 'errors: not told' : `${rateText(of.errors_per_s)} fail`}
        {of.latency_p99_s !== null && ` · p99 ${duration(of.latency_p99_s)}`}
      </Kpi>
      <Kpi label="Retries" value={percent(of.retry_ratio === null ? null : of.retry_ratio * 100)}
        unit={of.retry_ratio === null ? '' : '% of attempts'} line={lines.retries} tone="retry">
        {of.retries_per_s === null ? 'no source tells them' : rateText(of.retries_per_s)}
      </Kpi>
      <Kpi label="Breakers" value={breakers.value} unit={breakers.unit} line={of.breakers.total > 0 ? lines.open : undefined}
        tone={of.breakers.open > 0 ? 'crit' : 'unk'}>
        {breakers.rest}
      </Kpi>
    </section>
  );
}

function Empty() {
  return (
    <section class="card in empty">
      <h2>How a service gets here</h2>
      <p class="s">
        A service appears here by itself as soon as a scraped target tells of calls to it. Name a target in the configuration,
        for example HAProxy with its built-in exporter:
      </p>
      <pre>{`scrape_configs:
  - job_name: haproxy
    static_configs:
      - targets: ['127.0.0.1:8405']`}</pre>
      <p class="s">
        Then start with <code>fusebox run --config FILE</code>, or look at an example with <code>fusebox demo</code>.
      </p>
    </section>
  );
}

const isEmpty = computed(() => order.value.length === 0);

export function Overview() {
  if (!overviewLoaded.value || !sentence.value || !totals.value) return <Loading />;
  if (isEmpty.value) return <><Lead sentence={sentence.value} /><Empty /></>;
  return (
    <>
      <Lead sentence={sentence.value} />
      <div class={causes.value.length > 0 ? 'overview with-needs' : 'overview'}>
        <Guard><Needs /></Guard>
        <Guard><Kpis of={totals.value} /></Guard>
        <Guard><ServicesTable /></Guard>
      </div>
    </>
  );
}
