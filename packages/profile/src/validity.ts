// Every promise of the columnar model, checked one by one.
// Upstream: google/pprof profile/profile.go, 2025-11-14
import { ProfileError } from './errors.ts';
import type { IndexColumn, Int64Column, Profile } from './profile.ts';

function invalid(table: string, row: number, what: string, pprof?: string): ProfileError {
  return new ProfileError('PROFILE_INVALID', `${table} ${row} ${what}`, {
    pprofMessage: pprof === undefined ? undefined : `malformed profile: ${pprof}`,
  });
}

function checkLength(table: string, column: string, length: number, expected: number): void {
  if (length === expected) return;
  throw new ProfileError(
    'PROFILE_INVALID',
    `column ${column} of ${table} has ${length} rows, not ${expected}`,
  );
}

/** Offsets must start at 0, never fall, and end at `end`. */
function checkOffsets(table: string, column: string, offsets: Uint32Array, rows: number, end: number): void {
  checkLength(table, column, offsets.length, rows + 1);
  const first = offsets[0] as number;
  if (first !== 0) throw invalid(table, 0, `starts at ${first} in ${column}, not at 0`);
  for (let row = 0; row < rows; row++) {
    const from = offsets[row] as number;
    const to = offsets[row + 1] as number;
    if (to < from) throw invalid(table, row, `ends at ${to} in ${column}, before its start ${from}`);
  }
  const last = offsets[rows] as number;
  if (last !== end)
    throw new ProfileError('PROFILE_INVALID', `${column} of ${table} ends at ${last}, not at ${end}`);
}

function checkRows(table: string, column: string, values: IndexColumn, limit: number, of: string): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (value >= limit) throw invalid(table, row, `has ${column} ${value}, but there are ${limit} ${of}`);
  }
}

function checkInt64(table: string, column: string, values: Int64Column): void {
  if (!(values instanceof Float64Array)) return;
  let total = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row] as number;
    if (!Number.isInteger(value))
      throw invalid(table, row, `has the ${column} ${value}, which is no integer`);
    total += Math.abs(value);
    if (total > Number.MAX_SAFE_INTEGER) {
      throw invalid(table, row, `brings the sum of ${column} beyond what its Float64Array may hold`);
    }
  }
}

function checkIds(table: string, ids: BigUint64Array, word: 'ID' | 'id'): void {
  const seen = new Set<bigint>();
  for (let row = 0; row < ids.length; row++) {
    const id = ids[row] as bigint;
    if (id === 0n) throw invalid(table, row, 'has the id 0', `found ${table} with reserved ${word}=0`);
    if (seen.has(id)) {
      throw invalid(
        table,
        row,
        `has the id ${id} of an earlier row`,
        `multiple ${table}s with same id: ${id}`,
      );
    }
    seen.add(id);
  }
}

/**
 * Checks every promise that {@link Profile} and its tables make, in pprof's order where pprof has them.
 *
 * @throws {ProfileError} `PROFILE_INVALID` naming the table and the row that break the first rule
 */
export function checkValid(profile: Profile): void {
  const { samples, mappings, locations, functions, strings } = profile;
  const { labels } = samples;
  const { lines } = locations;

  if (strings.length === 0) throw new ProfileError('PROFILE_INVALID', 'the string table has no rows');
  if (strings.bytes(0).length !== 0) throw invalid('string', 0, 'is not empty');

  if (profile.sampleTypes.length === 0 && samples.length !== 0) {
    throw invalid('sample', 0, 'has no sample types to go with', 'missing sample type information');
  }
  if (samples.values.length !== profile.sampleTypes.length) {
    const what = `has ${samples.values.length} values, the profile has ${profile.sampleTypes.length} sample types`;
    const pprof = `mismatch: sample has ${samples.values.length} values vs. ${profile.sampleTypes.length} types`;
    throw invalid('sample', 0, what, pprof);
  }
  for (const [type, column] of samples.values.entries()) {
    checkLength('samples', `values[${type}]`, column.length, samples.length);
    checkInt64('sample', `value ${type}`, column);
  }
  checkOffsets('sample', 'stackStart', samples.stackStart, samples.length, samples.stackLocations.length);
  const { stackStart, stackLocations } = samples;
  for (let row = 0; row < samples.length; row++) {
    const end = stackStart[row + 1] as number;
    for (let i = stackStart[row] as number; i < end; i++) {
      if ((stackLocations[i] as number) < locations.length) continue;
      const frame = i - (stackStart[row] as number);
      throw invalid('sample', row, `names an unknown location as frame ${frame}`, 'sample has nil location');
    }
  }
  checkOffsets('sample', 'labelStart', samples.labelStart, samples.length, labels.length);
  for (const name of ['key', 'text', 'unit'] as const) {
    checkLength('labels', name, labels[name].length, labels.length);
    checkRows('label', name, labels[name], strings.length, 'strings');
  }
  checkLength('labels', 'number', labels.number.length, labels.length);
  checkInt64('label', 'number', labels.number);
  for (let row = 0; row < labels.length; row++) {
    if (labels.text[row] === 0) continue;
    if (Number(labels.number[row]) !== 0 || labels.unit[row] !== 0) {
      throw invalid('label', row, 'is a text label and has a number or a unit');
    }
  }

  for (const name of ['id', 'start', 'limit', 'offset', 'filename', 'buildId', 'flags'] as const) {
    checkLength('mappings', name, mappings[name].length, mappings.length);
  }
  checkIds('mapping', mappings.id, 'ID');
  checkRows('mapping', 'filename', mappings.filename, strings.length, 'strings');
  checkRows('mapping', 'buildId', mappings.buildId, strings.length, 'strings');
  for (let row = 0; row < mappings.length; row++) {
    if ((mappings.flags[row] as number) > 15) throw invalid('mapping', row, 'has unknown flags');
  }

  for (const name of ['id', 'name', 'systemName', 'filename', 'startLine'] as const) {
    checkLength('functions', name, functions[name].length, functions.length);
  }
  checkIds('function', functions.id, 'ID');
  for (const name of ['name', 'systemName', 'filename'] as const) {
    checkRows('function', name, functions[name], strings.length, 'strings');
  }
  checkInt64('function', 'startLine', functions.startLine);

  for (const name of ['id', 'mapping', 'address', 'isFolded'] as const) {
    checkLength('locations', name, locations[name].length, locations.length);
  }
  checkIds('location', locations.id, 'id');
  checkOffsets('location', 'lineStart', locations.lineStart, locations.length, lines.length);
  for (const name of ['function', 'line', 'column'] as const) {
    checkLength('lines', name, lines[name].length, lines.length);
  }
  for (let row = 0; row < locations.length; row++) {
    const mapping = locations.mapping[row] as number;
    if (mapping < -1 || mapping >= mappings.length) {
      throw invalid('location', row, `has the mapping ${mapping}, but there are ${mappings.length}`);
    }
    if ((locations.isFolded[row] as number) > 1)
      throw invalid('location', row, 'has isFolded neither 0 nor 1');
    const end = locations.lineStart[row + 1] as number;
    for (let line = locations.lineStart[row] as number; line < end; line++) {
      if ((lines.function[line] as number) < functions.length) continue;
      const id = locations.id[row] as bigint;
      const what = `(id ${id}) has a line that names no function of the profile`;
      throw invalid('location', row, what, `location id: ${id} has a line with nil function`);
    }
  }
  checkInt64('line', 'line', lines.line);
  checkInt64('line', 'column', lines.column);
}
