import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { shareTicks, spanTicks, tickText, ticks } = await load('axis.ts');

test('an axis begins at 0, holds the highest value and has at most four lines', () => {
  for (const max of [0, 1e-6, 0.03, 0.3972, 0.9, 1, 3, 7.5, 60.4, 118, 999, 1840, 123456, 5e9]) {
    const marks = ticks(max);
    assert.equal(marks[0], 0);
    assert.ok(marks[marks.length - 1] >= max, `${max}: ${marks}`);
    assert.ok(marks.length >= 2 && marks.length <= 4, `${max}: ${marks}`);
    assert.ok(marks.every((v, i) => i === 0 || v > marks[i - 1]), `${max}: ${marks}`);
  }
});

test('an axis of shares has the whole on top and says a floor below the lowest', () => {
  assert.deepEqual(shareTicks(1), [0.99, 0.995, 1]);
  assert.deepEqual(shareTicks(0.72), [0.7, 0.8, 0.9, 1]);
  assert.deepEqual(shareTicks(0), [0, 0.5, 1]);
  for (let lowest = 0; lowest <= 1; lowest += 0.0137) {
    const marks = shareTicks(lowest);
    assert.ok(marks[0] <= lowest && marks[0] >= 0 && marks[marks.length - 1] === 1 && marks.length <= 4, `${lowest}: ${marks}`);
  }
});

const DAY = 86_400_000;
const iso = (times) => times.map((ms) => new Date(ms).toISOString().slice(0, 16));
const at = (text) => Date.parse(`${text}Z`);

test('an axis of minutes to days has whole steps of the clock', () => {
  assert.deepEqual(spanTicks(at('2026-11-20T02:29'), at('2026-11-20T02:41'), 4), { times: [at('2026-11-20T02:30'), at('2026-11-20T02:35'), at('2026-11-20T02:40')], unit: 'minute' });
  assert.deepEqual(spanTicks(at('2026-11-08T00:00'), at('2026-11-10T02:41'), 10).unit, 'minute');
  const days = spanTicks(at('2026-11-08T07:00'), at('2026-11-20T02:41'), 10);
  assert.equal(days.unit, 'day');
  assert.deepEqual(iso(days.times).slice(0, 2), ['2026-11-09T00:00', '2026-11-11T00:00']);
});

test('an axis of a minute has marks of seconds', () => {
  const from = at('2026-11-20T02:40:07');
  const { times, unit } = spanTicks(from, from + 60_000, 8);
  assert.deepEqual(times.map((ms) => tickText(ms, unit)), ['02:40:10', '02:40:20', '02:40:30', '02:40:40', '02:40:50', '02:41:00']);
});

test('the words under a mark are of the clock, at midnight of the calendar', () => {
  assert.equal(tickText(at('2026-11-20T02:40'), 'minute'), '02:40');
  assert.equal(tickText(at('2026-11-20T00:00'), 'minute'), 'Nov 20');
  assert.equal(tickText(at('2026-11-20T00:00'), 'day'), 'Nov 20');
  assert.equal(tickText(at('2026-01-01T00:00'), 'month'), 'Jan 2026');
  assert.equal(tickText(at('2026-03-01T00:00'), 'month'), 'Mar');
  assert.equal(tickText(at('2026-01-01T00:00'), 'year'), '2026');
});

test('an axis of months to decades stands on the calendar', () => {
  const year = spanTicks(at('2025-10-16T00:00'), at('2026-11-20T02:41'), 10);
  assert.equal(year.unit, 'month');
  assert.deepEqual(iso(year.times).slice(0, 3), ['2025-11-01T00:00', '2026-01-01T00:00', '2026-03-01T00:00']);
  const decades = spanTicks(0, at('2026-11-20T02:41'), 10);
  assert.deepEqual(decades, { times: [1970, 1980, 1990, 2000, 2010, 2020].map((y) => Date.UTC(y, 0, 1)), unit: 'year' });
});

test('an axis never has more marks than asked for, whatever it spans', () => {
  for (let days = 0.0001; days < 3e6; days *= 1.7)
    for (const most of [1, 4, 10]) {
      const { times } = spanTicks(at('2026-01-20T00:00'), at('2026-01-20T00:00') + days * DAY, most);
      assert.ok(times.length <= most + 1, `${days} days: ${times.length} > ${most}`);
    }
});
