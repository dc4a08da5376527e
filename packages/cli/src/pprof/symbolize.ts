// What `-symbolize` does: names out of binaries, messages about those that cannot be asked, names from the server, readable names.
// Upstream: google/pprof internal/symbolizer/symbolizer.go internal/symbolz/symbolz.go, 2025-11-14
import { MappingFlag, type Profile } from '@stackpile/profile';
import { baseName, type DemangleMode, withReadableNames } from '@stackpile/report';
import type { BinaryNames } from '../binaries/names.ts';
import type { openBinary } from './binary.ts';
import { mappingRows } from './edit.ts';
import { type AddedFunction, type NamedLocation, withNamedLocations } from './named-locations.ts';

/** `-symbolize` understood. */
export interface SymbolizePlan {
  readonly local: boolean;
  readonly remote: boolean;
  /** Also where there are names already. */
  readonly force: boolean;
  /** Calls that were compiled into others are frames of their own, and names are the linker's: pprof has no word for it. */
  readonly inlined: boolean;
  /** `none` leaves system names as they are. */
  readonly demangle: DemangleMode | 'none';
}

/** Reads the colon list of `-symbolize`; undefined means that nothing at all is to be done. */
export function parseSymbolize(text: string, warn: (line: string) => void): SymbolizePlan | undefined {
  let plan: SymbolizePlan = { local: true, remote: true, force: false, inlined: false, demangle: 'default' };
  for (const word of text.toLowerCase().split(':')) {
    switch (word) {
      case '':
        break;
      case 'none':
      case 'no':
        return undefined;
      case 'local':
      case 'fastlocal':
        plan = { ...plan, local: true, remote: false };
        break;
      case 'remote':
        plan = { ...plan, local: false, remote: true };
        break;
      case 'inlines':
        plan = { ...plan, inlined: true };
        break;
      case 'force':
        plan = { ...plan, force: true };
        break;
      default: {
        const mode = word.replace(/^demangle=/, '');
        if (mode === 'full' || mode === 'none' || mode === 'templates') {
          plan = { ...plan, demangle: mode, force: true };
        } else if (mode !== 'default') {
          warn(`ignoring unrecognized symbolization option: ${text}`);
          warn(
            'expecting -symbolize=[local|fastlocal|remote|none][:force][:demangle=[none|full|templates|default]',
          );
        }
      }
    }
  }
  return plan;
}

const anyNames = MappingFlag.hasFunctions | MappingFlag.hasFilenames | MappingFlag.hasLineNumbers;

/** System mappings that no file stands behind. */
function isSystemMapping(file: string): boolean {
  const name = baseName(file);
  return (
    name.startsWith('[') ||
    name.startsWith('linux-vdso') ||
    file.startsWith('/dev/dri/') ||
    file.startsWith('/memfd:') ||
    file === '//anon'
  );
}

/** Tells what kind of binary a file is, by its name as the profile has it. */
type OpenBinary = (name: string) => ReturnType<typeof openBinary>;

/** Do all mappings say that they have names? Then none is looked for. */
export function hasNames({ mappings }: Profile): boolean {
  return mappings.flags.every((flags) => (flags & anyNames) !== 0);
}

/** Looks addresses up in a binary; the names of functions, or the end of a sentence that says why there are none. */
export type ReadNames = (
  file: string,
  mapped: { readonly start: bigint; readonly offset: bigint },
  addresses: ReadonlySet<bigint>,
  inlined: boolean,
) => Promise<BinaryNames | { readonly problem: string }>;

/** Names out of the binaries of mappings, and messages about those that cannot be asked or do not know. */
async function askBinaries(
  profile: Profile,
  { force, inlined }: SymbolizePlan,
  { openBinary: open, readNames, warn }: Pick<SymbolizeWorld, 'openBinary' | 'readNames' | 'warn'>,
): Promise<Profile> {
  const { locations, mappings } = profile;
  const byMapping = mappingRows(profile).map((): number[] => []);
  for (let i = 0; i < locations.length; i++) byMapping[locations.mapping[i] as number]?.push(i);
  const functions = new AddedFunctions();
  const flags = mappings.flags.slice();
  let missing = false;
  for (const { row, filename, buildId } of mappingRows(profile)) {
    const rows = byMapping[row] ?? [];
    if (rows.length === 0) continue;
    if (!force && ((mappings.flags[row] as number) & anyNames) !== 0) continue;
    if (filename === '') {
      if (row === 0) warn('Main binary filename not available.');
      else missing = true;
      continue;
    }
    if (isSystemMapping(filename)) continue;
    if (buildId === '' && /^[^:/?#]*http[^:/?#]*:/i.test(filename)) continue;
    const name = buildId === '' ? baseName(filename) : `${baseName(filename)} (build ID ${buildId})`;
    const opened = open(filename);
    if ('problem' in opened) {
      warn(`Local symbolization failed for ${name}: ${opened.problem}`);
      missing = true;
      continue;
    }
    const bare = new Set(rows.filter((i) => locations.lineStart[i] === locations.lineStart[i + 1]));
    if (opened.kind !== 'executable') continue;
    const mapped = { start: mappings.start[row] as bigint, offset: mappings.offset[row] as bigint };
    const addresses = new Set(rows.map((i) => locations.address[i] as bigint));
    const found = await readNames(filename, mapped, addresses, inlined);
    if ('problem' in found) {
      if (bare.size > 0)
        warn(
          `Local symbolization failed for ${name}: ${found.problem}, ${bare.size} locations stay addresses`,
        );
      continue;
    }
    if (buildId !== '' && found.buildId !== '' && found.buildId !== buildId)
      warn(`${name}: ${filename} is of another build, ${found.buildId}: its names may be wrong`);
    const left = functions.name(profile, rows, bare, found);
    flags[row] = (flags[row] as number) | functions.flags;
    if (left > 0)
      warn(
        `Local symbolization failed for ${name}: it names ${bare.size - left} of ${bare.size} locations, the others stay addresses`,
      );
    if (found.lacking !== '')
      warn(
        `${name}: calls that were inlined stand in ${found.lacking}, which is not there or damaged: give its folder in PPROF_BINARY_PATH, or put all such files into one with dwp -e ${filename}`,
      );
    if (found.linesProblem !== null && bare.size > left)
      warn(
        `${name}: functions are told by its symbols, lines are not read: ${found.linesProblem}; go tool pprof -proto ${filename} PROFILE > named.pb.gz may add them`,
      );
  }
  if (missing) {
    warn(
      'Some binary filenames not available. Symbolization may be incomplete.\nTry setting PPROF_BINARY_PATH to the search path for local binaries.',
    );
  }
  const named = withNamedLocations(profile, functions.all, functions.places);
  if (named === profile) return profile;
  const isFolded = locations.isFolded.slice();
  for (const row of functions.places.keys()) isFolded[row] = 0;
  return { ...named, mappings: { ...mappings, flags }, locations: { ...named.locations, isFolded } };
}

/** Functions out of binaries, each once. */
class AddedFunctions {
  readonly all: AddedFunction[] = [];
  readonly places = new Map<number, readonly NamedLocation[]>();
  /** What the last binary gave: bits of `MappingFlag`. */
  flags = 0;
  readonly #known = new Map<string, number>();

  /**
   * Names locations of a mapping as pprof does, all anew; what tells no line is no better than a name that is there.
   *
   * @returns how many of the `bare` ones, which had no name, have none still
   */
  name(
    { locations }: Profile,
    rows: readonly number[],
    bare: ReadonlySet<number>,
    { names }: BinaryNames,
  ): number {
    this.flags = 0;
    for (const row of rows) {
      const found = names.get(locations.address[row] as bigint);
      if (found === undefined || (found.every(({ line }) => line === 0) && !bare.has(row))) continue;
      // pprof says so of all that it names, inlined or not.
      this.flags |= MappingFlag.hasFunctions | MappingFlag.hasInlineFrames;
      if (found.some(({ file }) => file !== '')) this.flags |= MappingFlag.hasFilenames;
      if (found.some(({ line }) => line !== 0)) this.flags |= MappingFlag.hasLineNumbers;
      this.places.set(
        row,
        found.map(({ name, file, line }) => ({ function: this.#function(name, file), line })),
      );
    }
    return [...bare].filter((row) => !this.places.has(row)).length;
  }

  #function(name: string, file: string): number {
    const key = `${name}\0${file}`;
    const known = this.#known.get(key) ?? this.all.push({ name, file }) - 1;
    this.#known.set(key, known);
    return known;
  }
}

/** The URL that knows names for the addresses in profiles from `source`; undefined where `source` is no URL. */
export function symbolUrl(source: string): string | undefined {
  if (!URL.canParse(source)) return undefined;
  const url = new URL(source);
  if (url.host === '') return undefined;
  const known =
    url.pathname.includes('/debug/pprof/') ||
    /\/pprof\/(?:heap|growth|profile|pmuprofile|contention)$/.test(url.pathname);
  url.pathname = url.pathname.replace(/\/?[^/]*\/?$/, known ? '/symbol' : '/symbolz');
  url.search = '';
  return url.href;
}

/** Asks a server: posts `body` to `url` and gives the answer's text; throws one sentence. */
export type PostText = (url: string, body: string) => Promise<string>;

/** Where mappings came from: `[source URL, start of the mapping there]` by build id, or file name without one. */
export type MappingSources = ReadonlyMap<string, readonly (readonly [source: string, start: bigint])[]>;

/** Names from the servers that the profile came from, for locations that have none. */
async function askServers(
  profile: Profile,
  force: boolean,
  sources: MappingSources,
  post: PostText,
): Promise<Profile> {
  let current = profile;
  for (const { row, filename, buildId } of mappingRows(profile)) {
    if (!force && ((profile.mappings.flags[row] as number) & MappingFlag.hasFunctions) !== 0) continue;
    const candidates = [
      ...(sources.get(filename) ?? []),
      ...(buildId === '' ? [] : (sources.get(buildId) ?? [])),
    ];
    for (const [source, start] of candidates) {
      const url = symbolUrl(source);
      if (url === undefined) continue;
      current = await askServer(current, row, url, start, post);
      break;
    }
  }
  return current;
}

async function askServer(
  profile: Profile,
  mapping: number,
  url: string,
  start: bigint,
  post: PostText,
): Promise<Profile> {
  const { locations, mappings } = profile;
  // Merging moved addresses; the server knows the original ones.
  const shift = start - (mappings.start[mapping] as bigint);
  const asked: string[] = [];
  const locationsAt = new Map<bigint, number[]>();
  for (let i = 0; i < locations.length; i++) {
    const address = locations.address[i] as bigint;
    if (locations.mapping[i] !== mapping) continue;
    const original = BigInt.asUintN(64, address + shift);
    const same = locationsAt.get(original);
    if (same === undefined) locationsAt.set(original, [i]);
    else same.push(i);
    if (address !== 0n && locations.lineStart[i] === locations.lineStart[i + 1])
      asked.push(`0x${original.toString(16)}`);
  }
  const flags = mappings.flags.slice();
  flags[mapping] = (flags[mapping] as number) | MappingFlag.hasFunctions;
  const marked = { ...profile, mappings: { ...mappings, flags } };
  if (asked.length === 0) return marked;

  const answer = await post(url, asked.join('+'));
  const added: AddedFunction[] = [];
  const functionOf = new Map<string, number>();
  const named = new Map<number, readonly NamedLocation[]>();
  for (const line of answer.split('\n').slice(0, -1)) {
    const match = /(0x[0-9a-fA-F]+)\s+(.*)/.exec(line);
    if (match === null) continue;
    const [, at = '', name = ''] = match;
    let fn = functionOf.get(name);
    if (fn === undefined) {
      fn = added.push({ name, file: '' }) - 1;
      functionOf.set(name, fn);
    }
    // Locations that have names already get this one too.
    for (const location of locationsAt.get(BigInt(at)) ?? [])
      named.set(location, [{ function: fn, line: 0 }]);
  }
  return withNamedLocations(marked, added, named);
}

/** What naming needs of the world. */
export interface SymbolizeWorld {
  /** Tells what kind of binary the file of a mapping is. */
  readonly openBinary: OpenBinary;
  readonly readNames: ReadNames;
  readonly warn: (line: string) => void;
  readonly sources: MappingSources;
  readonly post: PostText;
  /** Whether names may become empty, as pprof's do. */
  readonly asPprof: boolean;
}

/** Everything that `-symbolize` asks for. */
export async function symbolize(profile: Profile, mode: string, world: SymbolizeWorld): Promise<Profile> {
  const plan = parseSymbolize(mode, world.warn);
  if (plan === undefined) return profile;
  const local = plan.local ? await askBinaries(profile, plan, world) : profile;
  const named = plan.remote ? await askServers(local, plan.force, world.sources, world.post) : local;
  return withReadableNames(named, { mode: plan.demangle, force: plan.force, asPprof: world.asPprof });
}
