import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { ticks, timeTicks } = await load('axis.ts');

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
