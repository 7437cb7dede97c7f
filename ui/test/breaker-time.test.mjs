import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { openingsOf, spansOf } = await load('breaker-time.ts');

const NOW = Date.parse('2026-11-20T02:41:00Z');
const MINUTE = 60_000;
const ago = (minutes) => NOW - minutes * MINUTE;
const transition = (minutes, from, to) => ({ time: new Date(ago(minutes)).toISOString(), from, to });
const breaker = (changes) => ({ state: 'closed', transitions: [], seconds_in_state: { closed: 0, half_open: 0, open: 0, disabled: 0, unknown: 0 }, strip: [], ...changes });

test('before the strip the transitions tell, from where the seconds begin', () => {
  const b = breaker({
    transitions: [transition(10, 'open', 'closed'), transition(12, 'closed', 'open'), transition(40, 'open', 'closed'), transition(45, 'closed', 'open')],
    seconds_in_state: { closed: 3180, half_open: 0, open: 420, disabled: 0, unknown: 0 },
    strip: [[ago(15), 'closed'], [ago(12), 'open'], [ago(10), 'closed']],
  });
  assert.deepEqual(spansOf(b, NOW), [[ago(60), 'closed'], [ago(45), 'open'], [ago(40), 'closed'], [ago(15), 'closed'], [ago(12), 'open'], [ago(10), 'closed']]);
  assert.deepEqual(openingsOf([b], NOW), [[ago(45), ago(40)], [ago(12), ago(10)]]);
});

test('what lies before the sixteen newest transitions is not known', () => {
  const transitions = Array.from({ length: 16 }, (_, i) => transition(20 + i, i % 2 ? 'closed' : 'open', i % 2 ? 'open' : 'closed'));
  const b = breaker({ transitions, seconds_in_state: { closed: 86_400, half_open: 0, open: 0, disabled: 0, unknown: 0 }, strip: [[ago(15), 'closed']] });
  assert.equal(spansOf(b, NOW)[0][0], ago(35));
});

test('a young breaker has its strip alone, and one that was never told nothing', () => {
  const b = breaker({ seconds_in_state: { closed: 120, half_open: 0, open: 0, disabled: 0, unknown: 0 }, strip: [[ago(15), 'closed']] });
  assert.deepEqual(spansOf(b, NOW), [[ago(15), 'closed']]);
  assert.deepEqual(spansOf(breaker({ state: 'unknown', seconds_in_state: null }), NOW), []);
  assert.deepEqual(openingsOf([], NOW), []);
});

test('openings of several breakers are one where they meet, and an open one lasts until now', () => {
  const a = breaker({ strip: [[ago(15), 'closed'], [ago(9), 'open'], [ago(7), 'closed']] });
  const b = breaker({ strip: [[ago(15), 'open'], [ago(14), 'closed'], [ago(8), 'open'], [ago(5), 'half_open'], [ago(1), 'open']] });
  assert.deepEqual(openingsOf([a, b], NOW), [[ago(15), ago(14)], [ago(9), ago(5)], [ago(1), NOW]]);
});
