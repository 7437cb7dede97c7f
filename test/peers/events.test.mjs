// Events from outside: taken, repeated, refused, searched, counted, seen in breakers, and there after a kill.
//
//   FUSEBOX=build/fusebox node --test test/peers/events.test.mjs
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import net from 'node:net';
import { promisify } from 'node:util';
import { TextTarget } from './support/backend.mjs';
import { Fusebox, binary, scrapeConfig } from './support/fusebox.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('events');
const call = (service, more = {}) => ({ event_type: 'call', service, success: true, ...more });

async function post(fusebox, events, type = 'application/json') {
  const body = typeof events === 'string' ? events : type.includes('ndjson') ? events.map((e) => JSON.stringify(e)).join('\n') : JSON.stringify(events);
  const answer = await fetch(`${fusebox.url}/api/v1/events`, { method: 'POST', body, headers: { 'content-type': type } });
  return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.json() };
}

// What is answered to a body of this length before any of it comes.
function statusOfLength(fusebox, length) {
  return new Promise((done, fail) => {
    const socket = net.connect(fusebox.port, '127.0.0.1', () =>
      socket.write(`POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:${fusebox.port}\r\nContent-Length: ${length}\r\n\r\n`));
    socket.once('data', (data) => { socket.destroy(); done(data.toString()); });
    socket.once('error', fail);
  });
}

const search = async (fusebox, query = '') => (await fusebox.json(`/api/v1/events${query}`)).events;

scope.test('an object, an array and lines are taken, and the monitor hears of them', async () => {
  const fusebox = await new Fusebox(scope).start();
  const consumption = { serviceName: 'user-service', timestamp: new Date().toISOString(), retryCount: 3, operationType: 'api_call', responseTime: 250, success: true, circuitBreakerState: 'closed' };
  assert.deepEqual(await post(fusebox, consumption), { status: 200, retryAfter: null, body: { accepted: 1, repeated: 0, rejected: [], rejected_count: 0 } });
  assert.equal((await post(fusebox, [call('user-service'), call('user-service', { success: false })])).body.accepted, 2);
  assert.equal((await post(fusebox, Array.from({ length: 500 }, () => call('user-service', { caller: 'web' })), 'application/x-ndjson')).body.accepted, 500);
  await until('503 calls', async () => (await fusebox.row('user-service'))?.calls_total === 503);
  const row = await fusebox.row('user-service');
  assert.equal(row.errors_total, 1);
  assert.equal(row.retries_total, 3);
  assert.equal(row.source, 'events');
  assert.equal((await fusebox.breaker('user-service', 'default')).state, 'closed');
});

scope.test('what is wrong is named with its line, and the rest counts', async () => {
  const fusebox = await new Fusebox(scope).start();
  const { status, body } = await post(fusebox, '{"event_type":"call","service":"a","success":true}\n{"event_type":"call","service":"a","sucess":true}\n{"event_type":\n', 'application/x-ndjson');
  assert.equal(status, 200);
  assert.equal(body.accepted, 1);
  assert.deepEqual(body.rejected.map((r) => [r.line, r.field]), [[2, 'sucess'], [3, null]]);
  for (const [text, expected] of [['{"event_type":"call"}', 400], ['', 400], ['[]', 400], ['7', 400], [`[${'7,'.repeat(10000)}7]`, 413]])
    assert.equal((await post(fusebox, text)).status, expected, text.slice(0, 30));
  assert.match(await statusOfLength(fusebox, (4 << 20) + 1), /^HTTP\/1.1 413 /);
  assert.equal((await search(fusebox)).length, 1);
});

scope.test('an id that comes again changes nothing', async () => {
  const fusebox = await new Fusebox(scope).start();
  const events = Array.from({ length: 50 }, (_, i) => call('orders', { id: `e-${i}` }));
  assert.equal((await post(fusebox, events)).body.repeated, 0);
  assert.deepEqual((await post(fusebox, [...events, call('orders')], 'application/x-ndjson')).body, { accepted: 51, repeated: 50, rejected: [], rejected_count: 0 });
  await until('51 calls', async () => (await fusebox.row('orders'))?.calls_total >= 51);
  assert.equal((await fusebox.row('orders')).calls_total, 51);
  assert.equal((await search(fusebox, '?limit=1000')).length, 51);
});

scope.test('transitions within one scrape interval are in the history of the breaker, and in the log', async () => {
  // The same breaker is scraped, too, which alone would see none of them.
  const target = await TextTarget.start(scope, (req, res) => res.end('haproxy_server_status{proxy="pay",server="s",state="UP"} 1\n'));
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ haproxy: [target.address] }, { interval: '10s' }) }).start();
  const at = Date.now() - 900;
  const events = [['closed', 'open', 0], ['open', 'half_open', 200], ['half_open', 'open', 300], ['open', 'half_open', 500], ['half_open', 'closed', 700]]
    .map(([old_state, new_state, after]) => ({ event_type: 'breaker_transition', service: 'pay', breaker: 'main', caller: 'web', old_state, new_state, timestamp: at + after }));
  assert.equal((await post(fusebox, [...events].reverse())).body.accepted, 5);
  const breaker = await until('five transitions', async () => {
    const found = await fusebox.breaker('pay', 'main');
    return found?.transitions_total === 5 && found;
  });
  assert.equal(breaker.state, 'closed');
  assert.equal(breaker.transitions_15m, 5);
  const { breakers } = await fusebox.json('/circuit-breakers/status?service=pay&name=main');
  const strip = (breakers[0].strip ?? breaker.strip).map((part) => part.state ?? part[1]);
  assert.deepEqual(strip.slice(-5), ['open', 'half_open', 'open', 'half_open', 'closed']);
  const types = () => [...fusebox.process.output.matchAll(/event_type=(\w+) component=circuit_breaker service=pay name=main caller=web/g)].map((m) => m[1]);
  await until('five lines of the log', () => types().length === 5);
  assert.deepEqual(types(), ['circuit_opened', 'circuit_half_open', 'circuit_reopened', 'circuit_half_open', 'circuit_closed']);
});

scope.test('events are searched by type, service and time', async () => {
  const fusebox = await new Fusebox(scope).start();
  const now = Date.now();
  await post(fusebox, [call('a', { timestamp: now - 60000 }), call('b'), { event_type: 'error', service: 'a', message: '<img src=x> & more', error_type: 'timeout', severity: 'high', metadata: { code: 7 } },
    { event_type: 'gauge', service: 'a', name: 'queue', value: 4, labels: { zone: 'x' } }]);
  assert.deepEqual((await search(fusebox)).map((e) => e.event_type), ['metric', 'error', 'call', 'call']);
  assert.deepEqual((await search(fusebox, '?service=b')).map((e) => e.service), ['b']);
  assert.equal((await search(fusebox, '?event_type=call&service=a')).length, 1);
  assert.equal((await search(fusebox, '?since=30s')).length, 3);
  assert.equal((await search(fusebox, `?until=${new Date(now - 30000).toISOString()}`)).length, 1);
  const [error] = await search(fusebox, '?event_type=error');
  assert.equal(error.message, '<img src=x> & more');
  assert.equal(error.metadata, '{"code":7}');
  assert.deepEqual((await search(fusebox, '?event_type=metric'))[0].labels, { zone: 'x' });
  const first = await fusebox.json('/api/v1/events?limit=3');
  assert.equal(first.events.length, 3);
  assert.deepEqual((await search(fusebox, `?limit=3&before=${first.next_before}`)).map((e) => e.seq), [1]);
  for (const query of ['?limit=0', '?limit=1001', '?event_type=x', '?since=tomorrow'])
    assert.equal((await fetch(`${fusebox.url}/api/v1/events${query}`)).status, 400, query);
});

scope.test('what was answered is there after a kill', async () => {
  const fusebox = await new Fusebox(scope).start();
  for (let i = 0; i < 5; i++) {
    const { status } = await post(fusebox, [call('orders', { retries: 2 }), call('orders', { success: false, breaker: 'main' }), { event_type: 'circuit_opened', service: 'orders', breaker: 'main', old_state: 'closed' }]);
    assert.equal(status, 200);
    await fusebox.stop('SIGKILL');
    await fusebox.start();
    await until(`the calls of ${i + 1} bodies`, async () => (await fusebox.row('orders'))?.calls_last_minute === 2 * (i + 1));
    const row = await fusebox.row('orders');
    assert.equal(row.success_ratio, 0.5);
    assert.equal(row.budget.used_minute, 2 * (i + 1));
    assert.equal((await fusebox.breaker('orders', 'main')).state, 'open');
  }
});

scope.test('an event that was answered is neither lost nor counted twice by a kill', async () => {
  const fusebox = await new Fusebox(scope).start();
  const sent = new Set();
  for (let life = 0; life < 4; life++) {
    const answered = [];
    // Bodies are on their way when it dies; whose answer never came is sent again in the next life.
    const senders = Array.from({ length: 4 }, async (_, sender) => {
      for (let i = 0; i < 500; i++) {
        const body = Array.from({ length: 10 }, (_, n) => call('orders', { id: `${life}-${sender}-${i}-${n}` }));
        body.forEach((event) => sent.add(event.id));
        const { status } = await post(fusebox, body);
        assert.equal(status, 200);
        answered.push(body);
      }
    });
    const outcome = Promise.allSettled(senders);
    await until('some answers', () => answered.length > 5 + 7 * life);
    await fusebox.stop('SIGKILL');
    await outcome;
    await fusebox.start();
    for (const body of answered)
      assert.deepEqual((await post(fusebox, body)).body, { accepted: 10, repeated: 10, rejected: [], rejected_count: 0 });
    const repeat = [...sent].map((id) => call('orders', { id }));
    for (let i = 0; i < repeat.length; i += 10000)
      assert.equal((await post(fusebox, repeat.slice(i, i + 10000), 'application/x-ndjson')).status, 200);
    const { buckets } = await fusebox.json('/api/v1/events?by=service');
    assert.deepEqual(buckets, [{ time: null, key: { service: 'orders' }, count: sent.size }]);
  }
  const ids = [];
  for (let before = ''; before !== null;) {
    const page = await fusebox.json(`/api/v1/events?limit=1000&before=${before}`);
    ids.push(...page.events.map((e) => e.id));
    before = page.next_before;
  }
  assert.equal(ids.length, sent.size);
  assert.deepEqual(new Set(ids), sent);
});

scope.test('events are counted by keys and steps', async () => {
  const fusebox = await new Fusebox(scope).start();
  const at = Math.floor(Date.now() / 60000) * 60000 - 120000;
  await post(fusebox, [call('a', { timestamp: at }), call('a', { timestamp: at + 59999, success: false, caller: 'web' }), call('b', { timestamp: at + 60000 }),
    { event_type: 'error', service: 'a', error_type: 'timeout', severity: 'high', timestamp: at }]);
  const count = async (query) => (await fusebox.json(`/api/v1/events?${query}`)).buckets.map((b) => [b.time && Date.parse(b.time) - at, ...Object.values(b.key), b.count]);
  assert.deepEqual(await count('by=service'), [[null, 'a', 3], [null, 'b', 1]]);
  assert.deepEqual(await count('by=service,outcome&step=1m&event_type=call'), [[0, 'a', 'failure', 1], [0, 'a', 'success', 1], [60000, 'b', 'success', 1]]);
  assert.deepEqual(await count('by=error_type&severity=high'), [[null, 'timeout', 1]]);
  assert.deepEqual(await count('by=caller&service=a'), [[null, null, 2], [null, 'web', 1]]);
  assert.deepEqual((await search(fusebox, '?caller=web&outcome=failure')).map((e) => e.service), ['a']);
  assert.equal((await search(fusebox, '?event_type=&service=&since=&by=&step=')).length, 4);
  for (const query of ['by=nothing', 'by=service,service', 'by=service,caller,outcome', 'step=1m', 'by=service&step=1ms'])
    assert.equal((await fetch(`${fusebox.url}/api/v1/events?${query}`)).status, 400, query);
  await post(fusebox, Array.from({ length: 10000 }, (_, i) => ({ event_type: 'error', service: 'a', error_type: `e${i}`, timestamp: at })), 'application/x-ndjson');
  const answer = await fetch(`${fusebox.url}/api/v1/events?by=error_type`);
  assert.equal(answer.status, 422);
  assert.match((await answer.json()).error.message, /more than 10000 buckets: there are many values of error_type/);
});

scope.test('what instances say of themselves is in the row, also after a restart', async () => {
  const fusebox = await new Fusebox(scope).start();
  const health = (instance, status, more = {}) => ({ event_type: 'health', service: 'orders', instance, status, ...more });
  await post(fusebox, [health('orders-1', 'healthy'), { event_type: 'heartbeat', service: 'orders', instance: 'orders-2' }]);
  await until('healthy by its own word', async () => (await fusebox.row('orders'))?.health === 'healthy');
  assert.deepEqual((await fusebox.row('orders')).instances, { total: 2, healthy: 2, degraded: 0, unhealthy: 0, silent: 0 });
  await post(fusebox, [health('orders-2', 'unhealthy', { message: 'disk full' })]);
  const row = await until('degraded', async () => {
    const found = await fusebox.row('orders');
    return found.health === 'degraded' && found;
  });
  assert.equal(row.reason, 'orders-2 says that it is unhealthy: disk full (1 of 2 instances unhealthy)');
  await fusebox.stop('SIGKILL');
  await fusebox.start();
  assert.deepEqual((await fusebox.row('orders')).instances, { total: 2, healthy: 1, degraded: 0, unhealthy: 1, silent: 0 });
  await post(fusebox, [{ event_type: 'instance_failure', service: 'orders', instance: 'orders-1', error_type: 'oom' }]);
  await until('unhealthy', async () => (await fusebox.row('orders')).health === 'unhealthy');
  assert.equal((await fusebox.row('calls-only'))?.instances, undefined);
});

scope.test('a backup has the events, and what is verified is told', async () => {
  const fusebox = await new Fusebox(scope).start();
  await post(fusebox, [call('orders', { id: 'x' }), call('orders')]);
  const made = await (await fetch(`${fusebox.url}/api/v1/storage/backup`, { method: 'POST', body: '{"name":"one"}' })).json();
  assert.deepEqual((await fusebox.json('/api/v1/storage')).events.count, 2);
  await fusebox.stop();
  const run = promisify(execFile);
  assert.match((await run(binary, ['storage', 'verify', '--data', fusebox.data])).stdout, /1 event rows, .*nothing is damaged/);
  const restored = `${fusebox.data}-restored`;
  await run(binary, ['storage', 'restore', '--from', made.path, '--data', restored]);
  const second = await new Fusebox(scope, { data: restored }).start();
  assert.equal((await search(second)).length, 2);
  assert.equal((await post(second, [call('orders', { id: 'x' })])).body.repeated, 1);
});
