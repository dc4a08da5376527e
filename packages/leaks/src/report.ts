// The verdicts on one target for programs: what `stackpile leaks --json` prints.
import type { ProcessVerdict } from './process-verdict.ts';
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
  /** The balance of the whole process where a service was watched; null for files, which show what they show. */
  readonly process: ProcessReport | null;
}

/** A {@link ProcessVerdict} without the verdicts that stand beside it in a report. */
export interface ProcessReport extends Omit<ProcessVerdict, 'verdicts' | 'earlier'> {
  readonly earlier: readonly ProcessReport[];
}
