// What every test in a browser needs: the built page, a browser, a folder, servers, and waiting for what the page shows.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type RequestListener } from 'node:http';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { unlessCi } from '../../../testing/ci.ts';
import { listen, shut } from '../../../testing/listening.ts';
import { buildUi } from '../build.ts';
import { pagePlace } from '../../cli/src/web/page.ts';
import { pageAge } from '../../cli/src/web/page-age.ts';
import { startUi, type UiServer } from '../../cli/src/web/serve.ts';
import { type Device, launch, openPage, type Watched, withoutBrowser } from './chromium.ts';

const fixtures = ['../../../../shared/fixtures/', '../../../../../shared/fixtures/']
  .map((path) => fileURLToPath(new URL(path, import.meta.url)))
  .find((path) => existsSync(path));
/** Why tests in a browser cannot run here, or false. */
export const skip =
  withoutBrowser !== false
    ? withoutBrowser
    : unlessCi(fixtures === undefined && 'no fixtures beside the repository');
/** The dumps of the leaky service, in seconds since its start. */
export const moments = ['t2', 't6', 't16', 't36', 't76', 't136'];
export const dump = (moment: string, file = 'goroutine.pb.gz'): string =>
  `${fixtures ?? ''}go/leaky/${moment}/${file}`;
const axeSource = (): string =>
  readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Sizes of windows: of screens, a tablet, a phone, and a screen whose page is shown twice as large. */
export const sizes = [
  { name: '1440', width: 1440, height: 900 },
  { name: '1280', width: 1280, height: 800 },
  { name: '768', width: 768, height: 1024 },
  { name: '390', width: 390, height: 844 },
  { name: '200 %', width: 640, height: 450 },
] as const;

export let browser: Browser;
/** For files of the tests. */
export let folder: string;
export const servers: UiServer[] = [];
/** Whatever else has to end, also where a test failed before it could. */
export const closers: (() => void)[] = [];

export async function serve(sources: readonly string[]): Promise<UiServer> {
  const server = await startUi({ sources, address: '127.0.0.1:0', noBrowser: true }, { cwd: folder });
  servers.push(server);
  return server;
}

/** A server of the test's own, which ends with the file. @returns its origin, without a slash at the end */
export async function answer(handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  closers.push(() => void shut(server));
  return `http://${await listen(server)}`;
}

export async function visit(server: UiServer, device: Device, theme: 'light' | 'dark'): Promise<Watched> {
  const watched = await openPage(browser, device, theme, `http://127.0.0.1:${server.port}/`);
  await watched.page.goto(server.url);
  await settled(watched.page);
  return watched;
}

/** Drops files onto the page. */
export async function drop(
  page: Page,
  files: readonly (readonly [name: string, bytes: Buffer])[],
): Promise<void> {
  const data = await page.evaluateHandle(
    (list) => {
      const transfer = new DataTransfer();
      for (const [name, base64] of list)
        transfer.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
      return transfer;
    },
    files.map(([name, bytes]) => [name, bytes.toString('base64')] as const),
  );
  await page.dispatchEvent('main', 'drop', { dataTransfer: data });
}

/** Waits until the view has an answer: no loading state, nothing busy. */
export async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector('main > *') !== null &&
      document.querySelector('.bars') === null &&
      document.querySelector('[aria-busy="true"]') === null,
    undefined,
    { timeout: 60_000 },
  );
}

export async function go(page: Page, view: string): Promise<void> {
  // The page hears of it later: until then it is at rest with what was there before.
  await page.evaluate(async (hash) => {
    if (location.hash === hash) return;
    const heard = new Promise((done) => addEventListener('hashchange', done, { once: true }));
    location.hash = hash;
    await heard;
  }, `#/${view}`);
  await page.waitForFunction(
    (name) => document.querySelector('nav [aria-current]')?.getAttribute('href') === `#/${name}`,
    view.split('?')[0],
  );
  await settled(page);
}

/** One step back in the history; the page has heard of it. */
export async function back(page: Page): Promise<void> {
  await page.evaluate(async () => {
    const heard = new Promise((done) => addEventListener('popstate', done, { once: true }));
    history.back();
    await heard;
  });
  await settled(page);
}

/** Waits until the first element that `selector` finds says what `pattern` wants; fails with what it says instead. */
export async function shows(page: Page, selector: string, pattern: RegExp): Promise<void> {
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

/** Rules that axe finds broken, with where. @param rules only these; all of them where nothing is said */
export async function violations(page: Page, rules: readonly string[] = []): Promise<string[]> {
  // Through the debugger, as the page's own policy lets no foreign script in.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource());
  return page.evaluate(async (only) => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const result = await axe.run(only.length === 0 ? {} : { runOnly: { type: 'rule', values: only } });
    return result.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`,
    );
  }, rules);
}

/** Waits until `text` is seen without scrolling; false where it never is. */
export async function aboveFold(page: Page, text: string): Promise<boolean> {
  const seen = page.waitForFunction((wanted) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node as HTMLElement;
      if (
        (element.children.length > 0 && !element.classList.contains('place')) ||
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

/** Sees to it that the page is built, and starts the browser before the tests of a file, and ends everything after them. */
export function useBrowser(prepare: () => Promise<void> = async () => undefined): void {
  before(async () => {
    if (skip !== false) return;
    // Files of one run share a page, as long as nothing that goes into it has changed.
    if (pagePlace() === null || (await pageAge()) !== '') await buildUi();
    folder = mkdtempSync(join(tmpdir(), 'stackpile-ui-'));
    browser = await launch();
    // Hooks of one file may run at the same time: what needs the folder is done here.
    await prepare();
  });
  after(async () => {
    await browser?.close();
    for (const close of closers) close();
    await Promise.all(servers.map((server) => server.close()));
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
}
