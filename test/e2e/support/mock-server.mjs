// Serves the built page under its real policy, with made-up documents behind it.
//
//   const server = new MockServer(files); await server.start(); server.scene = 'trouble';
//   server.push({...}); await server.stop(); await server.start()   // the same port again
//
// Listens on loopback only, on a free port.
import { createServer } from 'node:http';
import { mapDocument } from './map-scenes.mjs';
import { START_MS, overviewDocument } from './scenes.mjs';
import { queryAnswer } from './query-scenes.mjs';
import { definitionOf, eventsPage, historyCsv, historyOf, serviceDocument } from './service-scenes.mjs';
import { cardinalityDocument, storageDocument } from './storage-scenes.mjs';

export const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
  + "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
  + 'trusted-types fusebox-worker';
const HEADERS = {
  'Content-Security-Policy': POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};
const VIEWS = '/api/v1/retry-monitoring/dashboard/';
const SERVICES = '/api/v1/retry-monitoring/services/';
const HEALTH = '/api/v1/retry-monitoring/health';
const STORAGE = '/api/v1/storage';
const PROMETHEUS = /^\/api\/v1\/(query|query_range|format_query|series|labels|label\/[^/]+\/values|metadata)$/;

export class MockServer {
  constructor(files) {
    this.files = new Map(files.map((file) => [file.path, file]));
    this.scene = 'healthy';
    this.notices = [];
    this.refusal = null; // {status, code, message}: what every view is told
    this.serviceScene = null; // of service-scenes.mjs, or as the service is in `scene`
    this.historyRefusal = null; // {status, code, message}: what a question for the history is told
    this.historyDelayMs = 0;
    this.points = 360; // of a history at most
    this.storageScene = 'usual';
    this.mapScene = 'storm';
    this.storageRefusal = null; // {status, code, message}: what every storage request is told
    this.seal = () => ({ status: 200, body: { blocks: 1, series: 48_120, samples: 712_000, bytes: 660_000, duration_ms: 340.5 } });
    this.queryGate = null; // a promise that queries wait for
    this.epoch = 'one';
    this.seq = 1;
    this.nowMs = START_MS;
    this.port = 0;
    this.requests = [];
    this.searches = [];
    this.streams = new Set();
    this.ticker = null;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  get moment() {
    return { nowMs: this.nowMs, seq: this.seq, epoch: this.epoch };
  }

  start() {
    this.server = createServer((req, res) => this.answer(req, res));
    return new Promise((resolve) => {
      this.server.listen(this.port, '127.0.0.1', () => {
        this.port = this.server.address().port;
        resolve();
      });
    });
  }

  // Ends as a killed daemon does: every connection is cut.
  stop() {
    this.tick(0);
    return new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
      this.streams.clear();
    });
  }

  // Sends a frame of figures every so many milliseconds; 0 ends it.
  tick(everyMs, change = () => ({})) {
    clearInterval(this.ticker);
    this.ticker = everyMs > 0 ? setInterval(() => this.push(change()), everyMs) : null;
  }

  // One update to all streams: the members given, with the next number and time.
  push(update = {}) {
    this.seq += 1;
    this.nowMs += 1000;
    const moment = { notices: this.notices, open_breakers: this.openBreakers, seq: this.seq, timestamp: new Date(this.nowMs).toISOString(), now_ms: this.nowMs };
    for (const { res, views } of this.streams)
      for (const view of views) this.send(res, 'update', { ...this.updateOf(view, update), ...moment, view: view.name });
  }

  updateOf(view, update) {
    if (view.map) return mapDocument(this.mapScene, this.moment);
    return view.service === null ? update : { ...this.service(view.service), ...update };
  }

  // The same event for each view of each stream.
  event(name) {
    for (const { res, views } of this.streams) for (const view of views) this.send(res, name, { view: view.name });
  }

  send(res, event, data) {
    res.write(`id: ${this.seq}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  service(name, periodS = 900, endMs = null) {
    const doc = serviceDocument(this.serviceScene, this.scene, name, this.moment);
    return doc && { ...doc, history: historyOf(doc, { periodS, endMs: endMs ?? this.nowMs, points: this.points }) };
  }

  answer(req, res) {
    const { pathname, searchParams } = new URL(req.url, this.url);
    this.requests.push(pathname);
    this.searches.push(`${pathname}?${searchParams}`);
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    if (this.refusal && pathname.startsWith('/api/')) return this.json(res, this.refusal.status, { error: this.refusal });
    if (pathname.startsWith(VIEWS)) return this.dashboard(pathname.slice(VIEWS.length), searchParams, res);
    if (pathname === '/api/v1/events') return this.json(res, 200, eventsPage(this.serviceScene, searchParams));
    if (pathname.startsWith(SERVICES)) return this.json(res, 200, definitionOf(this.serviceScene));
    if (pathname === HEALTH) return this.health(res);
    if (PROMETHEUS.test(pathname)) return this.query(req, res, pathname.slice('/api/v1/'.length), searchParams);
    if (pathname.startsWith(STORAGE)) return this.storage(req.method, pathname.slice(STORAGE.length), res);
    const file = this.files.get(pathname) ?? (pathname.startsWith('/ui/') && !pathname.startsWith('/ui/assets/') ? this.files.get('/ui/') : undefined);
    if (!file) return res.writeHead(404).end();
    if (pathname === '/ui/') res.setHeader('Link', `<${VIEWS}overview>; rel=preload; as=fetch; crossorigin`);
    res.writeHead(200, { 'Content-Type': file.type, 'Content-Encoding': 'gzip', ETag: file.etag,
      'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache' });
    return res.end(file.gzip);
  }

  // The arguments stand in the form that is posted, or in the address.
  async query(req, res, path, params) {
    const parts = [];
    for await (const part of req) parts.push(part);
    const posted = new URLSearchParams(Buffer.concat(parts).toString());
    for (const [name, value] of posted) params.append(name, value);
    this.searches.push(`${path}?${params}`);
    if (path.startsWith('query')) await this.queryGate;
    if (res.destroyed) return;
    const { status, headers = {}, body } = queryAnswer(path, params, this.nowMs);
    for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
    this.json(res, status, body);
  }

  async storage(method, path, res) {
    const { status, body } = await this.storageAnswer(method, path);
    this.json(res, status, body);
  }

  json(res, status, body) {
    res.writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(body));
  }

  // The document with the history of the period that was asked for; as a file, its steps.
  async page(name, csv, params, res) {
    const periodS = Number(params.get('period')?.slice(0, -1) ?? 900);
    const doc = this.service(name, periodS, params.has('end') ? Number(params.get('end')) : null);
    if (this.historyDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.historyDelayMs));
    if (this.historyRefusal) return this.json(res, this.historyRefusal.status, { error: this.historyRefusal });
    if (!csv) return this.json(res, 200, { ...doc, notices: this.notices });
    res.writeHead(200, { 'Content-Type': 'text/csv', 'Content-Disposition': 'attachment; filename="history.csv"' });
    return res.end(historyCsv(doc.history));
  }

  storageAnswer(method, path) {
    if (this.storageRefusal) {
      const { status, ...error } = this.storageRefusal;
      return { status, body: { error } };
    }
    if (method === 'POST' && path === '/seal') return this.seal();
    if (path === '/cardinality') return { status: 200, body: cardinalityDocument(this.storageScene) };
    return { status: 200, body: { ...storageDocument(this.storageScene, this.nowMs), notices: this.notices } };
  }

  dashboard(path, params, res) {
    res.setHeader('Cache-Control', 'no-store');
    if (path === 'subscribe') return this.subscribe(params.getAll('view').map(viewOf), res);
    const view = viewOf(path);
    const doc = this.documentOf(view);
    if (doc && view.service !== null) return this.page(view.service, path.endsWith('/export'), params, res);
    if (doc) return res.writeHead(200, { 'Content-Type': 'application/json' }).end(view.map ? JSON.stringify(doc) : (this.made.text ??= JSON.stringify(doc)));
    return res.writeHead(404, { 'Content-Type': 'application/json' }).end(JSON.stringify({ error: { ...missing(view), field: 'name' } }));
  }

  documentOf({ name, map, service }) {
    const doc = map ? mapDocument(this.mapScene, this.moment) : service === null ? this.overview() : serviceDocument(this.serviceScene, this.scene, service, this.moment);
    return doc && { ...doc, view: name, notices: this.notices, open_breakers: this.openBreakers };
  }

  get openBreakers() {
    return this.overview().totals.breakers.open;
  }

  // The daemon has its view at hand; here it is made once for each moment.
  overview() {
    const key = JSON.stringify([this.scene, this.moment, this.notices]);
    if (this.made?.key !== key) this.made = { key, doc: overviewDocument(this.scene, this.moment) };
    return this.made.doc;
  }

  // Of the health report what the jump box reads.
  health(res) {
    const services = this.overview().services.map(({ service, health }) => ({ service, health }));
    return this.json(res, 200, { services });
  }

  subscribe(views, res) {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    const stream = { res, views: [] };
    this.streams.add(stream);
    res.on('close', () => this.streams.delete(stream));
    for (const view of views) {
      const doc = this.documentOf(view);
      if (doc) stream.views.push(view);
      this.send(res, doc ? 'snapshot' : 'refused', doc ?? { view: view.name, ...missing(view) });
    }
  }
}

// A view as its path names it.
function viewOf(name) {
  const [kind, service] = name.split('/');
  return { name, map: kind === 'dependency-map', service: kind === 'service' ? decodeURIComponent(service) : null };
}

const missing = ({ service }) => ({ code: 'not_found', message: `no service is called "${service}"; did you mean "orders"?` });
