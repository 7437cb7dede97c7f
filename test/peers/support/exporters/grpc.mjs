// gRPC's OpenTelemetry metrics: attempts when they start, calls when they end.
import { family, line } from './model.mjs';

const target = { grpc_method: 'stock.Find', grpc_target: 'grpc-stock' };
const ended = (status, value) => line('grpc_client_call_duration_seconds_count', { ...target, grpc_status: status }, value);

export default {
  job: 'grpc', service: 'grpc-stock', late: true,
  text: (m) => family('grpc_client_attempt_started_total', 'counter') + line('grpc_client_attempt_started_total', target, m.through)
    + family('grpc_client_call_duration_seconds', 'histogram') + ended('OK', m.now.ok) + ended('UNAVAILABLE', m.now.failed),
  tells: (seen) => ({ calls: seen.ok + seen.failed, errors: seen.failed, retries: seen.retries }),
};
