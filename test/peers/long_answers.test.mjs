// Answers longer than memory should hold as text: they leave in pieces while the client reads them, and are Prometheus' byte for byte.
//
//   FUSEBOX=build/fusebox node --test test/peers/long_answers.test.mjs
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import zlib from 'node:zlib';
import { Fusebox } from './support/fusebox.mjs';
import { Prometheus } from './support/prometheus.mjs';
import { remoteWrite } from './support/remote_write.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('long-answers');
const MIB = 1 << 20, SERIES = 1200, SAMPLES = 240, STEP_MS = 15000;
const endMs = Math.floor(Date.now() / STEP_MS) * STEP_MS, endS = endMs / 1000;
const LONG = { query: 'long_total', start: endS - 3600, end: endS, step: 1 }; // some 90 MiB of text; whole seconds, which Prometheus writes as we do
const BIG_STEP = { query: 'long_total', start: endS - 3600, end: endS, step: 6 }; // some 10 MiB of text

async function fill(url) {
  const times = Array.from({ length: SAMPLES }, (_, i) => endMs - (SAMPLES - 1 - i) * STEP_MS);
  for (let at = 0; at < SERIES; at += 200)
    await remoteWrite(url, Array.from({ length: 200 }, (_, k) => ({
      labels: { __name__: 'long_total', series: `series-${at + k}`, text: 'quoted " and ünicode' },
      samples: times.map((ms, i) => [ms, i * (at + k) + (k % 3) / 8]),
    })));
}

async function startFull(args = []) {
  const fusebox = await new Fusebox(scope, { args: args.flatMap((text) => ['--set', text]) }).start();
  await fill(fusebox.url);
  return fusebox;
}

const memory = (fusebox, what) => Number(fs.readFileSync(`/proc/${fusebox.process.pid}/status`, 'utf8').match(new RegExp(`${what}:\\s+(\\d+) kB`))[1]) * 1024;

// The answer's head; its body waits to be read.
function ask(port, params, headers = {}, path = '/api/v1/query_range') {
  return new Promise((done, failed) => {
    const request = http.get({ host: '127.0.0.1', port, path: `${path}?${new URLSearchParams(params)}`, headers, agent: false });
    request.on('response', done);
    request.on('error', failed);
  });
}

// [bytes, their hash]; an answer that breaks off is an error.
async function digest(body) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of body) {
    bytes += piece.length;
    hash.update(piece);
  }
  return [bytes, hash.digest('hex')];
}

const textOf = async (body) => Buffer.concat(await body.toArray()).toString();

async function untilNothingIsHeld(fusebox) {
  await until('no answer is being read', async () => (await fusebox.metric('fusebox_query_unread_answers')) === 0);
  await until('the memory is given back', async () => (await fusebox.metric('fusebox_memory_used_bytes{part="query"}')) === 0);
}

scope.test('an answer of more than 64 MiB is that of Prometheus, packed or not, in less memory than its text', async (t) => {
  const fusebox = await startFull();
  const prometheus = await new Prometheus(scope).start('global: {}\n', ['--web.enable-remote-write-receiver']);
  await fill(`http://${prometheus.address}`);
  await digest(await ask(fusebox.port, BIG_STEP));
  const before = memory(fusebox, 'VmRSS');
  const plain = await ask(fusebox.port, LONG), [bytes, hash] = await digest(plain);
  assert.equal(plain.statusCode, 200);
  assert.equal(plain.headers['transfer-encoding'], 'chunked');
  assert.ok(bytes > 64 * MIB, `${bytes} bytes`);
  assert.deepEqual(await digest(await ask(prometheus.port, LONG)), [bytes, hash]);
  const packed = await ask(fusebox.port, LONG, { 'accept-encoding': 'gzip' });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.deepEqual(await digest(packed.pipe(zlib.createGunzip())), [bytes, hash]);
  await untilNothingIsHeld(fusebox);
  const grown = memory(fusebox, 'VmHWM') - before;
  assert.ok(grown < bytes, `${grown / MIB} MiB for ${bytes / MIB} MiB`);
  t.diagnostic(`${Math.round(bytes / MIB)} MiB of text; ${Math.round(before / MIB)} MiB before, ${Math.round(grown / MIB)} more at most`);
});

scope.test('lists and /federate leave in pieces, too, as Prometheus has them', async () => {
  const fusebox = await startFull();
  const prometheus = await new Prometheus(scope).start('global: {}\n', ['--web.enable-remote-write-receiver']);
  await fill(`http://${prometheus.address}`);
  const match = { 'match[]': 'long_total', start: endS - 3600, end: endS };
  for (const [path, form] of [['/api/v1/series', (text) => JSON.parse(text).data.map((labels) => JSON.stringify(labels)).sort()], ['/federate', (text) => text.split('\n').sort()]]) {
    const texts = [];
    for (const { port } of [fusebox, prometheus]) texts.push(await textOf(await ask(port, match, {}, path)));
    assert.ok(texts[0].length > 65536, path);
    assert.deepEqual(form(texts[0]), form(texts[1]), path);
    const packed = await ask(fusebox.port, match, { 'accept-encoding': 'gzip' }, path);
    assert.equal(packed.headers['transfer-encoding'], 'chunked');
    assert.equal(await textOf(packed.pipe(zlib.createGunzip())), texts[0], path);
  }
  const values = await fusebox.json('/api/v1/label/series/values');
  assert.equal(values.data.length, SERIES);
  await untilNothingIsHeld(fusebox);
});

scope.test('a short answer has its length', async () => {
  const fusebox = await startFull();
  const answer = await ask(fusebox.port, { query: 'sum(long_total)', start: endS - 3600, end: endS, step: 15 });
  assert.equal(Number(answer.headers['content-length']), (await digest(answer))[0]);
});

scope.test('clients that do not read hold up nobody, are given up, and leave nothing', async () => {
  const fusebox = await startFull(['http.body_timeout=1s']);
  const slow = await Promise.all(Array.from({ length: 5 }, () => ask(fusebox.port, BIG_STEP)));
  assert.ok((await fusebox.metric('fusebox_query_unread_answers')) > 0);
  assert.ok((await fusebox.metric('fusebox_memory_used_bytes{part="query"}')) > 0);
  await until('the query threads are free', async () => (await fusebox.metric('fusebox_query_running')) === 0);
  assert.equal((await fusebox.query('count(long_total)'))[0].value[1], String(SERIES));
  await untilNothingIsHeld(fusebox);
  assert.equal(await fusebox.metric('fusebox_query_cancelled_total'), 5);
  for (const answer of slow) await assert.rejects(digest(answer));
});

scope.test('long answers that are being read take up their share of the memory and no more', async () => {
  const fusebox = await startFull(['storage.memory=64MiB', 'http.body_timeout=1h']);
  const held = [];
  let last;
  for (last = await ask(fusebox.port, BIG_STEP); last.statusCode === 200 && held.length < 20; last = await ask(fusebox.port, BIG_STEP)) held.push(last);
  assert.equal(last.statusCode, 503);
  assert.equal(last.headers['retry-after'], '1');
  assert.match(await textOf(last), /too many long answers are being read/);
  assert.ok(held.length > 0);
  assert.ok((await fusebox.metric('fusebox_query_refused_total')) >= 1);
  assert.equal((await fusebox.query('count(long_total)'))[0].value[1], String(SERIES), 'a short one needs no share');
  for (const answer of held) answer.destroy();
  await untilNothingIsHeld(fusebox);
  const whole = await ask(fusebox.port, BIG_STEP);
  assert.equal(whole.statusCode, 200);
  assert.ok((await digest(whole))[0] > 5 * MIB);
});

scope.test('the daemon ends while an answer is being read', async () => {
  const fusebox = await startFull();
  const answer = await ask(fusebox.port, LONG);
  const { code } = await fusebox.stop();
  assert.equal(code, 0);
  await assert.rejects(digest(answer));
});
