import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { RANGES, between, endText, parseEnd, parseRange, rangeText, shifted, zoomed } = await load('period.ts');

const NOW = Date.parse('2026-11-20T02:41:07Z');
const live = (rangeS) => ({ rangeS, endMs: null });

test('a range is a whole number of a unit, and is written as people write it', () => {
  for (const text of [...RANGES, '1m', '90s', '2h', '36h', '2d']) assert.equal(rangeText(parseRange(text)), text);
  assert.equal(rangeText(parseRange('1d')), '24h');
  assert.equal(rangeText(parseRange('60m')), '1h');
  for (const text of ['', '59s', '8d', '15', 'm', '1.5h', '-15m', '15 m', '15m;', '9999999m']) assert.equal(parseRange(text), null, text);
});

test('an end is an instant in either form', () => {
  assert.equal(parseEnd('2026-11-20T02:41:07Z'), NOW);
  assert.equal(parseEnd(String(NOW)), NOW);
  assert.equal(parseEnd(endText(NOW + 400)), NOW);
  for (const text of ['', 'now', '2026', '17', '2026-13-40T00:00:00Z', '1e15']) assert.equal(parseEnd(text), null, text);
});

test('going back leaves now, and going on comes back to it', () => {
  const back = shifted(live(3600), -1, NOW);
  assert.deepEqual(back, { rangeS: 3600, endMs: NOW - 1_800_000 });
  assert.deepEqual(shifted(back, 1, NOW), live(3600));
  assert.deepEqual(shifted(back, 1, NOW + 60_000), live(3600), 'a minute later, too');
  assert.deepEqual(shifted(back, 1, NOW + 600_000), { rangeS: 3600, endMs: NOW });
  assert.deepEqual(shifted(live(3600), 1, NOW), live(3600));
});

test('zooming takes the next preset and keeps the middle in its place', () => {
  assert.deepEqual(zoomed(live(900), 1, NOW), live(3600));
  assert.deepEqual(zoomed(live(1000), -1, NOW), live(900));
  assert.deepEqual(zoomed(live(900), -1, NOW), live(900));
  assert.deepEqual(zoomed(live(7 * 86_400), 1, NOW), live(7 * 86_400));
  const past = { rangeS: 900, endMs: NOW - 10_000_000 };
  const wider = zoomed(past, 1, NOW);
  assert.equal(wider.endMs - wider.rangeS * 500, past.endMs - past.rangeS * 500);
  assert.deepEqual(zoomed(wider, -1, NOW), past);
  assert.equal(zoomed({ rangeS: 900, endMs: NOW - 1000 }, 1, NOW).endMs, null);
});

test('what a person draws is no shorter than a minute and ends no later than now', () => {
  assert.deepEqual(between(NOW - 700_000, NOW - 400_000, NOW), { rangeS: 300, endMs: NOW - 400_000 });
  assert.deepEqual(between(NOW - 110_000, NOW - 90_000, NOW), { rangeS: 60, endMs: NOW - 70_000 });
  assert.deepEqual(between(NOW - 300_000, NOW + 5000, NOW).endMs, null);
});
