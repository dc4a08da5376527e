// Granularity: forgets what a report must not tell apart (names, files, lines, addresses, inlined frames).
import {
  type IndexColumn,
  type Int64Column,
  type LocationTable,
  MappingFlag,
  type Profile,
} from '@stackpile/profile';
import type { ReportOptions } from './options.ts';

/** What stays. */
interface Kept {
  readonly inlines: boolean;
  readonly functions: boolean;
  readonly files: boolean;
  readonly lines: boolean;
  readonly columns: boolean;
  readonly addresses: boolean;
}

/** The profile at the granularity of `options`. Samples are shared with `profile`. */
export function applyGranularity(profile: Profile, options: ReportOptions): Profile {
  const inlines = !options.noinlines;
  const { granularity } = options;
  if (granularity === 'addresses' && inlines) return profile;
  const fine = granularity === 'addresses' || granularity === 'lines';
  return forget(profile, {
    inlines,
    functions: granularity !== 'files',
    files: fine || granularity === 'files' || granularity === 'filefunctions',
    lines: fine,
    columns: options.showcolumns && fine,
    addresses: granularity === 'addresses',
  });
}

function forget(profile: Profile, kept: Kept): Profile {
  const { mappings, functions } = profile;
  let mask = 0;
  if (kept.inlines) mask |= MappingFlag.hasInlineFrames;
  if (kept.functions) mask |= MappingFlag.hasFunctions;
  if (kept.files) mask |= MappingFlag.hasFilenames;
  if (kept.lines) mask |= MappingFlag.hasLineNumbers;
  const none = new Uint32Array(functions.length);
  return {
    ...profile,
    mappings: { ...mappings, flags: mappings.flags.map((flags) => flags & mask) },
    functions: {
      ...functions,
      name: kept.functions ? functions.name : none,
      systemName: kept.functions ? functions.systemName : none,
      filename: kept.files ? functions.filename : none,
    },
    locations: forgetInLocations(profile.locations, kept),
  };
}

function forgetInLocations(locations: LocationTable, kept: Kept): LocationTable {
  let { lineStart, lines, address } = locations;
  if (!kept.inlines && lines.length > 0) {
    // Only the outermost line of each location stays.
    const start = new Uint32Array(locations.length + 1);
    const rows: number[] = [];
    for (let l = 0; l < locations.length; l++) {
      const end = lineStart[l + 1] as number;
      if (end > (lineStart[l] as number)) rows.push(end - 1);
      start[l + 1] = rows.length;
    }
    lines = gatherLines(lines, rows);
    lineStart = start;
  }
  const zeros = new Float64Array(lines.length);
  const line: Int64Column = kept.lines ? lines.line : zeros;
  const column: Int64Column = kept.columns ? lines.column : zeros;
  if (!kept.addresses) address = new BigUint64Array(locations.length);
  return { ...locations, address, lineStart, lines: { ...lines, line, column } };
}

/** The given rows of a line table, in that order. */
export function gatherLines(lines: LocationTable['lines'], rows: ArrayLike<number>): LocationTable['lines'] {
  const fn: IndexColumn =
    lines.function instanceof Uint16Array ? new Uint16Array(rows.length) : new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) fn[i] = lines.function[rows[i] as number] as number;
  return {
    length: rows.length,
    function: fn,
    line: gatherInt64(lines.line, rows),
    column: gatherInt64(lines.column, rows),
  };
}

/** The given rows of a column, in that order. */
export function gatherInt64(column: Int64Column, rows: ArrayLike<number>): Int64Column {
  if (column instanceof Float64Array) {
    const out = new Float64Array(rows.length);
    for (let i = 0; i < rows.length; i++) out[i] = column[rows[i] as number] as number;
    return out;
  }
  const out = new BigInt64Array(rows.length);
  for (let i = 0; i < rows.length; i++) out[i] = column[rows[i] as number] as bigint;
  return out;
}
