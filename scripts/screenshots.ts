// Takes the pictures of docs/web.md from a real run: the leaky daemon, its dumps, a CPU profile, in headless Chromium.
/// <reference lib="dom" />
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { buildUi } from '../packages/ui/build.ts';
import { desktop, type Device, launch, phone } from '../packages/ui/test/chromium.ts';
import { root } from './house.ts';

const folder = join(root, 'docs/images');
const source = ['--conditions=stackpile-source'];
const command = [...source, 'packages/cli/src/main.ts'];
const children: ChildProcess[] = [];

/** Starts a command in the root folder; resolves with what `ready` finds in its output. */
function start(args: readonly string[], ready: RegExp): Promise<string> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said += chunk.toString();
      const found = ready.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(`${args.join(' ')} ended:\n${said}`)));
  });
}

const serve = (...sources: readonly string[]): Promise<string> =>
  start([...command, '-http=127.0.0.1:0', '-no_browser', ...sources], /Serving web UI on (\S+)/);

interface Shot {
  readonly name: string;
  readonly url: string;
  readonly hash: string;
  readonly device: Device;
  readonly theme: 'light' | 'dark';
  /** What has to be there before the picture is taken. */
  readonly ready: (page: Page) => Promise<unknown>;
}

async function take({ name, url, hash, device, theme, ready }: Shot): Promise<void> {
  const browser = await launch();
  try {
    const page = await browser.newPage({
      viewport: { width: device.width, height: device.height },
      colorScheme: theme,
      reducedMotion: 'reduce',
      deviceScaleFactor: device.touch ? 2 : 1,
      isMobile: device.touch,
      hasTouch: device.touch,
    });
    await page.goto(url);
    await page.waitForSelector('nav.tabs');
    await page.evaluate((to) => {
      location.hash = to;
    }, hash);
    await ready(page);
    await page.waitForFunction(
      () => document.querySelector('.bars') === null && document.querySelector('[aria-busy="true"]') === null,
    );
    // Two frames: one that lays out, one that paints the canvas.
    await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
    );
    // A screen has few colours: 256 of them lose nothing, and a pixel takes one byte.
    const png = await sharp(await page.screenshot())
      .removeAlpha()
      .png({ palette: true, dither: 0, effort: 10, compressionLevel: 9 })
      .toBuffer();
    writeFileSync(join(folder, `web-${name}.png`), png);
    console.log(`docs/images/web-${name}.png: ${Math.round(png.length / 1000)} kB`);
    if (png.length > 150_000) throw new Error(`web-${name}.png is above 150 kB`);
  } finally {
    await browser.close();
  }
}

await buildUi();
mkdirSync(folder, { recursive: true });
const temporary = mkdtempSync(join(tmpdir(), 'stackpile-shots-'));
try {
  const pprof = await start(
    // Its own screen ends with a verdict, which it would find at once: here it looks so seldom that it finds none.
    [...source, 'examples/leaky-cron/start.ts', '--plain', '--every', '10m'],
    /(http:\/\/\S+\/debug\/pprof\/)/,
  );
  const liveUrl = await serve(pprof);
  // The page watches while the dumps are taken.
  const live = take({
    name: 'live',
    url: liveUrl,
    hash: '#/live',
    device: desktop,
    theme: 'light',
    ready: (page) =>
      page.waitForFunction(
        () => /\b[5-9] moments are/.test(document.querySelector('.live .hint')?.textContent ?? ''),
        undefined,
        { timeout: 180_000 },
      ),
  });
  const dumps: string[] = [];
  for (let i = 0; i < 6; i++) {
    if (i > 0) await sleep(6000);
    const path = join(temporary, `tasks-${i + 1}.txt`);
    writeFileSync(path, await (await fetch(`${pprof}goroutine?debug=2`)).text());
    dumps.push(path);
  }
  await live;
  execFileSync(
    process.execPath,
    [
      '--cpu-prof',
      '--cpu-prof-interval=200',
      `--cpu-prof-dir=${temporary}`,
      ...command,
      '-top',
      '-named',
      dumps[0] ?? '',
    ],
    { cwd: root, stdio: 'ignore' },
  );
  const cpu = readdirSync(temporary).find((name) => name.endsWith('.cpuprofile')) ?? '';
  const verdictUrl = await serve(...dumps);
  const flameUrl = await serve(join(temporary, cpu));
  const shots: readonly Omit<Shot, 'ready'>[] = [
    { name: 'verdict', url: verdictUrl, hash: '#/verdict', device: desktop, theme: 'light' },
    { name: 'phone', url: verdictUrl, hash: '#/verdict', device: phone, theme: 'dark' },
    { name: 'flame', url: flameUrl, hash: '#/flame', device: desktop, theme: 'dark' },
    { name: 'compare', url: verdictUrl, hash: '#/compare?src=5&base=0', device: desktop, theme: 'light' },
  ];
  for (const shot of shots) {
    const selector = shot.name === 'flame' || shot.name === 'compare' ? '.flame-canvas' : '.culprit-place';
    await take({ ...shot, ready: (page) => page.waitForSelector(selector) });
  }
} finally {
  for (const child of children) {
    child.removeAllListeners('exit');
    child.kill();
  }
  rmSync(temporary, { recursive: true, force: true });
}
