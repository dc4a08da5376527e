// The verdict for programs: what `stackpile leaks --json` prints.
import type { LeaksReport } from '@stackpile/leaks';
import { exitStatus, type Judged } from './judged.ts';

/** Builds the report; strings are as they came, JSON escapes what a terminal must not see. */
export function jsonReport(judged: readonly Judged[]): LeaksReport {
  const status = exitStatus(judged);
  const kind = status === 1 ? 'leak' : status === 2 ? 'unsure' : 'none';
  return {
    schema: 'stackpile.leaks/1',
    kind,
    exitStatus: status,
    sentence: judged.find(({ verdict }) => verdict.kind === kind)?.verdict.sentence ?? '',
    verdicts: judged.map(({ verdict, sources }) => ({ ...verdict, sources })),
  };
}
