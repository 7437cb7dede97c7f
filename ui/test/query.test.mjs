import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { autoStep, parseStep, placeOf, rangeOf, refusalOf } = await load('query-ask.ts');
const { csvOf, foundIn, graphOf, lineOf, numberOf, selectorOf, seriesText, sortedBy, toneOf, undrawn } = await load('query-answer.ts');
const { summary } = await load('chart-data.ts');
const { spanGrid } = await load('axis.ts');
const { plain, plainAxis } = await load('format.ts');
const { parseRange } = await load('period.ts');

const vector = (...metrics) => ({ resultType: 'vector', result: metrics.map((metric, i) => ({ metric, value: [1000, String(i)] })) });
const matrix = (...all) => ({ resultType: 'matrix', result: all.map((values, i) => ({ metric: { i: String(i) }, values })) });

test('a step is written as PromQL writes it, or in seconds', () => {
  for (const [text, seconds] of [['30s', 30], ['5m', 300], ['1h30m', 5400], ['500ms', 0.5], ['15', 15], ['0.5', 0.5], ['1d', 86_400]]) assert.equal(parseStep(text), seconds, text);
  for (const text of ['', '0', '0s', '-5', '5 m', 'm', '5x', '1e3', '25h', '2d', '1h 30m', 'NaN']) assert.equal(parseStep(text), null, text);
});

test('a step by itself gives points enough, and never more than the server allows', () => {
  for (const range of ['1m', '15m', '1h', '6h', '24h', '7d']) {
    const rangeS = parseRange(range);
    const points = rangeS / autoStep(rangeS);
    assert.ok(points >= 60 && points <= 400, `${range}: ${points}`);
  }
});

test('a range ends where it should, to the second, and has whole steps', () => {
  assert.deepEqual(rangeOf(3600, 1_700_000_007_400, 10), { startS: 1_699_996_407, endS: 1_700_000_007, count: 361 });
  assert.deepEqual(rangeOf(60, 1_700_000_000_000, 3600), { startS: 1_699_996_400, endS: 1_700_000_000, count: 2 }, 'a step that is longer than the range has its two ends');
  assert.deepEqual(rangeOf(60, 1_000_700, 0.1), { startS: 940, endS: 1000, count: 601 });
});

const marked = (message, text) => {
  const place = placeOf(message, text);
  return place && { ...place, word: text.slice(place.from, place.to) };
};

test('the place of an error is the word that stands there', () => {
  assert.deepEqual(marked('invalid parameter "query": 1:5: parse error: unknown function with name "fooo"', 'sum(fooo(up))'), { line: 1, column: 5, from: 4, to: 8, word: 'fooo' });
  assert.equal(marked('1:8: parse error: unexpected "+"', 'sum(up)+ ').word, '+');
  assert.equal(marked('1:3: parse error: unterminated quoted string', 'a{"b c').word, '"b c');
  assert.deepEqual(marked('2:3: parse error: x', 'sum(\n  nope\n)'), { line: 2, column: 3, from: 7, to: 11, word: 'nope' });
  assert.equal(marked('execution: many-to-many matching', 'a + b'), null);
});

test('at the end of the text it is the last word', () => {
  assert.deepEqual(marked('1:9: parse error: unclosed left parenthesis', 'sum(rate'), { line: 1, column: 9, from: 4, to: 8, word: 'rate' });
  assert.equal(marked('1:6: parse error: unexpected end of input', 'up + ').word, '+');
  assert.deepEqual(marked('1:1: parse error: no expression found in input', ''), { line: 1, column: 1, from: 0, to: 0, word: '' });
});

test('columns are bytes there, and characters here', () => {
  assert.deepEqual(marked('1:12: parse error: x', '"ä😀" + fooo'), { line: 1, column: 8, from: 8, to: 12, word: 'fooo' });
  assert.equal(marked('9:99: parse error: x', 'up').word, 'up', 'a place beyond the text is its end');
});

test('every refusal says what to do', () => {
  const told = (status, type, message, retryAfterS = null) => refusalOf({ status, type, message, retryAfterS }, 'sum(fooo(up))');
  const wrong = told(400, 'bad_data', 'invalid parameter "query": 1:5: parse error: unknown function with name "fooo"');
  assert.equal(wrong.title, 'Not understood at character 5');
  assert.equal(wrong.text, 'unknown function with name "fooo"');
  assert.equal(told(400, 'bad_data', 'exceeded maximum resolution of 11,000 points').act, 'step');
  assert.equal(told(400, 'bad_data', 'invalid parameter "query": invalid expression type "string" for range query').act, 'table');
  assert.match(told(422, 'execution', 'the query needs more than 5 bytes of memory').hint, /^Narrow it/);
  assert.equal(told(422, 'execution', 'many-to-many matching not allowed').hint, '');
  assert.deepEqual([told(503, 'timeout', 'x').act, told(503, 'timeout', 'x').title], ['retry', 'It took too long and was stopped']);
  assert.equal(told(503, 'unavailable', 'x', 1).hint, 'Try again in 1 second.');
  assert.equal(told(503, 'unavailable', 'x').hint, 'Try again in a moment.');
  assert.equal(told(413, '', 'x').title, 'The query is too long');
  assert.equal(told(0, '', 'x').title, 'Fusebox does not answer');
  assert.equal(told(500, 'internal', 'x').title, 'The server answered 500');
});

test('a series is named by what tells it from the others; what all have is told once', () => {
  const { series, shared } = foundIn(vector({ __name__: 'm', job: 'a', code: '1' }, { __name__: 'm', job: 'a', code: '2' }, { __name__: 'm', job: 'a' }));
  assert.deepEqual(series.map((s) => s.name), ['{code="1"}', '{code="2"}', '{}']);
  assert.equal(shared, 'm{job="a"}');
  assert.deepEqual(foundIn(vector({ __name__: 'm', a: '1' })), { series: [{ labels: { __name__: 'm', a: '1' }, name: 'm{a="1"}', points: [[1000, '0']] }], shared: '' });
  assert.deepEqual(foundIn(vector({ __name__: 'a' }, { __name__: 'b' })).series.map((s) => s.name), ['a', 'b']);
  assert.equal(foundIn(vector({})).series[0].name, '{}');
  assert.deepEqual(foundIn(vector()), { series: [], shared: '' });
  assert.deepEqual(foundIn({ resultType: 'scalar', result: [1, '2'] }).series, []);
  assert.equal(seriesText({ __name__: 'a\u202eb', 'x': 'say "hi"\n', 'http.code': '5' }), 'a⟨U+202E⟩b{x="say \\"hi\\"⟨U+000A⟩", "http.code"="5"}');
});

test('a selector of a name from outside is exact', () => {
  assert.equal(selectorOf('__name__', 'job:calls:rate5m'), 'job:calls:rate5m');
  assert.equal(selectorOf('__name__', 'a"}\nb'), '{__name__="a\\"}\\nb"}');
  assert.equal(selectorOf('job', 'shop'), '{job="shop"}');
});

test('rows keep the order of the answer until asked; what is no number is last', () => {
  const all = foundIn({ resultType: 'vector', result: ['3', 'NaN', '+Inf', '-Inf', '1e3'].map((v, i) => ({ metric: { i: String(9 - i) }, value: [1, v] })) }).series;
  const values = (order) => sortedBy(all, order).map((s) => s.points[0][1]);
  assert.deepEqual(values(null), ['3', 'NaN', '+Inf', '-Inf', '1e3']);
  assert.deepEqual(values('value'), ['-Inf', '3', '1e3', '+Inf', 'NaN']);
  assert.deepEqual(values('-value'), ['+Inf', '1e3', '3', '-Inf', 'NaN']);
  assert.deepEqual(values('name'), ['1e3', '-Inf', '+Inf', 'NaN', '3']);
  assert.deepEqual(values('-name'), ['3', 'NaN', '+Inf', '-Inf', '1e3']);
});

test('a step without a point is a gap, and so is one that is no number', () => {
  const timeline = { period_s: 40, step_s: 10, end_ms: 140_000, count: 5 };
  const { series } = foundIn(matrix([[100, '1'], [110, '2'], [140, '5']], [[100, 'NaN'], [110, '+Inf'], [120, '7'], [999, '1']]));
  assert.deepEqual(lineOf(series[0], 0, timeline).values, [1, 2, null, null, 5]);
  assert.deepEqual(lineOf(series[1], 1, timeline).values, [null, null, 7, null, null]);
  assert.equal(undrawn(series), 2);
  const spec = graphOf(series.map((s, i) => lineOf(s, i, timeline)));
  assert.deepEqual(spec.grid, [0, 2, 4, 6, 8]);
  assert.equal(spec.show(null), 'no value');
  const none = graphOf([lineOf(foundIn(matrix([[100, 'NaN']])).series[0], 0, timeline)]);
  assert.equal(summary(none, timeline), 'Graph, 00:01:40 to 00:02:20 UTC. {i="0"}: no value');
});

test('the first twenty lines are all told apart', () => {
  const series = { labels: {}, name: 'x', points: [] };
  const looks = Array.from({ length: 20 }, (_, i) => lineOf(series, i, { period_s: 10, step_s: 10, end_ms: 0, count: 2 })).map(({ tone, dash }) => `${tone} ${dash}`);
  assert.equal(new Set(looks).size, 20);
  assert.equal(toneOf(5), toneOf(0));
});

test('a grid holds all values in round steps, with the zero unless they keep far from it', () => {
  assert.deepEqual(spanGrid(90, 120), [90, 100, 110, 120]);
  assert.deepEqual(spanGrid(0, 1), [0, 0.25, 0.5, 0.75, 1]);
  assert.deepEqual(spanGrid(50, 120).slice(0, 1), [0]);
  assert.deepEqual(spanGrid(5, 5), [0, 2, 4, 6]);
  assert.deepEqual(spanGrid(0, 0), [0, 0.25, 0.5, 0.75, 1]);
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let i = 0; i < 2000; i++) {
    const ends = [0, 0].map(() => (random() - 0.4) * 10 ** Math.floor(random() * 18 - 6));
    const [low, high] = [Math.min(...ends), Math.max(...ends)];
    const grid = spanGrid(low, high);
    const slack = 1e-6 * (grid[grid.length - 1] - grid[0]);
    assert.ok(grid[0] <= low + slack && grid[grid.length - 1] >= high - slack, `${low} ${high}: ${grid}`);
    assert.ok(grid.length >= 2 && grid.length <= 5, `${low} ${high}: ${grid}`);
  }
});

test('numbers without a unit have six digits, and are never made to look like others', () => {
  const shown = [[0, '0'], [1234567.89, '1,234,568'], [0.1 + 0.2, '0.3'], [-1.5, '−1.5'], [1e-7, '1e−7'], [1.5e18, '1.5e18'], [NaN, 'NaN'], [Infinity, '+Inf'], [-Infinity, '−Inf']];
  for (const [value, text] of shown) assert.equal(plain(value), text);
  assert.equal(plainAxis(250_000, 1_000_000), '0.25\u202fM');
  assert.equal(plainAxis(20_000, 40_000), '20\u202fk');
  assert.equal(plainAxis(0.5, 2), '0.5');
  assert.deepEqual(['+Inf', '-Inf', '1e3'].map(numberOf), [Infinity, -Infinity, 1000]);
});

test('a file has a line for each point, and no formula in it', () => {
  const { series } = foundIn({ resultType: 'vector', result: [
    { metric: { __name__: 'm', a: '=1+1', b: 'x,"y"' }, value: [1.5, '-5'] }, { metric: { __name__: 'm', c: '\r@' }, value: [2, 'NaN'] }] });
  assert.equal(csvOf(series), '__name__,a,b,c,timestamp,value\r\n'
    + `m,'=1+1,"x,""y""",,1970-01-01T00:00:01.500Z,-5\r\n`
    + `m,,,"'\r@",1970-01-01T00:00:02.000Z,NaN\r\n`);
  assert.equal(csvOf(foundIn(matrix([[1, '1'], [2, '+Inf']])).series), 'i,timestamp,value\r\n0,1970-01-01T00:00:01.000Z,1\r\n0,1970-01-01T00:00:02.000Z,+Inf\r\n');
  assert.equal(csvOf([{ labels: {}, name: '{}', points: [[1, '1']] }]), 'timestamp,value\r\n1970-01-01T00:00:01.000Z,1\r\n');
});
