// Debian's Chromium for the browser tests: started as quietly as it can be, required where CI is set.
import { spawnSync } from 'node:child_process';
import process from 'node:process';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { unlessCi } from '../../../testing/ci.ts';

const path = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Why it does not start; '' where it does. What a distribution installs is a script, which may lack a tool by itself. */
function refusal(): string {
  const { error, status, stderr } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  if (error !== undefined) return `no Chromium at ${path} (set CHROMIUM)`;
  return status === 0 ? '' : `${path} does not start: ${stderr.trim().split('\n', 1)[0] ?? ''}`;
}

/** The reason why browser tests cannot run here, or false. In CI a missing browser is a failure of the test itself. */
export const withoutBrowser: string | false = unlessCi(refusal() || false);

export function launch(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    executablePath: path,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

export interface Device {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly touch: boolean;
}
export const desktop: Device = { name: 'desktop', width: 1280, height: 800, touch: false };
export const phone: Device = { name: 'phone', width: 390, height: 844, touch: true };

/** What a page did that it must not: scripts that failed, the policy that was broken, requests that left its origin. */
export interface Watched {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly problems: string[];
}

/** A fresh context and page; whatever goes wrong in it is collected. `origin` is the only one that may be asked. */
export async function openPage(
  browser: Browser,
  device: Device,
  theme: 'light' | 'dark',
  origin: string,
): Promise<Watched> {
  const context = await browser.newContext({
    viewport: { width: device.width, height: device.height },
    colorScheme: theme,
    hasTouch: device.touch,
    isMobile: device.touch,
    deviceScaleFactor: device.touch ? 2 : 1,
    reducedMotion: 'reduce',
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  // No request may leave the page: one that tries goes nowhere and is a problem.
  const foreign = (url: string): boolean => !url.startsWith(origin) && !/^(?:blob|data):/u.test(url);
  page.on('request', (request) => {
    if (foreign(request.url())) problems.push(`request: ${request.url()}`);
  });
  await context.route(
    ({ href }) => foreign(href),
    (route) => route.abort(),
  );
  // Tests wait for conditions; this is for what never comes, also on a machine that is busy with other things.
  page.setDefaultTimeout(60_000);
  return { context, page, problems };
}

/**
 * A browser of its own for measuring. It has shown a page with text and a canvas before, and has come to rest, as the browser
 * of whoever opens a profile has: its own start is nobody's.
 *
 * @param unlimited without a frame limit, so that the time between two frames is what a frame costs
 */
export async function openMeasured(
  width: number,
  height: number,
  unlimited: boolean,
): Promise<{ readonly page: Page; close(): Promise<void> }> {
  const browser = await launch(unlimited ? ['--disable-frame-rate-limit', '--disable-gpu-vsync'] : []);
  const page = await browser.newPage({ viewport: { width, height } });
  await page.setContent(
    '<p>text, <b>bold</b> <code>code</code></p><canvas width="200" height="100"></canvas>',
  );
  await page.evaluate(async () => {
    const context = document.querySelector('canvas')?.getContext('2d');
    for (let i = 0; i < 60; i++) {
      context?.fillText(`frame ${i}`, 10, 20);
      await new Promise((resolve) => requestAnimationFrame(resolve));
    }
  });
  await page.waitForTimeout(1000);
  return { page, close: () => browser.close() };
}
