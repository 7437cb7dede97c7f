import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { parseFilter, passes, without } = await load('filter.ts');

const row = (changes = {}) => ({
  service: 'payment-service', team: 'payments', environment: 'prod', source: 'envoy', health: 'unhealthy', severity: 'critical', evidence: 'ok',
  caused_by: 'payments-db', victims: 0, calls_per_s: 60, errors_per_s: 6, retries_per_s: null, success_ratio: 0.9, latency_p99_s: 0.25,
  budget: { utilization_percent: 118, risk: 'critical', remaining_minute: 0, remaining_hour: 900 },
  breakers: { total: 3, open: 1, half_open: 0, closed: 2, disabled: 0, unknown: 0 }, conditions: [{ condition: 'flapping' }], ...changes,
});
const holds = (query, changes) => {
  const filter = parseFilter(query);
  assert.deepEqual(filter.faults, [], query);
  return passes(filter, row(changes));
};

test('every term must hold', () => {
  for (const query of ['', 'pay', 'PAY', 'team:payments', 'team:orders,payments health:critical,warning', 'health:unhealthy', 'name~service', 'budget>80 budget<=118',
    'p99>=250', 'success<99.9', 'breaker:open', 'breaker:flapping', 'cause:payments-db', '-team:orders', 'open:1', 'source:envoy env:prod', 'left<1 left_hour:900', 'team~pay'])
    assert.ok(holds(query), query);
  for (const query of ['orders', 'pay team:orders', 'health:warning', 'budget>118', 'p99<250', 'breaker:half-open', '-pay', 'open>1', 'cause:other', 'name:payment'])
    assert.ok(!holds(query), query);
});

test('what is not known is neither above nor below', () => {
  for (const query of ['retries>0', 'retries<1', 'retries:0']) assert.ok(!holds(query), query);
  assert.ok(holds('-retries>0'));
  assert.ok(!holds('team:payments', { team: null }) && holds('-team:payments', { team: null }));
});

test('quotes hold words and commas together, and hyphens are as underlines', () => {
  assert.ok(holds('team:"card, present"', { team: 'card, present' }));
  assert.ok(holds('"card present"', { service: 'the card present one' }));
  assert.ok(holds('breaker:half-open', { breakers: { total: 1, open: 0, half_open: 1, closed: 0, disabled: 0, unknown: 0 } }));
});

test('a term that makes no sense is named and left out', () => {
  const filter = parseFilter('pay foo:bar budget>much team> p99~3 budget>');
  assert.deepEqual(filter.faults, ['foo:bar', 'budget>much', 'team>', 'p99~3', 'budget>']);
  assert.deepEqual(filter.terms.map(({ text }) => text), ['pay']);
});

test('a term can be taken out, and what is left says the same again', () => {
  const filter = parseFilter('  pay   team:"a b",c  budget>80 ');
  assert.equal(without(filter, 'budget>80'), 'pay team:"a b",c');
  assert.deepEqual(parseFilter(without(filter, '')).terms.map(({ text }) => text), filter.terms.map(({ text }) => text));
});

test('odd input is harmless', () => {
  for (const query of ['"', '-', ':', '>', 'a:"', '\u0000', 'name~(.*', '__proto__:x', 'constructor:x', 'toString>1', 'x '.repeat(1000)])
    assert.equal(typeof passes(parseFilter(query), row()), 'boolean', query);
  assert.equal(parseFilter('x '.repeat(1000)).terms.length, 32);
});
