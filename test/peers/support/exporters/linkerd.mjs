// Linkerd's proxy with a service profile: calls and attempts; a breaker it does not show.
import { family, line } from './model.mjs';

const route = { direction: 'outbound', dst: 'linkerd-books', rt_route: 'GET /' };

export default {
  job: 'linkerd', service: 'linkerd-books', late: true,
  text: (m) => family('route_request_total', 'counter') + line('route_request_total', route, m.now.ok + m.now.failed)
    + family('route_actual_request_total', 'counter') + line('route_actual_request_total', route, m.through)
    + family('route_response_total', 'counter') + line('route_response_total', { ...route, classification: 'success' }, m.now.ok)
    + line('route_response_total', { ...route, classification: 'failure' }, m.now.failed)
    + family('route_retryable_total', 'counter') + line('route_retryable_total', { ...route, skipped: 'no_budget' }, m.now.denied),
  tells: (seen) => ({ calls: seen.ok + seen.failed, errors: seen.failed, retries: seen.retries }),
};
