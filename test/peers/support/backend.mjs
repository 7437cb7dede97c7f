// A backend that counts what really reaches it, and fails on purpose.
import http from 'node:http';
import { freePort } from './scope.mjs';

// What an answer may be: a status code, 'close' (the connection ends without an answer), or a pause in ms before 200.
export class Backend {
  attempts = 0;
  failures = 0; // answers that were an error, or none
  connections = 0;
  answer = () => 200;
  healthy = true;
  checks = 0;

  static async start(scope, port) {
    const backend = new Backend();
    backend.port = port ?? (await freePort());
    await backend.listen();
    return scope.add(backend);
  }

  listen() {
    this.server = http.createServer((req, res) => this.#serve(req, res));
    this.server.keepAliveTimeout = 60000;
    this.sockets = new Set();
    this.server.on('connection', (socket) => {
      this.connections++;
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    return new Promise((done, failed) => this.server.on('error', failed).listen(this.port, '127.0.0.1', done));
  }

  #serve(req, res) {
    if (req.url === '/health') {
      this.checks++;
      return res.writeHead(this.healthy ? 200 : 500).end();
    }
    const what = this.answer(this.attempts++, req);
    req.resume();
    if (what === 'close' || what >= 500) this.failures++;
    if (what === 'close') return req.socket.destroy();
    if (what < 100) return setTimeout(() => res.writeHead(200).end('late\n'), what);
    return res.writeHead(what).end(`${what}\n`);
  }

  // Nobody listens afterwards, as if it was killed.
  stop() {
    for (const socket of this.sockets) socket.destroy();
    return new Promise((done) => this.server.close(done));
  }
}

// Serves one text under every path, or whatever `serve` does; notes when each answer was done.
export class TextTarget {
  requests = 0;

  static async start(scope, serve) {
    const target = new TextTarget();
    target.serve = serve;
    target.server = http.createServer((req, res) => {
      target.requests++;
      if (typeof target.serve === 'function') target.serve(req, res);
      else res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(target.serve);
    });
    target.server.keepAliveTimeout = 60000;
    await new Promise((done) => target.server.listen(0, '127.0.0.1', done));
    target.port = target.server.address().port;
    target.address = `127.0.0.1:${target.port}`;
    return scope.add(target);
  }

  stop() {
    this.server.closeAllConnections?.();
    return new Promise((done) => this.server.close(done));
  }
}

// Sends requests, so many at once; tells how many ended with which status.
export async function drive(port, count, { path = '/', concurrency = 4, keepAlive = true } = {}) {
  const agent = new http.Agent({ keepAlive, maxSockets: concurrency });
  const statuses = {};
  let left = count;
  const one = () => new Promise((done) => {
    const end = (status) => {
      statuses[status] = (statuses[status] ?? 0) + 1;
      done();
    };
    http.get({ port, host: '127.0.0.1', path, agent }, (res) => {
      res.resume();
      res.on('end', () => end(res.statusCode)).on('error', () => end('broken'));
    }).on('error', () => end('broken'));
  });
  await Promise.all(Array.from({ length: concurrency }, async () => {
    while (left-- > 0) await one();
  }));
  agent.destroy();
  return statuses;
}
