// What samples cost in memory and on disk: Fusebox, Prometheus and VictoriaMetrics on the same targets at the same time.
//   node bench/storage.mjs memory [TARGETS=100] [SERIES=1000] [SCRAPES=60] [SECONDS=1]      resident bytes per series
//   node bench/storage.mjs disk   [TARGETS=10] [SERIES=1000] [SCRAPES=240] [SECONDS=1]      bytes per sample after sealing
//   node bench/storage.mjs real   [MINUTES=5] [SOURCES=haproxy,node,fusebox]                the same for real exporters, scraped each second
// One million series: memory 100 10000 5 15. PEERS=fusebox,prometheus leaves one out.
import { allScrape, diskBytes, makePeers, ratios, scrapeConfig, startTargets, table, thousands } from './peers.mjs';
import { startSources } from './sources.mjs';
import { median, sleep, stopAll, tempDir } from './support.mjs';

const [mode = 'memory', ...rest] = process.argv.slice(2);
const numbers = (presets) => presets.map((preset, i) => Number(rest[i] ?? preset));
const dir = tempDir('storage');
const MIB = 1024 * 1024;

// Resident bytes of servers with nothing to do.
async function measureEmpty() {
  const peers = makePeers(tempDir('empty'), scrapeConfig(15, {}));
  for (const p of peers) await p.start();
  await sleep(4000);
  const empty = Object.fromEntries(peers.map((p) => [p.name, p.memory().resident]));
  for (const p of peers) await p.end();
  return empty;
}

async function runFleet(targets, series, scrapes, seconds) {
  const addresses = await startTargets(targets, series, seconds);
  const peers = makePeers(dir, scrapeConfig(seconds, { haproxy: addresses }));
  await Promise.all(peers.map((p) => p.start()));
  await allScrape(peers);
  const last = Math.min(10, scrapes * seconds - 1); // readings of memory, of which the median counts
  await sleep((scrapes * seconds - last) * 1000);
  for (const p of peers) p.readings = [];
  for (let i = 0; i < last; i++) {
    await sleep(1000);
    for (const p of peers) p.readings.push(p.memory());
  }
  return peers;
}

async function memoryMode() {
  const [targets, series, scrapes, seconds] = numbers([100, 1000, 60, 1]);
  const count = targets * series;
  const goal = count > 500000 ? "at most VictoriaMetrics'" : 'at most 600 bytes';
  const empty = await measureEmpty();
  const peers = await runFleet(targets, series, scrapes, seconds);
  for (const p of peers) {
    p.stored = await p.samples();
    p.resident = median(p.readings.map((m) => m.resident));
    p.anonymous = median(p.readings.map((m) => m.anonymous));
    p.perSeries = (p.resident - empty[p.name]) / count;
  }
  console.log(`\nMemory: ${targets} × ${thousands(series)} series, ${scrapes} scrapes, one each ${seconds} s\n`);
  table(['', 'samples', 'resident', 'of it anonymous', 'peak', 'empty server', 'bytes per series', 'with the empty server'],
    peers.map((p) => [p.name, thousands(p.stored), `${thousands(p.resident / MIB)} MiB`, `${thousands(p.anonymous / MIB)} MiB`, `${thousands(p.memory().peak / MIB)} MiB`,
      `${thousands(empty[p.name] / MIB)} MiB`, thousands(p.perSeries), thousands(p.resident / count)]));
  console.log(`\nBytes per series: ${ratios(peers, (p) => p.perSeries)} (goal: ${goal})`);
}

// Seals everywhere (scraping goes on), and looks at the whole directory when the servers have tidied behind it.
async function sealAndPrint(peers, title) {
  for (const p of peers) {
    p.before = p.dirBytes() / (await p.samples());
    p.sealed = await p.seal();
    p.blocks = p.blockBytes();
    p.perSample = p.blocks / p.sealed;
  }
  await sleep(10000);
  for (const p of peers) Object.assign(p, { whole: p.dirBytes(), stored: await p.samples() });
  console.log(`\n${title}\n`);
  const figure = (p, text) => (p.sealed ? text : '–');
  table(['', 'samples in blocks', 'blocks and index', 'bytes per sample', 'data directory a sample, before', 'after'],
    peers.map((p) => [p.name, figure(p, thousands(p.sealed)), figure(p, thousands(p.blocks)), figure(p, p.perSample.toFixed(3)),
      p.before.toFixed(2), (p.whole / p.stored).toFixed(2)]));
  if (peers.every((p) => p.sealed)) console.log(`\nBlocks and index: ${ratios(peers, (p) => p.perSample)} (goal: at most VictoriaMetrics')`);
  const vm = peers.find((p) => p.name === 'victoriametrics');
  if (vm) console.log(`Of VictoriaMetrics' bytes, ${thousands(diskBytes(`${vm.dir}/indexdb`))} are its index.`);
}

async function diskMode() {
  const [targets, series, scrapes, seconds] = numbers([10, 1000, 240, 1]);
  const peers = await runFleet(targets, series, scrapes, seconds);
  await sealAndPrint(peers, `Disk: ${targets} × ${thousands(series)} series, ${scrapes} scrapes, one each ${seconds} s`);
}

async function realMode() {
  const minutes = Number(rest[0] ?? 5);
  const names = (rest[1] ?? 'haproxy,node,fusebox').split(',');
  const sources = await startSources(dir, names);
  const peers = makePeers(dir, scrapeConfig(1, sources));
  await Promise.all(peers.map((p) => p.start()));
  await allScrape(peers);
  await sleep(minutes * 60000);
  await sealAndPrint(peers, `Real metrics (${names.join(', ')}), ${minutes} minutes, scraped each second`);
}

const modes = { memory: memoryMode, disk: diskMode, real: realMode };
if (!modes[mode]) throw new Error(`no mode ${mode}; there are ${Object.keys(modes).join(', ')}`);
await modes[mode]();
await stopAll();
process.exit(0);
