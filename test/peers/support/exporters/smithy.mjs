// A client that smithy makes (AWS), by OpenTelemetry: attempts, calls, errors.
import { family, line } from './model.mjs';

const operation = { rpc_service: 'smithy-db', rpc_method: 'GetItem' };

export default {
  job: 'smithy', service: 'smithy-db', late: true,
  text: (m) => family('smithy_client_call_attempts_total', 'counter') + line('smithy_client_call_attempts_total', operation, m.through)
    + family('smithy_client_call_errors_total', 'counter') + line('smithy_client_call_errors_total', { ...operation, exception_type: 'Timeout' }, m.now.failed)
    + family('smithy_client_call_duration_seconds', 'histogram') + line('smithy_client_call_duration_seconds_count', operation, m.now.ok + m.now.failed),
  tells: (seen) => ({ calls: seen.ok + seen.failed, errors: seen.failed, retries: seen.retries }),
};
