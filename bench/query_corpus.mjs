// What the bench of queries asks: every function, operator, aggregation and matching of Prometheus 2.42 over the series of
// query_series.mjs, and the expressions that dashboards and alerts are made of.
const COUNTER = 'http_requests_total', GAUGE = 'temperature_celsius', BUCKET = 'http_request_duration_seconds_bucket';

const OF_COUNTERS = ['rate', 'increase', 'irate', 'resets', 'changes'];
const OF_GAUGES = ['delta', 'idelta', 'deriv', 'avg_over_time', 'min_over_time', 'max_over_time', 'sum_over_time', 'count_over_time',
  'stddev_over_time', 'stdvar_over_time', 'last_over_time', 'present_over_time'];
const OF_VALUES = ['abs', 'ceil', 'floor', 'exp', 'ln', 'log2', 'log10', 'sqrt', 'sgn', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh',
  'tanh', 'asinh', 'acosh', 'atanh', 'deg', 'rad', 'round'];
const OF_TIMES = ['minute', 'hour', 'day_of_week', 'day_of_month', 'day_of_year', 'days_in_month', 'month', 'year'];
const AGGREGATIONS = ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar'];
const ARITHMETIC = ['+', '-', '*', '/', '%', '^', 'atan2'];
const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];
const SETS = ['and', 'or', 'unless'];

const plain = [
  '1', '1 + 2 * 3', 'time()', 'pi()', 'vector(1)', 'vector(time())', 'scalar(up{instance="10.0.0.0:9100"})', '"text"', '1 < bool 2',
  'up', 'up{job="api"}', 'up{instance="10.0.0.0:9100"}', COUNTER, `${COUNTER}{job="api"}`, `${COUNTER}{code=~"5.."}`, `${COUNTER}{code!~"2..",method!="PUT"}`,
  `${COUNTER}{instance=~"10\\\\.0\\\\.[01]\\\\..*"}`, '{__name__=~"disk_.*",job="db"}', '{job="api",instance="10.0.0.0:9100"}', 'nothing_has_this_name', `${GAUGE} offset 10m`, `${GAUGE} offset -5m`,
  `${GAUGE} @ end()`, `${GAUGE} @ start()`, `rate(${COUNTER}[5m] @ end())`, `-${GAUGE}`,
];

const functions = [
  ...OF_COUNTERS.flatMap((f) => [`${f}(${COUNTER}[5m])`, `${f}(${COUNTER}{job="api"}[1m])`]),
  ...OF_GAUGES.flatMap((f) => [`${f}(${GAUGE}[5m])`, `${f}(queue_depth{job="web"}[30m])`]),
  `rate(${BUCKET}[5m])`, `rate(${COUNTER}[1h])`, `increase(${COUNTER}[30m])`, `rate(${COUNTER}[5m] offset 10m)`,
  `quantile_over_time(0.9, ${GAUGE}[5m])`, 'quantile_over_time(0.5, queue_depth[30m])', 'predict_linear(disk_free_bytes[30m], 3600)', `holt_winters(${GAUGE}[10m], 0.3, 0.6)`,
  'absent(up{job="nobody"})', 'absent(up)', 'absent_over_time(up{job="nobody"}[5m])', `absent_over_time(${GAUGE}[5m])`,
  ...OF_VALUES.map((f) => `${f}(${GAUGE})`), `round(${GAUGE}, 5)`, `clamp(${GAUGE}, 20, 60)`, `clamp_min(${GAUGE}, 40)`, `clamp_max(${GAUGE}, 40)`,
  ...OF_TIMES.map((f) => `${f}(process_start_time_seconds)`), 'hour()', 'year()', `timestamp(${GAUGE})`, `time() - timestamp(${GAUGE})`, `timestamp(${GAUGE} * 1)`,
  `label_replace(${GAUGE}, "host", "$1", "instance", "(.*):.*")`, `label_join(${GAUGE}, "where", "/", "job", "sensor")`,
  'sort(queue_depth)', 'sort_desc(queue_depth)', 'histogram_count(up)', 'histogram_sum(up)', 'histogram_fraction(0, 1, up)',
];

const aggregations = [
  ...AGGREGATIONS.flatMap((a) => [`${a}(queue_depth)`, `${a} by (job) (${COUNTER})`, `${a} without (instance) (${GAUGE})`]),
  `sum(rate(${COUNTER}[5m]))`, `sum by (job, code) (rate(${COUNTER}[5m]))`, `avg by (job) (rate(${COUNTER}{code=~"5.."}[5m]))`, `sum without (instance, method) (rate(${COUNTER}[5m]))`,
  'sum by (instance) (memory_bytes)', 'count by (version) (build_info)', 'sum by (le) (http_request_duration_seconds_bucket)', 'count({job="api"})', 'count by (__name__) ({job="api"})',
  'quantile(0.9, queue_depth)', 'quantile by (job) (0.5, queue_depth)', `topk(5, ${COUNTER})`, `topk by (job) (3, rate(${COUNTER}[5m]))`, 'bottomk(5, queue_depth)', 'bottomk by (job) (1, disk_free_bytes)',
  'count_values("state", circuit_breaker_state)', 'count_values by (job) ("state", circuit_breaker_state)', 'count_values without (instance, breaker) ("version", up)',
];

const operators = [
  ...ARITHMETIC.flatMap((o) => [`${GAUGE} ${o} 3`, `3 ${o} ${GAUGE}`, `disk_free_bytes ${o} disk_size_bytes`, `queue_depth ${o} on (instance) group_left up`]),
  ...COMPARISONS.flatMap((o) => [`${GAUGE} ${o} 50`, `${GAUGE} ${o} bool 50`, `disk_free_bytes ${o} disk_size_bytes`, `queue_depth ${o} bool on (instance) group_left up`]),
  ...SETS.flatMap((o) => [`queue_depth ${o} on (instance) up`, `${GAUGE} > 50 ${o} ${GAUGE} < 60`, `up ${o} ignoring (version, revision) build_info`]),
  'up * on (instance, job) group_left (version) build_info', 'queue_depth * on (instance) group_left (version, revision) build_info', 'build_info * on (instance) group_right (version) memory_bytes',
  'sum by (job) (queue_depth) / on (job) count by (job) (up)', `sum(${COUNTER}) - on () sum(grpc_server_handled_total)`, 'up unless on () vector(1)',
  'memory_bytes{kind="used"} / ignoring (kind) (memory_bytes{kind="free"} + ignoring (kind) memory_bytes{kind="cached"})',
];

const subqueries = [
  `max_over_time(rate(${COUNTER}{job="api"}[1m])[10m:1m])`, `avg_over_time(sum by (job) (queue_depth)[10m:30s])`, `min_over_time((${GAUGE} > 50)[5m:1m])`, `sum_over_time(${GAUGE}[10m:1m])`,
  'increase(sum by (job) (grpc_server_handled_total)[10m:15s])', `quantile_over_time(0.9, ${GAUGE}[10m:1m])`, `max_over_time(avg_over_time(${GAUGE}{job="db"}[2m])[10m:1m] offset 5m)`, 'sum_over_time(vector(time())[5m:1m])',
  `last_over_time(${GAUGE}[10m:2m] @ end())`, `deriv(sum(${COUNTER})[10m:1m])`, `max_over_time(min_over_time(${GAUGE}{job="api"}[2m:30s])[10m:1m])`,
];

const daily = [
  `sum(rate(${COUNTER}{code=~"5.."}[5m])) / sum(rate(${COUNTER}[5m]))`, `sum by (job) (rate(${COUNTER}{code=~"5.."}[5m])) / sum by (job) (rate(${COUNTER}[5m])) * 100`,
  `1 - sum by (job) (rate(${COUNTER}{code=~"5.."}[30m])) / sum by (job) (rate(${COUNTER}[30m]))`,
  `sum by (job) (rate(${COUNTER}{code=~"5.."}[5m])) / sum by (job) (rate(${COUNTER}[5m])) > 0.001 and sum by (job) (rate(${COUNTER}{code=~"5.."}[1h])) / sum by (job) (rate(${COUNTER}[1h])) > 0.001`,
  `histogram_quantile(0.99, ${BUCKET})`, `histogram_quantile(0.9, rate(${BUCKET}[5m]))`, `histogram_quantile(0.99, sum by (le) (rate(${BUCKET}[5m])))`, `histogram_quantile(0.5, sum by (job, le) (rate(${BUCKET}[5m])))`,
  'rate(http_request_duration_seconds_sum[5m]) / rate(http_request_duration_seconds_count[5m])', 'sum(rate(http_request_duration_seconds_bucket{le="0.25"}[5m])) / sum(rate(http_request_duration_seconds_count[5m]))',
  '100 - avg by (instance) (rate(cpu_milliseconds_total{mode="idle"}[5m])) / 10', 'sum by (instance, mode) (rate(cpu_milliseconds_total[5m])) / 1000', '(disk_size_bytes - disk_free_bytes) / disk_size_bytes * 100',
  'disk_free_bytes / disk_size_bytes < 0.5', 'predict_linear(disk_free_bytes[1h], 4 * 3600) < 0', 'topk(10, sum by (instance) (rate(http_requests_total[5m])))', 'avg_over_time(up[30m]) < 0.99', 'up == 0',
  'sum by (job) (rate(circuit_breaker_calls_total{outcome="failure"}[5m])) / sum by (job) (rate(circuit_breaker_calls_total[5m]))', 'changes(circuit_breaker_state[15m]) > 10', 'max by (breaker) (circuit_breaker_state)',
  'sum by (breaker) (rate(retries_total[5m])) / sum by (breaker) (rate(circuit_breaker_calls_total[5m]))', 'count(circuit_breaker_state == 1) by (job)', 'time() - process_start_time_seconds', 'label_replace(sum by (instance) (queue_depth), "host", "$1", "instance", "(.*):.*")',
  'sum by (grpc_code) (rate(grpc_server_handled_total{grpc_code!="OK"}[5m]))', 'abs(delta(temperature_celsius[10m])) > 5 or stddev_over_time(temperature_celsius[10m]) > 2', 'max(max_over_time(queue_depth[10m])) by (queue) - min(min_over_time(queue_depth[10m])) by (queue)',
];

export const corpus = [...plain, ...functions, ...aggregations, ...operators, ...subqueries, ...daily];
