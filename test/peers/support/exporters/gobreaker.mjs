// An exporter of gobreaker that shows each state by itself.
import { family, line } from './model.mjs';

const name = 'go-mail';
const STATES = { closed: 'closed', half_open: 'half-open', open: 'open' };

export default {
  job: 'go', service: name, breaker: name,
  text: (m) => family('gobreaker_state', 'gauge')
    + Object.keys(STATES).map((state) => line('gobreaker_state', { name, state: STATES[state] }, state === m.state ? 1 : 0)).join('')
    + family('gobreaker_success_total', 'counter') + line('gobreaker_success_total', { name }, m.now.ok)
    + family('gobreaker_failure_total', 'counter') + line('gobreaker_failure_total', { name }, m.brokenAttempts),
  tells: (seen) => {
    const [through, failures] = [seen.ok + seen.failed + seen.retries, seen.failed + seen.retries];
    return { calls: through, errors: failures, retries: null, through, failures };
  },
};
