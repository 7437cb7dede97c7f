// What the benches share: programs that are started and ended by pid, free ports, CPU time and memory of a process.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export function freePort() {
  return new Promise((done) => {
    const s = createServer().listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => done(port));
    });
  });
}

const running = [];

// Whatever ends a bench ends what it started.
process.on('exit', () => running.forEach((child) => child.exitCode === null && child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

export function tempDir(name) {
  const dir = mkdtempSync(join(tmpdir(), `fusebox-bench-${name}-`));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function start(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.text = '';
  child.stdout.on('data', (d) => (child.text += d));
  child.stderr.on('data', (d) => (child.text = (child.text + d).slice(-100000)));
  running.push(child);
  return child;
}

export async function stopAll() {
  for (const child of running) child.kill('SIGTERM');
  await sleep(1500);
  for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
}

export async function until(what, ask, seconds = 30) {
  for (let i = 0; i < seconds * 10; i++) {
    try {
      const answer = await ask();
      if (answer) return answer;
    } catch {
      // not yet
    }
    await sleep(100);
  }
  throw new Error(`${what} did not come within ${seconds} s`);
}

const ticks = Number(execFileSync('getconf', ['CLK_TCK']));

// CPU seconds used so far, user and system.
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

export function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

// A metric's value in Prometheus text, summed over its label sets (of those with `label`, a text like code="200").
export async function metric(url, name, label = '') {
  const text = await (await fetch(url)).text();
  const lines = text.split('\n').filter((l) => (l.startsWith(`${name} `) || l.startsWith(`${name}{`)) && l.includes(label));
  return lines.length ? lines.reduce((sum, l) => sum + Number(l.slice(l.lastIndexOf(' ') + 1)), 0) : NaN;
}

export const binary = process.env.FUSEBOX || 'build/fusebox';

export const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

export async function startFusebox(args) {
  const child = start(binary, ['run', ...args, '--listen', '127.0.0.1:0']);
  const url = await until('Fusebox', () => /http:\/\/[^/]+/.exec(child.text)?.[0]);
  return { child, url };
}
