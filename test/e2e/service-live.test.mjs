// The service page before the real daemon, with real HAProxy and nginx behind it.
//
//   FUSEBOX=build/fusebox node --test test/e2e/service-live.test.mjs        SHOTS=DIR: where the pictures go
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Fusebox, binary, scrapeConfig } from '../peers/support/fusebox.mjs';
import { Process, Scope, until } from '../peers/support/scope.mjs';
import { eventually, openBrowser, openPage } from './support/browser.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const shots = process.env.SHOTS ?? path.join(root, 'build/shots');
const scope = new Scope('service-live');
const API = '/api/v1/retry-monitoring';

const send = (fusebox, method, where, body) => fetch(fusebox.url + where, { method, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });

scope.test('the charts of a real service: live, zoomed, as a table and as a file; its events and its definition', async () => {
  fs.mkdirSync(shots, { recursive: true });
  const scene = new Process(scope, binary, ['demo', '--only-scene', '--rate', '60', '--data', path.join(scope.dir, 'scene')], { name: 'scene' });
  const [, address] = await until('the scene', () => scene.output.match(/Scrape http:\/\/([^/\s]+)/));
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ haproxy: [address] }, { interval: '1s' }) }).start();
  await until('the service', async () => (await fusebox.row('payments'))?.calls_per_s > 0);
  const defined = await send(fusebox, 'PUT', `${API}/services/payments`, { maxRetriesPerMinute: 600, sloTargets: { availability: 99.9 }, dependencies: ['ledger'], team: 'money' });
  assert.equal(defined.status, 201);
  const told = await send(fusebox, 'POST', '/api/v1/events', { event_type: 'error', service: 'payments', error_type: 'Timeout', message: 'pool <b>is</b> empty' });
  assert.equal(told.status, 200);

  const browser = await openBrowser();
  scope.add({ stop: () => browser.close() });
  const view = await openPage(browser, { height: 1600 });
  const { page } = view;
  await page.goto(`${fusebox.url}/ui/services/payments`);
  await page.locator('.plot canvas').nth(1).waitFor();
  const at = () => page.locator('.chart .at').first().textContent();
  const first = await at();
  await eventually('the charts move on', async () => (await at()) !== first);
  assert.equal(new Set(await page.locator('.chart .at').allTextContents()).size, 1);
  await page.locator('.neighbours', { hasText: 'ledger' }).waitFor();
  await page.locator('.events', { hasText: 'pool <b>is</b> empty' }).waitFor();
  await page.locator('.definition summary').click();
  assert.match(await page.locator('.definition').innerText(), /Defined by\s+the API[^]*"max_retries_per_minute": 600/);
  assert.match(await page.locator('.callers').innerText(), /99\.9\u202f% · (met|missed)/);
  await page.screenshot({ path: path.join(shots, 'service-live-light-1440.png'), fullPage: true });

  const end = Math.floor(Date.now() / 1000) * 1000 - 2000;
  await page.goto(`${fusebox.url}/ui/services/payments?range=1m&end=${end}`);
  await page.locator('.charts-head', { hasText: 'these charts stand still' }).waitFor();
  const chart = page.locator('.chart').nth(1);
  await chart.locator('summary').click();
  let rows, lines;
  await eventually('a row of the table for each line of the file', async () => {
    rows = await chart.locator('tbody tr').allInnerTexts();
    lines = (await (await fetch(fusebox.url + (await chart.locator('a[download]').getAttribute('href')))).text()).trim().split(/\r?\n/);
    return rows.length > 0 && rows.length === lines.length - 1;
  });
  const newest = new Date(lines[lines.length - 1].split(',')[0]).toISOString().slice(11, 19);
  assert.ok(rows[0].startsWith(newest), `${rows[0]} is not of ${newest}`);

  await page.goto(`${fusebox.url}/ui/services/payments?range=24h`);
  await page.locator('.charts-head', { hasText: 'Last 24' }).waitFor();
  await view.check({ url: fusebox.url });
  await view.close();
});
