// Remote write: Debian's Prometheus scrapes a target and sends what it has to the real daemon, which is killed meanwhile; then both
// are asked for the same raw samples.
//
//   FUSEBOX=build/fusebox node --test test/peers/remote_write.test.mjs
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { TextTarget } from './support/backend.mjs';
import { Fusebox } from './support/fusebox.mjs';
import { Prometheus } from './support/prometheus.mjs';
import { Process, Scope, freePort, pause, until } from './support/scope.mjs';

const scope = new Scope('remote-write');
const OURS = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' };

function varint(number) {
  const bytes = [];
  let rest = BigInt(number);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

// Snappy's block format with literals alone.
function packed(bytes) {
  const pieces = [varint(bytes.length)];
  for (let at = 0; at < bytes.length; at += 65536) {
    const piece = bytes.subarray(at, at + 65536);
    pieces.push(Buffer.from([61 << 2, (piece.length - 1) & 255, (piece.length - 1) >> 8]), piece);
  }
  return Buffer.concat(pieces);
}

const field = (number, ...parts) => {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(bytes.length), bytes]);
};
const label = (name, value) => field(1, field(1, Buffer.from(name)), field(2, Buffer.from(value)));

function series(labels, value, atMs) {
  const sample = Buffer.alloc(10);
  sample[0] = 9;
  sample.writeDoubleLE(value, 1);
  sample[9] = 16;
  return field(1, ...Object.entries(labels).map(([name, text]) => label(name, text)), field(2, sample, varint(atMs)));
}

const send = (fusebox, body, headers = OURS) => fetch(`${fusebox.url}/api/v1/write`, { method: 'POST', headers, body });

async function ask(base, query, time) {
  const answer = await (await fetch(`${base}/api/v1/query?${new URLSearchParams({ query, time: String(time) })}`)).json();
  assert.equal(answer.status, 'success', JSON.stringify(answer));
  return answer.data.result;
}

// The raw samples of every series, as text that can be compared.
async function samplesOf(base, query, time) {
  const found = await ask(base, query, time);
  return found.map(({ metric, values }) => JSON.stringify([Object.entries(metric).sort(), values])).sort();
}

scope.test('what is stored, what is not, and how it is told', async () => {
  const fusebox = await new Fusebox(scope).start();
  const now = Date.now();
  const good = await send(fusebox, packed(series({ __name__: 'rw_good', job: 'x' }, 4.5, now)));
  assert.equal(good.status, 204);
  assert.equal(await good.text(), '');
  const [found] = await ask(fusebox.url, 'rw_good', now / 1000 + 1);
  assert.deepEqual(found.metric, { __name__: 'rw_good', job: 'x' });
  assert.equal(found.value[1], '4.5');

  const half = await send(fusebox, packed(Buffer.concat([series({ job: 'nameless' }, 1, now), series({ __name__: 'rw_rest' }, 2, now)])));
  assert.equal(half.status, 400);
  assert.match((await half.json()).error.message, /^1 of 2 samples were not stored: 1 with bad labels \(a series has no __name__\)/);
  assert.equal((await ask(fusebox.url, 'rw_rest', now / 1000 + 1))[0].value[1], '2');

  const bomb = await send(fusebox, Buffer.from([0x80, 0x80, 0xc0, 0x07, 0]));
  assert.equal(bomb.status, 400);
  assert.equal((await send(fusebox, Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]))).status, 413);
  const body = packed(series({ __name__: 'rw_other' }, 1, now));
  for (const other of [
    { 'content-type': 'application/json' }, { 'content-encoding': 'gzip' }, { 'content-encoding': '' }, { 'x-prometheus-remote-write-version': '2.0.0' },
    { 'content-type': 'application/x-protobuf;proto=io.prometheus.write.v2.Request' },
  ]) assert.equal((await send(fusebox, body, { ...OURS, ...other })).status, 415, JSON.stringify(other));
  assert.equal((await send(fusebox, body, { ...OURS, 'content-type': 'application/x-protobuf; proto=prometheus.WriteRequest' })).status, 204);
  assert.equal(await fusebox.metric('fusebox_remote_write_samples_total{result="stored"}'), 3);
  assert.equal(await fusebox.metric('fusebox_remote_write_samples_total{result="rejected"}'), 1);
});

scope.test('what comes again is stored; what cannot be stored is named, and the rest is stored', async () => {
  const fusebox = await new Fusebox(scope).start();
  const now = Date.now(), minute = 60000, hour = 60 * minute;
  const whole = packed(Buffer.concat([1, 2, 3].map((n) => series({ __name__: 'rw_again', n: String(n) }, n, now - hour))));
  assert.equal((await send(fusebox, whole)).status, 204);
  assert.equal((await send(fusebox, packed(series({ __name__: 'rw_again', n: '1' }, 9, now)))).status, 204);
  assert.equal((await send(fusebox, whole)).status, 204, 'it was stored, and its series has gone on by an hour');

  const mixed = await send(fusebox, packed(Buffer.concat([
    series({ __name__: 'rw_again', n: '1' }, 5, now - hour), // another value
    series({ __name__: 'rw_again', n: '1' }, 5, now - hour + minute), // too late
    series({ __name__: 'rw_again', n: '2' }, NaN, now - hour), // another value
    series({ __name__: 'rw_again', n: '2' }, 6, now),
    series({ __name__: 'rw_again', n: '3' }, 6, now + hour), // too far ahead
    series({ __name__: 'rw_again', n: '3' }, 6, now - 1000 * 24 * hour), // too old
  ])));
  assert.equal(mixed.status, 400);
  const { message } = (await mixed.json()).error;
  assert.match(message, /^5 of 6 samples were not stored: 1 too old \(storage.retention\), 1 too far ahead \(storage.max_future\), 1 too late \(storage.out_of_order_window\), 2 with another value than was stored; the first: rw_again\{n="3"\} at 20/);
  const stored = await ask(fusebox.url, 'rw_again[2h]', now / 1000 + 1);
  assert.deepEqual(stored.map(({ metric, values }) => [metric.n, values.map(([, value]) => value).join(' ')]).sort(), [['1', '1 9'], ['2', '2 6'], ['3', '3']]);
  assert.equal(await fusebox.metric('fusebox_remote_write_samples_total{result="stored"}'), 8);
  assert.equal(await fusebox.metric('fusebox_remote_write_samples_total{result="rejected"}'), 5);
});

scope.test('large bodies of senders that were set to send them', async () => {
  const fusebox = await new Fusebox(scope).start();
  const now = Date.now(), count = 25000;
  const many = Array.from({ length: count }, (_, i) => series({ __name__: 'rw_large', instance: `host-${i % 100}.example:9100`, n: String(i) }, i, now));
  assert.equal((await send(fusebox, packed(Buffer.concat(many)))).status, 204);
  assert.equal((await ask(fusebox.url, 'count(rw_large)', now / 1000 + 1))[0].value[1], String(count));
});

scope.test('without room for new series it says when to come again, and known ones go on', async () => {
  const fusebox = await new Fusebox(scope, { args: ['--set', 'storage.memory=16MiB'] }).start();
  const now = Date.now(), known = (atMs) => packed(series({ __name__: 'rw_known' }, 1, atMs));
  assert.equal((await send(fusebox, known(now))).status, 204);
  let answer;
  for (let n = 0; n < 40 && (!answer || answer.status === 204); n++) {
    const many = Array.from({ length: 500 }, (_, i) => series({ __name__: 'rw_many', fat: `${n}.${i}.${'x'.repeat(2000)}` }, 1, now));
    answer = await send(fusebox, packed(Buffer.concat(many)));
  }
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '1');
  assert.match((await answer.json()).error.message, /send them again/);
  assert.equal((await send(fusebox, known(now + 1))).status, 204);
  assert.equal((await ask(fusebox.url, 'count_over_time(rw_known[1h])', now / 1000 + 1))[0].value[1], '2');
  assert.ok(await fusebox.metric('fusebox_remote_write_refused_total') >= 1);
});

// A target with `lines(round)`, and Prometheus that scrapes it and sends what it has, under these limits of its queue and with `more` of remote write.
async function startSender(fusebox, queue, lines, more = '') {
  const sender = { round: 0 };
  const target = await TextTarget.start(scope, (req, res) => {
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${lines(++sender.round).join('\n')}\n`);
  });
  sender.prometheus = await new Prometheus(scope).start(`global: {scrape_interval: 200ms, scrape_timeout: 200ms}
scrape_configs: [{job_name: gen, static_configs: [{targets: ['${target.address}']}]}]
remote_write: [{url: '${fusebox.url}/api/v1/write', queue_config: {batch_send_deadline: 100ms, max_backoff: 500ms, ${queue}}, ${more}}]
`);
  sender.url = `http://${sender.prometheus.address}`;
  sender.metric = async (name) => {
    const line = (await (await fetch(`${sender.url}/metrics`)).text()).split('\n').find((text) => text.split(/[{ ]/)[0] === `prometheus_remote_storage_${name}`);
    return Number(line.split(' ').pop());
  };
  return sender;
}

// Everything up to now is in Prometheus, and in the end in ours; none was lost on the way.
async function assertSame(fusebox, sender, seriesAtLeast) {
  const endS = Math.floor(Date.now() / 1000) - 1;
  const query = '{job="gen"}[10m]';
  const expected = await samplesOf(sender.url, query, endS);
  assert.ok(expected.length >= seriesAtLeast, `${expected.length} series`);
  let last;
  await until('the same samples', async () => {
    last = await samplesOf(fusebox.url, query, endS);
    return JSON.stringify(last) === JSON.stringify(expected);
  }).catch(() => assert.deepEqual(last, expected));
  assert.equal(await sender.metric('samples_failed_total'), 0);
  assert.equal(await sender.metric('samples_dropped_total'), 0);
  assert.ok((await sender.metric('samples_retried_total')) > 0, 'the trouble was not felt');
  return expected;
}

scope.test('a kill -9 in between loses nothing that Prometheus sends', async () => {
  const fusebox = await new Fusebox(scope, { listen: `127.0.0.1:${await freePort()}` }).start();
  const sender = await startSender(fusebox, 'max_samples_per_send: 40', (round) => [
    ...Array.from({ length: 50 }, (_, i) => `rw_total{shard="${i}",path="/a\\"b\\\\c"} ${round * (i + 1)}`),
    ...(round % 7 ? [`rw_flapping ${round}`] : []), // a stale marker follows each gap
    'rw_odd{v="nan"} NaN', 'rw_odd{v="inf"} +Inf',
  ]);
  await until('samples', async () => (await ask(fusebox.url, 'rw_total', Date.now() / 1000)).length === 50);
  await fusebox.stop('SIGKILL');
  await pause(1500); // Prometheus goes on and tries again
  await fusebox.start();
  const killed = sender.round;
  await until('more rounds', () => sender.round > killed + 10);
  const expected = await assertSame(fusebox, sender, 58);
  assert.ok(expected.some((text) => text.includes('NaN')));
});

scope.test('metadata and stale markers arrive; exemplars and native histograms are counted', async () => {
  const fusebox = await new Fusebox(scope).start();
  let gone = false;
  const sender = await startSender(fusebox, 'capacity: 1000', () => [
    '# HELP rw_help_total Both \\\\ and \\n, Größe.', '# TYPE rw_help_total counter', 'rw_help_total 1',
    '# TYPE rw_took histogram', 'rw_took_bucket{le="+Inf"} 1', 'rw_took_sum 1', 'rw_took_count 1',
    'rw_bare 1', ...(gone ? [] : ['rw_stale 1']),
  ], 'metadata_config: {send_interval: 1s}');
  const metadata = async (base, metric) => (await (await fetch(`${base}/api/v1/metadata?metric=${metric}`)).json()).data;
  for (const metric of ['rw_help_total', 'rw_took']) {
    await until(`Prometheus knows ${metric}`, async () => (await metadata(sender.url, metric))[metric]);
    await until(`Fusebox knows ${metric}`, async () => (await metadata(fusebox.url, metric))[metric]);
    assert.deepEqual(await metadata(fusebox.url, metric), await metadata(sender.url, metric));
  }
  await until('the series', async () => (await ask(fusebox.url, 'rw_stale', Date.now() / 1000)).length === 1);
  gone = true;
  await until('its end', async () => (await ask(fusebox.url, 'rw_stale', Date.now() / 1000)).length === 0);
  assert.equal((await ask(fusebox.url, 'rw_stale[5m]', Date.now() / 1000)).length, 1);

  const odd = field(1, label('__name__', 'rw_odd'), field(3, Buffer.from([0x10, 0x01])), field(4, Buffer.from([0x08, 0x01])));
  assert.equal((await send(fusebox, packed(odd))).status, 204);
  assert.equal(await fusebox.metric('fusebox_remote_write_exemplars_skipped_total'), 1);
  assert.equal(await fusebox.metric('fusebox_remote_write_histograms_skipped_total'), 1);
  assert.equal((await fusebox.stop('SIGTERM')).code, 0, fusebox.process.output);
});

const whyNoStrace = () => {
  const tried = spawnSync('strace', ['-f', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  return tried.error ? 'strace is not installed' : tried.status === 0 ? '' : `strace may not trace here: ${tried.stderr.trim()}`;
};
const slowSyncs = (fusebox, ms) => new Process(scope, 'strace',
  ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync,fsync', '-e', `inject=fdatasync,fsync:delay_exit=${ms * 1000}`, '-p', String(fusebox.process.pid)]);

// Sends one sample after the other; what was acknowledged and how often it was told to come again.
function startCrowd(fusebox, senders) {
  const crowd = { stored: [], refused: 0 };
  const one = async (name) => {
    for (let value = 1; !crowd.ended;) {
      const answer = await send(fusebox, packed(series({ __name__: 'rw_crowd', name: String(name) }, value, Date.now()))).catch(() => null);
      if (answer?.status === 204) crowd.stored.push(`${name} ${value++}`);
      if (answer?.status === 503) crowd.refused += answer.headers.get('retry-after') === '1';
      if (answer && ![204, 503].includes(answer.status)) crowd.surprise = answer.status;
      await pause(30 + 50 * name);
    }
  };
  const all = Promise.all(Array.from({ length: senders }, (_, name) => one(name)));
  crowd.stop = () => {
    crowd.ended = true;
    return all;
  };
  return scope.add(crowd);
}

// Until at least that many seconds of it have gone: how many samples Prometheus had for us, and how many were stored.
async function overload(fusebox, sender, crowd, seconds) {
  const slow = slowSyncs(fusebox, 1000);
  const stored = () => fusebox.metric('fusebox_remote_write_samples_total{result="stored"}');
  const before = { refused: crowd.refused, offered: await sender.metric('samples_in_total'), stored: await stored() };
  await pause(seconds * 1000);
  await until('a body is refused', () => crowd.refused > before.refused);
  const ratio = ((await sender.metric('samples_in_total')) - before.offered) / Math.max(1, (await stored()) - before.stored);
  return { slow, ratio };
}

scope.test('ten times overload, a restart and a kill -9: nothing is lost, and it is told to come again', async (t) => {
  const noStrace = whyNoStrace();
  if (noStrace) return t.skip(noStrace);
  const fusebox = await new Fusebox(scope, { listen: `127.0.0.1:${await freePort()}`, args: ['--set', 'ingest.max_wait=300ms'] }).start();
  const sender = await startSender(fusebox, 'max_shards: 4, max_samples_per_send: 50, capacity: 500',
    (round) => Array.from({ length: 400 }, (_, i) => `rw_total{shard="${i}"} ${round * (i + 1)}`));
  const crowd = startCrowd(fusebox, 5);
  await until('samples', async () => (await ask(fusebox.url, 'rw_total', Date.now() / 1000)).length === 400);

  const first = await overload(fusebox, sender, crowd, 5);
  await first.slow.stop();
  assert.equal((await fusebox.stop('SIGTERM')).code, 0, fusebox.process.output);
  await fusebox.start();
  const second = await overload(fusebox, sender, crowd, 4);
  await fusebox.stop('SIGKILL');
  await second.slow.stop();
  await fusebox.start();
  const third = await overload(fusebox, sender, crowd, 1);
  await third.slow.stop();
  await crowd.stop();
  t.diagnostic(`offered / stored: ${first.ratio.toFixed(0)}, ${second.ratio.toFixed(0)}; told to come again ${crowd.refused} times`);
  assert.ok(first.ratio > 10 && second.ratio > 10, `only ${first.ratio} and ${second.ratio} times`);
  assert.equal(crowd.surprise, undefined);

  await assertSame(fusebox, sender, 400);
  const kept = await ask(fusebox.url, 'rw_crowd[10m]', Date.now() / 1000);
  const found = new Set(kept.flatMap(({ metric, values }) => values.map(([, value]) => `${metric.name} ${value}`)));
  assert.deepEqual(crowd.stored.filter((text) => !found.has(text)), []);
});
