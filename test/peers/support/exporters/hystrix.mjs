// Hystrix by Micrometer: open or not, and events of commands.
import { asCalls, family, line } from './model.mjs';

const command = { group: 'hystrix-stock', key: 'Find' };
const event = (name, value) => line('hystrix_execution_total', { ...command, event: name, terminal: 'true' }, value);

export default {
  job: 'hystrix', service: 'hystrix-stock', breaker: 'Find', shows: { half_open: 'open' },
  text: (m) => family('hystrix_circuit_breaker_open', 'gauge') + line('hystrix_circuit_breaker_open', command, m.state === 'closed' ? 0 : 1)
    + family('hystrix_execution_total', 'counter') + event('success', m.now.ok) + event('failure', m.now.failed) + event('short_circuited', m.now.refused)
    + family('hystrix_execution_terminal_total', 'counter') + line('hystrix_execution_terminal_total', command, m.calls),
  tells: (seen) => ({ ...asCalls(seen), retries: null, through: seen.ok + seen.failed, failures: seen.failed, blocked: seen.refused }),
};
