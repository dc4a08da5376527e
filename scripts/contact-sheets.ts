// Every view of the page at five sizes in both themes, one picture of each view, for whoever looks them over: contact-sheets.ts [FOLDER [NAME…]].
/// <reference lib="dom" />
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { startServer } from '@stackpile/agent';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import type { Browser, Page } from 'playwright-core';
import sharp, { type OverlayOptions } from 'sharp';
import { startUi } from '../packages/cli/src/web/serve.ts';
import { takeHeaps } from '../packages/ui/test/heaps.ts';
import { buildUi } from '../packages/ui/build.ts';
import { launch } from '../packages/ui/test/chromium.ts';
import { hostileProfile } from '../packages/ui/test/hostile.ts';
import { listen, shut } from '../testing/listening.ts';
import { reportHtml } from '../packages/cli/src/report/report-file.ts';
import { faults } from '../packages/ui/test/faults.ts';
import { root } from './house.ts';
import { startMonitors } from './sheets/monitors.ts';

const sizes = [
  { name: '1440', width: 1440, height: 900 },
  { name: '1280', width: 1280, height: 800 },
  { name: '768', width: 768, height: 1024 },
  { name: '390', width: 390, height: 844 },
  { name: '200 %', width: 640, height: 450 },
] as const;

interface Scene {
  readonly name: string;
  /** The page's address, without its fragment. */
  readonly address: string;
  /** What the fragment says: the view with its state. */
  readonly view: string;
  /** What has to be seen before the picture is taken. */
  readonly ready?: string;
  readonly act?: (page: Page) => Promise<unknown>;
}

const temporary = mkdtempSync(join(tmpdir(), 'stackpile-sheets-'));
const ends: (() => Promise<unknown>)[] = [];

async function serve(...sources: readonly string[]): Promise<string> {
  const server = await startUi({ sources, address: '127.0.0.1:0', noBrowser: true }, { cwd: temporary });
  ends.push(() => server.close());
  return server.url;
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(temporary, name);
  writeFileSync(path, content);
  return path;
}

const fixtures = join(root, '../shared/fixtures/go/leaky');
const dump = (moment: string, file = 'goroutine.pb.gz'): string => join(fixtures, moment, file);

/** Goroutines with waits and labels, as `debug=2` tells them. */
function labelled(): string {
  const one = (id: number): string =>
    `goroutine ${id} [await, ${id} minutes labels:{"route":"${id % 3 === 0 ? '/orders' : '/carts/{id}'}", "tenant":"t${id % 4}"}]:\nsubscribe(...)\n\t/srv/app/subscribe.ts:20\nloop(...)\n\t/srv/app/cron.ts:${20 + (id % 5)}\ncreated by tick\n\t/srv/app/cron.ts:26\n\n`;
  return write('labelled.txt', Array.from({ length: 40 }, (_, i) => one(i + 1)).join(''));
}

/** Names of 48 and of 600 characters. */
function longNames(): string {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  const location = (name: string, line: number): number =>
    builder.location({
      lines: [
        {
          function: builder.function(name, `/srv/app/${'very/deeply/nested/'.repeat(6)}orders.ts`, 1),
          line,
        },
      ],
    });
  const generic = `OrderRepository<${'Map<string, ReadonlyArray<Promise<Order>>>, '.repeat(14)}void>.prototype.findAll`;
  const names = ['createAndConfirmTheOrdersOfAllCustomersAtOnce_48', generic.slice(0, 600), 'short'];
  const locations = names.map((name, row) => location(name, 10_000 + row));
  for (let i = 0; i < 3; i++)
    builder.sample([...locations.slice(i), ...locations.slice(0, i)], [10 * (i + 1)]);
  return write('names.pb', encodeProfile(builder.build()));
}

function cpuProfile(): string {
  const frames = spawnSync(
    process.execPath,
    [
      '--cpu-prof',
      '--cpu-prof-interval=200',
      `--cpu-prof-dir=${temporary}`,
      '--conditions=stackpile-source',
      join(root, 'packages/cli/src/main.ts'),
      '-top',
      dump('t136'),
    ],
    { cwd: root, stdio: 'ignore', timeout: 60_000 },
  );
  const made = readdirSync(temporary).find((name) => name.endsWith('.cpuprofile'));
  if (frames.status !== 0 || made === undefined) throw new Error('no CPU profile was made');
  return join(temporary, made);
}

/** A service whose tasks grow from look to look. */
async function goService(): Promise<string> {
  let asked = 0;
  const moments = ['t2', 't6', 't16', 't36', 't76', 't136'];
  const service: Server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://x');
    if (pathname === '/debug/pprof/')
      response
        .setHeader('content-type', 'text/html')
        .end(
          `<table><tr><td>${20 + asked}</td><td><a href='goroutine?debug=1'>goroutine</a></td></tr></table>`,
        );
    else if (pathname === '/debug/pprof/goroutine')
      response.end(readFileSync(dump(moments[Math.min(5, asked++)] ?? 't136')));
    else response.writeHead(404).end();
  });
  const host = await listen(service);
  ends.push(() => shut(service));
  return `http://${host}/debug/pprof/goroutine`;
}

/** Tasks of a place that grows, but so few that they may be a pool which fills. */
function fewTasks(count: number): string {
  const task = (id: number, name: string, place: string): string =>
    `goroutine ${id} [await, ${id} minutes]:\n${name}(...)\n\texamples/leaky-cron/src/${place}\ncreated by tick\n\texamples/leaky-cron/src/cron.ts:26\n\n`;
  const path = write(
    `few-${count}.txt`,
    [
      ...Array.from({ length: count }, (_, i) =>
        task(100 + i, 'subscribeNewTaskMsgIfAvailable', 'subscribe-leaky.ts:20'),
      ),
      ...[10, 11, 12].map((id) => task(id, 'work', 'worker.ts:31')),
    ].join(''),
  );
  utimesSync(path, 1_700_000_000 + count * 60, 1_700_000_000 + count * 60);
  return path;
}

/** The pages of a monitor, and what they lead to. */
async function monitorScenes(): Promise<Scene[]> {
  const monitors = await startMonitors(join(root, '../shared/fixtures'), temporary);
  ends.push(() => monitors.end());
  const { small, many, empty, leaky } = monitors;
  const of = `target=${encodeURIComponent(leaky)}&name=goroutine`;
  const growers = (await (await fetch(`${small}api/growers`)).json()) as {
    readonly growers: readonly { readonly stack: string }[];
  };
  const brush = async (page: Page): Promise<void> => {
    const box = await page.locator('svg.plot').boundingBox();
    if (box === null) return;
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.95, box.y + 60, { steps: 4 });
    await page.mouse.up();
  };
  return [
    { name: 'monitor-targets', address: small, view: '' },
    { name: 'monitor-empty', address: empty, view: '' },
    { name: 'monitor-many', address: many, view: '' },
    { name: 'monitor-many-down', address: `${many}?state=down`, view: '' },
    { name: 'monitor-many-none', address: `${many}?name=nothing-like-it`, view: '' },
    { name: 'monitor-timeline', address: `${small}timeline?${of}&from=-1m`, view: '', act: brush },
    { name: 'monitor-functions', address: `${small}timeline?${of}&from=-1m&by=function`, view: '' },
    {
      name: 'monitor-stack',
      address: `${small}timeline?${of}&from=-1m&stack=${growers.growers[0]?.stack ?? ''}`,
      view: '',
    },
    {
      name: 'monitor-counters',
      address: `${small}timeline?target=${encodeURIComponent(leaky)}&name=counters&from=-15m`,
      view: '',
    },
    { name: 'monitor-nothing', address: `${small}timeline?${of}&from=0&to=1000000`, view: '' },
    { name: 'monitor-growers', address: `${small}growers?from=-15m`, view: '' },
    { name: 'monitor-no-growers', address: `${empty}growers`, view: '' },
    { name: 'monitor-refused', address: `${small}timeline?target=nobody`, view: '' },
    { name: 'monitor-view', address: `${small}view?${of}&from=-1m`, view: 'flame' },
    {
      name: 'monitor-compare',
      address: `${small}view?${of}&from=${Date.now() - 20_000}&base_from=${Date.now() - 60_000}&base_to=${Date.now() - 40_000}`,
      view: 'compare?src=1&base=0',
    },
  ];
}

async function scenes(): Promise<Scene[]> {
  const leakyMoments = ['t2', 't6', 't16', 't36', 't76', 't136'];
  const leaky = await serve(...leakyMoments.map((moment) => dump(moment)));
  const one = await serve(dump('t136'), labelled(), longNames(), write('hostile.pb', hostileProfile()));
  const equal = await serve(dump('t136'), dump('t136'));
  const cpu = await serve(cpuProfile());
  const heaps = await takeHeaps(temporary, 3);
  const heap = await serve(heaps[2] ?? '');
  const grown = await serve(...heaps);
  const empty = await serve(
    write(
      'empty.pb',
      encodeProfile(new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] }).build()),
    ),
  );
  const go = await serve(await goService(), await goService());
  const locked = await startServer({ port: 0, auth: 'secret-token' });
  const open = await startServer({ port: 0 });
  ends.push(
    () => locked.close(),
    () => open.close(),
  );
  const node = await serve(open.url);
  const bare = pathToFileURL(
    write('bare.html', readFileSync(join(root, 'packages/ui/dist/index.html'))),
  ).href;
  const fixed = await serve(
    ...leakyMoments.map((moment) => join(fixtures, `../fixed/${moment}/goroutine.pb.gz`)),
  );
  const few = await serve(...[1, 2, 3, 4, 5, 6].map(fewTasks));
  const report = pathToFileURL(
    write(
      'report.html',
      await reportHtml(
        leakyMoments.map((moment) => dump(moment)),
        {},
        temporary,
      ),
    ),
  ).href;
  const print = async (page: Page): Promise<void> => {
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
  };
  const key = (name: string) => async (page: Page) => {
    await page.locator('main').focus();
    await page.keyboard.press(name);
    await page.waitForSelector('dialog[open]');
  };
  return [
    { name: 'verdict', address: leaky, view: 'verdict' },
    { name: 'flame', address: leaky, view: 'flame' },
    { name: 'flame-filtered', address: leaky, view: 'flame?q=redis&f=task&i=zzzz&h=runtime' },
    { name: 'flame-bad-search', address: leaky, view: 'flame?q=main(' },
    { name: 'flame-nothing', address: leaky, view: 'flame?f=zzzz' },
    { name: 'flame-sandwich', address: leaky, view: 'flame?mode=sandwich&p=ReceiveMessage' },
    { name: 'flame-bottom-up', address: leaky, view: 'flame?mode=up' },
    { name: 'top', address: leaky, view: 'top?q=redis' },
    { name: 'graph', address: leaky, view: 'graph', ready: '.graph-sheet svg .node' },
    { name: 'graph-long', address: one, view: 'graph?src=2', ready: '.graph-sheet svg .node' },
    { name: 'peek', address: leaky, view: 'peek?p=ReceiveMessage' },
    { name: 'peek-empty', address: leaky, view: 'peek' },
    { name: 'source', address: leaky, view: 'source?p=Subscribe' },
    { name: 'tasks', address: leaky, view: 'tasks' },
    { name: 'raw', address: leaky, view: 'raw' },
    { name: 'compare', address: leaky, view: 'compare?src=5&base=0' },
    {
      name: 'compare-table',
      address: leaky,
      view: 'compare?src=5&base=0',
      act: (page) => page.getByRole('button', { name: 'Table', exact: true }).click(),
    },
    { name: 'compare-equal', address: equal, view: 'compare' },
    { name: 'verdict-calm', address: equal, view: 'verdict' },
    { name: 'verdict-none', address: fixed, view: 'verdict' },
    { name: 'verdict-unsure', address: few, view: 'verdict' },
    { name: 'report', address: report, view: 'verdict' },
    { name: 'report-flame', address: report, view: 'flame' },
    { name: 'print-verdict', address: report, view: 'verdict', act: print },
    { name: 'print-top', address: report, view: 'top', act: print },
    { name: 'print-flame', address: report, view: 'flame', act: print },
    { name: 'print-heap', address: grown, view: 'heap', act: print },
    { name: 'split', address: one, view: 'flame?src=1&tagroot=route' },
    { name: 'tasks-labels', address: one, view: 'tasks?src=1' },
    { name: 'flame-long', address: one, view: 'flame?src=2' },
    { name: 'top-long', address: one, view: 'top?src=2' },
    { name: 'peek-long', address: one, view: 'peek?src=2&p=OrderRepository' },
    { name: 'source-long', address: one, view: 'source?src=2' },
    { name: 'top-hostile', address: one, view: 'top?src=3' },
    { name: 'tasks-hostile', address: one, view: 'tasks?src=3' },
    { name: 'cpu', address: cpu, view: 'flame' },
    { name: 'cpu-time', address: cpu, view: 'flame?mode=time' },
    { name: 'cpu-source', address: cpu, view: 'source' },
    { name: 'heap', address: heap, view: 'heap' },
    { name: 'heap-compared', address: grown, view: 'heap' },
    {
      name: 'heap-holders',
      address: grown,
      view: 'heap',
      act: (page) => page.getByRole('button', { name: 'Holders' }).click(),
    },
    { name: 'verdict-heap', address: grown, view: 'verdict' },
    { name: 'live-go', address: go, view: 'live', act: (page) => page.waitForTimeout(4500) },
    { name: 'live-node', address: node, view: 'live', act: (page) => page.waitForTimeout(4500) },
    { name: 'share', address: leaky, view: 'flame', act: key('S') },
    { name: 'editor', address: leaky, view: 'flame', act: key('E') },
    { name: 'download', address: leaky, view: 'flame', act: key('d') },
    { name: 'keys', address: leaky, view: 'flame', act: key('?') },
    { name: 'empty-profile', address: empty, view: 'flame' },
    { name: 'bare', address: bare, view: '' },
    {
      name: 'no-profile',
      address: bare,
      view: '',
      act: async (page) => {
        await page.locator('input[type=file]').setInputFiles({
          name: 'notes.txt',
          mimeType: 'text/plain',
          buffer: Buffer.from('just some notes'),
        });
        await page.waitForSelector('[role=alert]');
      },
    },
    { name: 'token', address: `${locked.url}ui`, view: '', ready: 'input[type=password]' },
    { name: 'refused', address: leaky.replace(/token=.*/, ''), view: '', ready: 'h1' },
  ];
}

async function shoot(browser: Browser, scene: Scene, theme: 'light' | 'dark'): Promise<Buffer[]> {
  const context = await browser.newContext({
    colorScheme: theme,
    reducedMotion: 'reduce',
    viewport: sizes[0],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('console', (message) => {
    if (message.type() === 'error' && !/40[13]/.test(message.text()))
      console.log(`${scene.name}, ${theme}: console: ${message.text()}`);
  });
  page.on('pageerror', (error) => console.log(`${scene.name}, ${theme}: ${error.message}`));
  try {
    await page.goto(scene.address);
    if (scene.view !== '') {
      await page.waitForSelector('nav.tabs');
      await page.evaluate((to) => {
        location.hash = `#/${to}`;
      }, scene.view);
    }
    const rest = async (): Promise<void> => {
      await page.waitForFunction(
        () =>
          document.querySelector('.bars') === null && document.querySelector('[aria-busy="true"]') === null,
      );
      await page.evaluate(
        () =>
          new Promise((done) =>
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60))),
          ),
      );
    };
    await rest();
    if (scene.ready !== undefined) await page.waitForSelector(scene.ready);
    await scene.act?.(page);
    const pictures: Buffer[] = [];
    for (const { name, width, height } of sizes) {
      await page.setViewportSize({ width, height });
      await rest();
      pictures.push(await page.screenshot());
      for (const fault of await faults(page)) console.log(`${scene.name}, ${theme}, ${name}: ${fault}`);
    }
    return pictures;
  } finally {
    await context.close();
  }
}

/** Five sizes in a row, one row per theme, at three fifths of their size. */
async function sheet(rows: readonly (readonly Buffer[])[], path: string): Promise<void> {
  const scale = 0.42;
  const gap = 8;
  const parts: OverlayOptions[] = [];
  let top = 0;
  let right = 0;
  for (const row of rows) {
    let left = 0;
    let bottom = 0;
    for (const [index, picture] of row.entries()) {
      const { width, height } = sizes[index] ?? sizes[0];
      parts.push({
        input: await sharp(picture)
          .resize(Math.round(width * scale))
          .toBuffer(),
        left,
        top,
      });
      left += Math.round(width * scale) + gap;
      bottom = Math.max(bottom, Math.round(height * scale));
    }
    right = Math.max(right, left);
    top += bottom + gap;
  }
  await sharp({ create: { width: right, height: top, channels: 3, background: '#808080' } })
    .composite(parts)
    .png()
    .toFile(path);
}

const folder = resolve(process.argv[2] ?? join(root, '.cache/contact-sheets'));
const wanted = process.argv.slice(3);
mkdirSync(folder, { recursive: true });
if (!existsSync(fixtures)) throw new Error(`${fixtures}: no fixtures beside the repository`);
await buildUi();
const browser = await launch();
try {
  const ofMonitor = (name: string): boolean => name.startsWith('monitor');
  const isWanted = (test: (name: string) => boolean): boolean => wanted.length === 0 || wanted.some(test);
  for (const scene of [
    ...(isWanted((name) => !ofMonitor(name)) ? await scenes() : []),
    ...(isWanted(ofMonitor) ? await monitorScenes() : []),
  ]) {
    if (
      wanted.length > 0 &&
      !wanted.includes(scene.name) &&
      !(wanted.includes('monitor') && ofMonitor(scene.name))
    )
      continue;
    try {
      const light = await shoot(browser, scene, 'light');
      const dark = await shoot(browser, scene, 'dark');
      for (const [theme, pictures] of [
        ['light', light],
        ['dark', dark],
      ] as const)
        for (const [index, picture] of pictures.entries())
          writeFileSync(
            join(folder, `${scene.name}-${sizes[index]?.name.slice(0, 4).trim() ?? ''}-${theme}.png`),
            picture,
          );
      await sheet([light, dark], join(folder, `${scene.name}.png`));
      console.log(scene.name);
    } catch (error) {
      console.log(
        `${scene.name}: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`,
      );
      process.exitCode = 1;
    }
  }
} finally {
  await browser.close();
  await Promise.allSettled(ends.map((end) => end()));
  rmSync(temporary, { recursive: true, force: true });
}
