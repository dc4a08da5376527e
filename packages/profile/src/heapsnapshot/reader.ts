// The streaming reader of V8 heap snapshots: chunks of JSON text in, columns out, nothing else kept.
import { ProfileError } from '../errors.ts';
import { isWellFormed, utf8Encoder } from '../bytes/platform.ts';
import { writeText } from '../bytes/utf8.ts';
import type { HeapSnapshot } from './snapshot.ts';
import { type Header, parseHeader } from './snapshot-header.ts';
import { SnapshotNames } from './snapshot-names.ts';
import { type Section, SnapshotRows } from './snapshot-rows.ts';

/** How a snapshot is read. */
export interface HeapSnapshotOptions {
  /**
   * Bytes of the whole text where they are known (a file's size; Infinity for a snapshot that V8 itself is writing): columns are
   * then allocated once at their full length. Without it, or where the header claims more rows than so many bytes can hold, they
   * grow as rows arrive.
   */
  readonly expectedBytes?: number;
}

/** Bytes of the `snapshot` object; V8 writes about 2 KB. */
const HEADER_LIMIT = 1 << 20;

/** What the reader is in the middle of. */
const State = {
  begin: 0,
  keyOrEnd: 1,
  key: 2,
  inKey: 3,
  colon: 4,
  value: 5,
  header: 6,
  skip: 7,
  numbersOpen: 8,
  numbers: 9,
  stringsOpen: 10,
  stringOrEnd: 11,
  string: 12,
  inString: 13,
  afterString: 14,
  afterValue: 15,
  end: 16,
} as const;
type State = (typeof State)[keyof typeof State];

/**
 * Reads a heap snapshot piece by piece: `push` the chunks in order, then `finish`. The text is never held as a whole.
 *
 * Memory: 15 bytes per node, 8 per edge, 8 per location and the bytes of the strings that name objects, closures, scripts and
 * edges, and of those that code is named and written in; other strings' contents are dropped.
 * @throws ProfileError that names the byte at fault: PROFILE_MALFORMED, PROFILE_TRUNCATED, PROFILE_TOO_LARGE, PROFILE_EMPTY.
 */
export class HeapSnapshotReader {
  readonly #expectedBytes: number;
  #offset = 0;
  #state: State = State.begin;
  #text = new Uint8Array(0);

  #key = '';
  readonly #seen = new Set<string>();
  #headerBytes: number[] = [];
  #header: Header | null = null;
  #rows: SnapshotRows | null = null;
  readonly #names: SnapshotNames;

  #depth = 0;
  #quoted = false;
  #escaped = false;

  #section: Section = 'nodes';
  #row = new Float64Array(0);
  #field = 0;
  #value = 0;
  #digits = 0;
  #closed = false;
  #comma = false;

  constructor(options: HeapSnapshotOptions = {}) {
    this.#expectedBytes = options.expectedBytes ?? 0;
    this.#names = new SnapshotNames((i, place) => this.#malformed(i, place));
  }

  /** Bytes read so far. */
  get bytes(): number {
    return this.#offset;
  }

  /** Nodes and edges that the header promises; zeros until it was read. */
  get promised(): { readonly nodes: number; readonly edges: number } {
    return { nodes: this.#header?.nodeCount ?? 0, edges: this.#header?.edgeCount ?? 0 };
  }

  /** Takes the next chunk: bytes, or text as the inspector sends it. */
  push(chunk: Uint8Array | string): void {
    if (typeof chunk !== 'string') {
      this.#read(chunk, chunk.length);
      return;
    }
    // A character is three bytes at most: two of them make one of four.
    if (this.#text.length < 3 * chunk.length) this.#text = new Uint8Array(3 * chunk.length);
    // V8 writes nothing but ASCII, which the platform's encoder takes many times faster than a loop of ours.
    const size = isWellFormed(chunk)
      ? utf8Encoder.encodeInto(chunk, this.#text).written
      : writeText(chunk, this.#text, 0);
    this.#read(this.#text, size);
  }

  #read(b: Uint8Array, n: number): void {
    let i = 0;
    while (i < n) {
      switch (this.#state) {
        case State.numbers:
          i = this.#readNumbers(b, i, n);
          continue;
        case State.inString:
          i = this.#names.read(b, i, n);
          if (!this.#names.isOpen) this.#state = State.afterString;
          continue;
        case State.skip:
          i = this.#skip(b, i, n);
          continue;
        case State.header:
          i = this.#readHeader(b, i, n);
          continue;
        default:
      }
      const c = b[i] as number;
      if (this.#state === State.inKey) {
        if (c === 0x22) this.#state = State.colon;
        else if (c === 0x5c || c < 0x20 || this.#key.length >= 64) this.#malformed(i, 'in a key');
        else this.#key += String.fromCharCode(c);
        i++;
        continue;
      }
      if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) {
        i++;
        continue;
      }
      i += this.#structure(c, i);
    }
    this.#offset += n;
  }

  /** One byte of the outer structure; says how many bytes it used. */
  #structure(c: number, i: number): 0 | 1 {
    switch (this.#state) {
      case State.begin:
        if (c !== 0x7b) this.#malformed(i, "where '{' should open the snapshot");
        this.#state = State.keyOrEnd;
        return 1;
      case State.keyOrEnd:
      case State.key:
        if (c === 0x7d && this.#state === State.keyOrEnd) {
          this.#state = State.end;
          return 1;
        }
        if (c !== 0x22) this.#malformed(i, 'where the name of a section should stand');
        this.#key = '';
        this.#state = State.inKey;
        return 1;
      case State.colon:
        if (c !== 0x3a) this.#malformed(i, `where ':' should follow "${this.#key}"`);
        this.#state = State.value;
        return 1;
      case State.value:
        this.#openValue(i);
        return 0;
      case State.numbersOpen:
        if (c !== 0x5b) this.#malformed(i, `where '[' should open "${this.#key}"`);
        this.#field = 0;
        this.#value = 0;
        this.#digits = 0;
        this.#closed = false;
        this.#comma = false;
        this.#state = State.numbers;
        return 1;
      case State.stringsOpen:
        if (c !== 0x5b) this.#malformed(i, `where '[' should open "strings"`);
        this.#state = State.stringOrEnd;
        return 1;
      case State.stringOrEnd:
      case State.string:
        if (c === 0x5d && this.#state === State.stringOrEnd) {
          this.#state = State.afterValue;
          return 1;
        }
        if (c !== 0x22) this.#malformed(i, `where string ${this.#names.length} should begin`);
        this.#names.open();
        this.#state = State.inString;
        return 1;
      case State.afterString:
        if (c === 0x2c) this.#state = State.string;
        else if (c === 0x5d) this.#state = State.afterValue;
        else this.#malformed(i, `after string ${this.#names.length - 1}`);
        return 1;
      case State.afterValue:
        if (c === 0x2c) this.#state = State.key;
        else if (c === 0x7d) this.#state = State.end;
        else this.#malformed(i, `after "${this.#key}"`);
        return 1;
      default:
        this.#malformed(i, 'after the end of the snapshot');
    }
  }

  #openValue(i: number): void {
    const key = this.#key;
    if (this.#seen.has(key)) this.#malformed(i, `in a second "${key}"`);
    this.#seen.add(key);
    if (key === 'snapshot') {
      this.#depth = 0;
      this.#headerBytes = [];
      this.#state = State.header;
      return;
    }
    const header = this.#header;
    const rows = this.#rows;
    if (key === 'nodes' || key === 'edges' || key === 'locations') {
      if (header === null || rows === null)
        this.#malformed(i, `: "${key}" stands before "snapshot", which describes it`);
      const layout = header[key];
      if (layout === null) this.#malformed(i, `: "${key}" has no description in "snapshot"`);
      this.#section = key;
      this.#row = new Float64Array(layout.width);
      this.#state = State.numbersOpen;
      rows.open(key, layout);
      return;
    }
    if (key === 'strings') {
      if (rows === null || !this.#seen.has('nodes') || !this.#seen.has('edges')) {
        this.#malformed(i, ': "strings" stands before "nodes" and "edges"');
      }
      this.#names.begin(rows, this.#offset, i);
      this.#state = State.stringsOpen;
      return;
    }
    this.#depth = 0;
    this.#quoted = false;
    this.#escaped = false;
    this.#state = State.skip;
  }

  // ---- the header

  #readHeader(b: Uint8Array, i: number, n: number): number {
    const bytes = this.#headerBytes;
    while (i < n) {
      const c = b[i] as number;
      if (bytes.length === 0 && c !== 0x7b) this.#malformed(i, `where '{' should open "snapshot"`);
      bytes.push(c);
      i++;
      if (bytes.length > HEADER_LIMIT) {
        throw new ProfileError(
          'PROFILE_TOO_LARGE',
          `heap snapshot: "snapshot" is longer than ${HEADER_LIMIT} bytes at byte ${this.#offset + i}`,
        );
      }
      if (this.#quoted) {
        if (this.#escaped) this.#escaped = false;
        else if (c === 0x5c) this.#escaped = true;
        else if (c === 0x22) this.#quoted = false;
      } else if (c === 0x22) this.#quoted = true;
      else if (c === 0x7b || c === 0x5b) this.#depth++;
      else if (c === 0x7d || c === 0x5d) {
        this.#depth--;
        if (this.#depth === 0) {
          this.#openHeader(bytes, i);
          this.#headerBytes = [];
          this.#state = State.afterValue;
          return i;
        }
      }
    }
    return i;
  }

  #openHeader(bytes: readonly number[], i: number): void {
    const header = parseHeader(bytes, this.#offset + i, (what) => this.#malformed(i, `: "snapshot" ${what}`));
    this.#header = header;
    this.#rows = new SnapshotRows(header, this.#expectedBytes, (at, place) => this.#malformed(at, place));
  }

  // ---- numbers

  /** Reads integers straight from the bytes; a row is stored when its last field is complete. */
  #readNumbers(b: Uint8Array, i: number, n: number): number {
    const row = this.#row;
    const rows = this.#rows as SnapshotRows;
    const section = this.#section;
    const width = row.length;
    let field = this.#field;
    let value = this.#value;
    let digits = this.#digits;
    while (i < n) {
      let c = b[i] as number;
      if (c >= 0x30 && c <= 0x39) {
        if (this.#closed) this.#malformed(i, `where ',' should separate two numbers of "${this.#section}"`);
        do {
          value = value * 10 + (c - 0x30);
          digits++;
          i++;
          if (i === n) break;
          c = b[i] as number;
        } while (c >= 0x30 && c <= 0x39);
        if (digits > 15) this.#malformed(i - 1, `in a number of more than 15 digits in "${this.#section}"`);
        continue;
      }
      if (c === 0x2c) {
        if (digits === 0) this.#malformed(i, `where a number of "${this.#section}" should stand`);
        row[field++] = value;
        value = 0;
        digits = 0;
        this.#closed = false;
        this.#comma = true;
        if (field === width) {
          field = 0;
          rows.store(section, row, i);
        }
      } else if (c === 0x0a || c === 0x20 || c === 0x0d || c === 0x09) {
        if (digits > 0) this.#closed = true;
      } else if (c === 0x5d) {
        if (digits > 0) {
          row[field++] = value;
          if (field === width) {
            field = 0;
            rows.store(section, row, i);
          }
        } else if (this.#comma) this.#malformed(i, `where a number of "${this.#section}" should stand`);
        if (field !== 0) this.#malformed(i, `in the middle of a row of "${this.#section}"`);
        rows.checkCount(section, i);
        this.#state = State.afterValue;
        return i + 1;
      } else this.#malformed(i, `in "${this.#section}", which holds unsigned integers only`);
      i++;
    }
    this.#field = field;
    this.#value = value;
    this.#digits = digits;
    return i;
  }

  // ---- what nobody asked for

  #skip(b: Uint8Array, i: number, n: number): number {
    while (i < n) {
      const c = b[i] as number;
      if (this.#quoted) {
        if (this.#escaped) this.#escaped = false;
        else if (c === 0x5c) this.#escaped = true;
        else if (c === 0x22) this.#quoted = false;
      } else if (c === 0x22) this.#quoted = true;
      else if (c === 0x7b || c === 0x5b) this.#depth++;
      else if (c === 0x7d || c === 0x5d || c === 0x2c) {
        if (this.#depth === 0) {
          this.#state = State.afterValue;
          return i;
        }
        if (c !== 0x2c) this.#depth--;
      }
      i++;
    }
    return i;
  }

  // ---- the end

  /** Where the text was cut off, and how far it got, in words; null where it is whole. */
  get cut(): string | null {
    if (this.#state === State.end) return null;
    const { nodes, edges } = this.promised;
    const read = (section: Section): number => this.#rows?.count(section) ?? 0;
    const names = this.#names.length;
    return (
      `truncated at byte ${this.#offset}: ${read('nodes')} of ${nodes} nodes read, ${read('edges')} of ${edges} edges, ` +
      (names === 0 ? 'no names' : `${names} names`)
    );
  }

  /**
   * The snapshot; the reader is empty afterwards.
   *
   * @param asFarAsItGoes take a text that was cut off (its process was killed while it wrote) for what it has: objects without a
   *   name, or without what they hold; {@link HeapSnapshotReader.cut} says where
   */
  finish(asFarAsItGoes = false): HeapSnapshot {
    const rows = this.#rows;
    if (asFarAsItGoes && this.#state !== State.end && rows !== null && rows.count('nodes') > 0) {
      return rows.finish(this.#names.finish(), this.#offset, true);
    }
    return this.#finishWhole();
  }

  #finishWhole(): HeapSnapshot {
    if (this.#state !== State.end) {
      if (this.#offset === 0) throw new ProfileError('PROFILE_EMPTY', 'heap snapshot: the input is empty');
      throw new ProfileError(
        'PROFILE_TRUNCATED',
        `heap snapshot: truncated at byte ${this.#offset}${this.#place()}`,
      );
    }
    for (const key of ['snapshot', 'nodes', 'edges', 'strings']) {
      if (!this.#seen.has(key)) this.#malformed(0, `: there is no section "${key}"`);
    }
    const rows = this.#rows as SnapshotRows;
    if (rows.count('nodes') === 0) this.#malformed(0, ': there are no nodes');
    const strings = this.#names.length;
    if (rows.maxName >= strings)
      this.#malformed(0, `: a name is string ${rows.maxName}, but there are only ${strings}`);
    return rows.finish(this.#names.finish(), this.#offset, false);
  }

  #place(): string {
    switch (this.#state) {
      case State.header:
        return ' inside "snapshot"';
      case State.numbers: {
        const rows = this.#rows?.count(this.#section) ?? 0;
        const all =
          this.#section === 'nodes'
            ? ` of ${this.promised.nodes}`
            : this.#section === 'edges'
              ? ` of ${this.promised.edges}`
              : '';
        return ` inside "${this.#section}", after row ${rows}${all}`;
      }
      case State.stringOrEnd:
      case State.string:
      case State.inString:
      case State.afterString:
        return ` inside "strings", after ${this.#names.length} strings`;
      case State.skip:
        return ` inside "${this.#key}"`;
      default:
        return '';
    }
  }

  /** `place` begins with ':' where it is the whole complaint, else it says where the unexpected byte stands. */
  #malformed(i: number, place: string): never {
    const at = this.#offset + i;
    throw new ProfileError(
      'PROFILE_MALFORMED',
      place.startsWith(':')
        ? `heap snapshot: malformed at byte ${at}${place}`
        : `heap snapshot: unexpected byte at ${at} ${place}`,
    );
  }
}
