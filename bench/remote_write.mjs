// What remote write costs the receiver: Fusebox, Prometheus and VictoriaMetrics, one after the other, take the same bodies (Snappy, one sample per series
// and round) over two connections. The sender (bench_remote_write) has a process of its own, so that its work is nobody's figure.
//   node bench/remote_write.mjs [SERIES=10000,100000,1000000] [TIMES=3] [BATCH=2000]
// A body has 2,000 samples, as Prometheus' shards send them (500 up to 2.47, 2,000 since then); all three get the same. CPU time is user and system time of
// the server's process, up to three seconds after the last answer: what it does behind its answers (merges, seals, collecting garbage) is its cost, too.
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { makePeers, scrapeConfig, table, thousands } from './peers.mjs';
import { binary, cpuSeconds, median, sleep, stopAll, tempDir } from './support.mjs';

const [sizes = '10000,100000,1000000', times = 3, batch = 2000] = process.argv.slice(2);
const sender = process.env.SENDER ?? join(dirname(binary), 'bench', 'bench_remote_write');
const SAMPLES = 3e6; // of the steady rounds, about
const MIB = 1 << 20;
const run = promisify(execFile);

async function send(peer, series, from, rounds, baseMs) {
  const port = peer.address.split(':')[1];
  const before = cpuSeconds(peer.child.pid), began = performance.now();
  const { stdout } = await run(sender, [port, '/api/v1/write', series, batch, from, rounds, baseMs].map(String));
  const seconds = (performance.now() - began) / 1000;
  await sleep(3000);
  return { ...JSON.parse(stdout), seconds, cpu: cpuSeconds(peer.child.pid) - before };
}

// One server, from the first sample of every series on.
async function measure(peer, series) {
  const rounds = Math.max(3, Math.round(SAMPLES / series));
  const baseMs = Date.now() - (rounds + 1) * 15000;
  await peer.start();
  const created = await send(peer, series, 0, 1, baseMs);
  const steady = await send(peer, series, 1, rounds, baseMs);
  const found = {
    name: peer.name, rounds, created: created.cpu / created.samples * 1e6, steady: steady.cpu / steady.samples * 1e6, peak: peer.memory().peak,
    disk: peer.dirBytes() / (created.samples + steady.samples), refused: created.refused + steady.refused,
    rate: steady.samples / steady.seconds, bytes: steady.plain / steady.samples,
  };
  await peer.end();
  return found;
}

for (const series of sizes.split(',').map(Number)) {
  const found = [];
  for (let i = 0; i < times; i++)
    for (const peer of makePeers(tempDir('remote-write'), scrapeConfig(15, {}))) found.push(await measure(peer, series));
  const names = [...new Set(found.map((one) => one.name))];
  const of = (name, figure) => median(found.filter((one) => one.name === name).map((one) => one[figure]));
  console.log(`\n${thousands(series)} series, ${found[0].rounds} rounds behind the first one, ${found[0].bytes.toFixed(0)} bytes a series unpacked, median of ${times}\n`);
  table(['', 'CPU s per million samples', 'first samples of all series', 'samples/s', 'peak resident', 'bytes a sample on disk', 'bodies refused'], names.map((name) => [
    name, of(name, 'steady').toFixed(3), of(name, 'created').toFixed(2), thousands(of(name, 'rate')), `${thousands(of(name, 'peak') / MIB)} MiB`,
    of(name, 'disk').toFixed(2), of(name, 'refused'),
  ]));
  for (const name of names.filter((other) => other !== 'fusebox' && names.includes('fusebox')))
    console.log(`Fusebox needs ${(of('fusebox', 'steady') / of(name, 'steady')).toFixed(2)} of ${name}'s CPU, ${(of('fusebox', 'created') / of(name, 'created')).toFixed(2)} for the first samples.`);
}
await stopAll();
process.exit(0);
