// The command line as a person meets it: help, mistakes, exit codes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { binary } from './support/fusebox.mjs';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fusebox-cli-'));
after(() => fs.rmSync(dir, { recursive: true, force: true }));

const run = (...args) => spawnSync(binary, args, { encoding: 'utf8', cwd: dir, timeout: 10000 });
const file = (name, text) => {
  fs.writeFileSync(path.join(dir, name), text);
  return path.join(dir, name);
};
const commands = ['run', 'demo', 'check config', 'config', 'storage info', 'storage verify', 'storage seal', 'storage backup', 'storage restore', 'version', 'help'];

test('help lists every command, and each has a page of its own', () => {
  for (const args of [['help'], ['--help'], ['-h']]) {
    const { status, stdout, stderr } = run(...args);
    assert.equal(status, 0);
    assert.equal(stderr, '');
    for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, 'm'));
  }
  for (const command of commands) {
    const { status, stdout } = run(...command.split(' '), '--help');
    assert.equal(status, 0, command);
    assert.match(stdout, new RegExp(`^usage: fusebox ${command}`));
  }
});

test('colours stay out of what is no terminal', () => {
  for (const args of [['help'], ['nonsense'], ['check', 'config']]) {
    const { stdout, stderr } = run(...args);
    assert.ok(!(stdout + stderr).includes('\x1b'), args.join(' '));
  }
});

test('mistakes are named on stderr with exit code 2, and nothing runs', () => {
  for (const [args, message] of [
    [[], /usage: fusebox COMMAND/],
    [['rnu'], /there is no command "rnu"; did you mean "run"\?/],
    [['check'], /there is no command "check"/],
    [['xyzzyxyzzy'], /there is no command "xyzzyxyzzy"$/m],
    [['run', '--nonsense'], /does not take "--nonsense"/],
    [['run', 'word'], /does not take "word"/],
    [['run', '--config'], /needs a value behind "--config"/],
    [['run', '--set', 'novalue'], /cannot read the value "novalue"/],
    [['run', '--set', '=1'], /cannot read the value "=1"/],
    [['demo', '--rate', '0'], /cannot read the value "0"/],
    [['demo', '--rate', '1000001'], /cannot read the value/],
    [['demo', '--duration', 'soon'], /cannot read the value "soon"/],
    [['demo', '--only-scene=1'], /does not take "--only-scene=1"/],
    [['storage'], /there is no command "storage"; did you mean "storage /],
    [['version', '--config', 'x'], /does not take "--config"/],
  ]) {
    const { status, stdout, stderr } = run(...args);
    assert.equal(status, 2, args.join(' '));
    assert.equal(stdout, '', args.join(' '));
    assert.match(stderr, message);
  }
});

test('more settings than there is room for are refused, not lost', () => {
  const sets = Array.from({ length: 200 }, () => ['--set', 'log.level=info']).flat();
  const { status, stderr } = run('check', 'config', ...sets);
  assert.equal(status, 2);
  assert.match(stderr, /cannot read the value/);
});

test('check config tells what is right and what is wrong', () => {
  const good = file('good.yml', 'services: [{name: a}]\nscrape_configs: [{job_name: j}]\n');
  let result = run('check', 'config', '--config', good);
  assert.equal(result.status, 0, result.stderr);
  assert.match(result.stdout, /good\.yml is valid: 1 scrape_configs, 1 services/);
  result = run('check', 'config', `--config=${file('bad.yml', 'sevices: []\nlisten: nowhere\n')}`);
  assert.equal(result.status, 2);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /bad\.yml:1:1: .*did you mean "services"/);
  assert.match(result.stderr, /bad\.yml:2:/);
  result = run('check', 'config', '--config', path.join(dir, 'missing.yml'));
  assert.equal(result.status, 3);
  result = run('check', 'config', '--listen', 'nowhere');
  assert.equal(result.status, 2);
  assert.match(result.stderr, /listen/);
});

test('--set wins over the flags that are short for it, and over the file', () => {
  const bad = file('listen.yml', 'listen: 127.0.0.1:1\n');
  assert.equal(run('check', 'config', '--config', bad, '--listen', 'x', '--set', 'listen=127.0.0.1:0').status, 0);
});

test('the printed example is valid as it is, and the reference is Markdown', () => {
  const example = run('config');
  assert.equal(example.status, 0);
  const { status, stderr } = run('check', 'config', '--config', file('example.yml', example.stdout));
  assert.equal(status, 0, stderr);
  assert.match(run('config', '--reference').stdout, /^# /);
});

test('version names the libraries it runs with', () => {
  for (const args of [['version'], ['--version']]) {
    const { status, stdout } = run(...args);
    assert.equal(status, 0);
    assert.match(stdout, /\d+\.\d+\.\d+/);
    for (const library of ['sqlite', 'curl', 'microhttpd']) assert.match(stdout, new RegExp(library, 'i'));
  }
});

test('run with a bad configuration ends at once and says why', () => {
  const { status, stderr } = run('run', '--data', dir, '--config', file('bad2.yml', 'listen: nowhere\n'));
  assert.equal(status, 2);
  assert.match(stderr, /bad2\.yml/);
});
