// All dumps at once to one verdict.
import { LeaksError } from './errors.ts';
import type { LeakOptions } from './options.ts';
import type { Dump, Verdict } from './verdict.ts';
import { LeakWatch } from './watch.ts';

/**
 * Judges dumps of one target, oldest first.
 *
 * @throws LeaksError whose message begins with the name of the dump that cannot be judged.
 */
export function findLeaks(dumps: readonly Dump[], options: LeakOptions = {}): Verdict {
  const watch = new LeakWatch(options);
  for (const dump of dumps) {
    try {
      watch.feed(dump);
    } catch (error) {
      if (error instanceof LeaksError && dump.name !== undefined) {
        throw new LeaksError(error.code, `${dump.name}: ${error.message}`, { cause: error });
      }
      throw error;
    }
  }
  return watch.verdict();
}
