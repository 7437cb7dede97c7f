// What VictoriaMetrics needs on disk for the same series that bench_page puts into pages, kind by kind.
//   node bench/pages.mjs [SERIES=10000] [SAMPLES=240] [KINDS=mix,counter,...]     BENCH_PAGE=path chooses the binary
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { diskBytes } from './peers.mjs';
import { freePort, metric, sleep, start, tempDir, until } from './support.mjs';

const series = Number(process.argv[2] ?? 10000);
const samples = Number(process.argv[3] ?? 240);
const kinds = (process.argv[4] ?? 'counter,counter_fast,counter_slow,constant,gauge_integer,gauge_memory,gauge_decimal,gauge_walk,ratio,rate_minute,' +
  'float_walk,latency_sum,latency_sum_ms,with_stale,counter_huge,extreme,histogram,mix').split(',');
const bench = process.env.BENCH_PAGE ?? 'build-bench/bench/bench_page';

async function measure(kind) {
  const dir = tempDir(`pages-${kind}`);
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const peer = start('victoria-metrics', [`-storageDataPath=${dir}`, `-httpListenAddr=${address}`, '-retentionPeriod=100y', '-loggerLevel=ERROR']);
  await until('victoria-metrics', async () => (await fetch(`${url}/health`)).ok);
  const text = spawn(bench, ['dump', kind, series, samples], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(text.stdout, 'readable'); // series that take long to make would let the connection lapse
  const answer = await fetch(`${url}/api/v1/import/prometheus`, { method: 'POST', body: text.stdout, duplex: 'half' });
  if (!answer.ok) throw new Error(`${kind}: ${answer.status} ${await answer.text()}`);
  for (const step of ['force_flush', 'force_merge']) await fetch(`${url}/internal/${step}`);
  await sleep(1000);
  await until('the merge', async () => !((await metric(`${url}/metrics`, 'vm_active_force_merges')) > 0), 120);
  const ended = new Promise((done) => peer.once('exit', done));
  peer.kill('SIGINT');
  await ended;
  const data = diskBytes(join(dir, 'data')), index = diskBytes(join(dir, 'indexdb'));
  console.log(`${kind.padEnd(16)} ${(data / series / samples).toFixed(3)} bytes per sample, ${((data + index) / series / samples).toFixed(3)} with the index`);
}

process.setMaxListeners(0); // a directory and a server for each kind
for (const kind of kinds) await measure(kind);
