// The query page in a real browser, before a server that plays every answer.
//
//   SHOTS=DIR  where the pictures go (default build/shots)
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertAccessible } from './support/axe.mjs';
import { eventually, openPage } from './support/browser.mjs';
import { SIZES, assertFits, pageStage, shots } from './support/page.mjs';
import { HOSTILE_NAMES, START_MS } from './support/scenes.mjs';

const REFUSED = /status of (400|413|422|503)|net::ERR_/;
const EDITOR = /lazy-query-editor-/;

const stage = pageStage();

async function show(search = '', { editor = true, ...options } = {}) {
  stage.view = await openPage(stage.browser, options);
  const { page } = stage.view;
  if (!editor) await page.route(EDITOR, (route) => route.abort());
  await page.goto(`${stage.server.url}/ui/query${search}`);
  await page.locator('h1').first().waitFor();
  if (editor && !search.includes('kiosk')) await page.locator('.cm-content').waitFor();
  return page;
}

const lead = (page, text) => page.locator('h1', { hasText: text }).waitFor();
const written = (page) => page.locator('.cm-content').evaluate((el) => [...el.querySelectorAll('.cm-line')].map((line) => (line.querySelector('.cm-placeholder') ? '' : line.textContent)).join('\n'));
const params = (page) => Object.fromEntries(new URL(page.url()).searchParams);
const asked = (path) => stage.server.searches.filter((search) => search.startsWith(`${path}?`)).map((search) => Object.fromEntries(new URLSearchParams(search.slice(path.length + 1))));
const lines = (page) => page.locator('.query-legend bdi').allTextContents();

async function write(page, text) {
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
}

const STATES = [
  ['asked-nothing', '', 'Ask in PromQL'],
  ['table', '?expr=few', '3 series now'],
  ['long-query', `?expr=few+%2B+sum+by+(code,+instance)+(rate(${'payment_authorisation_and_settlement_'.repeat(6)}total{path="/a/very/long/path"}[5m]))${'%0A++%2B+ignoring+(code)+up'.repeat(12)}`, '3 series now'],
  ['table-many', '?expr=many', '1,000 series now'],
  ['table-long', '?expr=long', '4 series now'],
  ['table-range', '?expr=few[5m]', '3 series now'],
  ['scalar', '?expr=42', 'A number'],
  ['string', '?expr="a+text"', 'A text'],
  ['graph', '?expr=few&view=graph', '3 series over 15'],
  ['graph-gap', '?expr=gap&view=graph&range=1h', '2 series over 1'],
  ['graph-below', '?expr=below&view=graph&range=6h', '2 series over 6'],
  ['graph-many', '?expr=many&view=graph', '1,000 series over 15'],
  ['graph-long', '?expr=long&view=graph', '4 series over'],
  ['graph-odd', '?expr=odd&view=graph', '3 series over'],
  ['past', `?expr=few&view=graph&end=${START_MS - 3_600_000}`, '3 series over'],
  ['hostile', '?expr=hostile', `${HOSTILE_NAMES.length} series now`],
  ['empty', '?expr=nothing{code="200"}%2Bcheckout_calls_total', 'Nothing was found'],
  ['error', '?expr=sum(%0A++fooo(up)%0A)', 'Not understood at line 2, character 3'],
  ['error-kind', '?expr=few[5m]&view=graph', 'This cannot be drawn over time'],
  ['error-memory', '?expr=too_much', 'This could not be computed'],
  ['error-busy', '?expr=too_busy', 'Fusebox is busy'],
];

for (const scheme of ['light', 'dark'])
  for (const [width, height] of SIZES)
    test(`every answer fits and is quiet: ${scheme}, ${width} px`, { timeout: 600_000 }, async () => {
      for (const [name, search, words] of STATES) {
        const page = await show(search, { scheme, width, height, allowed: [REFUSED] });
        await lead(page, words);
        if (name.startsWith('graph')) await page.locator('.plot canvas').waitFor();
        if (name === 'empty') await page.locator('.empty li').first().waitFor();
        assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1);
        await assertFits(page, `${name} at ${width}`);
        await assertAccessible(page, `${name} ${scheme} ${width}`);
        await page.screenshot({ path: join(shots, `query-${name}-${scheme}-${width}.png`), fullPage: true });
        await stage.view.check(stage.server);
        await stage.view.close();
      }
      stage.view = null;
    });

test('320 px lose nothing, and the page is reached from every page', async () => {
  for (const search of ['?expr=long&view=graph', '?expr=hostile', '?expr=sum(fooo(up))']) {
    const page = await show(search, { width: 320, height: 640, allowed: [REFUSED] });
    await page.locator('.chart, .query-table, .refused').first().waitFor();
    await assertFits(page, `${search} at 320`);
    await stage.view.close();
  }
  stage.view = await openPage(stage.browser, { width: 320, height: 640 });
  const { page } = stage.view;
  await page.goto(`${stage.server.url}/ui/`);
  await page.locator('.row').first().waitFor();
  await assertFits(page, 'the bar of the pages at 320');
  assert.ok(!stage.view.requests.some((url) => EDITOR.test(url)), 'the editor is the query page’s alone');
  await page.locator('nav a', { hasText: 'Query' }).click();
  await page.locator('.cm-content').waitFor();
  assert.equal(await page.title(), 'Query · fusebox');
  assert.equal(await page.locator('nav a[aria-current=page]').textContent(), 'Query');
  assert.ok(stage.view.requests.some((url) => EDITOR.test(url)));
  await stage.view.check(stage.server);
});

test('a name completes, Enter runs, and the address carries the query', async () => {
  const page = await show();
  await page.locator('.cm-content').click();
  await page.keyboard.type('chec');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: 'checkout_calls_total' }).waitFor();
  await page.screenshot({ path: join(shots, 'query-completion-light-1440.png') });
  await page.keyboard.press('Tab');
  assert.equal(await written(page), 'checkout_calls_total');
  await page.keyboard.type('{code="5');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: '503' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await eventually('the value is written', async () => (await written(page)) === 'checkout_calls_total{code="503"}' || written(page));
  assert.equal(asked('query').length, 0, 'a choice is no run');
  await page.keyboard.press('Enter');
  await lead(page, '3 series now');
  assert.deepEqual(params(page), { expr: 'checkout_calls_total{code="503"}' });
  assert.deepEqual(asked('query'), [{ query: 'checkout_calls_total{code="503"}' }]);
  await stage.view.check(stage.server);
});

test('Enter runs though names are offered, Shift Enter begins a line, Control Enter runs', async () => {
  const page = await show();
  await page.locator('.cm-content').click();
  await page.keyboard.type('up');
  await page.locator('.cm-tooltip-autocomplete li').first().waitFor();
  await page.keyboard.press('Enter');
  await lead(page, '3 series now');
  assert.equal(await page.locator('.cm-tooltip-autocomplete').count(), 0);
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('+ few');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  await eventually('it is asked', () => asked('query').length === 2);
  assert.equal(asked('query')[1].query, 'up\n+ few');
  assert.equal(new URL(page.url()).pathname, '/ui/query', 'Escape closed the names and nothing else');
  await stage.view.check(stage.server);
});

test('keys of the page are letters in the editor, and Tab leaves it', async () => {
  const page = await show();
  await page.locator('.cm-content').click();
  await page.keyboard.type('gs5?j.');
  assert.equal(await written(page), 'gs5?j.');
  assert.equal(new URL(page.url()).pathname, '/ui/query');
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Tab');
  await eventually('the focus goes on', async () => (await page.evaluate(() => document.activeElement?.textContent)) === 'Run');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await page.locator('#blocks-title').waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('q');
  await page.locator('.cm-content').waitFor();
  await page.goto(`${stage.server.url}/ui/storage`);
  await page.locator('#blocks-title').waitFor();
  await page.keyboard.press('/');
  await page.locator('dialog.jump input:focus').waitFor();
  await page.keyboard.type('Query');
  await eventually('it is found', async () => (await page.locator('.jump li').first().innerText()).startsWith('Query'));
  await page.keyboard.press('Enter');
  await page.locator('.cm-content').waitFor();
  await stage.view.check(stage.server);
});

test('an error is marked at its place, told in words, and gone when the text changes', async () => {
  const page = await show('', { allowed: [REFUSED] });
  await write(page, 'sum(fooo(up))');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  await lead(page, 'Not understood at character 5');
  assert.equal(await page.locator('.cm-wrong').textContent(), 'fooo');
  assert.equal(await page.locator('.refused mark').textContent(), 'fooo');
  assert.match(await page.locator('.refused').innerText(), /unknown function with name "fooo"/);
  await page.getByRole('button', { name: 'Go there' }).click();
  await page.keyboard.press('Shift+ArrowRight');
  assert.equal(await page.evaluate(() => document.querySelector('.editor').shadowRoot.getSelection?.().toString() ?? getSelection().toString()), 'f');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('x');
  await eventually('the mark goes', async () => (await page.locator('.cm-wrong').count()) === 0);
  await write(page, 'few');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  await lead(page, '3 series now');
  assert.equal(await page.locator('.refused').count(), 0);
  await stage.view.check(stage.server);
});

test('what the server refuses says what to do', async () => {
  const page = await show('?expr=few[5m]&view=graph', { allowed: [REFUSED] });
  await page.getByRole('button', { name: 'As a table' }).click();
  await lead(page, '3 series now');
  assert.deepEqual(params(page), { expr: 'few[5m]' });
  await page.goto(`${stage.server.url}/ui/query?expr=few&view=graph&range=24h&step=1s`);
  await lead(page, 'The step is too short for this range');
  await page.getByRole('button', { name: 'Take a step that fits' }).click();
  await lead(page, 'a point every 5');
  for (const [text, title, hint] of [['too_much', 'This could not be computed', /Narrow it/], ['too_slow', 'It took too long', /Narrow it/], ['too_busy', 'Fusebox is busy', /Try again in 1 second/], ['too_long', 'The query is too long', /Fewer alternatives/]]) {
    await page.goto(`${stage.server.url}/ui/query?expr=${text}`);
    await lead(page, title);
    assert.match(await page.locator('.refused').innerText(), hint);
  }
  await page.goto(`${stage.server.url}/ui/query`);
  await page.locator('.cm-content').waitFor();
  await stage.server.stop();
  await write(page, 'few');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  await lead(page, 'Fusebox does not answer');
  await stage.server.start();
  await page.getByRole('button', { name: 'Try again' }).click();
  await lead(page, '3 series now');
  await stage.view.check(stage.server);
});

test('a query that runs can be cancelled; what was there stays, and is veiled while another runs', async () => {
  const page = await show('?expr=few');
  await lead(page, '3 series now');
  let open;
  stage.server.queryGate = new Promise((resolve) => (open = resolve));
  await write(page, 'many');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Enter');
  await page.locator('.veil .query-table').waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Cancelled. What is below, if anything, came before.').waitFor();
  assert.equal(await page.locator('.veil').count(), 0);
  assert.equal(await page.locator('.query-table tbody tr').count(), 3);
  await page.getByRole('button', { name: 'Run' }).click();
  await page.locator('.veil .query-table').waitFor();
  open();
  await lead(page, '1,000 series now');
  assert.equal(await page.locator('.veil').count(), 0);
  await stage.view.check(stage.server);
});

test('a table is sorted by its heads, and shows all when asked', async () => {
  const page = await show('?expr=many');
  await lead(page, '1,000 series now');
  const rows = page.locator('.query-table tbody tr');
  assert.equal(await rows.count(), 20);
  assert.match(await page.locator('.query-table footer').innerText(), /showing 20 of 1,000/);
  assert.match(await page.locator('.query-table header').innerText(), /all are node_cpu_seconds_total\{job="node", mode="idle"\}/);
  const value = page.getByRole('button', { name: 'Value' });
  const first = () => rows.first().locator('td').last().innerText().then(Number);
  const asGiven = await first();
  await value.click();
  const highest = await first();
  await value.click();
  const lowest = await first();
  assert.ok(highest > asGiven && lowest < highest, `${highest} ${asGiven} ${lowest}`);
  assert.match(await page.locator('th[aria-sort=ascending]').innerText(), /^Value\s↑$/);
  await value.click();
  assert.equal(await first(), asGiven);
  await page.getByRole('button', { name: 'Show all' }).click();
  assert.equal(await rows.count(), 1000);
  await stage.view.check(stage.server);
});

test('a graph shows twenty first, one alone when it is pressed, and its values at the cursor', async () => {
  const page = await show('?expr=many&view=graph');
  await lead(page, '1,000 series over');
  await page.locator('.plot canvas').waitFor();
  assert.equal((await lines(page)).length, 20);
  assert.equal((await lines(page))[0], '{instance="host-0000:9100"}');
  const plot = page.locator('.plot');
  assert.match(await plot.getAttribute('aria-label'), /host-0019/);
  const third = page.locator('.query-legend button').nth(2);
  await third.click();
  assert.equal(await third.getAttribute('aria-pressed'), 'true');
  await eventually('it stands alone', async () => !(await plot.getAttribute('aria-label')).includes('host-0001'));
  await third.click();
  await page.getByRole('button', { name: 'Show 100' }).click();
  assert.equal((await lines(page)).length, 100);
  const at = page.locator('.chart .at');
  const end = await at.textContent();
  await plot.focus();
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('ArrowLeft');
  await eventually('the cursor moves', async () => (await at.textContent()) !== end);
  await stage.view.check(stage.server);
});

test('a gap in the samples is a gap in the line, in the table and in words', async () => {
  const page = await show('?expr=gap&view=graph&range=1h');
  await page.locator('.plot canvas').waitFor();
  assert.match(await page.locator('.plot').getAttribute('aria-label'), /no value for (9|54[0-9])/);
  await page.locator('summary', { hasText: 'As a table' }).click();
  await eventually('the gap in the table', async () => (await page.locator('.numbers td', { hasText: 'no value' }).count()) > 50);
  await page.goto(`${stage.server.url}/ui/query?expr=odd&view=graph`);
  await page.getByText(/\d+ points NaN or infinite: not drawn\./).waitFor();
  await stage.view.check(stage.server);
});

test('a drag zooms, Escape goes back, and the address tells what is seen', async () => {
  const page = await show('?expr=few&view=graph&range=1h');
  const over = page.locator('.plot .u-over');
  await over.waitFor();
  const box = await over.boundingBox();
  await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 6 });
  await page.mouse.up();
  await page.getByText('the past, as it stood until').waitFor();
  await eventually('half an hour', async () => Math.abs(asked('query_range').at(-1).end - asked('query_range').at(-1).start - 1800) < 30 || JSON.stringify(asked('query_range').at(-1)));
  assert.ok(params(page).end && params(page).range);
  await page.keyboard.press('Escape');
  await eventually('back to now', () => !('end' in params(page)) || page.url());
  assert.equal(params(page).range, '1h');
  await page.keyboard.press('[');
  await page.getByText('the past, as it stood until').waitFor();
  await page.getByRole('button', { name: 'To now' }).click();
  await eventually('now', () => !('end' in params(page)) || page.url());
  await stage.view.check(stage.server);
});

test('an instant and a step are chosen, go into the address, and are asked for', async () => {
  const page = await show('?expr=few');
  await lead(page, '3 series now');
  await page.locator('input[type=datetime-local]').fill('2026-11-20T01:00:05');
  await lead(page, '3 series at 2026-11-20 01:00:05'.slice(0, 11));
  assert.deepEqual(params(page), { expr: 'few', end: '2026-11-20T01:00:05Z' });
  assert.equal(Number(asked('query').at(-1).time), Date.parse('2026-11-20T01:00:05Z') / 1000);
  await page.getByRole('button', { name: 'Graph' }).click();
  await page.getByLabel('Step').selectOption('15s');
  await eventually('the step', () => asked('query_range').at(-1)?.step === '15');
  assert.deepEqual(params(page), { expr: 'few', end: '2026-11-20T01:00:05Z', view: 'graph', step: '15s' });
  await page.goBack();
  await page.goBack();
  await eventually('the table again', async () => (await page.locator('.query-table').count()) === 1);
  await stage.view.check(stage.server);
});

test('the link shows the same in another page, and what makes no sense in it is said', async () => {
  const page = await show('?expr=gap%2B1&view=graph&range=6h&end=2026-11-20T01:00:00Z&step=1m');
  await page.locator('.plot canvas').waitFor();
  const seen = { lines: await lines(page), asked: asked('query_range').at(-1), text: await written(page), head: await page.locator('.chart h2').textContent() };
  const copy = await openPage(stage.browser, {});
  await copy.page.goto(page.url());
  await copy.page.locator('.plot canvas').waitFor();
  await copy.page.locator('.cm-content').waitFor();
  assert.deepEqual({ lines: await lines(copy.page), asked: asked('query_range').at(-1), text: await written(copy.page), head: await copy.page.locator('.chart h2').textContent() }, seen);
  await copy.page.goto(`${stage.server.url}/ui/query?expr=few&view=pie&step=soon`);
  await copy.page.getByText('view=pie, step=soon').waitFor();
  await copy.close();
});

test('nothing found says which metric has no series, and which only not with these labels', async () => {
  const page = await show('?expr=checkout_calls_total{code="999"}+%2B+nothing+%2B+up');
  await lead(page, 'Nothing was found');
  await page.locator('.empty li').nth(2).waitFor();
  const words = await page.locator('.empty li').allInnerTexts();
  assert.match(words[0], /checkout_calls_total\{code="999"\} has none, but checkout_calls_total has: look at the labels/);
  assert.match(words[1], /nothing has no series in this time/);
  assert.match(words[2], /up has series in this time/);
  await page.goto(`${stage.server.url}/ui/query?expr=up+>+1e9`);
  await page.getByText('a comparison that holds nowhere').waitFor();
  await stage.view.check(stage.server);
});

test('the layout of the server, and the queries of earlier', async () => {
  const page = await show();
  await write(page, 'sum(   few   )');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Format' }).click();
  await eventually('laid out', async () => (await written(page)) === 'sum(few)' || written(page));
  await page.getByRole('button', { name: 'Run' }).click();
  await lead(page, '3 series now');
  await write(page, 'many');
  await page.getByRole('button', { name: 'Run' }).click();
  await lead(page, '1,000 series now');
  await page.reload();
  await page.locator('.cm-content').waitFor();
  await page.getByLabel('Earlier queries').selectOption('sum(few)');
  await eventually('it is written, and not run', async () => (await written(page)) === 'sum(few)' || written(page));
  assert.deepEqual(params(page), { expr: 'many' });
  await page.getByLabel('Earlier queries').selectOption({ label: 'Forget these' });
  assert.equal(await page.getByLabel('Earlier queries').count(), 0);
  assert.equal(await page.evaluate(() => localStorage.getItem('fusebox.queries')), null);
  await stage.view.check(stage.server);
});

test('without the editor the page works with a plain field, and says so', async () => {
  const page = await show('', { editor: false, allowed: [REFUSED, /dynamically imported/] });
  await page.getByText('The editor could not be loaded').waitFor();
  const field = page.locator('textarea');
  await field.fill('sum(fooo(up))');
  await field.press('Enter');
  await lead(page, 'Not understood at character 5');
  assert.equal(await page.locator('.refused mark').textContent(), 'fooo');
  await page.getByRole('button', { name: 'Go there' }).click();
  assert.equal(await field.evaluate((el) => el.selectionStart), 4);
  await field.fill('few');
  await field.press('Enter');
  await lead(page, '3 series now');
  await assertAccessible(page, 'with a plain field');
});

test('what was written while the editor came is still there', async () => {
  stage.view = await openPage(stage.browser, {});
  const { page } = stage.view;
  let open;
  const gate = new Promise((resolve) => (open = resolve));
  await page.route(EDITOR, async (route) => {
    await gate;
    await route.continue();
  });
  await page.goto(`${stage.server.url}/ui/query`);
  await page.locator('textarea').click();
  await page.keyboard.type('few');
  open();
  await page.locator('.cm-content').waitFor();
  await page.keyboard.type(' + 1');
  assert.equal(await written(page), 'few + 1');
  await stage.view.check(stage.server);
});

test('names from outside are text, spelled out, and never run', async () => {
  const page = await show('?expr=hostile');
  await page.locator('.query-table tbody tr').first().waitFor();
  const shown = (await page.locator('.query-table bdi').allTextContents()).join('\n');
  assert.ok(shown.includes('⟨U+202E⟩gnp.tnemyap⟨U+202C⟩-service') && shown.includes('<b>label</b>'));
  await page.goto(`${stage.server.url}/ui/query?expr=${encodeURIComponent(JSON.stringify(HOSTILE_NAMES[0]))}`);
  await page.locator('.query-string', { hasText: HOSTILE_NAMES[0] }).waitFor();
  await page.goto(`${stage.server.url}/ui/query`);
  await page.locator('.cm-content').click();
  await page.keyboard.press('Control+Space');
  await page.locator('.cm-tooltip-autocomplete li', { hasText: HOSTILE_NAMES[0] }).waitFor();
  assert.equal(await page.locator('img:not(.cm-widgetBuffer), iframe, object, #app script').count(), 0);
  assert.equal(await page.evaluate(() => window.__pwned), undefined);
  await stage.view.check(stage.server);
});

test('the file has every point, and no formula', async () => {
  const page = await show('?expr=hostile');
  await page.locator('.query-table tbody tr').first().waitFor();
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'CSV' }).click()]);
  assert.equal(download.suggestedFilename(), 'query.csv');
  const file = readFileSync(await download.path(), 'utf8');
  assert.match(file, /^<b>label<\/b>,__name__,path,timestamp,value\r\n/);
  assert.match(file, /'=cmd\|'\/C calc'!A0/);
});

test('a wall shows the answer alone, and asks again by itself', async () => {
  stage.view = await openPage(stage.browser, { worker: false });
  const { page } = stage.view;
  await page.clock.install();
  await page.goto(`${stage.server.url}/ui/query?expr=few&view=graph&kiosk=1`);
  await lead(page, '3 series over');
  assert.equal(await page.locator('.query').count(), 0);
  assert.equal(asked('query_range').length, 1);
  await page.clock.runFor(16_000);
  await eventually('it asks again', () => asked('query_range').length === 2 || asked('query_range').length);
  await stage.view.check(stage.server);
});
