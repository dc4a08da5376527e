// A profile with readable names: those of functions that have no name but their system name are demangled.
// Upstream: google/pprof internal/symbolizer/symbolizer.go, 2025-11-14
import { extendStrings, mayBeReadable, type Profile } from '@stackpile/profile';
import { type DemangleMode, readableName } from './demangle/demangle.ts';

/** Options of {@link withReadableNames}. */
export interface ReadableNamesOptions {
  /** `none` leaves system names as they are; default `default`. */
  readonly mode?: DemangleMode | 'none';
  /** Also where a function has a name of its own. */
  readonly force?: boolean;
  /** A name of which nothing is left stays empty, as pprof leaves it; by default it stays what it was. */
  readonly asPprof?: boolean;
}

/** The profile with the function names that `rename` gives, row by row; undefined keeps a name. */
function withFunctionNames(profile: Profile, rename: (row: number) => string | undefined): Profile {
  const { functions, strings } = profile;
  const rows = new Map<string, number>();
  const added: string[] = [];
  let name: Uint32Array | undefined;
  for (let row = 0; row < functions.length; row++) {
    const text = rename(row);
    if (text === undefined) continue;
    let id = text === '' ? 0 : rows.get(text);
    if (id === undefined) {
      id = strings.length + added.push(text) - 1;
      rows.set(text, id);
    }
    name ??= functions.name.slice();
    name[row] = id;
  }
  if (name === undefined) return profile;
  return { ...profile, functions: { ...functions, name }, strings: extendStrings(strings, added) };
}

/**
 * Gives functions without a name of their own the readable form of their system name; the same profile where all have one.
 * A name that differs from its system name, or has none, is final.
 */
export function withReadableNames(
  profile: Profile,
  { mode = 'default', force = false, asPprof = false }: ReadableNamesOptions = {},
): Profile {
  const { functions, strings } = profile;
  const readable = new Map<number, string>();
  return withFunctionNames(profile, (row) => {
    const name = functions.name[row] as number;
    const systemName = functions.systemName[row] as number;
    const forced = force && name !== 0 && systemName !== 0;
    if (name !== 0 && name !== systemName && strings.get(name) !== strings.get(systemName) && !forced)
      return undefined;
    if (mode === 'none') return forced && name !== systemName ? strings.get(systemName) : undefined;
    if (name === systemName && !mayBeReadable(strings.bytes(name))) return undefined;
    let text = readable.get(systemName);
    if (text === undefined) {
      const system = strings.get(systemName);
      text = readableName(system, mode);
      if (text === '' && !asPprof) text = system;
      readable.set(systemName, text);
    }
    return text === strings.get(name) ? undefined : text;
  });
}
