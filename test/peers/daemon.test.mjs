// The whole daemon from outside: killed at its writes, reloaded, refused, ended under load, spoken to rudely.
//
//   FUSEBOX=build/fusebox node --test test/peers/daemon.test.mjs
//   FUSEBOX_TEST_SEED=7 ...       repeats the kills of a run
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import net from 'node:net';
import { TextTarget, drive } from './support/backend.mjs';
import { EventStream, Fusebox, binary, scrapeConfig } from './support/fusebox.mjs';
import { Scope, freePort, pause, until } from './support/scope.mjs';

const scope = new Scope('daemon');
const KILLS = process.env.FUSEBOX_BREAK === 'long' ? 100 : 20;
const WRITES_MAX = 120; // a commit has some ten write calls
const TARGETS = 6;
const LIFE_MAX_MS = 4000;
const seed = Number(process.env.FUSEBOX_TEST_SEED ?? process.pid);

function randomNumbers(start) { // mulberry32
  let state = start >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

// Looks like HAProxy with one backend whose counters grow with every scrape, until they are frozen.
class CountingTarget {
  calls = 1000;
  growing = true;

  static async start(name) {
    const counting = new CountingTarget();
    counting.name = name;
    counting.target = await TextTarget.start(scope, (req, res) => res.end(counting.#text()));
    counting.address = counting.target.address;
    return counting;
  }

  #text() {
    if (this.growing) this.calls += 7;
    const of = `proxy="${this.name}"`;
    return `haproxy_process_start_time_seconds 1\nhaproxy_backend_http_requests_total{${of}} ${this.calls}
haproxy_backend_http_responses_total{${of},code="5xx"} ${Math.floor(this.calls / 10)}
haproxy_backend_sessions_total{${of}} ${this.calls}\nhaproxy_backend_connection_attempts_total{${of}} ${this.calls * 2}
haproxy_backend_redispatch_warnings_total{${of}} ${this.calls}\nhaproxy_backend_retry_warnings_total{${of}} ${this.calls}
haproxy_server_status{${of},server="s",state="UP"} 1\n`;
  }
}

function whyNoStrace() {
  const tried = spawnSync('strace', ['-f', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  return tried.error ? 'strace is not installed' : tried.status === 0 ? '' : `strace may not trace here: ${tried.stderr.trim()}`;
}

const killedAt = (when) => // -D: the daemon stays our child, so it can be ended by its pid
  ['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=pwrite64', '-e', `inject=pwrite64:signal=KILL:when=${when}`];

// Of the stored calls of each source: how many samples (count), or the smallest (min).
async function stored(fusebox, what) {
  const series = await fusebox.query(`${what}_over_time(haproxy_backend_http_requests_total[1h])`);
  return new Map(series.map(({ metric, value }) => [metric.proxy, Number(value[1])]));
}

// What the API told last of each service must be there after a restart: what was counted in an hour, the samples.
async function remember(fusebox, told) {
  const samples = await stored(fusebox, 'count');
  for (const row of (await fusebox.overview()).services ?? [])
    told.set(row.service, await countsOf(fusebox, row, samples));
}

const countsOf = async (fusebox, row, samples) =>
  ({ ...await fusebox.hour(row.service), used: row.budget.used_hour, samples: samples.get(row.service) ?? 0, lastMs: row.last_data_ms });

async function nothingLost(fusebox, told) {
  await fusebox.until('all services', async () => (await fusebox.overview()).services?.length >= told.size);
  const samples = await stored(fusebox, 'count');
  const { services } = await fusebox.overview();
  for (const [name, before] of told) {
    const row = services.find(({ service }) => service === name);
    assert.ok(row, `${name} is gone`);
    for (const [what, now] of Object.entries(await countsOf(fusebox, row, samples)))
      assert.ok(now >= before[what], `${name}: ${what} was told as ${before[what]}, and is ${now}`);
  }
}

// One life, until a write call kills it, or the time is up. Tells whether it was a write call.
async function live(fusebox, told, under) {
  const { ended } = fusebox.launch(under);
  let dead = false;
  ended.then(() => (dead = true));
  const born = Date.now();
  try {
    await fusebox.ready();
    await nothingLost(fusebox, told);
    while (!dead && Date.now() - born < LIFE_MAX_MS) {
      await remember(fusebox, told);
      await pause(20);
    }
  } catch (error) {
    if (!(await Promise.race([ended.then(() => true), pause(1000)])) || error.code === 'ERR_ASSERTION') throw error;
  }
  const byWrite = dead;
  fusebox.process.signal('SIGKILL');
  const { signal } = await ended;
  assert.equal(signal, 'SIGKILL', fusebox.process.output);
  return byWrite;
}

scope.test(`${KILLS} kills at write calls lose nothing that was told, and double nothing`, { timeout: 600000 }, async (t) => {
  const random = randomNumbers(seed);
  const noStrace = whyNoStrace();
  t.diagnostic(`FUSEBOX_TEST_SEED=${seed}`);
  if (noStrace) t.diagnostic(`${noStrace}; killing at random times instead of at write calls`);
  const sources = await Promise.all(Array.from({ length: TARGETS }, (_, i) => CountingTarget.start(`service-${i}`)));
  const fusebox = new Fusebox(scope, { config: scrapeConfig({ all: sources.map(({ address }) => address) }, { interval: '100ms' }) });
  const told = new Map();
  await fusebox.start();
  await until('every target', async () => (await fusebox.overview()).services?.filter((row) => row.calls_total > 0).length === TARGETS);
  await remember(fusebox, told);
  const from = await stored(fusebox, 'min'); // a scrape that was served, and came too late, begins nothing
  await fusebox.stop('SIGKILL');
  let byWrite = 0;
  for (let kill = 1; kill < KILLS; kill++) {
    const killing = noStrace ? [] : killedAt(1 + random(WRITES_MAX));
    if (noStrace) setTimeout(() => fusebox.process.signal('SIGKILL'), random(1000));
    byWrite += await live(fusebox, told, killing);
  }
  t.diagnostic(`${byWrite} lives ended at a write call or before they were ready`);
  const began = Date.now();
  await fusebox.start();
  t.diagnostic(`ready ${Date.now() - began} ms after the last kill`);
  await nothingLost(fusebox, told);
  for (const source of sources) source.growing = false;
  await fusebox.settle(6);
  for (const { name, calls } of sources) {
    const first = from.get(name);
    const wanted = { calls: calls - first, errors: Math.floor(calls / 10) - Math.floor(first / 10), retries: calls - first };
    await until('the last step', async () => (await fusebox.hour(name)).calls >= wanted.calls);
    assert.deepEqual(await fusebox.hour(name), wanted, name);
    assert.equal((await fusebox.row(name)).budget.used_hour, wanted.retries, name);
  }
  t.diagnostic(`${sources.reduce((sum, { name, calls }) => sum + calls - from.get(name), 0)} retries, each booked once, as were the calls and their errors`);
});

scope.test('a store that refuses is told by /health, and nothing is lost when it takes again', { timeout: 60000 }, async (t) => {
  const noStrace = whyNoStrace();
  if (noStrace) return t.skip(noStrace);
  const source = await CountingTarget.start('steady');
  const fusebox = new Fusebox(scope, { config: scrapeConfig({ all: [source.address] }, { interval: '100ms' }) });
  await fusebox.start(['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=pwrite64', '-e', 'inject=pwrite64:error=ENOSPC:when=100..102']);
  const health = async () => {
    const response = await fetch(`${fusebox.url}/health`);
    return { status: response.status, body: await response.json() };
  };
  const bad = await until('the refusal', async () => {
    const answer = await health();
    return answer.status === 503 && answer;
  });
  assert.equal(bad.body.status, 'unhealthy');
  assert.equal(bad.body.checks.store, 'unhealthy');
  assert.equal(bad.body.details.database_status, 'unhealthy');
  assert.match(await (await fetch(`${fusebox.url}/metrics`)).text(), /^fusebox_tsdb_failing 1$/m);
  const good = await until('the recovery', async () => {
    const answer = await health();
    return answer.status === 200 && answer;
  });
  assert.equal(good.body.checks.store, 'healthy');
  source.growing = false;
  await fusebox.settle(6);
  const first = (await stored(fusebox, 'min')).get('steady');
  assert.equal((await fusebox.row('steady')).calls_total, source.calls - first);
});

scope.test('what cannot start says why', async () => {
  const fusebox = await new Fusebox(scope).start();
  const start = (...more) => spawnSync(binary, ['run', ...more], { encoding: 'utf8', timeout: 10000 });

  const second = start('--data', fusebox.data, '--listen', '127.0.0.1:0');
  assert.match(second.stderr, new RegExp(`in use by process ${fusebox.process.pid}\\b`));
  assert.notEqual(second.status, 0);

  const taken = start('--data', `${scope.dir}/other`, '--listen', `127.0.0.1:${fusebox.port}`);
  assert.match(taken.stderr, new RegExp(`127\\.0\\.0\\.1 port ${fusebox.port} is in use`));
  assert.notEqual(taken.status, 0);

  const open = start('--data', `${scope.dir}/other`, '--listen', '0.0.0.0:0');
  assert.match(open.stderr, /loopback/);
  assert.notEqual(open.status, 0);

  fusebox.configure('global:\n  scrape_intervall: 1s\nservices:\n  - nme: x\n');
  const bad = start('--config', fusebox.configFile, '--data', `${scope.dir}/other`, '--listen', '127.0.0.1:0');
  assert.equal(bad.status, 2);
  assert.ok(bad.stderr.includes(`${fusebox.configFile}:2:3: unknown key "scrape_intervall"`), bad.stderr);
  assert.ok(bad.stderr.includes(`${fusebox.configFile}:4:5: unknown key "nme"`), bad.stderr);
  assert.ok((await fetch(`${fusebox.url}/-/ready`)).ok, 'the first one goes on');
});

scope.test('a reload takes over a good file whole, and nothing of a bad one', async () => {
  const [one, two] = [await CountingTarget.start('one'), await CountingTarget.start('two')];
  const jobs = (...sources) => scrapeConfig(Object.fromEntries(sources.map(({ name, address }) => [name, [address]])));
  const fusebox = await new Fusebox(scope, { config: jobs(one) }).start();
  const post = () => fetch(`${fusebox.url}/-/reload`, { method: 'POST' });
  const known = async () => (await fusebox.targets()).map(({ job }) => job).sort();
  const successful = () => fusebox.metric('fusebox_config_last_reload_successful');
  await until('one', async () => (await fusebox.row('one'))?.calls_total > 0);
  assert.equal(await successful(), 1);

  fusebox.configure(jobs(one, two));
  const good = await post();
  assert.equal(good.status, 200, await good.text());
  await until('both are known', async () => (await known()).join() === 'one,two');
  await until('two', async () => (await fusebox.row('two'))?.calls_total > 0);

  fusebox.configure('global: {scrape_interval: fast}\nscrape_configs:\n  - job_nam: x\n');
  const bad = await post();
  const { error, errors } = await bad.json();
  assert.deepEqual([bad.status, error.code], [400, 'invalid']);
  for (const [line, word] of [[1, /fast/], [3, /job_nam/]])
    assert.ok(errors.some((one) => one.line === line && word.test(one.message)), JSON.stringify(errors));
  assert.equal(await successful(), 0);
  assert.deepEqual(await known(), ['one', 'two']);

  fusebox.configure(jobs(two));
  fusebox.process.signal('SIGHUP');
  await until('one is gone', async () => (await known()).join() === 'two');
  assert.equal(await successful(), 1);
  await until('its breaker is not known', async () => (await fusebox.breaker('one', 's')).state === 'unknown');
  await until('one is stale', async () => ['stale', 'no_data'].includes((await fusebox.row('one')).evidence));
  const requests = one.target.requests;
  await fusebox.settle(3);
  assert.equal(one.target.requests, requests, 'a target that is gone is still asked');
  assert.equal((await fusebox.row('two')).evidence, 'ok');

  fusebox.configure('nonsense');
  fusebox.process.signal('SIGHUP');
  await until('the reload failed', async () => (await successful()) === 0);
  assert.deepEqual(await known(), ['two']);
});

scope.test('SIGTERM ends it within two seconds, under load, with a good-bye to its streams', async () => {
  const source = await CountingTarget.start('busy');
  const hanging = await TextTarget.start(scope, () => {});
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ busy: [source.address], hanging: [hanging.address] }, { interval: '5s' }) }).start();
  const streams = ['overview', 'service/busy'].map((what) =>
    new EventStream(scope, `${fusebox.url}/api/v1/retry-monitoring/dashboard/${what}/subscribe`));
  await until('a snapshot', () => streams[0].events.some(({ name }) => name === 'snapshot'));
  const load = Promise.all(['dashboard/overview', 'dashboard/service/busy', 'status', 'metrics'].map((what) =>
    drive(fusebox.port, 20000, { path: `/api/v1/retry-monitoring/${what}`, concurrency: 10 })));
  await pause(300);
  const began = Date.now();
  const end = await fusebox.stop('SIGTERM');
  const tookMs = Date.now() - began;
  assert.deepEqual(end, { code: 0, signal: null }, fusebox.process.output);
  assert.ok(tookMs < 2000, `it took ${tookMs} ms`);
  await streams[0].ended;
  assert.equal(streams[0].events.at(-1).name, 'bye');
  await load;
});

// Sends bytes as they are; tells what comes back until the server closes, or a moment passes.
function speak(port, bytes) {
  return new Promise((done) => {
    let answer = '';
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
    const finish = () => {
      socket.destroy();
      done(answer);
    };
    socket.on('data', (piece) => (answer += piece)).on('close', finish).on('error', finish);
    setTimeout(finish, 500);
  });
}

scope.test('smuggled requests and foreign hosts and origins are refused', async () => {
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({}) }).start();
  const { port } = fusebox;
  const host = `Host: 127.0.0.1:${port}\r\n`;
  const inner = `POST /-/reload HTTP/1.1\r\n${host}\r\n`;
  const shapes = {
    'length and encoding': `POST /-/reload HTTP/1.1\r\n${host}Content-Length: ${inner.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`,
    'two lengths': `POST /-/reload HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    'two encodings': `POST /-/reload HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${inner}`,
    'an odd length': `POST /-/reload HTTP/1.1\r\n${host}Content-Length: +5\r\n\r\nhello`,
    'an odd encoding': `POST /-/reload HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${inner}`,
    'a blank before the colon': `POST /-/reload HTTP/1.1\r\n${host}Content-Length : 5\r\n\r\nhello`,
    'a folded field': `GET /health HTTP/1.1\r\n${host}X-A: b\r\n Content-Length: 5\r\n\r\n`,
    'no host': 'GET /health HTTP/1.1\r\n\r\n',
    'two hosts': `GET /health HTTP/1.1\r\n${host}Host: evil.example\r\n\r\n`,
    'a foreign host': `GET /api/v1/retry-monitoring/dashboard/overview HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
    'a foreign origin': `POST /-/reload HTTP/1.1\r\n${host}Origin: http://evil.example\r\nContent-Length: 0\r\n\r\n`,
    'garbage': '\0\x01\x02garbage\r\n\r\n',
  };
  const before = await fusebox.metric('fusebox_config_last_reload_success_timestamp_seconds');
  for (const [name, bytes] of Object.entries(shapes)) {
    const answer = await speak(port, bytes);
    const statuses = [...answer.matchAll(/^HTTP\/1\.[01] (\d+)/gm)].map(([, status]) => Number(status));
    assert.ok(statuses.every((status) => status >= 400 && status < 500), `${name}: ${JSON.stringify(answer)}`);
  }
  assert.equal(await fusebox.metric('fusebox_config_last_reload_success_timestamp_seconds'), before, 'something was reloaded');
  assert.match(await speak(port, `GET /health HTTP/1.1\r\n${host}Connection: close\r\n\r\n`), /^HTTP\/1\.1 200 /);
});
