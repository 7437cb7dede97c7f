// Istio: its own calls and flags, and its sidecar's retry counter that stands at 0 where nobody counts.
import { asCalls, family, line } from './model.mjs';

const pair = { reporter: 'source', source_workload: 'istio', destination_service_name: 'istio-cart' };
const requests = (code, flags, value) => line('istio_requests_total', { ...pair, response_code: code, response_flags: flags }, value);

export default {
  job: 'istio', service: 'istio-cart', breaker: 'upstream overflow', stateless: true,
  text: (m) => family('istio_requests_total', 'counter') + requests(200, '-', m.now.ok) + requests(503, 'UF,URX', m.now.failed)
    + requests(503, 'UO', m.now.refused),
  tells: (seen) => ({ ...asCalls(seen), retries: null, blocked: seen.refused }),
};
