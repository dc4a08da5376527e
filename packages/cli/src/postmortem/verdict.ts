// The verdict on the process of a bundle: the one that was written with it, else what the judge says of its evidence.
import { type Evidence, evidencesIn, LeaksError, ProcessWatch } from '@stackpile/leaks';
import { type Profile, safeText } from '@stackpile/profile';
import type { ReadBundle, RecordedVerdict } from './read-bundle.ts';

/** A verdict, and who found it: `then` at the time of the bundle, `now` by its evidence alone. */
export interface BundleVerdict extends RecordedVerdict {
  readonly found: 'then' | 'now';
}

interface Timed {
  readonly time: number;
  readonly feed: (watch: ProcessWatch) => void;
}

/** What a profile of a bundle is evidence of. A process without timers has no column of handles. */
function evidenceOf(kind: string, profile: Profile): Evidence[] {
  return kind === 'profile' ? [] : evidencesIn(profile);
}

/** The verdict on a bundle. What the judge cannot read is left out. */
export function verdictOf({ ledger, profiles, recorded }: ReadBundle): BundleVerdict {
  if (recorded !== null) return { ...recorded, found: 'then' };
  const all: Timed[] = ledger.map((counters) => ({
    time: counters.time,
    feed: (watch) => watch.counters(counters),
  }));
  for (const [kind, files] of profiles)
    for (const { profile } of files) {
      const time = Number(profile.timeNanos / 1_000_000n);
      for (const evidence of evidenceOf(kind, profile))
        all.push({
          time,
          feed: (watch) => watch.dump(evidence, { profile, time: time === 0 ? null : time }),
        });
    }
  const watch = new ProcessWatch();
  // Counters before the profiles of the same moment: those decide what is asked for.
  for (const { feed } of all.toSorted((a, b) => a.time - b.time)) {
    try {
      feed(watch);
    } catch (error) {
      if (!(error instanceof LeaksError)) throw error;
    }
  }
  const { kind, sentence } = watch.verdict();
  return { kind, sentence: safeText(sentence, 2000), found: 'now' };
}
