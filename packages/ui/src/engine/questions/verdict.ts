// What grows over several profiles, judged by each kind of thing that they count, and the balance of a process that is watched.
import {
  type Evidence,
  evidencesIn,
  findLeaks,
  ledgerLines,
  ProcessWatch,
  type Verdict,
} from '@stackpile/leaks';
import type { Counters } from '@stackpile/profile';
import { type Profiles, typeIndex } from '../profiles.ts';

export interface VerdictQuery {
  readonly profiles: readonly number[];
  /** '' judges every kind of thing that the profiles count. */
  readonly sampleType: string;
  /** Bytes at which the service ends, for verdicts on memory; null where unknown. */
  readonly memoryLimit: number | null;
  /** Counters of the running service, oldest first; empty where none is watched. */
  readonly counters: readonly Counters[];
}

export interface VerdictAnswer {
  /** The gravest first: each on one kind of thing, so that shares are of what is of that kind. */
  readonly verdicts: readonly [Verdict, ...Verdict[]];
  /** What the counters of the process balance to, or its files show; null where that is too little. */
  readonly process: ProcessWords | null;
}

/** A verdict on a process, in words. */
export interface ProcessWords {
  readonly kind: Verdict['kind'];
  readonly sentence: string;
  /** At most five lines. */
  readonly ledger: readonly string[];
  /** What would tell more, '' where there is nothing to add. */
  readonly next: string;
}

/** Kinds of things that one profile may count side by side: a share of one says nothing of another. */
const evidences: Readonly<Record<string, Evidence>> = {
  goroutine: 'tasks',
  tasks: 'tasks',
  handles: 'handles',
};
const gravity = { leak: 0, unsure: 1, none: 2 } as const;
const leastLooks = 3;

/** Judges a series. */
export function verdict(profiles: Profiles, query: VerdictQuery): VerdictAnswer {
  const dumps = query.profiles.map((id) => {
    const { profile, summary } = profiles.entry(id);
    return { profile, time: summary.time, name: summary.name };
  });
  const shown = profiles.entry(query.profiles.at(-1) ?? -1);
  const row = typeIndex(shown.profile, query.sampleType, shown.summary.defaultType);
  const inBytes = shown.summary.sampleTypes[row]?.unit === 'bytes';
  const options = inBytes && query.memoryLimit !== null ? { limit: query.memoryLimit } : {};
  const judge = (sampleType: string): Verdict =>
    findLeaks(dumps, { ...options, ...(sampleType === '' ? {} : { sampleType }) });
  const kinds = query.sampleType === '' ? kindsOf(shown.summary.sampleTypes.map(({ type }) => type)) : [];
  const [first, ...others] = kinds.length > 1 ? kinds.map(judge) : [judge(query.sampleType)];
  const verdicts = [first ?? judge(''), ...others].sort((a, b) => gravity[a.kind] - gravity[b.kind]);
  return {
    verdicts: [verdicts[0] ?? judge(''), ...verdicts.slice(1)],
    process: processOf(dumps, kinds, query),
  };
}

/** The balance: of a service by its counters, of files by all that they show. */
function processOf(
  dumps: readonly Parameters<ProcessWatch['dump']>[1][],
  kinds: readonly string[],
  { counters, sampleType }: VerdictQuery,
): ProcessWords | null {
  if (counters.length >= leastLooks) {
    const asked = kinds.flatMap((kind) => evidences[kind] ?? []);
    return balance(dumps, asked, counters);
  }
  if (counters.length > 0 || sampleType !== '') return null;
  const shown = dumps.map(({ profile }) => new Set(evidencesIn(profile)));
  const common = [...(shown[0] ?? [])].filter((one) => shown.every((all) => all.has(one)));
  // The looks that would tell more are for a service; files are told to be followed by others.
  return common.length === 0 ? null : { ...balance(dumps, common, []), next: '' };
}

function kindsOf(types: readonly string[]): string[] {
  return types.filter((type) => Object.hasOwn(evidences, type));
}

function balance(
  dumps: readonly Parameters<ProcessWatch['dump']>[1][],
  asked: readonly Evidence[],
  counters: readonly Counters[],
): ProcessWords {
  const watch = new ProcessWatch();
  for (const one of counters) watch.counters(one);
  for (const evidence of asked) for (const dump of dumps) watch.dump(evidence, dump);
  const judged = watch.verdict();
  return {
    kind: judged.kind,
    sentence: judged.sentence,
    ledger: ledgerLines(counters.length === 0 ? { ...judged, next: '' } : judged),
    next: judged.next,
  };
}
