// The pictures of the README, from the made-up states that the tests look at: node docs/images/make.mjs
//
// overview, service, map and query, 1440 wide, each as NAME.png (light) and NAME-dark.png. CHROMIUM=path chooses the browser.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser, openPage } from '../../test/e2e/support/browser.mjs';
import { MockServer } from '../../test/e2e/support/mock-server.mjs';
import { build } from '../../ui/build.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const PAGES = [['overview', '/ui/', '.needs'], ['service', '/ui/services/payment-service', '.chart canvas'], ['map', '/ui/map', 'svg.map'],
  ['query', `/ui/query?expr=${encodeURIComponent('rate(checkout_calls_total{job="shop"}[5m])')}&view=graph`, '.cm-content']];

const built = mkdtempSync(join(tmpdir(), 'fusebox-images-'));
const server = new MockServer(await build(built));
await server.start();
server.scene = 'cascade';
const browser = await openBrowser();
for (const scheme of ['light', 'dark'])
  for (const [name, path, sign] of PAGES) {
    const { page, check, close } = await openPage(browser, { scheme });
    await page.goto(server.url + path);
    await page.locator(sign).first().waitFor();
    if (name === 'query') await page.locator('canvas').first().waitFor();
    else await page.locator('.live.c-ok').waitFor();
    await page.screenshot({ path: join(here, scheme === 'light' ? `${name}.png` : `${name}-dark.png`) });
    await check(server);
    await close();
  }
await browser.close();
await server.stop();
rmSync(built, { recursive: true, force: true });
process.exit(0);
