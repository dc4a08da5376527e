// What the shell says about a profile before it asks for commands.
// Upstream: google/pprof internal/driver/interactive.go, 2025-11-14
import type { Profile } from '@stackpile/profile';
import { reportCommand } from './commands.ts';
import { PrepareError } from './errors.ts';
import { ReportError } from './report-error.ts';
import { profileLabels } from './print/header.ts';
import { isZero } from './int64.ts';
import { defaultOptions, type ReportOptions } from './options.ts';
import { prepareReport, sampleIndex, ValueFormat } from './prepare.ts';
import type { ReportContext } from './context.ts';

/** Header of a whole profile. */
export interface Greeting {
  /** Lines of the header, which may be none; undefined where the options choose no sample type. */
  readonly lines: readonly string[] | undefined;
  /** Is there nothing in the chosen sample type? */
  readonly isEmpty: boolean;
  readonly warnings: readonly string[];
}

/** The header of `profile` without any filter. */
export function greeting(profile: Profile, options: ReportOptions, context: ReportContext = {}): Greeting {
  const warnings: string[] = [];
  const { unit, mean, sample_index, divide_by } = options;
  try {
    const chosen = { ...defaultOptions(), unit, mean, sample_index, divide_by };
    // This kind of report leaves the profile as it is.
    const report = prepareReport(profile, reportCommand('proto'), chosen, warnings);
    const lines = profileLabels(report, new ValueFormat(report), context.timeZone);
    return { lines, isEmpty: isZero(report.total), warnings };
  } catch (error) {
    if (!(error instanceof PrepareError)) throw error;
    return { lines: undefined, isEmpty: false, warnings };
  }
}

/** Name of the sample type that `text` (a name or a number) means. Throws {@link ReportError}. */
export function sampleTypeName(profile: Profile, text: string): string {
  try {
    return profile.sampleTypes[sampleIndex(profile, text)]?.type ?? '';
  } catch (error) {
    if (error instanceof PrepareError) throw new ReportError(error.message);
    throw error;
  }
}
