// Traefik: calls, retries, and no breaker.
import { family, line } from './model.mjs';

const requests = (code, value) => line('traefik_service_requests_total', { code, method: 'GET', protocol: 'http', service: 'traefik-api' }, value);

export default {
  job: 'traefik', service: 'traefik-api', caller: 'traefik',
  text: (m) => family('traefik_service_requests_total', 'counter') + requests(200, m.now.ok) + requests(502, m.now.failed)
    + family('traefik_service_retries_total', 'counter') + line('traefik_service_retries_total', { service: 'traefik-api' }, m.now.retries),
  tells: (seen) => ({ calls: seen.ok + seen.failed, errors: seen.failed, retries: seen.retries }),
};
