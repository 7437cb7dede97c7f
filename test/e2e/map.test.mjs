// The map in a real browser, before a server that plays every state of a graph.
//
//   SHOTS=DIR  where the pictures go (default build/shots)
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, openPage } from './support/browser.mjs';
import { MAP_SCENE_NAMES } from './support/map-scenes.mjs';
import { assertFits, pageStage, shots } from './support/page.mjs';

const stage = pageStage();

async function show({ scene = 'storm', path = '/ui/map', ...options } = {}) {
  stage.server.mapScene = scene;
  stage.view = await openPage(stage.browser, options);
  await stage.view.page.goto(stage.server.url + path);
  await stage.view.page.locator('h1').first().waitFor();
  return stage.view.page;
}

for (const scheme of ['light', 'dark'])
  for (const [width, height] of [[1440, 900], [390, 844]])
    test(`every map fits and is quiet: ${scheme}, ${width} px`, async () => {
      for (const scene of MAP_SCENE_NAMES) {
        const page = await show({ scene, scheme, width, height });
        await assertFits(page, `${scene} at ${width}`);
        await page.screenshot({ path: join(shots, `map-${scene}-${scheme}-${width}.png`), fullPage: true });
        await stage.view.check(stage.server);
        await stage.view.close();
      }
      stage.view = null;
    });

test('the map is reached from every page, and says what is wrong in title and sentence', async () => {
  const page = await show({ path: '/ui/' });
  await page.locator('nav a', { hasText: 'Map' }).click();
  await page.locator('svg.map').waitFor();
  assert.equal(new URL(page.url()).pathname, '/ui/map');
  assert.match(await page.locator('h1').innerText(), /^Retry storm: one call at api-gateway becomes 2\.40 attempts at payments-db$/);
  assert.match(await page.title(), /^✕ Map · fusebox$/);
});

test('factors from 1.05 on stand on their lines, the source is named', async () => {
  const page = await show();
  assert.deepEqual((await page.locator('.map .pill').allTextContents()).sort(), ['×1.44', '×1.62', '≈ ×1.05'].sort());
  assert.match(await page.locator('.map').textContent(), /source of the storm · ×2\.40/);
  assert.equal(await page.locator('.map .edge.hot').count(), 3);
});

test('no label covers a box', async () => {
  const page = await show();
  const covered = await page.evaluate(() => {
    const of = (selector) => [...document.querySelectorAll(selector)].map((el) => el.getBoundingClientRect());
    const boxes = of('.map [data-service] > rect');
    return of('.map .pill').filter((p) => boxes.some((b) => p.left < b.right && p.right > b.left && p.top < b.bottom && p.bottom > b.top)).length;
  });
  assert.equal(covered, 0);
});

test('both tables have every service and dependency, whatever the picture shows', async () => {
  const page = await show({ scene: 'crowd' });
  assert.equal(await page.locator('[aria-labelledby="nodes-title"] tbody tr').count(), 200);
  assert.equal(await page.locator('[aria-labelledby="edges-title"] tbody tr').count(), 199);
  assert.equal(await page.locator('.map [data-service]').count(), 60);
  assert.match(await page.locator('#map-title + span').innerText(), /60 of 200 services/);
  await page.locator('#map-filter').fill('service-007');
  await eventually('the filter leaves what it names and its neighbours', async () => (await page.locator('.map [data-service]').count()) <= 4);
  assert.match(await page.locator('.map').textContent(), /service-007/);
});

test('keys reach a service from the picture', async () => {
  const page = await show();
  const box = page.locator('.map a[data-service="payments-db"]');
  await box.focus();
  await page.keyboard.press('Enter');
  await page.waitForURL('**/ui/services/payments-db');
});

test('the picture follows the stream', async () => {
  const page = await show({ scene: 'healthy' });
  assert.match(await page.locator('h1').innerText(), /Retries multiply nowhere/);
  await eventually('the stream is open', () => stage.server.streams.size === 1);
  stage.server.mapScene = 'storm';
  stage.server.push();
  await eventually('the storm is shown', async () => /Retry storm/.test(await page.locator('h1').innerText()));
  assert.match(await page.locator('.map').textContent(), /payments-db/);
});

test('a phone shows the hottest path as a list', async () => {
  const page = await show({ width: 390, height: 844 });
  const path = page.locator('section[aria-label="The path that retries multiply most"]');
  assert.deepEqual(await path.locator('li bdi').allInnerTexts(), ['api-gateway', 'checkout', 'payment-service', 'payments-db']);
  assert.match(await path.innerText(), /×1\.62 · 124\u202f\/s retries/);
  assert.equal(await page.locator('svg.map').count(), 0);
});

test('an empty map says how to fill it', async () => {
  const page = await show({ scene: 'empty' });
  assert.match(await page.locator('.empty').innerText(), /dependencies: \[payments, stock\]/);
});
