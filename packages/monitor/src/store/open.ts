// A store by its name: sqlite:PATH, clickhouse:ADDRESS, or a path alone.
import { CLICKHOUSE_PREFIX, parseClickHouseAddress } from './clickhouse/address.ts';
import { openClickHouseStore } from './clickhouse/store.ts';
import type { ProfileStore } from './model.ts';
import { openSqliteStore } from './sqlite.ts';

const SQLITE_PREFIX = 'sqlite:';

/** Where a store is; the name is how it is shown, without a password. */
export type StorePlace =
  | { readonly kind: 'sqlite'; readonly path: string; readonly name: string }
  | { readonly kind: 'clickhouse'; readonly address: string; readonly name: string };

/** @throws StoreError with the code `STORE_USAGE` */
export function parseStorePlace(text: string): StorePlace {
  if (text.startsWith(CLICKHOUSE_PREFIX))
    return { kind: 'clickhouse', address: text, name: parseClickHouseAddress(text).name };
  const path = text.startsWith(SQLITE_PREFIX) ? text.slice(SQLITE_PREFIX.length) : text;
  return { kind: 'sqlite', path, name: path };
}

/**
 * Opens a store, or makes it.
 *
 * @throws StoreError
 */
export function openStore(place: StorePlace): Promise<ProfileStore> {
  return place.kind === 'sqlite' ? openSqliteStore(place.path) : openClickHouseStore(place.address);
}
