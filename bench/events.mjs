// Events a second by NDJSON with synced acknowledgement, and the CPU time that they take.
//   node bench/events.mjs [SECONDS=20] [EVENTS_PER_BODY=1000] [CONNECTIONS=2] [SERVICES=20] [ids]
import http from 'node:http';
import { join } from 'node:path';
import { cpuSeconds, residentMiB, sleep, startFusebox, stopAll, tempDir, metric } from './support.mjs';

const [seconds, perBody, connections, services] = [20, 1000, 2, 20].map((preset, i) => Number(process.argv[2 + i] ?? preset));
const withIds = process.argv[6] === 'ids';
const VARIANTS = 8;

// What a service of a fleet tells: mostly calls, some retries, errors, operations, a state now and then. Without a
// time of their own, so that the same bytes may be sent again.
function event(n) {
  const service = `service-${n % services}`;
  const id = withIds ? `"id":"ID${n}",` : '';
  if (n % 50 === 0) return `{${id}"event_type":"breaker_transition","service":"${service}","breaker":"main","new_state":"${n % 100 ? 'open' : 'closed'}"}`;
  if (n % 10 === 1) return `{${id}"serviceName":"${service}","retryCount":${n % 3},"operationType":"api_call","responseTime":${n % 400},"success":${n % 7 !== 0},"circuitBreakerState":"closed"}`;
  if (n % 10 === 2) return `{${id}"event_type":"operation","service":"${service}","operation":"render","duration_ms":${(n % 90) / 2},"success":true}`;
  return `{${id}"event_type":"call","service":"${service}","caller":"web-${n % 4}","outcome":"${n % 20 ? 'success' : 'failure'}","duration_ms":${n % 250}}`;
}

const bodies = Array.from({ length: VARIANTS }, (_, v) => Array.from({ length: perBody }, (_, i) => event(v * perBody + i)).join('\n'));
const bytes = bodies.reduce((sum, body) => sum + body.length, 0) / VARIANTS;
const dir = tempDir('events');
const { child, url } = await startFusebox(['--data', join(dir, 'data')]);
const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
const latencies = [];
const statuses = new Map();
let accepted = 0;
let sent = 0;

function post(body) {
  const begin = performance.now();
  return new Promise((done, fail) => {
    const request = http.request(`${url}/api/v1/events`, { method: 'POST', agent, headers: { 'content-type': 'application/x-ndjson', 'content-length': Buffer.byteLength(body) } }, (answer) => {
      let text = '';
      answer.on('data', (data) => (text += data));
      answer.on('end', () => {
        statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1);
        if (answer.statusCode === 200) accepted += JSON.parse(text).accepted;
        latencies.push(performance.now() - begin);
        done();
      });
    });
    request.on('error', fail);
    request.end(body);
  });
}

async function drive(until) {
  while (performance.now() < until) {
    const number = sent++;
    const body = bodies[number % VARIANTS];
    await post(withIds ? body.replaceAll('"ID', `"${number}-`) : body);
  }
}

const run = (ms) => Promise.all(Array.from({ length: connections }, () => drive(performance.now() + ms)));
await run(2000); // series are made once; the steady state is what is measured
latencies.length = accepted = 0;
statuses.clear();
const begin = performance.now();
const cpu = cpuSeconds(child.pid);
await run(seconds * 1000);
const took = (performance.now() - begin) / 1000;
const used = cpuSeconds(child.pid) - cpu;
latencies.sort((a, b) => a - b);
const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))].toFixed(1);
console.log(`${(accepted / took).toFixed(0)} events/s acknowledged when synced (${perBody} in a body of ${bytes.toFixed(0)} bytes, ${connections} connections, ${services} services${withIds ? ', with ids' : ''})`);
console.log(`${(used / (accepted / 1e6)).toFixed(3)} CPU s per million events, ${(used / took * 100).toFixed(0)} % of one core, ${residentMiB(child.pid).toFixed(0)} MiB resident`);
console.log(`answers ${JSON.stringify(Object.fromEntries(statuses))}; a body is acknowledged in ${at(0.5)} ms (median), ${at(0.99)} ms (99 %)`);
console.log(`signals ${await metric(`${url}/metrics`, 'fusebox_signals_total')}, commits ${await metric(`${url}/metrics`, 'fusebox_tsdb_commits_total')}`);
await sleep(200);
await stopAll();
process.exit(0);
