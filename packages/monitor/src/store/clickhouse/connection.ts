// A ClickHouse server through its official client: statements, questions, blocks of rows; what fails for a while is tried again.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as clickhouse from '@clickhouse/client';
import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client';
import { StoreError, type StoreErrorCode } from '../../errors.ts';
import { storeError } from '../failure.ts';
import type { ClickHouseAddress } from './address.ts';
import { isModern } from './schema.ts';
import { type Row, textOf } from '../rows.ts';

export interface Patience {
  /** For one answer, in milliseconds. */
  readonly timeoutMs: number;
  /** For how long rows that were not taken are sent again. */
  readonly retryMs: number;
}

const FIRST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 5000;
const MOST_TEXT = 300;

/** Of the server's own numbers: busy, out of memory or parts, without its keeper, or unsure whether it took the rows. */
const PASSING: ReadonlySet<string> = new Set(
  [159, 160, 164, 202, 203, 209, 210, 225, 236, 241, 242, 252, 279, 285, 286, 319, 394, 425, 999].map(String),
);
const codes: ReadonlyMap<string, StoreErrorCode> = new Map([['243', 'STORE_FULL']]);

/** The server's own number, where it answered; what one server of a cluster says of another the client does not take apart. */
function serverCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return /^\d+$/u.exec(code)?.[0] ?? /^Code: (\d+)/u.exec(error.message)?.[1] ?? null;
}

/** Whether the same may succeed later. */
function isPassing(error: unknown): boolean {
  const code = serverCode(error);
  return code === null ? error instanceof Error : PASSING.has(code);
}

async function load(name: string): Promise<typeof clickhouse> {
  try {
    return await import('@clickhouse/client');
  } catch (error) {
    throw storeError(name, 'STORE_UNSUPPORTED', 'npm install @clickhouse/client', error);
  }
}

export class Connection {
  readonly name: string;
  readonly #client: ClickHouseClient;
  readonly #patience: Patience;
  readonly #ending = new AbortController();
  /** See `Dialect.modern`. */
  modern = false;
  readonly #insertSettings: ClickHouseSettings = {};
  readonly #questionSettings: ClickHouseSettings = { output_format_json_quote_64bit_integers: 1 };

  private constructor(name: string, client: ClickHouseClient, patience: Patience) {
    this.name = name;
    this.#client = client;
    this.#patience = patience;
  }

  /**
   * Connects, and makes the database where there is none.
   *
   * @throws StoreError
   */
  static async open(address: ClickHouseAddress, patience: Patience): Promise<Connection> {
    const { createClient, ClickHouseLogLevel } = await load(address.name);
    const { url, username, password } = address;
    const common = { url, username, password, request_timeout: patience.timeoutMs, application: 'stackpile' };
    // Of what the client logs we throw the errors.
    const quiet = { ...common, log: { level: ClickHouseLogLevel.OFF } };
    const first = new Connection(address.name, createClient(quiet), patience);
    try {
      const version = textOf((await first.rows('SELECT version() AS version'))[0]?.['version']);
      const at = address.cluster === null ? '' : ` ON CLUSTER ${address.cluster}`;
      await first.command(`CREATE DATABASE IF NOT EXISTS ${address.database}${at}`);
      const connection = new Connection(
        address.name,
        createClient({ ...quiet, database: address.database }),
        patience,
      );
      connection.modern = isModern(version);
      if (address.cluster !== null) {
        // Rows are on every shard that they belong to before they count as taken.
        connection.#insertSettings['insert_distributed_sync'] = 1;
        // Of each shard the same replica for all: what one has just taken another may not have yet.
        connection.#insertSettings['load_balancing'] = 'in_order';
        connection.#questionSettings['load_balancing'] = 'in_order';
      }
      if (connection.modern) connection.#insertSettings['max_partitions_per_insert_block'] = '0';
      return connection;
    } finally {
      await first.close();
    }
  }

  /** A statement without an answer; not tried again. @throws StoreError */
  async command(query: string): Promise<void> {
    try {
      await this.#client.command({ query, clickhouse_settings: this.#insertSettings });
    } catch (error) {
      throw this.#translated(error);
    }
  }

  /** A question; asked once more where the connection broke. @throws StoreError */
  async rows(query: string): Promise<Row[]> {
    const ask = async (): Promise<Row[]> => {
      const settings: ClickHouseSettings = { ...this.#questionSettings };
      if (this.modern) settings['do_not_merge_across_partitions_select_final'] = 1;
      const answer = await this.#client.query({ query, format: 'JSON', clickhouse_settings: settings });
      return (await answer.json<Row>()).data;
    };
    try {
      return await ask().catch((error: unknown) => {
        if (!isPassing(error) || this.#ending.signal.aborted) throw error;
        return ask();
      });
    } catch (error) {
      throw this.#translated(error);
    }
  }

  /**
   * Rows in RowBinary, sent again as they are until they are taken or patience ends. That they may arrive twice changes nothing.
   *
   * @throws StoreError
   */
  async insert(table: string, block: Uint8Array): Promise<void> {
    const settings: ClickHouseSettings = { ...this.#insertSettings };
    if (this.modern) settings['insert_deduplication_token'] = tokenOf(block);
    const until = performance.now() + this.#patience.retryMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, MOST_PAUSE_MS)) {
      try {
        const { stream } = await this.#client.exec({
          query: `INSERT INTO ${table} FORMAT RowBinary`,
          values: Readable.from(Buffer.from(block.buffer, block.byteOffset, block.byteLength)),
          clickhouse_settings: settings,
        });
        for await (const _ of stream);
        return;
      } catch (error) {
        const isOver = performance.now() + pause >= until || this.#ending.signal.aborted;
        if (isOver || !isPassing(error)) throw this.#translated(error);
        await sleep(pause, undefined, { signal: this.#ending.signal }).catch(() => undefined);
      }
    }
  }

  /** Nothing is tried again from now on. */
  giveUp(): void {
    this.#ending.abort();
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  #translated(error: unknown): unknown {
    if (error instanceof StoreError || !(error instanceof Error)) return error;
    const code = serverCode(error);
    const why = (error.message || ('code' in error ? String(error.code) : error.name)).slice(0, MOST_TEXT);
    const sentence = why.replaceAll(/\s+/gu, ' ').trim();
    if (code === null) return storeError(this.name, 'STORE_UNREACHABLE', sentence, error);
    return storeError(this.name, codes.get(code) ?? 'STORE_UNREADABLE', sentence, error);
  }
}

/** By it a server that keeps tokens drops a block that it has, without looking at its rows. */
function tokenOf(block: Uint8Array): string {
  return createHash('sha256').update(block).digest('hex').slice(0, 32);
}
