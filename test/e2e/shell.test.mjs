// The frame of the pages, and the one stream behind them, in a real browser before a server that plays every state.
//
//   SHOTS=DIR  where the pictures go (default build/shots)
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from '../../ui/build.mjs';
import { eventually, openBrowser, openPage } from './support/browser.mjs';
import { MockServer } from './support/mock-server.mjs';
import { row } from './support/scenes.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const shots = process.env.SHOTS ?? join(root, 'build/shots');
const NETWORK_LOST = /net::ERR_/;

let built, files, browser, server, view;

before(async () => {
  mkdirSync(shots, { recursive: true });
  built = mkdtempSync(join(tmpdir(), 'fusebox-ui-'));
  files = await build(built);
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  rmSync(built, { recursive: true, force: true });
});
beforeEach(async () => {
  server = new MockServer(files);
  await server.start();
});
afterEach(async () => {
  await view?.close();
  view = null;
  await server.stop();
});

async function show(path = '/ui/', { scene = 'healthy', live = true, ...options } = {}) {
  server.scene = scene;
  view = await openPage(browser, options);
  await view.page.goto(server.url + path);
  await view.page.locator('h1').first().waitFor();
  if (live) await view.page.locator('.live.c-ok').waitFor(); // what is pushed before, nobody hears
  return view.page;
}

const names = (page) => page.locator('.row.wide a').allTextContents();
const rowOf = (page, name) => page.locator('.row.wide', { has: page.locator(`a[href="/ui/services/${name}"]`) });

test('a frame that was missed makes the page fetch the whole view', async () => {
  const page = await show();
  const fetched = () => server.requests.filter((path) => path.endsWith('/dashboard/overview')).length;
  const before = fetched();
  server.seq += 3;
  server.push({ services: [] });
  await eventually('the fetch', () => fetched() === before + 1);
  server.push({ services: [row('orders', server.nowMs, { calls: 77.7 })] });
  await rowOf(page, 'orders').getByText('77.7').waitFor();
  assert.equal(fetched(), before + 1, 'the next frame follows on');
});

test('a lost server is told within 4 s, and a new one taken up by itself', async () => {
  const page = await show('/ui/', { scene: 'trouble', allowed: [NETWORK_LOST] });
  const rows = await names(page);
  await server.stop();
  const bar = page.locator('#lost');
  await bar.waitFor({ timeout: 4000 });
  assert.match(await bar.textContent(), /Not connected for \d+\u202fs\. What you see is from 02:41:07\./);
  assert.match(await page.title(), /^not connected/);
  assert.deepEqual(await names(page), rows, 'the values stay');
  await page.screenshot({ path: join(shots, 'disconnected-light-1440.png'), fullPage: true });

  server.epoch = 'two';
  server.seq = 1;
  server.scene = 'healthy';
  await server.start();
  await bar.waitFor({ state: 'detached', timeout: 10_000 });
  await eventually('the rows of the new server', async () => (await names(page)).length === 4 || names(page));
  assert.equal(new Set(await names(page)).size, 4);
  assert.equal(await page.title(), 'Overview · fusebox');
  await view.check(server);
});

test('silence for 13 s is a loss too', async () => {
  server.scene = 'healthy';
  view = await openPage(browser, { worker: false });
  const { page } = view;
  await page.clock.install();
  await page.goto(server.url + '/ui/');
  await page.locator('.row.wide').first().waitFor();
  await page.clock.runFor(12_500);
  assert.match(await page.title(), /^Overview/);
  const streams = server.requests.filter((path) => path.endsWith('/subscribe')).length;
  await page.clock.runFor(800);
  await eventually('the loss', async () => (await page.title()).startsWith('not connected') || page.title());
  await page.clock.runFor(1_200);
  await eventually('the next try', async () => server.requests.filter((path) => path.endsWith('/subscribe')).length > streams);
  await eventually('the return', async () => (await page.title()) === 'Overview · fusebox' || page.title());
});

test('a hidden page lets its stream go after 30 s, and takes it up when it is looked at', async () => {
  view = await openPage(browser, { worker: false });
  const { page } = view;
  await page.clock.install();
  await page.goto(server.url + '/ui/');
  await page.locator('.row.wide').first().waitFor();
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  for (let s = 0; s < 29; s += 10) {
    server.push({});
    await page.waitForTimeout(50);
    await page.clock.runFor(9_700);
  }
  assert.equal(server.streams.size, 1);
  await page.clock.runFor(1_500);
  await eventually('the stream ends', () => server.streams.size === 0);
  await hide(false);
  await eventually('the stream comes back', () => server.streams.size === 1);
});

test('resync fetches the document again', async () => {
  const page = await show();
  const documents = () => server.requests.filter((path) => path.endsWith('/overview')).length;
  const before = documents();
  server.scene = 'trouble';
  server.seq = 40;
  server.event('resync');
  await eventually('the new rows', async () => (await names(page)).length === 10);
  assert.equal(documents(), before + 1);
});

test('pause holds the picture and counts, and going live catches up', async () => {
  const page = await show();
  await page.keyboard.press('p');
  const bar = page.locator('#paused');
  await bar.waitFor();
  for (let i = 0; i < 3; i++) server.push({ services: [row('orders', server.nowMs, { calls: 500 + i })] });
  await bar.getByText('3 newer updates').waitFor();
  assert.match(await bar.textContent(), /Paused at 02:41:07/);
  assert.equal(await rowOf(page, 'orders').getByText('60.0').count(), 1);
  await page.screenshot({ path: join(shots, 'paused-light-1440.png') });
  server.scene = 'trouble';
  await page.keyboard.press('p');
  await bar.waitFor({ state: 'detached' });
  await eventually('the newest state', async () => (await names(page)).length === 10);
  await view.check(server);
});

test('the theme is chosen, and kept', async () => {
  const page = await show('/ui/', { scheme: 'dark' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByRole('button', { name: 'Theme: auto' }).click();
  assert.equal(await ground(), 'rgb(245, 246, 248)');
  await page.reload();
  await page.locator('h1').waitFor();
  assert.equal(await ground(), 'rgb(245, 246, 248)');
  await page.getByRole('button', { name: 'Theme: light' }).click();
  await page.getByRole('button', { name: 'Theme: dark' }).click();
  assert.equal(await page.evaluate(() => document.documentElement.hasAttribute('data-theme') || localStorage.length > 0), false);
});

test('one stream per page, and none left behind by going on', async () => {
  const page = await show('/ui/', { scene: 'trouble' });
  for (const name of ['orders', 'checkout']) {
    await page.locator(`.row a[href="/ui/services/${name}"]`).click();
    await page.locator('.brk').first().waitFor();
    await page.locator('.crumb a').click();
    await page.locator('.row.wide').first().waitFor();
  }
  await eventually('one stream', () => server.streams.size === 1);
});

