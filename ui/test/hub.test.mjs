// The hub with a clock, a network and tabs that the test moves by hand.
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './load.mjs';

const { Hub } = await load('hub.ts');
const HEARTBEAT_S = 10;
const API = '/api/v1/retry-monitoring/dashboard/';

// Lets everything that waits for a promise go on.
const settle = async () => {
  for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
};

class World {
  mono = 1000;
  timers = new Map();
  next = 1;
  streams = [];
  fetched = [];
  documents = {};
  down = false;
  hub = new Hub({
    fetch: (url, init) => this.fetch(url, init),
    now: () => this.mono,
    random: () => 0.5,
    setTimer: (act, ms) => (this.timers.set(this.next, { at: this.mono + ms, act }), this.next++),
    clearTimer: (id) => this.timers.delete(id),
  });

  async fetch(url, { signal }) {
    const name = url.slice(API.length);
    if (this.down) throw new TypeError('no network');
    if (name.startsWith('subscribe?')) return this.subscribe(new URLSearchParams(name.slice('subscribe?'.length)).getAll('view'), signal);
    this.fetched.push(name);
    if (signal.aborted) throw new Error('aborted');
    const doc = this.documents[name];
    return doc ? new Response(JSON.stringify({ view: name, ...doc })) : new Response(JSON.stringify({ error: { code: 'not_found', message: 'not there' } }), { status: 404 });
  }

  subscribe(views, signal) {
    const stream = { views, open: true };
    const body = new ReadableStream({ start: (controller) => (stream.controller = controller) });
    const end = (how) => () => {
      if (!stream.open) return;
      stream.open = false;
      how();
    };
    stream.cut = end(() => stream.controller.error(new TypeError('cut')));
    signal.addEventListener('abort', end(() => stream.controller.error(new Error('aborted'))));
    stream.send = (event, data) => stream.open && stream.controller.enqueue(new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
    this.streams.push(stream);
    return new Response(body);
  }

  get open() {
    return this.streams.filter((stream) => stream.open);
  }

  get stream() {
    assert.equal(this.open.length, 1, 'streams that are open');
    return this.open[0];
  }

  async pass(seconds, each = () => {}) {
    for (let s = 0; s < seconds; s++) {
      this.mono += 1000;
      for (const [id, { at, act }] of [...this.timers]) {
        if (at > this.mono) continue;
        this.timers.delete(id);
        act();
      }
      each(s);
      await settle();
    }
  }

  tab(...views) {
    const tab = { heard: [], post: (message) => tab.heard.push(message) };
    tab.look = (...at) => this.hub.hear(tab, { kind: 'watch', views: at, fresh: false, sight: tab.sight ?? null });
    tab.refresh = (...at) => this.hub.hear(tab, { kind: 'watch', views: at, fresh: true, sight: tab.sight ?? null });
    tab.told = (kind) => tab.heard.filter((m) => m.kind === kind).map((m) => (m.text ? JSON.parse(m.text) : m));
    tab.state = () => tab.told('state').at(-1)?.state.kind;
    if (views.length) tab.look(...views);
    return tab;
  }
}

const frame = (view, seq, epoch = 'one') => ({ view, seq, epoch });

async function watched(...views) {
  const world = new World();
  const tab = world.tab(...views);
  await settle();
  for (const view of views) world.stream.send('snapshot', frame(view, 1));
  await settle();
  return { world, tab };
}

test('one stream carries what all tabs look at, and each hears its own', async () => {
  const { world, tab: first } = await watched('overview');
  const second = world.tab('service/orders');
  await settle();
  assert.deepEqual(world.stream.views, ['overview', 'service/orders']);
  world.stream.send('snapshot', frame('overview', 4));
  world.stream.send('snapshot', frame('service/orders', 4));
  world.stream.send('update', frame('service/orders', 5));
  await settle();
  assert.deepEqual(first.told('snapshot').map((doc) => doc.seq), [1, 4]);
  assert.deepEqual(first.told('update'), []);
  assert.deepEqual([...second.told('snapshot'), ...second.told('update')].map((doc) => [doc.view, doc.seq]), [['service/orders', 4], ['service/orders', 5]]);
  second.look('overview');
  await settle();
  assert.deepEqual(world.stream.views, ['overview'], 'what nobody looks at is let go');
  world.hub.hear(first, { kind: 'leave' });
  world.hub.hear(second, { kind: 'leave' });
  assert.equal(world.open.length, 0);
  assert.equal(world.timers.size, 0, 'nothing is left behind');
});

test('a tab that joins a view gets its document, and the stream stays', async () => {
  const { world, tab: first } = await watched('overview');
  world.documents.overview = { seq: 3, epoch: 'one' };
  const second = world.tab('overview');
  world.stream.send('update', frame('overview', 2));
  await settle();
  assert.equal(world.streams.length, 1);
  assert.deepEqual(world.fetched, ['overview']);
  assert.deepEqual(second.told('snapshot').map((doc) => doc.seq), [3]);
  world.stream.send('update', frame('overview', 4));
  await settle();
  for (const tab of [first, second]) assert.deepEqual(tab.told('update').map((doc) => doc.seq), [4], 'the older one is not news any more');
});

test('two spellings of a name are one view', async () => {
  const { world } = await watched("service/it's");
  const other = world.tab('service/it%27s');
  await settle();
  assert.equal(world.streams.length, 1);
  world.stream.send('update', frame('service/it%27s', 2));
  await settle();
  assert.equal(other.told('update').length, 1);
});

test('a gap, another epoch and resync each fetch the document; older updates count for nothing', async () => {
  const { world, tab } = await watched('overview');
  world.documents.overview = { seq: 9, epoch: 'one' };
  world.stream.send('update', frame('overview', 5)); // 2 to 4 are missing
  world.stream.send('update', frame('overview', 9));
  world.stream.send('update', frame('overview', 10));
  await settle();
  assert.deepEqual(tab.told('snapshot').map((doc) => doc.seq), [1, 9]);
  assert.deepEqual(tab.told('update').map((doc) => doc.seq), [10]);

  world.documents.overview = { seq: 3, epoch: 'two' };
  world.stream.send('update', frame('overview', 11, 'two'));
  await settle();
  assert.equal(tab.told('snapshot').at(-1).epoch, 'two');
  world.stream.send('update', frame('overview', 2, 'two'));
  world.stream.send('update', frame('overview', 4, 'two'));
  await settle();
  assert.deepEqual(tab.told('update').map((doc) => doc.seq), [10, 4]);

  world.documents.overview = { seq: 20, epoch: 'two' };
  world.stream.send('resync', { view: 'overview' });
  await settle();
  assert.equal(tab.told('snapshot').at(-1).seq, 20);
  assert.equal(world.fetched.length, 3);
});

const table = (values) => ({ columns: ['calls', 'last_data_ms'], rows: Object.entries(values).map(([name, [calls, ms]]) => [name, calls, ms]) });
const told = (tab, kind, what = 'figures') => tab.told(kind).map((message) => (message[what]?.rows ?? []).map(([name, value]) => `${name}=${value}`).join(' '));

test('a tab hears the figures in its sight, the newest data, and what comes into its sight', async () => {
  const { world, tab } = await watched('overview');
  world.documents.overview = { seq: 1, epoch: 'one', services: ['a', 'b', 'c', 'd'].map((service) => ({ service })) };
  const all = world.tab('overview');
  await settle();
  tab.sight = { from: 0, to: 1 };
  tab.look('overview');
  await settle();
  assert.deepEqual(tab.told('rest'), [], 'nothing new to tell');
  world.stream.send('update', { ...frame('overview', 2), figures: table({ a: [1, 7], b: [2, 7], c: [3, 9], d: [4, 8] }) });
  await settle();
  assert.deepEqual(told(tab, 'update'), ['a=1 c=3']);
  assert.deepEqual(told(all, 'update'), ['a=1 b=2 c=3 d=4']);

  world.stream.send('update', { ...frame('overview', 3), order: ['d', 'c', 'b', 'a'], services: [{ service: 'b' }], figures: table({ d: [5, 9], a: [6, 9] }) });
  await settle();
  assert.equal(told(tab, 'update').at(-1), 'd=5', 'another order brings others into sight, at once');
  tab.sight = { from: 1, to: 4 };
  tab.look('overview');
  assert.deepEqual(told(tab, 'rest'), ['c=3 a=6'], 'b came whole since');
  tab.sight = null;
  tab.look('overview');
  assert.equal(told(tab, 'rest').at(-1), 'd=5');
  tab.look('overview');
  assert.equal(tab.told('rest').length, 2, 'once');

  world.stream.send('update', { ...frame('overview', 4), order: ['c', 'b'] });
  tab.sight = { from: 0, to: 0 };
  tab.look('overview');
  await settle();
  tab.sight = null;
  tab.look('overview');
  assert.equal(told(tab, 'rest').at(-1), 'c=3', 'a and d are gone');
  world.stream.send('snapshot', { ...frame('overview', 1, 'two'), services: [{ service: 'c' }] });
  await settle();
  tab.sight = { from: 0, to: 0 };
  tab.look('overview');
  tab.sight = null;
  tab.look('overview');
  assert.equal(tab.told('rest').length, 3, 'a document is newer than all of them');
});

test('steps of rows out of sight follow with later updates, in their order, and all of them when they are wanted', async () => {
  const { world, tab } = await watched('overview');
  const names = Array.from({ length: 20 }, (_, i) => `s${i}`);
  world.stream.send('snapshot', { ...frame('overview', 1), services: names.map((service) => ({ service })) });
  await settle();
  tab.sight = { from: 0, to: 2 };
  tab.look('overview');
  const steps = (value) => ({ columns: ['calls'], rows: names.map((name) => [name, value]) });
  const figures = table({ s0: [1, 1] });
  const send = async (seq, more) => {
    world.stream.send('update', { ...frame('overview', seq), figures, ...more });
    await settle();
    return told(tab, 'update', 'steps').at(-1);
  };
  assert.equal(await send(2, { steps: steps(1) }), 's0=1 s1=1');
  assert.equal(await send(3), 's2=1 s3=1 s4=1');
  assert.equal(await send(4, { steps: steps(2) }), [...names.slice(5).map((name) => `${name}=1`), 's0=2 s1=2'].join(' '), 'who waits is told before the next');
  tab.look('overview');
  assert.deepEqual(tab.told('rest'), [], 'the same sight is no news');
  tab.sight = { from: 10, to: 12 };
  tab.look('overview');
  assert.match(told(tab, 'rest', 'steps').at(-1), /s10=2 s11=2/);
  tab.sight = null;
  tab.look('overview');
  const heard = told(tab, 'rest', 'steps').join(' ').split(' ').sort();
  assert.deepEqual(heard, names.slice(2).map((name) => `${name}=2`).sort(), 'each once');
  assert.equal(await send(5, { steps: steps(3) }), names.map((name) => `${name}=3`).join(' '));

  tab.sight = { from: 0, to: 1 };
  tab.look('overview');
  await send(6, { steps: steps(4) });
  world.stream.send('snapshot', { ...frame('overview', 1, 'two'), services: names.map((service) => ({ service })) });
  await settle();
  world.stream.send('update', { ...frame('overview', 2, 'two'), figures });
  await settle();
  assert.equal(told(tab, 'update', 'steps').at(-1), '', 'a document has all of them');
});

test('a lost stream is taken up again after 1, 2, 4 ... 30 s, and told at once', async () => {
  const { world, tab } = await watched('overview');
  world.down = true;
  world.stream.cut();
  await settle();
  assert.equal(tab.state(), 'lost');
  const { forMs, retryInMs } = tab.told('state').at(-1).state;
  assert.deepEqual([forMs, retryInMs], [0, 1000]);
  const waits = [];
  for (let i = 0; i < 7; i++) {
    waits.push(tab.told('state').at(-1).state.retryInMs / 1000);
    await world.pass(waits.at(-1), () => tab.look('overview'));
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 30, 30]);
  world.down = false;
  world.hub.hear(tab, { kind: 'retry' });
  await settle();
  world.stream.send('snapshot', frame('overview', 1, 'two'));
  await settle();
  assert.equal(tab.state(), 'live');
  assert.equal(tab.told('snapshot').at(-1).epoch, 'two');
});

test('13 s of silence are a loss', async () => {
  const { world, tab } = await watched('overview');
  const say = () => tab.look('overview');
  await world.pass(HEARTBEAT_S, say);
  world.stream.controller.enqueue(new TextEncoder().encode(': hb\n\n'));
  await settle();
  await world.pass(12, say);
  assert.equal(tab.state(), 'live');
  await world.pass(1, say);
  assert.equal(tab.state(), 'lost');
});

test('a tab that says nothing for 30 s is let go, and caught up when it speaks again', async () => {
  const { world, tab } = await watched('overview');
  const other = world.tab('dependency-map');
  await settle();
  world.stream.send('snapshot', frame('overview', 1));
  world.stream.send('snapshot', frame('dependency-map', 1));
  await world.pass(29, (s) => (s % 5 === 0 ? other.look('dependency-map') : undefined) ?? world.stream.send('update', frame('dependency-map', s + 2)));
  assert.equal(world.stream.views.length, 2);
  await world.pass(6, (s) => (s === 0 ? other.look('dependency-map') : world.open[0].send('update', frame('dependency-map', s + 30))));
  assert.deepEqual(world.stream.views, ['dependency-map']);
  tab.refresh('overview');
  await settle();
  world.stream.send('snapshot', frame('overview', 50));
  await settle();
  assert.equal(tab.told('snapshot').at(-1).seq, 50);
});

test('a view that is not there is asked for again, and joins the stream when it is', async () => {
  const { world, tab } = await watched('overview');
  const other = world.tab('service/ordres');
  await settle();
  world.stream.send('snapshot', frame('overview', 1));
  world.stream.send('refused', { view: 'service/ordres', code: 'not_found', message: 'did you mean "orders"?' });
  await settle();
  assert.deepEqual(other.told('refused').at(-1).failure, { status: 404, code: 'not_found', message: 'did you mean "orders"?' });
  assert.deepEqual(tab.told('refused'), []);
  const third = world.tab('service/ordres');
  assert.equal(third.told('refused').length, 1, 'who comes later hears of it, too');
  const say = () => [tab, other, third].forEach((t, i) => t.look(i === 0 ? 'overview' : 'service/ordres')) ?? world.open[0]?.send('update', frame('overview', 0));
  await world.pass(5, say);
  assert.deepEqual(world.fetched, ['service/ordres']);
  world.documents['service/ordres'] = { seq: 7, epoch: 'one' };
  const before = world.streams.length;
  await world.pass(10, say);
  assert.deepEqual(world.fetched, ['service/ordres', 'service/ordres']);
  assert.equal(other.told('snapshot').at(-1).seq, 7);
  assert.equal(world.streams.length, before + 1);
  assert.deepEqual(world.stream.views, ['overview', 'service/ordres']);
});

test('the seventeenth view waits until another is let go', async () => {
  const world = new World();
  const tabs = Array.from({ length: 17 }, (_, i) => world.tab(`service/s${i}`));
  await settle();
  assert.equal(world.stream.views.length, 16);
  assert.equal(tabs[16].told('refused')[0].failure.code, 'limit');
  world.hub.hear(tabs[3], { kind: 'leave' });
  await settle();
  assert.ok(world.stream.views.includes('service/s16') && world.stream.views.length === 16);
  world.stream.send('snapshot', frame('service/s16', 1));
  await settle();
  assert.equal(tabs[16].told('snapshot').length, 1);
});
