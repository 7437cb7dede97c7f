// Envoy's /stats/prometheus: a limit is open while it is reached, a request that it refuses is answered 503.
import { asCalls, family, line } from './model.mjs';

const cluster = { envoy_cluster_name: 'envoy-db' };
const stat = (name, labels, value) => line(`envoy_cluster_${name}`, { ...labels, ...cluster }, value);

export default {
  job: 'envoy', service: 'envoy-db', breaker: 'default/rq_pending', shows: { half_open: 'closed' },
  text: (m) => family('envoy_cluster_upstream_rq_completed', 'counter') + stat('upstream_rq_completed', {}, m.calls)
    + family('envoy_cluster_upstream_rq_total', 'counter') + stat('upstream_rq_total', {}, m.through)
    + family('envoy_cluster_upstream_rq_xx', 'counter') + stat('upstream_rq_xx', { envoy_response_code_class: 2 }, m.now.ok)
    + stat('upstream_rq_xx', { envoy_response_code_class: 5 }, m.now.failed + m.now.refused)
    + family('envoy_cluster_upstream_rq_retry', 'counter') + stat('upstream_rq_retry', {}, m.now.retries)
    + family('envoy_cluster_upstream_rq_retry_overflow', 'counter') + stat('upstream_rq_retry_overflow', {}, m.now.denied)
    + family('envoy_cluster_upstream_rq_pending_overflow', 'counter') + stat('upstream_rq_pending_overflow', {}, m.now.refused)
    + family('envoy_cluster_circuit_breakers_default_rq_pending_open', 'gauge')
    + stat('circuit_breakers_default_rq_pending_open', {}, m.state === 'open' ? 1 : 0),
  tells: (seen) => ({ ...asCalls(seen), retries: seen.retries, blocked: seen.refused }),
};
