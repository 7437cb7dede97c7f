// A fleet to scrape, in a process of its own: each target listens on its own port and gives text as HAProxy's exporter would.
//   node bench/targets.mjs TARGETS SERIES INTERVAL_MS       prints {"ports":[…]} when all of them listen
// Whoever scrapes within one interval gets the same bytes, so that peers may be compared. Of the metrics a quarter are counters that
// move by small steps, a quarter gauges with two decimals, half stand still in 98 of 100 intervals. The values follow from a seed.
import { createServer } from 'node:http';

const [targets, series, intervalMs] = process.argv.slice(2).map(Number);
const COUNTERS = `http_requests_total sessions_total bytes_in_total bytes_out_total connection_attempts_total connection_reuses_total
  http_responses_total loadbalanced_total http_cache_lookups_total http_cache_hits_total http_comp_bytes_in_total
  http_comp_bytes_out_total http_comp_responses_total`.split(/\s+/);
const GAUGES = `current_sessions current_queue current_session_rate used_connections_current queue_time_average_seconds
  connect_time_average_seconds response_time_average_seconds total_time_average_seconds max_queue_time_seconds
  max_connect_time_seconds max_response_time_seconds max_total_time_seconds`.split(/\s+/);
const STILL = `limit_sessions limit_session_rate max_sessions max_queue max_session_rate requests_denied_total responses_denied_total
  connection_errors_total response_errors_total retry_warnings_total redispatch_warnings_total weight uweight active_servers
  backup_servers check_up_down_total check_last_change_seconds downtime_seconds_total last_session_seconds
  failed_header_rewriting_total client_aborts_total server_aborts_total internal_errors_total status agg_server_status`.split(/\s+/);
const NAMES = [...COUNTERS, ...GAUGES, ...STILL];
const CODES = ['2xx', '3xx', '4xx', '5xx'];

let state = 0x2545f491;
function below(n) {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) % n;
}

const counter = (value) => value + below(40);
const gauge = () => below(1000) / 100;
const still = (value) => (below(1000) < 20 ? value + 1 : value);

// One target's lines, metric by metric, with the parts that never change made once.
function fleetMember() {
  const lines = [];
  const perName = Math.ceil(series / NAMES.length);
  NAMES.forEach((name, n) => {
    const move = n < COUNTERS.length ? counter : n < COUNTERS.length + GAUGES.length ? gauge : still;
    const metric = `haproxy_backend_${name}`;
    const head = `# HELP ${metric} What a backend tells of ${name.replaceAll('_', ' ')}.\n# TYPE ${metric} ${name.endsWith('_total') ? 'counter' : 'gauge'}\n`;
    for (let i = 0; i < perName && lines.length < series; i++) {
      const label = `${metric}{proxy="be_${i >> 2}",code="${CODES[i & 3]}"} `;
      lines.push({ move, prefix: i === 0 ? head + label : label, value: move === counter ? below(1000000) : 1 });
    }
  });
  return { lines, step: -1, body: null };
}

function body(member) {
  const step = Math.floor(performance.now() / intervalMs);
  if (step !== member.step) {
    let text = '';
    for (const line of member.lines) text += `${line.prefix}${(line.value = line.move(line.value))}\n`;
    member.body = Buffer.from(text);
    member.step = step;
  }
  return member.body;
}

function listen() {
  const member = fleetMember();
  const server = createServer((req, res) => {
    const bytes = body(member);
    res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4', 'Content-Length': bytes.length });
    res.end(bytes);
  });
  server.keepAliveTimeout = 120000;
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));
}

const ports = [];
for (let t = 0; t < targets; t++) ports.push(await listen());
console.log(JSON.stringify({ ports }));
