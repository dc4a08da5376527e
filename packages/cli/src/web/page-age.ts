// Whether the built page is older than what it is built from, which only whoever works on it can run into.
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CliIo } from '../io.ts';
import { pagePlace } from './page.ts';

/** Everything that goes into the page, from the root of a checkout. */
const sources = [
  'packages/ui/build.ts',
  'packages/ui/src',
  'packages/profile/src',
  'packages/report/src',
  'packages/leaks/src',
  'packages/ui/bundle.ts',
  'packages/ui/left-out.ts',
];

/**
 * A sentence for stderr where the command runs from a checkout and a source of the page was changed after `page` was built;
 * '' where all is well, and where there are no sources. Reads a few directories and the times of their files.
 *
 * @param root of the checkout that the command may be part of
 * @param page the built page
 */
export async function pageAge(
  root: string = fileURLToPath(new URL('../../../../', import.meta.url)),
  page: string | null = pagePlace(),
): Promise<string> {
  try {
    if (page === null) return '';
    const built = (await stat(page)).mtimeMs;
    for (const source of sources) {
      const newer = await newerThan(built, root, source);
      if (newer !== '')
        return `The web page is older than its sources (${newer}): npm run prepare in the repository builds it.`;
    }
  } catch (error) {
    // An installed package has no sources; whatever else cannot be looked at says nothing either.
    if (typeof (error as { code?: unknown }).code !== 'string') throw error;
  }
  return '';
}

/** Says on stderr what {@link pageAge} has to say. */
export async function warnOfAge(io: Pick<CliIo, 'stderr'>): Promise<void> {
  const warning = await pageAge();
  if (warning !== '') io.stderr.write(`${warning}\n`);
}

/** The first file at or under `path` that was changed after `time`, '' for none. */
async function newerThan(time: number, root: string, path: string): Promise<string> {
  const full = join(root, path);
  const found = await stat(full);
  if (!found.isDirectory()) return found.mtimeMs > time ? path : '';
  const names = await readdir(full, { recursive: true });
  const times = await Promise.all(
    names.map(async (name) => {
      const entry = await stat(join(full, name));
      return entry.isFile() ? entry.mtimeMs : 0;
    }),
  );
  const at = times.findIndex((one) => one > time);
  return at < 0 ? '' : join(path, names[at] ?? '');
}
