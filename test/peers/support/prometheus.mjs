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

  async start(config, args = []) {
    const file = path.join(this.dir, 'prometheus.yml');
    fs.writeFileSync(file, config);
    this.port = await freePort();
    this.address = `127.0.0.1:${this.port}`;
    this.process = new Process(this.scope, 'prometheus', [`--config.file=${file}`, `--storage.tsdb.path=${this.dir}/data`,
      `--web.listen-address=${this.address}`, ...args]);
    await until('prometheus ready', async () => (await fetch(`http://${this.address}/-/ready`)).ok);
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

// Runs `promtool test rules` over series {"name{labels}": [values by minute]}; expressions is {promql: [{labels, value}]}.
export function promtoolTest(dir, series, expressions, at = '1m') {
  const file = path.join(dir, 'promtool-test.yml');
  const quoted = (text) => JSON.stringify(text);
  const lines = ['tests:', '  - interval: 1m', '    input_series:'];
  for (const [name, values] of Object.entries(series)) lines.push(`      - series: ${quoted(name)}`, `        values: ${quoted(values.join(' '))}`);
  lines.push('    promql_expr_test:');
  for (const [expression, samples] of Object.entries(expressions)) {
    lines.push(`      - expr: ${quoted(expression)}`, `        eval_time: ${at}`, '        exp_samples:');
    for (const { labels, value } of samples) lines.push(`          - labels: ${quoted(labels)}`, `            value: ${value}`);
  }
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
  const { status, stdout, stderr } = spawnSync('promtool', ['test', 'rules', file], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}
