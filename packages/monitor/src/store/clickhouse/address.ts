// The address of a ClickHouse store: clickhouse:http://USER:PASSWORD@HOST:8123/DATABASE?cluster=NAME.
import { storeError } from '../failure.ts';

export interface ClickHouseAddress {
  /** As it is shown: without the password. */
  readonly name: string;
  /** Without user, path and query. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly database: string;
  /** Of the servers' own configuration: tables are made on all of them and spread over its shards; null for one server. */
  readonly cluster: string | null;
}

/** What stands before the address of a ClickHouse server where a store is named. */
export const CLICKHOUSE_PREFIX = 'clickhouse:';

const NAME = /^[A-Za-z_]\w{0,63}$/u;

/** @throws StoreError with the code `STORE_USAGE` */
export function parseClickHouseAddress(text: string): ClickHouseAddress {
  const rest = text.startsWith(CLICKHOUSE_PREFIX) ? text.slice(CLICKHOUSE_PREFIX.length) : text;
  const url = URL.parse(rest);
  const example = 'write clickhouse:http://HOST:8123/DATABASE';
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.hostname === '')
    throw storeError(shownText(text), 'STORE_USAGE', example);
  const name = CLICKHOUSE_PREFIX + url.protocol + '//' + url.host + url.pathname;
  const database = url.pathname.slice(1) || 'stackpile';
  if (!NAME.test(database))
    throw storeError(name, 'STORE_USAGE', `a database is letters and digits: ${example}`);
  const strange = [...url.searchParams.keys()].find((key) => key !== 'cluster');
  if (strange !== undefined)
    throw storeError(name, 'STORE_USAGE', `the address has ${strange.slice(0, 50)}; there is only cluster`);
  const cluster = url.searchParams.get('cluster');
  if (cluster !== null && !NAME.test(cluster))
    throw storeError(name, 'STORE_USAGE', 'a cluster is letters and digits');
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === null || password === null)
    throw storeError(name, 'STORE_USAGE', 'the user or the password has a stray %');
  return { name, url: url.origin, username: username || 'default', password, database, cluster };
}

/** Of what is no address; whoever typed it may have typed a password. */
function shownText(text: string): string {
  return text.slice(0, 200).replace(/^(clickhouse:(?:https?:\/\/)?).*@/u, '$1');
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
