// A browser with one watched page at a time: what the page must never do is collected and asserted.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const ARGS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

const PATIENCE_MS = 60_000; // how long a wait is a sign of nothing; a test that demands a time measures it

export const openBrowser = () =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });

// Opens a page, in a context of its own (as another browser) unless one is given. `allowed` are patterns of console
// messages that this test provokes on purpose. Without `worker` the page has no SharedWorker and holds its own stream:
// only then is all of it under the page's clock.
export async function openPage(browser, { width = 1440, height = 900, scheme = 'light', allowed = [], credentials, worker = true, context: given } = {}) {
  const context = given ?? await browser.newContext({ viewport: { width, height }, colorScheme: scheme, httpCredentials: credentials });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const complaints = [];
  const requests = [];
  page.on('console', (message) => complaints.push(`console: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => requests.push(request.url()));
  await page.addInitScript(() => {
    window.__violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.__violations.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  if (!worker) await page.addInitScript(() => delete window.SharedWorker);
  const check = async (server) => {
    const violations = await page.evaluate(() => window.__violations);
    assert.deepEqual(violations, [], 'the security policy was violated');
    assert.equal(await page.getByText('This part could not be drawn').count(), 0, 'a part of the page could not be drawn');
    assert.deepEqual(complaints.filter((text) => !allowed.some((pattern) => pattern.test(text))), [], 'the page complained');
    assert.deepEqual(requests.filter((url) => !url.startsWith(`${server.url}/`)), [], 'a request left the origin');
  };
  return { page, requests, check, close: () => (given ? page.close() : context.close()) };
}

// Waits until the condition holds, and tells the last answer when it never does.
export async function eventually(what, condition) {
  const end = Date.now() + PATIENCE_MS;
  let last;
  do {
    last = await condition();
    if (last === true) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  } while (Date.now() < end);
  assert.fail(`${what}: not within ${PATIENCE_MS} ms, last: ${JSON.stringify(last)}`);
}
