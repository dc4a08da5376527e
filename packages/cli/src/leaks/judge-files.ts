// Dumps in files as one process: which of them are evidence of what, in which order, and what nobody can see in them.
import { dirname } from 'node:path';
import {
  areOfOneProcess,
  type Dump,
  type Evidence,
  evidencesIn,
  findLeaks,
  type LeakOptions,
  LeaksError,
  ProcessWatch,
  type ProcessVerdict,
  type Unseen,
} from '@stackpile/leaks';
import { taskLabel } from '@stackpile/profile';
import { SourceError, type SourceOptions } from '@stackpile/sources';
import { capturesOf, openDumps } from '@stackpile/sources/dumps';
import { inBlame, type Judged, type Judgement } from './judged.ts';
import { visible } from './terminal.ts';
import type { WatchIo } from './watch-io.ts';

/** Files, and how they are read and judged. */
export interface FilesPlan {
  readonly sources: readonly string[];
  /** Milliseconds between two dumps that do not say when they were taken; null where nobody said. */
  readonly interval: number | null;
  /** The sample type that alone is judged; null: all that the files show. */
  readonly type: string | null;
  readonly read: SourceOptions;
  readonly leaks: LeakOptions;
}

/** Files of one kind, read. */
interface ReadGroup {
  readonly dumps: readonly Dump[];
  readonly evidence: readonly Evidence[];
  readonly fromFolder: boolean;
}

/** All dumps as a service tells them, by what they are called. */
async function readGroups(plan: FilesPlan, io: WatchIo): Promise<ReadGroup[]> {
  const { sources, interval } = plan;
  const service = await openDumps(sources, {
    ...plan.read,
    ...(interval === null ? {} : { interval }),
    onProgress: (line) => io.stderr.write(`${visible(line)}\n`),
  });
  const { offers } = await service.offers();
  const groups = new Map<string, Dump[]>(offers.map(({ name }) => [name, []]));
  for await (const capture of capturesOf(service)) {
    const { name, source, time } = capture;
    groups.get(name)?.push({ profile: await capture.profile(), name: source, time });
  }
  return [...groups.values()].map((dumps) => groupOf(dumps, sources));
}

function groupOf(dumps: readonly Dump[], sources: readonly string[]): ReadGroup {
  const shown = dumps.map(({ profile }) => evidencesIn(profile));
  return {
    dumps,
    evidence: (shown[0] ?? []).filter((one) => shown.every((all) => all.includes(one))),
    // What was named itself is meant to be a dump.
    fromFolder: dumps.every(({ name = '' }) => !sources.includes(name)),
  };
}

/**
 * Texts do not say when they were taken, but other dumps in their folder may. Where that does not help, nobody's times are used: growth
 * per minute and growth per dump are not to be added up.
 */
function withTimes(groups: readonly ReadGroup[]): readonly ReadGroup[] {
  const isTimed = ({ dumps }: ReadGroup): boolean => dumps.every(({ time }) => (time ?? null) !== null);
  const times = new Map<string, number>();
  for (const { dumps } of groups.filter(isTimed))
    for (const { name = '', time } of dumps) times.set(dirname(name), time ?? 0);
  const timed = groups.map((group): ReadGroup => {
    const folders = new Set(group.dumps.map(({ name = '' }) => dirname(name)));
    if (isTimed(group) || folders.size < group.dumps.length || ![...folders].every((one) => times.has(one)))
      return group;
    const dumps = group.dumps.map((dump) => ({ ...dump, time: times.get(dirname(dump.name ?? '')) ?? null }));
    return { ...group, dumps: dumps.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0)) };
  });
  if (timed.every(isTimed) || !timed.some(isTimed)) return timed;
  return timed.map((group) => ({ ...group, dumps: group.dumps.map((dump) => ({ ...dump, time: null })) }));
}

/** Whether dumps carry the ids of goroutines or tasks. */
function haveIds(dumps: readonly Dump[]): boolean {
  return dumps.every(({ profile }) => {
    const { labels } = profile.samples;
    for (let i = 0; i < labels.length; i++)
      if (profile.strings.get(labels.key[i] ?? 0) === taskLabel.id) return true;
    return profile.samples.length === 0;
  });
}

/** Positive where the first series says more about the same things: it has ids, or else more dumps. */
function compareForms(one: readonly Dump[], other: readonly Dump[]): number {
  return Number(haveIds(one)) - Number(haveIds(other)) || one.length - other.length;
}

/** The series that says most, for each kind of evidence; a lone dump beside a series says nothing. */
function bestSeries(groups: readonly ReadGroup[]): Map<Evidence, readonly Dump[]> {
  const series = groups.filter(({ dumps }) => dumps.length > 1);
  const best = new Map<Evidence, readonly Dump[]>();
  for (const { dumps, evidence } of series.length > 0 ? series : groups) {
    for (const one of evidence) {
      const known = best.get(one);
      if (known === undefined || compareForms(dumps, known) > 0) best.set(one, dumps);
    }
  }
  return best;
}

/** Judges dumps without their process: the sample type that was named, or one that counts what nobody knows. */
function judgeAlone({ dumps, fromFolder }: ReadGroup, rules: LeakOptions): Judged[] {
  try {
    const verdict = findLeaks(dumps, { ...rules, ...(areOfOneProcess(dumps) ? {} : { maxIds: 0 }) });
    return [{ verdict, sources: dumps.map((dump) => dump.name ?? ''), base: null }];
  } catch (error) {
    // Of all that lies in a folder only some can be judged: CPU profiles cannot.
    if (fromFolder && error instanceof LeaksError && error.code === 'LEAKS_NO_MEASURE') return [];
    throw error;
  }
}

const nouns: readonly (readonly [evidence: readonly Evidence[], noun: string, give: string])[] = [
  [['tasks'], 'tasks', 'goroutine profiles'],
  [['handles'], 'handles', 'heap snapshots'],
  [['heap', 'classes'], 'memory', 'heap profiles'],
];

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** What these files cannot show: a verdict on tasks is none on memory. Go has no handles beside its goroutines. */
function notShown(seen: ReadonlySet<Evidence>, isGo: boolean): Unseen | null {
  const known = nouns
    .filter(([, noun]) => !isGo || noun !== 'handles')
    .map(([kinds, noun, give]) => ({
      noun: isGo && noun === 'tasks' ? 'goroutines' : noun,
      give,
      there: kinds.some((kind) => seen.has(kind)),
    }));
  const missing = known.filter(({ there }) => !there);
  if (missing.length === 0) return null;
  const shown = list(known.filter(({ there }) => there).map(({ noun }) => noun));
  const give = list([...new Set(missing.map((one) => one.give))]);
  return {
    id: 'files',
    text: `these files show ${shown === '' ? 'neither' : shown} only; ${list(missing.map(({ noun }) => noun))} ${missing.length === 1 && missing[0]?.noun === 'memory' ? 'was' : 'were'} not looked at: give ${give} too, or watch the service`,
    look: '',
    blocks: false,
  };
}

/** The one thing to do next where files could not tell. */
function nextOf(verdict: ProcessVerdict): string {
  if (verdict.kind !== 'unsure') return '';
  const open = verdict.verdicts.find(({ findings }) => findings[0]?.kind === 'growing');
  if (verdict.looks < 2) return 'stackpile leaks http://HOST:6060 --every 5s --for 60s';
  const grows = verdict.ledger.some(({ counter, state }) => counter === 'tasks' && state === 'grows');
  const tasks = verdict.verdicts.find(({ evidence }) => evidence === 'tasks');
  if (tasks !== undefined && !tasks.series.ids && (grows || open === tasks))
    return 'goroutine?debug=2 dumps carry ids, and ids tell load from a leak: give those, or the address of the service';
  return 'more dumps, further apart, will tell';
}

/**
 * Judges files as what one process left: one ledger, one verdict for each kind of evidence.
 *
 * @throws SourceError where none of them can be read; LeaksError where one that was named counts nothing that lives
 */
export async function judgeFiles(plan: FilesPlan, io: WatchIo): Promise<Judgement> {
  const groups = await readGroups(plan, io);
  const best = plan.type === null ? bestSeries(withTimes(groups)) : new Map<Evidence, readonly Dump[]>();
  if (best.size > 0 && groups.every(({ evidence, fromFolder }) => fromFolder || evidence.length > 0))
    return judgeWhole(best, plan.leaks);
  const judged = groups.flatMap((group) => judgeAlone(group, plan.leaks));
  if (judged.length === 0) {
    throw new SourceError(
      'SOURCE_MALFORMED',
      `${plan.sources.join(' ')}: no dump that counts what is alive, such as a goroutine or a heap profile`,
    );
  }
  return { judged, process: null };
}

function judgeWhole(best: ReadonlyMap<Evidence, readonly Dump[]>, rules: LeakOptions): Judgement {
  const oneProcess = [...best.values()].every(areOfOneProcess);
  const watch = new ProcessWatch({ ...rules, ...(oneProcess ? {} : { maxIds: 0 }) });
  for (const [evidence, dumps] of best) {
    for (const dump of dumps) {
      try {
        watch.dump(evidence, dump);
      } catch (error) {
        if (error instanceof LeaksError)
          throw new LeaksError(error.code, `${dump.name ?? ''}: ${error.message}`, { cause: error });
        throw error;
      }
    }
  }
  const so = watch.verdict();
  const isGo = so.verdicts.some(
    ({ evidence, series }) => evidence === 'tasks' && /goroutine/u.test(series.noun),
  );
  const unseen = notShown(new Set(best.keys()), isGo);
  if (unseen !== null) watch.notSeen(unseen);
  const verdict = watch.verdict();
  const process = { ...verdict, next: nextOf(verdict) };
  const judged = process.verdicts.map((one) => ({
    verdict: one,
    sources: (best.get(one.evidence) ?? []).map(({ name }) => name ?? ''),
    base: null,
  }));
  return { judged: inBlame(judged, process), process };
}
