// What is asked for a verdict on the profiles that are open: of the view, of a report, of paper.
import type { Counters } from '@stackpile/profile';
import type { VerdictQuery } from './engine/questions/verdict.ts';
import { looksOfShown, memoryOutlook } from './live.ts';
import { series, shared, state } from './store.ts';

/** The question; null where one moment is all there is. */
export function verdictQuestion(): VerdictQuery | null {
  const dumps = series.value;
  if (dumps.length < 2) return null;
  return {
    profiles: dumps.map(({ id }) => id),
    sampleType: state.value.sampleType,
    memoryLimit: memoryOutlook.value?.limit ?? null,
    counters: watchedCounters(),
  };
}

/** Of the service that is watched, or that was watched where a report was made. */
export function watchedCounters(): readonly Counters[] {
  const watched = looksOfShown.value.flatMap(({ counters }) => (counters === null ? [] : [counters]));
  return watched.length > 0 ? watched : (shared.value?.counters ?? []);
}
