// CPU of the thread `evaluate` of the real daemon while services with three breakers come in by scrape, two instances of each and each
// second: about 100 signals a second for each; one viewer looks at the overview and one at a service.
//   node bench/evaluate.mjs [SERVICES=1000] [SECONDS=60] [FLIPS=10] [soak]
// FLIPS breakers a second change their state. With `soak` the store is sealed each 20 s, so that samples on their way to blocks do not hide
// what else grows: the slope of resident memory over the last two thirds must stay under SOAK_MIB_PER_HOUR (default 30), else it exits with 1.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { metric, residentMiB, sleep, startFusebox, stopAll, tempDir, until } from './support.mjs';

const [services, seconds, flips] = [1000, 60, 10].map((preset, i) => Number(process.argv[2 + i] ?? preset));
const soak = process.argv[5] === 'soak';
const SEAL_EVERY_S = 20;
const PER_TARGET = 10;
const BREAKERS = ['read', 'write', 'list'];
const RETRIES = { successful_without_retry: 90, successful_with_retry: 2, failed_with_retry: 1, failed_without_retry: 0.5 };
const EVENTS = { success: 30, failure: 1, timeout: 0.2, bad_request: 0.1, short_circuited: 0 };
const open = new Set(); // "service/breaker"

let state = 1;
function unit() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

function counter(list, prefix, step) {
  list.push({ prefix, step, value: 0 });
}

function serviceLines(service) {
  const lines = [];
  for (const key of BREAKERS) {
    const labels = `group="${service}",key="${key}"`;
    for (const [event, step] of Object.entries(EVENTS)) counter(lines, `hystrix_execution_total{${labels},event="${event}"} `, step);
    counter(lines, `hystrix_execution_terminal_total{${labels}} `, 31);
    counter(lines, `hystrix_latency_total_seconds_count{${labels}} `, 31);
    counter(lines, `hystrix_latency_total_seconds_sum{${labels}} `, 1.5);
    lines.push({ prefix: `hystrix_circuit_breaker_open{${labels}} `, breaker: `${service}/${key}` });
  }
  for (const [kind, step] of Object.entries(RETRIES)) counter(lines, `resilience4j_retry_calls_total{name="${service}",kind="${kind}"} `, step);
  return lines;
}

const name = (i) => `service-${String(i).padStart(5, '0')}`;

function listen(first) {
  const lines = [];
  for (let i = first; i < first + PER_TARGET && i < services; i++) lines.push(...serviceLines(name(i)));
  const server = createServer((_, res) => {
    let text = '';
    for (const line of lines) text += `${line.prefix}${line.breaker ? Number(open.has(line.breaker)) : (line.value += 2 * line.step * unit())}\n`;
    res.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' });
    res.end(text);
  });
  server.keepAliveTimeout = 120000;
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server.address().port)));
}

let flipped = 0;
function flip() {
  const breaker = `${name((flipped * 7919) % services)}/${BREAKERS[flipped % 3]}`;
  flipped++;
  if (!open.delete(breaker)) open.add(breaker);
}

async function view(url, path) {
  const seen = { bytes: 0, frames: 0 };
  const answer = await fetch(`${url}/api/v1/retry-monitoring/dashboard/${path}/subscribe`);
  (async () => {
    for await (const chunk of answer.body) {
      seen.bytes += chunk.length;
      seen.frames += Buffer.from(chunk).toString('latin1').split('event: update').length - 1;
    }
  })().catch(() => {});
  return seen;
}

const ticks = Number(execFileSync('getconf', ['CLK_TCK']));
function threadSeconds(pid, thread) {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => {
    const [head, rest] = readFileSync(`/proc/${pid}/task/${task}/stat`, 'utf8').split(') ');
    const fields = rest.split(' ');
    return head.endsWith(`(${thread}`) ? sum + (Number(fields[11]) + Number(fields[12])) / ticks : sum;
  }, 0);
}

// The slope of the least squares through [hours, MiB].
function slope(points) {
  const mean = (at) => points.reduce((sum, p) => sum + p[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  return points.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0) / points.reduce((sum, p) => sum + (p[0] - x) ** 2, 0);
}

const ports = [];
for (let instance = 0; instance < 2; instance++) for (let i = 0; i < services; i += PER_TARGET) ports.push(await listen(i));
const dir = tempDir('evaluate');
const file = join(dir, 'fusebox.yml');
writeFileSync(file, `scrape_configs: [{job_name: fleet, scrape_interval: 1s, static_configs: [{targets: [${ports.map((p) => `'127.0.0.1:${p}'`)}]}]}]\n`);
const { child, url } = await startFusebox(['--config', file, '--data', join(dir, 'data')]);
await until('all services', async () => (await (await fetch(`${url}/api/v1/retry-monitoring/dashboard/overview`)).json()).totals.services.total >= services, 60);
const viewers = [await view(url, 'overview'), await view(url, `service/${name(0)}`)];
await sleep(15000);

const signals = () => metric(`${url}/metrics`, 'fusebox_signals_total');
const before = { signals: await signals(), cpu: threadSeconds(child.pid, 'evaluate'), frames: viewers[0].frames, bytes: viewers[0].bytes, at: performance.now() };
const memory = [];
const flipping = setInterval(() => flips && flip(), 1000 / (flips || 1));
const every = soak ? SEAL_EVERY_S * 1000 : Math.min(5000, seconds * 100);
while (performance.now() - before.at < seconds * 1000) {
  await sleep(every);
  if (soak) await fetch(`${url}/api/v1/storage/seal`, { method: 'POST' });
  memory.push([(performance.now() - before.at) / 3.6e6, residentMiB(child.pid)]);
}
clearInterval(flipping);
const took = (performance.now() - before.at) / 1000;
const used = threadSeconds(child.pid, 'evaluate') - before.cpu;
console.log(`${services} services, ${services * 3} breakers: ${(((await signals()) - before.signals) / took / services).toFixed(0)} signals a second for each service`);
console.log(`thread evaluate: ${((100 * used) / took).toFixed(1)} % of one core; ${((viewers[0].frames - before.frames) / took).toFixed(1)} frames/s, ${((viewers[0].bytes - before.bytes) / took / 1e6).toFixed(2)} MB/s for the overview's viewer`);
const begin = performance.now();
const overview = await (await fetch(`${url}/api/v1/retry-monitoring/dashboard/overview`)).arrayBuffer();
console.log(`GET overview: ${(overview.byteLength / 1e6).toFixed(2)} MB in ${(performance.now() - begin).toFixed(0)} ms`);
const settled = memory.slice(Math.floor(memory.length / 3));
const perHour = slope(settled);
console.log(`resident: ${settled.at(-1)[1].toFixed(0)} MiB${soak ? `, ${perHour.toFixed(1)} MiB per hour over the last ${((settled.at(-1)[0] - settled[0][0]) * 60).toFixed(1)} min` : ''}`);
await stopAll();
process.exit(soak && perHour > Number(process.env.SOAK_MIB_PER_HOUR ?? 30) ? 1 : 0);
