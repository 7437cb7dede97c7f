// Failsafe by OpenTelemetry's instrumentation: results and entries of states, and a histogram of attempts.
import { family, line } from './model.mjs';

const name = 'failsafe-tax';
const breaker = (metric, label, value, count) => count
  ? line(`failsafe_circuit_breaker_${metric}_count_total`, { failsafe_circuit_breaker_name: name, [`failsafe_circuit_breaker_${label}`]: value }, count) : '';
const retry = (metric, outcome, count) => line(`failsafe_retry_policy_${metric}`, { failsafe_retry_policy_name: name, failsafe_retry_policy_outcome: outcome }, count);
const entered = (m) => ['open', 'half_open', 'closed'].map((state) => breaker('state_changes', 'state', state, m.entered[state])).join('');

export default {
  job: 'failsafe', service: name, breaker: name, late: true,
  text: (m) => family('failsafe_circuit_breaker_execution_count_total', 'counter') + breaker('execution', 'outcome', 'success', m.now.ok)
    + breaker('execution', 'outcome', 'failure', m.brokenAttempts)
    + family('failsafe_circuit_breaker_state_changes_count_total', 'counter') + entered(m)
    + family('failsafe_retry_policy_execution_count_total', 'counter') + retry('execution_count_total', 'success', m.now.ok)
    + retry('execution_count_total', 'failure', m.now.failed)
    + family('failsafe_retry_policy_attempts', 'histogram') + retry('attempts_count', 'success', m.now.ok) + retry('attempts_sum', 'success', m.now.ok + m.now.retries)
    + retry('attempts_count', 'failure', m.now.failed) + retry('attempts_sum', 'failure', m.now.failed),
  tells: (seen) => ({ calls: seen.ok + seen.failed, errors: seen.failed, retries: seen.retries, through: seen.ok + seen.failed + seen.retries, failures: seen.failed + seen.retries }),
};
