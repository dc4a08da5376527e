// Texts that a SQLite store keeps by name: what is known of each service, which says the same again and again, is packed.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { CutShort } from './bytes.ts';
import { isOwnNote } from './clock.ts';
import { bytesOf, type Statements } from './database.ts';
import { textOf } from './rows.ts';

/** Texts of fewer characters are kept as they are. */
const PACKED_FROM = 1000;

export class Notes {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  put(name: string, text: string): void {
    const kept = text.length < PACKED_FROM ? text : deflateRawSync(text, { level: 1 });
    this.#sql.run('INSERT OR REPLACE INTO note (name, text) VALUES (?, ?)', name, kept);
  }

  /** Null where there is none. @throws CutShort where it was damaged */
  get(name: string): string | null {
    const row = this.#sql.get('SELECT text FROM note WHERE name = ?', name);
    if (row === undefined) return null;
    const packed = bytesOf(row['text']);
    return packed === null ? textOf(row['text']) : unpacked(packed);
  }

  /** Of all but the store's own. */
  names(): string[] {
    return this.#sql
      .all('SELECT name FROM note ORDER BY name')
      .map((row) => textOf(row['name']))
      .filter((name) => !isOwnNote(name));
  }
}

function unpacked(text: Uint8Array): string {
  try {
    return inflateRawSync(text).toString();
  } catch {
    throw new CutShort();
  }
}
