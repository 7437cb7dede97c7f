// The storage page before the real daemon.
//
//   FUSEBOX=build/fusebox node --test test/e2e/storage-live.test.mjs        SHOTS=DIR: where the pictures go
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
const scope = new Scope('storage-live');

scope.test('a real store is shown, sealed by the button, and its block stands there', async () => {
  fs.mkdirSync(shots, { recursive: true });
  const lines = Array.from({ length: 200 }, (_, i) => `shop_requests_total{path="/p${i}",code="${i % 3 ? 200 : 503}"} ${i}`);
  const target = await TextTarget.start(scope, `# TYPE shop_requests_total counter\n${lines.join('\n')}\n`);
  const fusebox = await new Fusebox(scope, { config: scrapeConfig({ shop: [target.address] }) }).start();
  await until('series of the target', async () => (await fusebox.json('/api/v1/storage')).head.series > 200);
  const browser = await openBrowser();
  scope.add({ stop: () => browser.close() });
  const view = await openPage(browser);
  const { page } = view;
  await page.goto(`${fusebox.url}/ui/storage`);
  await page.locator('.block-words', { hasText: 'Nothing is sealed yet' }).waitFor();
  await page.locator('.share', { hasText: 'shop_requests_total' }).first().waitFor();
  await page.locator('button', { hasText: 'Seal now' }).click();
  await page.locator('.seal-words', { hasText: /samples sealed into 1 block/ }).waitFor();
  await page.locator('#blocks-title', { hasText: '1 block' }).waitFor();
  await page.locator('summary', { hasText: 'As numbers' }).click();
  await eventually('the block is in the table', async () => (await page.locator('.numbers tbody tr').count()) === 1);
  assert.match(await page.locator('h1').textContent(), /series in .*; nothing is damaged$/);
  await page.screenshot({ path: path.join(shots, 'storage-live.png'), fullPage: true });
  await view.check(fusebox);
});
