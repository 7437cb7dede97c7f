import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { best, fit } = await load('fuzzy.ts');
const NAMES = ['api-gateway', 'checkout', 'payment-service', 'payments-db', 'recommendations', 'order_history', 'ordersHistory', 'display', 'db'];
const find = (letters, max = 5) => best(letters, NAMES, (name) => name, max);

// Every way to place the letters, for names that are short enough.
function slowly(letters, name) {
  const start = (i) => i === 0 || /[^\p{L}\p{N}]/u.test(name[i - 1]) || (/\p{Lu}/u.test(name[i]) && !/\p{Lu}/u.test(name[i - 1]));
  const lower = name.toLowerCase();
  let top = null;
  const place = (w, from, before, score) => {
    if (w === letters.length) top = Math.max(top ?? -Infinity, score);
    else for (let i = from; i < lower.length; i++)
      if (lower[i] === letters[w]) place(w + 1, i + 1, i, score + 1 + (start(i) ? 12 : 0) + (w > 0 && i === before + 1 ? 8 : 0));
  };
  place(0, 0, -2, 0);
  return top === null ? null : top - lower.length / 100 + (lower === letters ? 12 : 0);
}

test('letters in order are found, in another order not', () => {
  assert.deepEqual(find('pays').sort(), ['payment-service', 'payments-db']);
  assert.deepEqual(find('zzz'), []);
  assert.equal(fit('bd', 'db'), null);
  assert.equal(fit('', 'db'), 0);
});

test('beginnings of words and whole names come first', () => {
  assert.equal(find('ps')[0], 'payment-service');
  assert.equal(find('db')[0], 'db');
  assert.deepEqual(find('oh', 2).sort(), ['order_history', 'ordersHistory']);
  assert.equal(find('Check Out')[0], 'checkout');
});

test('the score is the best of all ways to place the letters', () => {
  let seed = 7;
  const random = (n) => (seed = (seed * 48271) % 2147483647) % n;
  const word = (n) => Array.from({ length: n }, () => 'abAB-'[random(5)]).join('');
  for (let i = 0; i < 2000; i++) {
    const name = word(1 + random(9));
    const letters = word(1 + random(4)).toLowerCase();
    const [quick, slow] = [fit(letters, name), slowly(letters, name)];
    if (slow === null) assert.equal(quick, null, `${letters} in ${name}`);
    else assert.ok(Math.abs(quick - slow) < 1e-9, `${letters} in ${name}: ${quick}, ${slow}`);
  }
});

test('1,000 names take less than 5 ms', () => {
  const names = Array.from({ length: 1000 }, (_, i) => `team-${i % 17}-payment-orchestrator-service-${i}`);
  const times = Array.from({ length: 30 }, () => {
    const before = performance.now();
    assert.equal(best('payorc9', names, (name) => name, 20).length, 20);
    return performance.now() - before;
  });
  assert.ok(Math.min(...times) < 5, `${Math.min(...times)} ms`);
});
