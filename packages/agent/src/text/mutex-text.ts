// The debug=1 text of profiles of waits: nanoseconds are cycles here, of which a second has a billion.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import { int64At, type Profile } from '@stackpile/profile';
import { stackLines } from './count-text.ts';

const CYCLES_PER_SECOND = 1_000_000_000;

/**
 * `--- mutex:`, its attributes, and one record per stack, longest first: cycles, count, addresses.
 *
 * @param period how many waits each that is recorded stands for, 0 where none are; readers multiply by it
 */
export function mutexText(profile: Profile, period: number): string {
  const [counts, delays] = profile.samples.values;
  const records: { cycles: bigint; text: string }[] = [];
  for (let row = 0; row < profile.samples.length; row++) {
    const cycles = delays === undefined ? 0n : int64At(delays, row);
    const count = counts === undefined ? 0n : int64At(counts, row);
    const { at, lines } = stackLines(profile, row, false);
    records.push({ cycles, text: [`${cycles} ${count} @${at}`, ...lines, '', ''].join('\n') });
  }
  records.sort((a, b) => (a.cycles === b.cycles ? 0 : a.cycles > b.cycles ? -1 : 1));
  const comments = profile.comments.map((comment) => `# ${comment}\n`).join('');
  const head = `--- mutex:\ncycles/second=${CYCLES_PER_SECOND}\nsampling period=${period}\n`;
  return head + (records.length === 0 ? comments : '') + records.map(({ text }) => text).join('');
}
