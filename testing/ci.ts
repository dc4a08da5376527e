// Whether the tests run in CI, where nothing that a test needs may be missing: asked here and nowhere else.
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** What the variable `CI` says: unset, empty, `false` and `0` all mean that it is not CI. */
export function saysCi(value: string | undefined): boolean {
  return !/^(|0|false)$/i.test((value ?? '').trim());
}

export const inCi: boolean = saysCi(process.env['CI']);

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * A test's `skip`: the reason why it cannot run on this machine, or false. In CI it runs all the same, and fails. Where the
 * variable `STACKPILE_TEST_LACKING` names a file, the tests' file that lacks something becomes a line of it: CI runs those again,
 * on a machine that has everything.
 */
export function unlessCi(reason: string | false): string | false {
  if (inCi) return false;
  const list = process.env['STACKPILE_TEST_LACKING'];
  if (reason !== false && list !== undefined)
    appendFileSync(list, `${relative(root, process.argv[1] ?? '').replaceAll('\\', '/')}\n`);
  return reason;
}
