// Polly: events of strategies, attempts of the retry around the breaker, and pipelines. Nothing before the first of each.
import { asAttempts, asCalls, family, line } from './model.mjs';

const refused = 'Polly.CircuitBreaker.BrokenCircuitException';
const event = (strategy, name, value) => value
  ? line('resilience_polly_strategy_events_total', { pipeline_name: 'polly-mail', strategy_name: strategy, event_name: name }, value) : '';
const timed = (name, labels, value) => value
  ? line(`resilience_polly_${name}_duration_milliseconds_count`, { pipeline_name: 'polly-mail', ...labels }, value) : '';
const attempt = (labels, value) => timed('strategy_attempt', { strategy_name: 'again', ...labels }, value);

export default {
  job: 'polly', service: 'polly-mail', breaker: 'fuse', silentAtFirst: true,
  text: (m) => family('resilience_polly_strategy_events_total', 'counter') + event('again', 'OnRetry', m.now.retries)
    + event('fuse', 'OnCircuitOpened', m.entered.open) + event('fuse', 'OnCircuitHalfOpened', m.entered.half_open)
    + event('fuse', 'OnCircuitClosed', m.entered.closed)
    + family('resilience_polly_strategy_attempt_duration_milliseconds', 'histogram')
    + attempt({ attempt_handled: 'false' }, m.now.ok) + attempt({ attempt_handled: 'true', exception_type: 'System.Exception' }, m.brokenAttempts)
    + attempt({ attempt_handled: 'true', exception_type: refused }, m.now.refused)
    + family('resilience_polly_pipeline_duration_milliseconds', 'histogram') + timed('pipeline', {}, m.now.ok)
    + timed('pipeline', { exception_type: 'System.Exception' }, m.now.failed) + timed('pipeline', { exception_type: refused }, m.now.refused),
  tells: (seen) => ({ ...asCalls(seen), retries: seen.retries, ...asAttempts(seen) }),
};
