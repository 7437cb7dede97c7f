// What is made to cost much: each ends in an error soon, in bounded memory, while scrapes, budgets and pages keep their pace; and a query
// that nobody waits for leaves nothing behind.
//
//   FUSEBOX=build/fusebox node --test test/peers/bombs.test.mjs
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import zlib from 'node:zlib';
import { TextTarget } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { field, packed, remoteWrite } from './support/remote_write.mjs';
import { Scope, pause, until } from './support/scope.mjs';

const scope = new Scope('bombs');
const MIB = 1 << 20, SERIES = 3000, SAMPLES = 240, STEP_MS = 15000;
const BUDGET_MIB = 192; // storage.memory; what the heap keeps of what was given back comes on top
const BESIDE_MIB = 256;

const memory = (fusebox, what) => Number(fs.readFileSync(`/proc/${fusebox.process.pid}/status`, 'utf8').match(new RegExp(`${what}:\\s+(\\d+) kB`))[1]) * 1024;
const threads = (fusebox) => fs.readdirSync(`/proc/${fusebox.process.pid}/task`).length;

// A daemon with an hour of series, that scrapes a target beside it.
async function startFull() {
  const target = await TextTarget.start(scope, '# TYPE http_requests_total counter\nhttp_requests_total{service="shop",code="200"} 5\n');
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ shop: [target.address] }), args: ['--set', `storage.memory=${BUDGET_MIB}MiB`] }).start();
  const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS, times = Array.from({ length: SAMPLES }, (_, i) => endMs - (SAMPLES - 1 - i) * STEP_MS);
  for (let at = 0; at < SERIES; at += 200)
    await remoteWrite(fusebox.url, Array.from({ length: 200 }, (_, k) => ({
      labels: { __name__: 'bomb_total', series: `series-${at + k}`, group: `${(at + k) % 10}` },
      samples: times.map((ms, i) => [ms, i * (at + k)]),
    })));
  return { fusebox, target, endS: endMs / 1000 };
}

const form = (params) => ({ method: 'POST', body: new URLSearchParams(params) });

async function ask(fusebox, params, kind = params.start === undefined ? 'query' : 'query_range') {
  const answer = await fetch(`${fusebox.url}/api/v1/${kind}`, form(params));
  const body = await answer.text();
  return { code: answer.status, error: answer.ok ? '' : JSON.parse(body).error, bytes: body.length };
}

// Looks at the daemon while bombs fall: the longest answer of a page, scrapes per second.
class Watch {
  slowest = 0;
  constructor({ fusebox, target }) {
    Object.assign(this, { fusebox, target, from: performance.now(), scrapes: target.requests });
    this.ended = this.#run();
  }

  async #run() {
    while (!this.stopped) {
      const before = performance.now();
      assert.ok((await fetch(`${this.fusebox.url}/api/v1/retry-monitoring/dashboard/overview`)).ok);
      this.slowest = Math.max(this.slowest, performance.now() - before);
      await pause(50);
    }
  }

  async stop() {
    this.stopped = true;
    await this.ended;
    return { slowestMs: this.slowest, scrapesPerS: (1000 * (this.target.requests - this.scrapes)) / (performance.now() - this.from) };
  }
}

const times = (count, text) => text.repeat(count);

// [what, the parameters, status, part of the message]
const expressions = (endS) => [
  ['deep parentheses', { query: `${times(8000, '(')}1${times(8000, ')')}` }, 400, /nested more than 64 deep/],
  ['deep calls', { query: `${times(2000, 'abs(')}x${times(2000, ')')}` }, 400, /nested more than 64 deep/],
  ['deep signs', { query: `${times(16000, '-')}1` }, 400, /nested more than 64 deep/],
  ['deep powers', { query: `1${times(7000, '^1')}` }, 400, /nested more than 64 deep/],
  ['wide sums', { query: `1${times(7000, '+1')}` }, 400, /more than 1000 parts/],
  ['wide unions', { query: `x${times(3000, ' or x')}` }, 400, /more than 1000 parts/],
  ['wide arguments', { query: `label_join(x, "a", "b"${times(3000, ', "c"')})` }, 400, /at most|more than/],
  ['many matchers', { query: `x{${times(300, 'a="b",')}}` }, 400, /more than/],
  ['long text', { query: `"${times(100000, 'x')}"` }, 400, /longer than 16384 bytes/],
  ['long body', { query: times(300000, 'x') }, 413, undefined],
  ['a regex that multiplies', { query: 'bomb_total{series=~"((((((a{1000}){1000}){1000}))))"}' }, 400, /regular expression|invalid/],
  ['a regex of many', { query: `bomb_total{series=~"${times(600, 'a|b.*')}x"}`, time: endS }, 200, undefined],
  ['a regex that backtracks', { query: `count(bomb_total{series!~"${times(200, '(s|se|ser.*)*')}x"})`, time: endS }, undefined, undefined],
  ['many to many', { query: 'bomb_total * on () group_left () bomb_total', time: endS }, 422, /found duplicate series/],
  ['all against all', { query: `label_replace(bomb_total, "x", "", "", "") * on (group) bomb_total`, time: endS }, 422, /duplicate|many-to-many|multiple matches/],
  ['everything as it is', { query: '{__name__=~".+"}[2h]', time: endS }, 200, undefined],
  ['everything at every step', { query: '{__name__=~".+"}', start: endS - 3600, end: endS, step: 0.33 }, undefined, /memory|bytes/],
  ['an answer without end', { query: 'bomb_total', start: endS - 3600, end: endS, step: 1.8 }, 200, undefined],
  ['windows in windows', { query: 'max_over_time(avg_over_time(sum_over_time(bomb_total[1h:1s])[1h:1s])[1h:1s])', start: endS - 3600, end: endS, step: 1, timeout: '2s' }, undefined, /timed out|memory|bytes/],
  ['a name for each value', { query: 'count_values("v", bomb_total)', start: endS - 3600, end: endS, step: 15, timeout: '2s' }, undefined, /timed out|memory|bytes/],
  ['too many steps', { query: 'bomb_total', start: 0, end: endS, step: 1 }, 400, /11,000 points/],
];

scope.test('expressions that are bombs', { timeout: 300000 }, async (t) => {
  const world = await startFull(), { fusebox, endS } = world;
  await ask(fusebox, { query: 'sum(bomb_total)', time: endS });
  const base = memory(fusebox, 'VmRSS'), tasks = threads(fusebox), watch = new Watch(world);
  const wrong = [];
  let slowest = ['', 0];
  for (const [what, params, code, message] of expressions(endS)) {
    const before = performance.now(), answer = await ask(fusebox, params), tookMs = performance.now() - before;
    if (tookMs > slowest[1]) slowest = [what, tookMs];
    if (code !== undefined && answer.code !== code) wrong.push(`${what}: ${answer.code} ${answer.error}`);
    if (answer.code >= 400 && message && !message.test(answer.error)) wrong.push(`${what}: "${answer.error}"`);
    if (answer.code === 200 && message && code === undefined) wrong.push(`${what}: it was answered, ${answer.bytes} bytes`);
  }
  const pace = await watch.stop();
  assert.deepEqual(wrong, []);
  assert.ok(slowest[1] < 30000, `${slowest}`);
  assert.ok(pace.scrapesPerS > 2.5, `of 5 scrapes a second there were ${pace.scrapesPerS}`);
  assert.ok(pace.slowestMs < 5000, `a page took ${pace.slowestMs} ms`);
  const peak = memory(fusebox, 'VmHWM');
  assert.ok(peak < base + (BUDGET_MIB + BESIDE_MIB) * MIB, `${peak / MIB} MiB, from ${base / MIB}`);
  assert.equal(threads(fusebox), tasks);
  await until('the memory is given back', async () => (await fusebox.metric('fusebox_memory_used_bytes{part="query"}')) === 0);
  t.diagnostic(`slowest: ${slowest[0]}, ${Math.round(slowest[1])} ms; a page at most ${Math.round(pace.slowestMs)} ms; ${pace.scrapesPerS.toFixed(1)} scrapes/s; `
    + `${Math.round(base / MIB)} MiB before, ${Math.round(peak / MIB)} at most, ${Math.round(memory(fusebox, 'VmRSS') / MIB)} after`);
});

scope.test('bodies that lie', async () => {
  const world = await startFull(), { fusebox, target } = world;
  const base = memory(fusebox, 'VmRSS');
  const write = (body, headers = {}) => fetch(`${fusebox.url}/api/v1/write`, {
    method: 'POST', body, headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0', ...headers },
  }).then((answer) => answer.status);
  assert.equal(await write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0])), 413, 'says 4 GiB');
  assert.equal(await write(Buffer.from([0x80, 0x80, 0x80, 0x02, 0])), 400, 'says 4 MiB, has a byte');
  const nested = Array(20000).fill(0).reduce((inner) => field(1, inner), Buffer.alloc(0));
  assert.equal(await write(packed(nested)), 204, 'messages in messages: a series, its label, and no sample');
  const zeros = zlib.gzipSync(Buffer.alloc(256 * MIB, 'x 1\n'));
  assert.equal(await write(zeros, { 'content-encoding': 'gzip' }), 415);
  target.serve = (req, res) => res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4', 'content-encoding': 'gzip' }).end(zeros);
  const asked = target.requests;
  await until('some scrapes', () => target.requests > asked + 5);
  await until('down', async () => (await ask(fusebox, { query: 'up{job="shop"} == 0' })).bytes > 100);
  assert.ok(memory(fusebox, 'VmHWM') < base + 128 * MIB, `${memory(fusebox, 'VmHWM') / MIB} MiB`);
});

// A query that works for as long as it may.
const long = (endS) => ({ query: 'max_over_time(avg_over_time(sum_over_time(bomb_total[1h:1s])[1h:1s])[1h:1s])', start: endS - 3600, end: endS, step: 1 });

function begin(fusebox, params) {
  const text = new URLSearchParams(params).toString();
  const request = http.request({ host: '127.0.0.1', port: fusebox.port, path: '/api/v1/query_range', method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' } });
  request.on('error', () => {});
  request.end(text);
  return request;
}

async function untilNothingIsLeft(fusebox, tasks) {
  await until('nothing runs or waits', async () => (await fusebox.metric('fusebox_query_running')) === 0 && (await fusebox.metric('fusebox_query_waiting')) === 0);
  await until('the memory is given back', async () => (await fusebox.metric('fusebox_memory_used_bytes{part="query"}')) === 0);
  await until('no request waits', async () => (await fusebox.metric('fusebox_http_parked_requests')) === 0);
  assert.equal(threads(fusebox), tasks);
}

scope.test('a client that goes away takes its query along, and a query that timed out leaves nothing', async () => {
  const { fusebox, endS } = await startFull(), tasks = threads(fusebox);
  const one = begin(fusebox, long(endS)), two = begin(fusebox, long(endS));
  await until('both run', async () => (await fusebox.metric('fusebox_query_running')) === 2);
  one.destroy();
  two.destroy();
  await until('they are given up', async () => (await fusebox.metric('fusebox_query_cancelled_total')) === 2);
  await untilNothingIsLeft(fusebox, tasks);

  const late = await ask(fusebox, { ...long(endS), timeout: '0.3' });
  assert.equal(late.code, 503);
  assert.match(late.error, /timed out/);
  assert.equal(await fusebox.metric('fusebox_query_timed_out_total'), 1);
  await untilNothingIsLeft(fusebox, tasks);
});

scope.test('more queries than may wait are refused, and others are answered when they have gone', async () => {
  const { fusebox, endS } = await startFull(), tasks = threads(fusebox);
  const held = Array.from({ length: 2 }, () => begin(fusebox, long(endS)));
  await until('two run', async () => (await fusebox.metric('fusebox_query_running')) === 2);
  for (let i = 0; i < 64; i++) held.push(begin(fusebox, long(endS)));
  await until('all places are taken', async () => (await fusebox.metric('fusebox_query_waiting')) === 64);
  const refused = await fetch(`${fusebox.url}/api/v1/query?query=1`);
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '1');
  assert.equal((await refused.json()).errorType, 'unavailable');
  assert.ok((await fusebox.metric('fusebox_query_refused_total')) >= 1);
  assert.equal((await fetch(`${fusebox.url}/-/ready`)).status, 200);
  for (const request of held) request.destroy();
  await untilNothingIsLeft(fusebox, tasks);
  assert.equal((await ask(fusebox, { query: '1' })).code, 200);
});
