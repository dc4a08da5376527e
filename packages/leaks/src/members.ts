// A series with what its stack says: whose it is, what it waits for, and who of it stays.
import { classifyFunction, type OriginOptions, taskLabel } from '@stackpile/profile';
import type { Arrivals } from './arrivals.ts';
import type { LeakOptions } from './options.ts';
import type { LeakRecord, SeriesRecord } from './record.ts';
import { starterOf } from './starter.ts';
import type { StackFrame } from './verdict.ts';
import { type Wait, waitOf } from './wait.ts';

/** A series with what its stack says. */
export interface Member {
  readonly record: SeriesRecord;
  readonly stack: readonly StackFrame[];
  readonly state: string;
  readonly createdBy: string;
  readonly culprit: StackFrame | null;
  readonly culpritIndex: number;
  readonly wait: Wait;
  /** An open thing (socket, timer), no task. */
  readonly handle: boolean;
  readonly arrivals: Arrivals | null;
}

/** The word that most are counted under; '' where there is none. */
export function most(counts: ReadonlyMap<string, number>): string {
  let best = '';
  let bestCount = 0;
  for (const [word, count] of counts) {
    if (count > bestCount) {
      best = word;
      bestCount = count;
    }
  }
  return best;
}

/** The frame that a `created_by` label (`symbol file:line`) names. */
function creatorFrame(label: string, origin: OriginOptions): StackFrame | null {
  const { name, place } = starterOf(label);
  const parts = /^(.+?):(\d+)(?::\d+)?$/su.exec(place);
  if (parts === null) return null;
  const [, file = '', line = '0'] = parts;
  return { name, file, line: Number(line), origin: classifyFunction(name, file, origin) };
}

const loaderFile = /^node:internal\/modules\//u;

/**
 * A module's top level runs once for each time that it is loaded: what grows there is loaded again and again, and whoever does that is
 * to be mended. The row of that function; the same row where the module was loaded by other modules' top levels only.
 */
function loaderOf(stack: readonly StackFrame[], index: number): number {
  if (stack[index]?.name !== '(module)' || !loaderFile.test(stack[index + 1]?.file ?? '')) return index;
  const caller = stack.findIndex(
    ({ name, origin, file }, i) => i > index && origin === 'user' && file !== '' && name !== '(module)',
  );
  return caller < 0 ? index : caller;
}

/** Whether a function without a name stands at the top level of a script, as the tick of a timer: it may call anything. */
export function isTick({ name }: StackFrame): boolean {
  return / at module top level \(/u.test(name);
}

/** The user's function that calls the culprit, as `name file:line`, on the one of some stacks that tells most; '' where none does. */
export function callerOf(members: readonly Member[]): string {
  let best: StackFrame[] = [];
  for (const { stack, culpritIndex, culprit } of members) {
    if (culpritIndex < 0) continue;
    const callers = stack
      .slice(culpritIndex + 1)
      .filter(
        (frame) =>
          frame.origin === 'user' &&
          frame.file !== '' &&
          frame.name !== '(module)' &&
          (frame.name !== culprit?.name || frame.file !== culprit.file) &&
          !isTick(frame),
      );
    // V8's sampler does not see functions that were drawn into their callers: the longest stack is from before that.
    if (callers.length > best.length) best = callers;
  }
  const [caller] = best;
  return caller === undefined ? '' : `${caller.name} ${caller.file}:${caller.line}`;
}

/** Reads the stack of a series. */
export function memberOf(
  record: SeriesRecord,
  leaks: LeakRecord,
  options: LeakOptions,
  arrivals: Arrivals | null,
): Member {
  const stack = leaks.stacks.stack(record.stack);
  const state = most(record.states);
  const createdBy = most(record.createdBy);
  // What a task does just now changes while it goes on: what it is, is what stayed on its stack.
  const stays = arrivals === null || arrivals.outer <= 0 ? 0 : Math.max(0, stack.length - arrivals.outer);
  // A builtin that stands in no file (Promise, bind) is nobody's place to mend.
  let culpritIndex = stack.findIndex(
    (frame, i) => i >= stays && frame.origin === 'user' && frame.file !== '',
  );
  if (culpritIndex < 0) culpritIndex = stack.findIndex((frame, i) => i >= stays && frame.origin === 'user');
  if (culpritIndex < 0) culpritIndex = stack.findIndex((frame) => frame.origin === 'user');
  culpritIndex = loaderOf(stack, culpritIndex);
  let culprit = culpritIndex < 0 ? null : (stack[culpritIndex] ?? null);
  if (culprit === null && createdBy !== '') {
    const creator = creatorFrame(createdBy, options.origin ?? {});
    if (creator?.origin === 'user') culprit = creator;
    culpritIndex = -1;
  }
  const handle = record.labels.some((label) => label.key === taskLabel.kind && label.value === 'handle');
  const wait = waitOf(stack, state, handle);
  return { record, stack, state, createdBy, culprit, culpritIndex, wait, handle, arrivals };
}

/** Adds columns up that are of the same length, or empty. */
export function sum(columns: readonly (readonly number[])[]): number[] {
  const total: number[] = [];
  for (const column of columns)
    for (let i = 0; i < column.length; i++) total[i] = (total[i] ?? 0) + (column[i] ?? 0);
  return total;
}
