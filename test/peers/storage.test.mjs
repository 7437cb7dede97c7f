// The storage as an operator meets it: the API and the command line, on a real daemon.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { TextTarget } from './support/backend.mjs';
import { Fusebox, binary, scrapeConfig } from './support/fusebox.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('storage');
const SERIES = 40;

// Runs the command line; resolves with its end, whatever it is.
const run = (...args) => new Promise((done) => {
  execFile(binary, args, { cwd: scope.dir, timeout: 30000 }, (error, stdout, stderr) => done({ status: error ? error.code : 0, stdout, stderr }));
});

// A daemon with a target of 40 series whose values rise.
async function scraping(options = {}) {
  let round = 0;
  const target = await TextTarget.start(scope, (req, res) => {
    round++;
    const lines = Array.from({ length: SERIES }, (_, i) => `made_up_total{path="/p${i}",zone="z${i % 4}"} ${round * (i + 1)}`);
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`# TYPE made_up_total counter\n${lines.join('\n')}\n`);
  });
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ shop: [target.address] }), ...options }).start();
  await until('samples of the target', async () => (await storage(fusebox)).head.series > SERIES);
  await fusebox.settle(2);
  return fusebox;
}

const storage = (fusebox) => fusebox.json('/api/v1/storage');
const post = (fusebox, what, body, headers = {}) =>
  fetch(`${fusebox.url}/api/v1/storage/${what}`, { method: 'POST', body, headers: body ? { 'content-type': 'application/json', ...headers } : headers });

const services = '/api/v1/retry-monitoring/services';
const registered = async (fusebox, service) => (await fusebox.json(services)).services.find((row) => row.service === service);
async function register(fusebox, name) {
  const answer = await fetch(`${fusebox.url}${services}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, team: 'tills', max_retries_per_minute: 77 }) });
  assert.equal(answer.status, 201, await answer.text());
}

// One byte in the middle of the greatest block is another one.
function flip(dir) {
  const files = fs.readdirSync(path.join(dir, 'blocks')).map((name) => path.join(dir, 'blocks', name));
  const [greatest] = files.sort((a, b) => fs.statSync(b).size - fs.statSync(a).size);
  const bytes = fs.readFileSync(greatest);
  bytes[bytes.length >> 1] ^= 0x10;
  fs.writeFileSync(greatest, bytes);
  return greatest;
}

scope.test('the storage tells what is where, before and after a seal', async () => {
  const fusebox = await scraping();
  const before = await storage(fusebox);
  assert.match(before.sentence.text, /series in .*; nothing is damaged$/);
  assert.equal(before.sentence.severity, 'ok');
  assert.ok(before.head.series > SERIES && before.head.unsealed_samples > SERIES);
  assert.ok(before.log.rows > 0 && before.log.bytes > 0);
  assert.ok(before.memory.used_bytes > 0 && before.memory.used_bytes < before.memory.budget_bytes);
  assert.deepEqual(Object.keys(before.memory.used), ['index', 'head', 'ingest', 'blocks', 'query', 'stream']);
  assert.ok(before.disk.free_bytes > 0 && before.disk.free_bytes <= before.disk.total_bytes);
  assert.deepEqual(before.blocks, []);
  assert.equal(before.disk.bytes_per_sample, null);
  const sealed = await (await post(fusebox, 'seal')).json();
  assert.ok(sealed.blocks >= 1 && sealed.series > SERIES && sealed.samples >= before.head.unsealed_samples && sealed.duration_ms > 0, JSON.stringify(sealed));
  const behind = await storage(fusebox);
  assert.equal(behind.disk.blocks, sealed.blocks);
  assert.equal(behind.disk.samples, sealed.samples);
  assert.equal(behind.blocks.reduce((sum, b) => sum + b.bytes, 0), behind.disk.bytes);
  assert.ok(behind.disk.bytes_per_sample > 0);
  await until('what was sealed leaves the count', async () => (await storage(fusebox)).head.unsealed_samples < sealed.samples / 2);
  assert.equal(behind.seals.count, 1);
  assert.ok(Date.parse(behind.seals.last_at) <= behind.now_ms);
  assert.equal(behind.range.min, before.range.min);
});

scope.test('a seal on an idle daemon is answered at once, and many at once too', async () => {
  const fusebox = await scraping();
  const began = performance.now();
  assert.equal((await post(fusebox, 'seal')).status, 200);
  assert.ok(performance.now() - began < 1000);
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(fusebox, 'seal')));
  for (const answer of answers) assert.equal(answer.status, 200);
});

scope.test('cardinality names the largest, within its bounds', async () => {
  const fusebox = await scraping();
  const all = await fusebox.json('/api/v1/storage/cardinality?top=100');
  const find = (top, name) => top.items.find((item) => item.name === name);
  assert.equal(find(all.by_metric, 'made_up_total').count, SERIES);
  assert.equal(find(all.by_label, 'path').count, SERIES);
  assert.equal(find(all.by_label, 'zone').count, 4);
  assert.equal(all.by_pair.items.find((item) => item.name === 'zone' && item.value === 'z1').count, SERIES / 4);
  assert.ok(find(all.by_job, 'shop').count >= SERIES);
  assert.ok(all.by_instance.total >= 2);
  for (const top of [all.by_metric, all.by_label, all.by_pair, all.by_job, all.by_instance]) {
    assert.ok(top.items.every((item, i) => i === 0 || item.count <= top.items[i - 1].count), 'greatest first');
    assert.ok(top.total >= top.items.length);
  }
  const one = await fusebox.json('/api/v1/storage/cardinality?top=1');
  assert.equal(one.by_metric.items.length, 1);
  assert.equal(one.by_metric.total, all.by_metric.total);
  assert.equal((await fusebox.json('/api/v1/storage/cardinality')).top, 20);
  for (const top of ['0', '101', '-1', 'x', '', '1.5']) {
    const answer = await fetch(`${fusebox.url}/api/v1/storage/cardinality?top=${top}`);
    assert.equal(answer.status, 400, top);
    const { error } = await answer.json();
    assert.equal(error.field, 'top');
    assert.match(error.message, /from 1 to 100/);
  }
});

scope.test('a backup has a name, is there once, and is no path', async () => {
  const fusebox = await scraping();
  const made = await (await post(fusebox, 'backup', '{"name":"monday"}')).json();
  assert.equal(made.path, path.join(fusebox.data, 'backups/monday'));
  assert.ok(made.blocks >= 1 && made.bytes > 0 && made.duration_ms > 0, JSON.stringify(made));
  const again = await post(fusebox, 'backup', '{"name":"monday"}');
  assert.equal(again.status, 409);
  assert.match((await again.json()).error.message, /backup called "monday" already/);
  const timed = await (await post(fusebox, 'backup')).json();
  assert.match(path.basename(timed.path), /^\d{4}-\d\d-\d\dT\d{6}Z$/);
  for (const body of ['{"name":"../x"}', '{"name":""}', '{"name":7}', '{"nam":"x"}', '[]', '{', `{"name":"${'x'.repeat(65)}"}`])
    assert.equal((await post(fusebox, 'backup', body)).status, 400, body);
  assert.equal((await post(fusebox, 'backup', `{"name":"${'x'.repeat(5000)}"}`)).status, 413);
  assert.deepEqual(fs.readdirSync(path.join(fusebox.data, 'backups')).sort(), [path.basename(timed.path), 'monday'].sort());
});

scope.test('foreign pages can neither seal nor back up', async () => {
  const fusebox = await new Fusebox(scope).start();
  for (const what of ['seal', 'backup'])
    assert.equal((await post(fusebox, what, undefined, { origin: 'http://evil.example' })).status, 403, what);
  assert.ok(!fs.existsSync(path.join(fusebox.data, 'backups')));
});

scope.test('info and seal on the command line', async () => {
  const fusebox = await scraping();
  const at = ['--url', `127.0.0.1:${fusebox.port}`];
  const sealed = await run('storage', 'seal', ...at);
  assert.equal(sealed.status, 0, sealed.stderr);
  assert.match(sealed.stdout, /^sealed: [\d,]+ samples into 1 block, [\d.]+ k?B, in /);
  const info = await run('storage', 'info', '--url', `${fusebox.url}/`);
  assert.equal(info.status, 0, info.stderr);
  assert.match(info.stdout, /series in .*; nothing is damaged\n/);
  for (const part of ['memory', 'head', 'log', 'blocks', 'disk', 'samples', 'seals', 'retention', 'range', 'BLOCK'])
    assert.match(info.stdout, new RegExp(`^${part} `, 'm'));
  const json = await run('storage', 'info', ...at, '-o', 'json');
  assert.equal(JSON.parse(json.stdout).disk.blocks, 1);
  const nobody = await run('storage', 'info', '--url', 'http://127.0.0.1:1');
  assert.equal(nobody.status, 7);
  assert.match(nobody.stderr, /nobody answers at http:\/\/127\.0\.0\.1:1 .*fusebox run/);
  assert.equal(nobody.stdout, '');
});

scope.test('a backup is copied, verified, restored, and serves the same', async () => {
  const fusebox = await scraping();
  const copy = path.join(scope.dir, 'copy');
  await register(fusebox, 'till');
  const made = await run('storage', 'backup', '--url', fusebox.url, '--name', 'full', '--to', copy);
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /backups\/full, 1 block, /);
  assert.match(made.stdout, /copy: 1 block, .*nothing is damaged\n/);
  const again = await run('storage', 'backup', '--url', fusebox.url, '--name', 'other', '--to', copy);
  assert.equal(again.status, 10);
  assert.match(again.stderr, /is there already/);
  const data = path.join(scope.dir, 'restored');
  const restored = await run('storage', 'restore', '--from', copy, '--data', data);
  assert.equal(restored.status, 0, restored.stderr);
  await register(fusebox, 'after-the-backup');
  assert.match(restored.stdout, /^restored and verified: start it with fusebox run --data /);
  const [before] = (await storage(fusebox)).blocks;
  await fusebox.stop();
  const second = await new Fusebox(scope, { data }).start();
  const found = (await storage(second)).blocks.find((b) => b.samples === before.samples);
  assert.deepEqual({ ...found, name: 0, level: 0 }, { ...before, name: 0, level: 0 });
  assert.equal((await registered(second, 'till')).team, 'tills');
  assert.equal(await registered(second, 'after-the-backup'), undefined);
  const refused = await run('storage', 'restore', '--from', copy, '--data', data);
  assert.equal(refused.status, 10);
  assert.match(refused.stderr, /there is a store already/);
});

scope.test('a backup that a crash interrupted gives its name back', async () => {
  const fusebox = await scraping(), half = path.join(fusebox.data, 'backups/half');
  assert.equal((await post(fusebox, 'backup', '{"name":"whole"}')).status, 200);
  await fusebox.stop('SIGKILL');
  fs.cpSync(path.join(fusebox.data, 'backups/whole'), half, { recursive: true });
  fs.rmSync(path.join(half, 'MANIFEST'));
  const again = await new Fusebox(scope, { data: fusebox.data }).start();
  assert.deepEqual(fs.readdirSync(path.join(fusebox.data, 'backups')), ['whole']);
  assert.match(again.process.output, /backups that were not finished are removed/);
  assert.equal((await post(again, 'backup', '{"name":"half"}')).status, 200);
  assert.equal((await run('storage', 'verify', '--data', half)).status, 0);
});

scope.test('verify says who has the store, then that it is whole, then where it is not', async () => {
  const fusebox = await scraping();
  await register(fusebox, 'till');
  assert.equal((await post(fusebox, 'seal')).status, 200);
  const busy = await run('storage', 'verify', '--data', fusebox.data);
  assert.equal(busy.status, 10);
  assert.match(busy.stderr, new RegExp(`in use by process ${fusebox.process.pid}\\b`));
  assert.match(busy.stderr, /storage backup --to DIR/);
  await fusebox.stop();
  const whole = await run('storage', 'verify', '--data', fusebox.data);
  assert.equal(whole.status, 0, whole.stdout + whole.stderr);
  assert.match(whole.stdout, /^1 block, [\d,]+ log rows?, .*: nothing is damaged\n$/);
  assert.equal(whole.stderr, '', 'no progress where there is no terminal');
  const backup = path.join(scope.dir, 'offline');
  const offline = await run('storage', 'backup', '--data', fusebox.data, '--to', backup);
  assert.equal(offline.status, 0, offline.stderr);
  const defined = path.join(backup, 'state.db'), bytes = fs.readFileSync(defined);
  fs.writeFileSync(defined, String(bytes.toString('latin1')).replace('tills', 'tolls'), 'latin1');
  const changed = await run('storage', 'verify', '--data', backup);
  assert.equal(changed.status, 8, changed.stdout + changed.stderr);
  assert.match(changed.stdout, /state\.db is damaged/);
  const refused = await run('storage', 'restore', '--from', backup, '--data', path.join(scope.dir, 'refused'));
  assert.equal(refused.status, 8, refused.stdout + refused.stderr);
  assert.match(refused.stderr, /state\.db is damaged/);
  assert.ok(!fs.existsSync(path.join(scope.dir, 'refused', 'state.db')), 'nothing is left behind');
  fs.writeFileSync(defined, bytes);
  assert.match(offline.stdout, /nothing is damaged/);
  assert.ok(!fs.existsSync(path.join(fusebox.data, '.backup')), 'nothing is left behind');
  const file = flip(fusebox.data);
  assert.equal((await run('storage', 'verify', '--data', backup)).status, 0, 'a copy shares no file with the store');
  const hurt = await run('storage', 'verify', '--data', fusebox.data);
  assert.equal(hurt.status, 8, hurt.stdout + hurt.stderr);
  assert.match(hurt.stdout, new RegExp(`^${file.replaceAll('.', '\\.')}: offset \\d+: .+\\n`));
  assert.match(hurt.stdout, /: 1 damaged place\n$/);
  const back = path.join(scope.dir, 'back');
  assert.equal((await run('storage', 'restore', '--from', backup, '--data', back)).status, 0);
  const restored = await new Fusebox(scope, { data: back }).start();
  assert.equal((await registered(restored, 'till')).team, 'tills', 'an offline backup has the definitions');
  flip(backup);
  const target = path.join(scope.dir, 'never');
  const bad = await run('storage', 'restore', '--from', backup, '--data', target);
  assert.equal(bad.status, 8, bad.stdout + bad.stderr);
  for (const name of ['samples.db', 'state.db']) assert.ok(!fs.existsSync(path.join(target, name)), 'nothing is left behind');
});

scope.test('what is missing or contradicts itself is said', async () => {
  for (const [args, status, message] of [
    [['verify'], 2, /needs --data DIR/],
    [['verify', '--data', path.join(scope.dir, 'nowhere')], 3, /there is no directory/],
    [['restore', '--data', 'x'], 2, /needs --from BACKUP/],
    [['restore', '--from', 'x'], 2, /needs --data DIR/],
    [['restore', '--from', path.join(scope.dir, 'nowhere'), '--data', path.join(scope.dir, 'x')], 3, /nowhere/],
    [['backup', '--data', 'x'], 2, /--data goes with --to alone/],
    [['backup', '--data', 'x', '--to', 'y', '--name', 'z'], 2, /--data goes with --to alone/],
    [['backup', '--data', path.join(scope.dir, 'nowhere'), '--to', path.join(scope.dir, 'y')], 3, /there is no store in/],
    [['info', '-o', 'yaml'], 2, /cannot read the value "yaml"/],
  ]) {
    const { status: found, stdout, stderr } = await run('storage', ...args);
    assert.equal(found, status, `${args.join(' ')}: ${stderr}`);
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
});
