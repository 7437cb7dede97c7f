// A disk that fails: EIO, no space, short writes, no descriptors, at every call once and for a
// while. What was acknowledged stays, and the store goes on when the fault is over. And a flood of
// new series over little memory.
//
//   FUSEBOX_BUILD=build node --test test/peers/faults.test.mjs
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { breakStore, run, tool, whyNot } from './support/break.mjs';

const LIMIT_MIB = 256;
const BUDGET_MIB = 96;

test('a fault at any call is survived', { timeout: 300000, skip: whyNot('break_store') }, async (t) => {
  await breakStore(t, 'faults');
});

// A control group of memory (version 1 or 2) that this process may make, or nothing.
function memoryGroup() {
  const name = `fusebox-flood-${process.pid}`;
  for (const [root, limit] of [['/sys/fs/cgroup/memory', 'memory.limit_in_bytes'], ['/sys/fs/cgroup', 'memory.max']]) {
    const path = join(root, name);
    try {
      mkdirSync(path);
      if (existsSync(join(path, limit))) {
        writeFileSync(join(path, limit), String(LIMIT_MIB << 20));
        return path;
      }
      rmdirSync(path);
    } catch { /* not ours to make */ }
  }
  return undefined;
}

test(`a million new series under ${LIMIT_MIB} MiB leave the known ones alone`, { timeout: 300000, skip: whyNot('series_flood') }, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'fusebox-flood-'));
  const group = memoryGroup();
  const command = `"${tool('series_flood')}" "${dir}" ${BUDGET_MIB}`;
  t.diagnostic(group ? `limited by ${group}` : 'no control group may be made here: limited by its address space');
  try {
    const enter = group ? `echo $$ >"${group}/cgroup.procs"` : `ulimit -v ${(LIMIT_MIB + 64) * 1024}`;
    const began = Date.now();
    const { status, signal, out } = await run('sh', ['-c', `${enter} && exec ${command}`]);
    t.diagnostic(`${out.trim()} in ${((Date.now() - began) / 1000).toFixed(1)} s`);
    assert.equal(status, 0, `ended with ${status ?? signal}: ${out}`);
    const result = JSON.parse(out.trim().split('\n').at(-1));
    assert.ok(result.right && result.refused > 0, out);
    assert.ok(result.resident_most_mib < LIMIT_MIB, `${result.resident_most_mib} MiB`);
    if (group && existsSync(join(group, 'memory.oom_control'))) {
      assert.match(readFileSync(join(group, 'memory.oom_control'), 'utf8'), /oom_kill 0/);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
    if (group) rmdirSync(group);
  }
});
