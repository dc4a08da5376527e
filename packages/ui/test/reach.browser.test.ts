// What can be reached by keys, on a phone and in a low window: the search, the libraries, the picture itself.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { desktop, type Device, phone } from './chromium.ts';
import {
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

test('Enter in the search moves on to what is searched: the next key is one of the view', {
  skip,
}, async () => {
  const { page, problems, context } = await visit(await serve([dump('t136')]), desktop, 'light');
  const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.className ?? '');
  for (const [view, place] of [
    ['flame', /flame-tree/],
    ['top', /scroll/],
    ['graph', /graph-sheet/],
    ['tasks', /^$/],
  ] as const) {
    await go(page, view);
    if (view === 'graph') await page.waitForSelector('.graph-sheet svg .node');
    await page.keyboard.press('/');
    await page.keyboard.type('gopark');
    await page.keyboard.press('Enter');
    await page.keyboard.type('n');
    await settled(page);
    assert.equal(await page.inputValue('#search'), 'gopark', view);
    assert.match(await focused(), place, view);
    assert.match(page.url(), /q=gopark(?:&|$)/, view);
    if (view === 'flame') {
      await page.waitForSelector('.search-sum');
      await page.keyboard.press('n');
      await shows(page, '.details-name', /runtime\.gopark/);
    }
    if (view === 'graph') assert.ok((await page.locator('.node.besides').count()) > 5);
  }
  assert.deepEqual(problems, []);
  await context.close();
});

test('search and libraries act on a view, or are seen to rest there', { skip }, async () => {
  const { page, problems, context } = await visit(
    await serve(moments.map((moment) => dump(moment))),
    desktop,
    'light',
  );
  const said = (): Promise<string> =>
    page.evaluate(() => document.querySelector<HTMLElement>('main')?.innerText ?? '');
  for (const [view, searches, filters] of [
    ['verdict', false, false],
    ['flame', true, true],
    ['top', true, true],
    ['graph', true, true],
    ['peek', true, true],
    ['source', true, true],
    ['tasks', true, true],
    ['raw', false, true],
    ['compare', true, true],
  ] as const) {
    await go(page, view);
    assert.equal(await page.isEnabled('#search'), searches, view);
    assert.equal(await page.isEnabled('.libraries select'), filters, view);
    assert.equal(
      (await page.getAttribute('#search', 'placeholder'))?.startsWith('No search in'),
      !searches,
      view,
    );
    if (!filters || view === 'flame' || view === 'graph') continue;
    const before = await said();
    await page.locator('.libraries select').selectOption('hide');
    await settled(page);
    assert.notEqual(await said(), before, `${view}: libraries`);
    await page.locator('.libraries select').selectOption('show');
    await settled(page);
  }
  await go(page, 'tasks?f=zzzz');
  await shows(page, '.tasks', /The filters leave no stack over/);
  await go(page, 'tasks?f=Subscribe');
  await shows(page, '.tasks .lead', /^274 of 291 goroutines in one stack/);
  await go(page, 'tasks?libs=collapse');
  await shows(page, '.libraries', /cannot be collapsed in Tasks/);
  assert.deepEqual(problems, []);
  await context.close();
});

test('the share of what a search matches is said on every view that is searched, and of what filters leave', {
  skip,
}, async () => {
  const { page, problems, context } = await visit(await serve([dump('t2'), dump('t136')]), desktop, 'light');
  for (const view of ['flame', 'top', 'graph', 'peek', 'source', 'tasks', 'compare?src=1&base=0']) {
    await go(page, `${view}${view.includes('?') ? '&' : '?'}q=redis`);
    await shows(page, '.search-sum', /^9 functions · 94/);
  }
  await go(page, 'top?src=1&q=redis&i=redis');
  await shows(page, '.search-sum', /functions · 0%/);
  await go(page, 'top?src=1&q=%28');
  await page.waitForFunction(() => document.querySelector('.search-sum') === null);
  assert.deepEqual(problems, []);
  await context.close();
});

test('a bad pattern is said in words, and announced; filters say what they leave, and what matches nothing', {
  skip,
}, async () => {
  const { page, problems, context } = await visit(await serve([dump('t136')]), desktop, 'light');
  await page.keyboard.press('/');
  await page.keyboard.type('main(');
  await shows(page, '[role=status].search-error', /^no regular expression, as a \( has no \);/);
  assert.equal(await page.getAttribute('#search', 'aria-invalid'), 'true');
  await go(page, 'top?f=Subscribe&i=zzzz');
  await shows(page, '.filter', /Focus[\s\S]*→ 274 left, 94/);
  await shows(page, '.filter-warning', /^Ignore expression matched no samples\.$/);
  // As in pprof, what has no stack is gone as soon as anything is filtered by names.
  await page.getByRole('button', { name: 'Remove Focus' }).click();
  await settled(page);
  await shows(page, '.filter', /Ignore[\s\S]*→ 290 left, 99\.7%/);
  assert.deepEqual(problems, []);
  await context.close();
});

test('libraries are in sight on a phone, lines never break, and the picture has room in a low window', {
  skip,
}, async () => {
  const file = join(folder, 'long.txt');
  const frame = (id: number, line: number): string =>
    `goroutine ${id} [select, 2 minutes]:\nexample.com/shop/internal/ordering/handlers.(*OrdersOfCustomers).CreateAndConfirm(0x1)\n\t/srv/shop/internal/ordering/handlers/orders_of_customers_create_and_confirm.go:${line} +0x1\n\n`;
  writeFileSync(file, [frame(1, 12_591), frame(2, 12_592), frame(3, 12_593)].join(''));
  const server = await serve([file, file]);
  const low: Device = { name: '200 %', width: 640, height: 450, touch: false };
  const tablet: Device = { name: 'tablet', width: 768, height: 1024, touch: false };
  for (const device of [phone, tablet, low]) {
    const { page, problems, context } = await visit(server, device, 'light');
    for (const view of [
      'flame?src=0',
      'top?src=0',
      'tasks?src=0',
      'peek?src=0&p=Create',
      'compare?src=1&base=0',
    ]) {
      await go(page, view);
      const box = await page.locator('.libraries select').boundingBox();
      assert.ok(
        box !== null && box.x >= 0 && box.x + box.width <= device.width,
        `${device.name} ${view}: libraries`,
      );
      const broken = await page.$$eval('.place .line', (lines) =>
        lines
          .filter((line) => new Set([...line.getClientRects()].map(({ top }) => top)).size > 1)
          .map((line) => line.textContent),
      );
      assert.deepEqual(broken, [], `${device.name} ${view}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.equal(wide, false, `${device.name} ${view}: wider than the screen`);
    }
    await go(page, 'flame?src=0');
    const room = async (): Promise<number> =>
      (await page.locator('.flame-scroll').boundingBox())?.height ?? 0;
    assert.ok((await room()) >= 120, `${device.name}: ${await room()} pixels for the picture`);
    if (device === low) {
      const options = page.getByRole('button', { name: 'View options' });
      assert.equal(await page.getByRole('button', { name: 'Bottom-up' }).isVisible(), false);
      await options.click();
      assert.equal(await options.getAttribute('aria-expanded'), 'true');
      assert.ok(await page.getByRole('button', { name: 'Bottom-up' }).isVisible());
      assert.deepEqual(await violations(page), []);
    }
    assert.deepEqual(problems, []);
    await context.close();
  }
});

/** Functions with names of 3, 48 and 600 characters, in a file that lies deep. */
function longNames(): string {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  const file = `/srv/app/${'very/deeply/nested/'.repeat(6)}orders.ts`;
  const names = [
    'run',
    'createAndConfirmTheOrdersOfAllCustomersAtOnce_48',
    `Repository<${'Map<string, Order>, '.repeat(30)}`,
  ];
  const locations = names.map((name, row) =>
    builder.location({ lines: [{ function: builder.function(name, file, 1), line: 10_000 + row }] }),
  );
  for (let i = 0; i < 3; i++) builder.sample([...locations.slice(i), ...locations.slice(0, i)], [10 + i]);
  const path = join(folder, 'names.pb');
  writeFileSync(path, encodeProfile(builder.build()));
  return path;
}

test('a name of 600 characters gives way to its place: nothing is squeezed or lies over another', {
  skip,
}, async () => {
  const { page, problems, context } = await visit(await serve([longNames()]), desktop, 'light');
  const found: string[] = [];
  for (const [width, height] of [
    [1280, 800],
    [768, 1024],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const view of ['flame', 'top', 'peek?p=Repository', 'source']) {
      await go(page, view);
      if (view === 'flame') {
        await page.keyboard.press('ArrowDown');
        await shows(page, '.details-name', /Repository|createAnd|run/);
      }
      const wrong = await page.evaluate(() => {
        const squeezed = [...document.querySelectorAll('main .place')]
          .filter((place) => new Set([...place.getClientRects()].map(({ top }) => top)).size > 5)
          .map((place) => `${place.textContent} in a column`);
        const numbers = document.querySelector('.details-numbers')?.getBoundingClientRect();
        const under = [...document.querySelectorAll('.details-name b, .details-name .place')]
          .map((one) => ({ one, box: one.getBoundingClientRect() }))
          .filter(
            ({ box }) => numbers !== undefined && box.bottom > numbers.top && box.right > numbers.left + 1,
          )
          .map(({ one }) => `${one.className} under the numbers`);
        const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : [];
        return [...squeezed, ...under, ...wide];
      });
      found.push(...wrong.map((what) => `${width} ${view}: ${what.slice(-60)}`));
    }
  }
  assert.deepEqual(found, []);
  assert.deepEqual(problems, []);
  await context.close();
});

test('a call graph stays in sight when the window changes: fitted anew, or around its middle where it was moved', {
  skip,
}, async () => {
  const { page, problems, context } = await visit(await serve([dump('t136')]), desktop, 'light');
  await go(page, 'graph');
  await page.waitForSelector('.graph-sheet svg .node');
  // The way that most of it takes.
  const middle = (): Promise<number> =>
    page.$$eval('.graph-sheet .edge path', (paths) => {
      const width = (path: Element): number => Number(path.getAttribute('stroke-width') ?? 1);
      const [thickest] = [...paths].sort((a, b) => width(b) - width(a));
      const box = thickest?.getBoundingClientRect();
      return box === undefined ? -1 : box.left + box.width / 2;
    });
  const wide = await middle();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForFunction(() => document.querySelector('.graph-sheet')?.clientWidth === 390);
  await page.waitForFunction(() => {
    const boxes = [...document.querySelectorAll('.graph-sheet .node')].map((node) =>
      node.getBoundingClientRect(),
    );
    return boxes.some(({ left, right, top }) => right > 0 && left < innerWidth && top < innerHeight);
  });
  const narrow = await middle();
  assert.ok(narrow > 0 && narrow < 390, `the middle was at ${wide}, and is at ${narrow} of 390`);
  await page.locator('.graph-sheet').focus();
  await page.keyboard.press('ArrowDown');
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.waitForFunction(
    ([was]) => {
      const paths = [...document.querySelectorAll('.graph-sheet .edge path')];
      const width = (path: Element): number => Number(path.getAttribute('stroke-width') ?? 1);
      const box = paths.sort((a, b) => width(b) - width(a))[0]?.getBoundingClientRect();
      return box !== undefined && Math.abs(box.left + box.width / 2 - ((was ?? 0) + (1280 - 390) / 2)) < 2;
    },
    [narrow],
  );
  assert.deepEqual(problems, []);
  await context.close();
});
