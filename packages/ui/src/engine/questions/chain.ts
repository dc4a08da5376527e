// The filters in force as a chain: what each leaves of the one before it, and which of them match nothing.
import { filterProfile, ReportError } from '@stackpile/report/filters';
import { type FilterName, filterNames, noFilters } from '../../stack-filters.ts';
import { EngineError } from '../error.ts';
import { plainWords, type Profiles, typeIndex, valueOf } from '../profiles.ts';
import { reportOptions, type StackQuery } from '../stack-query.ts';

export interface ChainAnswer {
  /** One for each filter that is not at rest, in the order in which they are applied. */
  readonly links: readonly ChainLink[];
  /** What the whole profile is, in `unit`. */
  readonly total: number;
  readonly unit: string;
  readonly type: string;
}

/** One filter of the chain. */
export interface ChainLink {
  readonly name: FilterName;
  /** What is left of the profile after it. */
  readonly kept: number;
  /** What the report warns of, in its words; '' for nothing. */
  readonly warning: string;
}

/** Applies one filter more at a time. */
export function chain(profiles: Profiles, query: StackQuery): ChainAnswer {
  const { profile, summary } = profiles.entry(query.profile);
  const row = typeIndex(profile, query.sampleType, summary.defaultType);
  const links: ChainLink[] = [];
  let applied: StackQuery = { ...query, ...noFilters, libraries: query.libraries };
  let known = new Set<string>();
  for (const name of filterNames) {
    if (query[name] === '') continue;
    applied = { ...applied, [name]: query[name] };
    const left = attempt(() => filterProfile(profile, row, reportOptions(applied, row)));
    const warning = left.warnings.filter((one) => !known.has(one)).join('. ');
    known = new Set(left.warnings);
    links.push({ name, kept: valueOf(left.profile, row), warning });
  }
  const { type = '', unit = '' } = summary.sampleTypes[row] ?? {};
  return { links, total: valueOf(profile, row), unit, type };
}

/** Runs `filter`; what is wrong with an expression becomes a sentence. */
function attempt<T>(filter: () => T): T {
  try {
    return filter();
  } catch (error) {
    if (error instanceof ReportError) throw new EngineError('BAD_PATTERN', plainWords(error.message));
    throw error;
  }
}
