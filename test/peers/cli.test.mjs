// The command line as a person meets it: help, mistakes, exit codes.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { Fusebox, binary } from './support/fusebox.mjs';
import { Scope, until } from './support/scope.mjs';

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'fusebox-cli-'));
after(() => fs.rmSync(dir, { recursive: true, force: true }));

const run = (...args) => spawnSync(binary, args, { encoding: 'utf8', cwd: dir, timeout: 10000 });
const file = (name, text) => {
  fs.writeFileSync(path.join(dir, name), text);
  return path.join(dir, name);
};
const commands = ['run', 'demo', 'check config', 'config', 'query', 'storage info', 'storage verify', 'storage seal', 'storage backup', 'storage restore', 'version', 'help'];

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
    [['query'], /needs the word "EXPR"/],
    [['query', '--time', '0'], /needs the word "EXPR"/],
    [['query', 'a', 'b'], /does not take "b"/],
    [['query', 'a', '-o', 'xml'], /cannot read the value "xml"/],
    [['storage', 'info', '-o', 'csv'], /cannot read the value "csv"/],
    [['query', 'a', '--time', 'noon'], /--time is a moment.*"noon"/],
    [['query', 'a', '--time', '1', '--start', '0'], /--time is one moment/],
    [['query', 'a', '--start', '1', '--end', '0'], /--end is before --start/],
    [['query', 'a', '--step', '0'], /--step is a duration/],
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

const scope = new Scope('cli');

scope.test('query asks the daemon: table, charts, CSV, JSON, and errors with their place', async () => {
  const fusebox = await new Fusebox(scope).start();
  const ask = (...args) => run('query', ...args, '--url', fusebox.url);
  await until('its own series are stored', () => ask('fusebox_build_info').stdout.includes('METRIC'));

  let result = ask('label_replace(vector(48120.5), "who", "caf\u00e9", "", "")');
  assert.equal(result.status, 0, result.stderr);
  assert.equal(result.stdout, 'who      VALUE\ncaf\u00e9  48,120.5\n');
  assert.equal(ask('-1 - 2').stdout, '-3\n');
  assert.equal(ask('time()', '--time', '2026-11-20T00:00:00Z').stdout, '1,795,132,800\n');
  assert.match(ask('nothing_of_that_name').stdout, /^no series has a value there$/m);

  result = ask('time()', '--start', '0', '--end', '3600', '--step', '1m');
  assert.equal(result.status, 0, result.stderr);
  assert.match(result.stdout, /^1970-01-01T00:00:00.000Z to 1970-01-01T01:00:00.000Z, every /);
  assert.match(result.stdout, /^ +3,600 [\u2800-\u28ff]{67}$/m);
  assert.match(result.stdout, /^ +0 [\u2800-\u28ff]{67}$/m);

  result = ask('time()', '--start', '0', '--end', '30', '--step', '15', '-o', 'csv');
  assert.equal(result.stdout, 'timestamp,value\r\n1970-01-01T00:00:00.000Z,0\r\n1970-01-01T00:00:15.000Z,15\r\n1970-01-01T00:00:30.000Z,30\r\n');
  assert.deepEqual(JSON.parse(ask('1', '--time=7', '-o', 'json').stdout), { status: 'success', data: { resultType: 'scalar', result: [7, '1'] } });

  result = ask('rate(up[5m)');
  assert.equal(result.status, 2);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /^fusebox query: .+\n {2}rate\(up\[5m\)\n {2} *\^\n$/);
});

test('query says where nobody answers', () => {
  const { status, stderr } = run('query', 'up', '--url', '127.0.0.1:1');
  assert.equal(status, 7);
  assert.match(stderr, /nobody answers at 127\.0\.0\.1:1/);
});
