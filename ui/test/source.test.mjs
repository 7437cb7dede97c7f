// What holds for every source file: its types, its size, and no way for a text to become markup.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { source } from './load.mjs';

const ui = join(source, '..');
const files = readdirSync(source).filter((name) => /\.tsx?$/.test(name));
const MARKUP = /innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function|srcdoc|javascript:/;
const LINES_MAX = 250;

function run(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ui, encoding: 'utf8' });
  assert.equal(status, 0, `${command}: ${stdout}${stderr}`);
}

// The compiler is not needed to build, so it is fetched by whoever comes here first.
test('the types hold', { timeout: 300_000 }, () => {
  const compiler = join(ui, 'node_modules/typescript/bin/tsc');
  if (!existsSync(compiler)) run('flock', ['package-lock.json', 'npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error']);
  run(process.execPath, [compiler, '--noEmit']);
});

test('no text can become markup or code', () => {
  for (const name of files) assert.doesNotMatch(readFileSync(join(source, name), 'utf8'), MARKUP, name);
});

test('no file is more than one thing', () => {
  for (const name of files) assert.ok(readFileSync(join(source, name), 'utf8').split('\n').length <= LINES_MAX, name);
});

test('every source file is an input of the build', () => {
  const inputs = readFileSync(join(ui, 'meson.build'), 'utf8');
  for (const name of readdirSync(source)) assert.ok(inputs.includes(`'src/${name}'`), name);
});
