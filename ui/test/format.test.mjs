import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const f = await load('format.ts');
const plain = (text) => text.replace(/\u202f/g, ' ');

function holds(name, fn, cases) {
  test(name, () => {
    for (const [args, expected] of cases) assert.equal(plain(fn(...args)), expected, `${name}(${args.join(', ')})`);
  });
}

holds('a success has more digits the nearer it is to 100', f.success, [
  [[0.969], '96.9'], [[0.9962], '99.62'], [[0.99987], '99.987'], [[0.714], '71.4'], [[0.5], '50.0'], [[0], '0.0'],
  [[1], '100'], [[0.99999], '99.9990'], [[0.9999999], '> 99.999'], [[null], '—'], [[NaN], '—'],
]);
holds('a success stands on the true side of its target', f.success, [
  [[0.99896, 99.9], '99.896'], [[0.998999, 99.9], '99.8999'], [[0.999, 99.9], '99.900'], [[0.99904, 99.9], '99.904'],
]);
holds('a rate has three digits and changes its unit below 0.1 a second', f.rateText, [
  [[0], '0 /s'], [[60.44], '60.4 /s'], [[1840.2], '1,840 /s'], [[0.5], '0.50 /s'], [[123456], '123 k /s'], [[99949], '99,949 /s'],
  [[2.5e6], '2.50 M /s'], [[0.05], '3.0 /min'], [[14 / 3600], '0.23 /min'], [[5 / 3600], '5.0 /h'], [[1e-9], '< 0.1 /h'],
  [[null], '—'], [[Infinity], '—'],
]);
holds('an axis shows round rates without idle zeros', f.rateAxis, [[[0], '0'], [[75], '75 /s'], [[2.5], '2.5 /s'], [[100], '100 /s'], [[50000], '50 k /s'], [[150000], '150 k /s'],
  [[0.05, 0.1], '0.05 /s'], [[0.05], '3 /min'], [[0.02, 0.06], '1.2 /min'], [[0.001, 0.001], '3.6 /h']]);
holds('a count is whole under a million', f.count, [
  [[0], '0'], [[999], '999'], [[1000], '1,000'], [[123456], '123,456'], [[999999], '999,999'], [[1234567], '1.23 M'], [[-1234], '\u22121,234'], [[null], '—'],
]);
holds('a percentage is whole from ten up', f.percentText, [
  [[118.2], '118 %'], [[9.96], '10 %'], [[9.94], '9.9 %'], [[0], '0 %'], [[0.01], '< 0.1 %'], [[-8], '\u22128.0 %'], [[1182.4], '1,182 %'], [[null], '—'],
]);
holds('a duration has one unit', f.duration, [
  [[0], '0 s'], [[0.41], '410 ms'], [[0.0002], '1 ms'], [[2.4], '2.4 s'], [[84], '84 s'], [[119.4], '119 s'], [[1320], '22 min'], [[19440], '5.4 h'],
  [[7200], '2 h'], [[200000], '2.3 d'], [[-5], '0 s'], [[null], '—'],
]);
holds('an age counts in whole units', f.age, [[[0.44], '0.4 s'], [[1.9], '1 s'], [[42.9], '42 s'], [[240], '4 min']]);
holds('control and direction characters are spelled as their code', f.visible, [
  [['a\u202eb'], 'a⟨U+202E⟩b'], [['\u0007'], '⟨U+0007⟩'], [['x\u200by'], 'x⟨U+200B⟩y'], [['\ufeff'], '⟨U+FEFF⟩'], [['a\nb'], 'a⟨U+000A⟩b'], [['naïve שלום 🙂'], 'naïve שלום 🙂'],
]);
holds('a cut counts characters, not code units', f.cut, [
  [['short', 8], 'short'], [['exactly8', 8], 'exactly8'], [['ninechars', 8], 'ninecha…'], [['🙂🙂🙂🙂', 4], '🙂🙂🙂🙂'], [['🙂🙂🙂🙂🙂', 4], '🙂🙂🙂…'],
]);
holds('a moment of another day shows the day', f.moment, [
  [[Date.UTC(2026, 10, 20, 2, 41, 7), Date.UTC(2026, 10, 20, 3)], '02:41:07'],
  [[Date.UTC(2026, 10, 19, 23, 59, 9), Date.UTC(2026, 10, 20, 0, 1)], '2026-11-19 23:59:09'],
]);

test('a number that is not known never becomes NaN on the page', () => {
  for (const fn of [f.count, f.rateText, f.percentText, f.successText, f.duration, f.clock])
    for (const value of [null, undefined, NaN, Infinity, -Infinity]) assert.equal(fn(value), '—', fn.name);
});
holds('a size is in powers of 1,000 and never promises more than there is', f.bytes, [
  [[0], '0 B'], [[999], '999 B'], [[1000], '1.0 kB'], [[99_999_999], '99.9 MB'], [[999_999_999], '999 MB'], [[1.1e9], '1.1 GB'], [[494e9], '494 GB'], [[2e18], '2.0 EB'], [[null], '—'], [[NaN], '—'],
]);
