// Where the user's own code waits, runs or holds memory.
import { ownPlaces } from '@stackpile/report/flame';
import { noFilters } from '../../stack-filters.ts';
import type { Profiles } from '../profiles.ts';
import type { StackQuery } from '../stack-query.ts';

export interface PlacesQuery extends StackQuery {
  readonly limit: number;
}

/** Where the user's own code is. */
export interface PlaceRow {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly value: number;
  readonly leaf: string;
}

export interface PlacesAnswer {
  readonly places: readonly PlaceRow[];
  readonly unit: string;
  readonly type: string;
  readonly total: number;
}

/** The places with the most. */
export function places(profiles: Profiles, query: PlacesQuery): PlacesAnswer {
  // Renamed and dropped frames would hide the user's: this question is about the whole profile.
  const plain: StackQuery = {
    ...query,
    base: null,
    granularity: 'functions',
    ...noFilters,
  };
  const { stacks, locations, profile, unit, type } = profiles.prepare(plain);
  const { table } = stacks;
  return {
    places: ownPlaces(stacks, locations, profile.samples, query.limit).map((place) => ({
      name: table.name[place.frame] as string,
      file: table.file[place.frame] as string,
      line: place.line,
      value: place.value,
      leaf: table.name[place.leaf] as string,
    })),
    unit,
    type,
    total: stacks.total,
  };
}
