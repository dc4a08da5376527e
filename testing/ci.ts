// Whether the tests run in CI, where nothing that a test needs may be missing: asked here and nowhere else.
import process from 'node:process';

/** What the variable `CI` says: unset, empty, `false` and `0` all mean that it is not CI. */
export function saysCi(value: string | undefined): boolean {
  return !/^(|0|false)$/i.test((value ?? '').trim());
}

export const inCi: boolean = saysCi(process.env['CI']);

/** A test's `skip`: the reason why it cannot run on this machine, or false. In CI it runs all the same, and fails. */
export function unlessCi(reason: string | false): string | false {
  return inCi ? false : reason;
}
