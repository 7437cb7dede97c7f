// Debian's Prometheus and promtool.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Process, freePort, until } from './scope.mjs';

export class Prometheus {
  constructor(scope) {
    this.scope = scope;
    this.dir = fs.mkdtempSync(path.join(scope.dir, 'prometheus-'));
  }

  async start(config) {
    const file = path.join(this.dir, 'prometheus.yml');
    fs.writeFileSync(file, config);
    this.port = await freePort();
    this.address = `127.0.0.1:${this.port}`;
    this.process = new Process(this.scope, 'prometheus', [`--config.file=${file}`, `--storage.tsdb.path=${this.dir}/data`,
      `--web.listen-address=${this.address}`]);
    await until('prometheus ready', 20000, async () => (await fetch(`http://${this.address}/-/ready`)).ok);
    return this;
  }

  async query(expression, at) {
    const url = new URL(`http://${this.address}/api/v1/query`);
    url.searchParams.set('query', expression);
    if (at) url.searchParams.set('time', String(at));
    return (await (await fetch(url)).json()).data.result;
  }
}

// What `promtool check metrics` says about a text.
export function promtoolCheck(text) {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
