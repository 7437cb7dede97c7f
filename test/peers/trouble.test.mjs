// The daemon while the store or the machine is in trouble: a full disk, errors, slow syncs, few descriptors, crashes.
//
//   FUSEBOX=build/fusebox node --test test/peers/trouble.test.mjs
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { TextTarget } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Scope, pause, until } from './support/scope.mjs';

const scope = new Scope('trouble');
const MIB = 1 << 20;

// Looks like HAProxy with one backend that gets ten calls with every scrape.
async function startSource(name) {
  const source = { name, calls: 1000 };
  source.target = await TextTarget.start(scope, (req, res) => {
    if (!source.ended) source.calls += 10;
    source.first ??= source.calls;
    res.end(`haproxy_process_start_time_seconds 1\nhaproxy_backend_http_requests_total{proxy="${name}"} ${source.calls}\n`
      + `haproxy_backend_sessions_total{proxy="${name}"} ${source.calls}\nhaproxy_server_status{proxy="${name}",server="s",state="UP"} 1\n`);
  });
  source.address = source.target.address;
  return source;
}

function newFusebox(source, options = {}) {
  return new Fusebox(scope, { config: scrapeConfig({ all: [source.address] }, { interval: '100ms' }), ...options });
}

const whyNoStrace = () => {
  const tried = spawnSync('strace', ['-f', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  return tried.error ? 'strace is not installed' : tried.status === 0 ? '' : `strace may not trace here: ${tried.stderr.trim()}`;
};
const injecting = (what) => // -D: the daemon stays our child, so it can be ended by its pid
  ['strace', '-D', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${what.split(':')[0]}`, '-e', `inject=${what}`];

const health = async (fusebox) => {
  const response = await fetch(`${fusebox.url}/health`);
  return { status: response.status, body: await response.json() };
};
const condition = (fusebox, name) => fusebox.metric(`fusebox_condition{name="${name}"}`);
const noticed = async (fusebox, name) => (await fusebox.overview()).notices.find((notice) => notice.name === name);
const calls = async (fusebox, source) => (await fusebox.row(source.name))?.calls_total ?? 0;

async function goesOn(fusebox, source) {
  const before = await calls(fusebox, source);
  await until('the evaluation goes on', async () => (await calls(fusebox, source)) > before + 20);
}

// Over all restarts: each call that was served is counted once.
async function allCounted(fusebox, source) {
  await goesOn(fusebox, source);
  source.ended = true;
  await fusebox.settle(2);
  const [{ value: first }] = await fusebox.query('min_over_time(haproxy_backend_http_requests_total[1h])');
  const served = source.calls - Number(first[1]);
  await until('the last step', async () => (await fusebox.hour(source.name)).calls >= served);
  assert.equal((await fusebox.hour(source.name)).calls, served);
}

// A file system of its own, or why there is none.
function mountSmall(sizeMiB) {
  const dir = path.join(scope.dir, `disk-${scope.nextNumber()}`);
  fs.mkdirSync(dir);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', dir], { encoding: 'utf8' });
  if (mounted.error || mounted.status !== 0) return { why: `no file system may be mounted here: ${mounted.stderr?.trim() ?? mounted.error.message}` };
  scope.add({ stop: () => spawnSync('umount', ['-l', dir]) });
  return { dir };
}

// Somebody else's file takes what there is, but for `leaveBytes`.
function fill(dir, leaveBytes) {
  const file = path.join(dir, 'someone-else');
  const stat = fs.statfsSync(dir);
  const made = spawnSync('fallocate', ['-l', String(Math.max(0, stat.bavail * stat.bsize - leaveBytes - MIB)), file], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  topUp(dir, leaveBytes);
  return file;
}

function topUp(dir, leaveBytes) {
  const fd = fs.openSync(path.join(dir, 'someone-else'), 'a');
  const page = Buffer.alloc(4096);
  try {
    for (let stat = fs.statfsSync(dir); stat.bavail * stat.bsize > leaveBytes; stat = fs.statfsSync(dir)) fs.writeSync(fd, page);
  } catch (error) {
    assert.equal(error.code, 'ENOSPC');
  }
  fs.closeSync(fd);
}

scope.test('little space: it stops storing before the disk is full, goes on watching, and recovers by itself', async (t) => {
  const { dir, why } = mountSmall(64);
  if (why) return t.skip(why);
  const source = await startSource('steady');
  const fusebox = await newFusebox(source, { data: path.join(dir, 'data') }).start();
  await goesOn(fusebox, source);
  const file = fill(dir, 2 * MIB); // 5 % of 64 MiB are 3.2
  await until('the disk is nearly full', async () => (await condition(fusebox, 'disk_full')) === 1);
  const bad = await health(fusebox);
  assert.deepEqual([bad.status, bad.body.checks.store, bad.body.notices[0].name], [503, 'unhealthy', 'disk_full']);
  assert.match((await noticed(fusebox, 'disk_full')).text, /^Read-only: disk full\. .* MiB must be: free some space/);
  const stored = await fusebox.metric('fusebox_tsdb_samples_appended_total');
  await goesOn(fusebox, source);
  assert.equal(await fusebox.metric('fusebox_tsdb_samples_appended_total'), stored);
  assert.ok((await fusebox.metric('fusebox_tsdb_samples_not_stored_total')) > 0);
  assert.equal((await fetch(`${fusebox.url}/-/ready`)).status, 200);

  fs.unlinkSync(file);
  await until('it stores again', async () => (await fusebox.metric('fusebox_tsdb_samples_appended_total')) > stored);
  assert.equal((await health(fusebox)).status, 200);
  assert.equal(await noticed(fusebox, 'disk_full'), undefined);
  await fusebox.stop('SIGKILL');
  await fusebox.start();
  await allCounted(fusebox, source);
});

scope.test('a full disk: the reserve is given, a seal has room, nothing told is lost', async (t) => {
  const { dir, why } = mountSmall(300);
  if (why) return t.skip(why);
  const source = await startSource('full');
  const fusebox = await newFusebox(source, { data: path.join(dir, 'data'), args: ['--set', 'storage.min_free=1B'] }).start();
  const reserve = path.join(dir, 'data', 'reserve');
  await until('the reserve', () => fs.existsSync(reserve) && fs.statSync(reserve).size === 16 * MIB);
  await goesOn(fusebox, source);
  const file = fill(dir, 0);
  await until('the disk is full', async () => (await condition(fusebox, 'disk_full')) === 1);
  await goesOn(fusebox, source);
  assert.ok(!fs.existsSync(reserve), 'the reserve is still there');
  const sealed = await fetch(`${fusebox.url}/api/v1/storage/seal`, { method: 'POST' });
  assert.equal(sealed.status, 200, await sealed.text());
  const stored = await fusebox.metric('fusebox_tsdb_samples_appended_total');
  fs.unlinkSync(file);
  await until('it stores again', async () => (await fusebox.metric('fusebox_tsdb_samples_appended_total')) > stored);
  await until('the reserve again', () => fs.existsSync(reserve));
  assert.equal((await fusebox.stop('SIGTERM')).code, 0, fusebox.process.output);
});

for (const [error, name, word] of [['EROFS', 'read_only', /Read-only file system/], ['ENOSPC', 'disk_full', /disk full/]])
  scope.test(`${error} for a while: the reason is told, monitoring goes on, and storing begins again`, { timeout: 90000 }, async (t) => {
    const noStrace = whyNoStrace();
    if (noStrace) return t.skip(noStrace);
    const source = await startSource('steady');
    const fusebox = newFusebox(source);
    await fusebox.start(injecting(`pwrite64:error=${error}:when=300..340`));
    await until('the condition', async () => (await condition(fusebox, name)) === 1);
    assert.match((await noticed(fusebox, name)).text, word);
    assert.equal((await health(fusebox)).status, 503);
    await goesOn(fusebox, source);
    await until('the recovery', async () => (await health(fusebox)).status === 200);
    assert.equal(await condition(fusebox, name), 0);
    assert.match(fusebox.process.output, /samples are stored again/);
  });

scope.test('a sync that fails ends the process with 74, and the next start has what was told before', async (t) => {
  const noStrace = whyNoStrace();
  if (noStrace) return t.skip(noStrace);
  const source = await startSource('steady');
  const fusebox = newFusebox(source);
  await fusebox.start(injecting('fdatasync,fsync:error=EIO:when=40+'));
  let told = 0;
  const { ended } = fusebox.process;
  const asking = (async () => {
    for (;;) {
      const now = await calls(fusebox, source).catch(() => null);
      if (now === null) return;
      told = Math.max(told, now);
      await pause(20);
    }
  })();
  const end = await ended;
  await asking;
  assert.deepEqual(end, { code: 74, signal: null }, fusebox.process.output);
  assert.match(fusebox.process.output, /a sync of the store failed/);
  assert.ok(told > 0);
  await fusebox.start([]);
  await allCounted(fusebox, source);
});

scope.test('slow syncs hold up neither pages nor the evaluation', { timeout: 240000 }, async (t) => {
  const noStrace = whyNoStrace();
  if (noStrace) return t.skip(noStrace);
  for (const slowMs of [10, 500, 2000]) {
    const source = await startSource(`slow-${slowMs}`);
    const fusebox = newFusebox(source);
    fusebox.launch(injecting(`fdatasync,fsync:delay_exit=${slowMs * 1000}`));
    await fusebox.ready(); // the start makes two databases: some thirty syncs, one after the other
    await until('the service', async () => (await calls(fusebox, source)) > 0);
    let slowestMs = 0;
    let oldestMs = 0;
    for (let i = 0; i < 40; i++) {
      const began = Date.now();
      const { now_ms } = await fusebox.overview();
      slowestMs = Math.max(slowestMs, Date.now() - began);
      oldestMs = Math.max(oldestMs, began - now_ms);
      await pause(100);
    }
    t.diagnostic(`a sync of ${slowMs} ms: slowest page ${slowestMs} ms, oldest view ${oldestMs} ms`);
    assert.ok(slowestMs < 1000, `a page took ${slowestMs} ms`);
    assert.ok(oldestMs < 3000, `a view was ${oldestMs} ms old`);
    assert.equal(await fusebox.metric('fusebox_scrapes_total{result="dropped"}'), 0);
    await fusebox.stop('SIGKILL');
  }
});

scope.test('three crashes in ten minutes start it in safe mode; a clean stop ends that', async () => {
  const [source, newcomer] = [await startSource('known'), await startSource('newcomer')];
  const fusebox = newFusebox(source);
  for (let i = 0; i < 3; i++) {
    await fusebox.start();
    await until('the service', async () => (await calls(fusebox, source)) > 0);
    assert.equal(await fusebox.metric('fusebox_safe_mode'), 0);
    await fusebox.stop('SIGKILL');
  }
  fusebox.configure(scrapeConfig({ all: [source.address], more: [newcomer.address] }, { interval: '100ms' }));
  await fusebox.start();
  assert.equal(await fusebox.metric('fusebox_safe_mode'), 1);
  assert.match((await noticed(fusebox, 'safe_mode')).text, /^Safe mode/);
  assert.match(fusebox.process.output, /level=warn msg="safe mode/);
  await goesOn(fusebox, source);
  assert.ok((await fusebox.metric('fusebox_tsdb_samples_rejected_total{reason="series_limit"}')) > 0);
  assert.equal(await fusebox.row('newcomer'), undefined);
  assert.equal((await fusebox.stop('SIGTERM')).code, 0);

  await fusebox.start();
  assert.equal(await fusebox.metric('fusebox_safe_mode'), 0);
  await until('the newcomer', async () => (await calls(fusebox, newcomer)) > 0);
});

scope.test('a damaged file of starts counts as empty', async () => {
  const fusebox = newFusebox(await startSource('steady'));
  fs.mkdirSync(fusebox.data);
  fs.writeFileSync(path.join(fusebox.data, 'starts'), 'start 1\n\0\u00ff nonsense');
  await fusebox.start();
  assert.equal(await fusebox.metric('fusebox_safe_mode'), 0);
  assert.match(fusebox.process.output, /file of unclean starts was damaged/);
});

scope.test('a seal is answered at once on an idle daemon, and seals run beside the rest', async (t) => {
  const source = await startSource('steady');
  const fusebox = await new Fusebox(scope, { config: '' }).start();
  const seal = async () => {
    const began = performance.now();
    const response = await fetch(`${fusebox.url}/api/v1/storage/seal`, { method: 'POST' });
    assert.equal(response.status, 200);
    return { ...(await response.json()), tookMs: performance.now() - began };
  };
  await pause(1500); // idle: the first own series are stored
  const first = await seal();
  t.diagnostic(`the first answer came after ${first.tookMs.toFixed(0)} ms`);
  assert.ok(first.blocks >= 1 && first.samples > 0 && first.bytes > 0, JSON.stringify(first));
  const second = await seal();
  assert.ok(Math.min(first.tookMs, second.tookMs) < 200, `${first.tookMs} and ${second.tookMs} ms`);
  fusebox.configure(scrapeConfig({ all: [source.address] }, { interval: '100ms' }));
  assert.equal((await fetch(`${fusebox.url}/-/reload`, { method: 'POST' })).status, 200);
  await until('the service', async () => (await calls(fusebox, source)) > 0);
  await Promise.all(Array.from({ length: 5 }, seal));
  await goesOn(fusebox, source);
  assert.ok((await fusebox.metric('fusebox_tsdb_blocks')) >= 1);
  assert.match(fusebox.process.output, /level=info msg=sealed blocks=\d+/);
});

function cpuMs(pid) { // user and system time in ms; the clock of /proc ticks 100 times a second
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

scope.test('with 64 descriptors it takes fewer connections, does not spin, and goes on storing', async (t) => {
  if (spawnSync('prlimit', ['--version']).error) return t.skip('prlimit is not installed');
  const source = await startSource('steady');
  const fusebox = newFusebox(source);
  await fusebox.start(['prlimit', '--nofile=64']);
  assert.match(fusebox.process.output, /few file descriptors: .* connections=16 configured=4096/);
  await until('the service', async () => (await calls(fusebox, source)) > 0);
  const sockets = Array.from({ length: 200 }, () => net.connect(fusebox.port, '127.0.0.1').on('error', () => undefined));
  await pause(500);
  const stored = () => fs.statSync(path.join(fusebox.data, 'samples.db-wal')).mtimeMs;
  const [cpuBefore, walBefore] = [cpuMs(fusebox.process.pid), stored()];
  await pause(3000);
  const share = (cpuMs(fusebox.process.pid) - cpuBefore) / 3000;
  t.diagnostic(`CPU with 200 connections before 64 descriptors: ${(share * 100).toFixed(1)} %`);
  assert.ok(share < 0.2, `it used ${share} of a processor`);
  assert.ok(stored() > walBefore, 'nothing was stored meanwhile');
  assert.ok(fs.readdirSync(`/proc/${fusebox.process.pid}/fd`).length < 64);
  for (const socket of sockets) socket.destroy();
  await until('pages again', async () => (await calls(fusebox, source)) > 0);
  await goesOn(fusebox, source);
});

scope.test('without any descriptor left it turns connections away and does not spin', async (t) => {
  if (spawnSync('prlimit', ['--version']).error) return t.skip('prlimit is not installed');
  const fusebox = await newFusebox(await startSource('steady')).start();
  const { pid } = fusebox.process;
  const limit = (soft) => assert.equal(spawnSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]).status, 0);
  const taken = new Set(fs.readdirSync(`/proc/${pid}/fd`).map(Number));
  let lowest = 0;
  while (taken.has(lowest)) lowest++;
  limit(lowest); // the kernel gives out the lowest free number: from now on none
  const knocking = setInterval(() => net.connect(fusebox.port, '127.0.0.1').on('error', () => undefined).on('connect', () => undefined).resume(), 20);
  await pause(300);
  const before = cpuMs(pid);
  await pause(3000);
  const share = (cpuMs(pid) - before) / 3000;
  clearInterval(knocking);
  limit(1000);
  t.diagnostic(`CPU with 50 connections a second and no descriptor: ${(share * 100).toFixed(1)} %`);
  assert.ok(share < 0.2, `it used ${share} of a processor`);
  await until('it answers again', async () => (await fetch(`${fusebox.url}/-/ready`)).ok);
  await until('the count', async () => (await fusebox.metric('fusebox_http_rejected_total{reason="descriptors"}')) > 0);
});

scope.test('memory used up by new series: known ones go on, none of their scrapes is dropped', { timeout: 90000 }, async (t) => {
  const source = await startSource('known');
  let grown = 0;
  const growing = await TextTarget.start(scope, (req, res) =>
    res.end(Array.from({ length: 40000 }, () => `grow_total{id="${grown++}",path="/some/long/path/of/an/address"} 1\n`).join('')));
  const fusebox = new Fusebox(scope, {
    config: scrapeConfig({ all: [source.address], growing: [growing.address] }, { interval: '1s' }),
    args: ['--set', 'storage.memory=32MiB', '--set', 'scrape.max_samples=100000'],
  });
  await fusebox.start();
  await until('the notice', async () => (await condition(fusebox, 'memory')) === 1);
  assert.match((await noticed(fusebox, 'memory')).text, /^The memory budget of 32 MiB is used up/);
  assert.equal((await health(fusebox)).status, 200);
  const before = source.calls;
  await pause(5000);
  const told = await calls(fusebox, source);
  assert.ok(source.calls >= before + 40);
  assert.ok(told >= source.calls - source.first - 20, `${source.calls - source.first} calls were served, ${told} are known`);
  assert.equal((await fusebox.row('known')).evidence, 'ok');
  t.diagnostic(`${await fusebox.metric('fusebox_tsdb_series')} series in 32 MiB, resident ${await fusebox.metric('process_resident_memory_bytes')} bytes`);
});

scope.test('what cannot be written at the start is named with its path', async (t) => {
  const { dir, why } = mountSmall(64);
  if (why) return t.skip(why);
  const data = path.join(dir, 'data');
  const fusebox = await newFusebox(await startSource('steady'), { data }).start();
  await fusebox.stop('SIGTERM');
  assert.equal(spawnSync('mount', ['-o', 'remount,ro', dir]).status, 0);
  fusebox.launch();
  const { code } = await fusebox.process.ended;
  assert.notEqual(code, 0);
  assert.ok(fusebox.process.output.includes(data), fusebox.process.output);
  assert.match(fusebox.process.output, /Read-only file system/);
});
