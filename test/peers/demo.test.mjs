// The demonstration: real HAProxy and nginx, real traffic, and their end; once with Fusebox, else its scene alone.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pause, until } from './support/scope.mjs';

const fusebox = path.resolve(process.env.FUSEBOX ?? 'build/fusebox');
const services = ['orders', 'payments', 'catalog'];
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fusebox demo ')); // a blank in the path is allowed

class Demo {
  constructor(...more) {
    const scene = more.includes('--listen') ? [] : ['--only-scene'];
    this.output = '';
    this.child = spawn(fusebox, ['demo', '--data', dir, ...scene, ...more]);
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.on('data', (text) => (this.output += text));
    this.ended = new Promise((done) => this.child.on('exit', (code) => done(code)));
  }

  async exporter() {
    const found = await until('the exporter’s URL', () => this.output.match(/Scrape (http:\S+)/));
    return found[1];
  }

  async stop(signal = 'SIGINT') {
    const began = Date.now();
    this.child.kill(signal);
    const code = await this.ended;
    return { code, took: Date.now() - began };
  }
}

// The sum of all samples of a metric whose labels contain every given pair.
function metric(text, name, labels) {
  const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`));
  const wanted = lines.filter((line) => Object.entries(labels).every(([k, v]) => line.includes(`${k}="${v}"`)));
  return wanted.length ? wanted.reduce((sum, line) => sum + Number(line.split(' ').pop()), 0) : undefined;
}

const scrape = async (url) => (await fetch(url)).text();
const pids = () =>
  fs.readdirSync(path.join(dir, 'demo')).filter((name) => name.endsWith('.pid'))
    .map((name) => Number(fs.readFileSync(path.join(dir, 'demo', name), 'utf8')));

// Everything whose working folder or process group is the demonstration's, by the pids it wrote down.
function alive(groups) {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      return stat[0] !== 'Z' && groups.includes(Number(stat[2]));
    } catch {
      return false;
    }
  });
}

let demo, url;

before(async () => {
  demo = new Demo('--rate', '50');
  url = await demo.exporter();
});

after(() => {
  demo.child.kill('SIGTERM');
  fs.rmSync(dir, { recursive: true, force: true });
});

test('HAProxy exports three services with three servers each', async () => {
  const text = await scrape(url);
  for (const proxy of services) {
    assert.equal(metric(text, 'haproxy_backend_active_servers', { proxy }), 3, proxy);
    for (const server of ['nginx-a', 'nginx-b', 'nginx-c'])
      assert.equal(metric(text, 'haproxy_server_status', { proxy, server, state: 'UP' }), 1, `${proxy}/${server}`);
  }
});

test('calls arrive at the rate that was asked for', async () => {
  const first = await scrape(url);
  await pause(2000);
  const second = await scrape(url);
  for (const proxy of services) {
    const calls = ['haproxy_backend_http_requests_total', { proxy }];
    const grown = metric(second, ...calls) - metric(first, ...calls);
    assert.ok(grown > 80 && grown < 130, `${proxy}: ${grown} calls in 2 s at 50/s`);
  }
});

test('a second demonstration in the same folder is refused and harms nothing', async () => {
  const second = new Demo();
  assert.notEqual(await second.ended, 0);
  assert.match(second.output, /in use by process \d+/);
  assert.equal((await fetch(url)).status, 200);
  assert.ok(fs.existsSync(path.join(dir, 'demo', 'haproxy.sock')));
});

test('a killed nginx is started again', async () => {
  const file = path.join(dir, 'demo', 'nginx-b.pid');
  const old = Number(fs.readFileSync(file, 'utf8'));
  process.kill(-old, 'SIGKILL');
  await until('another nginx-b', () => {
    const now = Number(fs.readFileSync(file, 'utf8'));
    return now && now !== old && alive([now]).length === 2; // master and worker
  });
});

test('Ctrl-C ends all within five seconds and leaves no process', async () => {
  const groups = pids();
  assert.equal(groups.length, 4);
  assert.ok(alive(groups).length >= 7, 'haproxy, three masters, three workers');
  const { code, took } = await demo.stop('SIGINT');
  assert.equal(code, 0, demo.output);
  assert.ok(took < 5000, `${took} ms`);
  assert.deepEqual(alive(groups), []);
  assert.deepEqual(pids(), []);
  assert.ok(!fs.existsSync(path.join(dir, 'demo', 'haproxy.sock')));
  assert.match(demo.output, /payments +\d+ calls answered, 0 failed|payments +\d+ calls answered, \d failed/);
});

test('killed itself, it takes its children along', async () => {
  const other = new Demo();
  await other.exporter();
  const groups = pids();
  await other.stop('SIGKILL');
  await until('the end of its children', () => alive(groups).length === 0);
});

test('it ends by itself after its duration', async () => {
  const other = new Demo('--duration', '1s');
  assert.equal(await other.ended, 0, other.output);
});

test('with Fusebox: the page’s URL comes last, the services are there, Ctrl-C ends all', async () => {
  const whole = new Demo('--listen', '127.0.0.1:0');
  const found = await until('the page’s URL', () => whole.output.match(/Open (http:\S+)\/ui\//));
  assert.equal(whole.output.match(/http:/g).length, 1, whole.output);
  const base = found[1];
  await until('the services', async () => {
    const { services: known } = await (await fetch(`${base}/api/v1/retry-monitoring/services`)).json();
    return services.every((name) => known.some(({ service, calls_total: calls }) => service === name && calls > 0));
  });
  const groups = pids();
  assert.equal(groups.length, 5);
  const { code, took } = await whole.stop('SIGINT');
  assert.equal(code, 0, whole.output);
  assert.ok(took < 5000, `${took} ms`);
  assert.deepEqual(alive(groups), []);
});
