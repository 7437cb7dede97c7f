// A hanging, a dripping, an endless, a garbage, a gzip-bomb and a failing target beside good ones: every bad one is
// down with its reason, and the good ones never miss a beat.
//
//   FUSEBOX=build/fusebox node --test test/peers/targets.test.mjs
import assert from 'node:assert/strict';
import zlib from 'node:zlib';

import { TextTarget } from './support/backend.mjs';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Scope, pause, until } from './support/scope.mjs';

const scope = new Scope('targets');
const bomb = zlib.gzipSync(Buffer.alloc(64 << 20, 'a_metric 1\n'), { level: 9 });
const series = Array.from({ length: 500 }, (_, i) => `m_total{n="${i}"} ${i}\n`).join('');

// Writes `piece` every `everyMs` until the client has gone.
function drip(res, piece, everyMs) {
  const timer = setInterval(() => res.write(piece), everyMs);
  res.on('close', () => clearInterval(timer));
}

// Writes as fast as the client reads.
function flood(res, piece) {
  const more = () => {
    while (!res.destroyed && res.write(piece));
  };
  res.on('drain', more);
  more();
}

const bad = {
  hanging: { serve: () => {}, reason: /^no whole answer within 900ms$/ },
  dripping: { serve: (req, res) => drip(res, 'm 1\n', 100), reason: /^no whole answer within 900ms$/ },
  endless: { serve: (req, res) => flood(res, 'm 1\n'.repeat(4096)), reason: /^body over 10MiB$/ },
  bomb: {
    serve: (req, res) => res.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    reason: /^body over 10MiB$/,
  },
  garbage: { serve: (req, res) => res.end('up 1\n<html>\n'), reason: /^line 2, column 1: a metric name is expected/ },
  binary: { serve: (req, res) => res.end(Buffer.from([0, 1, 2, 255, 10])), reason: /^line 1, column 1: / },
  half: { serve: (req, res) => res.end('m_total 1\nm_total{n="'), reason: /^line 2, column / },
  failing: { serve: (req, res) => res.writeHead(500).end('m 1\n'), reason: /^HTTP status 500$/ },
  moved: { serve: (req, res) => res.writeHead(302, { location: '/other' }).end(), reason: /^HTTP status 302: a redirect/ },
  closing: { serve: (req) => req.socket.destroy(), reason: /closed without an answer|reset/ },
  crowded: {
    serve: (req, res) => res.end(Array.from({ length: 50001 }, (_, i) => `m{n="${i}"} 1\n`).join('')),
    reason: /^more than 50000 samples$/,
  },
};

scope.test('bad targets are down with their reasons, good ones go on', async () => {
  const good = [await TextTarget.start(scope, series), await TextTarget.start(scope, (req, res) => {
    assert.match(req.headers.accept, /text\/plain;version=0\.0\.4/);
    assert.match(req.headers['user-agent'], /^Fusebox\//);
    assert.equal(req.headers['x-prometheus-scrape-timeout-seconds'], '0.900');
    res.writeHead(200, { 'content-encoding': 'gzip' }).end(zlib.gzipSync(series));
  })];
  const jobs = { good: good.map((target) => target.address) };
  for (const [name, { serve }] of Object.entries(bad))
    jobs[name] = [(await TextTarget.start(scope, serve)).address];
  jobs.nobody = ['127.0.0.1:1'];

  const fusebox = await new Fusebox(scope, { config: scrapeConfig(jobs, { interval: '1s', timeout: '900ms' }) }).start();
  await until('every target was asked', async () => (await fusebox.targets()).every((t) => t.last_ms > 0));
  const before = good.map((target) => target.requests);
  await pause(5000);
  const asked = good.map((target, i) => target.requests - before[i]);

  const targets = await fusebox.targets();
  for (const target of targets.filter((t) => t.job === 'good')) {
    assert.equal(target.up, true, target.error);
    assert.equal(target.samples, 500);
  }
  for (const [name, { reason }] of Object.entries({ ...bad, nobody: { reason: /^connection refused$/ } })) {
    const target = targets.find((t) => t.job === name);
    assert.equal(target.up, false, name);
    assert.match(target.error, reason, name);
  }
  for (const count of asked) assert.ok(count >= 4 && count <= 6, `${count} scrapes in five seconds`);
});

scope.test('a target that recovers is up again, and one that fails again says the new reason', async () => {
  const target = await TextTarget.start(scope, series);
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ one: [target.address] }) }).start();
  const first = async () => (await fusebox.targets())[0];

  await until('up', async () => (await first()).up);
  target.serve = (req, res) => res.writeHead(503).end();
  await until('down', async () => (await first()).error === 'HTTP status 503');
  target.serve = 'm{a="b"\n';
  await until('another reason', async () => (await first()).error?.startsWith('line 1, column 8: '));
  target.serve = series;
  await until('up again', async () => (await first()).up && (await first()).samples === 500);
  const log = fusebox.process.output.split('\n').filter((line) => line.includes('msg="scrape'));
  assert.equal(log.length, 2, log.join('\n')); // one line when it begins, one when it is over
});
