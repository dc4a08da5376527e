// speedscope as a second reader of formats that pprof does not read: the same total, and the same functions on top.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import { test } from 'node:test';
import { readPlainProfile } from '@stackpile/profile';
import { answer, browser, skip, useBrowser } from './visitor.ts';

useBrowser();

const released = join(
  dirname(createRequire(import.meta.url).resolve('speedscope/package.json')),
  'dist/release',
);
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** What a function has by itself, by name. */
type Own = Map<string, number>;

function add(own: Own, name: string, value: number): void {
  own.set(name, (own.get(name) ?? 0) + value);
}

/** What is used of a file that speedscope writes. */
interface Written {
  readonly shared: { readonly frames: readonly { readonly name: string }[] };
  readonly profiles: readonly (
    | {
        readonly type: 'sampled';
        readonly samples: readonly (readonly number[])[];
        readonly weights: readonly number[];
      }
    | {
        readonly type: 'evented';
        readonly events: readonly { readonly type: 'O' | 'C'; readonly at: number; readonly frame: number }[];
      }
  )[];
}

/** What speedscope's page understood of a file, as it saves it. */
async function bySpeedscope(bytes: Uint8Array, beside: RegExp): Promise<Own> {
  const origin = await answer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    if (path === '/profile') return void response.end(bytes);
    const file = join(released, path === '/' ? 'index.html' : path);
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(file));
  });
  const page = await browser.newPage({ acceptDownloads: true });
  await page.goto(`${origin}/#profileURL=${encodeURIComponent(`${origin}/profile`)}&title=second`);
  await page.waitForFunction(
    () => document.title !== 'speedscope' && document.querySelector('canvas') !== null,
  );
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Control+s')]);
  const { shared, profiles } = JSON.parse(readFileSync(await download.path(), 'utf8')) as Written;
  await page.close();
  const own: Own = new Map();
  const name = (frame: number | undefined): string =>
    (shared.frames[frame ?? -1]?.name ?? '').replace(beside, '');
  for (const profile of profiles)
    if (profile.type === 'sampled')
      for (const [row, stack] of profile.samples.entries())
        add(own, name(stack.at(-1)), profile.weights[row] ?? 0);
    else {
      const open: number[] = [];
      let last = 0;
      for (const { type, at, frame } of profile.events) {
        if (open.length > 0) add(own, name(open.at(-1)), at - last);
        last = at;
        if (type === 'O') open.push(frame);
        else open.pop();
      }
    }
  return own;
}

/** The same as we read it. */
function byUs(bytes: Uint8Array, column: string): Own {
  const { samples, sampleTypes, locations, functions, strings } = readPlainProfile(bytes);
  const values = samples.values[sampleTypes.findIndex(({ type }) => type === column)] ?? [];
  const own: Own = new Map();
  for (let row = 0; row < samples.length; row++) {
    const leaf = samples.stackLocations[samples.stackStart[row] ?? 0] ?? 0;
    const fn = locations.lines.function[locations.lineStart[leaf] ?? 0] ?? 0;
    add(own, strings.get(functions.name[fn] ?? 0), Number(values[row]));
  }
  return own;
}

/** Slices that nest, of two threads, some told by their ends and some by their length. */
function slices(): Uint8Array {
  const events = Array.from({ length: 60 }, (_, i) => {
    const tid = 1 + (i % 2);
    const ts = 1000 * i;
    return [
      { ph: 'B', name: `request ${i % 4}`, ts, pid: 1, tid },
      { ph: 'X', name: `query ${i % 7}`, ts: ts + 50, dur: 100 + i, pid: 1, tid },
      { ph: 'X', name: 'render', ts: ts + 300, dur: 20 * (i % 11) + 1, pid: 1, tid },
      { ph: 'E', name: `request ${i % 4}`, ts: ts + 900, pid: 1, tid },
    ];
  });
  return new TextEncoder().encode(JSON.stringify({ traceEvents: events.flat() }));
}

interface Case {
  readonly bytes: () => Uint8Array;
  /** Our column, and how many of its units speedscope's unit is. */
  readonly column: string;
  readonly unit: number;
  /** What speedscope keeps in names and we do not. */
  readonly beside: RegExp;
}

const cases: Readonly<Record<string, Case>> = {
  'slices of a Chrome trace': { bytes: slices, column: 'time', unit: 1000, beside: /$/ },
  'folded stacks of async-profiler': {
    bytes: () => readFileSync(new URL('../../profile/test/fixtures/shop-java.folded', import.meta.url)),
    column: 'samples',
    unit: 1,
    beside: /_\[[ij01]\]$/,
  },
};

for (const [title, { bytes, column, unit, beside }] of Object.entries(cases)) {
  test(`speedscope agrees on the total and the top ten: ${title}`, { skip }, async () => {
    const file = bytes();
    const [ours, theirs] = [byUs(file, column), await bySpeedscope(file, beside)];
    const sum = (own: Own): number => [...own.values()].reduce((all, one) => all + one, 0);
    const near = (a: number, b: number, what: string): void =>
      assert.ok(
        Math.abs(a - b * unit) <= 1e-6 * Math.max(1, Math.abs(a)),
        `${what}: ${a}, theirs ${b * unit}`,
      );
    near(sum(ours), sum(theirs), 'all');
    const top = [...ours].sort(([, a], [, b]) => b - a).slice(0, 10);
    assert.ok(top.length > 3);
    for (const [one, value] of top) near(value, theirs.get(one) ?? 0, one);
  });
}
