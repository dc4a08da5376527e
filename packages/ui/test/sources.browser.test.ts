// Where profiles come from and go to, in a real browser: reports, dropped files, slow servers, running services, downloads.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { fillPage, readPage } from '../../cli/src/web/page.ts';
import { reportHtml } from '../../cli/src/report/report-file.ts';
import { startUi } from '../../cli/src/web/serve.ts';
import { desktop, openPage, phone } from './chromium.ts';
import {
  answer,
  browser,
  dump,
  folder,
  go,
  moments,
  serve,
  servers,
  settled,
  shows,
  skip,
  useBrowser,
  violations,
  visit,
} from './visitor.ts';

useBrowser();

test('downloads are what they say', { skip }, async () => {
  const server = await serve([dump('t136')]);
  const { page, context } = await visit(server, desktop, 'light');
  const contents = new Map<string, Buffer>();
  for (const name of ['pprof', 'Folded stacks', 'SVG', 'speedscope', 'Markdown']) {
    await page.keyboard.press('d');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: new RegExp(`^${name}`) }).click(),
    ]);
    contents.set(download.suggestedFilename(), readFileSync(await download.path()));
    await page.waitForFunction(() => document.querySelector('dialog') === null);
  }
  assert.deepEqual(
    [...contents.keys()],
    ['goroutine.pb.gz', 'goroutine.folded.txt', 'goroutine.svg', 'goroutine.speedscope.json', 'goroutine.md'],
  );
  assert.match(
    contents.get('goroutine.folded.txt')?.toString() ?? '',
    /^\S*SubscribeNewTaskMsgIfAvailable\.func1;.* 274$/m,
  );
  const speedscope = JSON.parse(contents.get('goroutine.speedscope.json')?.toString() ?? '') as {
    profiles: { endValue: number }[];
  };
  assert.equal(speedscope.profiles[0]?.endValue, 291);
  assert.match(contents.get('goroutine.svg')?.toString() ?? '', /^<svg [^]*SubscribeNewTask[^]*<\/svg>\n$/);
  assert.match(contents.get('goroutine.md')?.toString() ?? '', /\| 288 \| 98\.97% \|/);
  assert.equal(contents.get('goroutine.pb.gz')?.[0], 0x1f);
  await context.close();
});

test('the report is one file that works offline', { skip }, async () => {
  const file = join(folder, 'report.html');
  writeFileSync(file, await reportHtml([dump('t2'), dump('t136')], {}, folder));
  const { page, problems, context } = await openPage(browser, phone, 'light', 'file:');
  await context.setOffline(true);
  await page.goto(pathToFileURL(file).href);
  await settled(page);
  await shows(page, '.verdict', /subscribe_leaky\.go:22/);
  await go(page, 'graph');
  await page.waitForSelector('.graph-sheet svg .node', { timeout: 60_000 });
  assert.deepEqual(problems, []);
  await context.close();
});

test('two files dropped onto the page are compared; what is no profile is one sentence', {
  skip,
}, async () => {
  const file = join(folder, 'empty.html');
  writeFileSync(file, readFileSync(new URL('../dist/index.html', import.meta.url)));
  const { page, problems, context } = await openPage(browser, desktop, 'light', 'file:');
  await page.goto(pathToFileURL(file).href);
  await shows(page, 'main', /Drop a profile here/);
  assert.deepEqual(await violations(page), []);
  const drop = async (files: readonly [name: string, bytes: Buffer][]): Promise<void> => {
    const data = await page.evaluateHandle(
      (list) => {
        const transfer = new DataTransfer();
        for (const [name, base64] of list) {
          transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
        }
        return transfer;
      },
      files.map(([name, bytes]) => [name, bytes.toString('base64')] as const),
    );
    await page.dispatchEvent('main', 'drop', { dataTransfer: data });
  };
  await drop([['notes.txt', Buffer.from('just some notes')]]);
  await page.waitForSelector('[role=alert]');
  await shows(page, '[role=alert]', /notes\.txt: .+/);
  await drop([['heap.heapsnapshot', Buffer.from('{"snapshot":{"meta":{}}}')]]);
  await shows(page, '[role=alert]', /heap\.heapsnapshot: heap snapshot: malformed at byte 23/);
  await drop([
    ['before.pb.gz', readFileSync(dump('t2'))],
    ['after.pb.gz', readFileSync(dump('t136'))],
  ]);
  await page.waitForFunction(() => location.hash.startsWith('#/compare'));
  await settled(page);
  await shows(page, '.details-numbers', /\+268 from 23 to 291/);
  assert.deepEqual(problems, []);
  await context.close();
});

test('a profile without samples, one without files and what is no profile say what to do', {
  skip,
}, async () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  const empty = join(folder, 'empty.pb');
  const folded = join(folder, 'one.folded');
  writeFileSync(empty, encodeProfile(builder.build()));
  writeFileSync(folded, '[libc.so.6];(garbage collector) 3\n');
  const { page, problems, context } = await visit(await serve([empty, folded]), phone, 'light');
  await go(page, 'flame?src=0');
  await shows(page, '.state', /empty\.pb has no samples[\s\S]*Record for longer/);
  assert.equal(await page.locator('.insight').count(), 0);
  await go(page, 'top?src=0');
  await shows(page, '.state', /empty\.pb has no samples/);
  await go(page, 'flame?src=1&f=%28');
  await shows(page, '.state', /^That did not work\s+Focus: [\s\S]*press r/);
  assert.deepEqual(problems, []);
  await context.close();
});

test('what comes slowly shows how much of it is there, and comes once', { skip }, async () => {
  const bytes = readFileSync(dump('t136'));
  const html = fillPage(await readPage(), {
    mode: 'server',
    sources: [{ name: 'slow.pb.gz', address: 'slow', time: null, size: bytes.length }],
    live: [],
    files: false,
    views: false,
    graphviz: 'graphviz.js',
  });
  let asked = 0;
  let seen = false;
  const origin = await answer((request, response) => {
    if (request.url === '/') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
      return;
    }
    asked++;
    response.writeHead(200, { 'content-length': String(bytes.length) });
    let at = 0;
    // Byte by byte until somebody has seen it.
    const timer = setInterval(() => {
      const to = seen ? bytes.length : Math.min(at + 1, bytes.length - 1);
      response.write(bytes.subarray(at, to));
      at = to;
      if (seen) response.end();
    }, 20);
    response.once('close', () => clearInterval(timer));
  });
  const { page, problems, context } = await openPage(browser, phone, 'dark', `${origin}/`);
  await page.goto(origin);
  await shows(page, '.state', /^Loading slow\.pb\.gz, [\d.]+\sk?B of [\d.]+\skB, \d+\s%…$/);
  assert.ok(await page.locator('progress').isVisible());
  seen = true;
  await settled(page);
  await shows(page, '.insight li', /subscribe_leaky\.go:22/);
  assert.equal(asked, 1);
  assert.deepEqual(problems, []);
  await context.close();
});

test('one bad file among good ones is named, and the good ones open with their own sources', {
  skip,
}, async () => {
  const good = readFileSync(dump('t136'));
  const html = fillPage(await readPage(), {
    mode: 'server',
    sources: ['gone', 'bad', 'good'].map((name) => ({
      name: `${name}.pb.gz`,
      address: name,
      time: null,
      size: 0,
    })),
    live: [],
    files: true,
    views: true,
    graphviz: 'graphviz.js',
  });
  const asked: string[] = [];
  const origin = await answer((request, response) => {
    const url = request.url ?? '';
    asked.push(url);
    if (url === '/') response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(html);
    else if (url === '/good') response.end(good);
    else if (url === '/bad') response.end('this is no profile');
    else if (url.startsWith('/api/file')) response.end(JSON.stringify({ text: 'package task\n'.repeat(40) }));
    else response.writeHead(404).end('nothing here');
  });
  const { page, context } = await openPage(browser, desktop, 'light', `${origin}/`);
  await page.goto(origin);
  await settled(page);
  await shows(page, '.insight li', /subscribe_leaky\.go:22/);
  await shows(page, '.toast', /^Not opened: gone\.pb\.gz: .*404.* · bad\.pb\.gz: /);
  await go(page, 'source?p=Subscribe');
  await shows(page, '.listing', /package task/);
  // The server counts all that the page came with.
  assert.ok(
    asked.some((url) => url.startsWith('/api/file?profile=2&')),
    asked.join('\n'),
  );
  await context.close();
});

test('what is seen first is drawn before the rest of the page has come, and runs none of it', {
  skip,
}, async () => {
  const html = await reportHtml([dump('t136')], {}, folder);
  // The report's profile stands before its first script, the chunks behind it.
  const middle = html.indexOf('<script type="text/plain" data-chunk');
  assert.ok(middle > 0);
  let held: (() => void) | null = null;
  const origin = await answer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
    response.write(html.slice(0, middle));
    held = () => response.end(html.slice(middle));
  });
  const { page, problems, context } = await openPage(browser, desktop, 'light', `${origin}/`);
  await page.addInitScript(() => {
    const ran: string[] = [];
    let chunks: { add(name: string, chunk: unknown): void } | undefined;
    Object.defineProperty(globalThis, 'ranChunks', { value: ran });
    Object.defineProperty(globalThis, 'stackpileChunks', {
      get: () => chunks,
      set: (given: NonNullable<typeof chunks>) => {
        chunks = {
          ...given,
          add: (name, chunk) => {
            ran.push(name.replace(/-\w+\.js$/, ''));
            given.add(name, chunk);
          },
        };
      },
    });
  });
  const ran = (): Promise<string[]> =>
    page.evaluate(() => (globalThis as unknown as { ranChunks: string[] }).ranChunks);
  await page.goto(origin, { waitUntil: 'commit' });
  await shows(page, '.insight li', /subscribe_leaky\.go:22/);
  await page.waitForFunction(() => performance.getEntriesByName('stackpile-flame').length > 0);
  // A view that is opened now waits for the rest of the page.
  await page.evaluate(() => {
    location.hash = '#/raw';
  });
  await shows(page, '.state', /Opening Raw/);
  assert.deepEqual(await ran(), []);
  assert.ok(held !== null);
  (held as () => void)();
  await shows(page, '.raw pre', /PeriodType: goroutine count/);
  assert.deepEqual(await ran(), ['./raw']);
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  assert.deepEqual(await ran(), ['./raw', './Help']);
  assert.deepEqual(problems, []);
  await context.close();
});

test('a live service is watched, captured and compared', { skip }, async () => {
  let asked = 0;
  const origin = await answer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    asked++;
    if (request.headers.authorization !== 'Bearer secret') {
      response.writeHead(401).end('who are you?\n');
    } else if (url.pathname === '/debug/pprof/') {
      response.setHeader('content-type', 'text/html');
      response.end(
        `<table><tr><td>${20 + asked}</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr></table>`,
      );
    } else if (url.pathname === '/debug/pprof/goroutine') {
      response.end(readFileSync(dump(moments[Math.min(5, Math.floor(asked / 4))] ?? 't136')));
    } else response.writeHead(404).end();
  });
  const server = await startUi(
    {
      sources: [`${origin}/debug/pprof/goroutine`],
      address: '127.0.0.1:0',
      noBrowser: true,
      source: { token: 'secret' },
    },
    { cwd: folder },
  );
  servers.push(server);
  const { page, problems, context } = await visit(server, desktop, 'light');
  await go(page, 'live');
  await page.waitForFunction(() =>
    /goroutine \d+/.test(document.querySelector('.live-legend')?.textContent ?? ''),
  );
  assert.deepEqual(await violations(page), []);
  await page.waitForFunction(() =>
    /[23] moments/.test(document.querySelector('.live .hint')?.textContent ?? ''),
  );
  // Two or three moments: a verdict over more of them would convict, on a machine on which all of this takes long.
  await page.getByRole('switch', { name: 'Record tasks' }).click();
  const chart = await page.locator('.chart').boundingBox();
  assert.ok(chart !== null);
  await page.mouse.move(chart.x + 56, chart.y + 60);
  await page.mouse.down();
  await page.mouse.move(chart.x + chart.width - 20, chart.y + 70, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => location.hash.startsWith('#/compare'));
  await settled(page);
  // The same by keyboard: 0 is the tenth view.
  await page.keyboard.press('0');
  await page.waitForFunction(() => location.hash.startsWith('#/live'));
  await page.locator('.chart').focus();
  await page.keyboard.press('Home');
  await page.waitForSelector('.chart-tip');
  for (const key of ['Enter', 'End', 'Enter']) await page.keyboard.press(key);
  await page.waitForFunction(() => location.hash.startsWith('#/compare'));
  await go(page, 'live');
  await page.getByRole('button', { name: 'What grows? The verdict' }).click();
  // Of two or three moments nobody is convicted: it is said what to do next, and who was looked at.
  await shows(page, '.next', /^What to do next: /);
  await shows(page, '.others', /subscribe_leaky\.go:22/);
  await go(page, 'live');
  await page.getByRole('button', { name: 'Capture tasks' }).click();
  await page.waitForFunction(() => location.hash.startsWith('#/flame'));
  assert.deepEqual(problems, []);
  await context.close();
});
