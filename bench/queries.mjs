// Queries beside Prometheus and VictoriaMetrics: the same 10,000 series of one hour in all three, each query of the corpus asked at
// one instant and over the hour in steps of 15 s, interleaved, the quickest of some rounds; then once more for the peak of memory.
// On a machine that does something else as well the CPU time tells more than the time: Fusebox' query threads let others go first.
//   node bench/queries.mjs [PATTERN]     ROUNDS=3, SORT=ms or cpu, FULL=1 prints every query; needs `prometheus` and `victoria-metrics`
import { connect } from 'node:net';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { makePeers, memory, table } from './peers.mjs';
import { corpus } from './query_corpus.mjs';
import { POINTS, STEP_S, makeSeries, writeSeries } from './query_series.mjs';
import { sleep, stopAll, tempDir, until } from './support.mjs';

const rounds = Number(process.env.ROUNDS ?? 3), sortBy = process.env.SORT ?? 'ms';
const pattern = new RegExp(process.argv[2] ?? '');
const queries = corpus.filter((query) => pattern.test(query));
const endS = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S - 2 * STEP_S, startS = endS - (POINTS - 1) * STEP_S;

// One connection on which a question follows the other: as little of this side as possible is in the time.
class Connection {
  static async open(name, address) {
    const c = new Connection();
    const [host, port] = address.split(':');
    c.socket = connect({ host, port: Number(port), noDelay: true });
    c.socket.setTimeout(30000, () => c.socket.destroy());
    c.socket.on('data', (data) => c.take(data));
    c.socket.on('error', (error) => c.done?.reject(error));
    c.socket.on('close', () => c.done?.reject(new Error(`${name} has hung up, or said nothing for 30 s: ${c.path}`)));
    await new Promise((connected) => c.socket.once('connect', connected));
    c.host = address;
    return c;
  }

  take(data) {
    this.parts.push(data);
    this.bytes += data.length;
    if (this.headBytes === 0) {
      const text = data.latin1Slice(0, Math.min(data.length, 2000)), end = text.indexOf('\r\n\r\n');
      this.headBytes = end + 4;
      this.status = Number(text.slice(9, 12));
      const length = /content-length: (\d+)/i.exec(text.slice(0, end));
      this.wanted = length ? this.headBytes + Number(length[1]) : 0;
    }
    const complete = this.wanted ? this.bytes >= this.wanted : data.subarray(-7).equals(Connection.LAST) || (data.length < 7 && Buffer.concat(this.parts).subarray(-7).equals(Connection.LAST));
    if (complete) this.done.resolve(performance.now() - this.began);
  }

  // Resolves to the milliseconds until the last byte was there.
  get(path) {
    Object.assign(this, { path, parts: [], bytes: 0, headBytes: 0 });
    return new Promise((resolve, reject) => {
      this.done = { resolve, reject };
      if (this.socket.destroyed) reject(new Error(`${this.host} has hung up before ${path}`));
      this.began = performance.now();
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`);
    });
  }

  answer() {
    const body = Buffer.concat(this.parts).subarray(this.headBytes);
    return JSON.parse(this.wanted ? body : unchunk(body));
  }
}
Connection.LAST = Buffer.from('\r\n0\r\n\r\n');

function unchunk(body) {
  const parts = [];
  for (let at = 0; ;) {
    const line = body.indexOf('\r\n', at), length = parseInt(body.latin1Slice(at, line), 16);
    if (!length) return Buffer.concat(parts);
    parts.push(body.subarray(line + 2, line + 2 + length));
    at = line + 2 + length + 2;
  }
}

const EXTRA = { victoriametrics: ['-search.latencyOffset=0s', '-http.connTimeout=1h'] };

const KINDS = {
  instant: (query) => `/api/v1/query?query=${encodeURIComponent(query)}&time=${endS - 5}&nocache=1`,
  range: (query) => `/api/v1/query_range?query=${encodeURIComponent(query)}&start=${startS}&end=${endS}&step=${STEP_S}&nocache=1`,
};

// How many series and points an answer has.
function shape({ status, data, error }) {
  if (status !== 'success') return `error: ${error}`;
  if (data.resultType === 'scalar' || data.resultType === 'string') return '1 series, 1 points';
  return `${data.result.length} series, ${data.result.reduce((sum, s) => sum + (s.values?.length ?? 1), 0)} points`;
}

async function startAll(dir) {
  const peers = makePeers(dir, 'global: {scrape_interval: 1h}\n', EXTRA);
  for (const p of peers) await p.start();
  await writeSeries(peers.map((p) => p.url), makeSeries(), startS * 1000);
  for (const p of peers) {
    p.connection = await Connection.open(p.name, p.address);
    await until(`${p.name}'s series`, async () => {
      await p.connection.get(KINDS.instant('count({job=~".+"})'));
      return p.connection.answer().data.result[0].value[1] === '10000';
    });
  }
  await sleep(3000); // what the writing left to do is done
  return peers;
}

// CPU time of all of a process' threads, in milliseconds; as of a moment ago.
function cpuMs(pid) {
  const of = (task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  return readdirSync(`/proc/${pid}/task`).reduce((sum, task) => sum + of(task), 0) / 1e6;
}

// The peak of the process' resident memory during one question, and how much that is above what was there before.
async function peakOf(p, path) {
  writeFileSync(`/proc/${p.child.pid}/clear_refs`, '5');
  const before = memory(p.child.pid).resident;
  await p.connection.get(path);
  const { peak } = memory(p.child.pid);
  return { peak, growth: Math.max(0, peak - before) };
}

async function askRound(peers, row, kind, first) {
  for (const p of peers) {
    const seen = row[kind][p.name] ??= { ms: Infinity, cpu: Infinity }, before = cpuMs(p.child.pid);
    seen.ms = Math.min(seen.ms, await p.connection.get(KINDS[kind](row.query)));
    await sleep(1);
    seen.cpu = Math.min(seen.cpu, Math.max(0.01, cpuMs(p.child.pid) - before)); // a thread that has just ended its work may not be counted yet
    if (first) seen.shape = shape(p.connection.answer());
  }
}

async function measure(peers) {
  const rows = queries.map((query) => ({ query, instant: {}, range: {} }));
  for (const kind of ['instant', 'range']) {
    const asked = rows.filter((row) => kind === 'instant' || row.query !== '"text"');
    for (let round = 0; round < rounds; round++) for (const row of asked) await askRound(peers, row, kind, round === 0);
    for (const row of asked) for (const p of peers) Object.assign(row[kind][p.name], await peakOf(p, KINDS[kind](row.query)));
  }
  return rows;
}

// --- what came out ---

const mean = (list) => Math.exp(list.reduce((sum, n) => sum + Math.log(n), 0) / list.length);
const sum = (list) => list.reduce((total, n) => total + n, 0);
const short = (query) => `\`${(query.length > 90 ? `${query.slice(0, 87)}...` : query).replaceAll('|', '\\|')}\``;
const mib = (bytes) => (bytes / 1048576).toFixed(1);

// Rows in which Fusebox' answer has as many series and points as Prometheus'; the others are told.
function comparable(rows, kind) {
  return rows.filter((row) => {
    const { fusebox, prometheus } = row[kind];
    if (!fusebox || fusebox.shape === prometheus.shape) return fusebox;
    console.log(`${kind} ${row.query}: ${fusebox.shape}; Prometheus: ${prometheus.shape}`);
    return false;
  });
}

function report(rows, kind) {
  const good = comparable(rows, kind), wide = good.filter((row) => !row[kind].victoriametrics.shape.startsWith('error'));
  const of = (list, name, what) => list.map((row) => row[kind][name][what]);
  const ratio = (list, name, what) => mean(list.map((row) => row[kind].fusebox[what] / row[kind][name][what])).toFixed(3);
  const line = (list, name) => [name, mean(of(list, name, 'ms')).toFixed(3), sum(of(list, name, 'ms')).toFixed(0), ratio(list, name, 'ms'),
    mean(of(list, name, 'cpu')).toFixed(3), sum(of(list, name, 'cpu')).toFixed(0), ratio(list, name, 'cpu'), mib(Math.max(...of(list, name, 'peak')))];
  console.log(`\n${kind}: ${good.length} queries, ${wide.length} of them also of VictoriaMetrics\n`);
  table(['', 'mean ms', 'sum ms', 'Fusebox / it', 'mean CPU ms', 'sum', 'Fusebox / it', 'highest peak MiB'],
    [line(good, 'fusebox'), line(good, 'prometheus'), line(wide, 'victoriametrics')]);
  const above = (list, name, what) => list.filter((row) => row[kind].fusebox[what] > row[kind][name][what]).length;
  console.log(`\nabove Prometheus: time of ${above(good, 'prometheus', 'ms')}, CPU of ${above(good, 'prometheus', 'cpu')}, peak of ${above(good, 'prometheus', 'peak')}, `
    + `growth of ${above(good, 'prometheus', 'growth')}; above VictoriaMetrics: time of ${above(wide, 'victoriametrics', 'ms')}, CPU of ${above(wide, 'victoriametrics', 'cpu')}\n`);
  const share = (row) => row[kind].fusebox[sortBy] / row[kind].prometheus[sortBy];
  const worst = [...good].sort((a, b) => share(b) - share(a)).slice(0, process.env.FULL ? Infinity : 10);
  table(['', 'Fusebox ms', 'Prometheus', 'VictoriaMetrics', 'CPU ms, Fusebox', 'Prometheus', 'VictoriaMetrics', `share by ${sortBy}`, 'growth MiB, Fusebox', 'Prometheus'], worst.map((row) => {
    const peers = ['fusebox', 'prometheus', 'victoriametrics'].map((name) => row[kind][name]);
    return [short(row.query), ...peers.map((p) => p.ms.toFixed(2)), ...peers.map((p) => p.cpu.toFixed(2)), share(row).toFixed(3), ...peers.slice(0, 2).map((p) => mib(p.growth))];
  }));
}

const peers = await startAll(tempDir('queries'));
const rows = await measure(peers);
console.log(`${queries.length} queries, ${rounds} rounds, load ${readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`);
for (const kind of ['instant', 'range']) report(rows, kind);
await stopAll();
process.exit(0);
