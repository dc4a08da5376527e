// The verdict for programs: what `stackpile leaks --json` prints.
import type { LeaksReport, ProcessReport, ProcessVerdict } from '@stackpile/leaks';
import { exitStatus, type Judged } from './judged.ts';

/** Builds the report; strings are as they came, JSON escapes what a terminal must not see. */
export function jsonReport(judged: readonly Judged[], process: ProcessVerdict | null = null): LeaksReport {
  const status = process?.exitStatus ?? exitStatus(judged);
  const kind = status === 1 ? 'leak' : status === 2 ? 'unsure' : 'none';
  return {
    schema: 'stackpile.leaks/1',
    kind,
    exitStatus: status,
    sentence:
      process?.sentence ?? judged.find(({ verdict }) => verdict.kind === kind)?.verdict.sentence ?? '',
    verdicts: judged.map(({ verdict, sources }) => ({ ...verdict, sources })),
    process: process === null ? null : withoutVerdicts(process),
  };
}

/** The balance alone: its verdicts stand beside it, with their sources. */
function withoutVerdicts(whole: ProcessVerdict): ProcessReport {
  const { verdicts: _, earlier, ...process } = whole;
  return { ...process, earlier: earlier.map(withoutVerdicts) };
}
