// Kills the store at every single call that changes a file while it commits, seals, merges, drops
// and opens again: nothing acknowledged is lost, nothing is there twice, and it goes on from there.
//
//   FUSEBOX_BUILD=build node --test test/peers/crash_everywhere.test.mjs
//   build/test/support/break_store kill --case N       repeats one
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { breakStore, shim, tool, whyNot } from './support/break.mjs';

const CHANGING = 'openat,open,creat,write,pwrite64,writev,pwritev,ftruncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,fsync,fdatasync';

test('kill -9 at every call loses nothing that was acknowledged', { timeout: 300000, skip: whyNot('break_store') }, async (t) => {
  await breakStore(t, 'kill');
});

// The sweep is as good as the shim's eyes: what the kernel sees and the shim does not is never tried.
test('the shim sees every call that strace sees', { timeout: 60000, skip: whyNot('crash_writer', 'libdisk_shim.so') }, (t) => {
  const base = mkdtempSync(join(tmpdir(), 'fusebox-shim-'));
  const dir = join(base, 'dir');
  const trace = join(base, 'trace');
  const count = join(base, 'count');
  try {
    spawnSync('mkdir', [dir]);
    const ran = spawnSync('strace', ['-f', '-qq', '-y', '-o', trace, '-e', `trace=${CHANGING}`, '-E', `LD_PRELOAD=${shim}`, '-E', `DISK_SHIM_DIR=${dir}`, '-E', `DISK_SHIM_COUNT=${count}`, tool('crash_writer'), dir, '60'], { encoding: 'utf8' });
    if (ran.error || /ptrace|not permitted/i.test(ran.stderr)) return t.skip('strace may not trace here');
    assert.equal(ran.status, 0, ran.stderr);
    const made = new Set();
    let seen = 0;
    for (const line of readFileSync(trace, 'utf8').split('\n')) {
      const call = /^\d+ +(\w+)\(/.exec(line)?.[1];
      if (!call || !line.includes(dir)) continue;
      if (!call.startsWith('open')) { seen++; continue; }
      const path = /"([^"]*)"/.exec(line)[1];
      const isNew = line.includes('O_CREAT') && !line.includes('= -1') && !made.has(path);
      if (isNew) made.add(path);
      if (isNew || line.includes('O_TRUNC')) seen++;
    }
    for (const gone of readFileSync(trace, 'utf8').matchAll(/unlink\w*\((?:AT_FDCWD[^,]*, )?"([^"]*)"/g)) {
      const again = readFileSync(trace, 'utf8').slice(gone.index).includes(`"${gone[1]}", O_RDWR|O_CREAT`);
      if (again) seen++; // made anew after its removal
    }
    const counted = Number(readFileSync(count, 'utf8'));
    t.diagnostic(`${counted} calls counted by the shim, ${seen} seen by strace`);
    assert.ok(counted > 100 && Math.abs(counted - seen) <= 3, `the shim counted ${counted}, strace saw ${seen}`);
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});
