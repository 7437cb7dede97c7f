// The overview with 1,000 live services in headless Chromium, its CPU slowed four times, before a server that sends
// frames as the daemon does: each second the figures of every row, each tenth a step of every spark, each third another order.
//   node bench/overview.mjs [SECONDS=60] [UPDATES=3600] [SERVICES=1000]      CHROMIUM=path
// UPDATES are sent as fast as the page takes them, for the memory. Prints what research asks for and what it may be.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBrowser, openPage } from '../test/e2e/support/browser.mjs';
import { MockServer } from '../test/e2e/support/mock-server.mjs';
import { figuresOf, manyRows, stepsOf } from '../test/e2e/support/scenes.mjs';
import { build } from '../ui/build.mjs';

const [seconds = 60, updates = 3600, services = 1000] = process.argv.slice(2).map(Number);
const SLOWER = Number(process.env.SLOWER ?? 4);
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const part = (list, share) => [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.ceil(list.length * share) - 1)] ?? 0;

const dir = mkdtempSync(join(tmpdir(), 'fusebox-bench-overview-'));
process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
const server = new MockServer(await build(dir));
await server.start();
server.scene = 'many';
await fetch(`${server.url}/api/v1/retry-monitoring/dashboard/overview`).then((answer) => answer.text()); // at hand, as the daemon's is
const browser = await openBrowser();
const { page, close } = await openPage(browser);
const cdp = await page.context().newCDPSession(page);
await cdp.send('Performance.enable', { timeDomain: 'threadTicks' }); // CPU time of the page's thread: others on this machine do not count
const metrics = async () => Object.fromEntries((await cdp.send('Performance.getMetrics')).metrics.map((m) => [m.name, m.value]));

const names = manyRows(server.nowMs, services).map((row) => row.service);
let frame = 0;
function nextFrame() {
  frame++;
  const rows = names.map((name, i) => [name, 10 + ((i * 7 + frame * 13) % 90), (i * 31 + frame) % 100]);
  return {
    services: [],
    figures: figuresOf(rows, server.nowMs),
    ...(frame % 10 === 0 && { steps: stepsOf(rows) }),
    ...(frame % 3 === 0 && { order: [...names.slice(0, 6), ...names.slice(6 + (frame % 50)), ...names.slice(6, 6 + (frame % 50))] }),
  };
}

await page.addInitScript(() => {
  window.__seen = { long: [], shift: 0, paint: 0, frames: [] };
  new PerformanceObserver((list) => list.getEntries().forEach((e) => window.__seen.long.push([e.startTime, e.duration]))).observe({ type: 'longtask' });
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { window.__seen.shift += e.hadRecentInput ? 0 : e.value; })).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { if (e.name === 'first-contentful-paint') window.__seen.paint = e.startTime; })).observe({ type: 'paint', buffered: true });
  new MutationObserver((_, watch) => {
    if (!document.querySelector('.row.wide')) return;
    window.__seen.figures = performance.now();
    watch.disconnect();
  }).observe(document, { childList: true, subtree: true });
});

function say(what, value, limit, unit = '') {
  console.log(`${what.padEnd(46)} ${value.toFixed(value < 10 ? 2 : 1).padStart(8)} ${unit.padEnd(6)} ${limit}`);
}

await page.goto(`${server.url}/ui/`);
await page.locator('.row.wide').first().waitFor();
await sleep(1500);
const first = await page.evaluate(() => window.__seen);
say('first contentful paint', first.paint, '<= 200', 'ms');
say('figures, 1,000 services', first.figures, '<= 400', 'ms');
say('layout shift', first.shift, '<= 0.02');

// Updates, one a second. Idle is when the tasks that the frame began have ended.
await cdp.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
await sleep(1500);
await page.evaluate(() => (window.__seen.long = []));
const script = [], tasks = [];
for (let i = 0; i < seconds; i++) {
  const before = await metrics();
  server.push(nextFrame());
  await sleep(950);
  const after = await metrics();
  script.push((after.ScriptDuration - before.ScriptDuration) * 1000);
  tasks.push((after.TaskDuration - before.TaskDuration) * 1000);
}
const long = (await page.evaluate(() => window.__seen.long)).map(([, duration]) => duration);
say('script per second, median', part(script, 0.5), '', 'ms');
say('script per second, 95 %', part(script, 0.95), '<= 16', 'ms');
say('all tasks per second, 95 % (update to idle)', part(tasks, 0.95), '<= 50', 'ms');
say(`long tasks (longest ${Math.max(0, ...long).toFixed(0)} ms)`, long.length, '0');
say('rows in the document', await page.locator('.row.wide').count(), '<= 40');

// Scrolling, with the CPU as it is.
await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 });
const fps = await page.evaluate(() => new Promise((done) => {
  const began = performance.now();
  let frames = 0;
  const next = (now) => {
    frames++;
    scrollBy(0, 40);
    if (now - began < 4000) requestAnimationFrame(next);
    else done(frames / ((now - began) / 1000));
  };
  requestAnimationFrame(next);
}));
say('scrolling', fps, '>= 55', 'fps');
await page.evaluate(() => scrollTo(0, 0));

// An hour of updates under a fast clock: the next frame follows as soon as the one before is painted.
const settled = async () => {
  await cdp.send('HeapProfiler.collectGarbage');
  const { usedSize } = await cdp.send('Runtime.getHeapUsage');
  return { heap: usedSize / 2 ** 20, ...(await cdp.send('Memory.getDOMCounters')) };
};
const send = async (n) => {
  for (let i = 0; i < n; i++) {
    server.push(nextFrame());
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => done())));
  }
  await sleep(500);
};
await send(200); // sparks are full, caches are warm
const before = await settled();
await send(updates);
const after = await settled();
say('heap', after.heap, '<= 40', 'MiB');
say(`heap, growth over ${updates} updates`, after.heap - before.heap, '<= 2', 'MiB');
say('DOM nodes, growth', after.nodes - before.nodes, '0');
say('listeners, growth', after.jsEventListeners - before.jsEventListeners, '0');
await close();
await browser.close();
await server.stop();
process.exit(0);
