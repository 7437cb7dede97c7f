// What Grafana's Prometheus data source asks, in its order and with its headers, of the daemon and of Debian's Prometheus: each
// answer has the same status and the same keys, and where both can know the same, the same values.
//
//   FUSEBOX=build/fusebox node --test test/peers/grafana.test.mjs
import assert from 'node:assert/strict';
import zlib from 'node:zlib';
import http from 'node:http';
import { TextTarget } from './support/backend.mjs';
import { Fusebox } from './support/fusebox.mjs';
import { Prometheus } from './support/prometheus.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('grafana');
const HEADERS = {
  'user-agent': 'Grafana/11.2.0', 'accept-encoding': 'gzip', 'x-grafana-org-id': '1', 'x-query-tags': 'Source=grafana',
  'x-datasource-uid': 'fusebox', 'x-dashboard-uid': 'abc', 'x-panel-id': '4', 'x-forwarded-for': '127.0.0.1',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
};

// Counters with exemplars, a gauge and a histogram that never change: both have the same values whenever they ask.
const exposition = (atS) => `# TYPE shop_calls counter
# HELP shop_calls Calls.
shop_calls_total{code="200",path="/a"} 50 # {trace_id="one"} 0.25 ${atS - 30}.5
shop_calls_total{code="500",path="/a"} 2 # {trace_id="two",span="ü"} 7 ${atS - 20}
# TYPE shop_load gauge
shop_load 0.5
# TYPE shop_seconds histogram
# UNIT shop_seconds seconds
shop_seconds_bucket{le="0.1"} 3 # {trace_id="three"} 0.05 ${atS - 10}
shop_seconds_bucket{le="+Inf"} 4
shop_seconds_sum 1.5
shop_seconds_count 4
# EOF
`;

async function startBoth() {
  const atS = Math.floor(Date.now() / 1000);
  const target = await TextTarget.start(scope, (req, res) =>
    res.writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' }).end(exposition(atS)));
  const config = `global: {scrape_interval: 1s, scrape_timeout: 1s}
scrape_configs: [{job_name: shop, static_configs: [{targets: ['${target.address}'], labels: {env: test}}]}]
`;
  const fusebox = await new Fusebox(scope, { config }).start();
  const prometheus = await new Prometheus(scope).start(config, ['--enable-feature=exemplar-storage']);
  const both = [fusebox.port, prometheus.port];
  for (const port of both)
    await until('samples', async () => (await ask(port, 'GET', 'query', { query: 'shop_load' })).body.data.result.length === 1);
  return { both, atS };
}

// As Go's client does it: on a connection of its own, gzip asked for and unpacked.
function ask(port, method, what, params = {}, headers = HEADERS) {
  const text = new URLSearchParams(Object.entries(params).flatMap(([key, value]) => [value].flat().map((one) => [key, String(one)]))).toString();
  const isForm = method === 'POST';
  const path = `/api/v1/${what}${!isForm && text ? `?${text}` : ''}`;
  return new Promise((done, failed) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers: isForm ? { ...headers, 'content-type': 'application/x-www-form-urlencoded' } : headers }, (res) => {
      const pieces = [];
      res.on('data', (piece) => pieces.push(piece));
      res.on('end', () => {
        const raw = Buffer.concat(pieces), encoding = res.headers['content-encoding'];
        const body = encoding === 'gzip' && raw.length ? zlib.gunzipSync(raw) : raw;
        done({ status: res.statusCode, headers: res.headers, encoding, bytes: raw.length, body: body.length && /json/.test(res.headers['content-type']) ? JSON.parse(body) : String(body) });
      });
    });
    request.on('error', failed);
    request.end(isForm ? text : undefined);
  });
}

// What a reader of the document relies on: keys, and kinds of values. Items of a list are one kind, or several.
function shape(value) {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shape(item))))].sort();
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).sort().map(([key, item]) => [key, shape(item)]));
  return value === null ? 'null' : typeof value;
}

// Both answers of a question, POST (where Grafana does) and GET; `look` says what of them has to be equal.
async function compare(both, methods, what, params, look = ({ body }) => body) {
  let ours;
  for (const method of methods) {
    const answers = await Promise.all(both.map((port) => ask(port, method, what, params)));
    const words = `${method} ${what} ${JSON.stringify(params)}`;
    assert.equal(answers[0].status, answers[1].status, `${words}: ${JSON.stringify(answers[0].body)}`);
    assert.equal(answers[0].headers['content-type'], answers[1].headers['content-type'], words);
    assert.deepEqual(look(answers[0]), look(answers[1]), words);
    ours = answers[0];
  }
  return ours;
}

const EITHER = ['POST', 'GET'], READ = ['GET'];
const sorted = ({ body }) => ({ ...body, data: [...body.data].sort() });
const ours = (list) => list.filter((item) => !/^fusebox|^process_|^scrape_|^shop_calls_created/.test(item));
const byKind = ({ body }) => shape(body);

const parts = [];
const part = (name, run) => parts.push([name, run]);

part('"Save & test": a query at the beginning of time, then the version', async ({ both }) => {
  await compare(both, EITHER, 'query', { query: '1+1', time: 4 });
  const info = (await ask(both[0], 'GET', 'status/buildinfo')).body.data, theirs = (await ask(both[1], 'GET', 'status/buildinfo')).body.data;
  for (const key of Object.keys(theirs)) assert.equal(typeof info[key], typeof theirs[key], key);
  assert.ok(!('features' in info), 'else it would be taken for Mimir');
  assert.match(info.version, /^2\.\d+\.\d+$/);
  await compare(both, EITHER, 'query_exemplars', { query: 'test', start: Date.now() - 1000, end: Date.now() });
});

part('label browser, variables and metrics explorer', async ({ both, atS }) => {
  const start = atS - 3600.5, end = atS + 3600;
  const selectors = { 'match[]': ['shop_load', '{__name__=~"shop_calls.*",code!=""}'], start, end };
  await compare(both, EITHER, 'labels', selectors, sorted);
  await compare(both, EITHER, 'series', selectors, ({ body }) => body.data.map((s) => JSON.stringify(Object.entries(s).sort())).sort());
  for (const name of ['code', 'job', 'nothing', 'U__foo_2e_bar']) await compare(both, READ, `label/${name}/values`, { start, end, 'match[]': '{env="test"}' });
  await compare(both, READ, 'label/__name__/values', { start, end }, ({ body }) => ours(body.data).filter((name) => name.startsWith('shop') || name === 'up'));
  await compare(both, READ, 'label/__name__/values', { start: new Date(start * 1000).toISOString(), end: new Date(end * 1000).toISOString(), 'match[]': 'shop_load' });
  await compare(both, EITHER, 'series', { 'match[]': '{__name__!=""}', start, end, limit: 40000 }, ({ status }) => status);
  await compare(both, READ, 'metadata', {}, ({ body }) => Object.entries(body.data).sort());
  await compare(both, READ, 'metadata', { metric: 'shop_seconds' });
  await compare(both, READ, 'metadata', { limit: 1 }, ({ body }) => Object.keys(body.data).length);
  for (const params of [{}, { state: 'active' }, { state: 'dropped' }, { state: 'any', scrapePool: 'shop' }]) await compare(both, READ, 'targets', params, byKind);
  for (const wrong of [{ 'match[]': 'shop_load{' }, { 'match[]': '{}' }, { start: 'x', 'match[]': 'shop_load' }, {}]) await compare(both, EITHER, 'series', wrong, ({ body }) => body.errorType);
  const one = await ask(both[0], 'GET', 'targets', { scrapePool: 'nope' });
  assert.deepEqual(one.body.data.activeTargets, []);
});

part('a list that is cut short says so', async ({ both }) => {
  for (const [what, params] of [['labels', {}], ['label/__name__/values', {}], ['series', { 'match[]': '{__name__=~"shop.+"}' }]]) {
    const { body } = await ask(both[0], 'GET', what, { ...params, limit: 2 });
    assert.equal(body.data.length, 2);
    assert.deepEqual(body.warnings, ['results truncated due to limit'], what);
    assert.ok(!('warnings' in (await ask(both[0], 'GET', what, { ...params, limit: 100000 })).body), what);
  }
});

part('Explore, panels and annotations', async ({ both }) => {
  const at = Math.ceil(Date.now() / 1000);
  for (const port of both) await until('a sample behind it', async () => (await ask(port, 'GET', 'query', { query: 'timestamp(shop_load)' })).body.data.result[0].value[1] > at);
  const times = [at, `${at}.000`, `${at}.0625`, new Date(at * 1000).toISOString(), new Date(at * 1000).toISOString().replace('Z', '+00:00'), `${at}e0`];
  for (const time of times)
    for (const query of ['shop_load', 'sum by (code) (shop_calls_total)', 'histogram_quantile(0.5, shop_seconds_bucket)', 'shop_load > 1', 'NaN', '"x"', '1/0', 'topk(1, shop_calls_total)'])
      await compare(both, EITHER, 'query', { query, time, timeout: '30s' });
  await compare(both, EITHER, 'query', { query: 'shop_load' }, byKind);
  await compare(both, EITHER, 'query', { query: 'shop_load[1m]', time: at }, byKind);
  const range = { start: (at - 30).toFixed(3), end: `${at}.000` };
  for (const step of ['15.000', '15', '0.5', '15s', '1m', '60'])
    for (const query of ['shop_load', 'sum(shop_calls_total) or vector(0)', '1', 'absent(nothing)', 'nothing'])
      await compare(both, EITHER, 'query_range', { query, ...range, step }, byKind);
  await compare(both, EITHER, 'query_range', { query: 'vector(3) * shop_load', start: at, end: at, step: 15 });
  for (const wrong of [{ query: 'shop_load[', time: at }, { query: 'rate(shop_load)', time: at }, { query: 'shop_load', time: 'now' }, { time: at }, { query: 'shop_load', time: at, timeout: 'soon' }, { query: 'shop_load', time: at, timeout: 0 }])
    await compare(both, EITHER, 'query', wrong, ({ body }) => ({ ...body, error: body.error.length > 0 }));
  for (const wrong of [{ query: 'shop_load', ...range, step: 0 }, { query: 'shop_load', start: at, end: at - 1, step: 1 }, { query: 'shop_load', start: 0, end: at, step: 1 }, { query: '"x"', ...range, step: 1 }])
    await compare(both, EITHER, 'query_range', wrong, ({ body }) => ({ ...body, error: body.error.length > 0 }));
  await compare(both, EITHER, 'format_query', { query: 'sum(shop_load)by(x)' });
});

part('exemplars beside a graph', async ({ both, atS }) => {
  const range = { start: atS - 3600, end: atS + 60 };
  const queries = ['shop_calls_total', 'rate(shop_calls_total{code="500"}[5m])', 'histogram_quantile(0.9, sum by (le) (rate(shop_seconds_bucket[1m]))) + shop_load',
    'shop_calls_total or shop_calls_total', 'nothing', '1', '"x"', 'vector(1) + scalar(vector(2))', 'shop_calls_total{code=~"5.."}[5m] offset 1h', '-max_over_time((topk(1, shop_calls_total))[5m:1m])'];
  for (const query of queries) await compare(both, EITHER, 'query_exemplars', { query, ...range });
  assert.equal((await ask(both[0], 'GET', 'query_exemplars', { query: 'shop_calls_total', ...range })).body.data.length, 2);
  await compare(both, EITHER, 'query_exemplars', { query: 'shop_calls_total', start: atS - 25, end: atS });
  await compare(both, EITHER, 'query_exemplars', { query: 'shop_calls_total' });
  for (const wrong of [{ query: 'shop(' }, {}, { query: 'up', start: 'x' }, { query: 'up', start: 5, end: 4 }])
    await compare(both, EITHER, 'query_exemplars', wrong, ({ body }) => ({ ...body, error: body.error.length > 0 }));
});

part('rules, alerts and status', async ({ both }) => {
  for (const [what, params] of [['rules', {}], ['rules', { type: 'alert' }], ['rules', { type: 'record' }], ['alerts', {}]]) await compare(both, READ, what, params);
  await compare(both, READ, 'rules', { type: 'other' }, ({ body }) => body.errorType);
  for (const what of ['status/config', 'status/runtimeinfo']) await compare(both, READ, what, {}, byKind);
  assert.deepEqual(shape((await ask(both[0], 'GET', 'status/tsdb')).body), shape((await ask(both[1], 'GET', 'status/tsdb')).body));
  for (const [key, value] of Object.entries((await ask(both[0], 'GET', 'status/flags')).body.data)) assert.equal(typeof value, 'string', key);
});

part('answers are compressed as the client likes it', async ({ both: [port] }) => {
  const get = (encoding, query = 'label/__name__/values') => ask(port, 'GET', query, {}, encoding === undefined ? {} : { 'accept-encoding': encoding });
  const plain = await get(undefined);
  assert.ok(plain.bytes > 1024);
  for (const encoding of ['gzip', 'deflate, gzip;q=1.0, *;q=0.5', 'gzip;q=0.001', '*', 'x-gzip']) {
    const answer = await get(encoding);
    assert.equal(answer.encoding, 'gzip', encoding);
    assert.ok(answer.bytes < plain.bytes / 2, `${answer.bytes} of ${plain.bytes}`);
    assert.deepEqual(answer.body, plain.body);
    assert.match(answer.headers.vary, /accept-encoding/i);
  }
  for (const encoding of ['', 'identity', 'gzip;q=0', 'gzip;q=0, *', 'br', '*;q=0']) {
    const answer = await get(encoding);
    assert.equal(answer.encoding, undefined, encoding);
    assert.match(answer.headers.vary, /accept-encoding/i);
  }
  assert.equal((await get('gzip', 'rules')).encoding, undefined, 'a small answer stays as it is');
});

scope.test('all that Grafana asks', async (t) => {
  const world = await startBoth();
  for (const [name, run] of parts) await t.test(name, () => run(world));
});

scope.test('the configuration that is shown follows a reload, and never has a secret', async () => {
  const fusebox = await new Fusebox(scope, {
    config: 'scrape_configs: [{job_name: a, basic_auth: {username: me, password: HUSH-1}}, {job_name: b, authorization: {credentials: HUSH-2}}]\n',
    args: ['--set', 'http.basic_user=me', '--set', 'http.basic_password=HUSH-3'],
  }).start();
  const shown = async () => (await fusebox.json('/api/v1/status/config')).data.yaml;
  assert.equal((await shown()).match(/<secret>/g).length, 3);
  fusebox.configure('promql: {range_selectors: left-open}\nscrape_configs: [{job_name: c, bearer_token: HUSH-4, proxy_url: "http://u:HUSH-5@localhost:1"}]\n');
  assert.equal((await fetch(`${fusebox.url}/-/reload`, { method: 'POST' })).status, 200);
  const text = await shown();
  assert.match(text, /range_selectors: left-open\n/);
  assert.match(text, /job_name: c\n/);
  assert.ok(!text.includes('HUSH') && !text.includes('job_name: a'), text);
});
