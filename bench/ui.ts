// The page against speedscope and pprof's own page on one large profile, in headless Chromium without a GPU.
// Usage: ui.ts [SAMPLES [FUNCTIONS]]   (PPROF=path of a pprof binary, else the one of Go's tools; ONLY=stackpile leaves the others out)
// Every page is opened several times, each time in a fresh browser; frames are then measured in one without a frame limit.
/// <reference lib="dom" />
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { cpus, tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { encodeProfile } from '@stackpile/profile';
import type { Page } from 'playwright-core';
import { openMeasured } from '../packages/ui/test/chromium.ts';
import { generateProfile } from './ui-profile.ts';

const samples = Number(process.argv[2] ?? '1000000');
const functions = Number(process.argv[3] ?? '50000');
const depth = 20;
const patience = 120_000;
/** Opens of our page; of another page fewer, as it may take half a minute each time. */
const ownOpens = 7;
const otherOpens = 3;
const pageCrashed = 'its page crashed';
const width = 1280;
const height = 800;

interface Frames {
  readonly median: number;
  readonly p99: number;
  readonly count: number;
}
interface Result {
  readonly name: string;
  /** Milliseconds from the start of the navigation to the first frame with the flame graph, by open, ascending; [] where it never came. */
  readonly first: readonly number[];
  readonly note: string;
  readonly frames: { readonly [action: string]: Frames };
}

/** One of the pages that are compared. */
interface Subject {
  readonly name: string;
  readonly note: string;
  readonly opens: number;
  /** Serves the page of `file`. */
  start(file: string): Promise<{ readonly url: string; close(): void }>;
  /** Waits for the flame graph; milliseconds since the navigation began. */
  drawn(page: Page): Promise<number>;
  interact(page: Page): Promise<{ readonly [action: string]: Frames }>;
}

/** Durations of the page's frames while `act` runs; the browser runs without a frame limit, so they are costs. */
async function frames(page: Page, act: () => Promise<void>): Promise<Frames> {
  await page.evaluate(() => {
    const state = globalThis as unknown as { durations: number[]; measuring: boolean };
    state.durations = [];
    state.measuring = true;
    let last = performance.now();
    const step = (): void => {
      const now = performance.now();
      state.durations.push(now - last);
      last = now;
      if (state.measuring) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  });
  await act();
  const durations = await page.evaluate(() => {
    const state = globalThis as unknown as { durations: number[]; measuring: boolean };
    state.measuring = false;
    return state.durations.slice(1);
  });
  durations.sort((a, b) => a - b);
  const at = (share: number): number =>
    durations[Math.min(durations.length - 1, Math.floor(durations.length * share))] ?? 0;
  return { median: at(0.5), p99: at(0.99), count: durations.length };
}

async function interact(page: Page, top: number): Promise<{ [action: string]: Frames }> {
  const middle = { x: width / 2, y: top + 120 };
  const hover = await frames(page, async () => {
    for (let i = 0; i < 120; i++)
      await page.mouse.move(40 + ((i * 97) % (width - 80)), top + 10 + ((i * 53) % 320));
  });
  const zoom = await frames(page, async () => {
    await page.mouse.move(middle.x, middle.y);
    await page.keyboard.down('Control');
    for (let i = 0; i < 60; i++) await page.mouse.wheel(0, i < 30 ? -30 : 30);
    await page.keyboard.up('Control');
  });
  const pan = await frames(page, async () => {
    await page.keyboard.down('Control');
    for (let i = 0; i < 12; i++) await page.mouse.wheel(0, -30);
    await page.keyboard.up('Control');
    await page.mouse.down();
    for (let i = 0; i < 100; i++)
      await page.mouse.move(middle.x + Math.sin(i / 8) * 300, middle.y, { steps: 1 });
    await page.mouse.up();
  });
  return { hover, zoom, pan };
}

/** Opens the page again and again, then measures its frames. A page that does not get there at first is not asked again. */
async function measurePage(subject: Subject, file: string): Promise<Result> {
  const { name } = subject;
  const first: number[] = [];
  const failures: string[] = [];
  let found: Result['frames'] = {};
  const served = await subject.start(file);
  try {
    for (let i = 0; i <= subject.opens && (i === 0 || first.length > 0); i++) {
      const forFrames = i === subject.opens;
      const browser = await openMeasured(width, height, forFrames);
      try {
        const took = await openOnce(browser.page, served.url, subject);
        if (forFrames) {
          await browser.page.waitForTimeout(1500);
          found = await subject.interact(browser.page);
        } else first.push(took);
      } catch (error) {
        failures.push(reason(error));
      } finally {
        await browser.close();
      }
    }
  } finally {
    served.close();
  }
  const [failure = ''] = failures;
  const failed = `${failures.length} of ${subject.opens + 1} times ${failure}`;
  const notes = first.length === 0 ? [failure] : [subject.note, failures.length === 0 ? '' : failed];
  const note = notes.filter((text) => text !== '').join('; ');
  return { name, first: first.sort((a, b) => a - b), note, frames: found };
}

async function openOnce(page: Page, url: string, subject: Subject): Promise<number> {
  const crashed = new Promise<never>((_, reject) => {
    page.on('crash', () => reject(new Error(pageCrashed)));
  });
  const drawn = async (): Promise<number> => {
    await page.goto(url, { timeout: patience, waitUntil: 'commit' });
    return subject.drawn(page);
  };
  return Promise.race([drawn(), crashed]);
}

/** The moment of the frame after the next one: what the page has drawn by now is to be seen. */
function shown(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())));
      }),
  );
}

const stackpile: Subject = {
  name: 'stackpile',
  note: '',
  opens: ownOpens,
  async start(file) {
    const command = fileURLToPath(new URL('../packages/cli/src/main.ts', import.meta.url));
    const { child, url } = await start(
      process.execPath,
      ['--conditions=stackpile-source', command, '-http=127.0.0.1:0', '-no_browser', file],
      /Serving web UI on (\S+)/,
    );
    return { url, close: () => child.kill() };
  },
  async drawn(page) {
    const found = await page.waitForFunction(
      () => performance.getEntriesByName('stackpile-flame')[0]?.startTime,
      undefined,
      { timeout: patience },
    );
    return (await found.jsonValue()) ?? 0;
  },
  async interact(page) {
    const box = await page.locator('.flame-canvas').first().boundingBox();
    return interact(page, box?.y ?? 260);
  },
};

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

const speedscope: Subject = {
  name: 'speedscope',
  note: 'time order first',
  opens: otherOpens,
  async start(file) {
    const root = join(
      dirname(createRequire(import.meta.url).resolve('speedscope/package.json')),
      'dist/release',
    );
    const server = createServer((request, response) => {
      const path = new URL(request.url ?? '/', 'http://x').pathname;
      const target = path === '/profile.pb.gz' ? file : join(root, path === '/' ? 'index.html' : path);
      if (!existsSync(target)) {
        response.writeHead(404).end();
        return;
      }
      response.setHeader('content-type', types[extname(target)] ?? 'application/octet-stream');
      response.end(readFileSync(target));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as { port: number };
    const origin = `http://127.0.0.1:${port}/`;
    return {
      url: `${origin}#profileURL=${origin}profile.pb.gz`,
      close() {
        server.closeAllConnections();
        server.close();
      },
    };
  },
  async drawn(page) {
    // Its title carries the profile's name from the frame in which it draws it.
    await page.waitForFunction(
      () => document.title !== 'speedscope' && document.querySelector('canvas') !== null,
      undefined,
      { timeout: patience },
    );
    return shown(page);
  },
  async interact(page) {
    // Left-heavy, as what the others show.
    await page.keyboard.press('2');
    await page.waitForTimeout(3000);
    return interact(page, 160);
  },
};

function pprof(binary: string): Subject {
  return {
    name: 'pprof',
    note: 'it has no continuous zoom or pan',
    opens: otherOpens,
    async start(file) {
      const port = 20_000 + Math.floor(Math.random() * 20_000);
      const { child, url } = await start(
        binary,
        [`-http=127.0.0.1:${port}`, '-no_browser', file],
        /Serving web UI on (\S+)/,
      );
      return { url: `${url}/ui/flamegraph`, close: () => child.kill() };
    },
    async drawn(page) {
      await page.waitForFunction(() => document.querySelectorAll('.boxbg').length > 0, undefined, {
        timeout: patience,
      });
      return shown(page);
    },
    async interact(page) {
      const hover = await frames(page, async () => {
        for (let i = 0; i < 120; i++)
          await page.mouse.move(40 + ((i * 97) % (width - 80)), 130 + ((i * 53) % 320));
      });
      return { hover };
    },
  };
}

/** The pprof of `PPROF`, else that of Go's own tools, built into `folder`; null without either. */
function pprofBinary(into: string): string | null {
  const given = process.env['PPROF'];
  if (given !== undefined) return given;
  const go = ['/usr/local/go/bin/go', '/usr/lib/go/bin/go'].find((path) => existsSync(path)) ?? 'go';
  const binary = join(into, 'pprof');
  try {
    execFileSync(go, ['build', '-o', binary, 'cmd/pprof'], { stdio: 'ignore' });
    return binary;
  } catch {
    process.stdout.write('pprof is left out: there is no Go here (or set PPROF)\n');
    return null;
  }
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  // What waits for a page that crashes hears it in several ways.
  if (/crash|has been closed/i.test(text)) return pageCrashed;
  return /Timeout/.test(text) ? `not there after ${patience / 1000} s` : (text.split('\n', 1)[0] ?? '');
}

function start(
  command: string,
  args: readonly string[],
  ready: RegExp,
): Promise<{ child: ChildProcess; url: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      const found = ready.exec(text);
      if (found !== null) resolve({ child, url: found[1] ?? '' });
    });
    child.on('error', reject);
    child.on('exit', () => reject(new Error(`${command} ended: ${text.slice(0, 500)}`)));
  });
}

const cell = (result: Pick<Result, 'frames'>, action: string): string => {
  const found = result.frames[action];
  return found === undefined ? '–' : `${found.median.toFixed(1)} / ${found.p99.toFixed(1)} (${found.count})`;
};

const median = (ascending: readonly number[]): number => ascending[ascending.length >> 1] ?? Number.NaN;
const seconds = (ms: number): string => (ms / 1000).toFixed(2);

function print(results: readonly Result[], count: number): void {
  const own = results.find(({ name }) => name === 'stackpile')?.first ?? [];
  process.stdout.write(
    '| page | first flame graph, s: median (range, opens) | ratio | hover, ms median / p99 (frames) | zoom | pan | |\n|---|---:|---:|---|---|---|---|\n',
  );
  for (const { name, first, note, ...result } of results) {
    const ratio =
      first.length === 0 || own.length === 0 ? '–' : `${(median(first) / median(own)).toFixed(1)} ×`;
    const shownFirst =
      first.length === 0
        ? '–'
        : `${seconds(median(first))} (${seconds(first[0] ?? 0)} … ${seconds(first.at(-1) ?? 0)}, ${first.length})`;
    process.stdout.write(
      `| ${name} | ${shownFirst} | ${ratio} | ${cell(result, 'hover')} | ${cell(result, 'zoom')} | ${cell(result, 'pan')} | ${note} |\n`,
    );
  }
  for (const { name, first, note } of results)
    if (first.length === 0)
      process.stdout.write(`\n${name} does not open ${count.toLocaleString('en')} samples: ${note}.\n`);
}

/** Writes a profile of so many samples and measures the pages on it. */
async function measure(
  folder: string,
  count: number,
  subjects: readonly Subject[],
): Promise<readonly Result[]> {
  const file = join(folder, `${count}.pb.gz`);
  const plain = encodeProfile(generateProfile({ samples: count, functions, depth }));
  writeFileSync(file, gzipSync(plain, { level: 6 }));
  process.stdout.write(
    `${count} samples, ${functions} functions: ${(plain.length / 1e6).toFixed(0)} MB, ${(statSync(file).size / 1e6).toFixed(0)} MB packed; ${cpus().length} cores, Node ${process.version}, Chromium headless without GPU, ${width}×${height}\n\n`,
  );
  const results: Result[] = [];
  for (const subject of subjects) results.push(await measurePage(subject, file));
  print(results, count);
  return results;
}

const folder = mkdtempSync(join(tmpdir(), 'stackpile-bench-ui-'));
try {
  const only = process.env['ONLY'] ?? '';
  const binary = only === '' || only === 'pprof' ? pprofBinary(folder) : null;
  const pages = [
    ...(only === '' || only === 'stackpile' ? [stackpile] : []),
    ...(only === '' || only === 'speedscope' ? [speedscope] : []),
    ...(binary === null ? [] : [pprof(binary)]),
  ];
  const results = await measure(folder, samples, pages);
  // A peer that does not get there is measured again on what it can open, so that there is a ratio.
  if (results.length > 1 && results.some(({ first }) => first.length === 0)) {
    process.stdout.write('\nNot all of them got there, so the same on a tenth:\n');
    await measure(folder, Math.round(samples / 10), pages);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
