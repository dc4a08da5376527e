// Every view in a real browser, on a screen and on a phone: what it shows, axe, and the answer above the fold.
import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { desktop, phone } from './chromium.ts';
import {
  aboveFold,
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

for (const [device, theme] of [
  [desktop, 'light'],
  [phone, 'dark'],
] as const) {
  test(`every view works and axe finds nothing: ${device.name}, ${theme}`, { skip }, async () => {
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
    await shows(page, '.top-table tbody tr', /SubscribeNewTaskMsgIfAvailable/);
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

for (const device of [desktop, phone]) {
  test(`the guilty line is above the fold, whatever the moment: ${device.name}`, { skip }, async () => {
    const all = await visit(await serve(moments.map((moment) => dump(moment))), device, 'light');
    for (const [row, moment] of moments.entries()) {
      await go(all.page, `flame?src=${row}`);
      await all.page.waitForSelector('.insight li');
      assert.ok(await aboveFold(all.page, 'subscribe_leaky.go:22'), `${moment}: not above the fold`);
      await shows(all.page, '.insight li', /subscribe_leaky\.go:22/);
    }
    await all.context.close();
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

test('what grows and convicts nobody is named with its reason, without the colour of blame', {
  skip,
}, async () => {
  const few = [1, 2, 3, 4, 5, 6].map((count) => {
    const path = join(folder, `few-${count}.txt`);
    writeFileSync(path, daemonDump(count));
    utimesSync(path, 1_700_000_000 + count * 60, 1_700_000_000 + count * 60);
    return path;
  });
  const { page, problems, context } = await visit(await serve(few), desktop, 'light');
  await shows(page, '.badge', /^Not sure$/);
  await shows(page, '.calm .sentence', /subscribe-leaky\.ts:20.*1 → 6.*so few are as well a pool that fills/);
  await shows(page, '.calm .next', /a pool has its size then/);
  await shows(page, '.others li.growing .why', /may be a pool that fills/);
  assert.equal(await page.locator('.culprit').count(), 0);
  assert.deepEqual(await violations(page), []);
  assert.deepEqual(problems, []);
  await context.close();
});
