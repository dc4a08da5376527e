// What grows over several profiles, judged by each kind of thing that they count, the balance of a process that is watched, and both as text.
import { judgeDumps, sumUp, type Summing, type Verdict, verdictText } from '@stackpile/leaks';
import type { Counters } from '@stackpile/profile';
import type { Profiles } from '../profiles.ts';

export interface VerdictQuery {
  readonly profiles: readonly number[];
  /** '' judges every kind of thing that the profiles count. */
  readonly sampleType: string;
  /** Bytes at which the service ends, for verdicts on memory; null where unknown. */
  readonly memoryLimit: number | null;
  /** Counters of the running service, oldest first; empty where none is watched. */
  readonly counters: readonly Counters[];
}

export interface VerdictAnswer extends Summing {
  /** The gravest first: each on one kind of thing, so that shares are of what is of that kind. */
  readonly verdicts: readonly [Verdict, ...Verdict[]];
  /** All of it for a ticket. */
  readonly text: string;
}

/**
 * Judges a series.
 *
 * @throws LeaksError where the profiles count nothing that lives
 */
export function verdict(profiles: Profiles, query: VerdictQuery): VerdictAnswer {
  const { sampleType, memoryLimit, counters } = query;
  const dumps = query.profiles.map((id) => {
    const { profile, summary } = profiles.entry(id);
    return { profile, time: summary.time, name: summary.name };
  });
  const judged = judgeDumps(dumps, { sampleType, memoryLimit, counters });
  const summing = sumUp(judged, counters.length > 0);
  return { ...summing, verdicts: judged.verdicts, text: verdictText(summing, judged, dumps) };
}
