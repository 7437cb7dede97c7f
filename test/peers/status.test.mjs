// What Prometheus tells of itself, and to others that federate, beside Debian's Prometheus: the same keys and kinds, and the same figures of the same series.
//
//   FUSEBOX=build/fusebox node --test test/peers/status.test.mjs
import assert from 'node:assert/strict';
import { TextTarget } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Prometheus } from './support/prometheus.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('status');
const exposition = Array.from({ length: 12 }, (_, i) => `many{shelf="shelf-${i}",zone="${'ab'[i % 2]}"} ${i}\n`).join('') + 'one{zone="a"} 1\n';

async function startBoth() {
  const target = await TextTarget.start(scope, exposition);
  const jobs = scrapeConfig({ shop: [target.address] });
  const fusebox = await new Fusebox(scope, { config: jobs }).start();
  const prometheus = await new Prometheus(scope).start(jobs);
  return [fusebox.url, `http://${prometheus.address}`];
}

const status = async (base, what) => {
  const answer = await (await fetch(`${base}/api/v1/status/${what}`)).json();
  assert.equal(answer.status, 'success');
  return answer.data;
};
const kinds = (data) => Object.fromEntries(Object.entries(data).map(([key, value]) => [key, typeof value]));
const valueOf = (list, name) => list.find((entry) => entry.name === name)?.value;

scope.test('status is told as Prometheus tells it', async () => {
  const bases = await startBoth();
  const tsdb = (base) => status(base, 'tsdb?limit=100');
  const count = async (base) => (await (await fetch(`${base}/api/v1/query?query=scalar(count(many))%2Bcount(one)`)).json()).data.result[0]?.value[1];
  for (const base of bases) await until('all series', async () => (await count(base)) === '13'); // Prometheus keeps its first figures for 30 s

  const [info, theirInfo] = await Promise.all(bases.map((base) => status(base, 'runtimeinfo')));
  assert.deepEqual(kinds(info), kinds(theirInfo));
  assert.equal(info.storageRetention, theirInfo.storageRetention);
  assert.equal(info.reloadConfigSuccess, true);
  assert.ok(Date.parse(info.startTime) <= Date.now() && Date.parse(info.lastConfigTime) > Date.now() - 60000);

  const [flags, theirFlags] = await Promise.all(bases.map((base) => status(base, 'flags')));
  for (const [name, value] of Object.entries(flags)) {
    assert.equal(typeof value, 'string', name);
    assert.ok(name in theirFlags, name);
  }
  for (const name of ['query.lookback-delta', 'query.max-samples', 'web.enable-admin-api']) assert.equal(flags[name], theirFlags[name]);

  const [ours, theirs] = await Promise.all(bases.map(tsdb));
  assert.deepEqual(kinds(ours), kinds(theirs));
  assert.deepEqual(kinds(ours.headStats), kinds(theirs.headStats));
  for (const [list, names] of [
    ['seriesCountByMetricName', ['many', 'one']],
    ['labelValueCountByLabelName', ['shelf', 'zone']],
    ['memoryInBytesByLabelName', ['shelf', 'zone']],
    ['seriesCountByLabelValuePair', ['zone=a', 'zone=b', '__name__=many']],
  ])
    for (const name of names) assert.equal(valueOf(ours[list], name), valueOf(theirs[list], name), `${list}: ${name}`);
  for (const list of [ours.seriesCountByMetricName, ours.memoryInBytesByLabelName, ours.seriesCountByLabelValuePair])
    assert.deepEqual(list.map((entry) => entry.value), list.map((entry) => entry.value).sort((a, b) => b - a));
  assert.ok(ours.headStats.numSeries >= 13 && ours.headStats.numLabelPairs >= 16);
  assert.ok(ours.headStats.minTime <= ours.headStats.maxTime && ours.headStats.maxTime > Date.now() - 60000);

  for (const list of Object.values(await status(bases[0], 'tsdb?limit=2')).filter(Array.isArray)) assert.equal(list.length, 2);
  const refused = await fetch(`${bases[0]}/api/v1/status/tsdb?limit=0`);
  assert.equal(refused.status, 400);
  assert.equal((await refused.json()).errorType, 'bad_data');
});

scope.test('federation hands on what Prometheus hands on', async () => {
  const bases = await startBoth();
  const ask = (base, ...selectors) => fetch(`${base}/federate?${selectors.map((s) => `match[]=${encodeURIComponent(s)}`).join('&')}`);
  const page = async (base, ...selectors) => {
    const answer = await ask(base, ...selectors);
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get('content-type'), /^text\/plain; version=0.0.4/);
    return (await answer.text()).split('\n');
  };
  // Without the times; labels in one order.
  const plain = (lines) => lines.map((line) => line.replace(/ \d{13}$/, '').replace(/\{(.*)\}/, (_, inner) => `{${inner.split(',').sort().join(',')}}`)).sort();
  for (const base of bases) await until('all series', async () => (await page(base, 'many', 'one')).length === 16);
  const selectors = ['many{zone="a"}', '{__name__=~"many|one",zone="a"}'];
  const ours = await page(bases[0], ...selectors);
  assert.deepEqual(plain(ours), plain(await page(bases[1], ...selectors)));
  assert.equal(ours.filter((line) => line.startsWith('many{')).length, 6, 'no series twice');
  assert.ok(Math.abs(Number(ours[1].split(' ').pop()) - Date.now()) < 60000, ours[1]);
  assert.deepEqual(await page(bases[0]), ['']);
  assert.equal((await ask(bases[0], 'many{')).status, 400);
  assert.equal((await ask(bases[1], 'many{')).status, 400);
});
