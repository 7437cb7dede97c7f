// The query page before the real daemon.
//
//   FUSEBOX=build/fusebox node --test test/e2e/query-live.test.mjs        SHOTS=DIR: where the pictures go
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TextTarget } from '../peers/support/backend.mjs';
import { Fusebox, scrapeConfig } from '../peers/support/fusebox.mjs';
import { Scope, until } from '../peers/support/scope.mjs';
import { eventually, openBrowser, openPage } from './support/browser.mjs';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '../..');
const shots = process.env.SHOTS ?? path.join(root, 'build/shots');
const scope = new Scope('query-live');

scope.test('a name is completed, its table and graph are seen, an error at its place, and the link shows the same again', async () => {
  fs.mkdirSync(shots, { recursive: true });
  const lines = ['a', 'b', 'c'].flatMap((shop) => ['200', '503'].map((code) => `shop_requests_total{shop="${shop}",code="${code}"} ${shop.charCodeAt(0) * Number(code)}`));
  const target = await TextTarget.start(scope, `# HELP shop_requests_total Requests, <b>all</b> of them\n# TYPE shop_requests_total counter\n${lines.join('\n')}\n`);
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ shop: [target.address] }) }).start();
  await until('series of the target', async () => (await fusebox.json('/api/v1/query?query=shop_requests_total')).data.result.length === 6);
  const browser = await openBrowser();
  scope.add({ stop: () => browser.close() });
  const view = await openPage(browser, { allowed: [/status of 400/] });
  const { page } = view;
  const chunks = [];
  page.on('response', async (response) => response.url().includes('lazy-query-editor-') && chunks.push(await response.allHeaders()));
  await page.goto(`${fusebox.url}/ui/`);
  await page.locator('nav a', { hasText: 'Query' }).click();
  await page.locator('.cm-content').click();
  await page.keyboard.type('shop_');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: 'shop_requests_total' }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.type('{code="');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: '503' }).waitFor();
  await page.keyboard.type('503');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  await page.locator('h1', { hasText: '3 series now' }).waitFor();
  assert.deepEqual(await page.locator('.query-table tbody tr').allInnerTexts(), ['a', 'b', 'c'].map((shop) => `{shop="${shop}"}\t${shop.charCodeAt(0) * 503}`));
  assert.match(await page.locator('.query-table header').innerText(), /^all are shop_requests_total\{.*code="503".*\}$/);

  await page.getByRole('button', { name: 'Graph' }).click();
  await page.locator('h1', { hasText: '3 series over 15' }).waitFor();
  await page.locator('.plot canvas').waitFor();
  await eventually('every line has its value', async () => (await page.locator('.query-legend b').allTextContents()).join() === '48,791,49,294,49,797' || page.locator('.query-legend b').allTextContents());
  await page.screenshot({ path: path.join(shots, 'query-live-light-1440.png'), fullPage: true });
  await page.keyboard.press('Tab');
  await page.locator('.plot').focus();
  await page.keyboard.press('[');
  await page.getByText('the past, as it stood until').waitFor();
  await page.getByRole('button', { name: 'One step back' }).click();

  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type(' + fooo(up)');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  await page.locator('h1', { hasText: 'Not understood at character 35' }).waitFor();
  assert.equal(await page.locator('.cm-wrong').textContent(), 'fooo');
  assert.match(await page.locator('.refused').innerText(), /unknown function with name "fooo"/);

  const end = new Date(Math.floor(Date.now() / 1000) * 1000).toISOString().replace('.000', '');
  await page.goto(`${fusebox.url}/ui/query?expr=${encodeURIComponent('sum by (code) (rate(shop_requests_total[1m]))')}&view=graph&range=15m&end=${end}`);
  await page.locator('h1', { hasText: '2 series over 15' }).waitFor();
  const seen = async (of) => [await of.locator('.query-legend li').allInnerTexts(), await of.locator('.chart h2').textContent()];
  await page.locator('.query-legend li').first().waitFor();
  const first = await seen(page);
  const copy = await openPage(browser, {});
  await copy.page.goto(page.url());
  await copy.page.locator('.query-legend li').first().waitFor();
  assert.deepEqual(await seen(copy.page), first);
  await copy.check(fusebox);
  await copy.close();

  await page.goto(`${fusebox.url}/ui/query?expr=${encodeURIComponent('shop_requests_total{code="999"} + shop_reqests_total')}`);
  await page.locator('.empty li').nth(1).waitFor();
  const why = await page.locator('.empty li').allInnerTexts();
  assert.match(why[0], /shop_requests_total\{code="999"\} has none, but shop_requests_total has/);
  assert.match(why[1], /shop_reqests_total has no series in this time/);
  await page.goto(`${fusebox.url}/ui/query?expr=${encodeURIComponent('sum(  up  )  ')}`);
  await page.locator('h1', { hasText: '1 series now' }).waitFor();
  await page.getByRole('button', { name: 'Format' }).click();
  await eventually('laid out', async () => (await page.locator('.cm-line').first().textContent()) === 'sum(up)');

  assert.ok(chunks.length > 0);
  for (const headers of chunks) {
    assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.equal(headers['content-encoding'], 'gzip');
    assert.match(headers['content-security-policy'], /script-src 'self'; style-src 'self'/);
  }
  const licences = await fetch(`${fusebox.url}/ui/licences.txt`);
  assert.equal(licences.headers.get('content-type'), 'text/plain; charset=utf-8');
  const text = await licences.text();
  for (const name of ['@codemirror/view', '@lezer/lr', '@prometheus-io/codemirror-promql', 'preact', 'uplot']) assert.match(text, new RegExp(`${name} \\d+\\.\\d+`), name);
  await view.check(fusebox);
});
