import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { chartsOf, indexAt, knownSince, spread, startMs, summary, tableRows, timelineOf, timesOf } = await load('chart-data.ts');
const { stretched } = await load('chart-touch.ts');

const END = Date.parse('2026-11-20T02:41:05Z');
const LINES = ['calls', 'errors', 'retries', 'retries_denied', 'retry_limit', 'utilization_percent', 'success_ratio', 'attempt_success_ratio', 'first_attempt_success_ratio',
  'latency_p50_s', 'latency_p95_s', 'latency_p99_s'];
const none = (n) => Array(n).fill(null);
const historyOf = (lines = {}, n = 180) => ({ period_s: 900, step_s: 5, end_ms: END, stored: false, ...Object.fromEntries(LINES.map((key) => [key, none(n)])), ...lines });
const doc = (changes = {}) => ({
  slo: null, budget: { warning_threshold_percent: 70, critical_threshold_percent: 85 }, ...changes });
const full = (v, n = 180) => Array(n).fill(v);
const ids = (charts) => charts.map((c) => c.id);

test('a value stands at the end of its step, and every place finds its own step again', () => {
  const h = historyOf({ calls: full(1) });
  const times = timesOf(timelineOf(h));
  assert.equal(times[179], END);
  assert.equal(times[178], END - 5000);
  assert.equal(startMs(h), END - 900_000);
  times.forEach((ms, i) => assert.equal(indexAt(timelineOf(h), ms + (i % 3) - 1), i));
  assert.equal(indexAt(timelineOf(h), END + 5000), null);
  assert.equal(indexAt(timelineOf(h), END - 901_000), null);
});

test('what has nothing to show is no chart', () => {
  assert.deepEqual(chartsOf(doc(), historyOf()), []);
  assert.deepEqual(ids(chartsOf(doc(), historyOf({ calls: full(2), success_ratio: full(1) }))), ['success', 'calls']);
  const all = historyOf({ calls: full(2), retries: full(1), success_ratio: full(1), latency_p99_s: full(0.2), retry_limit: full(3), utilization_percent: full(9) });
  assert.deepEqual(ids(chartsOf(doc(), all)), ['success', 'calls', 'latency', 'retries']);
});

test('a budget whose limit is not told in retries is a chart of what is used', () => {
  const charts = chartsOf(doc(), historyOf({ calls: full(2), utilization_percent: full(41) }));
  assert.deepEqual(ids(charts), ['calls', 'budget']);
  assert.deepEqual(charts[1].marks.map((m) => m.at), [70, 85]);
  assert.ok(charts[1].grid[charts[1].grid.length - 1] >= 85);
});

test('attempts are calls and retries, and the factor at their end is of the last step that knows both', () => {
  const calls = full(200);
  const retries = full(88);
  calls[179] = null;
  retries[178] = null;
  const [chart] = chartsOf(doc(), historyOf({ calls, retries }));
  const attempts = chart.lines.find((l) => l.name === 'attempts');
  assert.equal(attempts.values[0], 288);
  assert.equal(attempts.values[178], null);
  assert.equal(attempts.values[179], null);
  assert.equal(attempts.end, '\u00d71.44');
  const [quiet] = chartsOf(doc(), historyOf({ calls: full(200), retries: full(0.2) }));
  assert.equal(quiet.lines[0].end, '');
});

test('first attempts are drawn where they are told, else attempts', () => {
  const told = historyOf({ success_ratio: full(0.99), attempt_success_ratio: full(0.8), first_attempt_success_ratio: full(0.7) });
  assert.deepEqual(chartsOf(doc(), told)[0].lines.map((l) => l.name), ['final', 'first attempts']);
  const not = { ...told, first_attempt_success_ratio: none(180) };
  assert.deepEqual(chartsOf(doc(), not)[0].lines.map((l) => l.name), ['final', 'attempts']);
});

test('an objective is inside its chart, and no figure is rounded to its other side', () => {
  const slo = { success_rate_target_percent: 99.9, response_time_target_ms: 800 };
  const [success, latency] = chartsOf(doc({ slo }), historyOf({ success_ratio: full(0.99896), latency_p50_s: full(0.1) }));
  assert.equal(success.show(0.99896), '99.896\u202f%');
  assert.deepEqual(success.marks, [{ at: 0.999, label: 'objective 99.9\u202f%' }]);
  assert.equal(success.note, 'axis from 99\u202f%');
  assert.ok(latency.grid[latency.grid.length - 1] >= 0.8);
  const wide = chartsOf(doc({ slo: { ...slo, success_rate_target_percent: 90 } }), historyOf({ success_ratio: full(1) }))[0];
  assert.ok(wide.grid[0] <= 0.9);
});

test('lines of one chart differ by dash or width as well as by colour', () => {
  const h = historyOf(Object.fromEntries(LINES.map((key) => [key, full(0.5)])));
  for (const { lines, title } of chartsOf(doc(), h)) assert.equal(new Set(lines.map((l) => `${l.dash}`)).size, lines.length, title);
});

test('since when there is data is said only when it is not the beginning', () => {
  assert.equal(knownSince(historyOf({ calls: full(1) })), null);
  assert.equal(knownSince(historyOf({ calls: [...none(60), ...full(1, 120)] })), END - 600_000);
  assert.equal(knownSince({ ...historyOf({}, 12), calls: full(1, 12) }), END - 60_000);
});

test('the text alternative has the figures, their times, and what was not heard', () => {
  const values = full(0.995);
  values[100] = 0.7;
  values[20] = null;
  const h = historyOf({ success_ratio: values });
  assert.equal(summary(chartsOf(doc(), h)[0], timelineOf(h)),
    'Success of calls, 02:26:05 to 02:41:05 UTC. final: at the end 99.50\u202f%, lowest 70.0\u202f% at 02:34:30, highest 99.50\u202f% at 02:26:10, nothing heard for 5\u202fs');
});

test('a table has the newest step first and never more than 360 rows', () => {
  const h = historyOf({ calls: full(1) });
  assert.deepEqual(tableRows(timelineOf(h)).slice(0, 2), [179, 178]);
  assert.equal(tableRows(timelineOf(h)).length, 180);
  const many = tableRows(timelineOf({ ...h, calls: full(1, 3600) }));
  assert.equal(many.length, 360);
  assert.equal(many[0], 3599);
});

test('labels never overlap and stay inside, whatever is wanted', () => {
  assert.deepEqual(spread([50, 52, 20], 12, 0, 100), [50, 62, 20]);
  assert.deepEqual(spread([99, 98], 12, 0, 100), [100, 88]);
  for (let n = 1; n < 8; n++)
    for (let k = 0; k < 50; k++) {
      const placed = spread(Array.from({ length: n }, (_, i) => (i * 37 + k * 13) % 101), 12, 0, 100).sort((a, b) => a - b);
      placed.forEach((y, i) => assert.ok(y >= 0 && y <= 100 && (i === 0 || y - placed[i - 1] >= 12), `${placed}`));
    }
});

test('two fingers keep their instants under them', () => {
  assert.deepEqual(stretched(100, 200, 0.25, 0.75), [50, 250]);
  assert.deepEqual(stretched(100, 200, 0, 1), [100, 200]);
  assert.equal(stretched(100, 200, 0.5, 0.51), null);
  assert.equal(stretched(100, 200, 0.9, 0.1), null);
});
