// The bars that say what troubles Fusebox itself, on every page.
//
//   SHOTS=DIR  where the pictures go (default build/shots)
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, openPage } from './support/browser.mjs';
import { pageStage, shots } from './support/page.mjs';

const SINCE = '2026-11-20T02:39:12.000Z';
const FULL = {
  name: 'disk_full', severity: 'critical', since: SINCE,
  text: 'Read-only: disk full. Monitoring goes on, but samples are not stored. 12 MiB are free below /var/lib/fusebox, 512 MiB must be: '
    + 'free some space, or lower the retention. It ends by itself.',
};
const JUMP = {
  name: 'clock_jump', severity: 'warning', since: SINCE,
  text: 'The clock jumped forward by 1 h, to 2026-11-20T02:39:12.000Z; retention waits, nothing is deleted because of it. If the clock is wrong, set it right.',
};
const HOSTILE = { name: 'read_only', severity: 'critical', since: SINCE, text: `Below <b>/${'x'.repeat(200)}</b>\u202e` };

const stage = pageStage();

async function show(path, options) {
  stage.view = await openPage(stage.browser, options);
  await stage.view.page.goto(stage.server.url + path);
  await stage.view.page.locator('h1').first().waitFor();
  return stage.view.page;
}

const bars = (page) => page.locator('.notices .note').allTextContents();

for (const path of ['/ui/', '/ui/services/orders', '/ui/storage'])
  test(`a notice stands on ${path}, with what to do`, async () => {
    stage.server.notices = [FULL, JUMP];
    const page = await show(path);
    await eventually('two bars', async () => (await bars(page)).length === 2);
    const texts = await bars(page);
    assert.ok(texts[0].startsWith(FULL.text), texts[0]);
    assert.match(texts[0], /Since 02:39:12/);
    await page.locator('#notice-disk_full a').click();
    await eventually('the storage page', () => page.url().endsWith('/ui/storage'));
    assert.equal((await bars(page)).length, 2, 'it stays when the page changes');
  });

test('a notice comes and goes with the updates', async () => {
  const page = await show('/ui/');
  assert.deepEqual(await bars(page), []);
  stage.server.notices = [JUMP];
  stage.server.push();
  await eventually('a bar', async () => (await bars(page)).length === 1);
  stage.server.notices = [];
  stage.server.push();
  await eventually('no bar', async () => (await bars(page)).length === 0);
});

test('it fits, says what it means without colour, and is no markup', async () => {
  stage.server.notices = [FULL, HOSTILE, JUMP];
  for (const [width, height] of [[1440, 900], [390, 844]])
    for (const scheme of ['light', 'dark']) {
      const page = await show('/ui/', { width, height, scheme });
      await eventually('three bars', async () => (await bars(page)).length === 3);
      assert.equal(await page.locator('.notices b').count(), 0);
      const overflow = await page.evaluate(() => [...document.querySelectorAll('.notices *')]
        .filter((el) => el.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length);
      assert.equal(overflow, 0);
      await page.screenshot({ path: join(shots, `notices-${width}-${scheme}.png`) });
      await stage.view.close();
      stage.view = null;
    }
});
