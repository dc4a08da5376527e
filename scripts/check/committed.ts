// What no committed file may carry: a package registry's host, a path of somebody's machine, a conflict mark, a huge file.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, root, trackedFiles } from '../house.ts';

const MAX_BYTES = 2 << 20;

// Written in pieces, so that this file does not convict itself.
const FORBIDDEN: readonly { what: string; pattern: RegExp }[] = [
  { what: 'a registry’s host', pattern: new RegExp(['registry', '\\.', '(npmjs|yarnpkg)', '\\.'].join('')) },
  { what: 'a registry’s host', pattern: new RegExp(['proxy', '\\.golang\\.', 'org'].join('')) },
  { what: 'a download address in the lockfile', pattern: /"resolved": "https?:/ },
  { what: 'a path of a machine', pattern: new RegExp(['/', 'work/(main|shared|\\.)'].join('')) },
  { what: 'a conflict mark', pattern: new RegExp(`^(${'<'.repeat(7)}|${'>'.repeat(7)}) `, 'm') },
];

export function checkCommitted(): Outcome {
  const said: string[] = [];
  for (const path of trackedFiles()) {
    const full = join(root, path);
    const stats = statSync(full, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile()) continue;
    if (stats.size > MAX_BYTES) {
      said.push(`${path}: ${stats.size} bytes, more than ${MAX_BYTES}`);
      continue;
    }
    const bytes = readFileSync(full);
    if (bytes.includes(0)) continue;
    const text = bytes.toString('utf8');
    for (const { what, pattern } of FORBIDDEN) {
      const found = pattern.exec(text);
      if (!found) continue;
      const line = text.slice(0, found.index).split('\n').length;
      said.push(`${path}:${line}: ${what}: ${found[0]}`);
    }
  }
  return { ok: said.length === 0, said: said.join('\n') };
}
