// Lets a Node that cannot strip types (20) run our sources: node --import=file:///…/scripts/strip-types.mjs
import { readFileSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

/** Runs on the loader's own thread. */
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !/\.[cm]?ts$/u.test(url)) return next(url, context);
  const { transformSync } = await import('amaro');
  const { code } = transformSync(readFileSync(fileURLToPath(url), 'utf8'), { mode: 'strip-only' });
  return { format: 'module', shortCircuit: true, source: code };
}

// The hooks' thread loads this file too, under another address.
if (!new URL(import.meta.url).searchParams.has('hooks')) module.register(`${import.meta.url}?hooks`);
