// What goes on from the page: one file with all that is open, and what is seen of running services, over a reload too.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { parseWire, readBoot } from '@stackpile/profile';
import { fillPage, readPage } from '../../cli/src/web/page.ts';
import { reportHtml } from '../../cli/src/report/report-file.ts';
import { audience } from '../src/share/audience.ts';
import { desktop, openPage } from './chromium.ts';
import {
  answer,
  browser,
  drop,
  dump,
  folder,
  go,
  moments,
  serve,
  settled,
  shows,
  skip,
  useBrowser,
  violations,
  visit,
} from './visitor.ts';

useBrowser();

test('a report made in the page holds drops, this view and a note, and is byte by byte what the command writes', {
  skip,
}, async () => {
  const { page, problems, context } = await visit(await serve([dump('t2')]), desktop, 'light');
  await drop(page, [['later.pb.gz', readFileSync(dump('t136'))]]);
  await page.waitForFunction(() => location.hash.startsWith('#/compare'));
  await go(page, 'top?sort=name&src=1&f=redis');
  await page.keyboard.press('S');
  await shows(
    page,
    'dialog',
    /both profiles[\s\S]*Only you on this computer[\s\S]*One profile that was opened here since is not in it/,
  );
  await page.locator('dialog textarea').fill('Look at <b>redis</b> & </script><!-- first');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save report.html' }).click(),
  ]);
  const html = readFileSync(await download.path(), 'utf8');
  assert.deepEqual(problems, []);
  await context.close();

  const boot = readBoot(
    parseWire(
      /<script type="application\/json" id="stackpile-boot">(.*?)<\/script>/.exec(html)?.[1] ?? '',
      'boot',
    ),
  );
  assert.equal(boot.mode, 'report');
  const data = [
    ...html.matchAll(/<script type="application\/octet-stream" id="([\w-]+)">([\w+/=]*)<\/script>/g),
  ];
  assert.deepEqual(
    data.map(([, id]) => id),
    ['source-0', 'source-1', 'graphviz'],
  );
  const blocks = new Map(data.map(([, id = '', base64 = '']) => [id, base64]));
  assert.ok(
    html === fillPage(await readPage(), boot, blocks),
    'the page writes another file than the command',
  );

  const file = join(folder, 'shared.html');
  writeFileSync(file, html);
  const offline = await openPage(browser, desktop, 'dark', 'file:');
  await offline.context.setOffline(true);
  await offline.page.goto(pathToFileURL(file).href);
  await settled(offline.page);
  await shows(offline.page, '.report-note', /Look at <b>redis<\/b> & <\/script><!-- first/);
  assert.match(offline.page.url(), /#\/top\?sort=name&src=1&f=redis$/);
  assert.equal(await offline.page.locator('.picker.source option').count(), 2);
  await shows(offline.page, '.top-table', /274/);
  assert.deepEqual(await violations(offline.page), []);
  // A report can be handed on with another note, and its graph is there.
  await go(offline.page, 'graph?src=1');
  await offline.page.waitForSelector('.graph-sheet svg .node');
  await offline.page.keyboard.press('S');
  assert.equal(
    await offline.page.locator('dialog textarea').inputValue(),
    'Look at <b>redis</b> & </script><!-- first',
  );
  await shows(offline.page, 'dialog', /Only this computer: the page is a file/);
  await offline.page.keyboard.press('Escape');
  assert.deepEqual(offline.problems, []);
  await offline.context.close();
});

test('a report says its verdict and its note where no script runs, and on paper; the command’s too', {
  skip,
}, async () => {
  const { page, context } = await visit(await serve([dump('t2'), dump('t136')]), desktop, 'light');
  await go(page, 'top');
  await page.keyboard.press('S');
  await page.locator('dialog textarea').fill('First line <img src=x onerror=alert(1)>\n\u202eSecond line');
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save report.html' }).click(),
  ]);
  const made = join(folder, 'said.html');
  writeFileSync(made, readFileSync(await download.path()));
  await context.close();
  const written = join(folder, 'command.html');
  writeFileSync(written, await reportHtml([dump('t2'), dump('t136')], {}, folder));
  const verdict = /subscribe_leaky\.go:22[\s\S]*What to do/;
  for (const file of [made, written]) {
    const still = await browser.newContext({ javaScriptEnabled: false, offline: true });
    const plain = await still.newPage();
    await plain.goto(pathToFileURL(file).href);
    const text = await plain.locator('#app').innerText();
    assert.match(text, verdict, file);
    assert.match(text, /In this file[\s\S]*t2[\s\S]*t136/);
    assert.equal(await plain.locator('#app img').count(), 0);
    if (file === made) assert.match(text, /First line <img[^]*\n\\u\{202e\}Second line/);
    await still.close();
  }
  const offline = await openPage(browser, desktop, 'light', 'file:');
  await offline.page.goto(pathToFileURL(made).href);
  await settled(offline.page);
  assert.equal(await offline.page.locator('.said').count(), 0, 'the page stands in its place');
  await go(offline.page, 'top');
  await offline.page.emulateMedia({ media: 'print' });
  // The sentence stands above what is printed, the stack and what to do below it.
  await shows(offline.page, 'p.said-on-paper', /subscribe_leaky\.go:22/);
  await shows(offline.page, 'pre.said-on-paper', verdict);
  for (const part of ['p', 'pre']) assert.ok(await offline.page.locator(`${part}.said-on-paper`).isVisible());
  assert.ok(await offline.page.locator('.report-note').isVisible());
  await go(offline.page, 'verdict');
  await offline.page.waitForFunction(() => document.querySelector('.said-on-paper:not(:empty)') === null);
  // Paper is light, also where somebody prints by the browser's own menu.
  await offline.page.emulateMedia({ media: 'screen', colorScheme: 'dark' });
  const isShown = (theme: string): Promise<unknown> =>
    offline.page.waitForFunction((name) => document.documentElement.dataset['theme'] === name, theme);
  await isShown('dark');
  for (const [event, theme] of [
    ['beforeprint', 'light'],
    ['afterprint', 'dark'],
  ] as const) {
    await offline.page.evaluate((name) => dispatchEvent(new Event(name)), event);
    await isShown(theme);
  }
  assert.deepEqual(offline.problems, []);
  await offline.context.close();
});

test('paper shows all of a view and nothing that can only be clicked', { skip }, async () => {
  const { page, context } = await visit(await serve([dump('t136')]), desktop, 'light');
  for (const view of ['top', 'tasks', 'flame']) {
    await go(page, view);
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.tabs, .buttons, #search, .toolbar').first().isVisible(), false, view);
    const cut = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('main .scroll, main .tasks')]
        .filter(
          (box) => box.scrollHeight > box.clientHeight + 1 && getComputedStyle(box).overflowY !== 'visible',
        )
        .map((box) => box.className),
    );
    assert.deepEqual(cut, [], view);
    await page.emulateMedia({ media: 'screen' });
  }
  await context.close();
});

test('who can open a link is said as it is', () => {
  const reach = { mode: 'server', protocol: 'http:', hostname: '127.0.0.1', added: 0 } as const;
  assert.match(audience(reach), /^Only you on this computer, while stackpile runs/);
  assert.match(
    audience({ ...reach, hostname: 'build-7' }),
    /^Whoever can reach build-7 and has the token of this start/,
  );
  assert.match(audience({ ...reach, mode: 'agent', hostname: 'api.local' }), /has the token of the service/);
  assert.match(audience({ ...reach, mode: 'report', protocol: 'file:' }), /the page is a file/);
  assert.match(audience({ ...reach, added: 3 }), /3 profiles that were opened here since are not in it\.$/);
});

/** A Go service that leaks: its index counts, and its goroutines are the dumps of one that does. */
async function leakingService(): Promise<string> {
  let asked = 0;
  const origin = await answer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    if (pathname === '/debug/pprof/') {
      response.setHeader('content-type', 'text/html');
      response.end(
        `<table><tr><td>${20 + asked}</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr></table>`,
      );
    } else if (pathname === '/debug/pprof/goroutine') {
      response.end(readFileSync(dump(moments[Math.min(5, asked++)] ?? 't136')));
    } else response.writeHead(404).end();
  });
  return `${origin}/debug/pprof/goroutine`;
}

test('two services on one page are recorded by themselves, each with its history; the verdict comes first, and a reload loses nothing', {
  skip,
}, async () => {
  const server = await serve([await leakingService(), await leakingService()]);
  const { page, problems, context } = await openPage(
    browser,
    desktop,
    'light',
    `http://127.0.0.1:${server.port}/`,
  );
  // Minutes of a service are seconds of the test: the worker and the network go on as they do.
  await page.clock.install();
  await page.goto(server.url);
  await page.waitForSelector('.insight li');
  const cards = (): Promise<string[]> =>
    page.$$eval('.service', (all) => all.map((one) => one.textContent ?? ''));
  for (let i = 0; i < 80 && !page.url().includes('#/verdict'); i++) {
    await page.clock.runFor(1000);
    await page.waitForTimeout(150);
  }
  assert.match(page.url(), /#\/verdict/, 'nobody touched anything: the verdict comes first');
  await shows(page, '.judgement', /./);
  await go(page, 'live');
  await page.clock.runFor(1000);
  assert.equal((await cards()).length, 2);
  for (const card of await cards()) assert.match(card, /goroutine \d+.*[3-9] moments recorded/);
  assert.deepEqual(await violations(page), []);
  // What is judged is of one service: its dumps are those of one leak, not of two in turns.
  const [first = '', second = ''] = await page.$$eval('.service', (all) =>
    all.map((one) => one.getAttribute('aria-pressed') ?? ''),
  );
  assert.deepEqual([first, second], ['true', 'false']);
  await page.locator('.service').nth(1).click();
  await page.waitForFunction(
    () => document.querySelectorAll('.service')[1]?.getAttribute('aria-pressed') === 'true',
  );

  await page.reload();
  await page.waitForFunction(() => document.querySelector('main > *') !== null);
  await go(page, 'live');
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.service')].every((one) =>
      /[3-9] moments recorded/.test(one.textContent ?? ''),
    ),
  );
  await shows(page, '.live .hint', /[3-9] moments are recorded\. This browser keeps them over a reload\./);
  await page.getByRole('button', { name: 'Forget what is kept' }).click();
  await shows(page, '.toast', /^Forgotten/);
  assert.deepEqual(problems, []);
  await context.close();
});
