// resilience4j by Micrometer: one gauge per state, a timer of the breaker, and calls that were retried (once each, here).
import { asAttempts, asCalls, family, line } from './model.mjs';

const name = 'r4j-pay';
const states = ['closed', 'open', 'half_open', 'forced_open', 'disabled', 'metrics_only'];
const timer = (kind, value) => line('resilience4j_circuitbreaker_calls_seconds_count', { name, kind }, value);
const retry = (kind, value) => line('resilience4j_retry_calls_total', { name, kind }, value);

export default {
  job: 'r4j', service: name, breaker: name,
  text: (m) => family('resilience4j_circuitbreaker_state', 'gauge')
    + states.map((state) => line('resilience4j_circuitbreaker_state', { name, state }, state === m.state ? 1 : 0)).join('')
    + family('resilience4j_circuitbreaker_calls_seconds', 'summary') + timer('successful', m.now.ok) + timer('failed', m.brokenAttempts)
    + timer('ignored', 0)
    + family('resilience4j_circuitbreaker_not_permitted_calls_total', 'counter')
    + line('resilience4j_circuitbreaker_not_permitted_calls_total', { name, kind: 'not_permitted' }, m.now.refused)
    + family('resilience4j_circuitbreaker_failure_rate', 'gauge') + line('resilience4j_circuitbreaker_failure_rate', { name }, -1)
    + family('resilience4j_retry_calls_total', 'counter') + retry('successful_without_retry', m.now.ok - m.now.retries)
    + retry('successful_with_retry', m.now.retries) + retry('failed_without_retry', m.now.failed + m.now.refused) + retry('failed_with_retry', 0),
  tells: (seen) => ({ ...asCalls(seen), retries: seen.retries, ...asAttempts(seen) }),
};
