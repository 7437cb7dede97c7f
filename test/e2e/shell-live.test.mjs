// One stream for all tabs, and what a page asks for, before the real daemon.
//
//   FUSEBOX=build/fusebox node --test test/e2e/shell-live.test.mjs
import assert from 'node:assert/strict';
import { TextTarget } from '../peers/support/backend.mjs';
import { Fusebox, scrapeConfig } from '../peers/support/fusebox.mjs';
import { Scope, until } from '../peers/support/scope.mjs';
import { eventually, openBrowser, openPage } from './support/browser.mjs';

const scope = new Scope('shell-live');
const NAMES = ['catalog', 'orders', 'payments', "o'brien (eu)"];
const NETWORK_LOST = /net::ERR_|503/;
const TOLD_WITHIN_MS = 4000;

async function watching() {
  let calls = 0;
  const target = await TextTarget.start(scope, (req, res) => {
    calls += 50;
    const lines = ['# TYPE haproxy_backend_http_requests_total counter', ...NAMES.map((name) => `haproxy_backend_http_requests_total{proxy="${name}"} ${calls}`),
      '# TYPE haproxy_server_status gauge', ...NAMES.map((name) => `haproxy_server_status{proxy="${name}",server="one",state="UP"} 1`)];
    res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(`${lines.join('\n')}\n`);
  });
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ haproxy: [target.address] }) }).start();
  await until('the services', async () => (await fusebox.overview()).services.filter((row) => row.source === 'haproxy' && row.calls_per_s > 10).length === NAMES.length);
  return fusebox;
}

async function startBrowser() {
  const browser = await openBrowser();
  scope.add({ stop: () => browser.close() });
  return browser;
}

const servicePath = (name) => `/ui/services/${encodeURIComponent(name)}`;
const isLive = (view) => view.page.locator('.live.c-ok').waitFor();

scope.test('eight tabs have one stream, hear of a loss within 4 s, and all come back', async () => {
  const fusebox = await watching();
  const browser = await startBrowser();
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const paths = ['/ui/', '/ui/map', ...NAMES.map(servicePath), '/ui/', '/ui/map'];
  const views = [];
  for (const path of paths) {
    const view = await openPage(browser, { context, allowed: [NETWORK_LOST] });
    views.push(view);
    await view.page.goto(fusebox.url + path);
    await isLive(view);
  }
  assert.equal(views.length, 8);
  await until('one stream for all', async () => (await fusebox.metric('fusebox_http_streams')) === 1);

  const restartable = `127.0.0.1:${fusebox.port}`;
  const bars = views.map((view) => view.page.locator('#lost'));
  const killed = Date.now();
  await fusebox.stop('SIGKILL');
  await Promise.all(bars.map((bar) => bar.waitFor({ timeout: TOLD_WITHIN_MS })));
  console.log(`eight tabs said so ${Date.now() - killed} ms after the kill`);
  assert.ok(Date.now() - killed < TOLD_WITHIN_MS, `${Date.now() - killed} ms`);

  fusebox.listen = restartable;
  await fusebox.start();
  const began = Date.now();
  await Promise.all(bars.map((bar) => bar.waitFor({ state: 'detached' })));
  await Promise.all(views.map(isLive));
  console.log(`all were back ${Date.now() - began} ms after the start`);
  for (const i of [0, 6])
    await eventually('each service has one row', async () => {
      const names = (await views[i].page.locator('.row.wide a').allTextContents()).filter((name) => name !== 'fusebox').sort();
      return JSON.stringify(names) === JSON.stringify([...NAMES].sort()) || names;
    });
  await until('one stream again', async () => (await fusebox.metric('fusebox_http_streams')) === 1);
  for (const view of views) await view.check({ url: fusebox.url });
  await context.close();
  await until('no stream is left', async () => (await fusebox.metric('fusebox_http_streams')) === 0);
});

scope.test('four requests to the first figures, and every one is used', async () => {
  const fusebox = await watching();
  const browser = await startBrowser();
  for (const [path, figures] of [['/ui/', '.row.wide'], [servicePath(NAMES[3]), '.huge'], ['/ui/map', 'h1']]) {
    const view = await openPage(browser);
    await view.page.goto(fusebox.url + path);
    await view.page.locator(figures).first().waitFor();
    await isLive(view);
    const kinds = view.requests.slice(0, 4).map((url) => new URL(url).pathname.replace(/-[A-Z0-9]{8}\./, '.'));
    assert.deepEqual(kinds.slice(0, 1), [new URL(fusebox.url + path).pathname]);
    assert.deepEqual(kinds.slice(1).map((one) => one.replace(/\/dashboard\/.*/, '/dashboard')).sort(), ['/api/v1/retry-monitoring/dashboard', '/ui/assets/app.js', '/ui/assets/page.css']);
    const documents = view.requests.filter((url) => /\/dashboard\/[^?]*$/.test(url));
    assert.equal(documents.length, 1, `the document came once: ${documents}`);
    await view.page.waitForTimeout(4000); // a browser complains of what was preloaded for nothing
    await view.check({ url: fusebox.url });
    await view.close();
  }
});

scope.test('without a SharedWorker a page holds its own stream, and lets it go when it closes', async () => {
  const fusebox = await watching();
  const browser = await startBrowser();
  const views = [await openPage(browser, { worker: false }), await openPage(browser, { worker: false })];
  for (const view of views) {
    await view.page.goto(`${fusebox.url}/ui/`);
    await isLive(view);
  }
  await until('a stream for each', async () => (await fusebox.metric('fusebox_http_streams')) === 2);
  await views[0].page.locator('.row.wide a', { hasText: 'orders' }).click();
  await views[0].page.locator('.huge').first().waitFor();
  await isLive(views[0]);
  await until('still one each', async () => (await fusebox.metric('fusebox_http_streams')) === 2);
  for (const view of views) {
    await view.check({ url: fusebox.url });
    await view.close();
  }
  await until('no stream is left', async () => (await fusebox.metric('fusebox_http_streams')) === 0);
});
