// The scripts of test/golden/promql as data (their language stands in test/support/promql_script.h).
import { STALE } from './remote_write.mjs';

const UNITS = { ms: 1, s: 1000, m: 60000, h: 3600000, d: 86400000, w: 604800000, y: 31536000000 };

export function durationMs(text) {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1000;
  return [...text.matchAll(/(\d+)(ms|[smhdwy])/g)].reduce((sum, [, n, unit]) => sum + n * UNITS[unit], 0);
}

const numberOf = (text) => ({ inf: Infinity, '+inf': Infinity, '-inf': -Infinity, nan: NaN }[text.toLowerCase()] ?? Number(text));

// "0+10x3 _ stale" as [0, 10, 20, 30, undefined, STALE].
export function values(text) {
  return text.trim().split(/\s+/).filter(Boolean).flatMap((word) => {
    const [, head, by, times] = word.match(/^(.+?)(?:(?<!e)([+-][^x+-]*(?:e[+-]\d+)?))?x(\d+)$/) ?? [null, word, undefined, undefined];
    if (head === 'stale') return [STALE];
    if (head === '_') return Array(Math.max(Number(times ?? 1), 1)).fill(undefined);
    return Array.from({ length: Number(times ?? 0) + 1 }, (_, i) => numberOf(head) + i * numberOf(by ?? '0'));
  });
}

// 'calls{a="b"} 1 2' as [{__name__: 'calls', a: 'b'}, [1, 2]].
export function seriesOf(line) {
  const [, name, inside, rest] = line.trim().match(/^([a-zA-Z_:][\w:]*)?(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?(.*)$/);
  const labels = name ? { __name__: name } : {};
  for (const [, key, value] of (inside ?? '').matchAll(/(\w+)\s*=\s*("(?:[^"\\]|\\.)*")/g))
    if (value !== '""') labels[key] = JSON.parse(value);
  return [labels, values(rest)];
}

// Commands in their order: {command, line, rest, lines: [indented]}.
export function commands(text) {
  const found = [];
  for (const [i, line] of text.split('\n').entries()) {
    if (!line.trim() || line.trim().startsWith('#')) continue;
    if (/^\s/.test(line)) found[found.length - 1].lines.push(line.trim());
    else found.push({ line: i + 1, command: line.split(' ')[0], rest: line.slice(line.indexOf(' ') + 1), lines: [] });
  }
  return found;
}

// What "instant at 5m up" or "range from 0 to 5m step 1m up" asks for.
export function question(rest) {
  const instant = rest.match(/^instant at (\S+) (.*)$/);
  const seconds = (text) => durationMs(text) / 1000;
  if (instant) return ['query', { query: instant[2], time: seconds(instant[1]) }];
  const [, from, to, step, query] = rest.match(/^range from (\S+) to (\S+) step (\S+) (.*)$/);
  return ['query_range', { query, start: seconds(from), end: seconds(to), step: seconds(step) }];
}
