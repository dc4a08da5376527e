// Keyboard and pointer in a real browser, and where controls have to be.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { desktop, phone } from './chromium.ts';
import { parseCommandLine } from '../../cli/src/pprof/command-line.ts';
import { savedViews, settingsFile } from '../../cli/src/pprof/settings.ts';
import { uiRequest } from '../../cli/src/pprof/web-request.ts';
import { startUi } from '../../cli/src/web/serve.ts';
import {
  back,
  dump,
  folder,
  go,
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

test('the keyboard moves, zooms, filters and undoes', { skip }, async () => {
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
  await back(page);
  assert.doesNotMatch(page.url(), /z=/);
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

test('a click zooms to where the pointer is, and the tree follows', { skip }, async () => {
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

test('a strip of tabs that goes on fades where it does; the controls of the graph are all in sight', {
  skip,
}, async () => {
  const file = join(folder, 'strip.folded');
  writeFileSync(file, 'main;work 1\n');
  const ends = (page: Page): Promise<boolean[]> =>
    page.$eval('.tabs', (strip) => [strip.hasAttribute('data-before'), strip.hasAttribute('data-behind')]);
  const server = await serve([file, file, dump('t2')]);
  const { page, problems, context } = await visit(server, phone, 'light');
  await go(page, 'flame?src=0');
  await shows(page, '.insight', /^Of 1 sample, your code/);
  const right = await page.$$eval('.flame .toolbar > *', (controls) =>
    Math.max(...controls.map((control) => control.getBoundingClientRect().right)),
  );
  assert.ok(right <= phone.width, `${right}`);
  await go(page, 'verdict?src=0');
  await page.waitForSelector('.tabs[data-behind]:not([data-before])');
  assert.deepEqual(await ends(page), [false, true]);
  await page.$eval('.tabs', (strip) => strip.scrollTo({ left: strip.scrollWidth }));
  await page.waitForSelector('.tabs[data-before]:not([data-behind])');
  assert.deepEqual(problems, []);
  await context.close();
  const wide = await visit(server, desktop, 'light');
  await go(wide.page, 'top?src=0');
  assert.deepEqual(await ends(wide.page), [false, false]);
  // A window that becomes narrow, or a phone that is turned: the current tab stays in sight.
  await go(wide.page, 'compare?src=1&base=0');
  await wide.page.setViewportSize({ width: 390, height: 844 });
  await wide.page.waitForFunction(() => {
    const [strip, tab] = ['.tabs', '.tabs [aria-current]'].map((one) =>
      document.querySelector(one)?.getBoundingClientRect(),
    );
    return (
      strip !== undefined &&
      tab !== undefined &&
      strip.width < 390 &&
      tab.left >= strip.left - 1 &&
      tab.right <= strip.right + 1
    );
  });
  await wide.context.close();
});

test('a CPU profile of V8 is drawn in the order of time', { skip }, async () => {
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

test('what is on the canvas is the graph that was asked for last', { skip }, async () => {
  const server = await serve([dump('t136')]);
  const { page, problems, context } = await visit(server, desktop, 'light');
  const frames = (): Promise<unknown> =>
    page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done)))),
    );
  const painted = (): Promise<string> =>
    page.$eval('.flame-canvas', (canvas) => (canvas as HTMLCanvasElement).toDataURL());
  for (let round = 0; round < 2; round++) {
    for (const view of [
      'flame?q=redis',
      'flame?mode=sandwich&p=ReceiveMessage',
      'flame?mode=up&f=task&flip=t',
    ]) {
      await go(page, view);
      // Whatever the graph still does by itself, such as to scroll to its root, it does now.
      for (let i = 0; i < 5; i++) await frames();
      const before = await painted();
      // To another theme and back: whatever it showed, it is painted anew.
      for (const theme of ['dark', 'light']) {
        await page.keyboard.press('t');
        await page.waitForFunction((name) => document.documentElement.dataset['theme'] === name, theme);
        for (let i = 0; i < 5; i++) await frames();
      }
      assert.ok(before === (await painted()), `${view}, round ${round}: another graph was on the canvas`);
    }
  }
  assert.deepEqual(problems, []);
  await context.close();
});

test('saved views are kept in the file of pprof, gone to and removed, by keys and by pointer', {
  skip,
}, async () => {
  const env = { XDG_CONFIG_HOME: folder, HOME: folder, AppData: folder };
  const line = parseCommandLine(['-http=127.0.0.1:', '-no_browser', dump('t136')], () => false);
  assert.ok(line.kind === 'run');
  const io = { cwd: folder, env };
  const server = await startUi(await uiRequest(line.invocation, io), io);
  servers.push(server);
  for (const device of [desktop, phone]) {
    const { page, problems, context } = await visit(server, device, 'light');
    const names = (): Promise<string[]> => page.locator('.saved-view b').allTextContents();
    const opened = async (): Promise<void> => {
      await page.waitForSelector('dialog[open] .saved-view');
      await settled(page);
    };
    await go(page, 'flame?f=redis');
    // What is open and what can be done with it share a row, on a phone too.
    const middles = await page.$$eval('.picker.source, .buttons', (parts) =>
      parts.map((part) => (part.getBoundingClientRect().top + part.getBoundingClientRect().bottom) / 2),
    );
    assert.ok(Math.abs((middles[0] ?? 0) - (middles[1] ?? 99)) < 8, middles.join(' '));
    await page.keyboard.press('C');
    await opened();
    assert.deepEqual(await names(), ['Default']);
    await page.keyboard.type('mine');
    await page.keyboard.press('Enter');
    await shows(page, '.toast', /^Saved as mine\./);
    assert.deepEqual(savedViews(settingsFile(env)), [{ name: 'mine', query: 'f=redis' }]);
    await page.keyboard.press('r');
    await page.waitForFunction(() => document.querySelector('.filter') === null);
    await page.getByRole('button', { name: 'Saved views' }).click();
    await opened();
    assert.deepEqual(await violations(page), []);
    await page.getByRole('button', { name: 'mine', exact: true }).click();
    await page.waitForSelector('.filter');
    assert.match(page.url(), /#\/flame\?f=redis$/);
    await settled(page);
    await page.keyboard.press('C');
    await opened();
    await shows(page, '.saved li:nth-child(2)', /mine[\s\S]*shown now/);
    await page.getByRole('button', { name: 'Remove mine' }).click();
    await page.getByRole('button', { name: 'Remove mine for good' }).click();
    await page.waitForFunction(() => document.querySelectorAll('.saved-view').length === 1);
    assert.deepEqual(problems, []);
    await context.close();
  }
});
