// Fusebox, Prometheus and VictoriaMetrics as three servers of one shape, for the benches that put them side by side.
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { binary, freePort, metric, sleep, start, until } from './support.mjs';

async function ask(url, method = 'POST') {
  const answer = await fetch(url, { method });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return answer.text();
}

// Each moves what is in memory to blocks and returns how many samples the blocks have then; 0 when the server cannot.
const seals = {
  async fusebox(p) {
    const answer = await fetch(`${p.url}/api/v1/storage/seal`, { method: 'POST' });
    if (!answer.ok) {
      console.error(`fusebox does not seal: ${answer.status} ${await answer.text()}`);
      return 0;
    }
    return JSON.parse(await ask(`${p.url}/api/v1/storage`, 'GET')).disk.samples;
  },
  async prometheus(p) {
    p.snapshot = JSON.parse(await ask(`${p.url}/api/v1/admin/tsdb/snapshot`)).data.name;
    const dir = join(p.dir, 'snapshots', p.snapshot);
    return readdirSync(dir).reduce((sum, block) => sum + JSON.parse(readFileSync(join(dir, block, 'meta.json'), 'utf8')).stats.numSamples, 0);
  },
  async victoriametrics(p) {
    await ask(`${p.url}/internal/force_flush`, 'GET');
    await ask(`${p.url}/internal/force_merge`, 'GET');
    await sleep(1000);
    await until('the merge', async () => !((await metric(`${p.url}/metrics`, 'vm_active_force_merges')) > 0), 120);
    return metric(`${p.url}/metrics`, 'vm_rows', 'type="storage/');
  },
};

const KINDS = {
  fusebox: {
    command: binary,
    args: (p) => ['run', '--config', p.config, '--data', p.dir, '--listen', p.address],
    ready: '/-/ready',
    samples: ['fusebox_tsdb_samples_appended_total'],
    blocks: (p) => [join(p.dir, 'blocks')],
    aside: (p) => join(p.dir, 'reserve'), // room kept for a full disk, of fixed size
  },
  prometheus: {
    command: 'prometheus',
    args: (p) => [`--config.file=${p.config}`, `--storage.tsdb.path=${p.dir}`, `--web.listen-address=${p.address}`,
      '--web.enable-admin-api', '--web.enable-remote-write-receiver', '--log.level=error'],
    ready: '/-/ready',
    samples: ['prometheus_tsdb_head_samples_appended_total'],
    blocks: (p) => [join(p.dir, 'snapshots', p.snapshot ?? 'none')],
    aside: (p) => join(p.dir, 'snapshots'), // copies; not part of its data
  },
  victoriametrics: {
    command: 'victoria-metrics',
    args: (p) => [`-promscrape.config=${p.config}`, `-storageDataPath=${p.dir}`, `-httpListenAddr=${p.address}`,
      '-loggerLevel=ERROR', '-promscrape.maxScrapeSize=64MB'],
    ready: '/health',
    samples: ['vm_rows_inserted_total', 'type="promscrape"'],
    blocks: (p) => [join(p.dir, 'data'), join(p.dir, 'indexdb')],
  },
};

const wanted = (process.env.PEERS ?? Object.keys(KINDS).join()).split(',');

// Bytes in a file or below a directory, as far as they are backed by the disk.
export function diskBytes(path) {
  try {
    const stat = lstatSync(path);
    if (stat.isDirectory()) return readdirSync(path).reduce((sum, name) => sum + diskBytes(join(path, name)), 0);
    return stat.isFile() ? Math.min(stat.size, stat.blocks * 512) : 0;
  } catch {
    return 0; // gone meanwhile, or not there yet
  }
}

// The kernel's figures of a process, in bytes.
export function memory(pid) {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)[1]) * 1024;
  return { resident: bytes('VmRSS'), anonymous: bytes('RssAnon'), peak: bytes('VmHWM') };
}

class Peer {
  constructor(name, dir, config, extra) {
    Object.assign(this, { name, kind: KINDS[name], dir: join(dir, name), config, extra });
    mkdirSync(this.dir, { recursive: true });
  }

  // Starts it and waits until it may be used; returns the seconds that this took.
  async start() {
    this.address ??= `127.0.0.1:${await freePort()}`;
    this.url = `http://${this.address}`;
    const began = performance.now();
    this.child = start(this.kind.command, [...this.kind.args(this), ...this.extra]);
    for (;;) {
      if (this.child.exitCode !== null) throw new Error(`${this.name} has ended: ${this.child.text}`);
      const answer = await fetch(this.url + this.kind.ready).catch(() => null);
      await answer?.arrayBuffer();
      if (answer?.ok) return (performance.now() - began) / 1000;
      if (performance.now() - began > 120000) throw new Error(`${this.name} is not ready: ${this.child.text}`);
      await sleep(2);
    }
  }

  async end(signal = 'SIGTERM') {
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.kill(signal);
    await ended;
  }

  async samples() {
    const [name, label] = this.kind.samples;
    const value = await metric(`${this.url}/metrics`, name, label);
    return Number.isNaN(value) ? 0 : value;
  }

  seal() {
    return seals[this.name](this);
  }

  memory() {
    return memory(this.child.pid);
  }

  blockBytes() {
    return this.kind.blocks(this).reduce((sum, path) => sum + diskBytes(path), 0);
  }

  dirBytes() {
    return diskBytes(this.dir) - (this.kind.aside ? diskBytes(this.kind.aside(this)) : 0);
  }
}

// The servers that PEERS names (all of them without it), with one configuration, each with a directory of its own and the arguments
// that `extra` has for it; not started.
export function makePeers(dir, config, extra = {}) {
  const path = join(dir, 'scrape.yml');
  writeFileSync(path, config);
  return wanted.map((name) => new Peer(name, dir, path, extra[name] ?? []));
}

// Waits until each has stored something: Prometheus looks at its targets some seconds later than the others.
export async function allScrape(peers) {
  for (const p of peers) await until(`${p.name}'s first sample`, async () => (await p.samples()) > 0, 60);
}

export const scrapeConfig = (seconds, jobs) =>
  `global:\n  scrape_interval: ${seconds * 1000}ms\n  scrape_timeout: ${seconds * 1000}ms\nscrape_configs:\n` + Object.entries(jobs)
    .map(([job, addresses]) => `  - job_name: ${job}\n    static_configs:\n      - targets: [${addresses.map((a) => `"${a}"`).join(', ')}]\n`).join('');

// A fleet of targets in its own process; returns their addresses.
export async function startTargets(targets, series, seconds) {
  const child = start(process.execPath, [new URL('targets.mjs', import.meta.url).pathname, targets, series, seconds * 1000].map(String));
  const line = await until('the targets', () => /^.*\n/.exec(child.text)?.[0]);
  return JSON.parse(line).ports.map((port) => `127.0.0.1:${port}`);
}

// --- Markdown ---

export const thousands = (number) => Math.round(number).toLocaleString('en-US');

export function table(head, rows) {
  console.log(`| ${head.join(' | ')} |\n|${head.map((_, i) => (i === 0 ? '---|' : '--:|')).join('')}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

// What Fusebox needs as parts of each peer, of a figure where less is better.
export function ratios(peers, figure) {
  const ours = peers.find((p) => p.name === 'fusebox');
  const others = ours ? peers.filter((p) => p !== ours) : [];
  return others.map((p) => `${(figure(ours) / figure(p)).toFixed(2)} of ${p.name}'s`).join(', ') || 'nothing to compare';
}
