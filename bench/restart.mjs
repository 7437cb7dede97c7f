// Seconds until a server may be used again after kill -9: Fusebox, Prometheus and VictoriaMetrics, with the same samples behind them.
//   node bench/restart.mjs [TARGETS=100] [SERIES=1000] [SCRAPES=60] [SECONDS=1] [TIMES=5]
// All three scrape the same targets at the same time, are killed together, and then are started one after the other, alone, and killed
// again when they are ready. The page cache is warm. With 480 scrapes it takes nine minutes (SECONDS=0.5: five).
import { allScrape, makePeers, ratios, scrapeConfig, startTargets, table, thousands } from './peers.mjs';
import { median, sleep, stopAll, tempDir } from './support.mjs';

const [targets, series, scrapes, seconds, times] = [100, 1000, 60, 1, 5].map((preset, i) => Number(process.argv[2 + i] ?? preset));

const dir = tempDir('restart');
const peers = makePeers(dir, scrapeConfig(seconds, { haproxy: await startTargets(targets, series, seconds) }));
await Promise.all(peers.map((p) => p.start()));
await allScrape(peers);
await sleep(scrapes * seconds * 1000);
for (const p of peers) Object.assign(p, { stored: await p.samples(), took: [] });
await Promise.all(peers.map((p) => p.end('SIGKILL')));
for (let i = 0; i < times; i++) {
  for (const p of peers) {
    await sleep(500);
    p.took.push(await p.start());
    await p.end('SIGKILL');
  }
}
console.log(`\nReady after kill -9: ${targets} × ${thousands(series)} series, ${scrapes} scrapes, ${times} times\n`);
table(['', 'samples', 'seconds until ready', 'from', 'to'],
  peers.map((p) => [p.name, thousands(p.stored), median(p.took).toFixed(2), Math.min(...p.took).toFixed(2), Math.max(...p.took).toFixed(2)]));
const goal = scrapes >= 480 ? 'under 2 s' : "less than Prometheus' in this run, and under 0.94 s";
console.log(`\nRestart: ${ratios(peers, (p) => median(p.took))} (goal: ${goal})`);
await stopAll();
process.exit(0);
