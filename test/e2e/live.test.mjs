// The page before the real daemon, with real HAProxy and nginx behind it.
//
//   FUSEBOX=build/fusebox node --test test/e2e/live.test.mjs        SHOTS=DIR: where the pictures go
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TextTarget } from '../peers/support/backend.mjs';
import { Fusebox, binary, scrapeConfig } from '../peers/support/fusebox.mjs';
import { Process, Scope, until } from '../peers/support/scope.mjs';
import { eventually, openBrowser, openPage } from './support/browser.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const shots = process.env.SHOTS ?? path.join(root, 'build/shots');
const scope = new Scope('live');
const SERVICES = ['catalog', 'orders', 'payments'];
const ALL = 'catalog,fusebox,orders,payments'; // Fusebox watches itself, too
const MARKUP = '<img src=x onerror=alert(1)>';
const NETWORK_LOST = /net::ERR_|503/;

const names = (page) => page.locator('.row.wide a').allTextContents();
const rowText = (page, name) => page.locator('.row.wide', { has: page.locator(`a[href="/ui/services/${name}"]`) }).innerText();

// HAProxy, nginx and traffic; resolves with the exporter's address.
async function startScene() {
  const scene = new Process(scope, binary, ['demo', '--only-scene', '--rate', '60', '--data', path.join(scope.dir, 'scene')], { name: 'scene' });
  const [, address] = await until('the scene', () => scene.output.match(/Scrape http:\/\/([^/\s]+)/));
  return address;
}

// One browser for a test, and pages that are closed with it.
async function startBrowser() {
  const browser = await openBrowser();
  scope.add({ stop: () => browser.close() });
  return browser;
}

async function visit(browser, fusebox, where, options) {
  const view = await openPage(browser, options);
  await view.page.goto(fusebox.url + where);
  await view.page.locator('h1').first().waitFor();
  return view;
}

scope.test('three real services live, in both colours and both widths, and through a restart', async () => {
  fs.mkdirSync(shots, { recursive: true });
  const address = await startScene();
  const fusebox = new Fusebox(scope, { config: scrapeConfig({ haproxy: [address] }, { interval: '1s' }) });
  await fusebox.start();
  const restartable = `127.0.0.1:${fusebox.port}`;
  const browser = await startBrowser();
  const view = await visit(browser, fusebox, '/ui/', { allowed: [NETWORK_LOST] });
  const { page } = view;
  const shown = async () => (await names(page)).sort().join();
  await eventually('all services are there', async () => (await shown()) === ALL || (await shown()));
  const first = await Promise.all(SERVICES.map((name) => rowText(page, name)));
  await eventually('the figures of every service move', async () => {
    const now = await Promise.all(SERVICES.map((name) => rowText(page, name)));
    return now.every((text, i) => text !== first[i]);
  });

  for (const scheme of ['light', 'dark'])
    for (const [width, height] of [[1440, 900], [390, 844]]) {
      for (const [where, name] of [['/ui/', 'overview'], ['/ui/services/payments', 'service']]) {
        const other = await visit(browser, fusebox, where, { scheme, width, height });
        await other.page.getByText('payments').first().waitFor();
        await other.page.waitForTimeout(300);
        const wider = await other.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wider, 0, `${where} at ${width} is wider than its window`);
        await other.page.screenshot({ path: path.join(shots, `live-${name}-${scheme}-${width}.png`) });
        await other.check({ url: fusebox.url });
        await other.close();
      }
    }

  await fusebox.stop();
  await page.locator('#lost').waitFor();
  assert.match(await page.locator('#lost').innerText(), /Not connected/);
  assert.equal(await shown(), ALL, 'the last figures stay while it is away');
  fusebox.listen = restartable;
  await fusebox.start();
  await page.locator('#lost').waitFor({ state: 'detached' });
  const back = await rowText(page, 'orders');
  await eventually('figures move again', async () => (await rowText(page, 'orders')) !== back);
  assert.equal(await shown(), ALL, 'each service has one row after the restart');
  await view.check({ url: fusebox.url });
  await view.close();
});

scope.test('markup in a label is text on every page', async () => {
  let calls = 0;
  const target = await TextTarget.start(scope, (req, res) => {
    calls += 30;
    const of = `proxy="${MARKUP}"`;
    res.end(`haproxy_backend_http_requests_total{${of}} ${calls}
haproxy_server_status{${of},server="<b onclick=alert(2)>s</b>",state="UP"} 1\n`);
  });
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ hostile: [target.address] }) }).start();
  const browser = await startBrowser();
  await until('the service', async () => (await fusebox.row(MARKUP))?.calls_total > 0);
  for (const where of ['/ui/', `/ui/services/${encodeURIComponent(MARKUP)}`]) {
    const view = await visit(browser, fusebox, where);
    let dialogs = 0;
    view.page.on('dialog', (dialog) => {
      dialogs++;
      dialog.dismiss();
    });
    await view.page.getByText(MARKUP).first().waitFor();
    await view.page.waitForTimeout(500);
    assert.equal(await view.page.locator('img, b[onclick]').count(), 0);
    assert.equal(dialogs, 0);
    await view.check({ url: fusebox.url });
    await view.close();
  }
});

scope.test('behind a password the page and its stream are there for who has it, and for nobody else', async () => {
  const password = path.join(scope.dir, 'password');
  fs.writeFileSync(password, 'correct horse\n');
  const config = `http:\n  require_auth: true\n  basic_user: ops\n  basic_password_file: ${password}\n`;
  const fusebox = await new Fusebox(scope, { config }).start();
  const browser = await startBrowser();
  const stranger = await openPage(browser);
  assert.equal((await stranger.page.request.get(`${fusebox.url}/ui/`)).status(), 401);
  await stranger.close();
  const view = await openPage(browser, { credentials: { username: 'ops', password: 'correct horse' }, allowed: [/401/] });
  await view.page.goto(`${fusebox.url}/ui/`);
  await view.page.locator('.row.wide a', { hasText: 'fusebox' }).waitFor();
  await view.page.locator('.live.c-ok').waitFor();
  const before = await rowText(view.page, 'fusebox');
  await eventually('the stream moves the figures', async () => (await rowText(view.page, 'fusebox')) !== before);
  fs.mkdirSync(shots, { recursive: true });
  await view.page.screenshot({ path: path.join(shots, 'live-behind-a-password.png') });
  await view.check(fusebox);
  await view.close();
});

scope.test('a service that fails for a quarter of its calls says so on the overview, on its page and on the map', async () => {
  let calls = 0;
  const of = (proxy, part) => `haproxy_backend_http_requests_total{proxy="${proxy}"} ${calls}
haproxy_backend_http_responses_total{proxy="${proxy}",code="5xx"} ${calls * part}
haproxy_server_status{proxy="${proxy}",server="${proxy}-1",state="UP"} 1\n`;
  const target = await TextTarget.start(scope, (req, res) => {
    calls += 80;
    res.end(of('shop', 0.5) + of('stock', 0.25));
  });
  const config = scrapeConfig({ haproxy: [target.address] }, { more: 'services: [{name: shop, dependencies: [stock]}, {name: stock}]\n' });
  const fusebox = await new Fusebox(scope, { config }).start();
  await until('the verdicts', async () => (await fusebox.row('shop'))?.caused_by === 'stock');
  const browser = await startBrowser();
  const view = await visit(browser, fusebox, '/ui/');
  const { page } = view;
  await page.locator('.needs .victims a', { hasText: 'shop' }).waitFor();
  assert.deepEqual((await names(page)).slice(0, 2), ['stock', 'shop'], 'the cause stands first, although it fails less');
  assert.match(await page.locator('h1').innerText(), /^stock fails for 1 in 4 calls; 1 service feels it/);
  assert.match(await rowText(page, 'stock'), /75\.0/);
  await page.goto(`${fusebox.url}/ui/services/stock`);
  await eventually('the same on its page', async () => /75\.0/.test(await page.locator('main').innerText()));
  await page.goto(`${fusebox.url}/ui/services/shop`);
  await eventually('its victim names it', async () => /because stock fails/.test(await page.locator('h1').innerText()));
  await page.goto(`${fusebox.url}/ui/map`);
  await eventually('the same on the map', async () => /75\.0/.test(await page.locator('tr', { hasText: 'stock' }).first().innerText()));
  await view.check(fusebox);
  await view.close();
});
