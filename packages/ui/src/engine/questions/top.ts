// The table of functions: own and whole values of each, in the order that was asked for.
import { matchFrames, sumFrames } from '@stackpile/report/flame';
import { compileSearch } from '../compile.ts';
import { EngineError } from '../error.ts';
import type { Profiles } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';
import { type TopRow, topRow } from '../rows.ts';

export interface TopQuery extends StackQuery {
  readonly sort: 'flat' | 'cum' | 'name' | 'delta';
  readonly filter: string;
  readonly limit: number;
}

export interface TopAnswer {
  /** At most `limit` rows, by the asked order. */
  readonly rows: readonly TopRow[];
  /** How many functions have a value at all. */
  readonly functions: number;
  /** How many match the filter text. */
  readonly matching: number;
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
  const rows: number[] = [];
  for (let frame = 0; frame < table.length; frame++) {
    if (sums.cum[frame] === 0 && (sums.cumBefore?.[frame] ?? 0) === 0) continue;
    functions++;
    if (mask === null || mask[frame] === 1) rows.push(frame);
  }
  const delta = (frame: number): number =>
    Math.abs((sums.cum[frame] as number) - (sums.cumBefore?.[frame] ?? 0));
  const flatDelta = (frame: number): number =>
    Math.abs((sums.flat[frame] as number) - (sums.flatBefore?.[frame] ?? 0));
  const { flat, cum } = sums;
  const byName = (a: number, b: number): number =>
    (table.name[a] as string) < (table.name[b] as string) ? -1 : 1;
  const size = (column: Float64Array, frame: number): number => Math.abs(column[frame] as number);
  rows.sort((a, b) => {
    switch (query.sort) {
      case 'name':
        return byName(a, b);
      case 'cum':
        return size(cum, b) - size(cum, a) || size(flat, b) - size(flat, a) || byName(a, b);
      case 'delta':
        return flatDelta(b) - flatDelta(a) || delta(b) - delta(a) || byName(a, b);
      case 'flat':
        return size(flat, b) - size(flat, a) || size(cum, b) - size(cum, a) || byName(a, b);
    }
  });
  return {
    rows: rows.slice(0, query.limit).map((frame) => topRow(table, sums, frame)),
    functions,
    matching: rows.length,
    unit,
    type,
    total: stacks.total,
    totalBefore: stacks.totalBefore,
    diff: stacks.diff !== null,
    eventWeight: weight,
  };
}
