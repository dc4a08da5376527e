// What a promise is by the function that made it: a combinator's, derived by `then`, or one of which only the state is known.
import { STATES, stateOf } from './states.ts';

/** Mark of a promise that no async function made: only what it waits for is known. */
export class PlainMark {
  readonly state: number;
  constructor(state: number) {
    this.state = state;
  }
}

export const plainMarks: readonly PlainMark[] = STATES.map((_, state) => new PlainMark(state));

export const combinators: ReadonlyMap<string, number> = new Map([
  ['all', stateOf('promise all')],
  ['race', stateOf('promise race')],
  ['any', stateOf('promise any')],
  ['allSettled', stateOf('promise allSettled')],
]);
export const THEN: number = stateOf('then');
export const derivers: ReadonlySet<string> = new Set(['then', 'catch', 'finally']);
export const steppers: ReadonlySet<string> = new Set(['next', 'return', 'throw']);

/** What runs beside the main thread. */
export const THREADS: ReadonlySet<number> = new Set([stateOf('worker'), stateOf('child process')]);

/** States that leave open what is waited for. */
export const vague: ReadonlySet<number> = new Set([stateOf('await'), stateOf('event'), stateOf('timer')]);
