// Runs test/support/break_store, and says what it found.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const build = resolve(process.env.FUSEBOX_BUILD ?? 'build');
export const tool = (name) => join(build, 'test', 'support', name);
export const shim = tool('libdisk_shim.so');
export const long = process.env.FUSEBOX_BREAK === 'long'; // make break

export function whyNot(...names) {
  const missing = names.map(tool).filter((path) => !existsSync(path));
  return missing.length ? `${missing.join(', ')} is not built` : false;
}

export function run(command, args, options = {}) {
  return new Promise((done, fail) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let out = '';
    child.stdout.on('data', (data) => { out += data; });
    child.stderr.on('data', (data) => { out += data; });
    child.on('error', fail);
    child.on('close', (status, signal) => done({ status, signal, out }));
  });
}

// What break_store prints at its end, as diagnostics; its findings are the failure's message.
export async function breakStore(t, way, ...options) {
  const began = Date.now();
  const { status, signal, out } = await run(tool('break_store'), [way, ...options]);
  const lines = out.trim().split('\n');
  const findings = lines.filter((line) => line.startsWith('finding: '));
  for (const line of lines) if (!line.startsWith('finding: ')) t.diagnostic(line);
  t.diagnostic(`${((Date.now() - began) / 1000).toFixed(1)} s`);
  assert.equal(findings.length, 0, `repeat one with: ${tool('break_store')} ${way} --case N\n${findings.join('\n')}`);
  assert.equal(status, 0, `ended with ${status ?? signal}: ${out.slice(-2000)}`);
  return out;
}
