// What stored events cost: their bytes, a start after a kill, searches and counts over all of them.
//   node bench/events_stored.mjs [EVENTS=1000000] [ids]
import { join } from 'node:path';
import { cpuSeconds, residentMiB, startFusebox, stopAll, tempDir } from './support.mjs';

const total = Number(process.argv[2] ?? 1e6);
const withIds = process.argv[3] === 'ids';
const PER_BODY = 10000;

const event = (n) => `{${withIds ? `"id":"${n.toString(16).padStart(8, '0')}-9f3c-4d1e","` : '"'}event_type":"call","service":"service-${n % 200}","caller":"web-${n % 4}",`
  + `"outcome":"${n % 50 ? 'success' : 'failure'}","duration_ms":${(n * 7919) % 250},"trace_id":"${((n * 2654435761) >>> 0).toString(16)}"}`;

const args = ['--data', join(tempDir('events-stored'), 'data')];
let { child, url } = await startFusebox(args);
let bytes = 0;
let next = 0;
const post = async () => {
  while (next < total) {
    const from = next;
    next += PER_BODY;
    const body = Array.from({ length: PER_BODY }, (_, i) => event(from + i)).join('\n');
    bytes += body.length;
    const answer = await fetch(`${url}/api/v1/events`, { method: 'POST', body, headers: { 'content-type': 'application/x-ndjson' } });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  }
};
await Promise.all([post(), post(), post()]);
const { events } = await (await fetch(`${url}/api/v1/storage`)).json();
console.log(`${events.count} events${withIds ? ' with ids' : ''} of ${(bytes / events.count).toFixed(0)} bytes in ${events.rows} rows: ${(events.bytes / events.count).toFixed(1)} bytes each on the disk`);

child.kill('SIGKILL');
await new Promise((done) => child.once('exit', done));
const begin = performance.now();
({ child, url } = await startFusebox(args));
console.log(`ready ${(performance.now() - begin).toFixed(0)} ms after the start that followed a kill, ${cpuSeconds(child.pid).toFixed(2)} CPU s, ${residentMiB(child.pid).toFixed(0)} MiB resident`);

for (const query of ['limit=100', 'service=service-7&limit=100', 'service=nobody', 'by=service,outcome', 'by=service&step=1s', 'by=outcome&caller=web-1']) {
  const start = performance.now();
  const cpu = cpuSeconds(child.pid);
  const answer = await fetch(`${url}/api/v1/events?${query}`);
  const text = await answer.text();
  console.log(`?${query}: ${(performance.now() - start).toFixed(0)} ms, ${(cpuSeconds(child.pid) - cpu).toFixed(2)} CPU s, ${answer.status}, ${text.length} bytes`);
}
await stopAll();
process.exit(0);
