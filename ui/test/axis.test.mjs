import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { spanTicks, ticks, timeTicks } = await load('axis.ts');

test('an axis begins at 0, holds the highest value and has at most four lines', () => {
  for (const max of [0, 1e-6, 0.03, 0.9, 1, 3, 7.5, 60.4, 118, 999, 1840, 123456, 5e9]) {
    const marks = ticks(max);
    assert.equal(marks[0], 0);
    assert.ok(marks[marks.length - 1] >= max, `${max}: ${marks}`);
    assert.ok(marks.length >= 2 && marks.length <= 4, `${max}: ${marks}`);
    assert.ok(marks.every((v, i) => i === 0 || v > marks[i - 1]), `${max}: ${marks}`);
  }
});

test('time marks are whole steps inside the range', () => {
  const from = Date.UTC(2026, 10, 20, 2, 26, 7);
  const marks = timeTicks(from, from + 900_000, 8);
  assert.ok(marks.length >= 4 && marks.length <= 8, `${marks.length}`);
  assert.ok(marks.every((ms) => ms % 120_000 === 0 && ms >= from && ms <= from + 900_000));
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
