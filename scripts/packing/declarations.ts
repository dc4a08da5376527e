// The declarations and the CommonJS side of a package: tsc writes declarations for ES modules only, and a project in CommonJS
// may not use those.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import type { Entry } from './manifest.ts';

/** The module names in a declaration: of its imports and exports, and in types. */
const specifiers = /((?:\bfrom\s*|\bimport\s*\(?\s*))'([^']+)'/gu;

/** What declarations use that not every project has, and what brings it along, before and after their text. */
const brought: readonly { readonly uses: RegExp; readonly before?: string; readonly after?: string }[] = [
  { uses: /\b(?:AsyncDisposable|asyncDispose)\b/u, before: '/// <reference lib="esnext.disposable" />\n' },
  // The DOM and Node's types declare it; theirs and this one add up.
  { uses: /\bAbortSignal\b/u, after: 'declare global {\n    interface AbortSignal {\n    }\n}\n' },
];

/** A declaration file as it is published: what it refers to ends in .js, and is there in every project. */
export function publishedDeclaration(text: string): string {
  const plain = text.replaceAll(specifiers, (whole, start: string, name: string) =>
    name.startsWith('.') ? `${start}'${name.replace(/\.ts$/u, '.js')}'` : whole,
  );
  const needed = brought.filter(({ uses }) => uses.test(plain));
  const before = needed.map((one) => one.before ?? '').join('');
  const after = needed.map((one) => one.after ?? '').join('');
  return `${before}${plain}${after}`;
}

/**
 * All declarations that entries lead to, by their path below `dist` without an extension.
 *
 * @param dist holds what tsc has written
 */
export function reachableDeclarations(dist: string, entries: readonly Entry[]): Map<string, string> {
  const found = new Map<string, string>();
  const open = entries.map(({ module }) => module);
  for (let module = open.pop(); module !== undefined; module = open.pop()) {
    if (found.has(module)) continue;
    const text = publishedDeclaration(readFileSync(join(dist, `${module}.d.ts`), 'utf8'));
    found.set(module, text);
    for (const [, , name = ''] of text.matchAll(specifiers)) {
      if (name.startsWith('.')) open.push(posix.join(posix.dirname(module), name.replace(/\.js$/u, '')));
    }
  }
  return found;
}

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/**
 * Writes the declarations of a package, for ES modules and for CommonJS, and CommonJS entries: each hands on the one ES module,
 * so that there is one copy in a process however it is loaded.
 *
 * @param dist of the package
 */
export function writeDeclarations(
  dist: string,
  entries: readonly Entry[],
  declarations: ReadonlyMap<string, string>,
): void {
  for (const [module, text] of declarations) {
    put(join(dist, `${module}.d.ts`), text);
    put(join(dist, 'cjs', `${module}.d.ts`), text);
  }
  if (entries.length === 0) return;
  put(join(dist, 'cjs/package.json'), '{ "type": "commonjs" }\n');
  for (const { module } of entries) {
    const up = posix.relative(posix.dirname(posix.join('cjs', module)), module);
    put(join(dist, 'cjs', `${module}.js`), `'use strict';\nmodule.exports = require('${up}.js');\n`);
  }
}
