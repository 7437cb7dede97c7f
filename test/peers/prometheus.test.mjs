// Debian's Prometheus beside Fusebox: it scrapes our /metrics, and we scrape its.
//
//   FUSEBOX=build/fusebox node --test test/peers/prometheus.test.mjs
import assert from 'node:assert/strict';
import { Backend, TextTarget, drive } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { HAProxy } from './support/haproxy.mjs';
import { Prometheus, promtoolCheck } from './support/prometheus.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('prometheus');

const job = (name, address) =>
  `  - {job_name: ${name}, honor_labels: true, static_configs: [{targets: ['${address}']}]}\n`;
const prometheusConfig = (...jobs) =>
  `global: {scrape_interval: 500ms, scrape_timeout: 500ms}\nscrape_configs:\n${jobs.join('')}`;

// The samples of an exposition: [{name, labels, value}].
function samplesOf(text) {
  return text.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => {
    const [, name, inner = '', value] = line.match(/^([\w:]+)(?:\{(.*)\})? (\S+)$/);
    const labels = Object.fromEntries([...inner.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, escaped]) =>
      [key, escaped.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c))]));
    return { name, labels, value: numberOf(value) };
  });
}

const numberOf = (text) => ({ '+Inf': Infinity, '-Inf': -Infinity }[text] ?? Number(text));

// One that is not retried, one with a name that is hard to write, one that is down.
async function startScene() {
  const backend = await Backend.start(scope);
  backend.answer = (n) => (n % 5 === 1 ? 503 : 200);
  const dead = await Backend.start(scope);
  await dead.stop();
  const haproxy = await new HAProxy(scope, {
    shop: { servers: { a: backend.port, b: backend.port }, lines: ['retry-on 503', 'option redispatch 1'] },
    down: { servers: { c: dead.port } },
  }).start();
  const hard = await TextTarget.start(scope, String.raw`haproxy_backend_http_requests_total{proxy="a \"b\"\\\n{ü}"} 5
haproxy_server_status{proxy="a \"b\"\\\n{ü}",server="s",state="UP"} 1
`);
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ haproxy: [haproxy.exporter], hard: [hard.address] }) }).start();
  await fusebox.settle();
  await drive(haproxy.port, 200, { path: '/shop' });
  await fusebox.settle(2);
  return fusebox;
}

scope.test('/metrics is clean, and Prometheus stores what it says', async (t) => {
  const fusebox = await startScene();
  const body = await fusebox.text('/metrics');
  assert.deepEqual(promtoolCheck(body), { status: 0, output: '' });
  const accepted = await fetch(`${fusebox.url}/api/v1/retry-monitoring/metrics`, { headers: { accept: 'text/plain' } });
  assert.match(accepted.headers.get('content-type'), /^text\/plain/);
  assert.deepEqual(promtoolCheck(await accepted.text()), { status: 0, output: '' });

  const frozen = await TextTarget.start(scope, body);
  const prometheus = await new Prometheus(scope).start(prometheusConfig(job('frozen', frozen.address), job('live', `127.0.0.1:${fusebox.port}`)));
  await until('both scraped', async () => (await prometheus.query('count(up == 1) == 2')).length);
  const stored = await prometheus.query(`{instance="${frozen.address}"}`);
  // A label without a value is none.
  const key = (name, labels) => JSON.stringify([name, ...Object.entries(labels).filter(([, value]) => value).sort()]);
  const values = new Map(stored.map(({ metric: { __name__: name, ...labels }, value }) => [key(name, labels), numberOf(value[1])]));
  const samples = samplesOf(body);
  for (const { name, labels, value } of samples) {
    const all = { job: 'frozen', instance: frozen.address, ...labels };
    assert.ok(Object.is(values.get(key(name, all)), value), `${name} ${JSON.stringify(labels)}: ${value}, but ${values.get(key(name, all))} is stored`);
  }
  const [{ value: [, scraped] }] = await prometheus.query(`scrape_samples_scraped{job="frozen"}`);
  assert.equal(Number(scraped), samples.length);
  for (const service of ['shop', 'down', 'a "b"\\\n{ü}'])
    assert.ok(samples.some(({ labels }) => labels.service === service), `nothing about ${service}`);
  t.diagnostic(`${samples.length} samples`);
});

scope.test('a large real exposition is read as Prometheus reads it', async (t) => {
  const source = await new Prometheus(scope).start(prometheusConfig());
  const body = await (await fetch(`http://${source.address}/metrics`)).text();
  const frozen = await TextTarget.start(scope, body);
  const other = await new Prometheus(scope).start(prometheusConfig(job('frozen', frozen.address)));
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ frozen: [frozen.address], live: [source.address] }) }).start();
  await fusebox.settle(2);
  const [mine, live] = await fusebox.targets();
  assert.deepEqual([mine.up, mine.error, live.up, live.error], [true, null, true, null]);
  const [{ value: [, scraped] }] = await until('scraped', async () => {
    const found = await other.query('scrape_samples_scraped{job="frozen"} > 0');
    return found.length && found;
  });
  assert.equal(mine.samples, Number(scraped));
  assert.ok(Number(scraped) > 250, `only ${scraped} samples`);
  t.diagnostic(`${scraped} samples`);
});
