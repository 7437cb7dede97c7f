// Kills the store's writer at random write calls and demands that everything it acknowledged is
// there afterwards, whole, once, and nothing else.
//
//   FUSEBOX_BUILD=build node --test test/peers/crash.test.mjs
//   FUSEBOX_TEST_SEED=7 ...       repeats a run
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const KILLS = 50;
const WRITES_MAX = 300; // a commit has some ten write calls, so about 1 to 30 commits per life
const BATCHES_PER_LIFE = 60;
const build = resolve(process.env.FUSEBOX_BUILD ?? 'build');
const writer = join(build, 'test', 'support', 'crash_writer');
const seed = Number(process.env.FUSEBOX_TEST_SEED ?? process.pid);

function randomNumbers(start) { // mulberry32
  let state = start >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % bound;
  };
}

function whyNoStrace() {
  const tried = spawnSync('strace', ['-f', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  if (tried.error) return 'strace is not installed';
  return tried.status === 0 ? '' : `strace may not trace here: ${tried.stderr.trim()}`;
}

function numbersOf(text, word) {
  return text.split('\n').filter((line) => line.startsWith(word + ' ')).map((line) => Number(line.slice(word.length + 1)));
}

// One life of the writer; resolves with the batches that it acknowledged and whether it was killed.
function live(command, args, killAfterMs) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let errors = '';
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    child.stdout.on('data', (data) => { out += data; });
    child.stderr.on('data', (data) => { errors += data; });
    child.on('error', fail);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      if (status !== 0 && status !== null && status !== 137) fail(new Error(`writer ended with ${status}: ${errors}`));
      // A line that was cut by the kill was not read by anybody.
      done({ acked: numbersOf(out.slice(0, out.lastIndexOf('\n') + 1), 'acked'), killed: signal === 'SIGKILL' || status === 137 });
    });
  });
}

function verify(dir) {
  const result = spawnSync(writer, ['--verify', dir], { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(result.status, 0, `the store does not open after a kill: ${result.stderr}`);
  assert.deepEqual(numbersOf(result.stdout, 'damaged'), [], 'batches that are not whole');
  return numbersOf(result.stdout, 'found');
}

test(`${KILLS} kills lose nothing that was acknowledged`, { timeout: 120000, skip: existsSync(writer) ? false : `${writer} is not built` }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'fusebox-crash-'));
  const random = randomNumbers(seed);
  const noStrace = whyNoStrace();
  const acked = [];
  let kills = 0;
  let unknown = 0;

  t.diagnostic(`FUSEBOX_TEST_SEED=${seed}`);
  if (noStrace) t.diagnostic(`${noStrace}; killing at random times instead of at write calls`);
  try {
    while (kills < KILLS) {
      const at = 1 + random(WRITES_MAX);
      const call = random(5) === 0 ? 'fdatasync' : 'pwrite64';
      const when = call === 'fdatasync' ? 1 + (at % 25) : at;
      const life = noStrace
        ? await live(writer, [dir, String(BATCHES_PER_LIFE)], 1 + random(60))
        : await live('strace', ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=pwrite64,fdatasync', '-e', `inject=${call}:signal=KILL:when=${when}`, writer, dir, String(BATCHES_PER_LIFE)]);
      kills += life.killed ? 1 : 0;
      const before = acked.length;
      acked.push(...life.acked);
      const found = verify(dir);
      // A commit under way when the kill came may be there or not: its end was unknown to the writer.
      if (found.length === acked.length + 1) {
        unknown++;
        acked.push(found.length);
      }
      assert.deepEqual(found, acked, `life with ${call} ${when}, ${acked.length - before} acknowledged in it`);
    }
    t.diagnostic(`${kills} kills, ${acked.length} batches, ${unknown} of them committed but never acknowledged`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
