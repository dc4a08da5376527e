// What grows over several profiles.
import { findLeaks, type Verdict } from '@stackpile/leaks';
import { type Profiles, typeIndex } from '../profiles.ts';

export interface VerdictQuery {
  readonly profiles: readonly number[];
  readonly sampleType: string;
  /** Bytes at which the service ends, for verdicts on memory; null where unknown. */
  readonly memoryLimit: number | null;
}

export interface VerdictAnswer {
  readonly verdict: Verdict;
}

/** Judges a series. */
export function verdict(profiles: Profiles, query: VerdictQuery): VerdictAnswer {
  const dumps = query.profiles.map((id) => {
    const { profile, summary } = profiles.entry(id);
    return { profile, time: summary.time, name: summary.name };
  });
  const shown = profiles.entry(query.profiles.at(-1) ?? -1);
  const row = typeIndex(shown.profile, query.sampleType, shown.summary.defaultType);
  const inBytes = shown.summary.sampleTypes[row]?.unit === 'bytes';
  return {
    verdict: findLeaks(dumps, {
      ...(query.sampleType === '' ? {} : { sampleType: query.sampleType }),
      ...(inBytes && query.memoryLimit !== null ? { limit: query.memoryLimit } : {}),
    }),
  };
}
