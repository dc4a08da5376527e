// The table of functions: own and whole values of each, in the order that was asked for.
import { type FrameSums, type FrameTable, isNoise, matchFrames, sumFrames } from '@stackpile/report/flame';
import { compileSearch } from '../compile.ts';
import { EngineError } from '../error.ts';
import type { Profiles } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';
import { type TopRow, topRow } from '../rows.ts';

export interface TopQuery extends StackQuery {
  readonly sort: TopSort | 'auto';
  readonly filter: string;
  readonly limit: number;
  /** In a comparison: whether what did not change beyond chance is listed too. */
  readonly unchanged: boolean;
}

/** By what rows are ordered; `auto` asks for own values, or for whole ones where none of the user's functions has any. */
export type TopSort = 'flat' | 'cum' | 'name' | 'delta' | 'deltaFlat';

export interface TopAnswer {
  /** What the rows are ordered by. */
  readonly sort: TopSort;
  /** Whether the user's functions come first, as all others only take part in what these do. */
  readonly ownFirst: boolean;
  /** At most `limit` rows, by the asked order. */
  readonly rows: readonly TopRow[];
  /** How many functions have a value at all. */
  readonly functions: number;
  /** How many match the filter text and are listed. */
  readonly matching: number;
  /** How many match but are not listed, as they did not change beyond chance. */
  readonly unchanged: number;
  /** The largest change of a listed row, as a size. */
  readonly widestDelta: number;
  readonly unit: string;
  readonly type: string;
  readonly total: number;
  readonly totalBefore: number;
  readonly diff: boolean;
  readonly eventWeight: number;
}

/** Sums up functions. */
export function top(profiles: Profiles, query: TopQuery): TopAnswer {
  const { stacks, unit, type, eventWeight: weight } = profiles.prepare(query);
  const { table } = stacks;
  const sums = sumFrames(stacks);
  const { pattern, error } = compileSearch(query.filter);
  if (query.filter !== '' && pattern === null) throw new EngineError('BAD_PATTERN', `Filter: ${error}`);
  const mask = pattern === null ? null : matchFrames(stacks, pattern);
  let functions = 0;
  let unchanged = 0;
  const rows: number[] = [];
  for (let frame = 0; frame < table.length; frame++) {
    if (sums.cum[frame] === 0 && (sums.cumBefore?.[frame] ?? 0) === 0) continue;
    functions++;
    if (mask !== null && mask[frame] !== 1) continue;
    if (!query.unchanged && isUnchanged(sums, frame, weight)) unchanged++;
    else rows.push(frame);
  }
  const { cum, flat, cumBefore, flatBefore } = sums;
  const delta = (frame: number): number => Math.abs((cum[frame] as number) - (cumBefore?.[frame] ?? 0));
  const flatDelta = (frame: number): number => Math.abs((flat[frame] as number) - (flatBefore?.[frame] ?? 0));
  const byName = (a: number, b: number): number =>
    (table.name[a] as string) < (table.name[b] as string) ? -1 : 1;
  const own = (frame: number): number => Number(table.origin[frame] === 'user' && delta(frame) > 0);
  const ownFirst = query.sort === 'auto' && isElsewhere(table, sums);
  const sort = query.sort === 'auto' ? (ownFirst ? 'cum' : 'flat') : query.sort;
  const size = (column: Float64Array, frame: number): number => Math.abs(column[frame] as number);
  rows.sort((a, b) => {
    switch (sort) {
      case 'name':
        return byName(a, b);
      case 'cum':
        if (ownFirst && own(a) !== own(b)) return own(b) - own(a);
        return size(cum, b) - size(cum, a) || size(flat, b) - size(flat, a) || byName(a, b);
      case 'delta':
        // What leaks waits in the runtime: the code that can be changed comes before all that it calls.
        return own(b) - own(a) || delta(b) - delta(a) || flatDelta(b) - flatDelta(a) || byName(a, b);
      case 'deltaFlat':
        return flatDelta(b) - flatDelta(a) || delta(b) - delta(a) || byName(a, b);
      case 'flat':
        return size(flat, b) - size(flat, a) || size(cum, b) - size(cum, a) || byName(a, b);
    }
  });
  return {
    sort,
    ownFirst,
    rows: rows.slice(0, query.limit).map((frame) => topRow(table, sums, frame)),
    functions,
    matching: rows.length,
    unchanged,
    widestDelta: rows.reduce((most, frame) => Math.max(most, delta(frame)), 0),
    unit,
    type,
    total: stacks.total,
    totalBefore: stacks.totalBefore,
    diff: stacks.diff !== null,
    eventWeight: weight,
  };
}

/** Below this share of all own values the user's functions have none worth a word: they wait, or call. */
const leastOwn = 0.02;

/** Whether what is spent is spent in libraries and the runtime, though the user's functions lead there. */
function isElsewhere({ origin }: FrameTable, { flat, cum }: FrameSums): boolean {
  let own = 0;
  let all = 0;
  let leads = false;
  for (let frame = 0; frame < flat.length; frame++) {
    const value = Math.abs(flat[frame] ?? 0);
    all += value;
    if (origin[frame] !== 'user') continue;
    own += value;
    leads ||= (cum[frame] ?? 0) !== 0;
  }
  return leads && own < all * leastOwn;
}

/** Whether a function of a comparison did not change beyond chance. */
function isUnchanged(
  { flat, cum, flatBefore, cumBefore }: FrameSums,
  frame: number,
  weight: number,
): boolean {
  if (flatBefore === null || cumBefore === null) return false;
  return (
    isNoise(cumBefore[frame] as number, cum[frame] as number, weight) &&
    isNoise(flatBefore[frame] as number, flat[frame] as number, weight)
  );
}
