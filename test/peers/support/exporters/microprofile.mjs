// MicroProfile Fault Tolerance: retries, results, and how long each state was held.
import { asAttempts, asCalls, family, line } from './model.mjs';

const method = 'mp-rates';
const calls = (result, value) => line('ft_circuitbreaker_calls_total', { method, circuitBreakerResult: result }, value);
const held = (state, value) => line('ft_circuitbreaker_state_total', { method, state }, value);

export default {
  job: 'mp', service: method, breaker: method,
  text: (m) => {
    m.hold();
    return family('ft_circuitbreaker_state_total', 'gauge') + held('closed', m.held.closed) + held('open', m.held.open) + held('halfOpen', m.held.half_open)
      + family('ft_circuitbreaker_calls_total', 'counter') + calls('success', m.now.ok) + calls('failure', m.brokenAttempts) + calls('circuitBreakerOpen', m.now.refused)
      + family('ft_invocations_total', 'counter') + line('ft_invocations_total', { method, result: 'valueReturned', fallback: 'notDefined' }, m.now.ok)
      + line('ft_invocations_total', { method, result: 'exceptionThrown', fallback: 'notDefined' }, m.now.failed + m.now.refused)
      + family('ft_retry_retries_total', 'counter') + line('ft_retry_retries_total', { method }, m.now.retries);
  },
  tells: (seen) => ({ ...asCalls(seen), retries: seen.retries, ...asAttempts(seen) }),
};
