// HAProxy's own counters against Fusebox's figures, and both against what the backends saw.
//
//   FUSEBOX=build/fusebox node --test test/peers/haproxy.test.mjs
import assert from 'node:assert/strict';
import { Backend, drive } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { HAProxy } from './support/haproxy.mjs';
import { Scope, freePort, pause, until } from './support/scope.mjs';

const scope = new Scope('haproxy');
const QUIET_SCRAPES = 5; // after so many without traffic the estimate of retries is exact

async function start(backends, options) {
  const haproxy = await new HAProxy(scope, backends, options).start();
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ haproxy: [haproxy.exporter] }) }).start();
  await fusebox.settle();
  return { haproxy, fusebox };
}

// What one HAProxy process says of a backend: calls, errors, and attempts beyond the calls.
async function booked(haproxy, backend) {
  const row = await haproxy.stat(backend);
  return {
    calls: Number(row.req_tot),
    errors: Number(row.hrsp_5xx),
    retries: Number(row.connect) + Number(row.reuse) - Number(row.stot),
    warnings: [Number(row.wretr), Number(row.wredis)],
  };
}

const figures = ({ calls_total: calls, errors_total: errors, retries_total: retries }) => ({ calls, errors, retries });
const without = ({ calls, errors, retries }) => ({ calls, errors, retries });
const sum = (all) => all.reduce((a, b) => ({ calls: a.calls + b.calls, errors: a.errors + b.errors, retries: a.retries + b.retries }));

// Each case: what its servers do, and its lines; `dead` servers refuse connections.
const cases = {
  healthy: { servers: ['good', 'good'] },
  status: { servers: ['some503', 'some503'], lines: ['retry-on conn-failure 503'] },
  status_moved: { servers: ['some503', 'some503', 'good'], lines: ['retry-on conn-failure 503', 'option redispatch 1'] },
  status_alone: { servers: ['some503'], lines: ['retry-on 503', 'option redispatch 1'] },
  status_final: { servers: ['some503', 'good'] },
  always: { servers: ['all503', 'all503'], lines: ['retry-on 503', 'option redispatch 1'] },
  empty: { servers: ['closing', 'good'], lines: ['retry-on empty-response'] },
  empty_moved: { servers: ['closing', 'closing'], lines: ['retry-on empty-response', 'option redispatch 1'] },
  dead: { servers: ['dead', 'good'], count: 60, concurrency: 30 },
  dead_moved: { servers: ['dead', 'good'], lines: ['option redispatch 1'] },
  dead_alone: { servers: ['dead'], count: 40, concurrency: 20 },
  mixed: { servers: ['dead', 'some503', 'closing', 'good'], lines: ['retry-on conn-failure empty-response 503', 'option redispatch 1'] },
};

const answers = {
  good: () => 200,
  some503: (n) => (n % 4 === 1 ? 503 : 200),
  all503: () => 503,
  closing: (n) => (n % 5 === 3 ? 'close' : 200),
};

async function startCase({ servers, lines = [] }) {
  const backends = {};
  const ports = {};
  for (const [i, kind] of servers.entries()) {
    if (kind === 'dead') {
      ports[`s${i}`] = await freePort();
      continue;
    }
    const backend = await Backend.start(scope);
    backend.answer = answers[kind];
    backends[`s${i}`] = backend;
    ports[`s${i}`] = backend.port;
  }
  return { backends, seen: () => Object.values(backends).reduce((n, b) => n + b.attempts, 0), config: { servers: ports, lines: ['balance roundrobin', ...lines] } };
}

scope.test('every way to fail: calls, errors and retries are exact', async (t) => {
  const running = {};
  const config = {};
  for (const [name, one] of Object.entries(cases)) {
    running[name] = await startCase(one);
    config[name] = running[name].config;
  }
  const { haproxy, fusebox } = await start(config, { check: '' });
  await Promise.all(Object.entries(cases).map(([name, { count = 300, concurrency = 5 }]) =>
    drive(haproxy.port, count, { path: `/${name}`, concurrency })));
  await fusebox.settle(QUIET_SCRAPES);
  for (const [name, one] of Object.entries(cases)) {
    const own = await booked(haproxy, name);
    const shown = figures(await fusebox.row(name));
    assert.deepEqual(shown, without(own), `${name}: against HAProxy's counters`);
    // Attempts that reached a server are retries beyond the calls; those refused by a dead one only HAProxy knows of.
    const stat = await haproxy.stat(name);
    if (!one.servers.includes('dead'))
      assert.equal(running[name].seen() - Number(stat.stot), shown.retries, `${name}: against what the backends saw`);
    // Calls that HAProxy hangs up on are in no log.
    if (stat.stot === stat.req_tot)
      assert.equal(haproxy.retriesLogged(name), shown.retries, `${name}: against HAProxy's log`);
    const [warnings, redispatches] = own.warnings;
    assert.ok(shown.retries >= Math.max(redispatches, (warnings + redispatches) / 2) && shown.retries <= warnings + redispatches,
      `${name}: ${shown.retries} retries with wretr ${warnings}, wredis ${redispatches}`);
    t.diagnostic(`${name}: ${JSON.stringify(shown)} wretr ${warnings} wredis ${redispatches}`);
  }
  for (const [name, { backends }] of Object.entries(running)) {
    const stat = await haproxy.stat(name);
    const hungUp = Number(stat.stot) - Number(stat.req_tot); // the last failure of such a call is counted nowhere
    for (const [server, backend] of Object.entries(backends)) {
      const { requests, failures } = await fusebox.breaker(name, server);
      assert.equal(requests, backend.attempts, `${name}/${server}: attempts`);
      assert.ok(failures <= backend.failures && failures >= backend.failures - hungUp,
        `${name}/${server}: ${failures} failures, the backend made ${backend.failures}, ${hungUp} calls were hung up on`);
    }
  }
});

scope.test('healthy traffic through restarting connections has no retry', async () => {
  const one = await startCase({ servers: ['good', 'good'], lines: ['option redispatch 1', 'retry-on all-retryable-errors'] });
  const { haproxy, fusebox } = await start({ steady: one.config }, { check: '' });
  for (let i = 0; i < 5; i++) {
    await drive(haproxy.port, 300, { path: '/steady', concurrency: 20, keepAlive: i % 2 === 0 });
    assert.equal((await fusebox.row('steady')).retries_total, 0);
  }
  await fusebox.settle(QUIET_SCRAPES);
  assert.deepEqual(figures(await fusebox.row('steady')), { calls: 1500, errors: 0, retries: 0 });
});

scope.test('a reload and a clearing of the counters lose and double nothing', async () => {
  const one = await startCase(cases.status_moved);
  const two = await startCase(cases.status);
  const { haproxy, fusebox } = await start({ one: one.config, two: two.config }, { check: '' });
  const epochs = { one: [], two: [] };
  const keep = async () => {
    await fusebox.settle(QUIET_SCRAPES);
    for (const name of ['one', 'two']) epochs[name].push(await booked(haproxy, name));
  };
  const both = (count, more) => Promise.all(['one', 'two'].map((name) => drive(haproxy.port, count + more[name], { path: `/${name}` })));

  await both(200, { one: 0, two: 40 });
  await keep();
  await haproxy.reload();
  await both(300, { one: 30, two: 0 }); // more than before: only the start time tells
  await keep();
  await haproxy.ask('clear counters all');
  await both(120, { one: 5, two: 0 });
  await keep();
  await haproxy.process.stop(); // plain stop, then a start on the same port
  await fusebox.settle(2);
  await haproxy.start();
  await until('up again', async () => (await fusebox.targets())[0].up);
  await both(50, { one: 0, two: 0 });
  await keep();

  for (const [name, seen] of [['one', one.seen()], ['two', two.seen()]]) {
    const shown = figures(await fusebox.row(name));
    assert.deepEqual(shown, sum(epochs[name]), name);
    assert.equal(shown.calls + shown.retries, seen, `${name}: the backends' own count`);
  }
});

scope.test('a reload under traffic: what no scrape saw is all that may be missing', async () => {
  const one = await startCase({ servers: ['good', 'good'] });
  const { haproxy, fusebox } = await start({ busy: one.config }, { check: '' });
  const driving = drive(haproxy.port, 3000, { path: '/busy', concurrency: 4, keepAlive: false });
  await pause(400);
  await haproxy.reload();
  const statuses = await driving;
  await fusebox.settle(QUIET_SCRAPES);
  const shown = figures(await fusebox.row('busy'));
  assert.equal(shown.retries, 0);
  assert.ok(shown.calls <= one.seen(), `${shown.calls} calls, but the backends saw ${one.seen()}`);
  assert.ok(shown.calls >= one.seen() / 2, JSON.stringify([shown, statuses]));
});

scope.test('server states are breaker states', async () => {
  const one = await startCase({ servers: ['good', 'good'] });
  const { haproxy, fusebox } = await start({ shop: one.config }, { check: 'check inter 300ms fall 2 rise 3' });
  const becomes = (state) => until(state, async () => (await fusebox.breaker('shop', 's0')).state === state);
  await becomes('closed');
  const died = Date.now();
  await one.backends.s0.stop();
  await becomes('open');
  const openAfterMs = Date.now() - died;
  assert.ok(openAfterMs < 2 * 300 + 200 + 500, `open after ${openAfterMs} ms`); // two checks, one scrape, and some patience
  assert.match((await haproxy.stat('shop', 's0')).status, /^DOWN/);
  await one.backends.s0.listen();
  await becomes('closed');
  assert.equal((await haproxy.stat('shop', 's0')).status, 'UP');
  const { strip } = await fusebox.breaker('shop', 's0');
  assert.deepEqual(strip.map(([, state]) => state), ['closed', 'open', 'half_open', 'closed']);
  for (const [command, state] of [['maint', 'disabled'], ['ready', 'closed'], ['drain', 'disabled'], ['ready', 'closed']]) {
    await haproxy.ask(`set server shop/s0 state ${command}`);
    await becomes(state);
  }
  const other = await fusebox.breaker('shop', 's1');
  assert.deepEqual([other.state, other.transitions_total], ['closed', 0]);
});
