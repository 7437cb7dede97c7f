// The document of dashboard/service/NAME, made up: each scene is a service in a state that a live system cannot show on demand.
//
// Histories are functions of the time, so that every period shows the same past.
import { LONG_NAME, START_MS, overviewDocument, row } from './scenes.mjs';

const iso = (ms) => new Date(ms).toISOString();
const round = (v) => (v === null ? null : Math.round(v * 1e6) / 1e6);
const MINUTE_MS = 60_000;
const TROUBLE_MS = START_MS - 5 * MINUTE_MS; // when it began
const GAP_MS = [START_MS - 10 * MINUTE_MS, START_MS - 9 * MINUTE_MS]; // nothing was heard
const noise = (ms, size) => size * (Math.sin(ms / 17_000) + 0.5 * Math.sin(ms / 6_100));
const ramp = (ms, calm, bad) => calm + (bad - calm) * Math.min(1, Math.max(0, (ms - TROUBLE_MS) / 100_000));

function breaker(service, name, state, nowMs, strip, changes = {}) {
  const told = state !== 'unknown';
  const transitions = strip.slice(1).map(([ms, to], i) => ({ time: iso(ms), from: strip[i][1], to, calls: 5120, errors: 204 })).reverse();
  return { service, name, endpoint: '', caller: 'haproxy', state, state_code: 0, since: iso(strip[strip.length - 1][0]), healthy: state === 'closed', source: 'haproxy',
    evidence: told ? 'ok' : 'stale', requests: told ? 5120 : null, failures: told ? 204 : null, failure_rate_percent: told ? (state === 'open' ? 24.1 : 0.4) : null,
    success_rate_percent: null, consecutive_failures: null, last_failure_time: state === 'closed' ? null : iso(nowMs - 62_000),
    transitions_total: strip.length - 1, transitions_15m: strip.length - 1, last_recovery_s: strip.length > 2 ? 31.2 : null, transitions, conditions: [],
    instances: { total: 1, closed: 0, half_open: 0, open: 0, disabled: 0, unknown: 0, [state]: 1, worst: state },
    seconds_in_state: { closed: 1201.5, half_open: 4, open: strip.length > 1 ? 62.1 : 0, disabled: 0, unknown: 0.4 }, strip, ...changes };
}

function troubledBreakers(name, nowMs) {
  const at = (s) => START_MS - s * 1000;
  const start = nowMs - 15 * MINUTE_MS;
  const of = (n, ...rest) => breaker(name, `${name.slice(0, 56)}-${n}`, ...rest);
  return [
    of(1, 'closed', nowMs, [[start, 'closed']]),
    of(2, 'open', nowMs, [[start, 'closed'], [at(400), 'open'], [at(378), 'half_open'], [at(374), 'closed'], [at(112), 'open']], {
      conditions: [{ condition: 'flapping', severity: 'warning', since: iso(at(200)), text: `${name}-2 changed 8 times in 15 min` },
        { condition: 'failure_rate', severity: 'critical', since: iso(at(300)), text: '24 % of 5,120 requests fail' }] }),
    of(2, 'closed', nowMs, [[start, 'closed']], { caller: 'haproxy-b' }),
    of(2, 'closed', nowMs, [[start, 'closed']], { caller: 'haproxy-c' }),
    of(3, 'half_open', nowMs, [[start, 'closed'], [at(300), 'unknown'], [at(240), 'open'], [at(60), 'half_open']]),
    of(4, 'disabled', nowMs, [[start, 'closed'], [at(200), 'disabled']]),
    of(5, 'unknown', nowMs, [[start, 'closed'], [at(240), 'unknown']]),
  ];
}

const quietBreakers = (name, nowMs) => [1, 2, 3].map((n) => breaker(name, `${name.slice(0, 56)}-${n}`, 'closed', nowMs, [[nowMs - 15 * MINUTE_MS, 'closed']]));

const counts = (changes = {}) => ({ total: 2, closed: 2, half_open: 0, open: 0, disabled: 0, unknown: 0, worst: 'closed', ...changes });
const neighbour = (service, changes = {}) => ({
  service, known: true, health: 'healthy', severity: 'ok', reason: null, evidence: 'ok', calls_per_s: 189, errors_per_s: 0.01, success_ratio: 0.99987,
  retries_per_s: 0.1, attempts_per_call: 1, modelled: false, declared: true, closes_circle: false, breakers: counts(), ...changes,
});

const CALLEES = [
  neighbour('payments-db', { health: 'unhealthy', severity: 'critical', reason: '38 % of attempts fail', calls_per_s: 282, success_ratio: 0.984, attempts_per_call: 1.62, breakers: counts({ total: 6, closed: 5, half_open: 1, worst: 'half_open' }) }),
  neighbour('fraud-check', { health: 'unknown', severity: 'unknown', evidence: 'too_little', calls_per_s: 0.23, success_ratio: 1, attempts_per_call: null }),
  neighbour('email-provider', { known: false, health: 'unknown', severity: 'unknown', evidence: 'unknown', calls_per_s: null, success_ratio: null, attempts_per_call: null, breakers: counts({ total: 0, closed: 0, worst: null }) }),
  neighbour('recommendations', { health: 'unknown', severity: 'unknown', evidence: 'stale', calls_per_s: null, success_ratio: null, attempts_per_call: null, breakers: counts({ total: 4, closed: 0, unknown: 4, worst: 'unknown' }) }),
  neighbour('ledger', { modelled: true, attempts_per_call: 1.05 }),
];
const CALLERS = [neighbour('checkout', { health: 'degraded', severity: 'warning', calls_per_s: 142, success_ratio: 0.966, attempts_per_call: 1.44, breakers: counts({ total: 8, closed: 5, open: 3, worst: 'open' }) }), neighbour('order-service', { calls_per_s: 55 })];

const trouble = (name) => (nowMs) => ({
  ...row(name, nowMs, {
    health: 'unhealthy', severity: 'critical', reason: '3.4 % of calls fail', since: iso(TROUBLE_MS), calls: 197, errors: 6.7, retries: 86, retries_denied_per_s: 18,
    first_attempt_success_ratio: 0.726, latency_p50_s: 0.21, latency_p95_s: 1.31, latency_p99_s: 2.3, response_time_ms: 412,
    budget: { utilization_percent: 118.2, risk: 'critical', risk_level: 3, used_minute: 5160, limit_minute: 4372, remaining_minute: 0, used_hour: 104_000, limit_hour: 262_000,
      remaining_hour: 158_000, retry_rate_percent: 43.9, returning_10s_percent: 14.2, exhaustion: { in_s: 0, low_s: 0, high_s: 0, confidence: 0.8, limit: 'minute' },
      kinds: [{ kind: 'absolute', modelled: false, utilization_percent: 118.2, low_percent: null, high_percent: null, remaining: 0, limit: 4372 },
        { kind: 'failure_tokens', modelled: true, utilization_percent: 41, low_percent: 32, high_percent: 50, remaining: 59, limit: 100,
          exhaustion: { in_s: 840, low_s: 610, high_s: null, confidence: 0.8, limit: 'failure_tokens' }, exhaustion_reason: null }] },
    slo: { success_rate_target_percent: 99.9, success_rate_compliant: false, response_time_target_ms: 800, response_time_compliant: false },
    instances: { total: 6, healthy: 3, degraded: 0, unhealthy: 1, silent: 2 },
  }),
  breaker_list: troubledBreakers(name, nowMs), callees: CALLEES, callers: CALLERS,
});

const healthy = (nowMs) => ({ ...row('orders', nowMs, { calls: 212, retries: 0.9, latency_p50_s: 0.012, latency_p95_s: 0.04, latency_p99_s: 0.11 }),
  breaker_list: quietBreakers('orders', nowMs), callees: [neighbour('ledger'), neighbour('catalog', { calls_per_s: 60 })], callers: [neighbour('api-gateway')] });

const NO_SLO = { success_rate_target_percent: null, success_rate_compliant: null, response_time_target_ms: null, response_time_compliant: null };
const NO_BREAKERS = { total: 0, closed: 0, worst: null };
const told = (changes) => (nowMs) => ({ ...row('orders', nowMs, changes), breaker_list: [], callees: [], callers: [] });

const SCENES = {
  trouble: trouble('payment-service'),
  long: trouble(LONG_NAME.slice(0, 64)),
  healthy,
  bare: told({ team: null, environment: null, slo: NO_SLO, breakers: NO_BREAKERS }),
  silent: told({ health: 'unknown', severity: 'unknown', evidence: 'no_data', calls: null, errors: null, retries: null, last_data_ms: null, slo: NO_SLO, breakers: NO_BREAKERS, budget: { utilization_percent: null } }),
  limitless: (nowMs) => ({ ...told({ slo: NO_SLO, breakers: NO_BREAKERS, budget: { utilization_percent: null } })(nowMs), retries_per_s: 3.2 }),
  given: told({ breakers: NO_BREAKERS, budget: { utilization_percent: null, limit_minute: 600, limit_hour: 20_000 } }),
  modelled: told({ slo: NO_SLO, breakers: NO_BREAKERS, budget: { kind: 'ratio', modelled: true, utilization_percent: 41, limit_hour: null, used_hour: null, remaining_hour: null,
    kinds: [{ kind: 'ratio', modelled: true, utilization_percent: 41, low_percent: 32, high_percent: 50, remaining: 354, limit: 600 },
      { kind: 'concurrency', modelled: true, utilization_percent: 8, low_percent: null, high_percent: null, remaining: 23, limit: 25,
        exhaustion: null, exhaustion_reason: 'no source tells how long an attempt takes' }], exhaustion_reason: 'it lasts at the present speed' } }),
  forced: (nowMs) => ({ ...healthy(nowMs), breaker_list: [
    breaker('orders', 'orders-forced', 'open', nowMs, [[nowMs - 15 * MINUTE_MS, 'closed'], [nowMs - 5 * MINUTE_MS, 'open']], { forced: true }),
    breaker('orders', 'orders-1', 'closed', nowMs, [[nowMs - 15 * MINUTE_MS, 'closed']], { forced: false }),
  ] }),
  little: told({ health: 'unknown', severity: 'unknown', evidence: 'too_little', calls: 0.23, retries: 0, budget: { utilization_percent: 1.2 } }),
  stale: (nowMs) => ({ ...healthy(nowMs), health: 'unknown', severity: 'unknown', evidence: 'stale', reason: 'no data for 4 min', last_data_ms: nowMs - 4 * MINUTE_MS,
    budget: { ...healthy(nowMs).budget, evidence: 'stale' },
    breaker_list: quietBreakers('orders', nowMs).map((b) => ({ ...b, state: 'unknown', evidence: 'stale', strip: [[nowMs - 15 * MINUTE_MS, 'closed'], [nowMs - 4 * MINUTE_MS, 'unknown']] })) }),
  near: told({ calls: 1000, errors: 1.04, slo: { ...NO_SLO, success_rate_target_percent: 99.9, success_rate_compliant: false }, success_ratio: 0.99896 }),
};
export const SERVICE_SCENES = Object.keys(SCENES);
export const serviceOf = (scene) => SCENES[scene](START_MS).service;

function derived(scene, name, moment) {
  const { nowMs } = moment;
  const found = overviewDocument(scene, moment).services.find((r) => r.service === name);
  if (!found) return null;
  const list = found.breakers.total === 0 ? [] : found.health === 'unhealthy' ? troubledBreakers(name, nowMs) : quietBreakers(name, nowMs);
  return { ...found, breaker_list: list, callees: [], callers: [] };
}

export function serviceDocument(serviceScene, scene, name, moment) {
  const { nowMs } = moment;
  const found = serviceScene ? SCENES[serviceScene](nowMs) : derived(scene, name, moment);
  if (!found || found.service !== name) return null;
  const sentence = found.health === 'unhealthy'
    ? { text: `${name} is failing for 1 in 9 callers`, severity: 'critical', since: found.since, detail: `Since 02:39:12 UTC (2 min) · ${name}-2 is open · retries save 15 % of calls, and their budget is spent`, links: [{ text: name, service: name }] }
    : { text: `${name} is ${found.health}`, severity: found.severity, since: found.since, detail: null, links: [] };
  const optional = { latency_p50_s: null, latency_p95_s: null, latency_p99_s: null, response_time_ms: null };
  return { ...optional, ...found, view: `service/${encodeURIComponent(name)}`, epoch: moment.epoch, seq: moment.seq, timestamp: iso(nowMs), now_ms: nowMs, sentence };
}

// What was true at a moment: of the service in trouble it was quiet before it began.
function figuresAt(doc, ms) {
  const bad = doc.health === 'unhealthy';
  const now = (calm, then) => (bad ? ramp(ms, calm, then) : then);
  const calls = doc.calls_per_s === null ? null : Math.max(0, doc.calls_per_s + noise(ms, doc.calls_per_s * 0.03));
  const retries = doc.retries_per_s === null || calls === null ? null : Math.max(0, now(0.2, doc.retries_per_s) + noise(ms, 0.02 * doc.retries_per_s));
  const errors = calls === null ? null : Math.min(calls, now(0, doc.errors_per_s ?? 0));
  const ratio = calls ? 1 - errors / calls : null;
  const adapted = ms < TROUBLE_MS + 60_000 ? 1 : ms < TROUBLE_MS + 130_000 ? 0.86 : 0.73;
  const limit = doc.budget.utilization_percent === null || doc.budget.limit_minute === null ? null : (doc.budget.limit_minute / 60) * (bad ? adapted / 0.73 : 1);
  const quick = (v, calm) => (v === null ? null : Math.max(0.001, now(calm, v) + noise(ms, v * 0.02)));
  return { calls, errors, retries, retries_denied: doc.retries_denied_per_s === null ? null : now(0, doc.retries_denied_per_s), retry_limit: limit,
    utilization_percent: doc.budget.utilization_percent === null ? null : now(3, doc.budget.utilization_percent), success_ratio: ratio,
    attempt_success_ratio: retries === null || ratio === null ? null : Math.max(0, calls - errors) / (calls + retries),
    first_attempt_success_ratio: doc.first_attempt_success_ratio === null ? null : now(0.995, doc.first_attempt_success_ratio),
    latency_p50_s: quick(doc.latency_p50_s, 0.1), latency_p95_s: quick(doc.latency_p95_s, 0.22), latency_p99_s: quick(doc.latency_p99_s, 0.45) };
}

const LINES = ['calls', 'errors', 'retries', 'retries_denied', 'retry_limit', 'utilization_percent', 'success_ratio', 'attempt_success_ratio', 'first_attempt_success_ratio',
  'latency_p50_s', 'latency_p95_s', 'latency_p99_s'];
const KNOWN_MS = START_MS - 20 * 3600 * 1000; // since when there is data

export function historyOf(doc, { periodS, endMs, points }) {
  const step_s = Math.max(points > 360 ? 0.25 : 1, Math.ceil(periodS / Math.min(points, periodS > 900 ? 360 : points === 360 ? 180 : points) * 4) / 4);
  const stepMs = step_s * 1000;
  const end_ms = Math.floor(endMs / stepMs) * stepMs;
  const n = Math.floor((periodS * 1000) / stepMs);
  const dead = doc.evidence === 'stale' ? doc.last_data_ms : Infinity;
  const steps = Array.from({ length: n }, (_, i) => {
    const ms = end_ms - (n - 1 - i) * stepMs;
    const heard = ms >= KNOWN_MS && ms <= dead && !(ms > GAP_MS[0] && ms <= GAP_MS[1] && stepMs < MINUTE_MS);
    return heard ? figuresAt(doc, ms) : null;
  });
  return { period_s: periodS, step_s, end_ms, stored: periodS > 3600, ...Object.fromEntries(LINES.map((key) => [key, steps.map((s) => round(s?.[key] ?? null))])) };
}

export const historyCsv = (h) => `timestamp,calls_per_s\r\n${h.calls.map((v, i) => `${iso(h.end_ms - (h.calls.length - 1 - i) * h.step_s * 1000)},${v ?? ''}\r\n`).join('')}`;

const EVENTS = 37;

export function eventsPage(serviceScene, search) {
  const limit = Number(search.get('limit'));
  if (serviceScene !== 'trouble' && serviceScene !== 'long') return { events: [], next_before: null };
  const from = Number(search.get('before') ?? EVENTS + 1) - 1;
  const all = Array.from({ length: from }, (_, i) => from - i);
  const events = all.slice(0, limit).map((seq) => {
    const at = START_MS - (EVENTS - seq) * 7000 - 3000;
    const base = { seq, received: iso(at), timestamp: iso(at), service: search.get('service') };
    if (seq % 3 === 0) return { ...base, event_type: 'circuit_opened', breaker: 'payments-db', old_state: 'closed', new_state: 'open', failure_count: 12 };
    if (seq % 3 === 1) return { ...base, event_type: 'call_outcome', outcome: 'failure', caller: 'checkout', error_type: 'TimeoutError', duration_ms: 2004, retry_count: 3, message: 'pool: timed out acquiring connection <b>after</b> 2 s' };
    return { ...base, event_type: 'heartbeat', instance: 'ip-10-0-3-17.eu-central-1.compute.internal' };
  });
  return { events, next_before: from > limit ? from - limit + 1 : null };
}

export const definitionOf = (serviceScene) => (serviceScene === 'trouble'
  ? { origin: 'api', revision: 7, created: iso(START_MS - 9e7), changed: iso(START_MS - 8.64e7), definition: { name: 'payment-service', max_retries_per_minute: 6000, dependencies: ['payments-db', 'ledger'], slo_targets: { availability: 99.9, latency: 800 } } }
  : { origin: 'discovered', revision: 0, created: null, changed: null, definition: null });
