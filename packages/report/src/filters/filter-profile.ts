// A profile as the options of a report leave it, for whoever lays it out otherwise: flame graphs, tables of a page.
import type { OriginOptions, Profile } from '@stackpile/profile';
import { PrepareError } from '../errors.ts';
import { ReportError } from '../report-error.ts';
import type { ReportOptions } from '../options.ts';
import { labelUnits } from './label-units.ts';
import { totalOf, weightsOf } from '../weights.ts';
import { keptProfile, wholeProfile } from './filters.ts';

/** What is left of a profile. */
export interface FilteredProfile {
  /** What the filters keep; the very profile that was given where there are none. */
  readonly profile: Profile;
  /** What 100 % is, in the unit of the sample type; beyond 2^53 rounded. */
  readonly total: number;
  readonly warnings: readonly string[];
}

/**
 * Filters `profile` as a report does: the samples, their order and their stacks are those that the report sums up.
 *
 * @param valueIndex row of the sample type that `total` is of
 * @param origin whose code is whose where the rules of `mine` and `hide_libs` would say something else
 * @throws {ReportError} for a malformed expression
 */
export function filterProfile(
  profile: Profile,
  valueIndex: number,
  options: ReportOptions,
  origin?: OriginOptions,
): FilteredProfile {
  const warnings: string[] = [];
  const units = labelUnits(profile, warnings);
  try {
    const whole = wholeProfile(profile, units, options, warnings, origin);
    const total = Number(totalOf(whole, weightsOf(whole, valueIndex, false)));
    return { profile: keptProfile(whole, units, options, warnings, origin), total, warnings };
  } catch (error) {
    if (error instanceof PrepareError) throw new ReportError(error.message, warnings);
    throw error;
  }
}
