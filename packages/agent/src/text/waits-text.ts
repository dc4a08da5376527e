// The debug=1 text of profiles of waits: block, mutex.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import { int64At, type Profile } from '@stackpile/profile';
import { stackLines } from './count-text.ts';

/** Cycles are nanoseconds here. */
const CYCLES_PER_SECOND = 1_000_000_000;

/**
 * `--- NAME:`, its attributes, comments, and one record per stack, the longest delay first: cycles, count, addresses.
 *
 * @param period how many waits each that is recorded stands for, 0 where none are: readers multiply by it; null where it is not told
 */
export function waitsText(profile: Profile, name: 'contention' | 'mutex', period: number | null): string {
  const [counts, delays] = profile.samples.values;
  const records: { readonly cycles: bigint; readonly text: string }[] = [];
  for (let row = 0; row < profile.samples.length; row++) {
    const cycles = delays === undefined ? 0n : int64At(delays, row);
    const count = counts === undefined ? 0n : int64At(counts, row);
    const { at, lines } = stackLines(profile, row, false);
    records.push({ cycles, text: [`${cycles} ${count} @${at}`, ...lines, '', ''].join('\n') });
  }
  records.sort((a, b) => (a.cycles === b.cycles ? 0 : a.cycles > b.cycles ? -1 : 1));
  const told = period === null ? '' : `sampling period=${period}\n`;
  const comments = profile.comments.map((comment) => `# ${comment}\n`).join('');
  return `--- ${name}:\ncycles/second=${CYCLES_PER_SECOND}\n${told}${comments}${records.map(({ text }) => text).join('')}`;
}
