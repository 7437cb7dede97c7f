// Every route of the table, on a daemon that knows nothing yet and on one that watches something.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { TextTarget } from './support/backend.mjs';
import { EventStream, Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('routes');
const monitoring = '/api/v1/retry-monitoring';

// The rows of the table as the source has them.
const source = fs.readFileSync(new URL('../../src/api/routes.c', import.meta.url), 'utf8');
const routes = [...source.matchAll(/\{ HTTP_(\w+), (RETRY_MONITORING )?"([^"]*)", (\w+),([^}]*)/g)].map((m) => ({
  method: m[1],
  path: (m[2] ? monitoring : '') + m[3],
  summary: m[5].match(/\.summary =\s*"([^"]+)"/)?.[1],
}));

const hostile = '<img src=x onerror=alert(1)>';

// What HAProxy would export for these services, each backend with one server that is up or down.
function exposition(services) {
  const lines = [];
  const family = (name, type, rows) => {
    lines.push(`# TYPE ${name} ${type}`);
    for (const [labels, value] of rows)
      lines.push(`${name}{${Object.entries(labels).map(([k, v]) => `${k}="${v}"`).join(',')}} ${value}`);
  };
  const per = (value) => services.map((s) => [{ proxy: s.name }, value(s)]);
  family('haproxy_backend_http_requests_total', 'counter', per((s) => s.calls));
  family('haproxy_backend_http_responses_total', 'counter', services.flatMap((s) => [
    [{ proxy: s.name, code: '2xx' }, s.calls - s.errors], [{ proxy: s.name, code: '5xx' }, s.errors]]));
  family('haproxy_backend_retry_warnings_total', 'counter', per((s) => s.retries));
  family('haproxy_backend_redispatch_warnings_total', 'counter', per(() => 0));
  family('haproxy_server_status', 'gauge', services.flatMap((s) => ['UP', 'DOWN'].map((state) => [
    { proxy: s.name, server: 'one', state }, Number(state === (s.down ? 'DOWN' : 'UP'))])));
  return `${lines.join('\n')}\n`;
}

// A daemon that watches two services, one with a hostile name and a server that is down.
async function watching() {
  const services = [
    { name: 'orders', calls: 0, errors: 0, retries: 0 },
    { name: hostile, calls: 0, errors: 0, retries: 0, down: true },
  ];
  const target = await TextTarget.start(scope, (req, res) => {
    for (const s of services) s.calls += 50, s.retries += 2;
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(exposition(services));
  });
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ haproxy: [target.address] }) }).start();
  await until('two services with traffic', 10000, async () => {
    const rows = (await fusebox.overview()).services;
    const watched = rows.filter((row) => row.source === 'haproxy' && row.calls_last_minute > 100 && row.breakers.total === 1);
    return rows.length === 3 && watched.length === 2; // the third is itself
  });
  return fusebox;
}

const isStream = (route) => route.path.endsWith('/subscribe');
const filled = (route, name) => route.path.replace('{name}', encodeURIComponent(name)).replace('{path*}', 'services/x');

scope.test('the table has every route once, with a summary', () => {
  assert.ok(routes.length >= 20, `${routes.length} rows read from the table`);
  assert.equal(routes.length, source.match(/\{ HTTP_/g).length, 'every row was read');
  assert.equal(new Set(routes.map((r) => `${r.method} ${r.path}`)).size, routes.length);
  for (const route of routes) assert.ok(route.summary?.length > 4, route.path);
});

scope.test('each GET route answers on an empty daemon, and says so where nothing is there', async () => {
  const fusebox = await new Fusebox(scope).start();
  for (const route of routes.filter((r) => r.method === 'GET')) {
    const answer = await fetch(fusebox.url + filled(route, 'nobody'), { redirect: 'manual', signal: AbortSignal.timeout(5000) });
    assert.ok(answer.status < 500, `${route.path}: ${answer.status}`);
    if (route.path.includes('{name}')) {
      assert.equal(answer.status, 404, route.path);
      const { error } = await answer.json();
      assert.equal(error.code, 'not_found');
      assert.equal(error.field, 'name');
      assert.match(error.message, /no service is called "nobody"/);
    } else if (!isStream(route)) {
      const body = await answer.text();
      if (answer.headers.get('content-type') === 'application/json') JSON.parse(body);
    } else {
      assert.match(answer.headers.get('content-type'), /^text\/event-stream/);
      await answer.body.cancel();
    }
  }
});

scope.test('each GET route answers 200 once something is watched', async () => {
  const fusebox = await watching();
  for (const name of ['orders', hostile])
    for (const route of routes.filter((r) => r.method === 'GET')) {
      const answer = await fetch(fusebox.url + filled(route, name), { signal: AbortSignal.timeout(5000) });
      assert.equal(answer.status, 200, route.path);
      if (isStream(route)) {
        await answer.body.cancel();
        continue;
      }
      const body = await answer.text();
      const type = answer.headers.get('content-type');
      if (type === 'application/json') {
        JSON.parse(body);
        assert.ok(!body.includes('<img'), route.path);
      }
    }
});

scope.test('other methods and paths are refused in the documented shape', async () => {
  const fusebox = await new Fusebox(scope).start();
  for (const [path, init, status, code] of [
    ['/nowhere', {}, 404, 'not_found'],
    [`${monitoring}/status`, { method: 'POST' }, 405, 'method'],
    ['/-/reload', {}, 405, 'method'],
    [`${monitoring}/services?limit=-1`, {}, 400, 'invalid'],
    [`${monitoring}/services?limit=10001`, {}, 400, 'invalid'],
    [`${monitoring}/services?offset=x`, {}, 400, 'invalid'],
    [`${monitoring}/metrics?format=xml`, {}, 400, 'invalid'],
    ['/circuit-breakers/status?service=none', {}, 404, 'not_found'],
  ]) {
    const answer = await fetch(fusebox.url + path, init);
    assert.equal(answer.status, status, path);
    assert.equal((await answer.json()).error.code, code, path);
  }
});

scope.test('the period of a service page is held to its bounds', async () => {
  const fusebox = await watching();
  const page = (query) => fetch(`${fusebox.url}${monitoring}/dashboard/service/orders${query}`);
  for (const [query, seconds] of [['', 900], ['?period=1m', 60], ['?period=90s', 90], ['?period=1h', 3600], ['?period=60m', 3600]]) {
    const { history } = await (await page(query)).json();
    assert.ok(history.calls.length <= 360 && history.calls.length * history.step_s <= seconds, query);
    assert.ok(history.calls.length * history.step_s > seconds - history.step_s, query);
    for (const key of ['errors', 'retries', 'utilization_percent']) assert.equal(history[key].length, history.calls.length);
    assert.equal(history.end_ms % (history.step_s * 1000), 0);
  }
  for (const query of ['?period=59s', '?period=61m', '?period=', '?period=15', '?period=-5m', '?period=1e9m']) {
    const answer = await page(query);
    assert.equal(answer.status, 400, query);
    assert.equal((await answer.json()).error.field, 'period', query);
  }
});

scope.test('probes, breakers, paging and text say the same as the view', async () => {
  const fusebox = await watching();
  const health = await fusebox.json('/health');
  assert.equal(health.status, 'degraded');
  assert.equal(health.details.circuit_breaker_status, 'OPEN');
  assert.equal(health.checks.breakers_open, 1);
  const status = await fusebox.json('/circuit-breakers/status');
  assert.equal(status.counts.breakers.open, 1);
  assert.equal(status.counts.breakers.worst, 'open');
  assert.equal((await fusebox.json('/circuit-breakers/status?service=orders')).breakers.length, 1);
  assert.equal((await fusebox.json('/health/circuit-breakers')).circuit_breakers[hostile].state, 'open');
  const report = await fusebox.json(`${monitoring}/health`);
  assert.equal(report.status, 'unhealthy');
  assert.equal(report.services[0].service, hostile);
  const all = (await fusebox.overview()).services.map((row) => row.service).sort();
  const pages = await Promise.all([0, 1, 2].map((offset) => fusebox.json(`${monitoring}/services?limit=1&offset=${offset}`)));
  assert.deepEqual(pages.map((page) => page.services[0].service).sort(), all);
  assert.ok(pages.every((page) => page.total === 3 && page.services.length === 1));
  assert.equal((await fusebox.json(`${monitoring}/services?offset=5`)).services.length, 0);
  const text = await fusebox.text(`${monitoring}/metrics?format=prometheus`);
  assert.match(text, /^fusebox_calls_total\{service="orders"\} \d+$/m);
  const near = await fetch(`${fusebox.url}${monitoring}/services/ordres`);
  assert.match((await near.json()).error.message, /did you mean "orders"/);
});

scope.test('/metrics is what promtool reads without a complaint of form, and has no NaN', async (t) => {
  const fusebox = await watching();
  const text = await fusebox.text('/metrics');
  assert.ok(!/ NaN$/m.test(text));
  if (spawnSync('promtool', ['--version']).error) return t.skip('promtool is not installed');
  const check = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.notEqual(check.status, 1, check.stderr); // 1: cannot be parsed; 3: advice about names, which are given
  if (check.stderr) t.diagnostic(check.stderr.trim());
});

scope.test('a stream begins with a snapshot and goes on without a gap', async () => {
  const fusebox = await watching();
  const stream = new EventStream(scope, `${fusebox.url}${monitoring}/dashboard/overview/subscribe`);
  await until('ten events', 10000, () => stream.events.length >= 10);
  await stream.stop();
  const seqs = stream.events.map((event) => JSON.parse(event.data).seq);
  assert.equal(stream.events[0].name, 'snapshot');
  assert.equal(JSON.parse(stream.events[0].data).services.length, 3);
  assert.ok(stream.events.slice(1).every((event) => event.name === 'update'));
  for (let i = 2; i < seqs.length; i++) assert.equal(seqs[i], seqs[i - 1] + 1);
  const times = stream.events.map((event) => event.at);
  assert.ok(times.at(-1) - times[1] > 90 * (times.length - 2) - 200, 'at most ten frames a second');
});
