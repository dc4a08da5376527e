// What people come for, each as a job: how many clicks or keys it takes from the opened page, and by keyboard alone.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { desktop, type Device } from './chromium.ts';
import { takeHeaps } from './heaps.ts';
import {
  aboveFold,
  dump,
  folder,
  moments,
  serve,
  settled,
  shows,
  sizes,
  skip,
  useBrowser,
  visit,
} from './visitor.ts';

/** Heap snapshots of one program, the later one larger. */
let heaps: readonly string[] = [];
useBrowser(async () => {
  heaps = await takeHeaps(folder);
});

/** Goroutines with waits and labels, as the agent's `debug=2` tells them. */
function tasksFile(): string {
  const path = join(folder, 'tasks.txt');
  const one = (id: number): string =>
    `goroutine ${id} [await, ${id} minutes labels:{"route":"${id % 3 === 0 ? '/a' : '/b'}"}]:\nsubscribe(...)\n\t/srv/app/subscribe.ts:20\ncreated by tick\n\t/srv/app/cron.ts:26\n\n`;
  writeFileSync(path, Array.from({ length: 9 }, (_, i) => one(i + 1)).join(''));
  return path;
}

/** Somebody who counts what they do. */
class Hand {
  count = 0;
  readonly page: Page;
  constructor(page: Page) {
    this.page = page;
  }
  async click(selector: string): Promise<void> {
    this.count++;
    await this.page.locator(selector).first().click();
    await settled(this.page);
  }
  async press(key: string): Promise<void> {
    this.count++;
    await this.page.keyboard.press(key);
    await settled(this.page);
  }
  /** A choice of a list: it is opened, then something in it is chosen. */
  async choose(selector: string, value: string): Promise<void> {
    this.count += 2;
    await this.page.locator(selector).selectOption(value);
    await settled(this.page);
  }
  /** Tab until something has the focus; not counted, as it is how keys get anywhere. */
  async tabTo(selector: string): Promise<void> {
    for (let i = 0; i < 80; i++) {
      if (await this.page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector))
        return;
      await this.page.keyboard.press('Tab');
    }
    assert.fail(`no Tab leads to ${selector}`);
  }
}

interface Job {
  readonly name: string;
  readonly sources: () => readonly string[];
  /** Clicks or keys at most, typing aside. */
  readonly most: number;
  readonly byMouse: (hand: Hand) => Promise<void>;
  readonly byKeys: (hand: Hand) => Promise<void>;
  /** What is seen when it is done. */
  readonly done: (page: Page) => Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();
const tab = (view: string): string => `nav a[href="#/${view}"]`;
const latest = (): readonly string[] => [dump('t136')];

const jobs: readonly Job[] = [
  {
    name: 'which function leaks',
    sources: () => moments.map((moment) => dump(moment)),
    most: 0,
    byMouse: nothing,
    byKeys: nothing,
    done: async (page) => assert.ok(await aboveFold(page, 'subscribe_leaky.go:22')),
  },
  {
    name: 'what grew between two files',
    sources: () => [dump('t2'), dump('t136')],
    most: 1,
    byMouse: (hand) => hand.click(tab('compare')),
    byKeys: (hand) => hand.press('9'),
    done: (page) => shows(page, '.change', /^\+268 goroutines, all in .*Subscribe/),
  },
  {
    name: 'the costliest line',
    sources: latest,
    most: 1,
    byMouse: (hand) => hand.click(tab('source')),
    byKeys: (hand) => hand.press('5'),
    done: (page) => shows(page, '[data-hot]', /274[\s\S]*22/),
  },
  {
    name: 'who calls a function',
    sources: latest,
    most: 2,
    byMouse: async (hand) => {
      await hand.click(tab('top'));
      await hand.click('.top-table tr:has-text("PubSub).ReceiveMessage") td.name > button');
    },
    byKeys: async (hand) => {
      await hand.press('4');
      await hand.tabTo('.peek-picker input');
      await hand.page.keyboard.type('ReceiveMessage');
      await hand.press('Enter');
    },
    done: (page) => shows(page, '.peek-list', /^Called by 1[\s\S]*SubscribeNewTaskMsgIfAvailable/),
  },
  {
    name: 'only my code',
    sources: latest,
    most: 1,
    byMouse: async (hand) => {
      await hand.choose('.libraries select', 'mine');
      // The menu of the system counts as one.
      hand.count--;
    },
    byKeys: (hand) => hand.press('M'),
    done: async (page) => {
      assert.match(page.url(), /libs=mine/);
      assert.equal(await page.inputValue('.libraries select'), 'mine');
    },
  },
  {
    name: 'the share of a pattern',
    sources: latest,
    most: 1,
    byMouse: async (hand) => {
      await hand.click('#search');
      await hand.page.keyboard.type('redis');
    },
    byKeys: async (hand) => {
      await hand.press('/');
      await hand.page.keyboard.type('redis');
    },
    // In a narrow window the number of functions gives way.
    done: (page) => shows(page, '.search-sum', /^(?:9 functions · )?94\.2%$/),
  },
  {
    name: 'what one goroutine waits for, how long, with which labels',
    sources: () => [tasksFile()],
    most: 1,
    byMouse: (hand) => hand.click(tab('tasks')),
    byKeys: (hand) => hand.press('6'),
    done: (page) => shows(page, '.task-table', /await\s+9\s+min\s+tick[\s\S]*route=\/a/),
  },
  {
    name: 'split by a label',
    sources: () => [tasksFile()],
    most: 2,
    byMouse: (hand) => hand.choose('select[aria-label="Split by"]', 'route'),
    byKeys: async (hand) => {
      // In a low window the choices are folded.
      if (await hand.page.locator('.flame .toolbar .fold').isVisible()) {
        await hand.tabTo('.flame .toolbar .fold');
        await hand.press('Enter');
      }
      await hand.tabTo('select[aria-label="Split by"]');
      await hand.page.keyboard.type('ro');
      await hand.press('Enter');
    },
    done: (page) => shows(page, '.shares', /route\s+\/b\s+66\.7%\s+\/a\s+33\.3%/),
  },
  {
    name: 'the largest holder of a heap',
    sources: () => heaps.slice(1),
    most: 0,
    byMouse: nothing,
    byKeys: nothing,
    done: (page) =>
      shows(page, '.heap-lead', /^Of [\d.]+\sMB, [\d.]+\s[kM]B are held by cache\s+server\.mjs:4/),
  },
];

/** By mouse once, by keys in every window; the themes take turns, as keys do not tell them apart. */
const visits: readonly {
  readonly device: Device;
  readonly theme: 'light' | 'dark';
  readonly byKeys: boolean;
}[] = [
  { device: desktop, theme: 'light', byKeys: false },
  ...sizes.map((size, row) => ({
    device: { ...size, touch: false },
    theme: row % 2 === 0 ? ('dark' as const) : ('light' as const),
    byKeys: true,
  })),
];

for (const { name, sources, most, byMouse, byKeys, done } of jobs) {
  test(`${name}: ${most} clicks or keys`, { skip }, async () => {
    const server = await serve(sources());
    for (const { device, theme, byKeys: keys } of visits) {
      const { page, problems, context } = await visit(server, device, theme);
      const hand = new Hand(page);
      await (keys ? byKeys : byMouse)(hand);
      await done(page);
      assert.ok(hand.count <= most, `${device.name}: ${hand.count} where ${most} should do`);
      assert.deepEqual(problems, [], device.name);
      await context.close();
    }
  });
}

test('this view as one file: 2 clicks or keys', { skip }, async () => {
  const server = await serve(latest());
  for (const { device, theme, byKeys } of visits) {
    const { page, problems, context } = await visit(server, device, theme);
    const hand = new Hand(page);
    const act = async (): Promise<void> => {
      if (byKeys) {
        await hand.press('S');
        await hand.press('Enter');
      } else {
        await hand.click('[aria-label="Share"]');
        await hand.click('dialog button[type=submit]');
      }
    };
    const [download] = await Promise.all([page.waitForEvent('download'), act()]);
    assert.equal(download.suggestedFilename(), 'report.html');
    assert.equal(hand.count, 2);
    assert.deepEqual(problems, []);
    await context.close();
  }
});

test('to the line in the editor: 1 click or key, from the first view', { skip }, async () => {
  const server = await serve([tasksFile()]);
  for (const { device, theme, byKeys } of visits) {
    const { page, problems, context } = await visit(server, device, theme);
    await page.evaluate(() => {
      // No editor is here: the address is all that can be seen.
      addEventListener('click', (event) => {
        const link = event.target instanceof Element ? event.target.closest('a') : null;
        if (link?.protocol !== 'vscode:') return;
        event.preventDefault();
        document.title = link.href;
      });
    });
    const hand = new Hand(page);
    if (byKeys) {
      await hand.tabTo('.insight .place-link');
      await hand.press('Enter');
    } else await hand.click('.insight .place-link');
    assert.equal(await page.title(), 'vscode://file/srv/app/subscribe.ts:20:1');
    assert.equal(hand.count, 1);
    // And copied, where one prefers that.
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.locator('.insight .place-link').first().focus();
    await page.keyboard.press('c');
    await shows(page, '.toast', /^\/srv\/app\/subscribe\.ts:20 copied/);
    assert.deepEqual(problems, []);
    await context.close();
  }
});

test('the editor is the reader’s choice, kept by the browser; a template that opens none is refused', {
  skip,
}, async () => {
  const server = await serve([tasksFile()]);
  const { page, problems, context } = await visit(server, desktop, 'light');
  await page.keyboard.press('E');
  await page.locator('dialog input[type=text]').first().fill('javascript:alert({path})');
  await shows(page, '#editor-problem', /opens no editor/);
  assert.ok(await page.locator('dialog button[type=submit]').isDisabled());
  await page.locator('dialog select').selectOption({ label: 'WebStorm' });
  await page.locator('dialog button[type=submit]').click();
  const href = (): Promise<string | null> =>
    page.locator('.insight .place-link').first().getAttribute('href');
  assert.equal(await href(), 'webstorm://open?file=/srv/app/subscribe.ts&line=20');
  await page.reload();
  await settled(page);
  await page.waitForSelector('.insight .place-link');
  assert.equal(await href(), 'webstorm://open?file=/srv/app/subscribe.ts&line=20');
  assert.deepEqual(problems, []);
  await context.close();
});
