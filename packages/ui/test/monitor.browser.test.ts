// The monitor's pages on real services, Node and Go, leaky and not: one alert for each leak, and the way from it to every view of its time.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unlessCi } from '../../../testing/ci.ts';
import { closedPort, listens } from '../../../testing/listening.ts';
import {
  ended,
  folder as scratch,
  monitor,
  running,
  service,
  skip as withoutMonitor,
  until,
} from '../../cli/test/monitored.ts';
import { desktop, openPage } from './chromium.ts';
import { faults } from './faults.ts';
import { browser, settled, sizes, skip, useBrowser, violations } from './visitor.ts';

useBrowser();

const withoutGo = unlessCi(spawnSync('go', ['version']).status !== 0 && 'no Go');

/** A program of testing/programs/go, built and listening. */
async function goService(name: string): Promise<string> {
  const source = fileURLToPath(new URL(`../../../testing/programs/go/${name}.go`, import.meta.url));
  const binary = join(scratch, name);
  const built = spawnSync('go', ['build', '-o', binary, source], { encoding: 'utf8', cwd: scratch });
  assert.equal(built.status, 0, built.stderr);
  const port = await closedPort();
  running.push(spawn(binary, [], { stdio: 'ignore', env: { ...process.env, ADDR: `127.0.0.1:${port}` } }));
  await until(
    () => listens(port),
    () => `${name} does not come up`,
  );
  return `http://127.0.0.1:${port}`;
}

/** Where a row of what grows in a target leads to: one stack over time. */
async function listed(origin: string, target: string): Promise<string | undefined> {
  const page = await (await fetch(`${origin}timeline?target=${target}&name=goroutine`)).text();
  return /href="(\/timeline\?[^"]*stack=[^"]*)"/u.exec(page)?.[1]?.replaceAll('&amp;', '&');
}

interface Told {
  readonly target: string;
  readonly function: string;
  readonly link: string;
}

test('one command watches leaky services and their fixed twins, Node and Go; the page shows the leaks, their time and every view of it', {
  skip: withoutMonitor || skip || withoutGo,
  timeout: 240_000,
}, async () => {
  const leaky = await service('leaky');
  const fixed = await service('fixed');
  const goLeaky = await goService('early-break');
  const goFixed = await goService('trap-workers');
  const watching = await monitor([
    `shop=${leaky}`,
    `mail=${fixed}`,
    `match=${goLeaky}`,
    `pool=${goFixed}`,
    ...['--every', '1s', '--profiles-every', '1s', '--store', ':memory:'],
  ]);
  const alerts = async (): Promise<Told[]> => {
    const answer = await fetch(new URL('/api/targets', watching.url));
    return ((await answer.json()) as { alerts: Told[] }).alerts;
  };
  await until(
    async () => (await alerts()).length >= 2,
    () => watching.log(),
  );
  const told = await alerts();
  assert.deepEqual(
    told.map(({ target, function: name }) => `${target.split(' ')[0] ?? ''} ${name}`).toSorted(),
    ['match main.iterate.func1', 'shop subscribe'],
    watching.log(),
  );

  const origin = new URL('/', watching.url).href;
  const { page, problems, context } = await openPage(browser, desktop, 'light', origin);
  await page.goto(origin);
  assert.equal(await page.locator('h1').textContent(), '2 leaks');
  const item = page.locator('li.bad', { hasText: 'shop' });
  assert.match((await item.textContent()) ?? '', /subscriber\.ts:\d+/u);
  assert.equal(
    (await page.locator('li', { hasText: 'mail' }).locator('.badge').textContent()) === 'leak',
    false,
  );
  await item.locator('a', { hasText: 'when it was told' }).click();

  // The permalink of the alert is this page.
  const link = new URL(told.find(({ target }) => target.startsWith('shop'))?.link ?? '');
  assert.equal(new URL(page.url()).search, link.search);
  assert.match((await page.locator('h1').textContent()) ?? '', /^shop /u);
  // Long enough for a range to be chosen in it.
  await page.goto(
    `${origin}timeline?target=${encodeURIComponent(new URL(leaky).host)}&name=goroutine&from=-1m&by=function`,
  );
  assert.match((await page.locator('.keys').textContent()) ?? '', /subscribe/u);
  const box = (await page.locator('svg.plot').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
  const at = (share: number): readonly [number, number] => [
    box.x + box.width * share,
    box.y + box.height / 2,
  ];
  await page.mouse.move(...at(0.3));
  await page.mouse.down();
  await page.mouse.move(...at(0.6), { steps: 4 });
  await page.mouse.up();
  const opened = new URL((await page.locator('[data-view]').getAttribute('href')) ?? '');
  const [from, to] = ['from', 'to'].map((key) => Number(opened.searchParams.get(key)));
  const share = ((to ?? 0) - (from ?? 0)) / 60_000;
  assert.ok(share > 0.27 && share < 0.33, `${share} of the range was chosen`);
  assert.equal(new URL(page.url()).pathname, '/timeline', 'a drag is no click');

  // Any range has every view, and two of them are compared.
  await page.goto(
    `${origin}timeline?target=${encodeURIComponent(new URL(leaky).host)}&name=goroutine&from=-10m`,
  );
  await page.locator('[data-view]').click();
  await settled(page);
  await page.waitForSelector('[role=treeitem]', { state: 'attached' });
  assert.match((await page.locator('body').textContent()) ?? '', /subscribe/u);
  // A range with profiles in both of its halves: its middle is when the leak was told, and there were some after that.
  const then = Number(link.searchParams.get('to')) + 1;
  const shop = encodeURIComponent(new URL(leaky).host);
  await until(
    async () => (await fetch(`${origin}profile?target=${shop}&from=${then}`)).status === 200,
    () => watching.log(),
  );
  const around = `from=${then - 600_000}&to=${then + 600_000}`;
  await page.goto(`${origin}timeline?target=${shop}&name=goroutine&${around}`);
  await page.locator('[data-compare]').click();
  await settled(page);
  await page.waitForFunction(() => location.hash.startsWith('#/compare'));
  assert.match((await page.locator('main').textContent()) ?? '', /subscribe/u);
  // Go's own reader takes the same range.
  const top = spawnSync('go', ['tool', 'pprof', '-top', `${origin}profile?target=${shop}&${around}`], {
    encoding: 'utf8',
    cwd: scratch,
  });
  assert.equal(top.status, 0, top.stderr);
  assert.match(top.stdout, /subscribe/u);
  await page.goto(`${origin}growers?from=-10m`);
  const row = page.locator('tbody tr', { hasText: 'subscribe' }).first();
  assert.match((await row.textContent()) ?? '', /shop/u);
  await row.locator('a').click();
  await page.waitForSelector('svg.plot');
  assert.match((await page.locator('.stack code').first().textContent()) ?? '', /subscribe/u);
  assert.deepEqual(problems, []);
  await context.close();

  const looked = await openPage(browser, desktop, 'light', origin);
  const found: string[] = [];
  for (const path of [
    '',
    '?state=leak&name=shop',
    '?state=leak&name=nobody',
    'growers?from=-10m',
    `timeline?target=${shop}&by=function`,
    `timeline?target=${shop}&name=counters`,
    new URL((await listed(origin, shop)) ?? '', origin).href.slice(origin.length),
  ]) {
    await looked.page.goto(`${origin}${path}`);
    for (const { name: size, width, height } of sizes) {
      await looked.page.setViewportSize({ width, height });
      for (const theme of ['light', 'dark'] as const) {
        await looked.page.emulateMedia({ colorScheme: theme });
        const wrong = [
          ...(await violations(looked.page, theme === 'light' ? [] : ['color-contrast'])),
          ...(theme === 'light' ? await faults(looked.page) : []),
        ];
        found.push(...wrong.map((one) => `/${path}, ${size}, ${theme}: ${one}`));
      }
    }
  }
  assert.deepEqual(found, []);
  assert.deepEqual(looked.problems, []);
  // A page that is looked at is kept fresh, without being loaded anew, but not beneath the hands of whoever is in it.
  await looked.page.clock.install();
  await looked.page.goto(origin);
  await looked.page.evaluate(() => document.querySelector('main')?.append('written here'));
  await looked.page.locator('li a').first().focus();
  await looked.page.clock.runFor(20_000);
  assert.match((await looked.page.locator('main').textContent()) ?? '', /written here$/u);
  await looked.page.locator('nav a').first().focus();
  await looked.page.clock.runFor(20_000);
  await looked.page.waitForFunction(
    () => document.querySelector('main')?.textContent?.endsWith('written here') === false,
  );
  assert.equal(await looked.page.locator('h1').textContent(), '2 leaks');
  assert.deepEqual(looked.problems, []);
  // Who asks for what is not there is told so in a page; a program in a line.
  const nobody = `${origin}timeline?target=nobody`;
  await looked.page.goto(nobody);
  assert.match((await looked.page.locator('h1').textContent()) ?? '', /^target=nobody: no such target$/u);
  const plain = await fetch(nobody);
  assert.deepEqual([plain.status, await plain.text()], [404, 'target=nobody: no such target\n']);
  await looked.context.close();
  watching.child.kill('SIGTERM');
  assert.equal(await ended(watching), 0, watching.log());
});
