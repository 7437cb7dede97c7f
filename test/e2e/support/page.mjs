// What the tests of made-up states share: the built page behind a MockServer, one watched page at a time.
//
//   const stage = pageStage();                       // hooks for before and after
//   const page = await stage.show('/ui/', { scene: 'trouble', width: 390, height: 844 });
//   await assertFits(page, 'the overview'); await stage.shoot('overview-light'); await stage.check();
//
//   SHOTS=DIR  where the pictures go (default build/shots)
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, afterEach, before, beforeEach } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from '../../../ui/build.mjs';
import { eventually, openBrowser, openPage } from './browser.mjs';
import { MockServer } from './mock-server.mjs';

export const shots = process.env.SHOTS ?? join(dirname(fileURLToPath(import.meta.url)), '../../../build/shots');
export const SIZES = [[1440, 900], [390, 844]];

export function pageStage() {
  const stage = { browser: null, server: null, view: null };
  let built, files;
  before(async () => {
    mkdirSync(shots, { recursive: true });
    built = mkdtempSync(join(tmpdir(), 'fusebox-ui-'));
    files = await build(built);
    stage.browser = await openBrowser();
  });
  after(async () => {
    await stage.browser?.close();
    rmSync(built, { recursive: true, force: true });
  });
  beforeEach(async () => {
    stage.server = new MockServer(files);
    await stage.server.start();
  });
  afterEach(async () => {
    await stage.close();
    await stage.server.stop();
  });
  stage.show = async (path, { scene = 'healthy', mapScene = 'storm', ...options } = {}) => {
    stage.server.scene = scene;
    stage.server.mapScene = mapScene;
    stage.view = await openPage(stage.browser, options);
    await stage.view.page.goto(stage.server.url + path);
    await stage.view.page.locator('h1').first().waitFor();
    if (!stage.server.refusal) await eventually('the page listens', () => stage.server.streams.size > 0);
    return stage.view.page;
  };
  stage.check = () => stage.view.check(stage.server);
  stage.shoot = (name, options = {}) => stage.view.page.screenshot({ path: join(shots, `${name}.png`), ...options });
  stage.close = async () => {
    await stage.view?.close();
    stage.view = null;
  };
  return stage;
}

export const names = (page) => page.locator('.row.wide a').allTextContents();
export const rowOf = (page, name) => page.locator('.row.wide', { has: page.locator(`a[href="/ui/services/${name}"]`) });

// Nothing is wider than its window but what scrolls in a box of its own, or is cut and told whole elsewhere.
export async function assertFits(page, what) {
  const overflow = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    const wide = [...document.querySelectorAll('main *, header *')].filter((el) => {
      const box = el.getBoundingClientRect();
      return box.width > 0 && box.right > limit + 1 && !el.closest('.scroll, .map-scroll, .origin, .ell, svg, pre, .sr');
    });
    return { scroll: document.documentElement.scrollWidth - limit, wide: wide.slice(0, 3).map((el) => el.outerHTML.slice(0, 120)) };
  });
  assert.deepEqual(overflow, { scroll: 0, wide: [] }, `${what} is wider than its window`);
}
