// Small changes to a fetched profile: its mappings, its comments.
import { extendStrings, type MappingTable, type Profile } from '@stackpile/profile';

/** A mapping whose texts may be changed before it goes back into the profile. */
export interface EditableMapping {
  readonly row: number;
  filename: string;
  buildId: string;
}

/** The mappings of a profile as rows. */
export function mappingRows(profile: Profile): EditableMapping[] {
  const { mappings, strings } = profile;
  return Array.from({ length: mappings.length }, (_, row) => ({
    row,
    filename: strings.get(mappings.filename[row] as number),
    buildId: strings.get(mappings.buildId[row] as number),
  }));
}

/** The profile with other file names and build ids; the same profile where nothing changed. */
export function withMappings(profile: Profile, rows: readonly EditableMapping[]): Profile {
  const { mappings, strings } = profile;
  const filename = mappings.filename.slice();
  const buildId = mappings.buildId.slice();
  const added: string[] = [];
  const put = (column: Uint32Array, row: number, text: string): void => {
    if (strings.get(column[row] as number) === text) return;
    column[row] = text === '' ? 0 : strings.length + added.push(text) - 1;
  };
  for (const one of rows) {
    put(filename, one.row, one.filename);
    put(buildId, one.row, one.buildId);
  }
  const changed =
    filename.some((id, row) => id !== mappings.filename[row]) ||
    buildId.some((id, row) => id !== mappings.buildId[row]);
  if (!changed) return profile;
  return { ...profile, mappings: { ...mappings, filename, buildId }, strings: extendStrings(strings, added) };
}

/** A profile without mappings gets an empty one that every location belongs to; others come back as they are. */
export function withSomeMapping(profile: Profile): Profile {
  if (profile.mappings.length > 0) return profile;
  const mappings: MappingTable = {
    length: 1,
    id: BigUint64Array.of(1n),
    start: new BigUint64Array(1),
    limit: new BigUint64Array(1),
    offset: new BigUint64Array(1),
    filename: new Uint32Array(1),
    buildId: new Uint32Array(1),
    flags: new Uint8Array(1),
  };
  const { locations } = profile;
  return { ...profile, mappings, locations: { ...locations, mapping: new Int32Array(locations.length) } };
}
