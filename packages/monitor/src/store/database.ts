// The SQLite file under a store: how it is opened, its tables, and its errors in this room's words.
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { StoreErrorCode } from '../errors.ts';
import { storeError } from './failure.ts';
import { numberOf } from './rows.ts';

/** 'STKP', so that a file of another program is told apart. */
const APPLICATION_ID = 0x53544b50;
const VERSION = 1;

/**
 * `stack` is a tree: a row is one stack, its frame below that of `parent` (0: none). `hour` is the last one in which it was seen.
 * `profile.payload` is NULL once the hour is a `chunk`; `sums` is what is left of a chunk later, `unfolded` what waits to become one.
 */
const SCHEMA = `
CREATE TABLE series (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, labels TEXT NOT NULL, profile TEXT NOT NULL,
  sample_type TEXT NOT NULL, unit TEXT NOT NULL, kind TEXT NOT NULL);
CREATE TABLE frame (id INTEGER PRIMARY KEY, function TEXT NOT NULL, file TEXT NOT NULL, line INTEGER NOT NULL,
  UNIQUE (function, file, line));
CREATE TABLE stack (id INTEGER PRIMARY KEY AUTOINCREMENT, hash INTEGER NOT NULL UNIQUE, parent INTEGER NOT NULL,
  frame INTEGER NOT NULL, hour INTEGER NOT NULL);
CREATE TABLE profile (series INTEGER NOT NULL, time INTEGER NOT NULL, run INTEGER NOT NULL, total REAL NOT NULL, payload BLOB,
  PRIMARY KEY (series, time)) WITHOUT ROWID;
CREATE TABLE unfolded (series INTEGER NOT NULL, hour INTEGER NOT NULL, PRIMARY KEY (series, hour)) WITHOUT ROWID;
CREATE TABLE chunk (series INTEGER NOT NULL, hour INTEGER NOT NULL, payload BLOB NOT NULL, PRIMARY KEY (series, hour)) WITHOUT ROWID;
CREATE TABLE sums (series INTEGER NOT NULL, hour INTEGER NOT NULL, run INTEGER NOT NULL, n INTEGER NOT NULL, sx REAL NOT NULL,
  sxx REAL NOT NULL, total REAL NOT NULL, total_max REAL NOT NULL, total_last REAL NOT NULL, payload BLOB NOT NULL,
  PRIMARY KEY (series, hour)) WITHOUT ROWID;
CREATE TABLE note (name TEXT PRIMARY KEY, text TEXT NOT NULL);
`;

const codes: ReadonlyMap<number, StoreErrorCode> = new Map<number, StoreErrorCode>([
  [5, 'STORE_LOCKED'],
  [6, 'STORE_LOCKED'],
  [11, 'STORE_CORRUPT'],
  [13, 'STORE_FULL'],
  [26, 'STORE_CORRUPT'],
]);

/** What SQLite threw, in this room's words; anything else as it is. */
export function translated(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  // The low byte is the kind, the rest says more.
  const code = codes.get(error.errcode & 0xff) ?? 'STORE_UNREADABLE';
  return storeError(name, code, code === 'STORE_UNREADABLE' ? error.message : undefined, error);
}

/** Loaded when it is needed: an older Node has no such module, and says so in a sentence of ours. */
async function sqlite(name: string): Promise<new (path: string) => DatabaseSync> {
  try {
    return (await import('node:sqlite')).DatabaseSync;
  } catch (error) {
    const why = `Node 22.13 or newer, for its node:sqlite; this is ${process.versions.node}`;
    throw storeError(name, 'STORE_UNSUPPORTED', why, error);
  }
}

/**
 * Opens the file, or makes it, for this process alone.
 *
 * @throws StoreError
 */
export async function openDatabase(path: string): Promise<DatabaseSync> {
  const Database = await sqlite(path);
  let database: DatabaseSync | undefined;
  try {
    database = new Database(path);
    // What a batch wrote survives the end of the process; a power cut may take the last ones, never more.
    database.exec(
      'PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY',
    );
    database.exec('BEGIN IMMEDIATE');
    prepareTables(database, path);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database?.close();
    throw translated(path, error);
  }
}

function prepareTables(database: DatabaseSync, name: string): void {
  const application = numberOf(database.prepare('PRAGMA application_id').get()?.['application_id']);
  const version = numberOf(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (application === APPLICATION_ID) {
    if (version !== VERSION) throw storeError(name, 'STORE_VERSION', `version ${version}, not ${VERSION}`);
    return;
  }
  const tables = numberOf(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n']);
  if (application !== 0 || tables > 0) throw storeError(name, 'STORE_CORRUPT', 'another program made it');
  database.exec(SCHEMA);
  database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${VERSION}`);
}

/** A blob out of a row; null where there is none. */
export function bytesOf(value: SQLOutputValue | undefined): Uint8Array | null {
  return value instanceof Uint8Array ? value : null;
}

export type Row = Readonly<Record<string, SQLOutputValue>>;

/** Statements by their text, each prepared once. */
export class Statements {
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  run(sql: string, ...values: SQLInputValue[]): { readonly changes: number; readonly id: number } {
    const { changes, lastInsertRowid } = this.#of(sql).run(...values);
    return { changes: Number(changes), id: Number(lastInsertRowid) };
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#of(sql).get(...values);
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#of(sql).all(...values);
  }

  #of(sql: string): StatementSync {
    let statement = this.#prepared.get(sql);
    if (statement === undefined) this.#prepared.set(sql, (statement = this.#database.prepare(sql)));
    return statement;
  }
}
