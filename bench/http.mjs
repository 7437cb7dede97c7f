// Requests a second for GET /health, Fusebox and Prometheus' /-/healthy in turn, by wrk (one thread, 64 connections).
//   node bench/http.mjs [SECONDS=8] [ROUNDS=3]
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds, freePort, median, start, startFusebox, stopAll, tempDir, until } from './support.mjs';

const [seconds, rounds] = [8, 3].map((preset, i) => Number(process.argv[2 + i] ?? preset));
const dir = tempDir('http');
writeFileSync(join(dir, 'prometheus.yml'), 'global: {}\n');

const { child: ours, url } = await startFusebox(['--data', join(dir, 'fusebox'), '--set', 'http.threads=1']);
const port = await freePort();
const theirs = start('prometheus', [`--config.file=${join(dir, 'prometheus.yml')}`, `--storage.tsdb.path=${join(dir, 'prometheus')}`,
  `--web.listen-address=127.0.0.1:${port}`, '--log.level=error']);
await until('Prometheus', async () => (await fetch(`http://127.0.0.1:${port}/-/ready`)).ok);

function run(peer) {
  const cpu0 = cpuSeconds(peer.child.pid);
  const text = execFileSync('wrk', ['-t1', '-c64', `-d${seconds}s`, '--latency', peer.url], { encoding: 'utf8' });
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)[1]);
  peer.rates.push(rate);
  peer.perCpu.push((rate * seconds) / (cpuSeconds(peer.child.pid) - cpu0));
  peer.p99 = /99%\s+(\S+)/.exec(text)[1];
  if (/Non-2xx/.test(text)) throw new Error(text);
}

const peers = [
  { name: 'fusebox /health', child: ours, url: `${url}/health`, rates: [], perCpu: [] },
  { name: 'fusebox /live', child: ours, url: `${url}/live`, rates: [], perCpu: [] },
  { name: 'prometheus /-/healthy', child: theirs, url: `http://127.0.0.1:${port}/-/healthy`, rates: [], perCpu: [] },
];
for (let i = 0; i < rounds; i++) for (const p of peers) run(p);
for (const p of peers)
  console.log(`${p.name.padEnd(22)} ${median(p.rates).toFixed(0).padStart(8)} requests/s  ${median(p.perCpu).toFixed(0).padStart(8)} per CPU second  p99 ${p.p99}`);
console.log(`ratio                  ${(median(peers[0].rates) / median(peers[2].rates)).toFixed(2)} times Prometheus' rate`);
await stopAll();
process.exit(0);
