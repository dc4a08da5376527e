// One function with its direct callers and callees.
import type { Origin } from '@stackpile/profile';
import { matchFrames, neighbours, sumFrames } from '@stackpile/report/flame';
import { compile } from '../compile.ts';
import { EngineError } from '../error.ts';
import type { Profiles } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';
import { type TopRow, topRow } from '../rows.ts';

export interface PeekQuery extends StackQuery {
  readonly pivot: string;
}

export interface PeekAnswer {
  readonly subject: TopRow | null;
  /** How many functions the pattern matches. */
  readonly matching: number;
  readonly callers: readonly PeekRow[];
  readonly callees: readonly PeekRow[];
  readonly unit: string;
  readonly type: string;
  readonly total: number;
}

export interface PeekRow {
  readonly name: string;
  readonly file: string;
  /** 0 where unknown, or where there are several. */
  readonly line: number;
  readonly origin: Origin;
  readonly value: number;
}

/** Looks around the largest function that matches. */
export function peek(profiles: Profiles, query: PeekQuery): PeekAnswer {
  const { stacks, unit, type } = profiles.prepare(query);
  const { table } = stacks;
  const sums = sumFrames(stacks);
  let mask: Uint8Array | null = null;
  if (query.pivot !== '') {
    const { pattern, error } = compile(query.pivot);
    if (pattern === null) throw new EngineError('BAD_PATTERN', `Function: ${error}`);
    mask = matchFrames(stacks, pattern);
  }
  // The subject is the largest match; without a pattern the function with the most of its own.
  let subject = -1;
  let matching = 0;
  const size = (frame: number): number =>
    mask === null && table.origin[frame] !== 'user' ? -1 : Math.abs(sums.cum[frame] as number);
  for (let frame = 0; frame < table.length; frame++) {
    if (mask !== null && mask[frame] !== 1) continue;
    if (sums.cum[frame] === 0) continue;
    matching++;
    if (subject < 0 || size(frame) > size(subject)) subject = frame;
  }
  if (subject < 0)
    return { subject: null, matching: 0, callers: [], callees: [], unit, type, total: stacks.total };
  const only = new Uint8Array(table.length);
  only[subject] = 1;
  const { callers, callees } = neighbours(stacks, only);
  const row = ({ frame, value }: { frame: number; value: number }) => ({
    name: table.name[frame] as string,
    file: table.file[frame] as string,
    line: table.severalLines[frame] === true ? 0 : (table.line[frame] as number),
    origin: table.origin[frame] as Origin,
    value,
  });
  return {
    subject: topRow(table, sums, subject),
    matching,
    callers: callers.slice(0, 300).map(row),
    callees: callees.slice(0, 300).map(row),
    unit,
    type,
    total: stacks.total,
  };
}
