// Targets that ask who calls, and files of targets: the same configuration file for Fusebox and for Debian's
// Prometheus, and the same targets up and down.
//
//   FUSEBOX=build/fusebox node --test test/peers/scrape_auth.test.mjs
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { TextTarget } from './support/backend.mjs';
import { Authority } from './support/certificates.mjs';
import { Fusebox, binary } from './support/fusebox.mjs';
import { Prometheus } from './support/prometheus.mjs';
import { Scope, until } from './support/scope.mjs';

const scope = new Scope('scrape-auth');
const head = 'global: {scrape_interval: 300ms, scrape_timeout: 300ms}\nscrape_configs:\n';
const body = 'm 1\n';

const basic = (user, password) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

// Serves `body` to those whose Authorization header is `wanted` (a function asks again each time).
function guarded(wanted) {
  return TextTarget.start(scope, (req, res) => {
    const good = req.headers.authorization === (typeof wanted === 'function' ? wanted() : wanted);
    res.writeHead(good ? 200 : 401, { 'content-type': 'text/plain; version=0.0.4' }).end(good ? body : 'who are you\n');
  });
}

// An HTTPS target; `options` are those of node:https.
async function secure({ cert, key }, options = {}) {
  const target = { requests: 0, hosts: new Set() };
  target.server = https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key), ...options }, (req, res) => {
    target.requests++;
    target.hosts.add(req.headers.host);
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body);
  });
  await new Promise((done) => target.server.listen(0, '127.0.0.1', done));
  target.port = target.server.address().port;
  target.address = `127.0.0.1:${target.port}`;
  target.stop = () => {
    target.server.closeAllConnections();
    return new Promise((done) => target.server.close(done));
  };
  return scope.add(target);
}

// A job of one target: `keys` are lines of YAML, flow style.
const job = (name, address, ...keys) =>
  [`  - job_name: ${name}`, `static_configs: [{targets: ['${address}']}]`, ...keys].join('\n    ') + '\n';

const byJob = async (fusebox) => Object.fromEntries((await fusebox.targets()).map((t) => [t.job, t]));

// Both scrape until every job is as expected: {job: true | false}.
async function bothSay(fusebox, prometheus, expected) {
  await until('fusebox agrees', async () => {
    const found = await byJob(fusebox);
    for (const [name, up] of Object.entries(expected)) assert.equal(found[name]?.up, up, `${name}: ${found[name]?.error}`);
    return true;
  });
  await until('prometheus agrees', async () => {
    const found = Object.fromEntries((await prometheus.query('up')).map(({ metric, value }) => [metric.job, value[1] === '1']));
    assert.deepEqual(found, expected);
    return true;
  });
}

async function startBoth(config) {
  const fusebox = await new Fusebox(scope, { config }).start();
  const prometheus = await new Prometheus(scope).start(config);
  return { fusebox, prometheus };
}

const write = (name, text) => {
  const file = path.join(scope.dir, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
};

const checkConfig = (file) => spawnSync(binary, ['check', 'config', '--config', file], { encoding: 'utf8' });

scope.test('credentials: right, wrong, none, and a token that is rotated', async () => {
  let token = 'first-token';
  const [user, bearer, rotated] = [await guarded(basic('fred', 'pass:wörd')), await guarded('Bearer s3cret'), await guarded(() => `Bearer ${token}`)];
  const custom = await guarded('Key s3cret');
  const password = write('password', 'pass:wörd\n');
  const tokenFile = write('token', `${token}\n`);
  const config = head +
    job('basic', user.address, "basic_auth: {username: fred, password: 'pass:wörd'}") +
    job('basic-file', user.address, `basic_auth: {username: fred, password_file: ${password}}`) +
    job('basic-wrong', user.address, 'basic_auth: {username: fred, password: hunter2}') +
    job('basic-none', user.address) +
    job('bearer', bearer.address, 'authorization: {credentials: s3cret}') +
    job('bearer-old', bearer.address, 'bearer_token: s3cret') +
    job('bearer-wrong', bearer.address, 'authorization: {credentials: hunter2}') +
    job('typed', custom.address, 'authorization: {type: Key, credentials: s3cret}') +
    job('rotated', rotated.address, `authorization: {credentials_file: ${tokenFile}}`) +
    job('rotated-old', rotated.address, `bearer_token_file: ${tokenFile}`) +
    job('no-file', rotated.address, `authorization: {credentials_file: ${tokenFile}-not-there}`);
  const { fusebox, prometheus } = await startBoth(config);
  const expected = { basic: true, 'basic-file': true, 'basic-wrong': false, 'basic-none': false, bearer: true, 'bearer-old': true,
    'bearer-wrong': false, typed: true, rotated: true, 'rotated-old': true, 'no-file': false };
  await bothSay(fusebox, prometheus, expected);
  const found = await byJob(fusebox);
  assert.equal(found['basic-wrong'].error, 'HTTP status 401: the target does not accept the credentials');
  assert.equal(found['basic-none'].error, 'HTTP status 401: the target asks for credentials (basic_auth, authorization)');
  assert.match(found['no-file'].error, /^credentials_file: .*-not-there: there is no such file$/);

  token = 'second-token';
  await bothSay(fusebox, prometheus, { ...expected, rotated: false, 'rotated-old': false });
  write('token', `${token}\n`);
  await bothSay(fusebox, prometheus, expected);

  const told = fusebox.process.output + (await fusebox.text('/api/v1/retry-monitoring/status')) + (await fusebox.text('/metrics'));
  for (const secret of ['hunter2', 's3cret', 'first-token', 'second-token', 'pass:wörd'])
    assert.ok(!told.includes(secret), `${secret} is told`);
});

scope.test('TLS: a client certificate, an untrusted one, another name, an old version', async () => {
  const [ca, other] = [new Authority(scope), new Authority(scope, 'other')];
  const own = ca.issue('target'), named = ca.issue('named', 'DNS:shop.internal'), client = ca.issue('client'), stranger = other.issue('stranger');
  const plain = await secure(own);
  const strict = await secure(own, { ca: fs.readFileSync(ca.file), requestCert: true, rejectUnauthorized: true });
  const renamed = await secure(named);
  const old = await secure(own, { maxVersion: 'TLSv1.2' });
  const https = (name, target, tls) => job(name, target.address, 'scheme: https', `tls_config: {${tls}}`);
  const trust = `ca_file: ${ca.file}`, me = `cert_file: ${client.cert}, key_file: ${client.key}`;
  const config = head +
    https('trusted', plain, trust) +
    https('untrusted', plain, '') +
    https('other-ca', plain, `ca_file: ${other.file}`) +
    https('skipped', plain, 'insecure_skip_verify: true') +
    https('client', strict, `${trust}, ${me}`) +
    https('no-client', strict, trust) +
    https('stranger', strict, `${trust}, cert_file: ${stranger.cert}, key_file: ${stranger.key}`) +
    https('named', renamed, `${trust}, server_name: shop.internal`) +
    https('unnamed', renamed, trust) +
    https('old', old, `${trust}, min_version: TLS12`) +
    https('too-old', old, `${trust}, min_version: TLS13`) +
    https('no-ca', plain, `ca_file: ${ca.file}-not-there`);
  // Prometheus refuses to build a job whose ca_file is missing; Fusebox scrapes it and says why it is down.
  const { fusebox, prometheus } = await startBoth(config.replace(/  - job_name: no-ca[^]*$/, ''));
  await bothSay(fusebox, prometheus, { trusted: true, untrusted: false, 'other-ca': false, skipped: true, client: true, 'no-client': false,
    stranger: false, named: true, unnamed: false, old: true, 'too-old': false });
  fusebox.configure(config);
  await fetch(`${fusebox.url}/-/reload`, { method: 'POST' });
  const found = await until('the last job', async () => {
    const jobs = await byJob(fusebox);
    return jobs['no-ca']?.error && jobs;
  });
  const untrusted = (target) => `the certificate of ${target.address} is not trusted: `;
  assert.ok(found.untrusted.error.startsWith(untrusted(plain)), found.untrusted.error);
  assert.ok(found.unnamed.error.startsWith(untrusted(renamed)), found.unnamed.error);
  assert.match(found['no-client'].error, /^no TLS with .*certificate required/);
  assert.match(found['too-old'].error, /^no TLS with .*protocol version/);
  assert.equal(found['no-ca'].error, 'the ca_file cannot be read, or holds no certificate');
  assert.deepEqual([...renamed.hosts], [renamed.address]);
});

scope.test('redirects are followed when the job says so, and credentials stay at home', async () => {
  const seen = [];
  const away = await TextTarget.start(scope, (req, res) => {
    seen.push(req.headers.authorization);
    res.writeHead(200, { 'content-type': 'text/plain' }).end(body);
  });
  const home = await TextTarget.start(scope, (req, res) => {
    if (req.url === '/loop') return res.writeHead(302, { location: '/loop' }).end();
    if (req.url === '/file') return res.writeHead(302, { location: 'file:///etc/hostname' }).end();
    return res.writeHead(302, { location: `http://localhost:${away.port}/m` }).end();
  });
  const secret = 'authorization: {credentials: s3cret}';
  const config = head +
    job('followed', home.address, 'follow_redirects: true', secret) +
    job('not', home.address, 'follow_redirects: false', secret) +
    job('loop', home.address, 'follow_redirects: true', 'metrics_path: /loop') +
    job('file', home.address, 'follow_redirects: true', 'metrics_path: /file');
  const { fusebox, prometheus } = await startBoth(config);
  await prometheus.process.stop(); // it sends its credentials on; ours are looked at
  await until('followed', async () => (await byJob(fusebox)).followed.up);
  seen.length = 0;
  await fusebox.settle(2);
  const found = await byJob(fusebox);
  assert.ok(seen.length > 0);
  assert.ok(seen.every((header) => header === undefined), String(seen));
  assert.deepEqual(Object.values(found).map((t) => t.up), [true, false, false, false]);
  assert.equal(found.not.error, 'HTTP status 302: a redirect (follow_redirects is false)');
  assert.equal(found.loop.error, 'more than 10 redirects');
});

scope.test('a proxy is called instead of the target', async () => {
  const urls = [];
  const proxy = await TextTarget.start(scope, (req, res) => {
    urls.push([req.url, req.headers['proxy-authorization']]);
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(body);
  });
  const config = head + job('far', 'far.invalid:9100', `proxy_url: http://me:hunter2@${proxy.address}`);
  const { fusebox, prometheus } = await startBoth(config);
  await bothSay(fusebox, prometheus, { far: true });
  for (const [url, header] of urls) assert.deepEqual([url, header], ['http://far.invalid:9100/metrics', basic('me', 'hunter2')]);
  await proxy.stop();
  await until('down', async () => (await byJob(fusebox)).far.error);
  assert.ok(!(fusebox.process.output + (await fusebox.text('/api/v1/retry-monitoring/status'))).includes('hunter2'));
});

scope.test('limits on labels and targets fail the scrape, or the job', async () => {
  const target = await TextTarget.start(scope, 'm{a="1",bcd="22",e="12345678901234567890123456789012"} 1\n');
  const two = (name, ...keys) => job(name, target.address, ...keys).replace(`'${target.address}'`, `'${target.address}', 'localhost:${target.port}'`);
  const config = head +
    job('labels', target.address, 'label_limit: 6') +       // the name, job, instance and three
    job('labels-over', target.address, 'label_limit: 5') +
    job('names', target.address, 'label_name_length_limit: 8') +
    job('names-over', target.address, 'label_name_length_limit: 7') +
    job('values', target.address, 'label_value_length_limit: 32') +
    job('values-over', target.address, 'label_value_length_limit: 31') +
    two('targets', 'target_limit: 2') +
    two('targets-over', 'target_limit: 1');
  const { fusebox, prometheus } = await startBoth(config);
  await bothSay(fusebox, prometheus, { labels: true, 'labels-over': false, names: true, 'names-over': false, values: true, 'values-over': false,
    targets: true, 'targets-over': false });
  const found = await byJob(fusebox);
  assert.equal(found['labels-over'].error, 'line 1: m has 6 labels, the label_limit is 5');
  assert.equal(found['targets-over'].error, 'the job has 2 targets, its target_limit is 1');
});

scope.test('files of targets: changed, found by the pattern, broken, removed', async () => {
  const targets = await Promise.all(['a', 'b', 'c'].map(() => TextTarget.start(scope, body)));
  const [a, b, c] = targets.map((t) => t.address);
  const group = (...addresses) => JSON.stringify([{ targets: addresses, labels: { zone: 'z1', __meta_x: 'y' } }]);
  write('sd/one.json', group(a));
  const config = `${head}  - {job_name: files, file_sd_configs: [{files: ['${scope.dir}/sd/*.json', '${scope.dir}/sd/more.yml']}]}\n`;
  const { fusebox, prometheus } = await startBoth(config);
  const bothHave = async (...addresses) => {
    const expected = addresses.sort();
    await until('fusebox has them', async () => {
      const found = (await fusebox.targets()).filter((t) => t.up);
      assert.deepEqual(found.map((t) => new URL(t.url).host).sort(), expected);
      return true;
    });
    await until('prometheus has them', async () => {
      assert.deepEqual((await prometheus.query('up{zone="z1"} == 1')).map(({ metric }) => metric.instance).sort(), expected);
      return true;
    });
  };
  await bothHave(a);
  write('sd/one.json', group(a, b));
  await bothHave(a, b);
  write('sd/more.yml', `- targets: ['${c}']\n  labels: {zone: z1}\n`);
  await bothHave(a, b, c);
  write('sd/one.json', '[{"targets": ["127.0.0.1:1"],\n "label": {}}]');
  await until('told', async () => (await fusebox.metric('fusebox_target_file_errors_total')) === 1);
  await bothHave(a, b, c);
  const lines = fusebox.process.output.split('\n').filter((line) => line.includes('one.json'));
  assert.equal(lines.length, 1, lines.join('\n'));
  assert.match(lines[0], /one\.json.*line=2.*unknown key/);
  const checked = checkConfig(fusebox.configFile);
  assert.equal(checked.status, 2);
  assert.match(checked.stderr, /one\.json:2:2: unknown key "label"/);
  write('sd/one.json', group(b));
  await bothHave(b, c);
  fs.unlinkSync(path.join(scope.dir, 'sd/more.yml'));
  await bothHave(b);
  assert.equal(checkConfig(fusebox.configFile).status, 0);
  assert.match(checkConfig(fusebox.configFile).stderr, /no file of targets is named .*more\.yml/);
});

scope.test('check config looks at the files that are named', () => {
  const file = write('check.yml', `${head}  - job_name: one
    scheme: https
    basic_auth: {username: u, password_file: nowhere/password}
    tls_config: {ca_file: nowhere/ca.pem}
    static_configs: [{targets: ['127.0.0.1:1']}]
`);
  const { status, stderr } = checkConfig(file);
  assert.equal(status, 2);
  assert.match(stderr, new RegExp(`check.yml:3:5: password_file ${scope.dir}/nowhere/password: there is no such file`));
  assert.match(stderr, new RegExp(`check.yml:3:5: ca_file ${scope.dir}/nowhere/ca.pem: there is no such file`));
});
