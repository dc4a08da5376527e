// Dumps in files as a service: what was asked of a process before, told in the order in which it was asked.
import { dirname, resolve } from 'node:path';
import {
  type Counters,
  goOffer,
  heapIds,
  languageOf,
  type Offers,
  type Profile,
  readCounters,
} from '@stackpile/profile';
import { type DumpGroup, groupDumps } from './dump-files.ts';
import { SourceError } from './errors.ts';
import { loadSource } from './load.ts';
import type { FolderSpec, LoadedSource, SourceOptions } from './options.ts';
import { looks } from './looks.ts';
import { type Ask, captureOf, type Capture, type PastLook, type Service } from './service.ts';

export { filesBelow } from './dump-files.ts';

/** The query parameter that chooses a dump by its place in time, from 0 for the oldest. */
const DUMP = 'dump';
const LONGEST_NAME = 50;

/** Dumps of one kind, oldest first. */
interface Series {
  /** What it is offered as. */
  readonly name: string;
  readonly dumps: readonly LoadedSource[];
}

/** A dump among all others. */
interface Placed {
  readonly series: Series;
  readonly index: number;
  readonly dump: LoadedSource;
}

/** Puts dumps into the order in which they were taken, where all of them say when that was. */
function inOrder(loaded: readonly LoadedSource[], interval: number | undefined): LoadedSource[] {
  if (loaded.every(({ time }) => time !== null))
    return loaded.toSorted((a, b) => (a.time ?? 0) - (b.time ?? 0));
  return loaded.map((one, i) => ({ ...one, time: interval === undefined ? null : i * interval }));
}

/** Reads the files of a group. In a folder lie other things too: what is no profile is passed over there, and told. */
async function readGroup({ files, fromFolder }: DumpGroup, options: SourceOptions): Promise<LoadedSource[]> {
  const { onProgress, ...reading } = options;
  const loaded: LoadedSource[] = [];
  const looks: number[] = [];
  for (const file of files) {
    try {
      // The bytes are of no more use, and may be many.
      const one = { ...(await loadSource(file, { ...reading, looks })), bytes: null };
      loaded.push(one);
      const largest = heapIds(one.profile)?.largest ?? 0;
      if (largest > (looks.at(-1) ?? 0)) looks.push(largest);
    } catch (error) {
      if (!fromFolder || !(error instanceof SourceError) || error.code !== 'SOURCE_MALFORMED') throw error;
      onProgress?.(`passed over ${error.message}`);
    }
  }
  return inOrder(loaded, options.interval);
}

/** A name that can be a part of an address, and that no other series has. */
function offerName(group: string, taken: ReadonlySet<string>): string {
  const file = group
    .slice(group.lastIndexOf('/') + 1)
    .replaceAll(/[-_]?#/gu, '')
    .replaceAll(/[^\w.-]+/gu, '-');
  const name = file.replaceAll(/^[.-]+|[.-]+$/gu, '').slice(0, LONGEST_NAME) || 'dumps';
  for (let i = 1; ; i++) {
    const one = i === 1 ? name : `${name}-${i}`;
    if (!taken.has(one)) return one;
  }
}

/** All dumps in one row: by time, where all say when they were taken, else the first of each kind, then the second. */
function inOneRow(all: readonly Series[]): Placed[] {
  const row = all.flatMap((series) => series.dumps.map((dump, index) => ({ series, index, dump })));
  const timed = row.every(({ dump }) => dump.time !== null);
  return row.toSorted((a, b) => (timed ? (a.dump.time ?? 0) - (b.dump.time ?? 0) : a.index - b.index));
}

/** Whether each look has a folder of its own: `t1/heap.pb.gz`, `t1/goroutine.pb.gz`, `t2/heap.pb.gz`, … */
function haveFolders(all: readonly Series[]): boolean {
  const folders = new Set(all.flatMap(({ dumps }) => dumps.map(({ name }) => dirname(name))));
  return (
    folders.size > 1 &&
    all.every(({ dumps }) => new Set(dumps.map(({ name }) => dirname(name))).size === dumps.length)
  );
}

/** Which dumps were taken at one look: never two of a kind. */
function looksAmong(all: readonly Series[]): Placed[][] {
  const folders = haveFolders(all);
  const together = (a: Placed, b: Placed): boolean =>
    folders
      ? dirname(a.dump.name) === dirname(b.dump.name)
      : a.dump.time === null || b.dump.time === null
        ? a.index === b.index
        : a.dump.time === b.dump.time;
  const looks: Placed[][] = [];
  for (const placed of inOneRow(all)) {
    const look = looks.at(-1);
    const [first] = look ?? [];
    const joins =
      look !== undefined &&
      first !== undefined &&
      together(first, placed) &&
      look.every(({ series }) => series !== placed.series);
    if (joins) look.push(placed);
    else looks.push([placed]);
  }
  return looks;
}

/** How many there are of something, where a profile counts it. */
function countIn({ samples, sampleTypes }: Profile, types: readonly string[]): number | null {
  const column = sampleTypes.findIndex(({ type }) => types.includes(type));
  if (column < 0) return null;
  let count = 0;
  for (const value of samples.values[column] ?? []) count += Number(value);
  return count;
}

function isGo({ functions, strings }: Profile): boolean {
  for (let i = 0; i < functions.length; i++)
    if (languageOf(strings.get(functions.filename[i] ?? 0)) === 'go') return true;
  return false;
}

/** Dumps do not say more of it. */
const unknown: Counters = readCounters({ schema: 'stackpile.counters/1', time: 0 });

/** What the dumps of a look count; null where they count nothing that counters know. */
function countersOf(look: readonly Placed[]): Counters | null {
  const profiles = look.map(({ dump }) => dump.profile);
  const most = (types: readonly string[]): number | null =>
    profiles.reduce<number | null>((known, profile) => known ?? countIn(profile, types), null);
  const tasks = most(['goroutine', 'tasks', 'task']);
  const handles = most(['handles', 'handle']);
  const heapUsed = most(['inuse_space', 'space']);
  if (tasks === null && handles === null && heapUsed === null) return null;
  const time = look[0]?.dump.time ?? 0;
  return { ...unknown, runtime: profiles.some(isGo) ? 'go' : 'node', time, tasks, handles, heapUsed };
}

function pastLook(look: readonly Placed[]): PastLook {
  return {
    time: look[0]?.dump.time ?? null,
    counters: countersOf(look),
    asks: look.map(({ series, index }) => ({ name: series.name, query: { [DUMP]: String(index) } })),
  };
}

class DumpsService implements Service {
  readonly name: string;
  readonly kind = 'dumps';
  readonly heavy = false;
  /** Whoever reads the dumps tells: their counters say nothing of when a process began. */
  readonly restarts = 0;
  readonly past: readonly PastLook[];
  readonly #series: readonly Series[];

  constructor(name: string, series: readonly Series[]) {
    this.name = name;
    this.#series = series;
    this.past = looksAmong(series).map(pastLook);
  }

  offers(): Promise<Offers> {
    const offers = this.#series.map(({ name, dumps }) => ({
      ...goOffer(
        name,
        dumps.length,
        `${dumps.length} of its dumps; dump=N is one of them, from 0 for the oldest.`,
      ),
      query: [DUMP],
      delta: false,
    }));
    return Promise.resolve({ schema: 'stackpile.offers/1', offers });
  }

  /** Of the last look that counts something. */
  async counters(): Promise<Counters> {
    return this.past.findLast(({ counters }) => counters !== null)?.counters ?? unknown;
  }

  async capture(name: string, query: Readonly<Record<string, string>> = {}): Promise<Capture> {
    const dumps = this.#series.find((series) => series.name === name)?.dumps;
    if (dumps === undefined)
      throw new SourceError('SOURCE_USAGE', `${this.name}: there is no dump ${name.slice(0, 60)}`);
    const asked = query[DUMP];
    const dump =
      asked === undefined ? dumps.at(-1) : /^\d{1,6}$/u.test(asked) ? dumps[Number(asked)] : undefined;
    if (dump === undefined)
      throw new SourceError(
        'SOURCE_USAGE',
        `${this.name}: of ${name} there are ${dumps.length} dumps, from 0 for the oldest`,
      );
    return captureOf(name, dump.name, dump.time, dump.profile);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/**
 * Reads files, and all dumps below folders, as what one service left behind. Everything is read at once: only the dumps
 * themselves tell in which order they were taken. `onProgress` is told of what lies in a folder and is no profile.
 *
 * @param sources as typed: files, folders, addresses of profiles
 * @throws SourceError of the first that cannot be read
 */
export async function openDumps(sources: readonly string[], options: SourceOptions = {}): Promise<Service> {
  const cwd = options.cwd ?? process.cwd();
  const series: Series[] = [];
  const names = new Set<string>();
  for (const group of groupDumps(sources, cwd)) {
    const dumps = await readGroup(group, options);
    if (dumps.length === 0) continue;
    const name = offerName(group.name, names);
    names.add(name);
    series.push({ name, dumps });
  }
  return new DumpsService(sources.join(' '), series);
}

/** The dumps below a folder, named as the folder was typed. */
export function openFolder({ spec, path }: FolderSpec, options: SourceOptions): Promise<Service> {
  const cwd = options.cwd ?? process.cwd();
  return openDumps([resolve(cwd, spec) === path ? spec : path], options);
}

/** All that a service has left behind, look by look; nothing of one that runs. */
export async function* capturesOf(service: Service): AsyncGenerator<Capture, void, undefined> {
  if (service.past === undefined) return;
  const { offers } = await service.offers();
  const wants = (): Ask[] => offers.map(({ name }) => ({ name }));
  // Read they are: nothing is waited for that could be cut short.
  const { signal } = new AbortController();
  for await (const { captures } of looks(service, { every: 0, for: 0, wants, signal })) yield* captures;
}
