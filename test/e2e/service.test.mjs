// The service page in a real browser, before a server that plays every state of a service.
//
//   SHOTS=DIR  where the pictures go (default build/shots)
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, openPage } from './support/browser.mjs';
import { SIZES, pageStage, shots } from './support/page.mjs';
import { SERVICE_SCENES, serviceOf } from './support/service-scenes.mjs';

const NETWORK_LOST = /net::ERR_/;
const REFUSED = /503/;
const DRAW_MAX_MS = 32; // four charts of two lines of 3,600 points, at a quarter of the speed

const stage = pageStage();

const pathOf = (scene) => `/ui/services/${encodeURIComponent(serviceOf(scene))}`;

async function show(scene = 'trouble', { search = '', charts = true, height = 1500, ...options } = {}) {
  stage.server.serviceScene = scene;
  stage.view = await openPage(stage.browser, { height, ...options });
  await stage.view.page.goto(stage.server.url + pathOf(scene) + search);
  await stage.view.page.locator('.cards').waitFor();
  if (charts) await stage.view.page.locator('.plot').first().waitFor();
  await eventually('the page listens', () => stage.server.streams.size > 0);
  return stage.view.page;
}

const chart = (page, title) => page.locator('.chart', { has: page.getByRole('heading', { name: title, exact: true }) });
const times = (page) => page.locator('.chart .at').allTextContents();
const address = (page) => Object.fromEntries(new URL(page.url()).searchParams);
// How long the period of the address is. Where a pointer draws it, its ends are pixels, and fonts move these.
const rangeS = (page) => {
  const [, length, unit] = /^(\d+)([smh])$/.exec(address(page).range ?? '') ?? [];
  return Number(length) * { s: 1, m: 60, h: 3600 }[unit];
};
const isAbout = (actual, expected) => Math.abs(actual - expected) <= 5;
const questions = () => stage.server.searches.filter((path) => path.includes('/dashboard/service/') && path.includes('period='));

// How many pixels of a chart's canvas have a token's colour, in a part of its width.
const pixels = (locator, token, from = 0, to = 1) => locator.locator('canvas').evaluate((canvas, [name, a, b]) => {
  const [r, g, blue] = getComputedStyle(document.documentElement).getPropertyValue(name).match(/[0-9a-f]{2}/g).map((x) => parseInt(x, 16));
  const x = Math.round(canvas.width * a);
  const { data } = canvas.getContext('2d').getImageData(x, 0, Math.max(1, Math.round(canvas.width * b) - x), canvas.height);
  let n = 0;
  for (let i = 0; i < data.length; i += 4) n += data[i + 3] > 200 && Math.abs(data[i] - r) + Math.abs(data[i + 1] - g) + Math.abs(data[i + 2] - blue) < 24 ? 1 : 0;
  return n;
}, [token, from, to]);

async function assertFits(page, what) {
  const found = await page.evaluate(() => {
    const limit = document.documentElement.clientWidth;
    const inside = (el) => !el.closest('.scroll, .ell, svg, pre, .sr, .u-wrap');
    const all = [...document.querySelectorAll('main *')].filter((el) => el.getBoundingClientRect().width > 0 && inside(el));
    const cut = all.filter((el) => el.children.length === 0 && el.textContent && el.scrollWidth > el.clientWidth + 1 && getComputedStyle(el).overflowX === 'hidden');
    return { scroll: document.documentElement.scrollWidth - limit, wide: all.filter((el) => el.getBoundingClientRect().right > limit + 1).slice(0, 3).map((el) => el.outerHTML.slice(0, 120)), cut: cut.slice(0, 3).map((el) => el.outerHTML.slice(0, 120)) };
  });
  assert.deepEqual(found, { scroll: 0, wide: [], cut: [] }, `${what} is wider than its window, or cut`);
}

for (const scheme of ['light', 'dark'])
  for (const [width, height] of SIZES)
    test(`every state of a service fits and is quiet: ${scheme}, ${width} px`, async () => {
      for (const scene of SERVICE_SCENES) {
        const page = await show(scene, { scheme, width, height, charts: scene !== 'silent' });
        await page.waitForTimeout(100);
        await assertFits(page, `${scene} at ${width}`);
        assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
        await page.screenshot({ path: join(shots, `service-${scene}-${scheme}-${width}.png`), fullPage: true });
        await stage.view.check(stage.server);
        await stage.view.close();
      }
      stage.view = null;
    });

test('320 px lose nothing', async () => {
  const page = await show('long', { width: 320, height: 640 });
  await assertFits(page, 'at 320');
});

test('a healthy day has no red, no amber and no chip', async () => {
  const page = await show('healthy');
  for (const token of ['--crit-mark', '--warn-mark']) for (const one of await page.locator('.chart').all()) assert.equal(await pixels(one, token), 0);
  assert.equal(await page.locator('main .c-crit, main .c-warn, main .chip.crit, main .chip.warn, main .p-crit, main .p-warn').count(), 0);
});

test('final and first attempts are drawn, and the limit that adapts is a step', async () => {
  const page = await show();
  await page.locator('.plot canvas').nth(3).waitFor();
  const success = chart(page, 'Success of calls');
  assert.deepEqual((await success.locator('.legend').allTextContents()).map((t) => t.trim().replace(/\u202f/g, '')), ['final 96.6%', 'first attempts 72.6%']);
  assert.ok((await pixels(success, '--s1')) > 100 && (await pixels(success, '--retry')) > 100);
  assert.match(await success.locator('.plot').getAttribute('aria-label'), /^Success of calls, 02:26:05 to 02:41:05 UTC\. final: at the end 96\.6.*objective 99\.9\u202f%$/);
  assert.match(await success.locator('header').innerText(), /axis from 70\u202f%/);
  assert.match(await page.locator('.callers').innerText(), /Objective, latency\s+800\u202fms · p95 1\.3\u202fs · missed/);
  assert.match(await page.locator('.callers').innerText(), /Instances\s+3 of 6 say they are healthy · 2 silent · 1 unhealthy/);
  const limit = await page.evaluate(async (path) => (await (await fetch(path)).json()).history.retry_limit, '/api/v1/retry-monitoring/dashboard/service/payment-service?period=900s');
  assert.equal(new Set(limit.filter((v) => v !== null)).size, 3, 'the fixture has two steps');
  assert.ok((await pixels(chart(page, 'Retries used and denied'), '--ink2')) > 150);
  assert.match(await page.locator('.budget').innerText(), /Limit now\s+4,372\u202f\/min, shrunk from 5,989\s+This hour\s+158,000 left of 262,000/);
});

test('where nothing was heard there is a gap: no bridge, no zero', async () => {
  const page = await show('healthy', { search: '?range=15m' });
  const success = chart(page, 'Success of calls');
  const { gap, whole } = await page.locator('.plot').first().evaluate((el) => {
    const over = el.querySelector('.u-over').getBoundingClientRect();
    const canvas = el.querySelector('canvas').getBoundingClientRect();
    const part = (p) => (over.left - canvas.left + over.width * p) / canvas.width;
    return { gap: [part(0.348), part(0.378)], whole: [part(0.2), part(0.3)] };
  });
  assert.equal(await pixels(success, '--s1', ...gap), 0);
  assert.ok((await pixels(success, '--s1', ...whole)) > 20);
});

test('all charts have one cursor, by pointer and by keys, and values at it in their heads', async () => {
  const page = await show();
  assert.deepEqual(await times(page), Array(4).fill('02:41:05'));
  await page.locator('.u-over').first().hover({ position: { x: 300, y: 60 } });
  await eventually('the cursor', async () => (await times(page))[3] !== '02:41:05');
  const [first, ...rest] = await times(page);
  assert.match(first, /^02:3\d:\d\d$/);
  assert.deepEqual(rest, [first, first, first]);
  const lines = await page.locator('.u-cursor-x').evaluateAll((all) => all.map((el) => Math.round(el.getBoundingClientRect().left % 1000) && new DOMMatrix(getComputedStyle(el).transform).e));
  assert.equal(new Set(lines.map((x) => x.toFixed(1))).size, 1, `${lines}`);
  await page.mouse.move(5, 5);
  await eventually('no cursor', async () => (await times(page)).every((t) => t === '02:41:05'));

  const plot = chart(page, 'Latency').locator('.plot');
  await plot.focus();
  const at = async (key) => {
    await page.keyboard.press(key);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
    const all = await times(page);
    assert.equal(new Set(all).size, 1, `${key}: ${all}`);
    return all[0];
  };
  assert.equal(await at('ArrowLeft'), '02:41:00');
  assert.equal(await at('ArrowRight'), '02:41:05');
  assert.equal(await at('ArrowRight'), '02:41:05');
  assert.equal(await at('PageUp'), '02:40:15');
  assert.equal(await at('PageDown'), '02:41:05');
  assert.equal(await at('Home'), '02:26:10');
  assert.match(await chart(page, 'Latency').locator('[aria-live]').textContent(), /^02:26:10: p50 \d+\u202fms, p95 \d+\u202fms, p99 \d+\u202fms$/);
  assert.equal(await at('End'), '02:41:05');
  await page.keyboard.press('Tab');
  await eventually('the cursor goes with the focus', async () => (await page.locator('.u-cursor-x:not(.u-off)').evaluateAll((all) => all.filter((el) => new DOMMatrix(getComputedStyle(el).transform).e >= 0).length)) === 0);
  await stage.view.check(stage.server);
});

async function drag(page, from, to) {
  const box = await page.locator('.u-over').first().boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * from, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * (from + to) / 2, y, { steps: 4 });
  await page.mouse.move(box.x + box.width * to, y, { steps: 4 });
  await page.mouse.up();
}

test('a drag zooms the page, and Esc or a double click goes one step back', async () => {
  const page = await show();
  await drag(page, 0.4, 0.8);
  await eventually('the address', () => isAbout(rangeS(page), 360) || address(page));
  const zoomedTo = Date.parse(address(page).end);
  assert.ok(Math.abs(zoomedTo - Date.parse('2026-11-20T02:38:05Z')) <= 10_000, address(page).end);
  const title = page.locator('.charts-head h2');
  const FIRST = /02:3[12]:\d\d to 02:3[78]:\d\d/, SECOND = /02:33:\d\d to 02:36:\d\d/;
  await title.getByText(FIRST).waitFor();
  assert.ok(questions().some((path) => path.endsWith(`period=${rangeS(page)}s&end=${zoomedTo}`)), questions().join('\n'));
  const shown = await times(page);
  stage.server.push({});
  stage.server.push({});
  await page.waitForTimeout(200);
  assert.deepEqual(await times(page), shown, 'the charts stand still');
  await page.screenshot({ path: join(shots, 'service-zoomed-light-1440.png') });

  await drag(page, 0.25, 0.75);
  await eventually('a second step', () => isAbout(rangeS(page), 180) || address(page));
  await page.reload();
  await title.getByText(SECOND).waitFor();
  await page.goBack();
  await title.getByText(FIRST).waitFor();
  await page.goForward();
  await title.getByText(SECOND).waitFor();
  await page.keyboard.press('Escape');
  await title.getByText('Last 15').waitFor();
  assert.deepEqual(address(page), {});

  await drag(page, 0.2, 0.5);
  await page.locator('.charts-head button', { hasText: 'To now' }).waitFor();
  await page.locator('.u-over').first().dblclick({ position: { x: 40, y: 40 } });
  await title.getByText('Last 15').waitFor();
  await page.keyboard.press('Escape');
  await eventually('the overview', () => new URL(page.url()).pathname === '/ui/');
  await stage.view.check(stage.server);
});

test('the wheel scrolls the page, and zooms with Ctrl', async () => {
  const page = await show('trouble', { height: 700 });
  await page.locator('.plot').first().scrollIntoViewIfNeeded();
  await page.locator('.u-over').first().hover();
  const top = () => page.evaluate(() => scrollY);
  const was = await top();
  await page.mouse.wheel(0, 240);
  await eventually('the page scrolls', async () => (await top()) > was);
  assert.deepEqual(address(page), {});
  await page.locator('.u-over').first().hover();
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -100);
  await page.keyboard.up('Control');
  await eventually('the period', () => address(page).range === '10m');
  await page.keyboard.press('Escape');
  await eventually('back', () => address(page).range === undefined);
});

test('a finger moves the cursor, two stretch the time', async () => {
  const page = await show('trouble', { width: 390, height: 844 });
  await page.locator('.plot').first().scrollIntoViewIfNeeded();
  await page.locator('.u-over').first().waitFor();
  const touch = (type, id, part) => page.locator('.u-over').first().evaluate((el, [kind, pointerId, p]) => {
    const box = el.getBoundingClientRect();
    el.dispatchEvent(new PointerEvent(kind, { pointerId, pointerType: 'touch', bubbles: true, clientX: box.left + box.width * p, clientY: box.top + 40 }));
  }, [type, id, part]);
  await touch('pointerdown', 1, 0.5);
  await eventually('the cursor', async () => /^02:33:[34]\d$/.test((await times(page))[3]) || times(page));
  assert.equal(new Set(await times(page)).size, 1);
  await touch('pointerdown', 2, 0.6);
  await touch('pointermove', 1, 0.2);
  await touch('pointermove', 2, 0.9);
  await touch('pointerup', 1, 0.2);
  await touch('pointerup', 2, 0.9);
  await eventually('the period', () => isAbout(rangeS(page), 129) || address(page));
  await page.locator('.charts-head h2').getByText(/^02:33:\d\d to 02:35:\d\d$/).waitFor();
});

test('a longer period is fetched, says since when there is data, and again when a step closes', async () => {
  const page = await show('trouble', { search: '?range=24h' });
  await page.locator('.charts-head', { hasText: 'data since 2026-11-19 06:40:00' }).waitFor();
  assert.match(await page.locator('.charts-head').innerText(), /Last 24\u202fh\s+steps of 4\u202fmin/);
  const asked = () => questions().filter((path) => path.includes('period=86400s')).length;
  const before = asked();
  stage.server.push({});
  await page.waitForTimeout(300);
  assert.equal(asked(), before, 'no step has closed');
  stage.server.nowMs += 240_000;
  stage.server.push({});
  await eventually('the next step', async () => (await times(page))[0] === '02:44:00' || times(page));
  assert.equal(asked(), before + 1);
  await page.screenshot({ path: join(shots, 'service-24h-light-1440.png'), fullPage: true });
  await stage.view.check(stage.server);
});

test('while another period loads the old picture stays under a veil, and a refusal is said', async () => {
  const page = await show('healthy', { allowed: [REFUSED] });
  stage.server.historyDelayMs = 700;
  await page.evaluate(() => {
    history.pushState(null, '', '?range=6h');
    dispatchEvent(new PopStateEvent('popstate'));
  });
  await page.locator('.charts.veil canvas').first().waitFor();
  assert.match(await page.locator('.charts-head h2').innerText(), /15/);
  await page.locator('.charts-head h2').getByText('Last 6').waitFor();
  assert.equal(await page.locator('.veil').count(), 0);

  stage.server.historyDelayMs = 0;
  stage.server.historyRefusal = { status: 503, code: 'overloaded', message: 'Too many questions wait; try again' };
  await page.evaluate(() => {
    history.pushState(null, '', '?range=7d');
    dispatchEvent(new PopStateEvent('popstate'));
  });
  await page.locator('.note', { hasText: 'The history of 7\u202fd could not be loaded. Too many questions wait' }).waitFor();
  assert.equal(await page.locator('.plot canvas').count() > 0, true, 'the old picture stays');
  stage.server.historyRefusal = null;
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.locator('.charts-head h2').getByText('Last 7').waitFor();
  assert.equal(await page.locator('.note', { hasText: 'could not' }).count(), 0);
});

test('the live charts move on with the frames', async () => {
  const page = await show();
  for (let i = 0; i < 5; i++) stage.server.push({});
  await eventually('the next step', async () => (await times(page)).every((t) => t === '02:41:10') || times(page));
  stage.server.push({ calls_per_s: 444 });
  await page.locator('.callers').getByText('444\u202f/s').waitFor();
  await stage.view.check(stage.server);
});

test('each chart is a table and a file, too, of the same period', async () => {
  const page = await show();
  const success = chart(page, 'Success of calls');
  await success.locator('summary').click();
  const rows = success.locator('tbody tr');
  await eventually('the rows', async () => (await rows.count()) === 180);
  assert.deepEqual((await rows.first().locator('th, td').allTextContents()).map((t) => t.replace('\u202f', '')), ['02:41:05', '96.6%', '72.6%']);
  assert.ok((await success.locator('td', { hasText: 'not heard' }).count()) >= 12);
  const end = Date.parse('2026-11-20T02:41:05Z');
  assert.equal(await success.locator('a[download]').getAttribute('href'), `/api/v1/retry-monitoring/dashboard/service/payment-service/export?format=csv&period=900s&end=${end}`);
  const [download] = await Promise.all([page.waitForEvent('download'), success.locator('a[download]').click()]);
  assert.equal(download.suggestedFilename(), 'history.csv');
});

test('what is not there has no panel', async () => {
  const page = await show('bare');
  assert.doesNotMatch(await page.locator('.callers').innerText(), /Instances/);
  for (const part of ['.breakers', '.neighbours', '.events']) assert.equal(await page.locator(part).count(), 0, part);
  assert.doesNotMatch(await page.locator('main').innerText(), /objective/i);
  assert.deepEqual(await page.locator('.chart h2').allTextContents(), ['Success of calls', 'Calls and attempts', 'Retries used']);
  await stage.view.close();
  const silent = await show('silent', { charts: false });
  await silent.getByText('no data', { exact: true }).first().waitFor();
  await silent.waitForTimeout(300);
  assert.equal(await silent.locator('.chart').count(), 0);
  await silent.locator('.charts-head', { hasText: 'nothing was heard in any step of 5\u202fs' }).waitFor();
  assert.doesNotMatch(await silent.locator('.cards').innerText(), /NaN|null|undefined|Infinity/);
  await stage.view.check(stage.server);
});

test('a budget that is not known, or modelled, says so', async () => {
  const page = await show('limitless', {});
  assert.match(await page.locator('.budget').innerText(), /limit unknown\s+The source tells of retries, but of no limit\.\s+Retries\s+3\.20\u202f\/s/);
  assert.equal(await page.locator('.budget rect[fill="url(#hatch-unknown)"]').count(), 1);
  await stage.view.close();
  const given = await show('given');
  assert.match(await given.locator('.budget').innerText(), /does not tell of retries\.\s+Limit given\s+600\u202f\/min, 20,000\u202f\/h/);
  await stage.view.close();
  const modelled = await show('modelled');
  const text = await modelled.locator('.budget').innerText();
  assert.match(text, /\u2248\u202f41\u202f% used/);
  assert.match(text, /Model\s+modelled, share of calls, with reserve/);
  assert.match(text, /\u2248\u202f41\u202f% \(80\u202f%: 32 to 50\u202f%\) · 354 of 600 left/);
  assert.equal(await modelled.locator('.budget .dotted').count(), 1);
  assert.match(text, /Empty\s+it lasts at the present speed/);
  await stage.view.close();
  assert.match(await (await show()).locator('.budget').innerText(), /41\u202f% \(80\u202f%: 32 to 50\u202f%\) · 59 of 100 left · empty in 14\u202fmin \(80\u202f%: 10\u202fmin to never\)/);
});

test('a breaker that was forced open says so, and how long each was open in 24 hours comes from what is stored', async () => {
  const page = await show('forced');
  const [forced, other] = [page.locator('.brk').first(), page.locator('.brk').nth(1)];
  await other.getByText('open 90\u202fmin in 24 h').waitFor();
  assert.match(await forced.innerText(), /orders-forced\s+forced open/);
  assert.equal(await forced.getByRole('img', { name: 'forced' }).count(), 1);
  assert.match(await forced.innerText(), /open 62\u202fs of 21\u202fmin watched/, 'no more is stored than was seen');
  assert.equal(await other.getByRole('img', { name: 'forced' }).count(), 0);
});

test('a success just below its objective is not rounded up to it', async () => {
  const page = await show('near');
  assert.match(await page.locator('.callers').innerText(), /99\.896\u202f% of calls succeed/);
  assert.match(await page.locator('.callers').innerText(), /99\.9\u202f% · missed/);
  await page.locator('.legend', { hasText: /final 99\.8\d+\u202f%/ }).waitFor();
});

test('stale, too little and unknown figures look neither good nor bad', async () => {
  const page = await show('stale');
  await page.locator('.callers .chip', { hasText: 'last data 4\u202fmin ago' }).waitFor();
  assert.equal(await page.locator('.card.old').count(), 2);
  assert.deepEqual(await page.locator('.brk .rc b', { hasText: 'unknown' }).count(), 3);
  assert.equal(await page.locator('.cards .c-crit, .cards .c-warn, .cards .c-ok').count(), 0);
  await stage.view.close();
  const little = await show('little');
  await little.locator('.callers.old .chip', { hasText: 'too little data, n=14' }).waitFor();
});

test('breakers: k of n instances, forced with a lock, conditions, openings on the time axes', async () => {
  const page = await show();
  const first = page.locator('.brk').first();
  assert.match(await first.innerText(), /payment-service-2\s+open 1\/3\s+for \d+\u202fs, since 02:39:15/);
  assert.deepEqual(await first.locator('.chip').allTextContents(), ['flapping', 'many failures']);
  await first.locator('summary', { hasText: '3 instances' }).click();
  await eventually('the instances', async () => (await first.locator('li').count()) === 3);
  assert.match(await first.innerText(), /open 62\u202fs of 21\u202fmin watched/);
  assert.equal(await page.locator('.brk').count(), 3);
  await page.getByRole('button', { name: '2 more' }).click();
  await eventually('all breakers', async () => (await page.locator('.brk').count()) === 5);
  assert.equal(await page.getByRole('img', { name: 'forced' }).count(), 1);
  await page.locator('.charts-head', { hasText: 'a breaker was open' }).waitFor();
  await eventually('the openings', async () => (await pixels(chart(page, 'Calls and attempts'), '--crit-mark')) > 50);
});

test('who is behind it and who calls it, with the marks of what is not known', async () => {
  const page = await show();
  const cells = (i) => page.locator('.neighbours').first().locator('tbody tr').nth(i).locator('td').allInnerTexts();
  const plain = async (i) => (await cells(i)).map((t) => t.trim().replace(/\u202f/g, ' '));
  assert.deepEqual(await plain(0), ['payments-db', '282 /s', '\u00d71.62', '98.4 %', '1/6']);
  assert.deepEqual(await plain(1), ['fraud-check', '0.23 /s', 'not told', 'too little data', '0/2']);
  assert.deepEqual(await plain(2), ['email-provider', 'not told', 'not told', 'not told', 'none']);
  assert.deepEqual(await plain(3), ['recommendations', 'not told', 'not told', 'stale', '?/4']);
  assert.deepEqual(await plain(4), ['ledger', '189 /s', '\u2248 \u00d71.05', '99.987 %', '0/2']);
  assert.equal(await page.locator('.neighbours a', { hasText: 'email-provider' }).count(), 0, 'nobody watches it');
  assert.equal(await page.locator('.neighbours').nth(1).locator('tbody tr').count(), 2);
});

test('events are text, newest first, and more on demand', async () => {
  const page = await show();
  const items = page.locator('.events li');
  await eventually('the first', async () => (await items.count()) === 10);
  assert.match(await items.first().innerText(), /call outcome\s+failure · TimeoutError · called by checkout · 3 retries · 2\u202fs · pool: timed out acquiring connection <b>after<\/b> 2 s/);
  await page.locator('.events').getByRole('button', { name: 'More' }).click();
  await eventually('all', async () => (await items.count()) === 37);
  assert.equal(await page.locator('.events').getByRole('button', { name: 'More' }).count(), 0);
  await page.locator('.definition summary').click();
  await page.locator('.definition pre').waitFor();
  assert.match(await page.locator('.definition').innerText(), /Defined by\s+the API[^]*revision 7[^]*"max_retries_per_minute": 6000/);
  await stage.view.check(stage.server);
});

test('a lost server is told, the picture stays, and goes on by itself', async () => {
  const page = await show('trouble', { allowed: [NETWORK_LOST] });
  await stage.server.stop();
  await page.locator('#lost').waitFor();
  assert.deepEqual(await times(page), Array(4).fill('02:41:05'));
  await page.screenshot({ path: join(shots, 'service-disconnected-light-1440.png'), fullPage: true });
  stage.server.nowMs += 30_000;
  await stage.server.start();
  await page.locator('#lost').waitFor({ state: 'detached' });
  stage.server.push({});
  await eventually('the charts go on', async () => (await times(page)).every((t) => t === '02:41:35') || times(page));
  assert.equal(await page.locator('.chart').count(), 4);
  await stage.view.check(stage.server);
});

test('the charts take the colours of the theme when it changes', async () => {
  const page = await show('healthy', { scheme: 'dark' });
  const calls = chart(page, 'Calls and attempts');
  assert.ok((await pixels(calls, '--s1')) > 100);
  await page.emulateMedia({ colorScheme: 'light' });
  await eventually('the light colours', async () => (await pixels(calls, '--s1')) > 100);
});

// From the first canvas that is cleared to the last stroke, for each frame.
const watchDrawing = () => {
  const proto = CanvasRenderingContext2D.prototype;
  window.__frames = [];
  let frame = null;
  for (const name of ['clearRect', 'stroke', 'fillText']) {
    const own = proto[name];
    proto[name] = function (...args) {
      if (!frame) {
        frame = { from: performance.now(), to: 0 };
        window.__frames.push(frame);
        setTimeout(() => (frame = null));
      }
      own.apply(this, args);
      frame.to = performance.now();
    };
  }
};

test('four charts of 3,600 points are drawn in time on a slow machine', async () => {
  stage.server.points = 3600;
  stage.server.serviceScene = 'trouble';
  stage.view = await openPage(stage.browser, { height: 2400 });
  const { page } = stage.view;
  await page.addInitScript(watchDrawing);
  await page.goto(stage.server.url + pathOf('trouble'));
  await page.locator('.plot canvas').nth(3).waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  await page.evaluate(() => (window.__frames.length = 0));
  const drawn = () => page.evaluate(() => window.__frames.map((f) => f.to - f.from).sort((a, b) => a - b));
  let spent = [];
  for (let i = 0; i < 60 && !(spent.length >= 5 && spent[0] <= DRAW_MAX_MS); i++) {
    stage.server.push({});
    await page.waitForTimeout(250);
    spent = await drawn();
  }
  console.log(`four charts, 3,600 points: ${spent.length} frames, undisturbed ${spent[0]?.toFixed(1)} ms, median ${spent[Math.floor(spent.length / 2)]?.toFixed(1)} ms`);
  assert.ok(spent[0] <= DRAW_MAX_MS, `${spent[0]} ms`); // other processes can only add to it
  await stage.view.check(stage.server);
});
