// What scraping and the evaluation notice of heavy range queries, by Fusebox' own metrics: quiet, then with 20 of them at a time.
//   node bench/queries_beside.mjs [SECONDS=15] [QUERIES=20]
import { readFileSync } from 'node:fs';
import { makePeers, scrapeConfig, startTargets, table } from './peers.mjs';
import { POINTS, STEP_S, makeSeries, writeSeries } from './query_series.mjs';
import { metric, sleep, tempDir, until } from './support.mjs';

const [seconds, atOnce] = [15, 20].map((preset, i) => Number(process.argv[2 + i] ?? preset));
const HEAVY = ['histogram_quantile(0.9, rate(http_request_duration_seconds_bucket[5m]))', 'quantile_over_time(0.5, queue_depth[30m])',
  'http_requests_total / ignoring (code) group_left sum without (code) (http_requests_total)', 'rate(http_requests_total[1h])'];
const FIGURES = { 'from a scrape to the view': 'fusebox_freshness_seconds', 'a step of the evaluation': 'fusebox_evaluate_duration_seconds', 'a commit, synced': 'fusebox_tsdb_commit_duration_seconds' };

const endS = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S - 2 * STEP_S, startS = endS - (POINTS - 1) * STEP_S;
const dir = tempDir('queries-beside');
const fusebox = makePeers(dir, scrapeConfig(1, { fleet: await startTargets(20, 100, 1) })).find((p) => p.name === 'fusebox');
await fusebox.start();
await writeSeries([fusebox.url], makeSeries(), startS * 1000);
await until('the first scrape', async () => (await metric(`${fusebox.url}/metrics`, 'fusebox_freshness_seconds_count')) > 0);

async function buckets(name) {
  const text = await (await fetch(`${fusebox.url}/metrics`)).text();
  return [...text.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\S+)$`, 'gm'))].map(([, le, count]) => [le, Number(count)]);
}

// The bound of the bucket that holds the share of what came between two readings.
function bound(before, after, share) {
  const grown = after.map(([le, count], i) => [le, count - before[i][1]]), total = grown[grown.length - 1][1];
  return grown.find(([, count]) => count >= share * total)[0];
}

async function measure() {
  const names = Object.values(FIGURES), before = await Promise.all(names.map(buckets));
  await sleep(seconds * 1000);
  const after = await Promise.all(names.map(buckets));
  return names.map((_, i) => ({ p50: bound(before[i], after[i], 0.5), p99: bound(before[i], after[i], 0.99) }));
}

const answers = {}; // by status

async function askOn(first) {
  for (let i = first; ; i++) {
    const answer = await fetch(`${fusebox.url}/api/v1/query_range?query=${encodeURIComponent(HEAVY[i % HEAVY.length])}&start=${startS}&end=${endS}&step=${STEP_S}`, { headers: { 'accept-encoding': 'identity' } });
    await answer.arrayBuffer();
    answers[answer.status] = (answers[answer.status] ?? 0) + 1;
  }
}

await sleep(3000);
const quiet = await measure();
for (let i = 0; i < atOnce; i++) void askOn(i);
const busy = await measure();
console.log(`${atOnce} range queries at a time, answers by status ${JSON.stringify(answers)}; load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}\n`);
table(['at most, in seconds', 'quiet, p50', 'p99', 'with queries, p50', 'p99'], Object.keys(FIGURES).map((words, i) => [words, quiet[i].p50, quiet[i].p99, busy[i].p50, busy[i].p99]));
process.exit(0);
