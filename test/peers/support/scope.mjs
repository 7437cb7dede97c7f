// What a test starts and writes, and its end: processes by pid, servers, one temporary folder that is kept on failure.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const PATIENCE_MS = 120_000; // how long a wait is a sign of nothing; a test that demands a time measures it

// Asks until the answer is true; an error counts as "not yet" and is told in the end.
export async function until(what, ask) {
  let last;
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await pause(20)) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error.message;
    }
  }
  throw new Error(`${what}: not within ${PATIENCE_MS} ms (last: ${JSON.stringify(last)})`);
}

export function freePort() {
  return new Promise((done, failed) => {
    const server = net.createServer();
    server.on('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

export class Process {
  constructor(scope, command, args, { name = path.basename(command), env, cwd } = {}) {
    this.name = name;
    this.logFile = path.join(scope.dir, `${name}-${scope.nextNumber()}.log`);
    const log = fs.openSync(this.logFile, 'w');
    this.child = spawn(command, args, { cwd: cwd ?? scope.dir, env: env ?? process.env, stdio: ['ignore', log, log] });
    fs.closeSync(log);
    this.ended = new Promise((done) => {
      this.child.on('error', (error) => done({ code: null, signal: null, error }));
      this.child.on('exit', (code, signal) => done({ code, signal }));
    });
    scope.add(this);
  }

  get pid() {
    return this.child.pid;
  }

  get output() {
    return fs.readFileSync(this.logFile, 'utf8');
  }

  get running() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(signal) {
    if (this.running) this.child.kill(signal);
  }

  // Ends it, with force after five seconds.
  async stop(signal = 'SIGTERM') {
    this.signal(signal);
    const force = setTimeout(() => this.signal('SIGKILL'), 5000);
    const end = await this.ended;
    clearTimeout(force);
    return end;
  }
}

export class Scope {
  #things = [];
  #failed = false;
  #number = 0;

  constructor(name) {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), `fusebox-${name}-`));
    this.emergency = () => this.#things.forEach((thing) => thing.pid && thing.signal('SIGKILL'));
    process.on('exit', this.emergency);
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
    after(() => this.end());
  }

  nextNumber() {
    return ++this.#number;
  }

  // A thing has `stop()`.
  add(thing) {
    this.#things.push(thing);
    return thing;
  }

  // A test after which all that it started is stopped, also when it fails.
  test(name, options, run) {
    if (!run) [options, run] = [{}, options];
    test(name, { timeout: 120000, ...options }, async (t) => {
      const before = this.#things.length;
      try {
        await run(t);
      } catch (error) {
        this.#failed = true;
        t.diagnostic(`logs are kept in ${this.dir}`);
        throw error;
      } finally {
        await this.#stop(before);
      }
    });
  }

  async #stop(first) {
    for (const thing of this.#things.splice(first).reverse()) await thing.stop();
  }

  async end() {
    await this.#stop(0);
    process.off('exit', this.emergency);
    if (!this.#failed) fs.rmSync(this.dir, { recursive: true, force: true });
  }
}
