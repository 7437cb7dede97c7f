// The golden scripts of PromQL through the daemon: loaded by remote write, asked through the HTTP API.
//
//   FUSEBOX=build/fusebox node --test test/peers/promql_scripts.test.mjs
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { Fusebox } from './support/fusebox.mjs';
import { commands, durationMs, question, seriesOf, values } from './support/promql_script.mjs';
import { remoteWrite } from './support/remote_write.mjs';
import { Scope } from './support/scope.mjs';

const scope = new Scope('promql-scripts');
const folder = new URL('../golden/promql/', import.meta.url);

const start = () => new Fusebox(scope, { args: ['--set', 'storage.retention=0'] }).start();

async function load(fusebox, step, lines) {
  const stepMs = durationMs(step);
  await remoteWrite(fusebox.url, lines.map(seriesOf).map(([labels, list]) => ({
    labels, samples: list.map((value, i) => [i * stepMs, value]).filter(([, value]) => value !== undefined),
  })));
}

async function ask(fusebox, [kind, params]) {
  const answer = await fetch(`${fusebox.url}/api/v1/${kind}`, { method: 'POST', body: new URLSearchParams(params) });
  return { code: answer.status, ...(await answer.json()) };
}

const keyOf = (labels) => JSON.stringify(Object.entries(labels).sort());
const numberOf = (text) => ({ '+Inf': Infinity, '-Inf': -Infinity }[text] ?? Number(text));
const same = (a, b) => Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));

// The points of one series as values by step; instant: one.
function steps([kind, params], points) {
  if (kind === 'query') return points.map(([, text]) => numberOf(text));
  const list = [];
  for (const [at, text] of points) list[Math.round((at - params.start) / params.step)] = numberOf(text);
  return list;
}

function expectValues(where, got, wanted) {
  const cut = wanted.slice(0, wanted.findLastIndex((value) => value !== undefined) + 1);
  assert.equal(got.length, cut.length, `${where}: ${got}`);
  cut.forEach((value, i) => assert.ok(value === undefined ? got[i] === undefined : same(got[i], value), `${where}: step ${i}: ${got[i]}, not ${value}`));
}

function expect(where, asked, ordered, { data }, lines) {
  if (data.resultType === 'scalar') return expectValues(where, [numberOf(data.result[1])], values(lines[0]));
  assert.equal(data.result.length, lines.length, `${where}: ${JSON.stringify(data.result)}`);
  for (const [i, line] of lines.entries()) {
    const [labels, wanted] = seriesOf(line);
    const at = ordered ? i : data.result.findIndex(({ metric }) => keyOf(metric) === keyOf(labels));
    assert.ok(at >= 0 && keyOf(data.result[at].metric) === keyOf(labels), `${where}: no ${line}`);
    expectValues(`${where}: ${line}`, steps(asked, data.result[at].values ?? [data.result[at].value]), wanted);
  }
}

async function runFile(file) {
  let fusebox = await start(), asked = 0;
  for (const { line, command, rest, lines } of commands(fs.readFileSync(new URL(file, folder), 'utf8'))) {
    const where = `${file}:${line}`;
    if (command === 'load') await load(fusebox, rest, lines);
    else if (command === 'clear') fusebox = await start();
    else if (command === 'ranges') {
      fusebox.configure(`promql: {range_selectors: ${rest}}\n`);
      assert.equal((await fetch(`${fusebox.url}/-/reload`, { method: 'POST' })).status, 200);
    } else {
      const put = question(rest), answer = await ask(fusebox, put);
      asked++;
      if (command === 'eval_fail') {
        assert.equal(answer.code, 422, where);
        assert.ok(answer.error.includes(lines[0].replace('expected_fail_message ', '')), `${where}: ${answer.error}`);
      } else {
        assert.equal(answer.code, 200, `${where}: ${answer.error}`);
        expect(where, put, command === 'eval_ordered', answer, lines);
      }
    }
  }
  await fusebox.stop();
  return asked;
}

scope.test('every script holds through the HTTP API', async (t) => {
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.test'));
  let asked = 0;
  for (const file of files) asked += await runFile(file);
  t.diagnostic(`${files.length} scripts, ${asked} queries`);
  assert.ok(files.length >= 5 && asked > 90);
});
