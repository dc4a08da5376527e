// Verdicts for programs: what `stackpile leaks --json` and `stackpile verify --json` print.
import type { LeaksReport, ProcessReport, ProcessVerdict, Verification } from '@stackpile/leaks';
import { exitStatus, type Judged, type Judgement } from './judged.ts';

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

/** The answer to whether a fix holds. Within version 1 fields are only ever added. */
export interface VerifyReport {
  readonly schema: 'stackpile.verify/1';
  readonly exitStatus: 0 | 1 | 2;
  readonly sentence: string;
  readonly verification: Verification;
  /** What `stackpile leaks` says of each side. */
  readonly before: LeaksReport;
  readonly after: LeaksReport;
}

/** Builds the report on a fix. */
export function verifyReport(verification: Verification, before: Judgement, after: Judgement): VerifyReport {
  return {
    schema: 'stackpile.verify/1',
    exitStatus: verification.exitStatus,
    sentence: verification.sentence,
    verification,
    before: jsonReport(before.judged, before.process),
    after: jsonReport(after.judged, after.process),
  };
}
