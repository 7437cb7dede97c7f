// The history behind a service's charts: what memory tells, and what the store tells of the same time after restarts.
import assert from 'node:assert/strict';
import { TextTarget } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Scope, pause, until } from './support/scope.mjs';

const scope = new Scope('history');
const page = '/api/v1/retry-monitoring/dashboard/service/orders';

const counters = { calls: 100, errors: 10, retries: 20, retries_denied: 5, first_calls: 100, first_errors: 25 }; // a second
const buckets = { 0.1: 80, 0.5: 98, '+Inf': 100 };

// Tells of them while `answers` is true.
async function source() {
  const began = Date.now();
  const state = { answers: true };
  const target = await TextTarget.start(scope, (req, res) => {
    if (!state.answers) return res.writeHead(500).end();
    const seconds = (Date.now() - began) / 1000;
    const lines = Object.entries(counters).flatMap(([name, perSecond]) =>
      [`# TYPE rpc_${name}_total counter`, `rpc_${name}_total{to="orders"} ${Math.round(seconds * perSecond)}`]);
    for (const [le, perSecond] of Object.entries(buckets)) lines.push(`rpc_seconds_bucket{to="orders",le="${le}"} ${Math.round(seconds * perSecond)}`);
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${lines.join('\n')}\n`);
  });
  return Object.assign(state, { target });
}

const rows = [...Object.keys(counters).map((s) => `  - {metric: rpc_${s}_total, signal: ${s}, service_label: to}`),
  '  - {metric: rpc_seconds_bucket, signal: timed_bucket, service_label: to}'];
const services = 'services:\n  - {name: orders, max_retries_per_minute: 2400}\n';
const watching = (target) => scrapeConfig({ rpc: [target.address] }, { interval: '250ms', more: `${services}mappings:\n${rows.join('\n')}\n` });

// Points as [end of the step in ms, value], without those that are not known.
const told = (history, line) => history[line].map((value, i) =>
  [history.end_ms - (history[line].length - 1 - i) * history.step_s * 1000, value]).filter(([, value]) => value !== null);
const median = (points) => points.map(([, value]) => value).sort((a, b) => a - b)[points.length >> 1];
const mean = (points) => points.reduce((sum, [, value]) => sum + value, 0) / points.length;

const LATE_MS = 3000; // what was heard last is stored with the next of Fusebox' own samples, later on a busy machine

scope.test('the store tells of the same minutes what memory told', async () => {
  const from = await source();
  const fusebox = await new Fusebox(scope, { config: watching(from.target), listen: '127.0.0.1:0', args: ['--set', 'self.interval=1s'] }).start();
  await pause(16000);
  await fusebox.stop();
  await pause(1500);
  await fusebox.start();
  await pause(16000);
  from.answers = false;
  const silentMs = Date.now();
  await pause(26000);
  from.answers = true;
  const heardMs = Date.now();
  await pause(14000);
  const memory = (await fusebox.json(`${page}?period=15m`)).history;
  assert.equal(memory.stored, false);
  assert.equal(memory.period_s, 900);

  // Without the mapping nobody speaks of the service any more: memory knows nothing, the store does.
  await fusebox.stop();
  fusebox.configure(services);
  await fusebox.start();
  const stored = (await fusebox.json(`${page}?period=61m`)).history;
  assert.deepEqual([stored.stored, stored.period_s, stored.step_s], [true, 3660, 11]);
  assert.ok((await fusebox.json(`${page}?period=15m`)).history.calls.every((value) => value === null));

  const expected = { calls: 100, errors: 10, retries: 20, retries_denied: 5, retry_limit: 40, success_ratio: 0.9, attempt_success_ratio: 0.75,
    first_attempt_success_ratio: 0.75, latency_p50_s: 0.0625, latency_p95_s: 0.4333, latency_p99_s: 0.5 };
  for (const [line, value] of Object.entries(expected)) {
    const points = told(stored, line);
    assert.ok(points.length >= 4, `${line}: ${JSON.stringify(points)}`);
    for (const [end, is] of points) assert.ok(Math.abs(is - value) < 0.1 * value, `${line} ${is} at ${end}, not ${value}`);
    assert.ok(Math.abs(mean(points) - value) < 0.03 * value, `${line}: ${mean(points)}`);
    assert.ok(Math.abs(median(told(memory, line)) - value) < 0.1 * value, `memory's ${line}: ${median(told(memory, line))}`);
  }
  assert.ok(told(stored, 'utilization_percent').every(([, percent]) => percent > 0 && percent < 60));
  for (const [end] of told(stored, 'calls'))
    assert.ok(end - stored.step_s * 1000 < silentMs + LATE_MS || end > heardMs, 'a step in which nobody spoke is not known');
});

scope.test('a past that memory holds is told to its end', async () => {
  const from = await source();
  const fusebox = await new Fusebox(scope, { config: watching(from.target) }).start();
  await until('calls', async () => told((await fusebox.json(`${page}?period=1m`)).history, 'calls').length > 6);
  const now = (await fusebox.json(`${page}?period=1m`)).history;
  const then = now.end_ms - 3000;
  for (const end of [String(then), new Date(then).toISOString(), encodeURIComponent(new Date(then + 400).toISOString())]) {
    const { history } = await fusebox.json(`${page}?period=1m&end=${end}`);
    assert.deepEqual([history.end_ms, history.stored, history.step_s], [then, false, now.step_s], end);
    const held = new Map(told(now, 'calls'));
    for (const [at, value] of told(history, 'calls')) if (held.has(at)) assert.equal(value, held.get(at));
  }
  const csv = await fusebox.text(`${page}/export?format=csv&period=1m&end=${then}`);
  assert.match(csv.trimEnd().split('\n').at(-1), new RegExp(`^${new Date(then).toISOString()},`));
  assert.equal((await fusebox.json(`${page}/export?period=7d`)).history.stored, true);
  assert.equal((await fusebox.json(`${page}?end=${Date.now() - 3 * 86400000}`)).history.stored, true);
  const future = (await fusebox.json(`${page}?end=${Date.now() + 3600000}`)).history;
  assert.ok(future.end_ms <= Date.now());
  for (const query of ['end=yesterday', 'end=-1', 'period=8d', 'period=169h'])
    assert.equal((await fetch(`${fusebox.url}${page}?${query}`)).status, 400, query);
});
