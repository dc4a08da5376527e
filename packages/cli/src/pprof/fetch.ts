// From sources to the one profile that reports are made of: read, merged, subtracted, symbolized, cut, saved.
// Upstream: google/pprof internal/driver/fetch.go, 2025-11-14
import { resolve } from 'node:path';
import { diffProfiles, dropFrames, mergeProfiles, type Profile, ProfileError } from '@stackpile/profile';
import { compilePattern, isCommandName } from '@stackpile/report';
import { shownSource } from '@stackpile/sources';
import type { CliIo } from '../io.ts';
import { openBinary } from './binary.ts';
import type { Invocation } from './command-line.ts';
import { mappingRows, withMappings } from './edit.ts';
import { DriverError } from './errors.ts';
import { type Fetched, Fetcher, profileMessage, type Warn } from './fetcher.ts';
import { isAbsoluteUrl } from './go-url.ts';
import { binaryFolders, locateBinaries } from './locate-binaries.ts';
import { saveCopy } from './numbered-file.ts';
import { hasNames, type MappingSources, symbolize } from './symbolize.ts';

/** Reads all sources of one kind; what fails is said, what works is returned. */
async function fetchAll(
  sources: readonly string[],
  fetcher: Fetcher,
  finish: (profile: Profile) => Promise<Profile>,
): Promise<{ fetched: Fetched[]; problems: string[] }> {
  // As many as pprof has under way at once; order stays that of the command line.
  const group = 128;
  const fetched: Fetched[] = [];
  const problems: string[] = [];
  for (let start = 0; start < sources.length; start += group) {
    const results = await Promise.allSettled(
      sources.slice(start, start + group).map((source) => fetcher.fetch(source)),
    );
    for (const [i, result] of results.entries()) {
      if (result.status === 'fulfilled') {
        fetched.push({ ...result.value, profile: await finish(result.value.profile) });
      } else if (result.reason instanceof DriverError) {
        problems.push(`${shownSource(sources[start + i] ?? '')}: ${result.reason.message}`);
      } else throw result.reason;
    }
  }
  return { fetched, problems };
}

/** Where the mappings of remote profiles come from; one without any name is named after its source for a while. */
function mappingSources(fetched: readonly Fetched[]): { sources: MappingSources; profiles: Profile[] } {
  const sources = new Map<string, [string, bigint][]>();
  const profiles = fetched.map(({ profile, url }) => {
    if (url === '') return profile;
    const rows = mappingRows(profile);
    for (const mapping of rows) {
      let key = mapping.buildId === '' ? mapping.filename : mapping.buildId;
      if (key === '') {
        mapping.filename = url;
        key = url;
      }
      const known = sources.get(key) ?? [];
      sources.set(key, [...known, [url, profile.mappings.start[mapping.row] as bigint]]);
    }
    return withMappings(profile, rows);
  });
  return { sources, profiles };
}

/** Takes the names of sources off the mappings again, and with them every name that is a URL. */
function withoutSourceNames(profile: Profile): Profile {
  const rows = mappingRows(profile);
  for (const mapping of rows) {
    if (mapping.buildId === '' && isAbsoluteUrl(mapping.filename)) mapping.filename = '';
  }
  return withMappings(profile, rows);
}

/** Runs a step that combines profiles; what does not fit together ends the run with `prefix`. */
function combining<T>(prefix: string, suffix: string, combine: () => T): T {
  try {
    return combine();
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    throw new DriverError(`${prefix}${profileMessage(error)}${suffix}`, { cause: error });
  }
}

function compileDropFrames(expression: string): ((name: string) => boolean) | null {
  const pattern = compilePattern(expression);
  return typeof pattern === 'string' ? null : (name) => pattern.test(name);
}

/** Reports of sums alone. What shows or writes samples has to have equal ones added up. */
const reportsOfSums: ReadonlySet<string> = new Set(['top', 'text', 'tree', 'peek']);

/** Options that are asked of all locations, whether a sample needs them or not, or show columns as a merge leaves them. */
const optionsOfLocations = [
  'focus',
  'ignore',
  'hide',
  'show',
  'show_from',
  'prune_from',
  'mine',
  'hide_libs',
  'showcolumns',
] as const;

/** Are sums all that is asked of these profiles? Where names are looked for, it counts whether a sample needs them. */
function printsSums(invocation: Invocation, of: readonly Profile[]): boolean {
  const { report, http, compare, options } = invocation;
  if (report === undefined || http !== '' || compare || !reportsOfSums.has(report.name)) return false;
  if (optionsOfLocations.some((name) => options[name] !== '' && options[name] !== false)) return false;
  return invocation.symbolize === '' && of.every(hasNames);
}

/** Prepares one source for the rest: used for each column of a comparison too. Throws {@link DriverError}. */
export async function fetchProfile(invocation: Invocation, io: CliIo, warn: Warn): Promise<Profile> {
  const fetcher = new Fetcher(io, invocation, warn);
  const finish = (profile: Profile): Promise<Profile> => locateBinaries(profile, invocation, io, warn);
  const bases = invocation.base === '' ? [] : [invocation.base];
  const [main, base] = await Promise.all([
    fetchAll(invocation.sources, fetcher, finish),
    fetchAll(bases, fetcher, finish),
  ]);
  for (const problem of [...main.problems, ...base.problems]) warn(problem);
  const remote = mappingSources([...main.fetched, ...base.fetched]);
  const mainProfiles = remote.profiles.slice(0, main.fetched.length);
  const baseProfiles = remote.profiles.slice(main.fetched.length);

  const merged =
    mainProfiles.length === 0
      ? undefined
      : combining('problem fetching source profiles: ', '', () => mergeProfiles(mainProfiles));
  const mergedBase =
    baseProfiles.length === 0
      ? undefined
      : combining('problem fetching base profiles: ', ',', () => mergeProfiles(baseProfiles));
  if (merged === undefined) throw new DriverError('failed to fetch any source profiles');
  if (mergedBase === undefined && bases.length > 0)
    throw new DriverError('failed to fetch any base profiles');
  if (main.fetched.length !== invocation.sources.length) {
    warn(`Fetched ${main.fetched.length} source profiles out of ${invocation.sources.length}`);
  }

  let profile = merged;
  if (mergedBase !== undefined) {
    profile = combining('', '', () =>
      diffProfiles(mergedBase, merged, {
        labelBase: invocation.diffBase,
        normalize: invocation.options.normalize,
        sumsOnly: remote.sources.size === 0 && printsSums(invocation, [mergedBase, merged]),
      }),
    );
  }
  profile = await symbolize(profile, invocation.symbolize, {
    openBinary: (name) => openBinary(io.cwd, name),
    readNames: async (file, mapped, addresses, inlined) => {
      const { binaryNames } = await import('../binaries/names.ts');
      const folders = binaryFolders(io).map((folder) => resolve(io.cwd, folder));
      return binaryNames(resolve(io.cwd, file), mapped, addresses, inlined, folders);
    },
    warn,
    sources: remote.sources,
    post: fetcher.post,
    asPprof: invocation.report === undefined || isCommandName(invocation.report.name),
  });
  profile = withoutSourceNames(dropFrames(profile, compileDropFrames));
  if (invocation.comment !== '')
    profile = { ...profile, comments: [...profile.comments, invocation.comment] };
  if (remote.sources.size > 0) saveCopy(profile, io, warn);
  return profile;
}
