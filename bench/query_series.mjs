// 10,000 series of one hour at 15 s, as a fleet of 100 instances has them, made from a seed; and their way by remote write.
import { seeded } from '../test/peers/support/promql_data.mjs';

export const STEP_S = 15;
export const POINTS = 241; // both ends of the hour
const INSTANCES = 100;
const JOBS = ['api', 'web', 'db', 'cache', 'queue'];
const BOUNDS = ['0.005', '0.01', '0.025', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '10', '+Inf'];

class Fleet {
  constructor(seed) {
    this.random = seeded(seed);
    this.series = [];
  }

  below(n) {
    return Math.floor(this.random() * n);
  }

  add(name, labels, value) {
    this.series.push({ labels: { ...labels, __name__: name }, values: Float64Array.from({ length: POINTS }, (_, i) => value(i)) });
  }

  counter(name, labels, speed, restarts = 0) {
    let total = this.below(100000);
    this.add(name, labels, () => (total = this.random() < restarts ? 0 : total + this.below(speed)));
  }

  gauge(name, labels, middle, swing, decimals = 2) {
    let level = middle;
    this.add(name, labels, () => {
      level = Math.max(0, level + (this.random() - 0.5) * swing);
      return Number(level.toFixed(decimals));
    });
  }

  histogram(name, labels) {
    const shares = BOUNDS.map(() => this.random()), counts = BOUNDS.map(() => 0);
    const rows = Array.from({ length: POINTS }, () => {
      let below = 0;
      return BOUNDS.map((_, b) => (below += counts[b] += this.below(1 + shares[b] * 20)));
    });
    BOUNDS.forEach((le, b) => this.add(`${name}_bucket`, { ...labels, le }, (i) => rows[i][b]));
    this.add(`${name}_count`, labels, (i) => rows[i][BOUNDS.length - 1]);
    this.add(`${name}_sum`, labels, (i) => rows[i][BOUNDS.length - 1] * 0.137);
  }

  // The 100 series of one instance.
  instance(at) {
    const job = JOBS[at % JOBS.length], instance = `10.0.${at % 4}.${at}:9100`, own = { job, instance };
    for (const method of ['GET', 'POST', 'PUT'])
      for (const code of ['200', '201', '404', '500', '503']) this.counter('http_requests_total', { ...own, method, code }, code < '400' ? 400 : 6, 0.003);
    for (const method of ['GET', 'POST']) this.histogram('http_request_duration_seconds', { ...own, method });
    for (const breaker of ['auth', 'db', 'mail', 'search']) {
      this.add('circuit_breaker_state', { ...own, breaker }, () => (this.random() < 0.9 ? 0 : 1 + this.below(2)));
      for (const outcome of ['success', 'failure', 'rejected']) this.counter('circuit_breaker_calls_total', { ...own, breaker, outcome }, 60);
      this.counter('retries_total', { ...own, breaker }, 4);
    }
    for (const queue of ['bulk', 'events', 'mail', 'orders', 'sync']) this.gauge('queue_depth', { ...own, queue }, 50, 20, 0);
    for (const cpu of ['0', '1'])
      for (const mode of ['idle', 'iowait', 'system', 'user']) this.counter('cpu_milliseconds_total', { ...own, cpu, mode }, 15000);
    for (const kind of ['buffers', 'cached', 'free', 'slab', 'used']) this.gauge('memory_bytes', { ...own, kind }, 4e9, 1e7, 0);
    for (const sensor of ['board', 'core', 'disk']) this.gauge('temperature_celsius', { ...own, sensor }, 50, 4);
    for (const device of ['sda', 'sdb']) this.gauge('disk_free_bytes', { ...own, device }, 8e10, 1e8, 0);
    for (const device of ['sda', 'sdb']) this.add('disk_size_bytes', { ...own, device }, () => 1e11);
    this.add('up', own, () => (this.random() < 0.99 ? 1 : 0));
    this.add('build_info', { ...own, version: `1.${at % 3}`, revision: 'abcdef0' }, () => 1);
    this.add('process_start_time_seconds', own, () => 1.7e9 + at * 3600);
    for (const code of ['OK', 'Canceled', 'Unknown', 'NotFound', 'Aborted', 'Internal', 'Unavailable', 'DataLoss', 'Exhausted'])
      this.counter('grpc_server_handled_total', { ...own, grpc_code: code }, 30);
  }
}

export function makeSeries(seed = 1) {
  const fleet = new Fleet(seed);
  for (let i = 0; i < INSTANCES; i++) fleet.instance(i);
  return fleet.series;
}

// --- remote write ---

function varint(value) {
  const bytes = [];
  for (let rest = BigInt(value); ; rest >>= 7n) {
    if (rest < 128n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 127n) | 128);
  }
}

const field = (number, body) => Buffer.concat([Buffer.from([(number << 3) | 2]), varint(body.length), body]);

function sample(value, ms) {
  const number = Buffer.alloc(9, 9);
  number.writeDoubleLE(value, 1);
  return field(2, Buffer.concat([number, Buffer.from([16]), varint(ms)]));
}

function timeSeries({ labels, values }, startMs) {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])));
  return field(1, Buffer.concat([...pairs, ...Array.from(values, (value, i) => sample(value, startMs + i * STEP_S * 1000))]));
}

// Snappy's block format, all of it literals.
function snappy(body) {
  const parts = [varint(body.length)];
  for (let at = 0; at < body.length; at += 65536) {
    const piece = body.subarray(at, at + 65536), head = Buffer.from([61 << 2, 0, 0]);
    head.writeUInt16LE(piece.length - 1, 1);
    parts.push(head, piece);
  }
  return Buffer.concat(parts);
}

const HEADERS = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' };

// Sends everything to all of them, a hundred series a body.
export async function writeSeries(urls, series, startMs) {
  for (let at = 0; at < series.length; at += 100) {
    const body = snappy(Buffer.concat(series.slice(at, at + 100).map((s) => timeSeries(s, startMs))));
    for (const url of urls) {
      const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers: HEADERS, body });
      if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    }
  }
}
