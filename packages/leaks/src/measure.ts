// Which sample type of a profile is judged, and what its numbers are called.
import type { Profile } from '@stackpile/profile';
import { LeaksError } from './errors.ts';

/** What a dump's values are. */
export interface Measure {
  readonly type: string;
  readonly unit: string;
  /** Columns of the sample table that are added up. */
  readonly columns: readonly number[];
  /** Column of `retained/bytes` (of tasks in a heap snapshot: `claimed/bytes`), -1 where there is none. */
  readonly retained: number;
  /** `goroutines`, `tasks`, `bytes`. */
  readonly noun: string;
  /** Counts of live things (true) or bytes. */
  readonly counts: boolean;
}

/** Types whose value is what is alive now, best first. What accumulates by nature (cpu, alloc_space, delay) says nothing about leaks. */
const live = [
  'goroutine',
  'tasks',
  'task',
  'handles',
  'handle',
  'goroutineleak',
  'closures',
  'inuse_space',
  'space',
  'inuse_objects',
  'objects',
  'threadcreate',
  'threads',
];
const cumulative = /^(?:cpu|samples|wall|alloc_space|alloc_objects|contentions|delay|events?)$/u;

const nouns: ReadonlyMap<string, string> = new Map([
  ['goroutine', 'goroutines'],
  ['goroutineleak', 'leaked goroutines'],
  ['task', 'tasks'],
  ['handle', 'handles'],
  ['inuse_objects', 'objects'],
  ['threadcreate', 'threads'],
]);

/**
 * Chooses the sample type to judge: `wanted` by name, else the first that counts what is alive.
 *
 * @param seen The sample type of the dumps before, which this one has to have too.
 * @throws LeaksError `LEAKS_NO_MEASURE` where the profile has none.
 */
export function measureOf(profile: Profile, wanted?: string, seen?: string): Measure {
  const types = profile.sampleTypes;
  let column = -1;
  const named = wanted ?? seen;
  if (named !== undefined) {
    column = types.findIndex((type) => type.type === named);
  } else {
    for (const name of live) {
      column = types.findIndex((type) => type.type === name);
      if (column >= 0) break;
    }
    // A profile of the program's own (Go's pprof.NewProfile): one type that counts what was added and not removed.
    if (column < 0 && types.length === 1 && types[0]?.unit === 'count' && !cumulative.test(types[0].type))
      column = 0;
  }
  const chosen = types[column];
  if (chosen === undefined) {
    const has = types.map((type) => type.type).join(', ') || 'nothing';
    throw new LeaksError(
      'LEAKS_NO_MEASURE',
      named === undefined
        ? `it counts ${has}: leaks are found in goroutine and heap profiles, which count what is alive`
        : `it has no sample type ${named}, only ${has}`,
    );
  }
  const counts = chosen.unit !== 'bytes';
  // A heap snapshot says of tasks, handles and closures what they claim, of classes what they retain.
  const bytesColumn = (name: string): number =>
    types.findIndex(({ type, unit }) => type === name && unit === 'bytes');
  const claimed = chosen.type === 'objects' ? -1 : bytesColumn('claimed');
  const retained = claimed >= 0 ? claimed : bytesColumn('retained');
  const noun = nouns.get(chosen.type) ?? (counts ? chosen.type : 'bytes');
  const facts = { type: chosen.type, unit: chosen.unit, retained, counts };
  // A heap snapshot counts handles (sockets, timers) beside the tasks: either may be what piles up.
  const handles = types.findIndex((type) => type.type === 'handles' && type.unit === chosen.unit);
  if (wanted !== chosen.type && handles >= 0 && handles !== column) {
    return { ...facts, columns: [column, handles], noun: `${noun} and handles` };
  }
  return { ...facts, columns: [column], noun };
}
