// Who may call: every route of the table on a daemon that asks, and the listen addresses.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { binary, Fusebox } from './support/fusebox.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('access');
const tokens = { read: 'reader-0123456789abcdef', write: 'writer-0123456789abcdef', admin: 'admin-0123456789abcdef' };
const probes = ['/health', '/ready', '/live', '/-/healthy', '/-/ready'];

// Every row, with all that stands between its braces; a path may hold braces of its own.
const source = fs.readFileSync(new URL('../../src/api/routes.c', import.meta.url), 'utf8');
const routes = source.split(/\{ HTTP_/).slice(1).map((row) => {
  const [, method, monitoring, name] = row.match(/^(\w+), (RETRY_MONITORING )?"([^"]*)"/);
  return { method, path: (monitoring ? '/api/v1/retry-monitoring' : '') + name, row };
});
const filled = (route) => route.path.replace(/\{\w+\*?\}/g, 'x');

const bearer = (token) => ({ authorization: `Bearer ${token}` });
const basic = (name, password) => ({ authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` });

// Token file of several lines, a name and a password.
function asking(more = {}) {
  const file = path.join(scope.dir, `tokens-${scope.nextNumber()}`);
  fs.writeFileSync(file, `# who may call\n${Object.entries(tokens).map((pair) => `${pair.join(' ')}\n`).join('')}`);
  const password = path.join(scope.dir, `password-${scope.nextNumber()}`);
  fs.writeFileSync(password, 'correct horse\n');
  const config = `http:\n  require_auth: true\n  token_file: ${file}\n  basic_user: ops\n  basic_password_file: ${password}\n`;
  return new Fusebox(scope, { config, ...more });
}

const call = (fusebox, route, headers = {}, timeout = 5000) =>
  fetch(fusebox.url + filled(route), { method: route.method, headers, redirect: 'manual', signal: AbortSignal.timeout(timeout) });

scope.test('every route but the probes answers 401 to nobody, and says how to become somebody', async () => {
  const fusebox = await asking().start();
  assert.ok(routes.length >= 30, `${routes.length} rows read from the table`);
  for (const route of routes) {
    for (const headers of [{}, bearer('wrong-0123456789abcdef'), bearer(''), basic('ops', 'wrong'), basic('ops', '')]) {
      const answer = await call(fusebox, route, headers);
      if (probes.includes(route.path)) {
        assert.equal(answer.status, 200, route.path);
        continue;
      }
      assert.equal(answer.status, 401, `${route.method} ${route.path}`);
      assert.match(answer.headers.get('www-authenticate'), /Bearer realm="fusebox".*Basic realm="fusebox"/);
      assert.equal((await answer.json()).error.code, 'unauthorized');
    }
  }
  assert.equal((await fetch(`${fusebox.url}/nowhere`)).status, 401, 'unknown paths tell nothing');
  assert.match(await fetch(`${fusebox.url}/metrics`, { headers: bearer(tokens.read) }).then((r) => r.text()),
    /^fusebox_http_rejected_total\{reason="access"\} [1-9]/m);
});

scope.test('each role does its part', async () => {
  const fusebox = await asking().start();
  for (const route of routes.filter((r) => !probes.includes(r.path))) {
    const isAdmin = route.row.includes('HTTP_NEED_ADMIN');
    const need = isAdmin ? 2 : route.method === 'GET' || route.row.includes('HTTP_NEED_READ') ? 0 : 1;
    for (const [rank, role] of ['read', 'write', 'admin'].entries()) {
      if (rank >= need && route.path.startsWith('/api/v1/storage/')) continue; // would seal or copy
      const answer = await call(fusebox, route, bearer(tokens[role]));
      assert.notEqual(answer.status, 401, `${role}: ${route.method} ${route.path}`);
      assert.equal(answer.status === 403, rank < need, `${role}: ${route.method} ${route.path}: ${answer.status}`);
      await answer.body?.cancel();
    }
  }
  const page = (headers) => fetch(`${fusebox.url}/ui/`, { headers }).then((answer) => answer.status);
  assert.equal(await page(basic('ops', 'correct horse')), 200);
  assert.equal(await page(basic('anybody', tokens.read)), 200, 'a browser sends a token as the password');
});

scope.test('probes tell nobody more than a word', async () => {
  const fusebox = await asking().start();
  const open = await fusebox.json('/health');
  assert.deepEqual(Object.keys(open).sort(), ['status', 'timestamp']);
  const known = await fetch(`${fusebox.url}/health`, { headers: bearer(tokens.read) }).then((answer) => answer.json());
  assert.ok(known.version && known.checks && known.details);
});

scope.test('a new token file holds after a reload, without closing a connection; a bad one changes nothing', async () => {
  const file = path.join(scope.dir, 'changing-tokens');
  const give = (...lines) => fs.writeFileSync(file, `${lines.join('\n')}\n`);
  give(`admin ${tokens.admin}`, `read ${tokens.read}`);
  const fusebox = await new Fusebox(scope, { config: `http: {require_auth: true, token_file: ${file}}\n` }).start();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const sockets = new Set();
  const ask = (token, { method = 'GET', path: at = '/status' } = {}) => new Promise((done, failed) => {
    const request = http.request(fusebox.url + at, { agent, method, headers: bearer(token) }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => done({ status: answer.statusCode, text }));
    });
    request.on('socket', (socket) => sockets.add(socket)).on('error', failed).end();
  });
  const statusOf = async (token) => (await ask(token)).status;
  const reload = (token) => ask(token, { method: 'POST', path: '/-/reload' });
  const stream = await fetch(`${fusebox.url}/api/v1/retry-monitoring/dashboard/overview/subscribe`, { headers: bearer(tokens.read) });
  const reader = stream.body.getReader();
  assert.equal(stream.status, 200);
  assert.equal(await statusOf(tokens.read), 200);

  const next = 'second-0123456789abcdef';
  give(`admin ${next}`);
  assert.equal(await statusOf(next), 401, 'before the reload');
  assert.equal((await reload(tokens.admin)).status, 200);
  assert.deepEqual([await statusOf(next), await statusOf(tokens.admin), await statusOf(tokens.read)], [200, 401, 401]);

  for (const bad of ['admin short', 'owner third-0123456789abcdef', '# nobody']) {
    give(bad);
    const refused = await reload(next);
    assert.equal(refused.status, 400);
    assert.match(refused.text, bad === '# nobody' ? /http\.require_auth/ : /line 1/);
    assert.ok(!refused.text.includes(bad.split(' ')[1]), 'secrets are not told');
    assert.equal(await statusOf(next), 200, 'those before stay');
  }
  fs.rmSync(file);
  assert.equal((await reload(next)).status, 400, 'no file');
  give(`admin ${tokens.admin}`);
  fusebox.process.signal('SIGHUP');
  await until('the first token again', async () => (await statusOf(tokens.admin)) === 200);
  assert.equal(await statusOf(next), 401);

  assert.match(fusebox.process.output, /level=error msg="configuration error".*the token in line 1 must have/);
  assert.match(fusebox.process.output, /reload refused, the configuration before stays in force/);
  assert.equal(sockets.size, 1, 'one connection for all of it');
  const { value } = await reader.read();
  assert.ok(value.length > 0, 'the stream goes on');
  await reader.cancel();
  agent.destroy();
});

scope.test('on loopback nobody is asked, and a token that nobody asks for is told', async () => {
  const fusebox = await new Fusebox(scope, { config: `http:\n  token: ${tokens.admin}\n` }).start();
  assert.equal((await fetch(`${fusebox.url}/status`)).status, 200);
  assert.match(fusebox.process.output, /http\.require_auth asks/);
  assert.ok(!fusebox.process.output.includes(tokens.admin), 'secrets are not written');
});

// A GET to a loopback address with this Host header.
const withHost = (port, host, headers = {}) => new Promise((resolve, reject) => {
  http.get({ host: '127.0.0.1', port, path: '/status', headers: { host, ...headers } }, (answer) => {
    answer.resume();
    resolve(answer.statusCode);
  }).on('error', reject);
});

scope.test('an address that others reach wants a secret, or the word that it needs none', async () => {
  const refused = spawnSync(binary, ['run', '--data', `${scope.dir}/refused`, '--listen', '0.0.0.0:0'], { encoding: 'utf8', timeout: 10000 });
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /http\.token .*--insecure-listen/);

  const start = async (fusebox) => {
    fusebox.launch();
    const found = await new Promise((resolve, reject) => {
      const look = setInterval(() => {
        const ready = fusebox.process.output.match(/ready at http:\/\/0\.0\.0\.0:(\d+)\/ui\//);
        if (ready) resolve(ready);
        else if (!fusebox.process.running) reject(new Error(fusebox.process.output));
        else return;
        clearInterval(look);
      }, 20);
    });
    return Number(found[1]);
  };
  const guarded = asking({ listen: '0.0.0.0:0' });
  const port = await start(guarded);
  assert.match(guarded.process.output, /not encrypted/);
  assert.equal(await withHost(port, `127.0.0.1:${port}`), 401);
  assert.equal(await withHost(port, `127.0.0.1:${port}`, bearer(tokens.read)), 200);
  assert.equal(await withHost(port, `192.0.2.7:${port}`, bearer(tokens.read)), 200, 'addresses are served');
  assert.equal(await withHost(port, '[2001:db8::1]', bearer(tokens.read)), 200);
  assert.equal(await withHost(port, 'evil.example', bearer(tokens.read)), 421, 'names are not');
  await guarded.stop();

  const open = new Fusebox(scope, { listen: '0.0.0.0:0', args: ['--insecure-listen'] });
  const openPort = await start(open);
  assert.match(open.process.output, /everybody who reaches this address/);
  assert.equal(await withHost(openPort, `127.0.0.1:${openPort}`), 200);
});

scope.test('check config says beforehand what would not start', () => {
  const check = (...args) => spawnSync(binary, ['check', 'config', ...args], { encoding: 'utf8', timeout: 10000 });
  const open = check('--listen', '0.0.0.0:8080');
  assert.equal(open.status, 13);
  assert.match(open.stderr, /http\.token/);
  assert.equal(check('--listen', '0.0.0.0:8080', '--insecure-listen').status, 0);
  assert.equal(check('--listen', '0.0.0.0:8080', '--set', `http.token=${tokens.admin}`).status, 0);
  const short = check('--set', 'http.token=hunter2');
  assert.equal(short.status, 2);
  assert.ok(!short.stderr.includes('hunter2'));
});

scope.test('the command line sends FUSEBOX_TOKEN', async () => {
  const fusebox = await asking().start();
  const info = (token) => spawnSync(binary, ['storage', 'info', '--url', fusebox.url],
    { encoding: 'utf8', timeout: 10000, env: { ...process.env, FUSEBOX_TOKEN: token } });
  assert.equal(info(tokens.read).status, 0);
  const without = info('');
  assert.equal(without.status, 17);
  assert.match(without.stderr, /token/);
});
