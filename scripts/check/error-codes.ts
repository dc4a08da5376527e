// Compares the error codes of the sources with those that docs/errors.md explains, both ways.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Outcome, root, trackedFiles } from '../house.ts';

const PAGE = 'docs/errors.md';

export function checkErrorCodes(): Outcome {
  const declared = new Map<string, string>();
  for (const path of trackedFiles()) {
    if (!/^packages\/[^/]+\/src\/.*\.ts$/.test(path) || !existsSync(join(root, path))) continue;
    for (const code of declaredCodes(readFileSync(join(root, path), 'utf8'))) declared.set(code, path);
  }
  const page = existsSync(join(root, PAGE)) ? readFileSync(join(root, PAGE), 'utf8') : '';
  const explained = new Set(
    [...page.matchAll(/^\| `([A-Z][A-Z0-9_]+)` \|/gm)].map((match) => match[1] ?? ''),
  );
  const said: string[] = [];
  for (const [code, path] of declared) {
    if (!explained.has(code)) said.push(`${path}: ${code} is not in ${PAGE}`);
  }
  for (const code of explained) {
    if (!declared.has(code)) said.push(`${PAGE}: no source declares ${code}`);
  }
  if (declared.size === 0) said.push('no error code was found in any source: the search is broken');
  return { ok: said.length === 0, said: said.join('\n') };
}

/** The members of each `type …ErrorCode = 'A' | 'B'` in a source. */
export function declaredCodes(source: string): string[] {
  const codes: string[] = [];
  for (const union of source.matchAll(/\btype \w*ErrorCode\s*=([^;]*);/g)) {
    for (const member of (union[1] ?? '').matchAll(/'([A-Z][A-Z0-9_]+)'/g)) codes.push(member[1] ?? '');
  }
  return codes;
}
