// Profiles that lie side by side, as what one process left: a verdict on each kind of thing that all of them count, and the balance.
import { type Counters, heapIds } from '@stackpile/profile';
import type { Evidence } from './counter-kinds.ts';
import { evidencesIn } from './evidence-of.ts';
import { findLeaks } from './leaks.ts';
import type { ProcessVerdict } from './process-verdict.ts';
import { ProcessWatch } from './process-watch.ts';
import type { Dump, Verdict } from './verdict.ts';

/** What is known beside the profiles. */
export interface Beside {
  /** The one sample type that is judged; '' for all that the profiles count. */
  readonly sampleType?: string;
  /** Bytes at which the process ends; null where that is not known. */
  readonly memoryLimit?: number | null;
  /** Counters of the process, oldest first; empty where nobody watched it. */
  readonly counters?: readonly Counters[];
}

export interface DumpsVerdict {
  /** What is blamed first, then what else leaks: each on one kind of thing, so that shares are of what is of that kind. */
  readonly verdicts: readonly [Verdict, ...Verdict[]];
  /** The balance; null where one sample type was asked for, and where nothing is counted that a process is judged by. */
  readonly process: ProcessVerdict | null;
}

const gravity = { leak: 0, unsure: 1, none: 2 } as const;
/** Looks from which counters say more than the profiles beside them. */
const leastLooks = 3;

/**
 * Judges profiles of one process, oldest first.
 *
 * @throws LeaksError `LEAKS_NO_MEASURE` where they count nothing that lives
 */
export function judgeDumps(dumps: readonly Dump[], beside: Beside = {}): DumpsVerdict {
  const { sampleType = '', memoryLimit = null, counters = [] } = beside;
  const evidence = sampleType === '' ? commonEvidence(dumps) : [];
  if (evidence.length === 0) return { verdicts: [alone(dumps, sampleType, memoryLimit)], process: null };
  const watch = new ProcessWatch({
    // Ids of objects mean the same in the snapshots of one process only.
    ...(areOfOneProcess(dumps) ? {} : { maxIds: 0 }),
    // The one kind that is counted in bytes.
    ...(memoryLimit !== null && evidence.join() === 'heap' ? { limit: memoryLimit } : {}),
  });
  if (counters.length >= leastLooks) for (const one of counters) watch.counters(one);
  for (const one of evidence) for (const dump of dumps) watch.dump(one, dump);
  const process = watch.verdict();
  const blamed = process.convicted[0]?.evidence;
  const [first, ...others] = process.verdicts.toSorted(
    (a, b) =>
      Number(b.evidence === blamed) - Number(a.evidence === blamed) || gravity[a.kind] - gravity[b.kind],
  );
  return { verdicts: [first ?? alone(dumps, '', memoryLimit), ...others], process };
}

/** One sample type, without its process. */
function alone(dumps: readonly Dump[], sampleType: string, memoryLimit: number | null): Verdict {
  const types = dumps.at(-1)?.profile.sampleTypes ?? [];
  const unit = types.find(({ type }) => type === sampleType)?.unit;
  return findLeaks(dumps, {
    ...(sampleType === '' ? {} : { sampleType }),
    ...(unit === 'bytes' && memoryLimit !== null ? { limit: memoryLimit } : {}),
  });
}

function commonEvidence(dumps: readonly Dump[]): readonly Evidence[] {
  const shown = dumps.map(({ profile }) => new Set(evidencesIn(profile)));
  return [...(shown[0] ?? [])].filter((one) => shown.every((all) => all.has(one)));
}

/** Whether ids mean the same in all dumps. */
export function areOfOneProcess(dumps: readonly Dump[]): boolean {
  return new Set(dumps.map(({ profile }) => heapIds(profile)?.process ?? '')).size <= 1;
}
