// The document of dashboard/dependency-map, made up: healthy, a storm, circles, a crowd, odd names.

const iso = (ms) => new Date(ms).toISOString();

function nodeOf(service, nowMs, changes = {}) {
  return {
    service, known: true, health: 'healthy', severity: 'ok', evidence: 'ok', reason: null, calls_per_s: 210, success_ratio: 0.9996,
    layer: 0, amplification: 1, at_least: false, modelled: false, worst_path: { amplification: 1, path: [service] }, storm_source: null, ...changes,
  };
}

function edgeOf(caller, service, nowMs, factor, changes = {}) {
  const calls = 200;
  return {
    caller, service, declared: false, evidence: 'ok', calls_per_s: calls, errors_per_s: 0.1, retries_per_s: factor === null ? null : calls * (factor - 1),
    attempts_per_call: factor, modelled: false, closes_circle: false, last_data_ms: nowMs - 300, ...changes,
  };
}

const crit = { health: 'unhealthy', severity: 'critical', reason: '38 % of attempts fail', success_ratio: 0.966 };
const way = ['api-gateway', 'checkout', 'payment-service', 'payments-db'];

function storm(nowMs) {
  return {
    sentence: {
      text: 'Retry storm: one call at api-gateway becomes 2.40 attempts at payments-db',
      detail: 'Retries multiply along api-gateway → checkout → payment-service → payments-db · source of the storm: payments-db, retried by payment-service (175 retries/s)',
      severity: 'critical', since: iso(nowMs - 22 * 60_000), links: [{ text: 'payments-db', service: 'payments-db' }],
    },
    nodes: [
      nodeOf('accounts', nowMs, { layer: 1 }),
      nodeOf('api-gateway', nowMs, { health: 'degraded', severity: 'warning', calls_per_s: 1840 }),
      nodeOf('checkout', nowMs, { ...crit, layer: 1, amplification: 1.03, worst_path: { amplification: 1.03, path: way.slice(0, 2) } }),
      nodeOf('email-provider', nowMs, { known: false, health: 'unknown', severity: 'unknown', evidence: 'unknown', calls_per_s: null, success_ratio: null,
        layer: 2, amplification: null, at_least: true, worst_path: { amplification: null, path: ['api-gateway', 'accounts', 'email-provider'] } }),
      nodeOf('ledger', nowMs, { layer: 3, modelled: true, amplification: 1.56, worst_path: { amplification: 1.56, path: [...way.slice(0, 3), 'ledger'] } }),
      nodeOf('payment-service', nowMs, { ...crit, layer: 2, amplification: 1.48, worst_path: { amplification: 1.4832, path: way.slice(0, 3) } }),
      nodeOf('payments-db', nowMs, { ...crit, layer: 3, amplification: 2.38, worst_path: { amplification: 2.4028, path: way }, storm_source: 'payments-db' }),
      nodeOf('recommendations', nowMs, { layer: 1, health: 'unknown', severity: 'unknown', evidence: 'stale', calls_per_s: null, success_ratio: null }),
    ],
    edges: [
      edgeOf('accounts', 'email-provider', nowMs, null, { declared: true, evidence: 'unknown', calls_per_s: null, errors_per_s: null, last_data_ms: null }),
      edgeOf('api-gateway', 'accounts', nowMs, 1), edgeOf('api-gateway', 'checkout', nowMs, 1.03),
      edgeOf('api-gateway', 'recommendations', nowMs, null, { evidence: 'stale', calls_per_s: null }),
      edgeOf('checkout', 'payment-service', nowMs, 1.44),
      edgeOf('ledger', 'checkout', nowMs, 1, { calls_per_s: 3, closes_circle: true }),
      edgeOf('payment-service', 'ledger', nowMs, 1.05, { modelled: true, declared: true, calls_per_s: null }),
      edgeOf('payment-service', 'payments-db', nowMs, 1.62),
    ],
    storms: [{ source: 'payments-db', retried_by: 'payment-service', retries_per_s: 175, amplification: 2.4028, path: way, services: ['payments-db'] }],
  };
}

function healthy(nowMs) {
  return {
    sentence: { text: 'Retries multiply nowhere', detail: '', severity: 'ok', since: null, links: [] },
    nodes: [nodeOf('catalog', nowMs, { layer: 1 }), nodeOf('shop', nowMs)], edges: [edgeOf('shop', 'catalog', nowMs, 1.002)], storms: [],
  };
}

function crowd(nowMs) {
  const name = (i) => `service-${String(i).padStart(3, '0')}`;
  const layer = (i) => (i === 0 ? 0 : 1 + (i % 4));
  return {
    sentence: { text: 'Retries multiply nowhere', detail: '', severity: 'ok', since: null, links: [] },
    nodes: Array.from({ length: 200 }, (_, i) => nodeOf(name(i), nowMs, { layer: layer(i), calls_per_s: i })),
    edges: Array.from({ length: 199 }, (_, i) => edgeOf(name(layer(i + 1) === 1 ? 0 : i), name(i + 1), nowMs, 1)), storms: [],
  };
}

function odd(nowMs) {
  const names = [`${'w'.repeat(64)}`, '<img src=x onerror=alert(1)>', 'a\u202eb\u0007', '数据库'];
  return {
    sentence: { text: `One call at ${names[0]} becomes 1.50 attempts at ${names[1]}`, detail: '', severity: 'info', since: null, links: names.map((n) => ({ text: n, service: n })) },
    nodes: names.map((n, i) => nodeOf(n, nowMs, { layer: i, worst_path: { amplification: 1 + i / 4, path: names.slice(0, i + 1) } })),
    edges: names.slice(1).map((n, i) => edgeOf(names[i], n, nowMs, 1.25)), storms: [],
  };
}

function empty() {
  return {
    sentence: { text: 'Nobody has told yet which service calls which', detail: 'Name dependencies in the configuration (services[].dependencies), or scrape a source that tells who calls',
      severity: 'unknown', since: null, links: [] },
    nodes: [], edges: [], storms: [],
  };
}

const SCENES = { storm, healthy, crowd, odd, empty };
export const MAP_SCENE_NAMES = Object.keys(SCENES);

export function mapDocument(scene, { nowMs, seq, epoch }) {
  return { epoch, seq, timestamp: iso(nowMs), now_ms: nowMs, notices: [], services_without_edges: 3, truncated: false, ...SCENES[scene](nowMs) };
}
