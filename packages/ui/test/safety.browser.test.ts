// What must not happen in a real browser: scripts of a profile, foreign requests, a page without its token.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { startServer } from '@stackpile/agent';
import { reportHtml } from '../../cli/src/report/report-file.ts';
import { desktop, openPage, phone } from './chromium.ts';
import { hostileProfile } from './hostile.ts';
import {
  browser,
  closers,
  dump,
  folder,
  go,
  serve,
  settled,
  shows,
  skip,
  useBrowser,
  violations,
  visit,
} from './visitor.ts';

useBrowser();

test('a hostile profile changes nothing on the page, served or as a file', { skip }, async () => {
  const path = join(folder, 'a<img src=x onerror=globalThis.attacked=1>&lt;b\u202egnp.pb');
  const later = join(folder, 'b"><script>globalThis.attacked=1<!--.pb');
  writeFileSync(path, hostileProfile());
  writeFileSync(later, hostileProfile(500));
  const server = await serve([path, later]);
  const file = join(folder, 'hostile.html');
  writeFileSync(file, await reportHtml([path, later], {}, folder));
  for (const address of [server.url, pathToFileURL(file).href]) {
    const origin = address.startsWith('file') ? 'file:' : `http://127.0.0.1:${server.port}/`;
    const { page, problems, context } = await openPage(browser, desktop, 'light', origin);
    await page.goto(address);
    await settled(page);
    if (address !== server.url) await staysText(file);
    const scripts = await page.evaluate(() => document.querySelectorAll('script').length);
    for (const view of [
      'verdict',
      'compare?src=1&base=0',
      'flame',
      'flame?q=script',
      'flame?mode=up',
      'top',
      'peek',
      'tasks',
      'source',
      'raw',
      'graph',
    ]) {
      await go(page, view);
      if (view === 'graph') await page.waitForSelector('.graph-sheet svg .node', { timeout: 60_000 });
      const state = await page.evaluate(() => ({
        attacked: 'attacked' in globalThis,
        scripts: document.querySelectorAll('script').length,
        images: document.querySelectorAll('img, iframe, object, embed, foreignObject, svg script, svg a')
          .length,
        handlers: [...document.querySelectorAll('*')].filter((element) =>
          [...element.attributes].some(({ name }) => name.startsWith('on')),
        ).length,
        links: [...document.querySelectorAll('a[href]')].filter(
          // To other views, and to the reader's own editor.
          (link) => !/^(?:#\/|vscode:\/\/file\/[^/])/.test(link.getAttribute('href') ?? ''),
        ).length,
        bidi: /[\u202a-\u202e\u2066-\u2069]/.test(document.querySelector('#app')?.textContent ?? ''),
      }));
      assert.deepEqual(
        state,
        {
          attacked: false,
          scripts,
          images: 0,
          handlers: 0,
          links: 0,
          bidi: view === 'raw' ? state.bidi : false,
        },
        `${origin} ${view}`,
      );
    }
    assert.deepEqual(problems, [], origin);
    await context.close();
  }
});

/** Of a report that is read without a script: words, and nothing but words. */
async function staysText(file: string): Promise<void> {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  const tags = await page.$$eval('#app .said *', (all) =>
    [...new Set(all.map((one) => one.localName))].sort(),
  );
  assert.deepEqual(tags, ['h1', 'h2', 'li', 'pre', 'ul']);
  const text = await page.locator('#app .said').innerText();
  assert.match(text, /onerror=globalThis\.attacked=1>&lt;b\\u\{202e\}gnp\.pb/);
  assert.doesNotMatch(text, /[\u202a-\u202e\u2066-\u2069\u001b]/);
  await context.close();
}

test('the policy holds: no inline script, no foreign request, no frame', { skip }, async () => {
  const server = await serve([dump('t2')]);
  const { page, context } = await visit(server, desktop, 'light');
  const result = await page.evaluate(async () => {
    const broken: string[] = [];
    addEventListener('securitypolicyviolation', (event) => broken.push(event.effectiveDirective));
    const script = document.createElement('script');
    try {
      script.textContent = 'globalThis.attacked = 1';
      document.body.append(script);
    } catch {
      broken.push('trusted-types');
    }
    await fetch('http://127.0.0.1:9/').catch(() => undefined);
    // Violations are told in a turn of their own.
    while (!broken.includes('connect-src'))
      await new Promise((resolve) => {
        setTimeout(resolve, 10);
      });
    return { broken, attacked: 'attacked' in globalThis };
  });
  assert.equal(result.attacked, false);
  assert.ok(result.broken.includes('connect-src'));
  assert.ok(result.broken.length >= 2, result.broken.join());
  await context.close();
});

test('a chunk that was changed after the page was built does not run, and the page says so', {
  skip,
}, async () => {
  const html = await reportHtml([dump('t2')], {}, folder);
  const changed = html.replace(/(data-chunk="\.\/raw-[^"]*">)/, '$1globalThis.attacked=1;');
  assert.notEqual(changed, html);
  const file = join(folder, 'changed.html');
  writeFileSync(file, changed);
  const { page, context } = await openPage(browser, desktop, 'light', 'file:');
  await page.goto(pathToFileURL(file).href);
  await settled(page);
  await go(page, 'raw');
  await shows(page, '.state', /A part of this page is missing/);
  await go(page, 'top');
  await shows(page, '.top-table tbody tr', /SubscribeNewTaskMsgIfAvailable/);
  assert.equal(await page.evaluate(() => 'attacked' in globalThis), false);
  await context.close();
});

test('the agent serves the page, which asks for its token once', { skip }, async () => {
  const agent = await startServer({ port: 0, auth: 'secret-token' });
  closers.push(() => void agent.close());
  const { page, problems, context } = await openPage(browser, phone, 'dark', new URL(agent.url).origin);
  await page.goto(`${agent.url}ui`);
  await page.waitForSelector('input[type=password]');
  assert.deepEqual(await violations(page), []);
  // The browser itself reports the 401 that told the page to ask.
  assert.ok(
    problems.every((problem) => problem.includes('401')),
    problems.join(),
  );
  problems.length = 0;
  await page.getByLabel('Token').fill('secret-token');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('nav.tabs') !== null);
  await settled(page);
  await go(page, 'live');
  await page.waitForFunction(() =>
    /tasks \d+.*handles \d+.*heap [\d.]+.MB.*RSS [\d.]+.MB.*event-loop lag [\d.]+.m?s/s.test(
      document.querySelector('.live-legend')?.textContent ?? '',
    ),
  );
  assert.deepEqual(await violations(page), []);
  // What can be captured are profiles: neither numbers nor lists, which the page could not open.
  const offered = await page.$$eval('.live .toolbar option', (options) =>
    options.map((one) => one.textContent),
  );
  assert.ok(offered.includes('allocs') && offered.includes('heapsnapshot'), offered.join());
  assert.deepEqual(
    offered.filter((name) => ['metrics', 'workers', 'offers', 'counters', 'ui'].includes(name ?? '')),
    [],
  );
  assert.deepEqual(problems, []);
  await context.close();
  await agent.close();
});
