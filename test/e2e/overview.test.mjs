// The overview before made-up states: what needs someone, causes, the filter, order, groups; and how it looks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from './support/browser.mjs';
import { SIZES, assertFits, names, pageStage, rowOf } from './support/page.mjs';
import { LONG_NAME, figuresOf, manyRows, stepsOf } from './support/scenes.mjs';

const stage = pageStage();
const show = (path = '/ui/', options) => stage.show(path, { scene: 'cascade', ...options });
const address = (page) => decodeURIComponent(new URL(page.url()).search);

for (const scheme of ['light', 'dark'])
  for (const [width, height] of SIZES)
    test(`every state fits and is quiet: ${scheme}, ${width} px`, async () => {
      for (const scene of ['healthy', 'cascade', 'empty', 'stale', 'many', 'long']) {
        const page = await show('/ui/', { scene, scheme, width, height });
        await assertFits(page, `${scene} at ${width}`);
        await stage.shoot(`overview-${scene}-${scheme}-${width}`, { fullPage: scene !== 'many' });
        await stage.check();
        await stage.close();
      }
      stage.server.refusal = { status: 401, code: 'unauthorized', message: 'a token is needed' };
      const page = await show('/ui/', { scheme, width, height, allowed: [/401/] });
      await page.getByText('a token is needed').waitFor();
      await assertFits(page, `no permission at ${width}`);
      await stage.shoot(`overview-no-permission-${scheme}-${width}`);
    });

test('the wall, 320 px, twice the size, paper, grey and forced colours lose nothing', async () => {
  const looks = [['wall', { width: 2560, height: 1440 }], ['320', { width: 320, height: 640 }], ['zoom', { width: 720, height: 450 }]];
  for (const [name, size] of looks) {
    const page = await show('/ui/', size);
    await assertFits(page, name);
    await stage.shoot(`overview-${name}`, { fullPage: name !== 'wall' });
    await stage.close();
  }
  const page = await show();
  await page.emulateMedia({ forcedColors: 'active' });
  await stage.shoot('overview-forced-colours');
  await page.emulateMedia({ forcedColors: 'none', media: 'print' });
  await stage.shoot('overview-print', { fullPage: true });
  assert.equal(await page.locator('.tools').isVisible(), false, 'paper has nothing to press');
  const pdf = await page.pdf({ format: 'A4', printBackground: true });
  assert.ok(pdf.length > 10_000);
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(() => (document.documentElement.style.filter = 'grayscale(1)'));
  await stage.shoot('overview-grey');
});

test('a healthy day has no colour of trouble', async () => {
  const page = await show('/ui/', { scene: 'healthy' });
  assert.equal(await page.locator('.needs').count(), 0);
  assert.equal(await page.locator('main .c-crit, main .c-warn, main .p-crit, main .p-warn, main .k-crit, main .k-warn').count(), 0);
});

test('the cause stands before its victims, and they are folded under it', async () => {
  const page = await show();
  assert.deepEqual((await names(page)).slice(0, 4), ['payments-db', 'payment-service', 'checkout', 'api-gateway']);
  assert.match(await rowOf(page, 'payments-db').innerText(), /cause, 3 feel it/);
  assert.match(await rowOf(page, 'checkout').innerText(), /waits for payments-db/);
  const needs = page.locator('.needs');
  assert.match(await needs.locator('header').innerText(), /2 causes, 3 services folded into them/);
  assert.deepEqual(await needs.locator('.need > .grow > p:first-child a').allInnerTexts(), ['payments-db', 'search']);
  assert.deepEqual(await needs.locator('.victims a').allInnerTexts(), ['payment-service', 'checkout', 'api-gateway']);
  await needs.getByText('All 4').click();
  await eventually('the rows of the cause', async () => (await names(page)).length === 4);
  assert.equal(address(page), '?q=cause:"payments-db"');
  await page.goBack();
  await eventually('all rows', async () => (await names(page)).length > 4);
  await stage.check();
});

test('the four bad rows stand above the fold, and so does the first thing to press on a phone', async () => {
  const wide = await show();
  const bottom = await rowOf(wide, 'api-gateway').evaluate((el) => el.getBoundingClientRect().bottom);
  assert.ok(bottom < 900, `${bottom}`);
  await stage.close();
  const phone = await show('/ui/', { width: 390, height: 844 });
  const box = await phone.locator('.needs a').first().boundingBox();
  assert.ok(box.y + box.height < 844, JSON.stringify(box));
});

test('the filter stands in the address, its chips can be taken out, and hits are counted', async () => {
  const page = await show('/ui/?q=health:critical,warning+budget%3E20&sort=budget');
  assert.deepEqual(await names(page), ['payment-service', 'checkout', 'api-gateway', 'search']);
  assert.match(await page.locator('#services-title').innerText(), /^4 of 9 services$/);
  await page.locator('button.term', { hasText: 'budget>20' }).click();
  await eventually('the rows without a budget, too', async () => (await names(page)).length === 5);
  assert.equal(address(page), '?q=health:critical,warning&sort=budget');
  await page.getByRole('searchbox').fill('name~check foo>1');
  await eventually('the typed filter', async () => JSON.stringify(await names(page)) === '["checkout","fraud-check"]' || names(page));
  await page.getByText('not understood: foo>1').waitFor();
  await page.getByRole('searchbox').fill('nothing-like-this');
  await page.getByText('No service fits the filter.').waitFor();
  await page.reload();
  await page.getByText('No service fits the filter.').waitFor();
  await stage.check();
});

test('a column sorts, the other way at the second press, and no more at the third', async () => {
  const page = await show();
  const head = page.getByRole('columnheader', { name: 'Calls/s' });
  await head.getByRole('button').click();
  await eventually('the busiest first', async () => (await names(page))[0] === 'api-gateway');
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  await head.getByRole('button').click();
  await eventually('the quietest first', async () => (await names(page))[0] === 'fraud-check');
  assert.equal(await head.getAttribute('aria-sort'), 'ascending');
  await head.getByRole('button').click();
  await eventually('worst first', async () => (await names(page))[0] === 'payments-db');
  assert.equal(await head.getAttribute('aria-sort'), null);
});

test('groups have headings, and dense rows are kept for the browser', async () => {
  const page = await show('/ui/?group=team');
  assert.match(await page.locator('.row.heading').nth(1).innerText(), /^payments 2 services, 1 not well$/);
  await page.keyboard.press('d');
  await eventually('dense rows', async () => (await page.locator('.row.wide').first().boundingBox()).height === 30);
  await stage.shoot('overview-groups-dense');
  await page.reload();
  await eventually('dense rows again', async () => (await page.locator('.row.wide').first().boundingBox()).height === 30);
});

test('figures and steps reach their rows without the rest', async () => {
  const page = await show('/ui/', { width: 2000, height: 900 });
  const before = await rowOf(page, 'search').locator('.spark path').first().getAttribute('d');
  stage.server.push({ services: [], figures: figuresOf([['search', 77.7, 55]], stage.server.nowMs), steps: stepsOf([['search', 5, 55]]) });
  await rowOf(page, 'search').getByText('77.7', { exact: true }).waitFor();
  assert.match(await rowOf(page, 'search').innerText(), /55\u202f%/);
  assert.match(await rowOf(page, 'search').innerText(), /search-1 has been open/, 'its state stays');
  assert.notEqual(await rowOf(page, 'search').locator('.spark path').first().getAttribute('d'), before);
  await stage.check();
});

// Figures that only the worker has read before: the page asks for them when their rows come into sight.
const busyOne = (nowMs, calls) => figuresOf(manyRows(nowMs, 1000).map((row, i) => [row.service, i === 700 ? calls : 5 + (i % 50), i % 60]), nowMs);

test('1,000 services: a row that comes into sight has its newest figures, also while the page is paused', async () => {
  const page = await show('/ui/', { scene: 'many' });
  stage.server.push({ services: [], figures: busyOne(stage.server.nowMs, 4321) });
  await rowOf(page, 'service-0003').getByText('14.0', { exact: true }).waitFor();
  await page.keyboard.press('p');
  await page.locator('.live.c-info').waitFor();
  stage.server.push({ services: [], figures: busyOne(stage.server.nowMs, 5555) });
  await page.getByText(/1 newer update/).waitFor();
  await page.evaluate(() => scrollTo(0, 700 * 46));
  await rowOf(page, 'service-0694').getByText('4,321', { exact: true }).waitFor();
  await page.keyboard.press('p');
  await rowOf(page, 'service-0694').getByText('74.0', { exact: true }).waitFor(); // its document again, which is as old as the scene
  stage.server.push({ services: [], figures: busyOne(stage.server.nowMs, 6789) });
  await rowOf(page, 'service-0694').getByText('6,789', { exact: true }).waitFor();
  await stage.check();
});

test('1,000 services: a sort that is pressed goes by figures of rows out of sight', async () => {
  const page = await show('/ui/', { scene: 'many' });
  stage.server.push({ services: [], figures: busyOne(stage.server.nowMs, 98765) });
  await rowOf(page, 'service-0003').getByText('14.0', { exact: true }).waitFor();
  await page.getByRole('columnheader', { name: 'Calls/s' }).getByRole('button').click(); // the pointer stays in the list
  await eventually('the busiest first', async () => (await names(page))[0] === 'service-0694');
  assert.equal(await page.locator('.note-inline').count(), 0);
  stage.server.push({ services: [], figures: busyOne(stage.server.nowMs, 1) });
  await page.locator('.note-inline').waitFor();
  await stage.check();
});

test('1,000 services: at most 40 rows, the last one by keys', async () => {
  const page = await show('/ui/', { scene: 'many' });
  assert.ok((await page.locator('.row.wide').count()) <= 40);
  await page.keyboard.press('j');
  await page.keyboard.press('End');
  await eventually('the last row has the focus', () => page.evaluate(() => document.activeElement?.dataset.index === '999'));
  assert.ok((await page.locator('.row.wide').count()) <= 40);
  await stage.shoot('overview-many-end');
  await page.keyboard.press('Home');
  await eventually('the first row has the focus', () => page.evaluate(() => document.activeElement?.dataset.index === '0'));
});

test('one fact is the same on the overview, on the page of the service and on the map', async () => {
  const rate = async (path, find) => {
    const page = await show(path, { scene: 'cascade' });
    const text = await find(page).innerText();
    await stage.close();
    return text.match(/98\.4|118/)?.[0];
  };
  assert.equal(await rate('/ui/', (page) => rowOf(page, 'payments-db')), '98.4');
  assert.equal(await rate('/ui/services/payments-db', (page) => page.locator('main')), '98.4');
  assert.equal(await rate('/ui/', (page) => rowOf(page, 'payment-service')), '118');
  assert.equal(await rate('/ui/services/payment-service', (page) => page.locator('main')), '118');
});

test('a name of 64 characters and more is cut, and whole in its title', async () => {
  const page = await show('/ui/', { scene: 'long' });
  assert.equal(await page.locator('.row.wide bdi').first().getAttribute('title'), LONG_NAME);
});
