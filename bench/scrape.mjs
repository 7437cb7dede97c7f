// CPU seconds per million scraped samples, Fusebox and Prometheus on the same targets at the same time.
//   node bench/scrape.mjs [TARGETS=100] [SERIES=1000] [SECONDS=60]
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds, freePort, metric, residentMiB, sleep, start, startFusebox, stopAll, tempDir, until } from './support.mjs';

const [targets, series, seconds] = [100, 1000, 60].map((preset, i) => Number(process.argv[2 + i] ?? preset));
const VARIANTS = 8;

// Bodies as a service would give them: counters, gauges and a histogram, with values that move at each scrape.
function body(target, variant) {
  const lines = ['# TYPE http_requests_total counter'];
  const at = 1_700_000 + variant * 37;
  for (let i = 0; i < series; i++) {
    const code = [200, 201, 404, 503][i % 4];
    if (i % 10 < 6) lines.push(`http_requests_total{service="svc-${target}",path="/api/v1/items/${i}",method="GET",code="${code}"} ${at + i * 13}`);
    else if (i % 10 < 8) lines.push(`queue_depth{service="svc-${target}",queue="q${i}",zone="z${i % 3}"} ${((i * 7919 + variant * 131) % 1000) / 10}`);
    else lines.push(`request_duration_seconds_bucket{service="svc-${target}",route="/r/${i}",le="${(i % 12) / 10}"} ${at + i * 3}`);
  }
  return Buffer.from(lines.join('\n') + '\n');
}

const bodies = Array.from({ length: VARIANTS }, (_, v) => Array.from({ length: targets }, (_, t) => body(t, v)));
const count = new Map();
const server = createServer((req, res) => {
  const n = (count.get(req.url) ?? 0) + 1;
  count.set(req.url, n);
  const target = Number(/\/(\d+)/.exec(req.url)[1]);
  res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' });
  res.end(bodies[n % VARIANTS][target]);
});
server.keepAliveTimeout = 60000;
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const address = `127.0.0.1:${server.address().port}`;

const jobs = Array.from({ length: targets }, (_, t) =>
  `  - job_name: job-${t}\n    metrics_path: /PEER/${t}\n    static_configs:\n      - targets: ["${address}"]\n`).join('');
const config = (peer) => `global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\nscrape_configs:\n${jobs.replaceAll('PEER', peer)}`;
const dir = tempDir('scrape');
writeFileSync(join(dir, 'fusebox.yml'), config('fusebox'));
writeFileSync(join(dir, 'prometheus.yml'), config('prometheus'));

const { child: ours, url } = await startFusebox(['--config', join(dir, 'fusebox.yml'), '--data', join(dir, 'fusebox')]);
const port = await freePort();
const theirs = start('prometheus', [`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(dir, 'prometheus')}`,
  `--web.listen-address=127.0.0.1:${port}`, '--log.level=error']);
await until('Prometheus', async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok);
await sleep(10000); // series are made once; the steady state is what is measured

const peers = [
  { name: 'fusebox', child: ours, samples: () => metric(`${url}/metrics`, 'fusebox_tsdb_samples_appended_total') },
  { name: 'prometheus', child: theirs, samples: () => metric(`http://127.0.0.1:${port}/metrics`, 'prometheus_tsdb_head_samples_appended_total') },
];
for (const p of peers) Object.assign(p, { samples0: await p.samples(), cpu0: cpuSeconds(p.child.pid) });
await sleep(seconds * 1000);
for (const p of peers) {
  p.grown = (await p.samples()) - p.samples0;
  p.perMillion = (cpuSeconds(p.child.pid) - p.cpu0) / (p.grown / 1e6);
  console.log(`${p.name.padEnd(12)} ${(p.grown / seconds).toFixed(0).padStart(8)} samples/s  ${p.perMillion.toFixed(3)} CPU s per million  ${residentMiB(p.child.pid).toFixed(0)} MiB resident`);
}
console.log(`ratio        ${(peers[0].perMillion / peers[1].perMillion).toFixed(3)} of Prometheus' CPU time per sample (${targets} targets, ${series} series, ${seconds} s)`);
await stopAll();
process.exit(0);
