// HAProxy with its exporter, its stats socket and a log that tells the retries of each request.
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { Process, freePort, until } from './scope.mjs';

const binary = fs.existsSync('/usr/sbin/haproxy') ? '/usr/sbin/haproxy' : 'haproxy';

export class HAProxy {
  // `backends`: {name: {servers: {name: port}, lines: [...]}}; `defaults`: further lines of the defaults section.
  constructor(scope, backends, { defaults = [], check = 'check inter 200ms fall 2 rise 3' } = {}) {
    this.scope = scope;
    this.dir = fs.mkdtempSync(path.join(scope.dir, 'haproxy-'));
    this.backends = backends;
    this.defaults = defaults;
    this.check = check;
    this.generation = 0;
    this.processes = [];
  }

  async start() {
    this.port ??= await freePort();
    this.exporterPort ??= await freePort();
    this.exporter = `127.0.0.1:${this.exporterPort}`;
    await this.#launch([]);
    return this;
  }

  // A new process takes over, the old one ends when its last request has.
  async reload() {
    const old = this.process;
    await this.#launch(['-sf', String(old.pid)]);
    await old.ended;
  }

  async #launch(more) {
    this.socketPath = path.join(this.dir, `stats-${++this.generation}`);
    const file = path.join(this.dir, `haproxy-${this.generation}.cfg`);
    fs.writeFileSync(file, this.#config());
    this.process = new Process(this.scope, binary, ['-db', '-f', file, ...more], { cwd: this.dir });
    this.processes.push(this.process);
    await until('haproxy ready', () => {
      if (!this.process.running) throw new Error(`haproxy ended: ${this.process.output}`);
      return this.ask('show info');
    });
  }

  #config() {
    const text = [
      'global', '  nbthread 1', '  log stdout format raw local0', `  stats socket ${this.socketPath} level admin`,
      'defaults', '  mode http', '  timeout connect 300ms', '  timeout client 10s', '  timeout server 1s',
      '  timeout queue 1s', '  retries 3', ...this.defaults.map((line) => `  ${line}`),
      'frontend shop', `  bind 127.0.0.1:${this.port}`, '  log global', '  log-format "%b %ST rc=%rc"',
      '  use_backend %[path,field(2,/)]',
      'frontend exporter', `  bind 127.0.0.1:${this.exporterPort}`, '  http-request use-service prometheus-exporter',
    ];
    for (const [name, { servers, lines = [] }] of Object.entries(this.backends)) {
      text.push(`backend ${name}`, ...lines.map((line) => `  ${line}`));
      if (this.check) text.push('  option httpchk GET /health');
      for (const [server, port] of Object.entries(servers)) text.push(`  server ${server} 127.0.0.1:${port} ${this.check}`);
    }
    return `${text.join('\n')}\n`;
  }

  // One command on the stats socket.
  ask(command) {
    return new Promise((done, failed) => {
      let text = '';
      net.connect(this.socketPath).on('error', failed).on('data', (piece) => (text += piece)).on('end', () => done(text)).end(`${command}\n`);
    });
  }

  // HAProxy's own figures: rows of `show stat`, found by stat(backend) or stat(backend, server).
  async stats() {
    const [head, ...lines] = (await this.ask('show stat')).replace(/^# /, '').trim().split('\n');
    const names = head.split(',');
    return lines.map((line) => Object.fromEntries(line.split(',').map((value, i) => [names[i], value])));
  }

  async stat(backend, server = 'BACKEND') {
    return (await this.stats()).find((row) => row.pxname === backend && row.svname === server);
  }

  // How often HAProxy itself says, request by request, that it tried again.
  retriesLogged(backend) {
    let sum = 0;
    for (const process of this.processes)
      for (const [, name, count] of process.output.matchAll(/^(\S+) \S+ rc=\+?(\d+)$/gm))
        if (name === backend) sum += Number(count);
    return sum;
  }
}
