// Series for the comparison of query engines, made from a seed: counters that reset, gauges with NaN and infinities, classic
// histograms, gaps, stale markers, series that come and go, labels of many shapes. All have job="gen", so that nothing else is among them.
import { STALE } from './remote_write.mjs';

// A generator of numbers in [0, 1): mulberry32.
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const STEP_S = 15;
export const POINTS = 240; // an hour
const SPECIAL = [NaN, Infinity, -Infinity, 0, -0, 1e300, -1e-300, 1e15 + 0.5];

class Maker {
  constructor(seed, startS) {
    this.random = seeded(seed);
    this.startS = startS;
    this.series = [];
  }

  below(n) {
    return Math.floor(this.random() * n);
  }

  // A value at every step. Before some gaps, and at some ends, a stale marker says that the series has ended.
  add(name, labels, value) {
    const gap = this.random() < 0.3 ? [this.below(POINTS), 1 + this.below(60)] : [0, 0];
    const from = this.random() < 0.15 ? this.below(POINTS / 2) : 0;
    const to = this.random() < 0.15 ? POINTS / 2 + this.below(POINTS / 2) : POINTS;
    const jitter = this.random() < 0.3, marked = this.random() < 0.5;
    const samples = [];
    for (let i = 0; i < POINTS; i++) {
      const v = value(i), ms = (this.startS + i * STEP_S) * 1000 + (jitter ? this.below(900) : 0);
      if (i >= from && i < to && (i < gap[0] || i >= gap[0] + gap[1])) samples.push([ms, v]);
      else if (marked && samples.length && samples[samples.length - 1][1] !== STALE) samples.push([ms, STALE]);
    }
    this.series.push({ labels: { __name__: name, ...labels, instance: 'a', job: 'gen' }, samples });
  }

  counter(name, labels) {
    const speed = this.below(20), resets = this.random() < 0.4 ? 0.02 : 0;
    let total = this.random() < 0.5 ? 0 : this.below(1000);
    this.add(name, labels, () => {
      total = this.random() < resets ? this.below(5) : total + this.below(speed + 1);
      return total;
    });
  }

  gauge(name, labels) {
    const odd = this.random() < 0.2 ? 0.05 : 0;
    let level = this.below(100) - 50 + this.series.length / 10000; // no two are ever equal: of most expressions' equals Prometheus takes any
    this.add(name, labels, () => {
      level += Math.round((this.random() - 0.5) * 1000) / 100;
      return this.random() < odd ? SPECIAL[this.below(SPECIAL.length)] : level;
    });
  }

  histogram(name, labels) {
    const bounds = ['0.1', '0.5', '1', '2.5', '+Inf'], counts = bounds.map(() => 0);
    const shape = bounds.map(() => this.random());
    const history = Array.from({ length: POINTS }, () => {
      bounds.forEach((_, b) => { counts[b] += this.below(1 + Math.round(shape[b] * 10)); });
      let sum = 0;
      return counts.map((n) => (sum += n));
    });
    bounds.forEach((le, b) => this.add(`${name}_bucket`, { ...labels, le }, (i) => history[i][b]));
  }
}

export function makeSeries(seed, startS) {
  const m = new Maker(seed, startS);
  for (const code of ['200', '404', '500', '503'])
    for (const service of ['api', 'web', 'db'])
      for (const zone of ['a', 'b']) m.counter('gen_calls_total', { service, code, zone });
  for (const service of ['api', 'web', 'db', 'cache']) {
    for (const zone of ['a', 'b', 'c']) m.gauge('gen_load', { service, zone });
    m.gauge('gen_limit', { service });
    m.add('gen_info', { service, version: `v${m.below(3)}`, Team: service[0] }, () => 1);
    m.histogram('gen_duration_seconds', { service });
    m.add('gen_state', { service }, () => m.below(3));
  }
  for (let i = 0; i < 20; i++) m.gauge('gen_queue', { queue: `q${i}`, odd: i % 2 ? 'yes' : 'no', ...(i % 3 ? { extra: 'x' } : {}) });
  for (let i = 0; i < 24; i++) m.add('gen_ties', { slot: `s${(i * 7) % 24}`, odd: i % 2 ? 'yes' : 'no' }, () => (m.below(20) ? m.below(3) : NaN)); // not in the order of labels
  return m.series;
}
