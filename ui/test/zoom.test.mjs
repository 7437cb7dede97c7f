import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { Steps } = await load('chart-steps.ts');

const live = (rangeS) => ({ rangeS, endMs: null });
const past = (rangeS, endMs) => ({ rangeS, endMs });

test('steps lead back in their order, and then there is none', () => {
  const steps = new Steps();
  steps.add(live(3600));
  steps.add(past(600, 9e11));
  assert.deepEqual(steps.take(past(60, 8e11)), past(600, 9e11));
  assert.deepEqual(steps.take(past(600, 9e11)), live(3600));
  assert.equal(steps.take(live(3600)), null);
});

test('a step to what is shown already is no step', () => {
  const steps = new Steps();
  steps.add(live(900));
  steps.add(past(600, 9e11));
  assert.deepEqual(steps.take(past(600, 9e11)), live(900));
});

test('from a past that was opened by its address the way is to now', () => {
  assert.deepEqual(new Steps().take(past(60, 8e11)), live(900));
});

test('of very many steps the newest are remembered', () => {
  const steps = new Steps();
  for (let i = 0; i < 100; i++) steps.add(past(60, i));
  let n = 0;
  for (let now = past(60, 100); now.endMs !== null; n++) now = steps.take(now);
  assert.equal(n, 33);
});
