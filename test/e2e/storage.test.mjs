// The storage page in a real browser, before a server that plays every state of a store.
//
//   SHOTS=DIR  where the pictures go (default build/shots)
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, openPage } from './support/browser.mjs';
import { SIZES, assertFits, pageStage, shots } from './support/page.mjs';
import { HOSTILE_NAMES } from './support/scenes.mjs';
import { STORAGE_SCENE_NAMES } from './support/storage-scenes.mjs';

const REFUSED = /status of 503|net::ERR_/;

const stage = pageStage();

async function show({ scene = 'usual', path = '/ui/storage', ...options } = {}) {
  stage.server.storageScene = scene;
  stage.view = await openPage(stage.browser, options);
  await stage.view.page.goto(stage.server.url + path);
  await stage.view.page.locator('h1').first().waitFor();
  return stage.view.page;
}

for (const scheme of ['light', 'dark'])
  for (const [width, height] of SIZES)
    test(`every state of the store fits and is quiet: ${scheme}, ${width} px`, async () => {
      for (const scene of STORAGE_SCENE_NAMES) {
        const page = await show({ scene, scheme, width, height });
        if (scene !== 'empty') await page.locator('.shares').first().waitFor();
        await assertFits(page, `${scene} at ${width}`);
        await page.screenshot({ path: join(shots, `storage-${scene}-${scheme}-${width}.png`), fullPage: true });
        await stage.view.check(stage.server);
        await stage.view.close();
      }
      stage.view = null;
    });

test('the storage is reached from every page, and 320 px lose nothing', async () => {
  const page = await show({ path: '/ui/', width: 320, height: 640 });
  await page.locator('nav a', { hasText: 'Storage' }).click();
  await page.locator('#blocks-title').waitFor();
  assert.equal(new URL(page.url()).pathname, '/ui/storage');
  assert.equal(await page.title(), 'Storage · fusebox');
  assert.equal(await page.locator('nav a[aria-current=page]').textContent(), 'Storage');
  await assertFits(page, 'storage at 320');
  await page.keyboard.press('Escape');
  await page.locator('.row').first().waitFor();
  await stage.view.check(stage.server);
});

test('a seal is asked for, shown while it runs, and its result is told', async () => {
  let finish;
  stage.server.seal = () => new Promise((resolve) => (finish = resolve));
  const page = await show();
  const button = page.locator('button', { hasText: 'Seal now' });
  await button.click();
  await page.locator('.seal-words', { hasText: 'Sealing' }).waitFor();
  assert.ok(await button.isDisabled());
  finish({ status: 200, body: { blocks: 2, series: 48_120, samples: 712_000, bytes: 660_000, duration_ms: 340.5 } });
  await page.locator('.seal-words', { hasText: '712,000 samples sealed into 2 blocks' }).waitFor();
  assert.ok(await button.isEnabled());
  assert.equal(stage.server.requests.filter((path) => path.endsWith('/seal')).length, 1);
  stage.server.seal = () => ({ status: 200, body: { blocks: 0, series: 0, samples: 0, bytes: 0, duration_ms: 1 } });
  await button.press('Enter');
  await page.locator('.seal-words', { hasText: 'Nothing was left to seal' }).waitFor();
  await stage.view.check(stage.server);
});

test('a seal that fails says why', async () => {
  const page = await show({ allowed: [REFUSED] });
  stage.server.seal = () => ({ status: 503, body: { error: { code: 'io', message: 'the disk is full: make room, or lower storage.retention' } } });
  await page.locator('button', { hasText: 'Seal now' }).click();
  await page.locator('.seal-words', { hasText: 'the disk is full: make room' }).waitFor();
  await stage.view.check(stage.server);
});

test('the figures are fetched again while the page is seen, and never faster', async () => {
  const page = await show();
  const asked = () => stage.server.requests.filter((path) => path === '/api/v1/storage').length;
  await page.locator('#blocks-title').waitFor();
  stage.server.storageScene = 'trouble';
  await page.locator('h1', { hasText: 'memory budget is used up' }).waitFor();
  assert.ok(asked() <= 3, `${asked()} requests`);
  await stage.view.check(stage.server);
});

test('what cannot be loaded says so, and comes by itself or when asked', async () => {
  stage.server.storageRefusal = { status: 503, code: 'unavailable', message: 'Fusebox is starting: try again in a second' };
  const page = await show({ allowed: [REFUSED] });
  await page.locator('[role=alert] p', { hasText: 'Fusebox is starting' }).first().waitFor();
  stage.server.storageRefusal = null;
  await page.locator('button', { hasText: 'Try again' }).click();
  await page.locator('#blocks-title').waitFor();
  await stage.server.stop();
  await page.locator('.note', { hasText: 'Not current.' }).waitFor();
  assert.ok(await page.locator('#blocks-title').isVisible(), 'the figures stay');
  await stage.server.start();
  await page.locator('button', { hasText: 'Try now' }).click();
  await eventually('current again', async () => (await page.locator('.note').count()) === 0);
  await stage.view.check(stage.server);
});

test('a block is looked at with the keys and with the pointer', async () => {
  const page = await show();
  const words = page.locator('.block-words');
  await page.locator('.timeline').focus();
  await page.keyboard.press('Home');
  await page.locator('.block-words', { hasText: '2026-11-08-2-' }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.locator('.block-words', { hasText: '2026-11-09-2-' }).waitFor();
  await page.keyboard.press('End');
  assert.match(await words.textContent(), /1\.90\u202fM samples/);
  await page.locator('.timeline rect.p-s1').nth(3).hover();
  await page.locator('.block-words', { hasText: '2026-11-11-2-' }).waitFor();
  await page.mouse.move(0, 0);
  await page.locator('.block-words', { hasText: 'Point at a block' }).waitFor();
  await stage.view.check(stage.server);
});

test('the filter narrows every list, by the text that is seen', async () => {
  const page = await show({ scene: 'trouble' });
  const field = page.locator('input[type=search]');
  await field.fill('HAPROXY');
  await eventually('only what fits', async () => {
    const names = await page.locator('.share bdi').allTextContents();
    return (names.length > 1 && names.every((name) => /haproxy/i.test(name))) || names;
  });
  assert.ok((await page.locator('p', { hasText: /Nothing among the first \d+ fits/ }).count()) > 0);
  await field.fill('jp'); // keys of the page are letters here
  assert.equal(await field.inputValue(), 'jp');
  await field.fill('');
  await page.locator('button', { hasText: /^Show \d+ more$/ }).first().click();
  await page.locator('button', { hasText: 'Show less' }).waitFor();
  await stage.view.check(stage.server);
});

test('a metric, a pair, a job and an instance lead to their series', async () => {
  const page = await show({ scene: 'trouble' });
  const leads = async (text) => new URL(await page.locator('.share a', { hasText: text }).first().getAttribute('href'), stage.server.url).searchParams.get('expr');
  assert.equal(await leads(HOSTILE_NAMES[0]), `{__name__=${JSON.stringify(HOSTILE_NAMES[0])}}`);
  assert.equal(await leads('zone="'), `{zone=${JSON.stringify(HOSTILE_NAMES[0])}}`);
  await page.locator('section[aria-label=Jobs] a', { hasText: 'payments' }).click();
  await page.locator('.cm-content').waitFor();
  assert.equal(new URL(page.url()).searchParams.get('expr'), '{job="payments"}');
  await stage.view.check(stage.server);
});

test('names from outside are text, spelled out, and never run', async () => {
  const page = await show({ scene: 'trouble' });
  await page.locator('.shares').first().waitFor();
  const shown = await page.locator('.share bdi').allTextContents();
  assert.ok(shown.includes(HOSTILE_NAMES[0]));
  assert.ok(shown.includes('⟨U+202E⟩gnp.tnemyap⟨U+202C⟩-service'));
  assert.equal(await page.locator('.damages td', { hasText: HOSTILE_NAMES[0] }).count(), 1);
  assert.equal(await page.locator('img, iframe, object, #app script').count(), 0);
  assert.equal(await page.evaluate(() => window.__pwned), undefined);
  await stage.view.check(stage.server);
});
