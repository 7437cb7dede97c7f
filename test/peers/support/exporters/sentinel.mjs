// Sentinel: one gauge whose samples are the figures of single seconds, each told once, with its time.
import { asCalls, family } from './model.mjs';

const name = 'orders'; // of the program
const sample = (type, value, at) => `${name}{resource="sentinel-pay",classification="0",type="${type}"} ${value} ${at}\n`;
let told;
let second = Math.floor(Date.now() / 1000) * 1000 - 50000;

// What is new since the exporter was asked before, spread over two seconds of the last minute; at first nothing.
function fetch(now) {
  told ??= { ...now };
  const fresh = Object.fromEntries(['ok', 'failed', 'refused'].map((what) => [what, now[what] >= told[what] ? now[what] - told[what] : now[what]]));
  told = { ...now };
  if (!fresh.ok && !fresh.failed && !fresh.refused) return '';
  second += 2000;
  return sample('passQps', fresh.ok, second - 1000) + sample('passQps', fresh.failed, second) + sample('exceptionQps', fresh.failed, second)
    + sample('blockQps', fresh.refused, second) + sample('rt', 12, second) + sample('concurrency', 3, second);
}

export default {
  job: 'sentinel', service: 'sentinel-pay', breaker: 'rules', stateless: true,
  text: ({ now }) => `# HELP ${name} sentinel_metrics\n${family(name, 'gauge')}${fetch(now)}`,
  tells: (seen) => ({ ...asCalls(seen), retries: null, through: seen.ok + seen.failed, failures: seen.failed, blocked: seen.refused }),
};
