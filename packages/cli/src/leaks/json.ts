// The verdict for programs: what `stackpile leaks --json` prints.
import type { Verdict } from '@stackpile/leaks';
import { exitStatus, type Judged } from './judged.ts';

/**
 * The report. Within version 1 fields are only ever added.
 *
 * `verdicts` has one entry per kind of dump (goroutines, heap): a `Verdict` of `@stackpile/leaks` as it is (see verdict.ts there
 * for every field, unit and null), with the names of what was judged.
 */
export interface LeaksReport {
  readonly schema: 'stackpile.leaks/1';
  /** `leak` where any verdict is, else `unsure` where any is. */
  readonly kind: Verdict['kind'];
  readonly exitStatus: 0 | 1 | 2;
  readonly sentence: string;
  readonly verdicts: readonly (Verdict & { readonly sources: readonly string[] })[];
}

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
