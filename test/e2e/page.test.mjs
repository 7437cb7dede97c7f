// The dashboard in a real browser, before a server that plays every state.
//
//   SHOTS=DIR  where the pictures go (default build/shots)
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, openPage } from './support/browser.mjs';
import { SIZES, assertFits, names, pageStage, rowOf, shots } from './support/page.mjs';
import { HOSTILE_NAMES, LONG_NAME, SCENE_NAMES, row } from './support/scenes.mjs';

const NETWORK_LOST = /net::ERR_/;
const NOT_FOUND = /404/;

const stage = pageStage();

async function show(path = '/ui/', { scene = 'healthy', live = true, ...options } = {}) {
  stage.server.scene = scene;
  stage.view = await openPage(stage.browser, options);
  await stage.view.page.goto(stage.server.url + path);
  await stage.view.page.locator('h1').first().waitFor();
  if (live) await stage.view.page.locator('.live.c-ok').waitFor(); // what is pushed before, nobody hears
  return stage.view.page;
}

const PLACES = [
  ...SCENE_NAMES.map((scene) => ({ scene, path: '/ui/', name: scene })),
];
for (const scheme of ['light', 'dark'])
  for (const [width, height] of SIZES)
    test(`every state fits and is quiet: ${scheme}, ${width} px`, async () => {
      for (const { scene, path, name } of PLACES) {
        const page = await show(path, { scene, scheme, width, height });
        await page.waitForTimeout(50);
        await assertFits(page, `${name} at ${width}`);
        const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        assert.equal(ground, scheme === 'dark' ? 'rgb(14, 17, 20)' : 'rgb(245, 246, 248)');
        await page.screenshot({ path: join(shots, `${name}-${scheme}-${width}.png`), fullPage: scene !== 'many' });
        await stage.view.check(stage.server);
        await stage.view.close();
      }
      stage.view = null;
    });

test('320 px and large text lose nothing', async () => {
  for (const path of ['/ui/', '/ui/services/orders']) {
    const page = await show(path, { scene: 'trouble', width: 320, height: 640 });
    await assertFits(page, `${path} at 320`);
    await stage.view.close();
  }
  stage.view = null;
});

test('names from outside are text, spelled out, and never run', async () => {
  const page = await show('/ui/', { scene: 'hostile' });
  const shown = await names(page);
  assert.equal(shown[0], HOSTILE_NAMES[0]);
  assert.equal(shown[3], '⟨U+202E⟩gnp.tnemyap⟨U+202C⟩-service');
  assert.equal(shown[4], 'zero⟨U+200B⟩width⟨U+0007⟩bell');
  assert.equal(await page.locator('img, iframe, object, #app script').count(), 0);
  for (const name of ['a/b?c=d#e', HOSTILE_NAMES[0]]) {
    await page.locator('.row.wide a', { hasText: name }).click();
    await page.locator('.crumb b', { hasText: name }).waitFor();
    await page.locator('h2', { hasText: 'Retry budget' }).first().waitFor();
    assert.equal(new URL(page.url()).pathname, `/ui/services/${encodeURIComponent(name)}`);
    await page.keyboard.press('Escape');
    await page.locator('.row.wide').first().waitFor();
  }
  assert.equal(await page.evaluate(() => window.__pwned), undefined);
  await stage.view.check(stage.server);
});

test('a long name is cut, and whole in its title', async () => {
  const page = await show('/ui/', { scene: 'long' });
  const title = await page.locator('.row.wide bdi').first().getAttribute('title');
  assert.equal(title, LONG_NAME);
});

test('the list is a table with one name per row, and the title tells the state', async () => {
  const page = await show('/ui/', { scene: 'trouble' });
  assert.equal(await page.getByRole('table').getAttribute('aria-rowcount'), '11');
  assert.equal(await page.getByRole('row').count(), 11);
  assert.equal(await page.getByRole('columnheader').count(), 7);
  assert.equal(await page.getByRole('columnheader', { name: 'p99' }).count(), 0);
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
  assert.equal(await page.title(), '✕ 1 unhealthy · Overview · fusebox');
  const labels = await page.locator('.row.wide [role=img]').evaluateAll((all) => all.map((el) => el.getAttribute('aria-label')));
  assert.ok(labels.includes('118\u202f% of the retry budget used, warning at 70\u202f%, critical at 85\u202f%, 14\u202f% comes back within 10 s'), labels.join('\n'));
  assert.ok(labels.includes('too little data') && labels.includes('stale') && labels.includes('no data'));
});

test('an update changes its row alone, keeps the spark, and the order follows', async () => {
  const page = await show();
  const before = await rowOf(page, 'orders').elementHandle();
  const spark = await rowOf(page, 'orders').locator('.spark path').last().getAttribute('d');
  const { spark: _, ...changed } = row('orders', stage.server.nowMs, { calls: 77.7, errors: 20, health: 'unhealthy', severity: 'critical' });
  stage.server.push({ services: [changed] });
  await rowOf(page, 'orders').getByText('77.7', { exact: true }).waitFor();
  assert.equal(await rowOf(page, 'orders').locator('.spark path').last().getAttribute('d'), spark);

  const added = row('<b>new</b>', stage.server.nowMs);
  stage.server.push({ services: [added], order: ['checkout', '<b>new</b>', 'orders'] });
  await eventually('the order', async () => JSON.stringify(await names(page)) === JSON.stringify(['checkout', '<b>new</b>', 'orders']) || names(page));
  assert.ok(await before.evaluate((el) => el.isConnected), 'the row was moved, not made again');
  await stage.view.check(stage.server);
});

test('an older update than what is shown is left out', async () => {
  const page = await show();
  stage.server.push({ services: [row('orders', stage.server.nowMs, { calls: 88.8 })] });
  await rowOf(page, 'orders').getByText('88.8').waitFor();
  stage.server.seq -= 5;
  stage.server.push({ services: [row('orders', stage.server.nowMs, { calls: 11.1 })] });
  stage.server.seq += 4;
  stage.server.push({ services: [row('checkout', stage.server.nowMs, { calls: 99.9 })] });
  await rowOf(page, 'checkout').getByText('99.9', { exact: true }).waitFor();
  assert.equal(await rowOf(page, 'orders').getByText('88.8').count(), 1);
});

test('rows keep their places under the pointer until asked', async () => {
  const page = await show();
  const was = await names(page);
  await rowOf(page, was[1]).hover();
  stage.server.push({ order: [...was].reverse() });
  await page.getByRole('button', { name: 'Sort again' }).waitFor();
  assert.deepEqual(await names(page), was);
  await page.getByRole('button', { name: 'Sort again' }).click();
  await eventually('the order', async () => JSON.stringify(await names(page)) === JSON.stringify([...was].reverse()));
});

test('everything goes by keyboard', async () => {
  const page = await show('/ui/', { scene: 'trouble' });
  const focused = () => page.evaluate(() => document.activeElement?.textContent);
  await page.keyboard.press('j');
  assert.equal(await focused(), 'orders');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  assert.equal(await focused(), 'checkout');
  await page.screenshot({ path: join(shots, 'focus-light-1440.png') });
  await page.keyboard.press('Enter');
  await page.locator('.crumb b', { hasText: 'checkout' }).waitFor();
  await page.locator('.chart').first().waitFor();
  await page.keyboard.press('Escape');
  await eventually('the focus returns', async () => (await focused()) === 'checkout' || focused());
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await page.waitForTimeout(200); // it fades in
  await page.screenshot({ path: join(shots, 'keys-light-1440.png') });
  await page.keyboard.press('p');
  assert.equal(await page.locator('#paused').count(), 0);
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  assert.equal(new URL(page.url()).pathname, '/ui/');
  await stage.view.check(stage.server);
});

test('a row opens its service, and the browser goes back', async () => {
  const page = await show('/ui/', { scene: 'trouble' });
  await rowOf(page, 'orders').click({ position: { x: 700, y: 20 } });
  await page.locator('.crumb b', { hasText: 'orders' }).waitFor();
  await page.locator('.brk').first().waitFor();
  await page.goBack();
  await page.locator('.row.wide').first().waitFor();
  await page.goForward();
  await page.locator('.brk').first().waitFor();
  await page.reload();
  await page.locator('.brk').first().waitFor();
  await stage.view.check(stage.server);
});

test('a service that is not there is said in the server\'s words', async () => {
  const page = await show('/ui/services/ordres', { scene: 'trouble', live: false, allowed: [NOT_FOUND] });
  await page.getByText('no service is called "ordres"; did you mean "orders"?').waitFor();
  await page.screenshot({ path: join(shots, 'not-found-light-1440.png') });
  await page.goto(`${stage.server.url}/ui/nowhere`);
  await page.getByText('There is no page here').waitFor();
  await stage.view.check(stage.server);
});
