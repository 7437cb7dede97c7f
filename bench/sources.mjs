// Real exporters for the storage bench: HAProxy under a load that swells and ebbs, node_exporter, and a Fusebox that watches both.
import { createServer, Agent, get } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, sleep, start, startFusebox, until } from './support.mjs';
import { scrapeConfig } from './peers.mjs';

const BACKENDS = ['shop', 'login', 'search', 'images'];
const SERVERS = 3;

// A service that takes 0 to 30 ms and fails once in fifty times.
async function startService() {
  const server = createServer((req, res) => {
    setTimeout(() => {
      res.writeHead(Math.random() < 0.02 ? 503 : 200);
      res.end('x'.repeat(Math.floor(Math.random() * 2000)));
    }, Math.random() * 30);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return server.address().port;
}

async function haproxyConfig(stats, front) {
  const backends = [];
  for (const name of BACKENDS) {
    backends.push(`backend ${name}`);
    for (let i = 0; i < SERVERS; i++) backends.push(`  server ${name}${i} 127.0.0.1:${await startService()} check`);
  }
  return `defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
frontend stats
  bind 127.0.0.1:${stats}
  http-request use-service prometheus-exporter if { path /metrics }
frontend www
  bind 127.0.0.1:${front}
${BACKENDS.map((name) => `  use_backend ${name} if { path_beg /${name} }\n`).join('')}  default_backend ${BACKENDS[0]}
${backends.join('\n')}
`;
}

// 20 to 200 requests a second, up and down each two minutes.
function load(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const tick = () => {
    const perTick = 1 + Math.round(9.5 * (1 + Math.sin((Date.now() / 120000) * 2 * Math.PI)) * Math.random());
    for (let i = 0; i < perTick; i++) {
      const path = `/${BACKENDS[Math.floor(Math.random() ** 2 * BACKENDS.length)]}`;
      get({ host: '127.0.0.1', port, path, agent }, (res) => res.resume()).on('error', () => {});
    }
  };
  setInterval(tick, 100).unref();
}

const starters = {
  async haproxy(dir) {
    const [stats, front] = [await freePort(), await freePort()];
    writeFileSync(join(dir, 'haproxy.cfg'), await haproxyConfig(stats, front));
    start('haproxy', ['-db', '-f', join(dir, 'haproxy.cfg')]);
    load(front);
    return `127.0.0.1:${stats}`;
  },
  async node() {
    const address = `127.0.0.1:${await freePort()}`;
    start('prometheus-node-exporter', [`--web.listen-address=${address}`, '--log.level=error']);
    return address;
  },
  async fusebox(dir, others) {
    mkdirSync(join(dir, 'watched'));
    writeFileSync(join(dir, 'watched.yml'), scrapeConfig(5, others));
    const { url } = await startFusebox(['--config', join(dir, 'watched.yml'), '--data', join(dir, 'watched')]);
    return new URL(url).host;
  },
};

// Starts the named sources; returns their addresses by name, as scrapeConfig takes them.
export async function startSources(dir, names) {
  const jobs = {};
  for (const name of names) {
    if (!starters[name]) throw new Error(`no source ${name}; there are ${Object.keys(starters).join(', ')}`);
    jobs[name] = [await starters[name](dir, { ...jobs })];
  }
  for (const name of names) await until(name, async () => (await fetch(`http://${jobs[name][0]}/metrics`)).ok);
  await sleep(2000);
  return jobs;
}
