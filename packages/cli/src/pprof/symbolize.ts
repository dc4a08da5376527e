// What `-symbolize` does: readable names, messages about binaries that cannot be asked, names from the server.
// Upstream: google/pprof internal/symbolizer/symbolizer.go internal/symbolz/symbolz.go, 2025-11-14
import { extendStrings, int64Column, MappingFlag, type Profile } from '@stackpile/profile';
import { baseName, type DemangleMode, withReadableNames } from '@stackpile/report';
import type { openBinary } from './binary.ts';
import { mappingRows } from './edit.ts';

/** `-symbolize` understood. */
export interface SymbolizePlan {
  readonly local: boolean;
  readonly remote: boolean;
  /** Also where there are names already. */
  readonly force: boolean;
  /** `none` leaves system names as they are. */
  readonly demangle: DemangleMode | 'none';
}

/** Reads the colon list of `-symbolize`; undefined means that nothing at all is to be done. */
export function parseSymbolize(text: string, warn: (line: string) => void): SymbolizePlan | undefined {
  let plan: SymbolizePlan = { local: true, remote: true, force: false, demangle: 'default' };
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

/** Says for which mappings names are missing and why; Stackpile reads none out of binaries. */
function reportMissingNames(
  profile: Profile,
  force: boolean,
  open: OpenBinary,
  warn: (line: string) => void,
): void {
  const { locations, mappings } = profile;
  const used = new Uint32Array(mappings.length);
  const bare = new Uint32Array(mappings.length);
  for (let i = 0; i < locations.length; i++) {
    const mapping = locations.mapping[i] as number;
    if (mapping < 0) continue;
    used[mapping] = (used[mapping] as number) + 1;
    if (locations.lineStart[i] === locations.lineStart[i + 1]) bare[mapping] = (bare[mapping] as number) + 1;
  }
  let missing = false;
  for (const { row, filename, buildId } of mappingRows(profile)) {
    if (used[row] === 0) continue;
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
    } else if (bare[row] !== 0 && opened.kind === 'executable') {
      warn(
        `Local symbolization failed for ${name}: names are not read out of binaries, ${bare[row] ?? 0} locations stay addresses`,
      );
    }
  }
  if (missing) {
    warn(
      'Some binary filenames not available. Symbolization may be incomplete.\nTry setting PPROF_BINARY_PATH to the search path for local binaries.',
    );
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
  const { locations, functions, mappings, strings } = profile;
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
  const names: string[] = [];
  const functionOf = new Map<string, number>();
  const functionAt = new Map<number, number>();
  for (const line of answer.split('\n').slice(0, -1)) {
    const match = /(0x[0-9a-fA-F]+)\s+(.*)/.exec(line);
    if (match === null) continue;
    const [, address = '', name = ''] = match;
    let fn = functionOf.get(name);
    if (fn === undefined) {
      fn = functions.length + names.push(name) - 1;
      functionOf.set(name, fn);
    }
    // Locations that have names already get this one too.
    for (const location of locationsAt.get(BigInt(address)) ?? []) functionAt.set(location, fn);
  }
  if (names.length === 0) return marked;

  const grow = <T extends Uint32Array | BigUint64Array>(column: T, add: (i: number) => T[number]): T => {
    const grown = new (column.constructor as new (length: number) => T)(column.length + names.length);
    (grown as Uint32Array).set(column as Uint32Array);
    for (let i = 0; i < names.length; i++) grown[column.length + i] = add(i);
    return grown;
  };
  const textRow = (i: number): number => strings.length + i;
  const lineStart = new Uint32Array(locations.length + 1);
  const lineFunction: number[] = [];
  const lineNumber: (number | bigint)[] = [];
  const lineColumn: (number | bigint)[] = [];
  for (let i = 0; i < locations.length; i++) {
    const fn = functionAt.get(i);
    if (fn !== undefined) {
      lineFunction.push(fn);
      lineNumber.push(0);
      lineColumn.push(0);
      lineStart[i + 1] = lineFunction.length;
      continue;
    }
    for (let l = locations.lineStart[i] as number; l < (locations.lineStart[i + 1] as number); l++) {
      lineFunction.push(locations.lines.function[l] as number);
      lineNumber.push(locations.lines.line[l] as number | bigint);
      lineColumn.push(locations.lines.column[l] as number | bigint);
    }
    lineStart[i + 1] = lineFunction.length;
  }
  const startLines: (number | bigint)[] = Array.from(functions.startLine as ArrayLike<number | bigint>);
  return {
    ...marked,
    strings: extendStrings(strings, names),
    functions: {
      length: functions.length + names.length,
      id: grow(functions.id, (i) => BigInt(functions.length + i + 1)),
      name: grow(functions.name, textRow),
      systemName: grow(functions.systemName, textRow),
      filename: grow(functions.filename, () => 0),
      startLine: int64Column([...startLines, ...names.map(() => 0)]),
    },
    locations: {
      ...locations,
      lineStart,
      lines: {
        length: lineFunction.length,
        function: Uint32Array.from(lineFunction),
        line: int64Column(lineNumber),
        column: int64Column(lineColumn),
      },
    },
  };
}

/**
 * Everything that `-symbolize` asks for.
 *
 * @param openBinary tells what kind of binary the file of a mapping is
 */
export async function symbolize(
  profile: Profile,
  mode: string,
  world: {
    readonly openBinary: OpenBinary;
    readonly warn: (line: string) => void;
    readonly sources: MappingSources;
    readonly post: PostText;
    /** Whether names may become empty, as pprof's do. */
    readonly asPprof: boolean;
  },
): Promise<Profile> {
  const plan = parseSymbolize(mode, world.warn);
  if (plan === undefined) return profile;
  if (plan.local) reportMissingNames(profile, plan.force, world.openBinary, world.warn);
  const named = plan.remote ? await askServers(profile, plan.force, world.sources, world.post) : profile;
  return withReadableNames(named, { mode: plan.demangle, force: plan.force, asPprof: world.asPprof });
}
