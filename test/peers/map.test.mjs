// The dependency map of a real daemon: edges that a scraped source tells, and edges that the configuration declares.
import assert from 'node:assert/strict';
import { TextTarget } from './support/backend.mjs';
import { EventStream, Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('map');
const path = '/api/v1/retry-monitoring/dashboard/dependency-map';

const declared = (text) => `services:\n  - {name: shop, dependencies: [${text}]}\n`;

// A proxy with one backend that is called all the time.
async function proxied(dependencies) {
  let calls = 0;
  const target = await TextTarget.start(scope, (req, res) => {
    calls += 50;
    const lines = ['# TYPE haproxy_backend_http_requests_total counter', `haproxy_backend_http_requests_total{proxy="orders"} ${calls}`,
      '# TYPE haproxy_server_status gauge', 'haproxy_server_status{proxy="orders",server="one",state="UP"} 1'];
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${lines.join('\n')}\n`);
  });
  const config = (text) => scrapeConfig({ haproxy: [target.address] }, { more: declared(text) });
  const fusebox = await new Fusebox(scope, { config: config(dependencies) }).start();
  return { fusebox, redeclare: (text) => fusebox.configure(config(text)) };
}

const edgesOf = (doc) => doc.edges.map((e) => `${e.caller} > ${e.service}`);

scope.test('a proxy is the caller of its backends, with figures', async () => {
  const { fusebox } = await proxied('orders, bank');
  const edge = await until('calls on the edge', async () =>
    (await fusebox.json(path)).edges.find((e) => e.caller === 'haproxy' && e.service === 'orders' && e.calls_per_s > 10));
  assert.equal(edge.declared, false);
  assert.equal(edge.evidence, 'ok');
  const doc = await fusebox.json(path);
  assert.deepEqual(edgesOf(doc), ['haproxy > orders', 'shop > bank', 'shop > orders']);
  assert.deepEqual(doc.nodes.map((n) => [n.service, n.known]), [['bank', false], ['haproxy', false], ['orders', true], ['shop', true]]);
  const bank = doc.edges.find((e) => e.service === 'bank');
  assert.deepEqual([bank.declared, bank.evidence, bank.calls_per_s, bank.attempts_per_call], [true, 'unknown', null, null]);
});

// A source of its own shape, brought in by mapping rows: who calls whom, with retries and errors.
async function chained(factors) {
  const names = ['gateway', 'checkout', 'payments', 'db'];
  const sum = names.map(() => ({ calls: 0, retries: 0, errors: 0 }));
  const target = await TextTarget.start(scope, (req, res) => {
    const lines = [];
    factors.forEach((factor, i) => {
      sum[i].calls += 100;
      sum[i].retries += 100 * (factor - 1);
      sum[i].errors += 5;
    });
    for (const metric of ['calls', 'retries', 'errors']) {
      lines.push(`# TYPE rpc_${metric}_total counter`);
      factors.forEach((_, i) => lines.push(`rpc_${metric}_total{from="${names[i]}",to="${names[i + 1]}"} ${Math.round(sum[i][metric])}`));
    }
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${lines.join('\n')}\n`);
  });
  const rows = ['calls', 'retries', 'errors'].map((s) => `  - {metric: rpc_${s}_total, signal: ${s}, service_label: to, caller_label: from}`);
  return new Fusebox(scope, { config: scrapeConfig({ rpc: [target.address] }, { more: `mappings:\n${rows.join('\n')}\n` }) }).start();
}

scope.test('a storm along scraped edges leads the overview, with its source', async () => {
  const fusebox = await chained([1.03, 1.44, 1.62]);
  const doc = await until('the storm', async () => {
    const now = await fusebox.json(path);
    return now.storms.length > 0 && now;
  });
  assert.deepEqual(doc.storms[0].path, ['gateway', 'checkout', 'payments', 'db']);
  assert.deepEqual([doc.storms[0].source, doc.storms[0].retried_by], ['db', 'payments']);
  assert.ok(Math.abs(doc.storms[0].amplification - 1.03 * 1.44 * 1.62) < 0.01, `${doc.storms[0].amplification}`);
  assert.match((await fusebox.overview()).sentence.text, /^Retry storm: one call at gateway becomes 2\.4\d attempts at db$/);
  const text = await fusebox.text('/metrics');
  assert.match(text, /^fusebox_edge_attempts_per_call\{caller="checkout",service="payments"\} 1\.44/m);
  assert.match(text, /^fusebox_retry_amplification\{service="db"\} 2\.4/m);
});

scope.test('without retries there is no storm, however much fails', async () => {
  const fusebox = await chained([1, 1, 1]);
  await until('figures', async () => (await fusebox.json(path)).edges.filter((e) => e.attempts_per_call === 1).length === 3);
  const doc = await fusebox.json(path);
  assert.equal(doc.storms.length, 0);
  assert.equal(doc.sentence.text, 'Retries multiply nowhere');
  assert.doesNotMatch((await fusebox.overview()).sentence.text, /storm/);
});

scope.test('a reload takes over what is declared', async () => {
  const { fusebox, redeclare } = await proxied('bank');
  await until('the declared edge', async () => edgesOf(await fusebox.json(path)).includes('shop > bank'));
  redeclare('stock');
  assert.ok((await fetch(`${fusebox.url}/-/reload`, { method: 'POST' })).ok);
  await until('another edge in its place', async () => {
    const edges = edgesOf(await fusebox.json(path));
    return edges.includes('shop > stock') && !edges.includes('shop > bank');
  });
});

scope.test('the stream begins with the map and goes on with it, in unbroken numbers', async () => {
  const { fusebox } = await proxied('bank');
  const stream = new EventStream(scope, `${fusebox.url}${path}/subscribe`);
  await until('a snapshot and whole updates', () =>
    stream.events.filter((e) => e.name === 'update' && JSON.parse(e.data).nodes).length >= 2);
  const [first, ...rest] = stream.events;
  assert.equal(first.name, 'snapshot');
  assert.ok(JSON.parse(first.data).nodes.some((n) => n.service === 'bank'));
  const seqs = rest.map((event) => JSON.parse(event.data).seq);
  for (let i = 1; i < seqs.length; i++) assert.equal(seqs[i], seqs[i - 1] + 1);
});
