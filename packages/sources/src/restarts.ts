// Whether the process whose tasks were listed is still the one whose tasks were listed before. Nothing here rests on a single task or handle.
import { type Profile, taskLabel, waitedMilliseconds } from '@stackpile/profile';

/** Fewer tasks than this tell nothing: they come and go. */
const LEAST_TASKS = 3;
/** Go tells how long a goroutine has waited in whole minutes. */
const WAIT_STEP_MS = 60_000;

/** The tasks of a dump, as far as they are numbered. */
export interface Numbered {
  readonly ids: ReadonlySet<number>;
  readonly highest: number;
  /** Milliseconds that the one that waits longest has waited; null where no age is told. */
  readonly oldest: number | null;
}

/** The numbers and ages of the tasks in a dump; null where it has none. */
export function numbered({ samples, strings }: Profile): Numbered | null {
  const { key, number, unit, text } = samples.labels;
  const ids = new Set<number>();
  let highest = -1;
  let oldest: number | null = null;
  for (let i = 0; i < samples.labels.length; i++) {
    if ((text[i] ?? 0) !== 0) continue;
    const name = strings.get(key[i] ?? 0);
    const value = Number(number[i] ?? 0);
    if (name === taskLabel.id) {
      ids.add(value);
      highest = Math.max(highest, value);
    } else if (name === taskLabel.waited) {
      oldest = Math.max(oldest ?? 0, waitedMilliseconds(value, strings.get(unit[i] ?? 0)));
    }
  }
  return ids.size === 0 ? null : { ids, highest, oldest };
}

/**
 * Whether numbers and ages of tasks begin anew. Numbers are given in rising order and never twice, so in one process the newest task
 * has the highest; but tasks end, and an old one shows again when what it waited for is over. So three things have to come
 * together: the highest number falls, hardly any of the old ones is left, and nobody has waited longer than since the last look.
 *
 * @param elapsed milliseconds since the last look
 */
export function numbersBeginAnew(before: Numbered, now: Numbered, elapsed: number): boolean {
  const fewest = Math.min(before.ids.size, now.ids.size);
  if (fewest < LEAST_TASKS || now.highest >= before.highest) return false;
  let left = 0;
  for (const id of now.ids) if (before.ids.has(id)) left++;
  return left * 10 < fewest && (now.oldest ?? 0) <= elapsed + WAIT_STEP_MS;
}
