// The two searches of deploy/elasticsearch over lines that the daemon wrote, and the same asked of its own API.
//
//   FUSEBOX=build/fusebox node --test test/peers/elasticsearch.test.mjs
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Fusebox } from './support/fusebox.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('elasticsearch');
const fileOf = (name) => JSON.parse(readFileSync(new URL(`../../deploy/elasticsearch/${name}.json`, import.meta.url)));
const UNIT_MS = { s: 1000, m: 60000, h: 3600000, d: 86400000 };
const span = (text) => Number(text.slice(0, -1)) * UNIT_MS[text.at(-1)];

// Exactly the forms that the files use; anything else is an error.
const only = (object, ...names) => {
  assert.deepEqual(Object.keys(object).sort(), [...names].sort(), `a form that is not known: ${JSON.stringify(object)}`);
  return object;
};
const clauses = {
  term: (document, spec) => Object.entries(spec).every(([field, value]) => document[field] === value),
  terms: (document, spec) => Object.entries(spec).every(([field, values]) => values.includes(document[field])),
  range: (document, spec, now) => Object.entries(spec).every(([field, { gte }]) => gte.startsWith('now-') && Date.parse(document[field]) >= now - span(gte.slice(4))),
};
const groupBy = (documents, keyOf) => {
  const groups = new Map();
  for (const d of documents) groups.set(keyOf(d), [...(groups.get(keyOf(d)) ?? []), d]);
  return [...groups];
};
const buckets = {
  terms: (documents, { field }) => groupBy(documents.filter((d) => field in d), (d) => d[field]),
  date_histogram: (documents, { field, fixed_interval: step }) =>
    groupBy(documents.filter((d) => field in d), (d) => Math.floor(Date.parse(d[field]) / span(step)) * span(step)),
};
function aggregate(documents, aggs) {
  return Object.fromEntries(Object.entries(aggs).map(([name, { aggs: inner, ...form }]) => {
    const [[kind, spec]] = Object.entries(form);
    return [name, buckets[kind](documents, spec).map(([key, members]) => ({ key, doc_count: members.length, ...(inner && aggregate(members, inner)) }))];
  }));
}
function search(documents, { query, aggs = {} }, now = Date.now()) {
  const { filter } = only(only(query, 'bool').bool, 'filter');
  const hits = documents.filter((d) => filter.every((clause) => {
    const [[kind, spec]] = Object.entries(clause);
    return clauses[kind](d, spec, now);
  }));
  return { hits, aggregations: aggregate(hits, aggs) };
}

const transition = (service, old_state, new_state, timestamp) => ({ event_type: 'breaker_transition', service, breaker: 'main', endpoint: '/pay', caller: 'web', old_state, new_state, timestamp });
const linesOf = (fusebox) => fusebox.process.output.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));

scope.test('the two searches find what breakers did, and so does the API', async () => {
  const fusebox = await new Fusebox(scope, { args: ['--set', 'log.format=json'] }).start();
  const ROUNDS = 18; // many more of each than are written of other lines in a minute
  const round = ['closed', 'open', 'half_open', 'open', 'half_open', 'closed'];
  const at = Date.now() - 100 * 5 * ROUNDS;
  const events = Array.from({ length: ROUNDS }, () => round.slice(1).map((to, i) => [round[i], to])).flat()
    .map(([from, to], i) => transition('pay', from, to, at + 100 * i));
  events.push(transition('stock', 'closed', 'open', at));
  const answer = await fetch(`${fusebox.url}/api/v1/events`, { method: 'POST', body: JSON.stringify(events) });
  assert.equal(answer.status, 200);
  const documents = await until('all lines', () => {
    const found = linesOf(fusebox);
    return found.filter((line) => line.component === 'circuit_breaker' && line.service === 'stock').length === 1 && found;
  });

  const template = fileOf('index-template').template.mappings.properties;
  for (const line of documents)
    for (const [field, value] of Object.entries(line).filter(([name]) => line.component && name in line))
      assert.ok(template[field], `${field} (${value}) is in the template`);

  const openings = search(documents, fileOf('circuit-openings'));
  const told = (await fusebox.json('/api/v1/events?event_type=breaker_transition&new_state=open&since=24h&limit=1000')).events;
  assert.ok(openings.hits.length > 20);
  assert.deepEqual(openings.hits.map((d) => [d.service, d['@timestamp']]).sort(), told.map((e) => [e.service, e.timestamp]).sort());
  assert.ok(openings.hits.every((d) => d.new_state === 'open' && d.level === 'warn' && d.endpoint === '/pay'));
  assert.equal(search(documents, fileOf('circuit-openings'), Date.now() + 25 * UNIT_MS.h).hits.length, 0);

  const { services } = search(documents, fileOf('before-openings')).aggregations;
  assert.deepEqual(services.map((s) => [s.key, s.doc_count]).sort(), [['pay', 5 * ROUNDS], ['stock', 1]]);
  const counted = await fusebox.json('/api/v1/events?event_type=breaker_transition&since=1h&by=service&step=1m');
  assert.equal(counted.step_s, 60);
  assert.deepEqual(
    services.flatMap((s) => s.minutes.map((m) => [s.key, new Date(m.key).toISOString(), m.doc_count])).sort(),
    counted.buckets.map((b) => [b.key.service, b.time, b.count]).sort());
});
