// The daemon itself.
import fs from 'node:fs';
import path from 'node:path';
import { Process, until } from './scope.mjs';

export const binary = path.resolve(process.env.FUSEBOX ?? 'build/fusebox');
const monitoring = '/api/v1/retry-monitoring';

// A configuration of scrape jobs: {name: [address, ...]}.
export function scrapeConfig(jobs, { interval = '200ms', timeout = interval, more = '' } = {}) {
  const lines = ['global:', `  scrape_interval: ${interval}`, `  scrape_timeout: ${timeout}`, 'scrape_configs:'];
  for (const [name, targets] of Object.entries(jobs))
    lines.push(`  - job_name: ${name}`, '    static_configs:', `      - targets: ${JSON.stringify(targets)}`);
  return `${lines.join('\n')}\n${more}`;
}

export class Fusebox {
  constructor(scope, { config = '', data, listen = '127.0.0.1:0', args = [], under = [] } = {}) {
    const number = scope.nextNumber();
    this.scope = scope;
    this.configFile = path.join(scope.dir, `fusebox-${number}.yml`);
    this.data = data ?? path.join(scope.dir, `data-${number}`);
    this.listen = listen;
    this.args = args;
    this.under = under;
    this.configure(config);
  }

  configure(text) {
    fs.writeFileSync(this.configFile, text);
  }

  // Starts it without waiting; `under` is a command that runs it, as strace.
  launch(under = this.under) {
    const command = [...under, binary, 'run', '--config', this.configFile, '--data', this.data, '--listen', this.listen, ...this.args];
    this.process = new Process(this.scope, command[0], command.slice(1), { name: 'fusebox' });
    return this.process;
  }

  async start(under) {
    this.launch(under);
    await this.ready();
    return this;
  }

  async ready() {
    const found = await this.until('fusebox ready', () => this.process.output.match(/ready at (http:\/\/127\.0\.0\.1:(\d+))\/ui\//));
    this.url = found[1];
    this.port = Number(found[2]);
    await this.until('/-/ready', async () => (await fetch(`${this.url}/-/ready`)).ok);
  }

  // As `until`, while it runs.
  async until(what, ask) {
    const answer = await until(what, () => (this.process.running ? ask() : this));
    if (answer === this) throw new Error(`${what}: fusebox ended: ${this.process.output}`);
    return answer;
  }

  stop(signal) {
    return this.process.stop(signal);
  }

  text(where) {
    return fetch(this.url + where).then((answer) => answer.text());
  }

  json(where) {
    return fetch(this.url + where).then((answer) => answer.json());
  }

  overview() {
    return this.json(`${monitoring}/dashboard/overview`);
  }

  async row(service) {
    return (await this.overview()).services.find((row) => row.service === service);
  }

  service(name) {
    return this.json(`${monitoring}/dashboard/service/${encodeURIComponent(name)}`);
  }

  // What was counted of a service in the last hour, without the step of 10 s that is still open.
  async hour(name) {
    const { history } = await this.json(`${monitoring}/dashboard/service/${encodeURIComponent(name)}?period=1h`);
    const counted = (rates) => Math.round(history.step_s * rates.reduce((sum, rate) => sum + rate, 0));
    return { calls: counted(history.calls), errors: counted(history.errors), retries: counted(history.retries) };
  }

  async breaker(service, name) {
    return (await this.service(service)).breaker_list?.find((breaker) => breaker.name === name);
  }

  // The series that a query finds now.
  async query(expr) {
    return (await this.json(`/api/v1/query?query=${encodeURIComponent(expr)}`)).data.result;
  }

  async targets() {
    return (await this.json(`${monitoring}/status`)).targets;
  }

  // Until every target was scraped `scrapes` times from now on, well or not, and the view tells of it.
  async settle(scrapes = 1) {
    for (let i = 0; i < scrapes; i++) {
      const now = Date.now();
      await until('another scrape', async () => (await this.targets()).every((t) => t.last_ms > now));
    }
    const now = Date.now();
    await until('a newer view', async () => (await this.overview()).now_ms > now);
  }

  // The value of one of its own metrics.
  async metric(name) {
    const line = (await this.text('/metrics')).split('\n').find((text) => text.startsWith(`${name} `));
    return line && Number(line.split(' ')[1]);
  }
}

// Reads server-sent events; `stop` ends it.
export class EventStream {
  events = [];

  constructor(scope, url, onEvent = () => {}) {
    this.abort = new AbortController();
    this.ended = this.#read(url, onEvent).catch((error) => (this.error = error));
    scope.add(this);
  }

  async #read(url, onEvent) {
    const answer = await fetch(url, { signal: this.abort.signal, headers: { accept: 'text/event-stream' } });
    let rest = '';
    for await (const piece of answer.body) {
      const at = performance.now();
      const blocks = (rest + Buffer.from(piece).toString()).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) this.#take(block, at, onEvent);
    }
  }

  #take(block, at, onEvent) {
    const fields = Object.fromEntries(block.split('\n').filter((line) => /^\w+:/.test(line)).map((line) => line.split(/: ?(.*)/s, 2)));
    if (!fields.event && !fields.data) return;
    const event = { name: fields.event, id: fields.id, data: fields.data, at };
    this.events.push(event);
    onEvent(event);
  }

  async stop() {
    this.abort.abort();
    await this.ended;
  }
}
