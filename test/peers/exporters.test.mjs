// A model of every exporter that the mapping table knows, behind a real HTTP server, driven step by step: what Fusebox
// shows is what happened. HAProxy and opossum have files of their own, with the real programs.
//
//   FUSEBOX=build/fusebox node --test test/peers/exporters.test.mjs
import assert from 'node:assert/strict';
import { TextTarget } from './support/backend.mjs';
import dapr from './support/exporters/dapr.mjs';
import envoy from './support/exporters/envoy.mjs';
import failsafe from './support/exporters/failsafe.mjs';
import gobreaker from './support/exporters/gobreaker.mjs';
import grpc from './support/exporters/grpc.mjs';
import hystrix from './support/exporters/hystrix.mjs';
import istio from './support/exporters/istio.mjs';
import linkerd from './support/exporters/linkerd.mjs';
import microprofile from './support/exporters/microprofile.mjs';
import { Model, family, line } from './support/exporters/model.mjs';
import polly from './support/exporters/polly.mjs';
import { library, python } from './support/exporters/reference.mjs';
import resilience4j from './support/exporters/resilience4j.mjs';
import sentinel from './support/exporters/sentinel.mjs';
import smithy from './support/exporters/smithy.mjs';
import traefik from './support/exporters/traefik.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { promtoolTest } from './support/prometheus.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('exporters');
const exporters = [dapr, envoy, failsafe, gobreaker, grpc, hystrix, istio, library, linkerd, microprofile, polly, python, resilience4j, sentinel,
  smithy, traefik];
const INTERVAL = '500ms'; // also the time-out: a machine that is busy must not look like a target that is gone
const QUIET_SCRAPES = 5; // after so many without traffic retries that are attempts less calls are all booked

// The text may change at any time; what a model renders is asked for with each scrape.
async function serve(text) {
  const headers = { 'content-type': 'text/plain; version=0.0.4' };
  return TextTarget.start(scope, async (req, res) => res.writeHead(200, headers).end(await text()));
}

async function watch(jobs, more = '') {
  const targets = {};
  for (const [job, text] of Object.entries(jobs)) targets[job] = await serve(text);
  const addresses = Object.fromEntries(Object.entries(targets).map(([job, target]) => [job, [target.address]]));
  const config = (rest) => scrapeConfig(addresses, { interval: INTERVAL, more: rest });
  const fusebox = await new Fusebox(scope, { config: config(more) }).start();
  await fusebox.settle(2);
  return { fusebox, targets, configure: (rest) => fusebox.configure(config(rest)) };
}

// {"name{labels}": value} of one family.
async function samples(fusebox, name) {
  const lines = (await fusebox.text('/metrics')).split('\n').filter((text) => text.startsWith(`${name}{`));
  return Object.fromEntries(lines.map((text) => [text.slice(0, text.lastIndexOf(' ')), Number(text.slice(text.lastIndexOf(' ') + 1))]));
}

const breakerOf = async (fusebox, { service, breaker, endpoint = '' }) =>
  (await fusebox.service(service)).breaker_list.find((b) => b.name === breaker && b.endpoint === endpoint);

function blockedIn(requests, { service, breaker }) {
  const found = Object.entries(requests).filter(([key]) => key.includes(`service="${service}",name="${breaker}",`) && key.includes('outcome="blocked"'));
  return found.length ? found.reduce((sum, [, value]) => sum + value, 0) : null;
}

// What the API shows of one exporter's service and breaker, as far as the exporter tells it.
async function shown(fusebox, exporter, requests) {
  const row = await fusebox.row(exporter.service);
  const found = { calls: row.calls_total, errors: row.errors_total, retries: row.retries_total };
  if (!exporter.breaker) return found;
  const breaker = await breakerOf(fusebox, exporter);
  if (!breaker) return { ...found, state: 'absent' };
  Object.assign(found, { through: breaker.requests, failures: breaker.failures, blocked: blockedIn(requests, exporter), state: breaker.state });
  found.ways = breaker.transitions.map((t) => `${t.from} > ${t.to}`).reverse();
  if (exporter.inARow) found.inARow = breaker.consecutive_failures;
  return found;
}

const statesShown = (exporter, states) => states.map((state) => exporter.shows?.[state] ?? state).filter((state, i, all) => i === 0 || state !== all[i - 1]);

function expected(exporter, model, states) {
  const tells = exporter.tells(model.seen);
  if (!exporter.breaker) return tells;
  const way = exporter.stateless ? ['unknown'] : statesShown(exporter, states);
  if (exporter.silentAtFirst && !model.entered.open) way.push('unknown'); // nothing tells of a breaker before its first event
  return { through: null, failures: null, blocked: null, ...tells, state: way.at(-1), ways: way.slice(1).map((state, i) => `${way[i]} > ${state}`),
    ...(exporter.inARow && { inARow: model.inARow }) };
}

// Scrapes until everything that was counted must have been booked, then compares all of it.
async function compare(fusebox, models, states, step) {
  await fusebox.settle(QUIET_SCRAPES);
  const requests = await samples(fusebox, 'circuit_breaker_requests_total');
  for (const exporter of exporters)
    assert.deepEqual(await shown(fusebox, exporter, requests), expected(exporter, models.get(exporter), states), `${exporter.job}: ${step}`);
}

// One step of every model. Between two readings only one thing changes, as the resolution of scrapes has it.
const all = (models, act) => models.forEach((model) => act(model));

scope.test('traffic, a breaker that opens and recovers, a new process, and an end', async () => {
  const models = new Map(exporters.map((exporter) => [exporter, new Model()]));
  all(models, (m) => {
    m.traffic({ ok: 1000, failed: 50, retries: 70, denied: 5, refused: 9 });
    ['open', 'half_open', 'closed'].forEach((state) => m.enter(state));
    m.forgetSeen();
  });
  const jobs = Object.fromEntries(exporters.map((exporter) => [exporter.job, () => exporter.text(models.get(exporter))]));
  const { fusebox, targets } = await watch(jobs);
  // The first value of a counter is its past.
  const row = await fusebox.row(envoy.service);
  assert.deepEqual([row.calls_total, row.errors_total, row.retries_total], [0, 0, 0]);

  all(models, (m) => m.traffic({ ok: 40, failed: 4, retries: 6, denied: 2 }));
  await compare(fusebox, models, ['closed'], 'traffic');
  assert.deepEqual([(await fusebox.row('linkerd-books')).retries_denied_per_s > 0, (await fusebox.row('envoy-db')).retries_denied_per_s > 0], [true, true]);

  all(models, (m) => {
    m.traffic({ failed: 5 });
    m.enter('open');
  });
  await compare(fusebox, models, ['closed', 'open'], 'open');
  all(models, (m) => m.traffic({ refused: 12 }));
  await compare(fusebox, models, ['closed', 'open'], 'refusing');
  all(models, (m) => m.enter('half_open'));
  await compare(fusebox, models, ['closed', 'open', 'half_open'], 'half-open');
  all(models, (m) => {
    m.traffic({ ok: 3 });
    m.enter('closed');
  });
  await compare(fusebox, models, ['closed', 'open', 'half_open', 'closed'], 'closed again');

  // Counters begin at 0 and grow at once: all that they hold is new.
  all(models, (m) => {
    m.begin();
    m.traffic({ ok: 7, failed: 1, retries: 2 });
  });
  await compare(fusebox, models, ['closed', 'open', 'half_open', 'closed'], 'a new process');

  for (const target of Object.values(targets)) await target.stop();
  await fusebox.settle(2);
  for (const exporter of exporters.filter((e) => e.breaker && !e.stateless)) {
    const breaker = await until(`${exporter.job} gone`, async () => {
      const now = await breakerOf(fusebox, exporter);
      return now.state === 'unknown' && now;
    });
    assert.deepEqual([breaker.state_code, breaker.healthy], [null, null], exporter.job);
  }
  for (const exporter of exporters) {
    const { calls_total: calls } = await fusebox.row(exporter.service);
    assert.equal(calls, exporter.tells(models.get(exporter).seen).calls, exporter.job); // the end books nothing
  }
});

scope.test('constant zeros, and states that are no number, are unknown', async () => {
  const calls = { ok: 0 };
  const sidecar = (name, labels, value) => line(`envoy_cluster_${name}`, { cluster_name: 'outbound|80||zero', ...labels }, value);
  const state = (value) => line('resilience4j_circuitbreaker_state', { name: 'nan', state: value }, 'NaN');
  const { fusebox } = await watch({
    mesh: () => {
      calls.ok += 20;
      return sidecar('upstream_rq_completed', {}, calls.ok) + sidecar('upstream_rq_xx', { response_code_class: '5xx' }, calls.ok / 10)
        + sidecar('upstream_rq_retry', {}, 0) + sidecar('upstream_rq_retry_overflow', {}, 0) + sidecar('upstream_rq_pending_overflow', {}, 0);
    },
    nan: () => state('closed') + state('open') + line('resilience4j_circuitbreaker_calls_seconds_count', { name: 'nan', kind: 'successful' }, 0),
    idle: () => line('traefik_service_requests_total', { service: 'idle', code: '200' }, 100),
    nothing: () => '',
  });
  await fusebox.settle(QUIET_SCRAPES);
  const mesh = await fusebox.row('outbound|80||zero');
  assert.ok(mesh.calls_total > 0 && mesh.errors_total > 0, 'calls are counted');
  assert.deepEqual([mesh.retries_total, mesh.retries_per_s, mesh.retries_denied_per_s, mesh.attempt_success_ratio], [null, null, null, null]);
  assert.deepEqual([mesh.budget.evidence, mesh.budget.utilization_percent, mesh.budget.risk], ['unknown', null, 'unknown']);
  assert.equal((await fusebox.service('outbound|80||zero')).breaker_list.length, 0);
  const nan = await breakerOf(fusebox, { service: 'nan', breaker: 'nan' });
  assert.deepEqual([nan.state, nan.state_code, nan.healthy, nan.evidence], ['unknown', null, null, 'unknown']);
  for (const name of ['nan', 'idle']) {
    const row = await fusebox.row(name);
    assert.deepEqual([row.health, row.success_ratio, row.retries_total, row.budget.evidence], ['unknown', null, null, 'unknown'], name);
  }
  assert.deepEqual((await fusebox.overview()).services.map((row) => row.service).sort(), ['fusebox', 'idle', 'nan', 'outbound|80||zero']);
});

const numbered = (name, value) => line(name, { service: 'auth', name: 'db' }, value);
const requests = (result, count) => line('circuit_breaker_requests_total', { service: 'auth', name: 'db', result }, count);

scope.test('a number that traffic contradicts is unknown until they agree, or the configuration reads it otherwise', async () => {
  const now = { number: 0, success: 0, blocked: 0, refusing: false };
  const act = () => {
    now[now.refusing ? 'blocked' : 'success'] += 5;
    return numbered('circuit_breaker_state', now.number) + requests('success', now.success) + requests('blocked', now.blocked);
  };
  const { fusebox, configure } = await watch({ py: act });
  const isIn = (state) => until(`state ${state}`, async () => (await breakerOf(fusebox, { service: 'auth', breaker: 'db' }))?.state === state);
  await isIn('closed');
  Object.assign(now, { number: 1, refusing: true }); // 1 is open, says this program
  await isIn('half_open');
  await isIn('unknown');
  Object.assign(now, { number: 0, refusing: false });
  await isIn('closed');
  Object.assign(now, { number: 1, refusing: true });
  configure(`mappings:\n  - {metric: circuit_breaker_state, when: {job: py}, signal: breaker_state, service_label: service, breaker_label: name,
     caller_label: job, encoding: closed-open-halfopen}\n`);
  assert.equal((await fetch(`${fusebox.url}/-/reload`, { method: 'POST' })).status, 200);
  await isIn('open');
  await fusebox.settle(QUIET_SCRAPES);
  await isIn('open');
});

scope.test('mappings take effect on reload, with nothing booked twice or lost', async () => {
  const now = { asked: 500, failed: 20 };
  const text = () => line('shop_asked_total', { to: 'stock' }, now.asked) + line('shop_failed_total', { to: 'stock' }, now.failed);
  const row = (metric, signal) => `  - {metric: ${metric}, signal: ${signal}, service_label: to, caller_label: job}\n`;
  const { fusebox, configure } = await watch({ shop: text }, `mappings:\n${row('shop_asked_total', 'calls')}`);
  const reload = async (more) => {
    const reloads = () => fusebox.process.output.split('configuration reloaded').length;
    const before = reloads();
    configure(more);
    fusebox.process.signal('SIGHUP');
    await until('the reload', () => reloads() > before);
  };
  now.asked += 7;
  await fusebox.settle();
  assert.deepEqual([(await fusebox.row('stock')).calls_total, (await fusebox.row('stock')).errors_total], [7, null]);
  now.asked += 5; // may be scraped before the reload or after it
  await reload(`mappings:\n${row('shop_asked_total', 'calls')}${row('shop_failed_total', 'errors')}`);
  now.asked += 4;
  await fusebox.settle(2);
  now.failed += 3;
  await fusebox.settle();
  assert.deepEqual([(await fusebox.row('stock')).calls_total, (await fusebox.row('stock')).errors_total], [16, 3]);
  assert.doesNotMatch(fusebox.process.output, /restart only/);
  await reload('');
  now.asked += 100;
  await fusebox.settle(2);
  assert.equal((await fusebox.row('stock')).calls_total, 16);
});

scope.test("S1's and S2's queries find a breaker's requests, and states add up", async () => {
  const model = new Model();
  const { fusebox } = await watch({ [resilience4j.job]: () => resilience4j.text(model) });
  const read = () => samples(fusebox, 'circuit_breaker_requests_total');
  const before = await read();
  model.traffic({ ok: 90, failed: 10 });
  await fusebox.settle(2);
  model.enter('open');
  await fusebox.settle(2);
  model.traffic({ refused: 30 });
  await fusebox.settle(2);
  const after = await read();
  const of = (state, outcome) => Object.entries(after).find(([key]) => key.includes(`state="${state}",outcome="${outcome}",result="${outcome}"`))?.[1];
  assert.deepEqual([of('closed', 'success'), of('closed', 'failure'), of('open', 'blocked'), of('half_open', 'blocked')], [90, 10, 30, undefined]);
  const labels = { service: resilience4j.service, name: resilience4j.breaker };
  const selector = `service="${labels.service}",name="${labels.name}"`;
  const series = Object.fromEntries(Object.entries(after).map(([key, value]) => [key, [before[key] ?? 0, value]]));
  const expressions = {
    'sum(increase(circuit_breaker_requests_total{outcome="failure"}[1m])) / sum(increase(circuit_breaker_requests_total{outcome!="blocked"}[1m]))':
      [{ labels: '{}', value: 0.1 }],
    [`sum by (state) (circuit_breaker_requests_total{${selector},state="closed",result="success"})`]: [{ labels: '{state="closed"}', value: 90 }],
    'sum by (outcome) (circuit_breaker_requests_total)': ['success', 'failure', 'blocked'].map((outcome, i) => ({ labels: `{outcome="${outcome}"}`, value: [90, 10, 30][i] })),
  };
  const verdict = promtoolTest(scope.dir, series, expressions);
  assert.equal(verdict.status, 0, verdict.output);
});

scope.test('two instances of one program are one breaker: the worst state, all calls; series that come back go on', async () => {
  const models = [new Model(), new Model()];
  const shown = [true, true];
  const targets = [];
  for (const i of [0, 1]) targets.push(await serve(() => (shown[i] ? resilience4j.text(models[i]) : '')));
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ r4j: targets.map((target) => target.address) }, { interval: INTERVAL }) }).start();
  await fusebox.settle(2);
  const breaker = () => breakerOf(fusebox, resilience4j);
  models.forEach((m) => m.traffic({ ok: 10 }));
  models[1].enter('open');
  await fusebox.settle(2);
  assert.deepEqual([(await breaker()).state, (await breaker()).requests], ['open', 20]);

  shown[1] = false; // idle series are left out, and stand higher when they are back
  await fusebox.settle(2);
  assert.equal((await breaker()).state, 'closed');
  models[1].traffic({ ok: 5 });
  shown[1] = true;
  await fusebox.settle(2);
  assert.deepEqual([(await breaker()).state, (await breaker()).requests, (await fusebox.row(resilience4j.service)).calls_total], ['open', 25, 25]);
});

scope.test('a breaker that was forced open says so, and its seconds are counted once, over a restart, too', async () => {
  const model = new Model();
  const { fusebox } = await watch({ [resilience4j.job]: () => resilience4j.text(model) });
  const breaker = () => breakerOf(fusebox, resilience4j);
  const openSeconds = async () =>
    Object.entries(await samples(fusebox, 'fusebox_breaker_state_seconds_total')).find(([key]) => key.includes('state="open"'))[1];
  const told = (words, state, forced) => until(words, async () => {
    const found = await breaker();
    return found?.state === state && found.forced === forced && found;
  });
  await told('it is closed', 'closed', false);

  const forcedAt = Date.now();
  model.enter('forced_open');
  const forced = await told('it is forced open', 'open', true);
  const before = await until('some seconds', async () => (await openSeconds()) >= 6 && openSeconds());
  await fusebox.stop();
  await fusebox.start();
  const again = await told('it is forced open again', 'open', true);
  assert.ok(Date.parse(again.counted_since) > Date.parse(forced.counted_since));
  const after = await openSeconds();
  assert.ok(before + after <= (Date.now() - forcedAt) / 1000 + 1, `${before} s and then ${after} s`);

  model.enter('open');
  await told('it is open by itself', 'open', false);
});
