// Holds the colours to WCAG 2.2: each text 4.5:1, body text 7:1, each mark 3:1 on its grounds.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { source } from './load.mjs';

const css = readFileSync(join(source, 'page.css'), 'utf8');
const tokensAfter = (start) => {
  const block = css.slice(css.indexOf('{', css.indexOf(start)) + 1);
  return Object.fromEntries([...block.slice(0, block.indexOf('}')).matchAll(/--([a-z0-9-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
};
const light = tokensAfter(':root {');
const dark = tokensAfter(':root:not([data-theme="light"]) {');

function contrast(a, b) {
  const luminance = (hex) => {
    const [r, g, blue] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

const STATUS = ['ok', 'info', 'warn', 'crit', 'unk'];
const NEEDS = [
  ['ink', 'surface', 7], ['ink', 'bg', 7], ['ink2', 'surface', 7], ['ink3', 'surface', 4.5], ['ink3', 'bg', 4.5], ['ink', 'sunken', 7],
  ['accent', 'surface', 4.5], ['accent', 'bg', 4.5], ['ink', 'accent-soft', 7], ['ink3', 'accent-soft', 4.5], ['rule', 'surface', 3], ['focus', 'bg', 3],
  ...STATUS.flatMap((s) => [[s, 'surface', 4.5], [s, `${s}-soft`, 4.5], [`${s}-mark`, 'surface', 3]]), ['emer', 'emer-mark', 4.5],
  ['s1', 'surface', 3], ['s1', 'sunken', 3], ['warn-mark', 'sunken', 3], ['crit-mark', 'sunken', 3], ['retry', 'surface', 3], ['ink2', 'sunken', 3],
];

test('the dark tokens stand twice and are the same', () => {
  assert.deepEqual(tokensAfter(':root[data-theme="dark"] {'), dark);
  assert.deepEqual(Object.keys(dark), Object.keys(light));
});

for (const [name, tokens] of Object.entries({ light, dark }))
  test(`every pair has its contrast in ${name}`, () => {
    for (const [text, ground, least] of NEEDS) {
      const found = contrast(tokens[text], tokens[ground]);
      assert.ok(found >= least, `${text} on ${ground}: ${found.toFixed(2)} < ${least}`);
    }
  });
