// What a report says in words: the verdict on those of its profiles that are of one kind.
import { judgeDumps, LeaksError, sumUp, verdictText } from '@stackpile/leaks';
import type { PageSource } from '../web/sources.ts';

type Judged = Pick<PageSource, 'profile' | 'name' | 'time'>;

/** The verdict on the profiles of the kind of the last one, as the page that opens them gives it; '' where there is none. */
export function saidOf(sources: readonly Judged[]): string {
  const last = sources.at(-1);
  const types = new Set(last?.profile.sampleTypes.map(({ type }) => type));
  const alike = sources.filter(({ profile }) => profile.sampleTypes.some(({ type }) => types.has(type)));
  const dumps = alike.every(({ time }) => time !== null)
    ? alike.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0))
    : alike;
  if (dumps.length < 2) return '';
  try {
    const judged = judgeDumps(dumps);
    return verdictText(sumUp(judged, false), judged, dumps);
  } catch (error) {
    // Profiles that count nothing that lives: nobody judges them.
    if (error instanceof LeaksError) return '';
    throw error;
  }
}
