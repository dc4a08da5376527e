// The page in a real browser: every view, two sizes, two themes, axe, hostile profiles, the story's answer above the fold.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import { startServer } from '@stackpile/agent';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import type { Browser, Page } from 'playwright-core';
import { unlessCi } from '../../../testing/ci.ts';
import { buildUi } from '../build.ts';
import { fillPage, readPage } from '../../cli/src/http/page.ts';
import { reportHtml } from '../../cli/src/http/report-file.ts';
import { startUi, type UiServer } from '../../cli/src/http/serve.ts';
import { type Device, desktop, launch, openPage, phone, type Watched, withoutBrowser } from './chromium.ts';
import { hostileProfile } from './hostile.ts';

const fixtures = ['../../../../shared/fixtures/', '../../../../../shared/fixtures/']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path));
const skip =
  withoutBrowser !== false
    ? withoutBrowser
    : unlessCi(fixtures === undefined && 'no fixtures beside the repository');
const moments = ['t2', 't6', 't16', 't36', 't76', 't136'];
const dump = (moment: string, file = 'goroutine.pb.gz'): string =>
  `${fixtures ?? ''}go/leaky/${moment}/${file}`;
const axeSource = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let folder: string;
const servers: UiServer[] = [];
/** Whatever else has to end, also where a test failed before it could. */
const closers: (() => void)[] = [];

async function serve(sources: readonly string[]): Promise<UiServer> {
  const server = await startUi({ sources, address: '127.0.0.1:0', noBrowser: true }, { cwd: folder });
  servers.push(server);
  return server;
}

async function visit(server: UiServer, device: Device, theme: 'light' | 'dark'): Promise<Watched> {
  const watched = await openPage(browser, device, theme, `http://127.0.0.1:${server.port}/`);
  await watched.page.goto(server.url);
  await settled(watched.page);
  return watched;
}

/** Waits until the view has an answer: no loading state, nothing busy. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('main > *') !== null &&
      document.querySelector('.bars') === null &&
      document.querySelector('[aria-busy="true"]') === null,
    undefined,
    { timeout: 60_000 },
  );
}

async function go(page: Page, view: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/${view}`);
  await page.waitForFunction(
    (name) => document.querySelector('nav [aria-current]')?.getAttribute('href') === `#/${name}`,
    view.split('?')[0],
  );
  await settled(page);
}

/** Waits until the first element that `selector` finds says what `pattern` wants; fails with what it says instead. */
async function shows(page: Page, selector: string, pattern: RegExp): Promise<void> {
  const says = (): Promise<string> =>
    page.evaluate((wanted) => {
      const element = document.querySelector<HTMLElement>(wanted);
      // What is clipped away for the eye has no inner text.
      return element === null ? '' : element.innerText.trim() || (element.textContent ?? '');
    }, selector);
  try {
    await page.waitForFunction(
      ([wanted, source, flags]) => {
        const element = document.querySelector<HTMLElement>(wanted ?? '');
        const text = element === null ? '' : element.innerText.trim() || (element.textContent ?? '');
        return new RegExp(source ?? '', flags).test(text);
      },
      [selector, pattern.source, pattern.flags],
    );
  } catch {
    assert.match(await says(), pattern, selector);
  }
}

/** Rules that axe finds broken, with where. */
async function violations(page: Page): Promise<string[]> {
  // Through the debugger, as the page's own policy lets no foreign script in.
  await page.evaluate(axeSource());
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const result = await axe.run();
    return result.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
    );
  });
}

/** Waits until `text` is seen without scrolling; false where it never is. */
async function aboveFold(page: Page, text: string): Promise<boolean> {
  const seen = page.waitForFunction((wanted) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node as HTMLElement;
      if (
        element.children.length > 0 ||
        element.closest('script, [aria-hidden="true"], .flame-tree') !== null
      )
        continue;
      if (!(element.textContent ?? '').includes(wanted)) continue;
      const box = element.getBoundingClientRect();
      if (
        box.width > 0 &&
        box.top >= 0 &&
        box.bottom <= innerHeight &&
        box.left >= 0 &&
        box.right <= innerWidth
      )
        return true;
    }
    return false;
  }, text);
  return seen.then(
    () => true,
    () => false,
  );
}

/** What the leaky daemon's `goroutine?debug=2` looks like with so many subscriptions that never end. */
function daemonDump(subscriptions: number): string {
  const task = (id: number, name: string, place: string): string =>
    `goroutine ${id} [await, ${id} minutes]:\n${name}(...)\n\texamples/leaky-cron/src/${place}\ncreated by tick\n\texamples/leaky-cron/src/cron.ts:26\n\n`;
  return [
    ...Array.from({ length: subscriptions }, (_, i) =>
      task(100 + i, 'subscribeNewTaskMsgIfAvailable', 'subscribe-leaky.ts:20'),
    ),
    ...Array.from({ length: 3 }, (_, i) => task(10 + i, 'work', 'worker.ts:31')),
  ].join('');
}

describe('the page', { skip }, () => {
  before(async () => {
    await buildUi();
    folder = mkdtempSync(join(tmpdir(), 'stackpile-ui-'));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    for (const close of closers) close();
    await Promise.all(servers.map((server) => server.close()));
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  for (const device of [desktop, phone]) {
    for (const theme of ['light', 'dark'] as const) {
      test(`every view works and axe finds nothing: ${device.name}, ${theme}`, async () => {
        const server = await serve(moments.map((moment) => dump(moment)));
        const { page, problems, context } = await visit(server, device, theme);
        const found: string[] = [];
        const check = async (name: string): Promise<void> => {
          for (const violation of await violations(page)) found.push(`${name}: ${violation}`);
        };
        await shows(page, '.culprit-place', /^internal\/task\/subscribe_leaky\.go:22$/);
        await shows(page, '.badge', /^Leak$/);
        await check('verdict');

        await go(page, 'flame');
        await shows(page, '.insight li', /subscribe_leaky\.go:22/);
        // The canvas is painted in the next frame: wait until it has more colours than a bare page.
        await page.waitForFunction(() => {
          const canvas = document.querySelector<HTMLCanvasElement>('.flame-canvas');
          if (canvas === null || canvas.width === 0) return false;
          const data = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
          const colors = new Set<number>();
          for (let i = 0; i < data.length; i += 4 * 97) {
            colors.add(((data[i] ?? 0) << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0));
          }
          return colors.size > 4;
        });
        await check('flame');

        await go(page, 'flame?q=redis');
        await shows(page, '.search-sum', /functions · 94/);
        await go(page, 'flame?mode=sandwich&p=ReceiveMessage');
        await go(page, 'flame?mode=up&libs=hide&f=task&flip=t');
        assert.ok(await page.locator('.filter').isVisible());
        await check('filters');

        await go(page, 'top');
        await shows(page, '.top-table tbody tr', /gopark/);
        await check('top');
        await go(page, 'peek?p=ReceiveMessage');
        await shows(page, '.peek', /SubscribeNewTaskMsgIfAvailable[\s\S]*ReceiveMessage/);
        await check('peek');
        await go(page, 'graph');
        await page.waitForSelector('.graph-sheet svg .node', { timeout: 60_000 });
        assert.ok((await page.locator('.graph-sheet .node').count()) > 20);
        // Whatever fonts there are, no text stands out of its box.
        const outside = await page.$$eval('.graph-sheet .node', (nodes) =>
          nodes.flatMap((node) => {
            const box = (node.querySelector('polygon, path, ellipse') as SVGGraphicsElement).getBBox();
            return [...node.querySelectorAll('text')]
              .filter((text) => text.getBBox().x < box.x || text.getBBox().width > box.width)
              .map((text) => text.textContent);
          }),
        );
        assert.deepEqual(outside, []);
        await check('graph');
        await go(page, 'source?p=Subscribe');
        await shows(page, '.listing', /22/);
        await check('source');
        await go(page, 'tasks');
        await shows(page, '.task-head', /274[\s\S]*subscribe_leaky\.go:22/);
        await check('tasks');
        await go(page, 'raw');
        await shows(page, '.raw pre', /PeriodType: goroutine count/);
        await check('raw');
        await go(page, 'compare?src=5&base=0');
        await shows(page, '.details-numbers', /\+268 from 23 to 291/);
        await check('compare');
        await page.getByRole('switch', { name: 'Only changed' }).click();
        await settled(page);
        await page.keyboard.press('?');
        await page.waitForSelector('dialog[open]');
        await check('help');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Download' }).click();
        await check('download');
        const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        assert.equal(wide, false, 'the page is wider than the screen');
        assert.deepEqual(found, []);
        assert.deepEqual(problems, []);
        await context.close();
      });
    }

    test(`the guilty line is above the fold, whatever the moment: ${device.name}`, async () => {
      for (const moment of moments) {
        const server = await serve([dump(moment)]);
        const { page, context } = await visit(server, device, 'light');
        await page.waitForSelector('.insight li');
        assert.ok(await aboveFold(page, 'subscribe_leaky.go:22'), `${moment}: not above the fold`);
        await shows(page, '.insight li', /subscribe_leaky\.go:22/);
        await context.close();
      }
      const daemon = [2, 9, 16, 23].map((count) => {
        const path = join(folder, `daemon-${count}.txt`);
        writeFileSync(path, daemonDump(count));
        return path;
      });
      for (const [sources, line] of [
        [moments.map((moment) => dump(moment)), 'subscribe_leaky.go:22'],
        [daemon, 'subscribe-leaky.ts:20'],
        [daemon.slice(-1), 'subscribe-leaky.ts:20'],
      ] as const) {
        const server = await serve(sources);
        const { page, context } = await visit(server, device, 'dark');
        assert.ok(await aboveFold(page, line), `${line}, ${sources.length} dumps`);
        await context.close();
      }
    });
  }

  test('the keyboard moves, zooms, filters and undoes', async () => {
    const server = await serve([dump('t136')]);
    const { page, problems, context } = await visit(server, desktop, 'light');
    await page.waitForSelector('[role=treeitem]', { state: 'attached' });
    await page.keyboard.press('ArrowDown');
    await shows(page, '.details-name', /SubscribeNewTaskMsgIfAvailable/);
    await page.keyboard.press('ArrowRight');
    await shows(page, '.details-name', /serve/);
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => location.hash.includes('z='));
    await settled(page);
    await shows(page, '[role=treeitem][aria-selected=true]', /Subscribe.*274.*94/);
    await page.goBack();
    await page.waitForFunction(() => !location.hash.includes('z='));
    await settled(page);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('f');
    await page.waitForSelector('.filter');
    assert.match(decodeURIComponent(new URL(page.url()).hash), /f=\^/);
    await shows(page, '.details-numbers', /274 · 94/);
    await page.keyboard.press('r');
    await page.waitForFunction(() => document.querySelector('.filter') === null);
    await page.keyboard.press('/');
    await page.keyboard.type('gopark');
    await page.waitForSelector('.search-sum');
    await settled(page);
    await page.locator('.flame-tree').focus();
    await page.keyboard.press('n');
    await shows(page, '.details-name', /runtime\.gopark/);
    await page.keyboard.press('/');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.querySelector('.search-sum') === null);
    await page.keyboard.press('2');
    await page.waitForFunction(() => location.hash.startsWith('#/top'));
    await page.keyboard.press('1');
    await page.waitForFunction(() => location.hash.startsWith('#/flame'));
    await settled(page);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('m');
    await page.waitForSelector('[role=menu]');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => document.querySelector('[role=menu]') === null);
    assert.deepEqual(problems, []);
    await context.close();
  });

  test('a click zooms to where the pointer is, and the tree follows', async () => {
    const server = await serve([dump('t136')]);
    const { page, problems, context } = await visit(server, desktop, 'light');
    const box = await page.locator('.flame-canvas').first().boundingBox();
    assert.ok(box !== null);
    await page.mouse.move(box.x + 300, box.y + 50);
    await page.waitForFunction(
      () => document.querySelector('.details-name')?.textContent?.includes('ReceiveMessage') === true,
    );
    await page.mouse.click(box.x + 300, box.y + 50);
    await page.waitForFunction(() => location.hash.includes('z='));
    await settled(page);
    await shows(page, '[role=treeitem][aria-selected=true]', /ReceiveMessage/);
    await page.mouse.click(box.x + 300, box.y + 50, { button: 'right' });
    await page.waitForSelector('[role=menu]');
    await page.getByRole('menuitem', { name: /Sandwich/ }).click();
    await page.waitForFunction(() => location.hash.includes('mode=sandwich'));
    assert.deepEqual(problems, []);
    await context.close();
  });

  test('downloads are what they say', async () => {
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
      [
        'goroutine.pb.gz',
        'goroutine.folded.txt',
        'goroutine.svg',
        'goroutine.speedscope.json',
        'goroutine.md',
      ],
    );
    assert.match(
      contents.get('goroutine.folded.txt')?.toString() ?? '',
      /^\S*SubscribeNewTaskMsgIfAvailable\.func1;.* 274\n/,
    );
    const speedscope = JSON.parse(contents.get('goroutine.speedscope.json')?.toString() ?? '') as {
      profiles: { endValue: number }[];
    };
    assert.equal(speedscope.profiles[0]?.endValue, 291);
    assert.match(contents.get('goroutine.svg')?.toString() ?? '', /^<svg [^]*SubscribeNewTask[^]*<\/svg>\n$/);
    assert.match(contents.get('goroutine.md')?.toString() ?? '', /\| 288 \| 99\.0% \| 288/);
    assert.equal(contents.get('goroutine.pb.gz')?.[0], 0x1f);
    await context.close();
  });

  test('a hostile profile changes nothing on the page, served or as a file', async () => {
    const path = join(folder, 'hostile.pb');
    writeFileSync(path, hostileProfile());
    const server = await serve([path]);
    const file = join(folder, 'hostile.html');
    writeFileSync(file, await reportHtml([path], {}, folder));
    for (const address of [server.url, pathToFileURL(file).href]) {
      const origin = address.startsWith('file') ? 'file:' : `http://127.0.0.1:${server.port}/`;
      const { page, problems, context } = await openPage(browser, desktop, 'light', origin);
      await page.goto(address);
      await settled(page);
      for (const view of [
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
            (link) => !(link.getAttribute('href') ?? '').startsWith('#/'),
          ).length,
          bidi: /[\u202a-\u202e\u2066-\u2069]/.test(document.querySelector('#app')?.textContent ?? ''),
        }));
        const expectedScripts = origin === 'file:' ? 5 : 3;
        assert.deepEqual(
          state,
          {
            attacked: false,
            scripts: expectedScripts,
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

  test('the policy holds: no inline script, no foreign request, no frame', async () => {
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

  test('the report is one file that works offline', async () => {
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

  test('two files dropped onto the page are compared; what is no profile is one sentence', async () => {
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
    await shows(page, '[role=alert]', /heap snapshot.*stackpile -http=: FILE/);
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

  test('a strip of tabs that goes on fades where it does; the controls of the graph are all in sight', async () => {
    const file = join(folder, 'strip.folded');
    writeFileSync(file, 'main;work 1\n');
    const ends = (page: Page): Promise<boolean[]> =>
      page.$eval('.tabs', (strip) => [strip.hasAttribute('data-before'), strip.hasAttribute('data-behind')]);
    const server = await serve([file, file, dump('t2')]);
    const { page, problems, context } = await visit(server, phone, 'light');
    await go(page, 'flame?src=0');
    await shows(page, '.insight', /^Of 1 sample, your code/);
    await page.waitForSelector('.tabs[data-behind]');
    assert.deepEqual(await ends(page), [false, true]);
    const right = await page.$$eval('.flame .toolbar > *', (controls) =>
      Math.max(...controls.map((control) => control.getBoundingClientRect().right)),
    );
    assert.ok(right <= phone.width, `${right}`);
    await page.$eval('.tabs', (strip) => strip.scrollTo({ left: strip.scrollWidth }));
    await page.waitForSelector('.tabs[data-before]:not([data-behind])');
    assert.deepEqual(problems, []);
    await context.close();
    const wide = await visit(server, desktop, 'light');
    await go(wide.page, 'top?src=0');
    assert.deepEqual(await ends(wide.page), [false, false]);
    await wide.context.close();
  });

  test('a profile without samples, one without files and what is no profile say what to do', async () => {
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

  test('what comes slowly shows how much of it is there, and comes once', async () => {
    const bytes = readFileSync(dump('t136'));
    const html = fillPage(await readPage(), {
      mode: 'server',
      sources: [{ name: 'slow.pb.gz', address: 'slow', time: null, size: bytes.length }],
      live: null,
      files: false,
      graphviz: 'graphviz.js',
    });
    let asked = 0;
    let seen = false;
    const server = createServer((request, response) => {
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
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    closers.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as { port: number };
    const origin = `http://127.0.0.1:${port}/`;
    const { page, problems, context } = await openPage(browser, phone, 'dark', origin);
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

  test('a CPU profile of V8 is drawn in the order of time', async () => {
    const path = join(folder, 'work.cpuprofile');
    const frame = (functionName: string, lineNumber: number) => ({
      callFrame: { functionName, scriptId: '1', url: 'file:///srv/work.js', lineNumber, columnNumber: 0 },
    });
    const samples = Array.from({ length: 60 }, (_, i) => (i % 20 < 10 ? 2 : 3));
    const text = JSON.stringify({
      nodes: [
        { id: 1, ...frame('(root)', -1), children: [2, 3] },
        { id: 2, ...frame('parse', 9), hitCount: 30 },
        { id: 3, ...frame('render', 19), hitCount: 30 },
      ],
      startTime: 0,
      endTime: 60_000,
      samples,
      timeDeltas: samples.map(() => 1000),
    });
    writeFileSync(path, text);
    const { page, problems, context } = await visit(await serve([path]), desktop, 'light');
    await page.getByRole('button', { name: 'Time', exact: true }).click();
    await page.waitForFunction(() => location.hash.includes('mode=time'));
    await settled(page);
    await page.waitForFunction(() => document.querySelectorAll('[role=treeitem]').length > 0);
    // Six stretches that take turns, where the widest-first graph has two boxes.
    await page.keyboard.press('ArrowDown');
    await shows(page, '.details-name', /parse/);
    for (const name of [/render/, /parse/, /render/, /parse/, /render/]) {
      await page.keyboard.press('ArrowRight');
      await shows(page, '.details-name', name);
    }
    assert.deepEqual(problems, []);
    await context.close();
  });

  test('the agent serves the page, which asks for its token once', async () => {
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
    assert.deepEqual(problems, []);
    await context.close();
    await agent.close();
  });

  test('a live service is watched, captured and compared', async () => {
    let asked = 0;
    const service = createServer((request, response) => {
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
    await new Promise<void>((resolve) => {
      service.listen(0, '127.0.0.1', resolve);
    });
    closers.push(() => {
      service.closeAllConnections();
      service.close();
    });
    const { port } = service.address() as { port: number };
    const server = await startUi(
      {
        sources: [`http://127.0.0.1:${port}/debug/pprof/goroutine`],
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
    await page.waitForFunction(
      () => /[2-9] moments/.test(document.querySelector('.live .hint')?.textContent ?? ''),
      undefined,
      {
        timeout: 60_000,
      },
    );
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
    await shows(page, '.culprit-place', /subscribe_leaky\.go:22/);
    await go(page, 'live');
    await page.getByRole('button', { name: 'Capture tasks' }).click();
    await page.waitForFunction(() => location.hash.startsWith('#/flame'));
    assert.deepEqual(problems, []);
    await context.close();
  });
});
