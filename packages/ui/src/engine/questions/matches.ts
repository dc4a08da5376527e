// What a search comes to, on whatever view it is made: how many functions match, and how much goes through them.
import { matchedWeight, matchFrames } from '@stackpile/report/flame';
import { compileSearch } from '../compile.ts';
import { EngineError } from '../error.ts';
import type { Profiles } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';

export interface MatchesQuery extends StackQuery {
  /** Regular expression in Go's syntax, as typed. */
  readonly search: string;
}

export interface MatchesAnswer {
  readonly functions: number;
  /** Of what the filters leave, all that goes through a function that matches. */
  readonly weight: number;
  /** Of the whole profile. */
  readonly total: number;
}

/**
 * Counts.
 *
 * @throws {EngineError} for a search that is no regular expression
 */
export function matches(profiles: Profiles, { search, ...query }: MatchesQuery): MatchesAnswer {
  const { pattern, error } = compileSearch(search);
  if (pattern === null) throw new EngineError('BAD_PATTERN', `Search: ${error}`);
  const { stacks, interner } = profiles.prepare(query);
  const mask = matchFrames({ table: interner.table }, pattern);
  let functions = 0;
  for (const hit of mask) functions += hit;
  return { functions, weight: matchedWeight(stacks, mask), total: stacks.total };
}
