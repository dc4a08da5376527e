// The verdicts on one target for programs: what `stackpile leaks --json` prints.
import type { Verdict } from './verdict.ts';

/**
 * The report. Within version 1 fields are only ever added.
 *
 * `verdicts` has one entry per kind of dump (goroutines, heap): a {@link Verdict} as it is, with the names of what was judged.
 */
export interface LeaksReport {
  readonly schema: 'stackpile.leaks/1';
  /** `leak` where any verdict is, else `unsure` where any is. */
  readonly kind: Verdict['kind'];
  readonly exitStatus: 0 | 1 | 2;
  readonly sentence: string;
  readonly verdicts: readonly (Verdict & { readonly sources: readonly string[] })[];
}
