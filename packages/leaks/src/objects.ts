// The own rules of a heap's objects by class: what is worth a word, what is nobody's, and who holds it.
import type { Assessment } from './assess.ts';
import type { Member } from './members.ts';
import type { Rules } from './rules.ts';

/** By how many bytes more than at first some members keep. */
function keptMore(members: readonly Member[]): number {
  return members.reduce(
    (all, { record }) => all + (record.retained.at(-1) ?? 0) - (record.retained[0] ?? 0),
    0,
  );
}

/** The smallest gain of objects that is worth a word. */
export function leastObjectsOf(members: readonly Member[], rules: Rules): number {
  return keptMore(members) >= rules.largeObjects ? rules.fewLargeObjects : rules.leastObjects;
}

/** Objects that no place in the program holds are the runtime's own: they are never convicted, and acquitted where they are small. */
export function unheld(members: readonly Member[], assessment: Assessment, rules: Rules): Assessment {
  if (assessment.kind === 'steady') return assessment;
  if (members.some(({ stack }) => stack.some(({ file }) => file !== ''))) return assessment;
  const { confidence, trend } = assessment;
  return keptMore(members) < rules.leastBytes
    ? { kind: 'steady', reason: 'noise', confidence, trend }
    : { kind: 'growing', reason: 'few', confidence, trend };
}

/** Who keeps an object: the chain of its holders; null where nobody is known. */
export function holdersOf({ stack }: Member): string | null {
  const holders = stack.slice(1);
  return holders.length === 0 ? null : holders.map(({ name }) => name).join(' ← ');
}
