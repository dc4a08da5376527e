// What changed between two profiles: whose code it was in, from how much to how much, and whether anything else did.
import { isNoise, type Stacks } from '@stackpile/report/flame';
import type { Profiles } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';

export interface ChangeAnswer {
  readonly unit: string;
  readonly type: string;
  readonly before: number;
  readonly after: number;
  /** Whether every stack has the same value in both. */
  readonly same: boolean;
  /** Whether values are sampled, so that small changes are chance. */
  readonly sampled: boolean;
  /** The user's functions nearest to where the value is, or else what is innermost, that changed beyond chance: the largest first, at most three. */
  readonly places: readonly ChangedPlace[];
  /** How many such places there are. */
  readonly changed: number;
}

export interface ChangedPlace {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly before: number;
  readonly after: number;
}

const shownPlaces = 3;

/** Compares by place: each stack counts for one. */
export function change(profiles: Profiles, query: StackQuery): ChangeAnswer {
  const { stacks, unit, type, eventWeight } = profiles.prepare({
    ...query,
    granularity: 'functions',
    tagRoot: '',
    tagLeaf: '',
  });
  const { table } = stacks;
  const changed = byPlace(stacks)
    .filter(({ before, after }) => !isNoise(before, after, eventWeight))
    .sort((a, b) => Math.abs(b.after - b.before) - Math.abs(a.after - a.before) || a.frame - b.frame);
  return {
    unit,
    type,
    before: stacks.totalBefore,
    after: stacks.total,
    same: stacks.diff === null || stacks.diff.before.every((value, row) => value === stacks.diff?.after[row]),
    sampled: eventWeight > 0,
    places: changed.slice(0, shownPlaces).map(({ frame, before, after }) => ({
      name: table.name[frame] ?? '',
      file: table.file[frame] ?? '',
      line: table.severalLines[frame] === true ? 0 : (table.line[frame] ?? 0),
      before,
      after,
    })),
    changed: changed.length,
  };
}

interface Place {
  readonly frame: number;
  before: number;
  after: number;
}

/** Values by the user's frame nearest to the leaf; by the leaf where no frame is the user's. */
function byPlace({ length, start, frames, diff, table }: Stacks): Place[] {
  const places = new Map<number, Place>();
  for (let row = 0; row < length; row++) {
    const first = start[row] as number;
    const last = (start[row + 1] as number) - 1;
    let at = last;
    while (at > first && table.origin[frames[at] as number] !== 'user') at--;
    const frame = frames[table.origin[frames[at] as number] === 'user' ? at : last];
    if (frame === undefined || last < first) continue;
    const place = places.get(frame) ?? { frame, before: 0, after: 0 };
    places.set(frame, place);
    place.before += diff?.before[row] ?? 0;
    place.after += diff?.after[row] ?? 0;
  }
  return [...places.values()];
}
