// OpenMetrics as Debian's Prometheus takes it: the golden files are scraped by both, and both say the same of each.
//
//   FUSEBOX=build/fusebox node --test test/peers/openmetrics.test.mjs
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { TextTarget } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Prometheus } from './support/prometheus.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('openmetrics');
const golden = new URL('../golden/openmetrics/', import.meta.url);
const names = fs.readdirSync(golden).filter((file) => file.endsWith('.txt')).map((file) => path.basename(file, '.txt'));
const openmetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

const served = (req, res) => {
  const name = path.basename(req.url);
  res.writeHead(200, { 'content-type': openmetrics }).end(fs.readFileSync(new URL(`${name}.txt`, golden)));
};

// One job per file, honest labels: {name: health}.
const jobs = (target) => `global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n${names.map((name) =>
  `  - {job_name: ${name}, metrics_path: /${name}, static_configs: [{targets: ['${target.address}']}]}\n`).join('')}`;

async function healths(url) {
  const { data } = await (await fetch(`${url}/api/v1/targets`)).json();
  return data.activeTargets.length === names.length && data.activeTargets.every(({ health }) => health !== 'unknown') &&
    Object.fromEntries(data.activeTargets.map(({ scrapePool, health, lastError }) => [scrapePool, { health, lastError }]));
}

scope.test('each golden file is taken or refused by both', async (t) => {
  const target = await TextTarget.start(scope, served);
  const fusebox = await new Fusebox(scope, { config: jobs(target) }).start();
  const prometheus = await new Prometheus(scope).start(jobs(target));
  const theirs = await until('Prometheus asked all', () => healths(`http://${prometheus.address}`));
  const ours = await until('we asked all', () => healths(fusebox.url));
  const said = (name) => `${name}: ours ${JSON.stringify(ours[name])}, theirs ${JSON.stringify(theirs[name])}`;
  const differing = names.filter((name) => ours[name].health !== theirs[name].health ||
    ours[name].health !== (name.startsWith('good_') ? 'up' : 'down'));
  assert.deepEqual(differing.map(said), []);
  t.diagnostic(`${names.length} files`);
});

scope.test('what is asked for, and the format that answers, are as Prometheus has them', async () => {
  const accepts = {};
  const target = await TextTarget.start(scope, (req, res) => {
    accepts[req.headers['user-agent'].split('/')[0]] = req.headers.accept;
    res.writeHead(200, { 'content-type': openmetrics }).end('a_seconds 2 1.5\n# EOF\n');
  });
  const config = scrapeConfig({ one: [target.address] });
  const fusebox = await new Fusebox(scope, { config }).start();
  await new Prometheus(scope).start(config);
  await until('both asked', () => Object.keys(accepts).length === 2);
  assert.equal(accepts.Fusebox, accepts.Prometheus);
  await fusebox.settle();
  const [one] = await fusebox.targets();
  assert.deepEqual([one.up, one.samples], [true, 1]);
});
