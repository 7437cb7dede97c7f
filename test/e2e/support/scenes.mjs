// The documents of docs/formats/views.md, made up: states that a live system cannot show on demand.

const MINUTE_MS = 60_000;
export const START_MS = Date.UTC(2026, 10, 20, 2, 41, 7);

const iso = (ms) => new Date(ms).toISOString();
const wave = (i, base, swing) => base + swing * Math.sin(i * 1.7) + swing * 0.5 * Math.sin(i * 0.61 + base);
const series = (n, at) => Array.from({ length: n }, (_, i) => at(i, n));
const round = (v) => (v === null ? null : Math.round(v * 1e4) / 1e4);

// Trouble begins at two thirds of the time; before it all is quiet.
const troubled = (i, n, calm, bad) => (i < n * 0.66 ? calm : calm + (bad - calm) * Math.min(1, (i - n * 0.66) / (n * 0.12)));

export function row(name, nowMs, changes = {}) {
  const { calls = 60, errors = 0, retries = 0.2, budget = {}, breakers = {}, ...rest } = changes;
  const used = budget.utilization_percent === undefined ? 4.2 : budget.utilization_percent;
  const n = 90;
  const told = (v) => (used === null ? null : round(v));
  return {
    service: name, team: 'payments', environment: 'prod', source: 'haproxy',
    health: 'healthy', severity: 'ok', reason: null, since: iso(nowMs - 40 * MINUTE_MS),
    caused_by: null, victims: 0, conditions: [],
    evidence: 'ok', last_data_ms: nowMs - 300, resolution_s: 1, window_s: 60,
    calls_per_s: calls, errors_per_s: errors, retries_per_s: used === null ? null : retries, retries_denied_per_s: null,
    success_ratio: calls ? round(1 - errors / calls) : null,
    attempt_success_ratio: used === null || !calls ? null : round((calls - errors) / (calls + retries)),
    first_attempt_success_ratio: null, latency_p99_s: null, calls_last_minute: calls === null ? null : Math.round(calls * 60),
    budget: {
      kind: used === null ? 'unknown' : 'absolute', modelled: false, evidence: used === null ? 'unknown' : 'ok',
      utilization_percent: used, risk: used === null ? null : 'low', risk_level: used === null ? null : 0,
      warning_threshold_percent: used === null ? null : 70, critical_threshold_percent: used === null ? null : 85,
      used_minute: told((used ?? 0) * 6), limit_minute: used === null ? null : 600,
      remaining_minute: used === null ? null : Math.max(0, Math.round(600 - (used ?? 0) * 6)),
      used_hour: told((used ?? 0) * 18), limit_hour: used === null ? null : 20000,
      remaining_hour: used === null ? null : Math.round(20000 - (used ?? 0) * 18),
      retry_rate_percent: used === null ? null : round((retries / (calls || 1)) * 100),
      returning_10s_percent: used === null ? null : round((used ?? 0) * 0.15), exhaustion: null, ...budget,
    },
    slo: { success_rate_target_percent: 99.9, success_rate_compliant: calls ? errors / calls <= 0.001 : null,
      response_time_target_ms: null, response_time_compliant: null },
    breakers: { total: 3, closed: 3, half_open: 0, open: 0, disabled: 0, unknown: 0, worst: 'closed', ...breakers },
    spark: {
      end_ms: Math.floor(nowMs / 10_000) * 10_000, step_s: 10,
      calls: series(n, (i) => (calls === null ? null : round(Math.max(0, wave(i, calls, calls * 0.06))))),
      errors: series(n, (i, m) => (errors === null ? null : round(troubled(i, m, 0, errors)))),
      retries: series(n, (i, m) => told(troubled(i, m, 0.2, retries))),
      utilization_percent: series(n, (i, m) => told(troubled(i, m, 3, used ?? 0))),
    },
    ...rest,
  };
}

const orders = (nowMs) => row('orders', nowMs, {
  health: 'unhealthy', severity: 'critical', reason: '11 % of calls fail', since: iso(nowMs - 115_000),
  calls: 60.4, errors: 6.6, retries: 12.1,
  budget: { utilization_percent: 118.2, risk: 'critical', risk_level: 3, returning_10s_percent: 14.2,
    exhaustion: { in_s: 0, low_s: 0, high_s: 0, confidence: 0.8, limit: 'minute' } },
  breakers: { total: 3, closed: 2, open: 1, worst: 'open' },
});

const checkout = (nowMs) => row('checkout', nowMs, {
  team: 'storefront', health: 'degraded', severity: 'warning', reason: 'retry budget 76 % used',
  calls: 212, errors: 0.9, retries: 7.6,
  budget: { utilization_percent: 76.1, risk: 'high', risk_level: 2, exhaustion: { in_s: 84, low_s: 61, high_s: 140, confidence: 0.8, limit: 'minute' } },
  breakers: { total: 4, closed: 3, half_open: 1, worst: 'half_open' },
});

export function healthyRows(nowMs) {
  return [
    row('orders', nowMs), row('checkout', nowMs, { team: 'storefront', calls: 212, retries: 0.9, budget: { utilization_percent: 9.4 } }),
    row('catalog', nowMs, { team: 'discovery', calls: 960, errors: 0.1, retries: 2, budget: { utilization_percent: 18 } }),
    row('notification', nowMs, { team: null, environment: null, calls: 74, budget: { kind: 'ratio', modelled: true, utilization_percent: 31, limit_hour: null, remaining_hour: null, used_hour: null } }),
  ];
}

export function troubleRows(nowMs) {
  return [
    orders(nowMs), checkout(nowMs),
    row('payments-db', nowMs, { team: 'data', calls: 282, errors: 0.2, budget: { utilization_percent: null } }),
    row('fraud-check', nowMs, { health: 'unknown', severity: 'unknown', evidence: 'too_little', calls: 0.23, retries: 0, budget: { utilization_percent: 1.2 } }),
    row('recommendations', nowMs, { team: 'discovery', health: 'unknown', severity: 'unknown', evidence: 'stale', reason: 'no data for 4 min',
      last_data_ms: nowMs - 4 * MINUTE_MS, breakers: { total: 4, closed: 0, unknown: 4, worst: 'unknown' } }),
    row('search', nowMs, { health: 'unknown', severity: 'unknown', evidence: 'no_data', calls: null, errors: null, retries: null, last_data_ms: null,
      budget: { utilization_percent: null }, breakers: { total: 0, closed: 0, worst: null } }),
    ...healthyRows(nowMs).slice(2),
    row('accounts', nowMs, { team: 'identity', calls: 0.02, retries: 0, budget: { utilization_percent: 0 }, breakers: { total: 8, closed: 6, disabled: 2, worst: 'disabled' } }),
    row('image-proxy', nowMs, { team: 'edge', calls: 123456, retries: 300, budget: { utilization_percent: 61, remaining_minute: 2340000, limit_minute: 6000000 } }),
  ];
}

// payments-db fails, and what waits for it fails with it: as the map's scene "storm" has it.
function cascadeRows(nowMs) {
  const bad = { health: 'unhealthy', severity: 'critical', since: iso(nowMs - 22 * MINUTE_MS), latency_p99_s: 1.9 };
  const victim = { ...bad, caused_by: 'payments-db' };
  return [
    row('payments-db', nowMs, { ...bad, team: 'data', reason: '1.6 % of calls fail', victims: 3, calls: 282, errors: 4.5, retries: 175, budget: { utilization_percent: null } }),
    row('payment-service', nowMs, { ...victim, reason: 'retry budget 118 % used', calls: 196, errors: 6.7, retries: 86,
      first_attempt_success_ratio: 0.72, budget: { utilization_percent: 118.2, risk: 'critical', risk_level: 3, exhaustion: { in_s: 0, low_s: 0, high_s: 0, confidence: 0.8, limit: 'minute' } },
      breakers: { total: 8, closed: 5, open: 3, worst: 'open' },
      conditions: [{ condition: 'flapping', severity: 'warning', since: iso(nowMs - 5 * MINUTE_MS), text: 'checkout-2 changed its state 9 times within 15 min', breakers: 2 }] }),
    row('checkout', nowMs, { ...victim, team: 'storefront', reason: '3.1 % of calls fail', calls: 212, errors: 6.6, retries: 7.6, budget: { utilization_percent: 84, risk: 'high', risk_level: 2 },
      breakers: { total: 12, closed: 11, half_open: 1, worst: 'half_open' } }),
    row('api-gateway', nowMs, { ...victim, team: 'edge', health: 'degraded', severity: 'warning', reason: '0.4 % of calls fail', latency_p99_s: 0.41, calls: 1840, errors: 7.4, retries: 55, budget: { utilization_percent: 61 } }),
    row('search', nowMs, { team: 'discovery', health: 'degraded', severity: 'warning', reason: 'search-1 has been open for 6 min', latency_p99_s: 0.69, calls: 410, budget: { utilization_percent: 22 },
      conditions: [{ condition: 'open', severity: 'warning', since: iso(nowMs - 6 * MINUTE_MS), text: 'search-1 has been open for 6 min', breakers: 1 }], breakers: { total: 6, closed: 5, open: 1, worst: 'open' } }),
    ...troubleRows(nowMs).slice(3, 5), ...healthyRows(nowMs).slice(2).map((r) => ({ ...r, latency_p99_s: 0.042 })),
  ];
}

export const HOSTILE_NAMES = [
  '<img src=x onerror="window.__pwned=1">', '"><script>window.__pwned=2</script>', 'javascript:window.__pwned=3',
  '\u202egnp.tnemyap\u202c-service', 'zero\u200bwidth\u0007bell', "'; DROP TABLE services; --", 'a/b?c=d#e', '..', '{{constructor}}', '\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627',
];

export const LONG_NAME = 'payment-authorisation-and-settlement-orchestrator-eu-central-1-prod';

export function manyRows(nowMs, n) {
  const bad = troubleRows(nowMs);
  return [...bad.slice(0, 6), ...series(n - 6, (i) => row(`service-${String(i).padStart(4, '0')}`, nowMs, { calls: 10 + (i % 90), budget: { utilization_percent: i % 60 } }))];
}

// What a frame tells of many services: [name, calls, utilisation] each, in the daemon's columns.
export function figuresOf(rows, nowMs) {
  return {
    columns: ['last_data_ms', 'calls_last_minute', 'calls_per_s', 'errors_per_s', 'retries_per_s', 'retries_denied_per_s', 'success_ratio', 'attempt_success_ratio',
      'first_attempt_success_ratio', 'latency_p50_s', 'latency_p95_s', 'latency_p99_s', 'response_time_ms', 'calls_total', 'errors_total', 'retries_total',
      'budget.utilization_percent', 'budget.used_minute', 'budget.limit_minute', 'budget.remaining_minute', 'budget.used_hour', 'budget.limit_hour',
      'budget.remaining_hour', 'budget.retry_rate_percent', 'budget.returning_10s_percent'],
    rows: rows.map(([name, calls, used]) => [name, nowMs - 300, calls * 60, calls, 0, 0.2, null, 1, 0.9967, null, 0.012, 0.04, 0.084, 13.1, calls * 900, 0, 180,
      used, used * 6, 600, Math.max(0, 600 - used * 6), used * 18, 20000, 20000 - used * 18, 0.33, round(used * 0.15)]),
  };
}

export const stepsOf = (rows) => ({ columns: ['calls', 'errors', 'retries', 'utilization_percent'], rows: rows.map(([name, calls, used]) => [name, calls, 0, 0.2, used]) });

const SCENES = {
  healthy: healthyRows,
  trouble: troubleRows,
  cascade: cascadeRows,
  empty: () => [],
  stale: (nowMs) => healthyRows(nowMs).map((r) => ({ ...r, health: 'unknown', severity: 'unknown', evidence: 'stale', reason: 'no data for 4 min', last_data_ms: nowMs - 4 * MINUTE_MS })),
  many: (nowMs) => manyRows(nowMs, 1000),
  hostile: (nowMs) => HOSTILE_NAMES.map((name, i) => row(name, nowMs, { team: name, source: name, reason: name, health: i === 0 ? 'unhealthy' : 'healthy', severity: i === 0 ? 'critical' : 'ok' })),
  long: (nowMs) => [LONG_NAME, `${LONG_NAME}-canary-${'x'.repeat(400)}`].map((name, i) => row(name, nowMs,
    { team: 'a-team-with-a-rather-long-name-of-its-own', reason: 'retry budget 118 % used and 11 % of calls fail', health: i ? 'healthy' : 'unhealthy', severity: i ? 'ok' : 'critical',
      calls: 123456.7, errors: 4321, retries: 98765, budget: { utilization_percent: 1182.4, remaining_minute: 999999, remaining_hour: 123456789, limit_hour: 1e9 } })),
};
export const SCENE_NAMES = Object.keys(SCENES);

function sentenceOf(scene, rows, nowMs) {
  const base = { since: null, links: [], detail: null };
  if (scene === 'empty') return { ...base, text: 'No service has been seen yet', severity: 'unknown', detail: 'Fusebox is running and watches itself' };
  if (scene === 'stale') return { ...base, text: 'No service has told anything for 4 min', severity: 'unknown', detail: 'Last data at 02:37:07 UTC' };
  const worst = rows[0];
  if (scene === 'cascade') return { text: 'payments-db fails for 1 in 63 calls; 3 services feel it; 1 more service has trouble', severity: 'critical', since: worst.since,
    detail: 'Since 02:19:07 UTC (22 min) · 98.4 % of calls succeed', links: ['payments-db', 'payment-service', 'checkout'].map((name) => ({ text: name, service: name })) };
  if (worst.health !== 'unhealthy') return { ...base, text: `All ${rows.length} services are healthy`, severity: 'ok', detail: 'Retries are within their budgets' };
  return { text: `${worst.service} is failing for 1 in 9 callers`, severity: 'critical', since: worst.since,
    detail: 'Since 02:39:12 UTC (2 min) · 1 of 3 breakers open · retry budget 118 % used', links: [{ text: worst.service, service: worst.service }] };
}

function totalsOf(rows, nowMs) {
  const sum = (key) => rows.reduce((s, r) => s + (r[key] ?? 0), 0);
  const health = (h) => rows.filter((r) => r.health === h).length;
  const [calls, errors, retries] = ['calls_per_s', 'errors_per_s', 'retries_per_s'].map(sum);
  const kinds = ['closed', 'half_open', 'open', 'disabled', 'unknown'];
  const breakers = Object.fromEntries(['total', ...kinds].map((k) => [k, rows.reduce((s, r) => s + r.breakers[k], 0)]));
  const none = rows.length === 0;
  return {
    services: { total: rows.length, healthy: health('healthy'), degraded: health('degraded'), unhealthy: health('unhealthy'), unknown: health('unknown') },
    calls_per_s: none ? null : calls, errors_per_s: none ? null : errors, retries_per_s: none ? null : retries,
    success_ratio: calls ? 1 - errors / calls : null, attempt_success_ratio: calls ? (calls - errors) / (calls + retries) : null,
    retry_ratio: calls ? retries / (calls + retries) : null, latency_p99_s: rows.some((r) => r.latency_p99_s !== null) ? 0.412 : null, breakers,
    spark: { end_ms: nowMs, step_s: 10,
      calls: series(90, (i) => (none ? null : round(wave(i, calls, calls * 0.04)))),
      success: series(90, (i, n) => (none ? null : round(1 - troubled(i, n, 0.0002, calls ? errors / calls : 0)))),
      retries: series(90, (i, n) => (none ? null : round(troubled(i, n, retries * 0.1, retries)))),
      open: series(90, (i, n) => (none ? null : Math.round(troubled(i, n, 0, breakers.open)))) },
  };
}

export function overviewDocument(scene, { nowMs, seq, epoch }) {
  const services = SCENES[scene](nowMs);
  return { epoch, seq, timestamp: iso(nowMs), now_ms: nowMs, sentence: sentenceOf(scene, services, nowMs), totals: totalsOf(services, nowMs), services };
}
