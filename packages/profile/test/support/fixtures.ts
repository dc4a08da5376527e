// Where the shared reference data lie, and how a test says that they are not there.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inCi, unlessCi } from '../../../../testing/ci.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../../..');
const folder = join(root, '../shared/fixtures');

/** The folder of shared fixtures, or null where a clone stands alone; in CI it must be there. */
export const fixtures: string | null = existsSync(folder) ? folder : null;

if (fixtures === null && inCi) throw new Error(`CI needs ${folder}`);

/** Options of a test that needs the shared fixtures: skips with one line where they are missing. */
export const withFixtures: { skip: string | false } = {
  skip: unlessCi(fixtures === null && 'no ../shared/fixtures beside this clone'),
};

/** A path below the shared fixtures; only for tests that run {@link withFixtures}. */
export function fixture(...path: string[]): string {
  return join(folder, ...path);
}
