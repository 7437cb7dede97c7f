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
  await until('two services with traffic', async () => {
    const rows = (await fusebox.overview()).services;
    const watched = rows.filter((row) => row.source === 'haproxy' && row.calls_last_minute > 100 && row.breakers.total === 1);
    return rows.length === 3 && watched.length === 2; // the third is itself
  });
  return fusebox;
}

const isStream = (route) => route.path.endsWith('/subscribe');
const ARGUMENTS = {
  [`${monitoring}/dashboard/subscribe`]: '?view=overview',
  '/api/v1/query': '?query=up', '/api/v1/query_range': '?query=up&start=0&end=60&step=15', '/api/v1/format_query': '?query=up',
  '/api/v1/parse_query': '?query=up', '/api/v1/query_exemplars': '?query=up', '/api/v1/series': '?match[]=up',
};
const isLabel = (route) => route.path.startsWith('/api/v1/label/');
const filled = (route, name) => `${route.path}${ARGUMENTS[route.path] ?? ''}`.replace('{name}', isLabel(route) ? 'job' : encodeURIComponent(name)).replace('{path*}', 'services/x');

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
    if (route.path.includes('{name}') && !isLabel(route)) {
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
  for (const [query, seconds] of [['', 900], ['?period=1m', 60], ['?period=90s', 90], ['?period=1h', 3600], ['?period=60m', 3600], ['?period=7d', 604800]]) {
    const { history } = await (await page(query)).json();
    assert.ok(history.calls.length <= 360 && history.calls.length * history.step_s <= seconds, query);
    assert.ok(history.calls.length * history.step_s > seconds - history.step_s, query);
    for (const key of ['errors', 'retries', 'utilization_percent']) assert.equal(history[key].length, history.calls.length);
    assert.equal(history.end_ms % (history.step_s * 1000), 0);
  }
  for (const query of ['?period=59s', '?period=169h', '?period=', '?period=15', '?period=-5m', '?period=1e9m']) {
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

// Splits CSV of RFC 4180 into rows of cells.
function parseCsv(text) {
  assert.ok(text.endsWith('\r\n'));
  const cells = [...text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/g)];
  assert.equal(cells.reduce((sum, [all]) => sum + all.length, 0), text.length, 'every byte belongs to a cell');
  const rows = [[]];
  for (const [, quoted, plain, end] of cells) {
    rows.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '\r\n') rows.push([]);
  }
  rows.pop();
  for (const row of rows) assert.equal(row.length, rows[0].length);
  return rows;
}

const forms = {
  json: { type: /^application\/json/, names: (text) => JSON.parse(text).metrics.flatMap((m) => m.samples.map((s) => [s.name, s.labels.service])) },
  csv: { type: /^text\/csv/, names: (text) => parseCsv(text).slice(1).map((row) => [row[1], row[3] || undefined]) },
  prometheus: { type: /^text\/plain; version=0\.0\.4/ },
  openmetrics: { type: /^application\/openmetrics-text; version=1\.0\.0/ },
};
forms.prometheus.names = forms.openmetrics.names = (text) =>
  text.split('\n').filter((line) => line && line[0] !== '#').map((line) => [line.match(/^\w+/)[0], line.match(/[{,]service="((?:\\.|[^"\\])*)"/)?.[1]]);

scope.test('metrics have four forms and three filters, in every combination and at every path', async () => {
  const fusebox = await watching();
  const paths = { '/metrics': 'prometheus', '/monitoring/metrics': 'prometheus', [`${monitoring}/metrics`]: 'json' };
  const get = async (where, accept) => {
    const answer = await fetch(fusebox.url + where, { headers: accept ? { accept } : {} });
    assert.equal(answer.status, 200, where);
    return { type: answer.headers.get('content-type'), text: await answer.text() };
  };
  for (const [path, preset] of Object.entries(paths)) {
    assert.match((await get(path)).type, forms[preset].type, path);
    for (const [accept, form] of [['application/json', 'json'], ['text/csv', 'csv'], ['text/plain', 'prometheus'],
      ['application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'openmetrics']])
      assert.match((await get(path, accept)).type, forms[form].type, `${path} ${accept}`);
    for (const form of Object.keys(forms))
      for (const name of ['', 'fusebox_calls_total', 'fusebox_evaluate_duration_seconds', 'no_such_metric'])
        for (const service of ['', 'orders', 'no-such-service'])
          for (const since of ['', '2020-01-01T00:00:00Z', '4000000000']) {
            const query = new URLSearchParams(Object.entries({ format: form, name, service, since }).filter(([, value]) => value));
            const { type, text } = await get(`${path}?${query}`);
            assert.match(type, forms[form].type);
            if (form === 'openmetrics') assert.ok(text.endsWith('# EOF\n'));
            const found = forms[form].names(text);
            if (name) assert.ok(found.every(([n]) => n.replace(/_(bucket|sum|count)$/, '') === name || n === name), `${query}`);
            if (service) assert.ok(found.every(([, s]) => s === service), `${query}`);
            const expectsSome = name !== 'no_such_metric' && service !== 'no-such-service' && since !== '4000000000' &&
              !(service && name === 'fusebox_evaluate_duration_seconds');
            assert.equal(found.length > 0, expectsSome, `${path}?${query}: ${found.length}`);
          }
  }
  for (const [query, field] of [['format=xml', 'format'], ['since=yesterday', 'since']]) {
    const answer = await fetch(`${fusebox.url}/metrics?${query}`);
    assert.equal(answer.status, 400);
    assert.equal((await answer.json()).error.field, field);
  }
});

scope.test('every view can be taken away as a file', async () => {
  const fusebox = await watching();
  const file = async (where) => {
    const answer = await fetch(fusebox.url + where);
    assert.equal(answer.status, 200, where);
    return { name: answer.headers.get('content-disposition').match(/^attachment; filename="([\w.-]+)"$/)[1], text: await answer.text() };
  };
  const overview = await file(`${monitoring}/dashboard/overview/export`);
  assert.match(overview.name, /^fusebox-overview-\d{8}T\d{6}Z\.json$/);
  assert.equal(JSON.parse(overview.text).services.length, 3);
  const table = await file(`${monitoring}/dashboard/overview/export?format=csv`);
  assert.match(table.name, /\.csv$/);
  const rows = parseCsv(table.text);
  assert.equal(rows.length, 4);
  assert.deepEqual(rows.slice(1).map((row) => row[0]).sort(), (await fusebox.overview()).services.map((s) => s.service).sort());
  const service = (query) => file(`${monitoring}/dashboard/service/${encodeURIComponent(hostile)}/export${query}`);
  const page = await service('?period=5m');
  assert.match(page.name, /^fusebox-_img_src_x_onerror_alert_1__-\d{8}T\d{6}Z\.json$/);
  assert.equal(JSON.parse(page.text).service, hostile);
  const history = await until('a closed step with calls', async () => {
    const rows = parseCsv((await service('?format=csv&period=5m')).text);
    return rows.slice(1).some((row) => row[1] !== '') && rows;
  });
  assert.deepEqual(history[0], ['timestamp', 'calls_per_s', 'errors_per_s', 'retries_per_s', 'retries_denied_per_s', 'retry_limit_per_s', 'utilization_percent',
    'success_ratio', 'attempt_success_ratio', 'first_attempt_success_ratio', 'latency_p50_s', 'latency_p95_s', 'latency_p99_s']);
  assert.ok(history.length > 30);
  const edges = parseCsv((await file(`${monitoring}/dashboard/dependency-map/export?format=csv`)).text);
  assert.deepEqual(edges[0].slice(0, 2), ['caller', 'service']);
  const map = await file(`${monitoring}/dashboard/dependency-map/export`);
  assert.match(map.name, /^fusebox-dependency-map-\d{8}T\d{6}Z\.json$/);
  assert.equal(JSON.parse(map.text).edges.length, edges.length - 1);
  for (const query of ['?format=prometheus', '?format=pdf'])
    assert.equal((await fetch(`${fusebox.url}${monitoring}/dashboard/overview/export${query}`)).status, 400);
  assert.equal((await fetch(`${fusebox.url}${monitoring}/dashboard/service/orders/export?period=1s`)).status, 400);
});

scope.test('the gateway documents and the summaries tell what the view tells', async () => {
  const fusebox = await watching();
  const dashboard = await fusebox.json('/monitoring/health/dashboard');
  assert.equal(dashboard.gateway.name, 'fusebox');
  assert.ok(dashboard.gateway.requests.total > 0);
  assert.match(dashboard.gateway.uptime, /^(\d+[dhms] ?)+$/);
  assert.deepEqual(Object.keys(dashboard.services).sort(), (await fusebox.overview()).services.map((s) => s.service).sort());
  assert.equal(dashboard.services[hostile].circuit_breaker, 'OPEN');
  assert.equal(dashboard.services.orders.error_rate, '0.0%');
  assert.equal(dashboard.services.orders.response_time, null);
  assert.ok(dashboard.alerts.some((alert) => alert.service === hostile && alert.message));
  const { circuit_breakers: breakers } = await fusebox.json('/monitoring/circuit-breakers');
  assert.equal(breakers.length, 2);
  assert.deepEqual((await fusebox.json('/monitoring/circuit-breakers?service=orders')).circuit_breakers.map((b) => b.state), ['CLOSED']);
  assert.equal((await fetch(`${fusebox.url}/monitoring/circuit-breakers?service=none`)).status, 404);
  const status = await fusebox.json('/status');
  assert.equal(status.status, 'running');
  assert.equal(status.breakers.open, 1);
  assert.ok(status.active_alerts.total >= 1 && status.metrics.series > 0);
  const performance = await fusebox.json('/performance?service=orders');
  assert.equal(performance.services.length, 1);
  assert.ok(performance.services[0].throughput_per_s > 0 && performance.fusebox.response_time.mean_ms > 0);
  assert.equal(performance.services[0].response_time.p99_ms, null);
});

scope.test('a service of the configured name is the gateway', async () => {
  const target = await TextTarget.start(scope, (req, res) =>
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(exposition([{ name: 'edge', calls: 7, errors: 0, retries: 0 }])));
  const config = scrapeConfig({ haproxy: [target.address] }, { more: 'monitoring:\n  gateway: edge\n' });
  const fusebox = await new Fusebox(scope, { config }).start();
  await until('the gateway is known', async () => (await fusebox.json('/monitoring/health/dashboard')).gateway.name === 'edge');
  const { gateway, services } = await fusebox.json('/monitoring/health/dashboard');
  assert.equal(gateway.version, null);
  assert.ok(!('edge' in services));
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
  await until('ten events', () => stream.events.length >= 10);
  await stream.stop();
  const seqs = stream.events.map((event) => JSON.parse(event.data).seq);
  assert.equal(stream.events[0].name, 'snapshot');
  assert.equal(JSON.parse(stream.events[0].data).services.length, 3);
  assert.ok(stream.events.slice(1).every((event) => event.name === 'update'));
  for (let i = 2; i < seqs.length; i++) assert.equal(seqs[i], seqs[i - 1] + 1);
  const times = stream.events.map((event) => event.at);
  assert.ok(times.at(-1) - times[1] > 90 * (times.length - 2) - 200, 'at most ten frames a second');
});
