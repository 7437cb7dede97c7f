// One stream for many views, of the real daemon.
import assert from 'node:assert/strict';
import { TextTarget } from './support/backend.mjs';
import { EventStream, Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('streams');
const path = '/api/v1/retry-monitoring/dashboard/subscribe';
const ODD = 'a/b c?<i>%2F';
const MANY = 16;

const subscribed = (...views) => `${path}?${views.map((view) => `view=${encodeURIComponent(view)}`).join('&')}`;
const viewOf = (name) => `service/${encodeURIComponent(name)}`;

// Services that are called all the time.
async function watching(names) {
  let calls = 0;
  const target = await TextTarget.start(scope, (req, res) => {
    calls += 50;
    const lines = ['# TYPE haproxy_backend_http_requests_total counter', ...names.map((name) => `haproxy_backend_http_requests_total{proxy="${name}"} ${calls}`),
      '# TYPE haproxy_server_status gauge', ...names.map((name) => `haproxy_server_status{proxy="${name}",server="one",state="UP"} 1`)];
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${lines.join('\n')}\n`);
  });
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ haproxy: [target.address] }) }).start();
  await until('the services', async () =>
    names.length === (await fusebox.overview()).services.filter((row) => row.source === 'haproxy' && row.calls_per_s > 10).length);
  return fusebox;
}

const dataOf = (stream, name) => stream.events.filter((event) => event.name === name).map((event) => JSON.parse(event.data));

scope.test('each view begins with a snapshot, and goes on without a gap in its numbers', async () => {
  const fusebox = await watching(['orders', ODD]);
  const views = ['overview', viewOf('orders'), 'dependency-map', viewOf(ODD)];
  const stream = new EventStream(scope, fusebox.url + subscribed(...views, 'overview'));
  await until('ten updates of each', () =>
    views.every((view) => dataOf(stream, 'update').filter((data) => data.view === view).length >= 10));
  assert.deepEqual(dataOf(stream, 'snapshot').map((doc) => doc.view), views, 'a view that is asked for twice has one snapshot');
  for (const view of views) {
    const seqs = [...dataOf(stream, 'snapshot'), ...dataOf(stream, 'update')].filter((data) => data.view === view).map((data) => data.seq);
    assert.deepEqual(seqs, seqs.map((_, i) => seqs[0] + i), view);
  }
  assert.ok(dataOf(stream, 'update').some((data) => data.view === viewOf(ODD) && data.service === ODD && data.history));
  assert.equal(await fusebox.metric('fusebox_http_streams'), 1);
});

scope.test('a view that is not there is refused in words, and the others go on', async () => {
  const fusebox = await watching(['orders']);
  const stream = new EventStream(scope, fusebox.url + subscribed('service/ordres', 'overview', 'nonsense', 'service/%ZZ'));
  await until('an update', () => dataOf(stream, 'update').length > 0);
  assert.deepEqual(dataOf(stream, 'snapshot').map((doc) => doc.view), ['overview']);
  const [wrong, kind, broken] = dataOf(stream, 'refused');
  assert.deepEqual([wrong.view, wrong.code], ['service/ordres', 'not_found']);
  assert.match(wrong.message, /no service is called "ordres"; did you mean "orders"\?/);
  assert.deepEqual([kind.view, kind.code], ['nonsense', 'not_found']);
  assert.deepEqual([broken.view, broken.code], ['service/%ZZ', 'not_found']);
  await stream.stop();

  const nothing = new EventStream(scope, fusebox.url + subscribed('service/ordres'));
  await until('the refusal', () => dataOf(nothing, 'refused').length === 1);
  await until('one stream, which stays open for what may come', async () => (await fusebox.metric('fusebox_http_streams')) === 1);
  assert.equal(nothing.error, undefined);
});

scope.test('one to sixteen views, and sixteen of them at once', async () => {
  const names = Array.from({ length: MANY + 1 }, (_, i) => `service-${i}`);
  const fusebox = await watching(names);
  for (const views of [[], names.map(viewOf)]) {
    const answer = await fetch(fusebox.url + subscribed(...views));
    assert.equal(answer.status, 400);
    const { error } = await answer.json();
    assert.deepEqual([error.code, error.field], ['invalid', 'view']);
  }
  const stream = new EventStream(scope, fusebox.url + subscribed(...names.slice(0, MANY).map(viewOf)));
  await until('an update of each', () => new Set(dataOf(stream, 'update').map((data) => data.view)).size === MANY);
  const end = await fusebox.stop();
  assert.equal(end.code, 0);
  await stream.ended;
  assert.equal(stream.events.at(-1).name, 'bye');
});
