// The debug=1 text of profiles of waiting: block.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import { int64At, type Profile } from '@stackpile/profile';
import { stackLines } from './count-text.ts';

/** Cycles are nanoseconds here. */
const CYCLES_PER_SECOND = 1_000_000_000;

/** `--- contention:` and one record per stack, the longest delay first: cycles, count, stack. Comments stand below the heading. */
export function contentionText(profile: Profile): string {
  const [counts, delays] = profile.samples.values;
  const records: { readonly cycles: bigint; readonly text: string }[] = [];
  for (let row = 0; row < profile.samples.length; row++) {
    const cycles = delays === undefined ? 0n : int64At(delays, row);
    const count = counts === undefined ? 0n : int64At(counts, row);
    const { at, lines } = stackLines(profile, row, false);
    records.push({
      cycles,
      text: `${cycles} ${count} @${at}\n${lines.map((line) => `${line}\n`).join('')}\n`,
    });
  }
  records.sort((a, b) => (a.cycles === b.cycles ? 0 : a.cycles > b.cycles ? -1 : 1));
  const said = profile.comments.map((comment) => `# ${comment}\n`).join('');
  return `--- contention:\ncycles/second=${CYCLES_PER_SECOND}\n${said}${records.map(({ text }) => text).join('')}`;
}
