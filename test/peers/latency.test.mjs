// Percentiles that Fusebox tells of what it scrapes, and hears, beside those of the durations that were really measured.
//
//   FUSEBOX=build/fusebox node --test test/peers/latency.test.mjs
import assert from 'node:assert/strict';
import http from 'node:http';
import client from 'prom-client';
import { TextTarget } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Prometheus } from './support/prometheus.mjs';
import { Scope, pause, until } from './support/scope.mjs';

const scope = new Scope('latency');
const FINE = client.exponentialBuckets(0.001, 1.2, 40); // 1 ms to 1.2 s
const PERCENTILES = { latency_p50_s: 0.5, latency_p95_s: 0.95, latency_p99_s: 0.99 };

// A server that really waits, and measures each request into a histogram of prom-client and into a list.
class Shop {
  durations = [];

  static async start(buckets) {
    const shop = new Shop();
    shop.restart(buckets);
    shop.target = await TextTarget.start(scope, (req, res) => shop.#serve(req, res));
    return shop;
  }

  // As another process would: all counters begin again at 0.
  restart(buckets) {
    this.registry = new client.Registry();
    this.histogram = new client.Histogram({
      name: 'http_request_duration_seconds', help: 'Time to answer.', labelNames: ['method', 'path', 'status'], buckets,
      registers: [this.registry],
    });
    for (const status of [200, 500]) this.histogram.zero({ method: 'GET', path: '/work', status });
  }

  async #serve(req, res) {
    const url = new URL(req.url, 'http://localhost');
    if (url.pathname === '/metrics')
      return res.writeHead(200, { 'content-type': this.registry.contentType }).end(await this.registry.metrics());
    const began = process.hrtime.bigint();
    await pause(Number(url.searchParams.get('ms')));
    const status = Number(url.searchParams.get('status') ?? 200);
    const took = Number(process.hrtime.bigint() - began) / 1e9;
    this.histogram.observe({ method: 'GET', path: '/work', status }, took);
    this.durations.push(took);
    return res.writeHead(status).end();
  }

  // So many requests, so many at once; most are quick, some are slow.
  async work(count, { slow = 0.1, status = 200 } = {}) {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
    let left = count;
    const one = () => new Promise((done, failed) => {
      const ms = Math.random() < slow ? 60 + Math.random() * 120 : 2 + Math.random() * 20;
      http.get({ port: this.target.port, host: '127.0.0.1', path: `/work?ms=${ms}&status=${status}`, agent }, (res) => res.resume().on('end', done))
        .on('error', failed);
    });
    await Promise.all(Array.from({ length: 20 }, async () => {
      while (left-- > 0) await one();
    }));
    agent.destroy();
  }
}

const trueQuantile = (values, q) => [...values].sort((a, b) => a - b)[Math.ceil(values.length * q) - 1];

// The bucket that the true quantile is in: what is told lies within it.
function assertTold(row, durations, buckets) {
  for (const [name, q] of Object.entries(PERCENTILES)) {
    const truth = trueQuantile(durations, q);
    const at = buckets.findIndex((bound) => truth <= bound);
    const low = at > 0 ? buckets[at - 1] : 0;
    assert.ok(row[name] >= low - 1e-6 && row[name] <= buckets[at] + 1e-6, `${name}: told ${row[name]}, true ${truth}, bucket ${low}..${buckets[at]}`);
  }
}

const told = (fusebox, service, calls) =>
  until(`${calls} calls`, async () => {
    const row = await fusebox.row(service);
    return row?.calls_total === calls && row.latency_p50_s !== null && row;
  });

const performanceOf = async (fusebox, service) => (await fusebox.json(`/performance?service=${service}`)).services[0];

async function start(buckets, more = '') {
  const shop = await Shop.start(buckets);
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ shop: [shop.target.address] }, { more }) }).start();
  await fusebox.settle();
  return { shop, fusebox };
}

scope.test('percentiles are those of what was served', async (t) => {
  const { shop, fusebox } = await start(FINE);
  assert.equal((await fusebox.row('shop')).latency_p95_s, null, 'nothing was served yet');
  await shop.work(10);
  await fusebox.settle();
  assert.equal((await fusebox.row('shop')).latency_p50_s, null, 'ten calls say nothing');
  await shop.work(590);
  await shop.work(40, { slow: 1, status: 500 });
  const row = await told(fusebox, 'shop', 640);
  assertTold(row, shop.durations, FINE);
  for (const [name, q] of Object.entries(PERCENTILES))
    t.diagnostic(`${name}: told ${row[name]}, true ${trueQuantile(shop.durations, q).toFixed(6)}`);

  assert.equal(row.errors_total, 40);
  assert.equal(row.latency_p99_s <= FINE.at(-1), true);
  const { response_time } = await performanceOf(fusebox, 'shop');
  const mean = shop.durations.reduce((a, b) => a + b) / shop.durations.length;
  assert.ok(Math.abs(response_time.mean_ms / 1000 - mean) < 1e-3);
  assert.ok(Math.abs(response_time.p95_ms - row.latency_p95_s * 1000) < 1e-3);
  const past = await until('a point of the past', async () => (await fusebox.service('shop')).history.latency_p95_s.at(-1));
  assert.ok(past > row.latency_p95_s / 2 && past < row.latency_p95_s * 2, `p95 now ${row.latency_p95_s}, in the history ${past}`);
});

scope.test('a process that begins again, with other buckets', async () => {
  const { shop, fusebox } = await start(FINE);
  await shop.work(300);
  await told(fusebox, 'shop', 300);
  shop.restart(FINE);
  await shop.work(200);
  assertTold(await told(fusebox, 'shop', 500), shop.durations, FINE);

  const coarse = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];
  shop.restart(coarse);
  await fusebox.settle(); // its new series begin at 0
  await shop.work(400);
  const row = await told(fusebox, 'shop', 900);
  const ratios = Object.entries(PERCENTILES).map(([name, q]) => row[name] / trueQuantile(shop.durations, q));
  for (const ratio of ratios) assert.ok(ratio > 0.4 && ratio < 2.5, `told / true: ${ratios}`);
});

scope.test('a target of the response time is judged by the 95th percentile', async () => {
  const services = 'services:\n  - {name: shop, slo_target_response_time: 59}\n';
  const { shop, fusebox } = await start(FINE, services);
  await shop.work(400); // one in ten takes 60 ms or longer, the others about 12
  const row = await told(fusebox, 'shop', 400);
  assert.ok(row.response_time_ms < 59, `mean ${row.response_time_ms}`);
  assert.equal(row.slo.response_time_compliant, false);
});

// All that the shop counted is in the window, and began at 0: so its totals are what grew.
scope.test('percentiles are those that Prometheus tells of the same buckets', async () => {
  const { shop, fusebox } = await start([0.004, 0.01, 0.05, 0.1, 0.15]); // some take longer than the last bound
  const prometheus = await new Prometheus(scope).start(scrapeConfig({ shop: [shop.target.address] }));
  await shop.work(400);
  await shop.work(150, { slow: 0.5, status: 500 });
  const row = await told(fusebox, 'shop', 550);
  await until('Prometheus has it all', async () => (await prometheus.query('sum(http_request_duration_seconds_count)'))[0]?.value[1] === '550');
  for (const [name, q] of Object.entries(PERCENTILES)) {
    const [{ value }] = await prometheus.query(`histogram_quantile(${q}, sum by (le) (http_request_duration_seconds_bucket))`);
    assert.ok(Math.abs(row[name] - Number(value[1])) < 1e-6, `${name}: told ${row[name]}, Prometheus ${value[1]}`);
  }
});

// Two services with equal bounds add up exactly; a third has others, of which each is one of theirs, too.
scope.test('percentiles over all services', async () => {
  const shops = await Promise.all([FINE, FINE, FINE.filter((_, i) => i % 4 === 3)].map((buckets) => Shop.start(buckets)));
  const jobs = (some) => Object.fromEntries(some.map(({ target }, i) => [`shop${i}`, [target.address]]));
  const fusebox = await new Fusebox(scope, { config: scrapeConfig(jobs(shops)) }).start();
  const prometheus = await new Prometheus(scope).start(scrapeConfig(jobs(shops.slice(0, 2))));
  const all = async () => (await fusebox.json('/performance')).response_time;
  await fusebox.settle();
  assert.equal((await all()).p95_ms, null, 'nothing was served yet');

  await shops[0].work(300);
  await shops[1].work(200, { slow: 0.6 });
  await Promise.all([told(fusebox, 'shop0', 300), told(fusebox, 'shop1', 200)]);
  await until('Prometheus has it all', async () => (await prometheus.query('sum(http_request_duration_seconds_count)'))[0]?.value[1] === '500');
  const two = await all();
  for (const [name, q] of Object.entries(PERCENTILES)) {
    const [{ value }] = await prometheus.query(`histogram_quantile(${q}, sum by (le) (http_request_duration_seconds_bucket))`);
    const told_s = two[`p${q * 100}_ms`] / 1000;
    assert.ok(Math.abs(told_s - Number(value[1])) < 1e-5, `${name}: told ${told_s}, Prometheus ${value[1]}`);
  }

  await shops[2].work(250, { slow: 0.3 });
  await told(fusebox, 'shop2', 250);
  const { p50_ms, p95_ms, p99_ms } = await all();
  const { totals } = await fusebox.overview();
  assertTold({ latency_p50_s: p50_ms / 1000, latency_p95_s: p95_ms / 1000, latency_p99_s: p99_ms / 1000 },
    shops.flatMap(({ durations }) => durations), FINE.filter((_, i) => i % 4 === 3));
  assert.ok(Object.keys(PERCENTILES).every((name) => totals[name] > 0), 'the overview has them, too');
});

scope.test('a restart of Fusebox forgets no bucket', async () => {
  const { shop, fusebox } = await start(FINE);
  await shop.work(300);
  const before = await told(fusebox, 'shop', 300);
  await fusebox.stop();
  await fusebox.start();
  const after = await until('the row', () => fusebox.row('shop'));
  for (const name of Object.keys(PERCENTILES)) assert.equal(after[name], before[name]);
});

scope.test('durations and first attempts of events', async () => {
  const fusebox = await new Fusebox(scope, { config: 'services:\n  - {name: pay, slo_target_response_time: 1000}\n' }).start();
  const durations = Array.from({ length: 2000 }, () => 0.001 * 10 ** (Math.random() * 3)); // 1 ms to 1 s
  const events = durations.map((took, i) => ({
    type: 'call', service: 'pay', success: i % 50 > 0, duration_ms: took * 1000, ...(i % 2 ? { retry_count: i % 10 === 1 ? 2 : 0 } : {}),
  }));
  const post = (list) => fetch(`${fusebox.url}/api/v1/events`, { method: 'POST', body: JSON.stringify(list) }).then((answer) => answer.json());
  for (let i = 0; i < events.length; i += 500) assert.equal((await post(events.slice(i, i + 500))).accepted, 500);
  const row = await until('all calls', async () => {
    const found = await fusebox.row('pay');
    return found?.calls_total === 2000 && found;
  });
  for (const [name, q] of Object.entries(PERCENTILES)) {
    const ratio = row[name] / trueQuantile(durations, q);
    assert.ok(ratio > 0.92 && ratio < 1.08, `${name}: told / true is ${ratio}`);
  }
  // Each second call tells its retries; of these one in five had some, and those without never failed.
  assert.ok(Math.abs(row.first_attempt_success_ratio - 0.8) < 1e-6);
  assert.equal((await post([{ type: 'call', service: 'pay', success: false, retry_count: 0 }])).accepted, 1);
  await until('another first attempt that failed', async () =>
    Math.abs((await fusebox.row('pay')).first_attempt_success_ratio - 800 / 1001) < 1e-6);

  await fusebox.stop();
  await fusebox.start();
  const after = await until('the row', () => fusebox.row('pay'));
  assert.ok(Math.abs(after.first_attempt_success_ratio - 800 / 1001) < 1e-6);
  for (const name of Object.keys(PERCENTILES)) {
    const ratio = after[name] / row[name]; // in the eleven stored buckets now
    assert.ok(ratio > 0.4 && ratio < 2.5, `${name}: after / before is ${ratio}`);
  }
});
