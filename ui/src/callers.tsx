// What callers of a service get: success as they see it and of single attempts, speed, and what was promised.
import type { ComponentChildren } from 'preact';
import { Fact } from './facts';
import { count, duration, rateText, successText } from './format';
import { Glyph } from './glyphs';
import { Dumbbell, DumbbellScale, successTone } from './marks';
import { Painted } from './paint';
import { evidenceWords } from './row';
import type { Row, ServiceDocument } from './views';
import type { InstanceCounts } from './views-service';

const Told = ({ perSecond }: { perSecond: number | null }) =>
  perSecond === null ? <span class="m">not told</span> : <>{rateText(perSecond)}</>;

const NO_FIGURE = { ok: 'no calls', unknown: 'unknown', no_data: 'no data', stale: 'stale', too_little: 'too little data' };

function Objective({ label, target, now, met }: { label: string; target: string; now: string | null; met: boolean | null }) {
  const verdict: ComponentChildren = met === null ? <span class="m">cannot be judged yet</span> : met ? 'met' : <b class="c-crit">missed</b>;
  return <Fact label={label}>{target}{now && ` · ${now}`} · {verdict}</Fact>;
}

// By what a target of the response time is judged.
function judged({ latency_p95_s: p95, response_time_ms: mean }: ServiceDocument): string | null {
  if (p95 !== null) return `p95 ${duration(p95)}`;
  return mean === null ? null : `mean ${duration(mean / 1000)}`;
}

function Objectives({ doc }: { doc: ServiceDocument }) {
  const success = doc.slo?.success_rate_target_percent ?? null;
  const speed = doc.slo?.response_time_target_ms ?? null;
  return (
    <>
      {success !== null && <Objective label="Objective, success" target={`${success}\u202f%`} now={null} met={doc.slo!.success_rate_compliant} />}
      {speed !== null && (
        <Objective label="Objective, latency" target={duration(speed / 1000)} now={judged(doc)} met={doc.slo!.response_time_compliant} />
      )}
    </>
  );
}

function Latency({ doc }: { doc: ServiceDocument }) {
  const told = ([['p50', doc.latency_p50_s], ['p95', doc.latency_p95_s], ['p99', doc.latency_p99_s]] as const).filter(([, v]) => v !== null);
  if (told.length === 0) return null;
  return <Fact label={`Latency ${told.map(([name]) => name).join(' · ')}`}>{told.map(([, v]) => duration(v)).join(' · ')}</Fact>;
}

function Instances({ of }: { of: InstanceCounts }) {
  const bad = ([['degraded', 'warn'], ['silent', 'warn'], ['unhealthy', 'crit']] as const).filter(([state]) => of[state] > 0);
  return (
    <Fact label="Instances">
      {count(of.healthy)} of {count(of.total)} say they are healthy
      {bad.map(([state, tone]) => <> · <b class={`c-${tone}`}>{count(of[state])} {state}</b></>)}
    </Fact>
  );
}

export function CallersCard({ doc }: { doc: ServiceDocument }) {
  const why = evidenceWords(doc);
  const target = doc.slo?.success_rate_target_percent ?? null;
  const tone = doc.evidence === 'ok' ? successTone(doc) : 's1';
  const { success_ratio: final, attempt_success_ratio: attempts, first_attempt_success_ratio: first } = doc;
  return (
    <section class={`card in callers${doc.evidence === 'stale' || doc.evidence === 'too_little' ? ' old' : ''}`}>
      <header class="bare">
        <h2>What callers get</h2>
        <span class="m">last {duration(doc.window_s)}</span>
        <span class="sp" />
        {why && <span class="chip unk"><Glyph kind={doc.evidence} quiet />{why}</span>}
      </header>
      <p class={`huge ${tone === 's1' ? '' : `c-${tone}`}`}>
        {final === null ? <span class="m">{NO_FIGURE[doc.evidence]}</span> : successText(final, target)}{' '}
        <span class="unit">{final === null ? '' : 'of calls succeed'}</span>
      </p>
      {final !== null && <><Painted<Row> value={doc}>{(bind) => <Dumbbell bind={bind} isShown={() => true} large />}</Painted><DumbbellScale attempts={attempts !== null} /></>}
      <dl class="kv">
        {first !== null && <Fact label="Success of first attempts">{successText(first)}</Fact>}
        {attempts !== null && <Fact label="Success of attempts">{successText(attempts)}</Fact>}
        <Fact label="Calls"><Told perSecond={doc.calls_per_s} />{doc.calls_last_minute !== null && <span class="m"> · {count(doc.calls_last_minute)} in the last minute</span>}</Fact>
        <Fact label="Errors"><Told perSecond={doc.errors_per_s} /></Fact>
        {doc.instances && <Instances of={doc.instances} />}
        <Latency doc={doc} />
        <Objectives doc={doc} />
      </dl>
    </section>
  );
}
