// How fresh a live page is: from the last byte of a scrape's answer to the event on a stream.
//
//   FUSEBOX=build/fusebox node bench/freshness.mjs [SCRAPES]        default 300
//
// A target like HAProxy's exporter notes when each of its answers was written. Its only server goes up or down at every
// scrape ("states"), which is sent at once; or figures alone change, which are sent at most once per
// http.stream_interval. Everything is read by one clock.
import http from 'node:http';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawn } from 'node:child_process';

const binary = process.env.FUSEBOX ?? 'build/fusebox';
const scrapes = Number(process.argv[2] ?? 300);
const FIRST = 1000;

// Further backends, so that an answer is as large as that of a middle-sized HAProxy.
const ballast = Array.from({ length: 100 }, (_, i) => `haproxy_backend_http_requests_total{proxy="other-${i}"} 1
haproxy_server_status{proxy="other-${i}",server="s",state="UP"} 1\n`).join('');

async function startTarget(changesState) {
  const finished = new Map(); // by the number of calls that the answer told
  let calls = FIRST;
  const server = http.createServer((req, res) => {
    const told = ++calls;
    const up = changesState && told % 2 ? 0 : 1;
    res.on('finish', () => finished.set(told, performance.now()));
    res.end(`haproxy_backend_http_requests_total{proxy="shop"} ${told}
haproxy_server_status{proxy="shop",server="s",state="UP"} ${up}
haproxy_server_status{proxy="shop",server="s",state="DOWN"} ${1 - up}\n${ballast}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, finished, address: `127.0.0.1:${server.address().port}` };
}

async function startDaemon(dir, address, { scrape, stream }) {
  const file = path.join(dir, 'fusebox.yml');
  fs.writeFileSync(file, `global: {scrape_interval: ${scrape}, scrape_timeout: ${scrape}}
scrape_configs:\n  - {job_name: haproxy, static_configs: [{targets: ['${address}']}]}\n`);
  const child = spawn(binary, ['run', '--config', file, '--data', dir, '--listen', '127.0.0.1:0', '--set', `http.stream_interval=${stream}`],
    { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  for await (const piece of child.stdout) {
    output += piece;
    const found = output.match(/ready at (http:\/\/[^/]+)/);
    if (found) return { child, url: found[1] };
  }
  throw new Error('the daemon did not start');
}

// The delays in ms, one for each scrape whose figures came in an event of their own.
async function follow(url, finished, count) {
  const delays = [];
  const answer = await fetch(`${url}/api/v1/retry-monitoring/dashboard/overview/subscribe`);
  let rest = '';
  let base;
  for await (const piece of answer.body) {
    const now = performance.now();
    const blocks = (rest + Buffer.from(piece)).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.match(/^data: ?(.*)$/m);
      const row = data && JSON.parse(data[1]).services?.find(({ service }) => service === 'shop');
      if (!row) continue;
      base ??= Math.max(...finished.keys()) - row.calls_total; // nothing is under way when the first event comes
      const end = finished.get(base + row.calls_total);
      if (end !== undefined && /^event: update/m.test(block)) delays.push(now - end);
      finished.delete(base + row.calls_total);
      if (delays.length >= count) return delays;
    }
  }
  throw new Error('the stream ended');
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1);

const runs = [
  { name: 'states, scraped each 200 ms', changesState: true, scrape: '200ms', stream: '1s', count: scrapes },
  { name: 'figures, scraped each 200 ms, sent each 100 ms', scrape: '200ms', stream: '100ms', count: scrapes },
  { name: 'figures, scraped each second, sent each second', scrape: '1s', stream: '1s', count: Math.ceil(scrapes / 10) },
];

for (const run of runs) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fusebox-freshness-'));
  const { server, finished, address } = await startTarget(run.changesState);
  const { child, url } = await startDaemon(dir, address, run);
  try {
    const delays = (await follow(url, finished, run.count)).sort((a, b) => a - b);
    console.log(`${run.name}: ${delays.length} scrapes, median ${at(delays, 0.5)} ms, p99 ${at(delays, 0.99)} ms, max ${at(delays, 1)} ms`);
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
    server.closeAllConnections?.();
    server.close();
    fs.rmSync(dir, { recursive: true, force: true });
  }
}
process.exit(0);
