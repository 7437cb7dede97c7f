// Metadata and targets as Debian's Prometheus tells them: both scrape the same targets, and answer the same.
//
//   FUSEBOX=build/fusebox node --test test/peers/metadata.test.mjs
import assert from 'node:assert/strict';
import { Backend, TextTarget } from './support/backend.mjs';
import { Fusebox } from './support/fusebox.mjs';
import { Prometheus } from './support/prometheus.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('metadata');

const plain = String.raw`# HELP calls_total Calls, \\ and\nnew lines, \"quoted\" and <b>.
# TYPE calls_total counter
calls_total{code="200"} 5
# TYPE load untyped
load 1
# HELP only_help Größe.
only_help 1
# TYPE latency histogram
latency_bucket{le="+Inf"} 1
latency_sum 1
latency_count 1
bare 1
`;
const strict = String.raw`# TYPE calls counter
# HELP calls Calls, \\ and\nnew lines, \"quoted\".
calls_total 5 # {trace_id="KOO5S4vxi0o"} 0.067
calls_created 1520430000.123
# TYPE load gauge
load 1
# TYPE took_seconds summary
# UNIT took_seconds seconds
took_seconds_count 1
# TYPE build info
build_info{version="1"} 1
# TYPE mood stateset
mood{mood="good"} 1
# TYPE other unknown
other 1
# EOF
`;
const openmetrics = (body) => (req, res) =>
  res.writeHead(200, { 'content-type': 'application/openmetrics-text; version=1.0.0; charset=utf-8' }).end(body);

// Both beside each other, when each has asked every target.
async function startBoth() {
  const one = await TextTarget.start(scope, plain);
  const two = await TextTarget.start(scope, openmetrics(strict));
  const dead = await Backend.start(scope);
  await dead.stop();
  const config = `global: {scrape_interval: 1s, scrape_timeout: 500ms}
scrape_configs:
  - {job_name: plain, static_configs: [{targets: ['${one.address}'], labels: {env: "test <1>"}}]}
  - job_name: strict
    metrics_path: /some/where
    scrape_interval: 1500ms
    params: {module: ["a b&c", second], x: ["1"]}
    static_configs: [{targets: ['${two.address}', 'localhost:${two.port}'], labels: {job: renamed}}]
  - {job_name: down, static_configs: [{targets: ['127.0.0.1:${dead.port}']}]}
`;
  const fusebox = await new Fusebox(scope, { config }).start();
  const prometheus = await new Prometheus(scope).start(config);
  const urls = [fusebox.url, `http://${prometheus.address}`];
  for (const url of urls)
    await until('all asked', async () => {
      const { activeTargets } = (await get(url, 'targets')).data;
      return activeTargets.length === 4 && activeTargets.every((t) => t.health !== 'unknown');
    });
  return urls;
}

const get = async (url, what) => (await fetch(`${url}/api/v1/${what}`)).json();

// Entries of a metric come in any order.
const sorted = ({ status, data }) => ({
  status,
  data: Object.fromEntries(Object.entries(data).sort().map(([metric, entries]) =>
    [metric, entries.map((entry) => JSON.stringify(entry)).sort()])),
});

// What may differ: times, the words of an error, and how a blank is written in a query.
const steady = ({ status, data }) => ({
  status,
  droppedTargets: data.droppedTargets,
  activeTargets: data.activeTargets.map(({ lastScrape, lastScrapeDuration, lastError, ...rest }) => {
    rest.scrapeUrl = rest.scrapeUrl.replaceAll('+', '%20');
    rest.globalUrl = rest.globalUrl.replaceAll('+', '%20');
    assert.ok(Math.abs(Date.now() - Date.parse(lastScrape)) < 20000, lastScrape);
    assert.ok(lastScrapeDuration >= 0 && lastScrapeDuration < 2, String(lastScrapeDuration));
    return JSON.stringify({ ...rest, failed: lastError !== '', keys: Object.keys(rest) });
  }).sort(),
});

scope.test('both tell the same metadata and the same targets', async (t) => {
  const [ours, theirs] = await startBoth();

  for (const what of ['metadata', 'metadata?metric=calls', 'metadata?metric=load', 'metadata?metric=nope', 'metadata?metric=',
    'metadata?limit=0', 'metadata?limit=-1', 'metadata?limit='])
    assert.deepEqual(sorted(await get(ours, what)), sorted(await get(theirs, what)), what);
  assert.equal(Object.keys((await get(ours, 'metadata?limit=2')).data).length, 2);
  const refused = await Promise.all([ours, theirs].map((url) => fetch(`${url}/api/v1/metadata?limit=many`)));
  assert.deepEqual(refused.map((answer) => answer.status), [400, 400]);
  assert.deepEqual(await refused[0].json(), await refused[1].json());

  for (const what of ['targets', 'targets?state=any', 'targets?state=active', 'targets?state=ACTIVE'])
    assert.deepEqual(steady(await get(ours, what)), steady(await get(theirs, what)), what);
  for (const what of ['targets?state=dropped', 'targets?state=nonsense'])
    assert.deepEqual(await get(ours, what), await get(theirs, what), what);
  t.diagnostic(`${Object.keys((await get(ours, 'metadata')).data).length} metrics`);
});

scope.test('what a target says no more is forgotten, and its exemplars are counted', async () => {
  let n = 0;
  const target = await TextTarget.start(scope, (req, res) => openmetrics(
    `# TYPE calls counter\ncalls_total ${n} # {trace_id="${n++}"} 1\n# EOF\n`)(req, res));
  const fusebox = await new Fusebox(scope, {
    config: `scrape_configs: [{job_name: one, scrape_interval: 100ms, scrape_timeout: 100ms, static_configs: [{targets: ['${target.address}']}]}]\n`,
  }).start();
  await until('exemplars', async () => (await fusebox.metric('fusebox_exemplars')) >= 3);
  assert.deepEqual((await get(fusebox.url, 'metadata')).data, { calls: [{ type: 'counter', help: '', unit: '' }] });
  assert.equal(await fusebox.metric('fusebox_metadata_entries'), 1);
  target.serve = openmetrics('# TYPE other gauge\nother 1\n# EOF\n');
  await until('forgotten', async () => !('calls' in (await get(fusebox.url, 'metadata')).data));
  assert.deepEqual((await get(fusebox.url, 'metadata')).data, { other: [{ type: 'gauge', help: '', unit: '' }] });
});
