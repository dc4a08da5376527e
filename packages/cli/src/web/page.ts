// The built page: where it lies, and how data is put into it without anything in the data becoming markup.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Boot, saidIn } from '@stackpile/profile';
import type { CliErrorCode } from '../errors.ts';

/** Thrown where the page was never built. */
export class PageError extends Error {
  override readonly name = 'PageError';
  readonly code: CliErrorCode = 'PAGE_MISSING';
}

/** Beside the compiled command, or in the workspace where it is built. */
const places = ['../ui/', '../../../ui/dist/'];

async function asset(name: string): Promise<string> {
  for (const place of places) {
    try {
      return await readFile(new URL(`${place}${name}`, import.meta.url), 'utf8');
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ENOENT') throw error;
    }
  }
  throw new PageError(
    'the web page is not built: run npm run build in the repository, or install stackpile from npm',
  );
}

/** Where the built page lies; null where there is none. */
export function pagePlace(): string | null {
  const paths = places.map((place) => fileURLToPath(new URL(`${place}index.html`, import.meta.url)));
  return paths.find((path) => existsSync(path)) ?? null;
}

/** The page as it was built. */
export function readPage(): Promise<string> {
  return asset('index.html');
}

/** Graphviz's worker, which the page asks for when a graph is opened. */
export function readGraphviz(): Promise<string> {
  return asset('graphviz.js');
}

/** JSON that may stand in a script element: no character of it can end the element or begin a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The page with `boot` as what it knows at its start, and `data` (id → base64) as blocks that never run. */
export function fillPage(page: string, boot: Boot, data: ReadonlyMap<string, string> = new Map()): string {
  const blocks: string[] = [];
  for (const [id, base64] of data) {
    if (!/^[\w-]+$/u.test(id) || !/^[\w+/=]*$/u.test(base64))
      throw new TypeError(`${id}: not a block of base64`);
    blocks.push(`<script type="application/octet-stream" id="${id}">${base64}</script>`);
  }
  const none: Boot = { mode: 'none' };
  const marked = `<script type="application/json" id="stackpile-boot">${scriptJson(none)}</script>`;
  const slot = '<!--stackpile-data-->';
  const words = '<!--stackpile-said-->';
  // The last occurrences: what stands before them is the worker's code, which may hold the same text.
  const at = page.lastIndexOf(marked);
  const hole = page.lastIndexOf(slot);
  // Only markup of the page's own stands before it.
  const top = page.indexOf(words);
  if (top < 0 || at < top || hole < at)
    throw new PageError('the web page was built by another version: run npm run build');
  return [
    page.slice(0, top),
    saidIn(boot),
    page.slice(top + words.length, at),
    `<script type="application/json" id="stackpile-boot">${scriptJson(boot)}</script>`,
    page.slice(at + marked.length, hole),
    blocks.join('\n'),
    page.slice(hole + slot.length),
  ].join('');
}

/** The page's own content security policy, to be sent as a header too (a header also rules framing). */
export function pagePolicy(page: string): string {
  const policy =
    /http-equiv="Content-Security-Policy" content="([^"]*)"/u.exec(page)?.[1] ?? "default-src 'none'";
  return `${policy}; frame-ancestors 'none'`;
}
