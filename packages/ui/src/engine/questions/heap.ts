// What a heap snapshot holds: the largest holders, the classes, and by which chains a class is held.
import { BORN_LABEL, numberAt, type Origin, type Profile } from '@stackpile/profile';
import { type FrameSums, type Stacks, sumFrames } from '@stackpile/report/flame';
import { compileSearch } from '../compile.ts';
import { EngineError } from '../error.ts';
import type { Prepared, Profiles } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';

export interface HeapQuery extends StackQuery {
  /** The class whose holders are wanted; '' for the first of the table. */
  readonly class: string;
  readonly sort: HeapSort;
  /** Only classes that match; '' for all. */
  readonly filter: string;
}

export const heapSorts = ['retained', 'shallow', 'objects', 'fresh', 'name'] as const;
export type HeapSort = (typeof heapSorts)[number];

/** A value in both snapshots; `before` is 0 where none is compared with. */
export interface Change {
  readonly now: number;
  readonly before: number;
}

export interface HeapFrame {
  readonly name: string;
  readonly file: string;
  /** 0 where unknown. */
  readonly line: number;
  readonly origin: Origin;
}

/** A variable, and the bytes of all that hangs on it: what several hold counts for the nearest of them. */
export interface Holder extends HeapFrame {
  readonly bytes: Change;
}

export interface ClassSums extends HeapFrame {
  readonly objects: Change;
  /** Own bytes. */
  readonly shallow: Change;
  /** Own bytes and those of all that only they keep alive. */
  readonly retained: Change;
  /** Born after the first snapshot of the process; null where nothing tells. */
  readonly fresh: number | null;
}

/** A class on one chain of holders. */
export interface HeldClass {
  /** The class first, then its holders from the nearest to the root. */
  readonly frames: readonly HeapFrame[];
  readonly objects: Change;
  readonly shallow: Change;
}

export interface HeapAnswer {
  /** Bytes of the whole heap. */
  readonly size: Change;
  readonly objects: Change;
  /** Whether another snapshot is compared with. */
  readonly compared: boolean;
  /** Whether {@link ClassSums.fresh} is told by the ages of the objects, not by how many more there are. */
  readonly aged: boolean;
  /** The innermost variable that holds most, or whose hold grew most where snapshots are compared; null where no variable has a line. */
  readonly lead: Holder | null;
  /** The variables that hold most, at most eight. */
  readonly holders: readonly Holder[];
  readonly classes: readonly ClassSums[];
  /** How many there are besides those listed. */
  readonly more: number;
  /** The class whose chains are told, '' where there is none. */
  readonly chosen: string;
  readonly chains: readonly HeldClass[];
  readonly moreChains: number;
}

const mostClasses = 1000;
const mostChains = 5;
const mostHolders = 8;
/** A variable within another is told instead of it where it holds at least so much of what that holds. */
const innerShare = 0.5;

/** Sums up a heap. */
export function heap(profiles: Profiles, query: HeapQuery): HeapAnswer {
  const plain = { ...query, granularity: 'functions', tagRoot: '', tagLeaf: '' } as const;
  const of = (sampleType: string): Prepared => profiles.prepare({ ...plain, sampleType });
  const objects = of('objects');
  const shallow = of('shallow');
  const retained = of('retained');
  // In a comparison stacks are those of both: ages are of the one that is shown.
  const ages = agesOf(
    query.base === null ? objects : profiles.prepare({ ...plain, sampleType: 'objects', base: null }),
  );
  const sums = {
    objects: sumFrames(objects.stacks),
    shallow: sumFrames(shallow.stacks),
    retained: sumFrames(retained.stacks),
  };
  const holders = holdersOf(shallow.stacks, sums.shallow);
  const all = classesOf(objects.stacks, sums, ages, query);
  const { name } = objects.stacks.table;
  const chosen = all.find((frame) => name[frame] === query.class) ?? tellingClass(all, name) ?? all[0];
  const chains = chosen === undefined ? [] : chainsOf(objects.stacks, shallow.stacks, chosen).sort(bySize);
  const compared = query.base !== null;
  const row = (frame: number): ClassSums => ({
    ...frameOf(objects.stacks, frame),
    objects: changeOf(sums.objects, 'flat', frame),
    shallow: changeOf(sums.shallow, 'flat', frame),
    retained: changeOf(sums.retained, 'cum', frame),
    fresh: freshOf(frame, objects.stacks, sums.objects, ages, compared),
  });
  return {
    size: { now: shallow.stacks.total, before: shallow.stacks.totalBefore },
    objects: { now: objects.stacks.total, before: objects.stacks.totalBefore },
    compared,
    aged: ages !== null,
    lead: leadOf(holders, compared),
    holders: holders.slice(0, mostHolders),
    classes: all.slice(0, mostClasses).map(row),
    more: Math.max(0, all.length - mostClasses),
    chosen: chosen === undefined ? '' : (name[chosen] ?? ''),
    chains: chains.slice(0, mostChains),
    moreChains: Math.max(0, chains.length - mostChains),
  };
}

function frameOf({ table }: Stacks, frame: number): HeapFrame {
  return {
    name: table.name[frame] ?? '',
    file: table.file[frame] ?? '',
    line: table.line[frame] ?? 0,
    origin: table.origin[frame] ?? 'runtime',
  };
}

function changeOf(sums: FrameSums, column: 'flat' | 'cum', frame: number): Change {
  const before = column === 'flat' ? sums.flatBefore : sums.cumBefore;
  return { now: sums[column][frame] ?? 0, before: before?.[frame] ?? 0 };
}

interface Sums {
  readonly objects: FrameSums;
  readonly shallow: FrameSums;
  readonly retained: FrameSums;
}

/** Classes of the language: that there are many of them says little. */
const plainClass =
  /^(?:string|number|symbol|bigint|Object|Array|Map|Set|Function|Promise|WeakMap|WeakSet|WeakRef|\{[^]*\}|\([^]*\)|globalThis)$/;

/** The first class that somebody wrote. */
function tellingClass(frames: readonly number[], name: readonly string[]): number | undefined {
  return frames.slice(0, 12).find((frame) => !plainClass.test(name[frame] ?? ''));
}

/** Frames of classes, in the asked order. */
function classesOf(
  stacks: Stacks,
  sums: Sums,
  ages: Ages | null,
  { sort, filter, base }: HeapQuery,
): number[] {
  const { table } = stacks;
  const { pattern, error } = compileSearch(filter);
  if (filter !== '' && pattern === null) throw new EngineError('BAD_PATTERN', `Search: ${error}`);
  const frames: number[] = [];
  for (let frame = 0; frame < table.length; frame++) {
    if ((sums.objects.flat[frame] ?? 0) === 0 && (sums.objects.flatBefore?.[frame] ?? 0) === 0) continue;
    if (pattern?.test(table.name[frame] ?? '') === false) continue;
    frames.push(frame);
  }
  const key = (frame: number): number => {
    switch (sort) {
      case 'retained':
        return sums.retained.cum[frame] ?? 0;
      case 'shallow':
        return sums.shallow.flat[frame] ?? 0;
      case 'objects':
        return sums.objects.flat[frame] ?? 0;
      case 'fresh':
        return freshOf(frame, stacks, sums.objects, ages, base !== null) ?? 0;
      case 'name':
        return 0;
    }
  };
  const tie = (a: number, b: number): number =>
    (sort === 'name' ? 0 : (sums.retained.cum[b] ?? 0) - (sums.retained.cum[a] ?? 0)) ||
    ((table.name[a] ?? '') < (table.name[b] ?? '') ? -1 : 1);
  // The engine's own is nobody's to change, and the global object holds everything: they come behind the classes.
  const engine = (frame: number): number =>
    sort === 'name' ? 0 : Number(/^(?:\(|globalThis$)/.test(table.name[frame] ?? ''));
  return frames.sort((a, b) => engine(a) - engine(b) || key(b) - key(a) || tie(a, b));
}

function freshOf(
  frame: number,
  { table }: Stacks,
  objects: FrameSums,
  ages: Ages | null,
  compared: boolean,
): number | null {
  if (ages !== null) return ages.get(ageKey(table, frame)) ?? 0;
  return compared ? (objects.flat[frame] ?? 0) - (objects.flatBefore?.[frame] ?? 0) : null;
}

/** Objects by class, see {@link ageKey}: numbers of frames are others in a comparison. */
type Ages = ReadonlyMap<string, number>;

function ageKey({ name, file }: Stacks['table'], frame: number): string {
  return `${name[frame] ?? ''}\0${file[frame] ?? ''}`;
}

/** By class, how many objects were born after the first look; null where the profile does not tell ages. */
function agesOf({ profile, stacks }: Prepared): Ages | null {
  const born = bornLater(profile);
  if (born === null) return null;
  const sums = new Map<string, number>();
  for (let row = 0; row < stacks.length; row++) {
    const value = stacks.value[row] ?? 0;
    const end = stacks.start[row + 1] ?? 0;
    if (value === 0 || end === stacks.start[row] || born[stacks.sample[row] ?? 0] !== 1) continue;
    const key = ageKey(stacks.table, stacks.frames[end - 1] ?? 0);
    sums.set(key, (sums.get(key) ?? 0) + value);
  }
  return sums;
}

/** One byte per sample: 1 where its objects were born after the first look; null where no sample tells. */
function bornLater({ samples, strings }: Profile): Uint8Array | null {
  const { labels, labelStart } = samples;
  const born = new Uint8Array(samples.length);
  let told = false;
  for (let sample = 0; sample < samples.length; sample++) {
    for (let at = labelStart[sample] ?? 0; at < (labelStart[sample + 1] ?? 0); at++) {
      if (strings.get(labels.key[at] ?? 0) !== BORN_LABEL) continue;
      told = true;
      born[sample] = Number(numberAt(labels.number, at) > 0);
    }
  }
  return told ? born : null;
}

/** Variables, exports and globals that stand in somebody's script. */
function isVariable(name: string, file: string): boolean {
  return file !== '' && /^(?:variable|global|export) /.test(name);
}

/** Each variable with what it holds, the largest first; one that is within a larger one is told for that, see {@link innerShare}. */
function holdersOf(stacks: Stacks, { cum, cumBefore }: FrameSums): Holder[] {
  const { table } = stacks;
  const bytes = (frame: number): number => Math.max(cum[frame] ?? 0, cumBefore?.[frame] ?? 0);
  const variables: number[] = [];
  for (let frame = 0; frame < table.length; frame++)
    if (isVariable(table.name[frame] ?? '', table.file[frame] ?? '') && bytes(frame) > 0)
      variables.push(frame);
  variables.sort((a, b) => bytes(b) - bytes(a) || a - b);
  const outer = outerOf(stacks, variables.slice(0, 200), bytes);
  return variables
    .filter((frame) => !outer.has(frame))
    .map((frame) => ({
      ...frameOf(stacks, frame),
      bytes: { now: cum[frame] ?? 0, before: cumBefore?.[frame] ?? 0 },
    }));
}

/** Those of `variables` within which another one holds nearly as much: it says more. */
function outerOf(
  stacks: Stacks,
  variables: readonly number[],
  bytes: (frame: number) => number,
): Set<number> {
  const candidates = new Set(variables);
  const outer = new Set<number>();
  for (let row = 0; row < stacks.length; row++) {
    const above: number[] = [];
    for (let at = stacks.start[row] ?? 0; at < (stacks.start[row + 1] ?? 0); at++) {
      const frame = stacks.frames[at] ?? 0;
      if (!candidates.has(frame)) continue;
      for (const one of above) if (one !== frame && bytes(frame) >= bytes(one) * innerShare) outer.add(one);
      above.push(frame);
    }
  }
  return outer;
}

function leadOf(holders: readonly Holder[], compared: boolean): Holder | null {
  const [first] = holders;
  if (first === undefined || !compared) return first ?? null;
  const growth = ({ bytes }: Holder): number => bytes.now - bytes.before;
  const grown = holders.reduce((most, one) => (growth(one) > growth(most) ? one : most), first);
  return growth(grown) > 0 ? grown : first;
}

/** By which chains `frame` is held. */
function chainsOf(objects: Stacks, shallow: Stacks, frame: number): HeldClass[] {
  const chains = new Map<
    string,
    { readonly frames: readonly number[]; readonly objects: Sum; readonly shallow: Sum }
  >();
  for (const [stacks, column] of [
    [objects, 'objects'],
    [shallow, 'shallow'],
  ] as const) {
    for (let row = 0; row < stacks.length; row++) {
      const start = stacks.start[row] ?? 0;
      const end = stacks.start[row + 1] ?? 0;
      if (end === start || stacks.frames[end - 1] !== frame) continue;
      const key = stacks.frames.subarray(start, end).join(' ');
      const chain = chains.get(key) ?? {
        frames: [...stacks.frames.subarray(start, end)].reverse(),
        objects: { now: 0, before: 0 },
        shallow: { now: 0, before: 0 },
      };
      chains.set(key, chain);
      chain[column].now += stacks.diff?.after[row] ?? stacks.value[row] ?? 0;
      chain[column].before += stacks.diff?.before[row] ?? 0;
    }
  }
  return [...chains.values()].map((chain) => ({
    ...chain,
    frames: chain.frames.slice(0, 200).map((one) => frameOf(objects, one)),
  }));
}

interface Sum {
  now: number;
  before: number;
}

/** What grew most comes first, then what is most. */
function bySize(a: HeldClass, b: HeldClass): number {
  const growth = ({ objects }: HeldClass): number => objects.now - objects.before;
  return growth(b) - growth(a) || b.shallow.now - a.shallow.now;
}
