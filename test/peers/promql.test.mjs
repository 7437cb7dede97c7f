// PromQL beside Debian's Prometheus: the same series, a few thousand queries by hand and by grammar, instant and range, and the same
// answers or the same kind of error. It repeats with SEED, which it tells.
//
//   FUSEBOX=build/fusebox [SEED=1] [QUERIES=1000] node --test test/peers/promql.test.mjs
import assert from 'node:assert/strict';
import { Fusebox } from './support/fusebox.mjs';
import { Prometheus } from './support/prometheus.mjs';
import { POINTS, STEP_S, makeSeries, seeded } from './support/promql_data.mjs';
import { Grammar, byHand, shrink } from './support/promql_queries.mjs';
import { STALE, remoteWrite } from './support/remote_write.mjs';
import { Scope } from './support/scope.mjs';

const scope = new Scope('promql');
const seed = Number(process.env.SEED ?? process.pid);
const generated = Number(process.env.QUERIES ?? 600);

// Sums of another order of the series differ in the last bits; the deviation of large numbers that are nearly equal in more.
const toleranceOf = (query) => (!/std(dev|var)/.test(query) ? 1e-9 : /time/.test(query) ? 1e-3 : 1e-6);

const startS = Math.floor(Date.now() / 3600000) * 3600 - 3 * 3600;
const endS = startS + POINTS * STEP_S;

async function ask(base, kind, params) {
  const body = new URLSearchParams(params);
  const response = await fetch(`${base}/api/v1/${kind}`, { method: 'POST', body });
  return { code: response.status, ...(await response.json()) };
}

const keyOf = (metric) => JSON.stringify(Object.entries(metric ?? {}).sort());
const numberOf = (text) => ({ '+Inf': Infinity, '-Inf': -Infinity }[text] ?? Number(text));

function sameNumber(a, b, tolerance) {
  const x = numberOf(a), y = numberOf(b);
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) && Number.isNaN(y);
  return x === y || Math.abs(x - y) <= tolerance * Math.max(Math.abs(x), Math.abs(y), 1e-3);
}

// An instant query gives them by rank. (Go sorts up to a dozen so that equals stay in their order.)
const isRanked = (kind, query) => kind === 'query' && /^(top|bottom)k\([1-9], [^)]*\)?\)$/.test(query);

// Where two answers differ, in words; undefined: nowhere.
function difference(ours, theirs, tolerance, ranks = false) {
  if (ours.code !== theirs.code || ours.errorType !== theirs.errorType)
    return `status ${ours.code} ${ours.errorType ?? ''} ${ours.error ?? ''}, Prometheus ${theirs.code} ${theirs.errorType ?? ''} ${theirs.error ?? ''}`;
  if (ours.code !== 200) return undefined;
  const a = ours.data, b = theirs.data;
  if (a.resultType !== b.resultType) return `type ${a.resultType}, Prometheus ${b.resultType}`;
  if (a.resultType === 'scalar') return sameNumber(a.result[1], b.result[1], tolerance) && a.result[0] === b.result[0] ? undefined : `${a.result}, Prometheus ${b.result}`;
  if (a.resultType === 'string') return a.result[1] === b.result[1] ? undefined : `"${a.result[1]}", Prometheus "${b.result[1]}"`;
  if (ranks && a.result.some((s, i) => keyOf(s.metric) !== keyOf(b.result[i]?.metric))) return 'another order';
  const known = new Map(b.result.map((s) => [keyOf(s.metric), s]));
  if (a.result.length !== known.size) return `${a.result.length} series, Prometheus ${known.size}: ${a.result.find((s) => !known.has(keyOf(s.metric))) ? keyOf(a.result.find((s) => !known.has(keyOf(s.metric))).metric) : ''}`;
  for (const series of a.result) {
    const twin = known.get(keyOf(series.metric));
    if (!twin) return `a series ${keyOf(series.metric)} that Prometheus has not`;
    const x = series.values ?? [series.value], y = twin.values ?? [twin.value];
    if (x.length !== y.length) return `${keyOf(series.metric)}: ${x.length} points, Prometheus ${y.length}`;
    const at = x.findIndex((point, i) => point[0] !== y[i][0] || !sameNumber(point[1], y[i][1], tolerance));
    if (at >= 0) return `${keyOf(series.metric)}: ${x[at]}, Prometheus ${y[at]}`;
  }
  return undefined;
}

// A quarter of an hour of all series at once, for Prometheus takes nothing that is an hour behind the newest.
async function load(base, series) {
  const sliceMs = 900000;
  for (let from = startS * 1000; from < endS * 1000; from += sliceMs)
    await remoteWrite(base, series.map(({ labels, samples }) => ({ labels, samples: samples.filter(([ms]) => ms >= from && ms < from + sliceMs) })).filter((s) => s.samples.length));
}

async function startBoth() {
  const series = makeSeries(seed, startS);
  const fusebox = await new Fusebox(scope, { args: ['--set', 'storage.retention=0'] }).start();
  const prometheus = await new Prometheus(scope).start('global: {scrape_interval: 1h}\n', ['--web.enable-remote-write-receiver']);
  const bases = [fusebox.url, `http://${prometheus.address}`];
  const expected = series.reduce((n, s) => n + s.samples.filter(([, value]) => value !== STALE).length, 0); // a range does not see markers
  for (const base of bases) {
    await load(base, series);
    const { data } = await ask(base, 'query', { query: '{job="gen"}[2h]', time: endS + 60 });
    assert.equal(data.result.reduce((n, { values }) => n + values.length, 0), expected, base);
  }
  return bases;
}

const INSTANTS = [endS, endS - 600.5, startS + 100, startS - 10, endS + 200];
const RANGES = [[startS, endS, 60], [endS - 900, endS + 600, 15], [startS - 60, startS + 300, 7]];

const seen = { full: 0, empty: 0, errors: 0 };

function note({ status, data }) {
  if (status !== 'success') seen.errors++;
  else if (Array.isArray(data.result) && data.result.length === 0) seen.empty++;
  else seen.full++;
}

async function compare(bases, query, shift) {
  const asked = [
    ['query', { query, time: INSTANTS[shift % INSTANTS.length] }],
    ['query_range', { query, start: RANGES[shift % RANGES.length][0], end: RANGES[shift % RANGES.length][1], step: RANGES[shift % RANGES.length][2] }],
  ];
  for (const [kind, params] of asked) {
    const [ours, theirs] = await Promise.all(bases.map((base) => ask(base, kind, params)));
    note(theirs);
    const words = difference(ours, theirs, toleranceOf(query), isRanked(kind, query));
    if (words) return `${kind} ${JSON.stringify(params)}\n    ${words}`;
  }
  return undefined;
}

// Within a range query Prometheus adds up what operators and aggregations made in an order of chance: what differs, differs each time.
async function compareThrice(bases, query, shift) {
  let words;
  for (let n = 0; n < 3 && (n === 0 || words); n++) words = await compare(bases, query, shift);
  return words;
}

// The smallest part of a query that still differs.
async function smallest(bases, query, shift) {
  const differs = (text) => compare(bases, text, shift);
  return differs(String(await shrink(query, differs)));
}

// Arguments that are odd: both refuse them, or neither, and for a reason of the same kind. (A time of NaN or Inf, which
// Prometheus 2.42 takes for some time, is none here.)
const oddArguments = () => [
  ...['x', '1e400', '2026-01-02', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05.678+02:00', '2026-13-02T03:04:05Z', '-5', '1.5e9', '0x10'].map((time) => ['query', { query: 'vector(1)', time }]),
  ...['0', '-1', 'x', '', '1m', '0s', '1e3', '1.5', 'NaN', '1e11', '1h30m', '293y'].map((step) => ['query_range', { query: 'gen_load', start: startS, end: endS, step }]),
  ['query_range', { query: 'gen_load', start: startS, end: endS }], ['query_range', { query: 'gen_load', end: endS, step: 15 }], ['query_range', { query: 'gen_load', start: startS, step: 15 }],
  ['query_range', { query: 'gen_load', start: endS, end: startS, step: 15 }], ['query_range', { query: 'gen_load', start: startS, end: startS, step: 15 }],
  ['query_range', { query: 'gen_load', start: startS, end: startS + 10999, step: 1 }], ['query_range', { query: 'gen_load', start: startS, end: startS + 11000, step: 1 }], ['query_range', { query: 'gen_load', start: startS, end: startS + 11001, step: 1 }],
  ['query_range', { query: 'gen_load[5m]', start: startS, end: endS, step: 60 }], ['query_range', { query: '"text"', start: startS, end: endS, step: 60 }], ['query_range', { query: '1', start: startS, end: endS, step: 600 }],
  ['query', {}], ['query', { query: '' }], ['query', { query: '# nothing' }], ['query_range', { query: '', start: startS, end: endS, step: 60 }],
];

scope.test('every query has the answer that Prometheus gives', { timeout: 300000 }, async (t) => {
  t.diagnostic(`SEED=${seed}`);
  const bases = await startBoth();
  const random = seeded(seed + 1), grammar = new Grammar(random);
  const hand = byHand(), wrong = [];
  for (const [i, query] of hand.entries())
    for (let shift = 0; shift < 3; shift++) {
      const words = await compareThrice(bases, query, i + shift);
      if (words) wrong.push(words);
    }
  for (let i = 0; i < generated; i++) {
    const query = grammar.vector(1 + (i % 3));
    const words = await compareThrice(bases, String(query), i);
    if (words) wrong.push(`${words}\n    smaller: ${await smallest(bases, query, i)}`);
  }
  for (const [kind, params] of oddArguments()) {
    const [ours, theirs] = await Promise.all(bases.map((base) => ask(base, kind, params)));
    const words = difference(ours, theirs, 0);
    if (words) wrong.push(`${kind} ${JSON.stringify(params)}\n    ${words}`);
  }
  t.diagnostic(`${hand.length} queries by hand at three places, ${generated} generated, each instant and range: `
    + `${seen.full} answers, ${seen.empty} empty, ${seen.errors} errors; ${wrong.length} differ`);
  assert.ok(seen.full > 0.4 * (seen.full + seen.empty + seen.errors), 'most queries should find something');
  assert.equal(wrong.length, 0, `\n${wrong.slice(0, 40).join('\n')}`);
});
