// The frame of the pages, and the one stream behind them, in a real browser before a server that plays every state.
//
//   SHOTS=DIR  where the pictures go (default build/shots)
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAccessible } from './support/axe.mjs';
import { eventually, openPage } from './support/browser.mjs';
import { names, pageStage, rowOf, shots } from './support/page.mjs';
import { row } from './support/scenes.mjs';

const NETWORK_LOST = /net::ERR_/;

const stage = pageStage();

async function show(path = '/ui/', { scene = 'healthy', live = true, ...options } = {}) {
  stage.server.scene = scene;
  stage.view = await openPage(stage.browser, options);
  await stage.view.page.goto(stage.server.url + path);
  await stage.view.page.locator('h1').first().waitFor();
  if (live) await stage.view.page.locator('.live.c-ok').waitFor(); // what is pushed before, nobody hears
  return stage.view.page;
}

test('a frame that was missed makes the page fetch the whole view', async () => {
  const page = await show();
  const fetched = () => stage.server.requests.filter((path) => path.endsWith('/dashboard/overview')).length;
  const before = fetched();
  stage.server.seq += 3;
  stage.server.push({ services: [] });
  await eventually('the fetch', () => fetched() === before + 1);
  stage.server.push({ services: [row('orders', stage.server.nowMs, { calls: 77.7 })] });
  await rowOf(page, 'orders').getByText('77.7').waitFor();
  assert.equal(fetched(), before + 1, 'the next frame follows on');
});

test('a lost server is told within 4 s, and a new one taken up by itself', async () => {
  const page = await show('/ui/', { scene: 'trouble', allowed: [NETWORK_LOST] });
  const rows = await names(page);
  await stage.server.stop();
  const bar = page.locator('#lost');
  await bar.waitFor({ timeout: 4000 });
  assert.match(await bar.textContent(), /Not connected for \d+\u202fs\. What you see is from 02:41:07\./);
  assert.match(await page.title(), /^not connected/);
  assert.deepEqual(await names(page), rows, 'the values stay');
  await page.screenshot({ path: join(shots, 'disconnected-light-1440.png'), fullPage: true });

  stage.server.epoch = 'two';
  stage.server.seq = 1;
  stage.server.scene = 'healthy';
  await stage.server.start();
  await bar.waitFor({ state: 'detached' });
  await eventually('the rows of the new server', async () => (await names(page)).length === 4 || names(page));
  assert.equal(new Set(await names(page)).size, 4);
  assert.equal(await page.title(), 'Overview · fusebox');
  await stage.view.check(stage.server);
});

test('silence for 13 s is a loss too', async () => {
  stage.server.scene = 'healthy';
  stage.view = await openPage(stage.browser, { worker: false });
  const { page } = stage.view;
  await page.clock.install();
  await page.goto(stage.server.url + '/ui/');
  await page.locator('.row.wide').first().waitFor();
  await page.clock.runFor(12_500);
  assert.match(await page.title(), /^Overview/);
  const streams = stage.server.requests.filter((path) => path.endsWith('/subscribe')).length;
  await page.clock.runFor(800);
  await eventually('the loss', async () => (await page.title()).startsWith('not connected') || page.title());
  await page.clock.runFor(1_200);
  await eventually('the next try', async () => stage.server.requests.filter((path) => path.endsWith('/subscribe')).length > streams);
  await eventually('the return', async () => (await page.title()) === 'Overview · fusebox' || page.title());
});

test('a hidden page lets its stream go after 30 s, and takes it up when it is looked at', async () => {
  stage.view = await openPage(stage.browser, { worker: false });
  const { page } = stage.view;
  await page.clock.install();
  await page.goto(stage.server.url + '/ui/');
  await page.locator('.row.wide').first().waitFor();
  const hide = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await hide(true);
  for (let s = 0; s < 29; s += 10) {
    stage.server.push({});
    await page.waitForTimeout(50);
    await page.clock.runFor(9_700);
  }
  assert.equal(stage.server.streams.size, 1);
  await page.clock.runFor(1_500);
  await eventually('the stream ends', () => stage.server.streams.size === 0);
  await hide(false);
  await eventually('the stream comes back', () => stage.server.streams.size === 1);
});

test('resync fetches the document again', async () => {
  const page = await show();
  const documents = () => stage.server.requests.filter((path) => path.endsWith('/overview')).length;
  const before = documents();
  stage.server.scene = 'trouble';
  stage.server.seq = 40;
  stage.server.event('resync');
  await eventually('the new rows', async () => (await names(page)).length === 10);
  assert.equal(documents(), before + 1);
});

test('pause holds the picture and counts, and going live catches up', async () => {
  const page = await show();
  await page.keyboard.press('p');
  const bar = page.locator('#paused');
  await bar.waitFor({ timeout: 4000 });
  for (let i = 0; i < 3; i++) stage.server.push({ services: [row('orders', stage.server.nowMs, { calls: 500 + i })] });
  await bar.getByText('3 newer updates').waitFor();
  assert.match(await bar.textContent(), /Paused at 02:41:07/);
  assert.equal(await rowOf(page, 'orders').getByText('60.0').count(), 1);
  await page.screenshot({ path: join(shots, 'paused-light-1440.png') });
  stage.server.scene = 'trouble';
  await page.keyboard.press('p');
  await bar.waitFor({ state: 'detached' });
  await eventually('the newest state', async () => (await names(page)).length === 10);
  await stage.view.check(stage.server);
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
  await eventually('one stream', () => stage.server.streams.size === 1);
});

const PAGES = ['/ui/', '/ui/services/orders', '/ui/map', '/ui/storage', '/ui/nowhere'];
for (const scheme of ['light', 'dark'])
  for (const [width, height] of [[1440, 900], [390, 844]])
    test(`the frame fits every page, and nothing serious is wrong for axe: ${scheme}, ${width} px`, async () => {
      for (const path of PAGES) {
        const page = await show(path, { scene: 'trouble', live: !/storage|nowhere/.test(path), scheme, width, height });
        await page.locator('h1').first().waitFor();
        const name = path.replace(/\W+/g, '-').replace(/^-ui-?|-$/g, '') || 'overview';
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, path);
        assert.equal(await page.getByRole('navigation', { name: 'Pages' }).count(), 1);
        assert.equal(await page.getByRole('main').count(), 1);
        assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${path} has one h1`);
        await assertAccessible(page, `${path} ${scheme} ${width}`);
        await page.screenshot({ path: join(shots, `shell-${name}-${scheme}-${width}.png`) });
        if (path === '/ui/') {
          for (const key of ['/', '?']) {
            await page.keyboard.press(key);
            await page.getByRole('dialog').waitFor();
            await page.waitForTimeout(200); // it fades in
            await assertAccessible(page, `the dialog of ${key} ${scheme} ${width}`);
            await page.screenshot({ path: join(shots, `shell-${key === '/' ? 'jump' : 'settings'}-${scheme}-${width}.png`) });
            await page.keyboard.press('Escape');
            await page.getByRole('dialog').waitFor({ state: 'hidden' });
          }
        }
        await stage.view.check(stage.server);
        await stage.view.close();
      }
      stage.view = null;
    });

test('lost and paused fit every width, in both colours', async () => {
  for (const scheme of ['light', 'dark'])
    for (const [width, height] of [[1440, 900], [1024, 768], [390, 844]]) {
      const page = await show('/ui/services/orders', { scene: 'trouble', scheme, width, height, allowed: [NETWORK_LOST] });
      await page.getByRole('button', { name: /^Pause/ }).click();
      await page.locator('#paused').waitFor();
      await page.screenshot({ path: join(shots, `shell-paused-${scheme}-${width}.png`) });
      await page.locator('header').getByRole('button', { name: /^Go live/ }).click();
      await stage.server.stop();
      await page.locator('#lost').waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, `${width}`);
      await page.screenshot({ path: join(shots, `shell-lost-${scheme}-${width}.png`) });
      await stage.view.close();
      await stage.server.start();
    }
  stage.view = null;
});

test('the pages are one key or one click away, and the breakers that are open are counted', async () => {
  const page = await show('/ui/', { scene: 'trouble' });
  const path = () => new URL(page.url()).pathname;
  for (const [key, there] of [['m', '/ui/map'], ['s', '/ui/storage'], ['o', '/ui/']]) {
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await eventually(there, () => path() === there);
    assert.equal(await page.locator('.pages [aria-current=page]').count(), 1);
  }
  await page.keyboard.press('m');
  assert.equal(path(), '/ui/', 'a letter alone is nothing');
  const badge = page.locator('.pages a', { hasText: 'Breakers' });
  assert.equal((await badge.innerText()).replace(/\s+/g, ' '), 'Breakers 1 open');
  await badge.click();
  assert.equal(new URL(page.url()).search, '?q=breaker:open');
  stage.server.scene = 'healthy';
  stage.server.push();
  await badge.waitFor({ state: 'detached' });
  await stage.view.check(stage.server);
});

test('the jump box finds services and pages by a few letters, and goes there with keys alone', async () => {
  const page = await show('/ui/', { scene: 'many' });
  await page.keyboard.press('Control+k');
  const input = page.getByRole('combobox', { name: /Jump/ });
  await input.waitFor();
  await page.locator('.jump li').nth(11).waitFor();
  await input.pressSequentially('svc77');
  await eventually('the hits', async () => (await page.locator('.jump li').allInnerTexts()).every((text) => /^service-.*7.*7/.test(text)));
  await page.keyboard.press('ArrowDown');
  const name = (await page.locator('.jump li[aria-selected=true]').innerText()).split('\n')[0];
  assert.equal(await input.getAttribute('aria-activedescendant'), await page.locator('.jump li[aria-selected=true]').getAttribute('id'));
  await page.keyboard.press('Enter');
  await eventually('the service', () => new URL(page.url()).pathname === `/ui/services/${name}`);
  await page.keyboard.press('g');
  await page.keyboard.press('m');
  await page.keyboard.press('/');
  await eventually('where one was comes first', async () => (await page.locator('.jump li').first().innerText()).startsWith(name));
  await page.keyboard.type('no such thing');
  await page.getByText('Nothing has the letters no such thing.').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  assert.equal(new URL(page.url()).pathname, '/ui/map', 'Escape closed the box and did nothing else');
  await stage.view.check(stage.server);
});

test('the period is in the address: by buttons, by keys, back and forward', async () => {
  const page = await show('/ui/services/orders', { scene: 'trouble' });
  const search = () => new URL(page.url()).search;
  await page.getByRole('button', { name: '6h' }).click();
  assert.equal(search(), '?range=6h');
  assert.equal(await page.getByRole('button', { name: '6h' }).getAttribute('aria-pressed'), 'true');
  await page.keyboard.press('2');
  assert.equal(search(), '?range=1h');
  await page.keyboard.press('-');
  assert.equal(search(), '?range=6h');
  await page.keyboard.press('+');
  await page.keyboard.press('[');
  assert.match(search(), /^\?range=1h&end=2026-11-20T02:11:\d\dZ$/);
  await page.locator('.live', { hasText: 'Past' }).waitFor();
  await page.keyboard.press(']');
  assert.equal(search(), '?range=1h');
  await page.goBack();
  await page.locator('.live', { hasText: 'Past' }).waitFor();
  await page.locator('header').getByRole('button', { name: /^Go live/ }).click();
  assert.equal(search(), '?range=1h');
  await page.keyboard.press('1');
  assert.equal(search(), '', 'what is usual is left out');
  await stage.view.check(stage.server);
});

test('keys can be switched off, and stay off', async () => {
  const page = await show('/ui/', { scene: 'trouble' });
  await page.keyboard.press('?');
  await page.getByRole('group', { name: 'Keys' }).getByLabel('off').check();
  await page.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  for (const reloaded of [false, true]) {
    if (reloaded) await page.reload();
    await page.locator('.live.c-ok').waitFor();
    for (const key of ['p', '/', '?', 'j']) await page.keyboard.press(key);
    assert.equal(await page.locator('#paused, dialog[open]').count(), 0);
  }
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: /^Settings/ }).click();
  await page.getByRole('group', { name: 'Keys' }).getByLabel('on').check();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await page.keyboard.press('d');
  assert.equal(await page.evaluate(() => document.documentElement.hasAttribute('data-dense')), true);
  await page.keyboard.press('d');
  assert.deepEqual(await page.evaluate(() => Object.entries(localStorage)), [], 'what is usual is not stored');
});

test('a link is copied, as it moves on or as it is now', async () => {
  const page = await show('/ui/services/orders?range=1h', { scene: 'trouble' });
  await page.evaluate(() => {
    window.__copied = [];
    Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: async (text) => window.__copied.push(text) } });
  });
  await page.keyboard.press('.');
  await page.locator('.said', { hasText: 'Link copied' }).waitFor();
  await page.keyboard.press('>');
  await page.locator('.said', { hasText: 'as it is now' }).waitFor();
  const [moving, fixed] = await page.evaluate(() => window.__copied);
  assert.equal(moving, `${stage.server.url}/ui/services/orders?range=1h`);
  assert.match(fixed, /\?range=1h&end=2026-11-20T02:41:\d\dZ$/);
  await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { configurable: true, value: undefined })); // as over plain HTTP
  await page.keyboard.press('.');
  assert.equal(await page.getByRole('textbox', { name: 'Link to this view' }).inputValue(), moving);
  assert.equal(await page.evaluate(() => document.activeElement.selectionEnd), moving.length);
});

test('what the address cannot mean is left out, and named', async () => {
  const page = await show('/ui/services/orders?range=12parsecs&end=now&tab=x&colour=red', { scene: 'trouble' });
  assert.match(await page.locator('#ignored').innerText(), /range=12parsecs, end=now, colour=red$/);
  await page.getByRole('button', { name: '1h' }).click();
  await page.locator('.live.c-ok').waitFor();
});

test('a wall has the clock and the age, and nothing to press', async () => {
  const page = await show('/ui/?kiosk=1', { scene: 'trouble', width: 1920, height: 1080, scheme: 'dark' });
  assert.equal(await page.locator('nav, header button, header select').count(), 0);
  assert.match(await page.locator('.wall-clock').innerText(), /^02:41:\d\d UTC$/);
  const size = await page.locator('h1').evaluate((el) => el.getBoundingClientRect().height);
  assert.ok(size > 30, `${size} px`);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0);
  await page.screenshot({ path: join(shots, 'shell-kiosk-dark-1920.png') });
  await stage.view.check(stage.server);
});

test('a page that is not there is said in the frame', async () => {
  const page = await show('/ui/nowhere/at/all', { live: false });
  await page.getByRole('heading', { name: 'There is no page here' }).waitFor();
  assert.equal(await page.title(), 'Not there · fusebox');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'To the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.locator('main a').click();
  await page.locator('.row.wide').first().waitFor();
  await stage.view.check(stage.server);
});

test('tabs of one browser have one stream; each has what it looks at, and one that comes later has it at once', async () => {
  stage.server.scene = 'trouble';
  const context = await stage.browser.newContext({ viewport: { width: 1440, height: 900 } });
  const tabs = [];
  for (const path of ['/ui/', '/ui/services/orders', '/ui/']) {
    const tab = await openPage(stage.browser, { context });
    tabs.push(tab);
    await tab.page.goto(stage.server.url + path);
    await tab.page.locator('.live.c-ok').waitFor();
  }
  assert.equal(stage.server.streams.size, 1);
  assert.deepEqual([...stage.server.streams][0].views.map((one) => one.name), ['overview', 'service/orders']);
  stage.server.push({ services: [row('orders', stage.server.nowMs, { calls: 77.7 })] });
  for (const tab of [tabs[0], tabs[2]]) await rowOf(tab.page, 'orders').getByText('77.7').waitFor();
  await tabs[1].page.close();
  await eventually('its view is let go', () => [...stage.server.streams].every(({ views }) => views.length === 1));
  for (const tab of [tabs[0], tabs[2]]) await tab.check(stage.server);
  await context.close();
});

test('a worker that cannot start is done without', async () => {
  stage.server.files.delete([...stage.server.files.keys()].find((path) => path.includes('/worker-')));
  const page = await show('/ui/', { allowed: [/404/] });
  stage.server.push({ services: [row('orders', stage.server.nowMs, { calls: 77.7 })] });
  await rowOf(page, 'orders').getByText('77.7').waitFor();
});
