// Dapr's sidecar: one gauge per state, calls by the state that they met, retries that were begun; no failures.
import { asCalls, family, line } from './model.mjs';

const policy = (kind, status) => ({ app_id: 'dapr', name: 'limits', namespace: 'n', policy: kind, flow_direction: 'outbound', target: 'dapr-stock', status });
const SPELLED = { closed: 'closed', half_open: 'half-open', open: 'open' };

export default {
  job: 'dapr', service: 'dapr-stock', breaker: 'limits',
  text: (m) => family('dapr_resiliency_cb_state', 'gauge')
    + ['closed', 'half-open', 'open', 'unknown'].map((status) => line('dapr_resiliency_cb_state', policy('circuitbreaker', status), status === SPELLED[m.state] ? 1 : 0)).join('')
    + family('dapr_resiliency_count', 'counter') + line('dapr_resiliency_count', policy('circuitbreaker', 'closed'), m.now.ok + m.now.failed)
    + line('dapr_resiliency_count', policy('circuitbreaker', 'open'), m.now.refused) + line('dapr_resiliency_count', policy('retry', ''), m.calls)
    + family('dapr_resiliency_activations_total', 'counter') + line('dapr_resiliency_activations_total', policy('retry', ''), m.now.retries),
  tells: (seen) => ({ calls: asCalls(seen).calls, errors: null, retries: seen.retries, through: seen.ok + seen.failed, failures: null, blocked: seen.refused }),
};
