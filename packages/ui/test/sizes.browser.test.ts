// Every view and sheet at five sizes in both themes: axe finds nothing, nothing is cut or lies over another, no line on the console.
import assert from 'node:assert/strict';
import { utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import type { Page } from 'playwright-core';
import { desktop } from './chromium.ts';
import { faults } from './faults.ts';
import {
  dump,
  folder,
  go,
  moments,
  serve,
  settled,
  sizes,
  skip,
  useBrowser,
  violations,
  visit,
} from './visitor.ts';
import { takeHeaps } from './heaps.ts';

/** Heap snapshots of one program, the later one larger. */
let heaps: readonly string[] = [];
useBrowser(async () => {
  heaps = await takeHeaps(folder);
});

/** Tasks with waits and labels; so few of them grow that they may be a pool which fills. */
function tasksFile(count: number): string {
  const path = join(folder, `tasks-${count}.txt`);
  const one = (id: number): string =>
    `goroutine ${id} [await, ${id} minutes labels:{"route":"${id % 3 === 0 ? '/a' : '/b'}"}]:\nsubscribe(...)\n\t/srv/app/subscribe.ts:20\ncreated by tick\n\t/srv/app/cron.ts:26\n\n`;
  writeFileSync(path, Array.from({ length: count }, (_, i) => one(i + 1)).join(''));
  utimesSync(path, 1_700_000_000 + count * 60, 1_700_000_000 + count * 60);
  return path;
}

function emptyFile(): string {
  const path = join(folder, 'nothing.pb');
  writeFileSync(
    path,
    encodeProfile(new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] }).build()),
  );
  return path;
}

interface Scene {
  readonly view: string;
  /** What leads to it from there, and what has to be seen then. */
  readonly act?: (page: Page) => Promise<unknown>;
  readonly ready?: string;
}

const press = (key: string) => async (page: Page) => {
  await page.locator('main').focus();
  await page.keyboard.press(key);
};
const choose = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).click();
const dialog = 'dialog[open]';

const pages: readonly {
  readonly name: string;
  readonly sources: () => readonly string[];
  readonly scenes: readonly Scene[];
}[] = [
  {
    name: 'dumps of a leak',
    sources: () => moments.map((moment) => dump(moment)),
    scenes: [
      { view: 'verdict', ready: '.culprit-place' },
      { view: 'flame' },
      { view: 'flame?q=redis&f=task&i=zzzz&h=runtime' },
      { view: 'flame?q=main%28', ready: '.search-error' },
      { view: 'flame?f=zzzz' },
      { view: 'flame?mode=sandwich&p=ReceiveMessage' },
      { view: 'flame?mode=up' },
      { view: 'top?q=redis' },
      { view: 'graph', ready: '.graph-sheet svg .node' },
      { view: 'peek?p=ReceiveMessage', ready: '.peek-list' },
      { view: 'source?p=Subscribe', ready: '.listing' },
      { view: 'tasks', ready: '.task-head' },
      { view: 'raw', ready: '.raw pre' },
      { view: 'compare?src=5&base=0' },
      { view: 'compare?src=5&base=0', act: choose('Table'), ready: '.change' },
      { view: 'flame', act: press('S'), ready: dialog },
      { view: 'flame', act: press('E'), ready: dialog },
      { view: 'flame', act: press('d'), ready: dialog },
      { view: 'flame', act: press('?'), ready: dialog },
    ],
  },
  {
    name: 'snapshots of a heap',
    sources: () => heaps,
    scenes: [
      { view: 'verdict', ready: '.judgement' },
      // A table of a thousand classes tells axe nothing that one of a few does not.
      { view: 'heap?q=Session', ready: '.heap-lead' },
      { view: 'heap?q=Session', act: choose('Holders') },
    ],
  },
  {
    name: 'tasks with labels, few of which grow',
    sources: () => [4, 6, 9].map(tasksFile),
    scenes: [
      { view: 'verdict', ready: '.judgement' },
      { view: 'flame?tagroot=route', ready: '.shares' },
      { view: 'tasks', ready: '.task-table' },
    ],
  },
  {
    name: 'a profile without samples',
    sources: () => [emptyFile()],
    scenes: [{ view: 'flame', ready: '.state' }],
  },
];

for (const { name, sources, scenes } of pages)
  test(`nothing is wrong at any size in any theme: ${name}`, { skip }, async () => {
    const { page, problems, context } = await visit(await serve(sources()), desktop, 'light');
    const found: string[] = [];
    for (const { view, act, ready } of scenes) {
      await page.setViewportSize(sizes[0]);
      await go(page, view);
      await act?.(page);
      if (ready !== undefined) await page.waitForSelector(ready);
      for (const { name: size, width, height } of sizes) {
        await page.setViewportSize({ width, height });
        for (const theme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
          await page.waitForFunction((to) => document.documentElement.dataset['theme'] === to, theme);
          await settled(page);
          // Where things are is the same in both themes; what is read well is not.
          const wrong =
            theme === 'light'
              ? [...(await violations(page)), ...(await faults(page))]
              : await violations(page, ['color-contrast']);
          found.push(...wrong.map((one) => `${view}, ${size}, ${theme}: ${one}`));
        }
      }
      if (ready === dialog) await page.keyboard.press('Escape');
    }
    assert.deepEqual(found, []);
    assert.deepEqual(problems, []);
    await context.close();
  });
