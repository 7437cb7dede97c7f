// Services that are defined through the API: what they answer, what survives, and who may say what.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { TextTarget } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Scope, pause, until } from './support/scope.mjs';

const scope = new Scope('services');
const services = '/api/v1/retry-monitoring/services';

async function ask(fusebox, method, where, body, headers = {}) {
  const answer = await fetch(fusebox.url + where, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, etag: answer.headers.get('etag'), location: answer.headers.get('location'), body: await answer.json() };
}

const at = (name) => `${services}/${encodeURIComponent(name)}`;

const registration = {
  serviceName: 'user-service',
  circuitBreakerName: 'user-service-circuit',
  maxRetriesPerMinute: 100,
  maxRetriesPerHour: 2000,
  warningThresholdPercent: 70,
  criticalThresholdPercent: 85,
  sloTargets: { availability: 99.9, latency: 300, errorRate: 0.05 },
  dependencies: ['database-service', 'cache-service'],
  team: 'backend-team',
  environment: 'production',
};

scope.test('a whole registration is created, read, replaced and deleted', async () => {
  const fusebox = await new Fusebox(scope).start();
  const created = await ask(fusebox, 'POST', services, registration);
  assert.equal(created.status, 201);
  assert.equal(created.location, at('user-service'));
  assert.equal(created.etag, '"r1"');
  assert.equal(created.body.origin, 'api');
  assert.deepEqual(created.body.definition.slo_targets, { availability: 99.9, latency: 300, error_rate: 0.05 });
  assert.equal(created.body.definition.name, 'user-service');
  assert.ok(Math.abs(Date.parse(created.body.created) - Date.now()) < 60000);

  const read = await ask(fusebox, 'GET', created.location);
  assert.equal(read.status, 200);
  assert.equal(read.body.service, 'user-service');
  assert.equal(read.body.team, 'backend-team');
  assert.equal(read.body.revision, 1);
  assert.deepEqual(read.body.definition, created.body.definition);
  assert.match(read.etag, /^(W\/)?"[0-9a-f]+-[0-9a-f]+-\d+-r1"$/);
  assert.ok((await fusebox.row('user-service')), 'the overview has it');

  const again = await ask(fusebox, 'POST', services, registration);
  assert.equal(again.status, 409);
  assert.equal(again.body.error.field, 'name');

  const replaced = await ask(fusebox, 'PUT', created.location, { team: 'platform' }, { 'if-match': read.etag });
  assert.equal(replaced.status, 200);
  assert.equal(replaced.etag, '"r2"');
  assert.equal(replaced.body.created, created.body.created);
  const late = await ask(fusebox, 'PUT', created.location, { team: 'late' }, { 'if-match': read.etag });
  assert.equal(late.status, 412);
  assert.equal(late.body.error.code, 'precondition');
  assert.equal((await ask(fusebox, 'GET', created.location)).body.team, 'platform');

  assert.equal((await ask(fusebox, 'DELETE', created.location, undefined, { 'if-match': '"r1"' })).status, 412);
  const deleted = await ask(fusebox, 'DELETE', created.location);
  assert.equal(deleted.status, 200);
  assert.equal(deleted.body.deleted, true);
  assert.equal((await ask(fusebox, 'GET', created.location)).status, 404);
  assert.equal((await ask(fusebox, 'DELETE', created.location)).status, 404);
});

scope.test('PUT creates too, unless a condition says otherwise', async () => {
  const fusebox = await new Fusebox(scope).start();
  const name = 'caf\u00e9/<b> & co';
  assert.equal((await ask(fusebox, 'PUT', at(name), {}, { 'if-match': '*' })).status, 412);
  const created = await ask(fusebox, 'PUT', at(name), {}, { 'if-none-match': '*' });
  assert.equal(created.status, 201);
  assert.equal((await ask(fusebox, 'PUT', at(name), {}, { 'if-none-match': '*' })).status, 412);
  const read = await ask(fusebox, 'GET', created.location);
  assert.equal(read.body.service, name);
  assert.equal(read.body.definition.name, name);
  const same = await fetch(fusebox.url + created.location, { headers: { 'if-none-match': read.etag } });
  assert.ok(same.status === 304 || same.status === 200); // 200 when a newer view is there
});

scope.test('what is wrong is refused with its field and the nearest right one', async () => {
  const fusebox = await new Fusebox(scope).start();
  for (const [method, where, body, status, field, message] of [
    ['POST', services, { name: 'a', maxRetriesPerMinuet: 1 }, 400, 'maxRetriesPerMinuet', /did you mean "max_retries_per_minute"/],
    ['POST', services, { name: 'a', slo_targets: { latncy: 1 } }, 400, 'slo_targets.latncy', /did you mean "latency"/],
    ['POST', services, { team: 'x' }, 400, 'name', /without name/],
    ['POST', services, { name: 'a', warning_threshold_percent: 90 }, 400, 'warning_threshold_percent', /must be below/],
    ['POST', services, '{"name":', 400, null, /./],
    ['POST', services, '[]', 400, null, /must be an object/],
    ['POST', services, '', 400, null, /./],
    ['PUT', at('a'), { name: 'b' }, 400, 'name', /path/],
    ['POST', services, { name: 'a'.repeat(257) }, 400, 'name', /256/],
    ['POST', services, ' '.repeat(70000), 413, null, /./],
  ]) {
    const answer = await ask(fusebox, method, where, body);
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.equal(answer.body.error.field, field, JSON.stringify(answer.body));
    assert.match(answer.body.error.message, message);
  }
  assert.equal((await ask(fusebox, 'GET', at('a'))).status, 404);
});

scope.test('what the file defines is read-only here, and its word counts', async () => {
  const config = 'services:\n  - {name: filed, team: file}\n';
  const fusebox = await new Fusebox(scope, { config }).start();
  for (const [method, where, body] of [['POST', services, { name: 'filed' }], ['PUT', at('filed'), {}], ['DELETE', at('filed')]]) {
    const answer = await ask(fusebox, method, where, body);
    assert.equal(answer.status, 409, method);
    assert.match(answer.body.error.message, /configuration file/);
  }
  assert.equal((await ask(fusebox, 'GET', at('filed'))).body.origin, 'file');

  assert.equal((await ask(fusebox, 'POST', services, { name: 'both', team: 'api' })).status, 201);
  fusebox.configure(`${config}  - {name: both, team: file}\n`);
  assert.equal((await ask(fusebox, 'POST', '/-/reload')).status, 200);
  await until('the file counts', async () => (await ask(fusebox, 'GET', at('both'))).body.team === 'file');
  assert.equal((await ask(fusebox, 'GET', at('both'))).body.origin, 'file');
  assert.equal((await ask(fusebox, 'DELETE', at('both'))).status, 409);
  fusebox.configure(config);
  assert.equal((await ask(fusebox, 'POST', '/-/reload')).status, 200);
  await until('the definition counts again', async () => (await ask(fusebox, 'GET', at('both'))).body.team === 'api');
});

scope.test('definitions follow new defaults of the configuration', async () => {
  const fusebox = await new Fusebox(scope).start();
  await ask(fusebox, 'POST', services, { name: 'orders', max_retries_per_minute: 5 });
  const critical = async () => (await ask(fusebox, 'GET', at('orders'))).body.budget.critical_threshold_percent;
  if ((await critical()) === undefined) return; // the view does not show it
  assert.equal(await critical(), 85);
  fusebox.configure('retry_budget: {critical_threshold_percent: 95}\n');
  await ask(fusebox, 'POST', '/-/reload');
  await until('the new default', async () => (await critical()) === 95);
});

scope.test('everything is there after a restart, and after kill -9 right behind the answer', async () => {
  const first = await new Fusebox(scope).start();
  assert.equal((await ask(first, 'POST', services, registration)).status, 201);
  assert.equal((await ask(first, 'POST', services, { name: 'gone' })).status, 201);
  assert.equal((await ask(first, 'DELETE', at('gone'))).status, 200);
  await first.stop();

  let fusebox = await new Fusebox(scope, { data: first.data }).start();
  const read = await ask(fusebox, 'GET', at('user-service'));
  assert.equal(read.body.revision, 1);
  assert.equal(read.body.definition.team, 'backend-team');
  assert.equal((await ask(fusebox, 'GET', at('gone'))).status, 404);

  for (let life = 0; life < 5; life++) {
    assert.equal((await ask(fusebox, 'PUT', at(`life-${life}`), { team: `team ${life}` })).status, 201);
    assert.equal((await ask(fusebox, 'PUT', at('changed'), { team: `team ${life}` })).status, life ? 200 : 201);
    await fusebox.stop('SIGKILL');
    fusebox = await new Fusebox(scope, { data: first.data }).start();
    for (let before = 0; before <= life; before++)
      assert.equal((await ask(fusebox, 'GET', at(`life-${before}`))).body.definition.team, `team ${before}`);
    assert.equal((await ask(fusebox, 'GET', at('changed'))).body.definition.team, `team ${life}`);
  }
});

scope.test('a discovered service keeps on when its definition goes', async () => {
  let calls = 0;
  const target = await TextTarget.start(scope, (req, res) => {
    calls += 10;
    res.writeHead(200, { 'content-type': 'text/plain' }).end(`# TYPE haproxy_backend_http_requests_total counter
haproxy_backend_http_requests_total{proxy="orders"} ${calls}
# TYPE haproxy_backend_http_responses_total counter
haproxy_backend_http_responses_total{proxy="orders",code="5xx"} 0
# TYPE haproxy_backend_retry_warnings_total counter
haproxy_backend_retry_warnings_total{proxy="orders"} 0
# TYPE haproxy_backend_redispatch_warnings_total counter
haproxy_backend_redispatch_warnings_total{proxy="orders"} 0
# TYPE haproxy_server_status gauge
haproxy_server_status{proxy="orders",server="one",state="UP"} 1
haproxy_server_status{proxy="orders",server="one",state="DOWN"} 0
`);
  });
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ haproxy: [target.address] }) }).start();
  await until('orders is seen', () => fusebox.row('orders'));
  assert.equal((await ask(fusebox, 'GET', at('orders'))).body.origin, 'discovered');
  assert.equal((await ask(fusebox, 'PUT', at('orders'), { team: 'shop' }, { 'if-match': '"r0"' })).status, 201);
  const defined = (await ask(fusebox, 'GET', at('orders'))).body;
  assert.equal(defined.team, 'shop');
  assert.equal(defined.source, 'haproxy');
  assert.equal((await ask(fusebox, 'DELETE', at('orders'))).status, 200);
  const left = (await ask(fusebox, 'GET', at('orders'))).body;
  assert.equal(left.origin, 'discovered');
  assert.equal(left.definition, null);
  assert.ok(!left.team);
});

scope.test('many at once: each is answered, each is there', async () => {
  const fusebox = await new Fusebox(scope).start();
  const names = Array.from({ length: 200 }, (_, i) => `service-${i}`);
  const answers = await Promise.all(names.map((name) => ask(fusebox, 'POST', services, { name })));
  assert.ok(answers.every((a) => a.status === 201), JSON.stringify(answers.find((a) => a.status !== 201)));
  const list = await until('all are shown', async () => {
    const { services: rows } = await fusebox.json(`${services}?limit=1000`);
    return names.every((name) => rows.some((row) => row.service === name));
  });
  assert.ok(list);
  await fusebox.stop('SIGKILL');
  const again = await new Fusebox(scope, { data: fusebox.data }).start();
  const { services: rows } = await again.json(`${services}?limit=1000`);
  assert.ok(names.every((name) => rows.some((row) => row.service === name)));
});

const whyNoStrace = () => {
  const tried = spawnSync('strace', ['-f', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  return tried.error ? 'strace is not installed' : tried.status === 0 ? '' : `strace may not trace here: ${tried.stderr.trim()}`;
};
// What happens to syncs of state.db alone; -D: the daemon stays our child.
const syncing = (data, what) => ['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-P', path.join(data, 'state.db-wal'),
  '-e', 'trace=fdatasync,fsync', '-e', `inject=fdatasync,fsync:${what}`];

scope.test('a slow sync makes the one wait who asked, and neither pages nor the evaluation', async (t) => {
  const why = whyNoStrace();
  if (why) return t.skip(why);
  const slowMs = 1500;
  const fusebox = new Fusebox(scope);
  await fusebox.start(syncing(fusebox.data, `delay_exit=${slowMs * 1000}`));
  const began = Date.now();
  let tookMs = 0;
  const asked = ask(fusebox, 'POST', services, { name: 'orders' }).then((answer) => ((tookMs = Date.now() - began), answer));
  let slowestMs = 0;
  let oldestMs = 0;
  while (!tookMs) {
    const before = Date.now();
    const { now_ms } = await fusebox.overview();
    slowestMs = Math.max(slowestMs, Date.now() - before);
    oldestMs = Math.max(oldestMs, before - now_ms);
    await pause(50);
  }
  assert.equal((await asked).status, 201);
  t.diagnostic(`answered after ${tookMs} ms; slowest page ${slowestMs} ms, oldest view ${oldestMs} ms`);
  assert.ok(tookMs >= slowMs, `answered after ${tookMs} ms`);
  assert.ok(slowestMs < 500, `a page took ${slowestMs} ms`);
  assert.ok(oldestMs < slowMs + 1000, `a view was ${oldestMs} ms old`); // an idle view lives 1.5 s
});

scope.test('a sync that fails is not acknowledged, and ends the process with 74', async (t) => {
  const why = whyNoStrace();
  if (why) return t.skip(why);
  const fusebox = new Fusebox(scope);
  await fusebox.start(syncing(fusebox.data, 'error=EIO:when=3+'));
  const { ended } = fusebox.process;
  const acknowledged = [];
  for (let i = 0; i < 50; i++) {
    const answer = await ask(fusebox, 'PUT', at(`s${i}`), {}).catch(() => undefined);
    if (answer?.status !== 201) {
      if (answer) assert.equal(answer.status, 503);
      break;
    }
    acknowledged.push(`s${i}`);
  }
  assert.deepEqual(await ended, { code: 74, signal: null }, fusebox.process.output);
  assert.match(fusebox.process.output, /a sync of state\.db failed/);
  assert.ok(acknowledged.length > 0 && acknowledged.length < 50);
  await fusebox.start([]);
  for (const name of acknowledged) assert.equal((await ask(fusebox, 'GET', at(name))).status, 200);
});

scope.test('a state.db of someone else stops the start, and says which file it is', async () => {
  const data = path.join(scope.dir, 'foreign');
  fs.mkdirSync(data);
  fs.writeFileSync(path.join(data, 'state.db'), 'not a database, but long enough to be taken for one'.repeat(100));
  const fusebox = new Fusebox(scope, { data });
  const process = fusebox.launch();
  const end = await process.ended;
  assert.notEqual(end.code, 0);
  assert.match(process.output, /state\.db/);
});
