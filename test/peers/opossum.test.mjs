// A program whose breaker is opossum's, as Fusebox sees it: every state, calls, errors and refusals.
//
//   FUSEBOX=build/fusebox node --test test/peers/opossum.test.mjs
import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fusebox, scrapeConfig } from './support/fusebox.mjs';
import { Process, Scope, until } from './support/scope.mjs';

const scope = new Scope('opossum');
const app = path.join(path.dirname(fileURLToPath(import.meta.url)), 'support', 'opossum_app.mjs');

class Program {
  async start(port = 0, ...args) {
    this.process = new Process(scope, process.execPath, [app, String(port), ...args], { name: 'program' });
    const found = await until('the program', () => this.process.output.match(/listening on (\d+)/));
    this.port = Number(found[1]);
    return this;
  }

  async fire(answer, count = 1) {
    const results = [];
    for (let i = 0; i < count; i++)
      results.push(await fetch(`http://127.0.0.1:${this.port}/fire?answer=${answer}`).then((r) => r.text()));
    return results;
  }
}

async function start(...args) {
  const program = await new Program().start(0, ...args);
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ shop: [`127.0.0.1:${program.port}`] }) }).start();
  await fusebox.settle(); // what the program counts from now on began at 0
  await program.fire('good');
  await fusebox.settle();
  return { program, fusebox };
}

const isIn = (fusebox, state) =>
  until(`state ${state}`, async () => (await fusebox.breaker('stock', 'stock'))?.state === state);

async function open(program, fusebox) {
  const results = await program.fire('bad', 6);
  assert.ok(results.includes('EOPENBREAKER'), `the breaker opened: ${results}`);
  await isIn(fusebox, 'open');
  return results;
}

scope.test('a breaker opens, half-opens and closes', async () => {
  const { program, fusebox } = await start();
  await isIn(fusebox, 'closed');
  const results = await open(program, fusebox);
  await isIn(fusebox, 'half_open');
  assert.deepEqual(await program.fire('bad'), ['bad']);
  await isIn(fusebox, 'open');
  await isIn(fusebox, 'half_open');
  assert.deepEqual(await program.fire('good', 3), ['good', 'good', 'good']);
  await isIn(fusebox, 'closed');
  await fusebox.settle();

  const row = await fusebox.row('stock');
  const bad = results.length + 1;
  assert.equal(row.calls_total, 1 + bad + 3);
  assert.equal(row.errors_total, bad);
  assert.equal((await fusebox.breaker('stock', 'stock')).caller, 'shop');
});

scope.test('where nothing listens to halfOpen a breaker is open until it closes', async () => {
  const { program, fusebox } = await start('deaf');
  await open(program, fusebox);
  await until('a trial', async () => (await program.fire('good'))[0] === 'good');
  await isIn(fusebox, 'closed');
});

scope.test('a program that begins again has a closed breaker', async () => {
  const { program, fusebox } = await start();
  await open(program, fusebox);
  await program.process.stop();
  const again = await new Program().start(program.port);
  await again.fire('good');
  await isIn(fusebox, 'closed');
});

scope.test('a Fusebox that begins again knows the state', async () => {
  const { program, fusebox } = await start();
  await open(program, fusebox);
  await fusebox.stop();
  await fusebox.start();
  await until('a state', async () => ['open', 'half_open'].includes((await fusebox.breaker('stock', 'stock'))?.state));
  await isIn(fusebox, 'half_open');
});
