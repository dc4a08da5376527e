// The samples of profile.proto → columns, one sample at a time, before anything is known of the tables they point to.
//
// Columns have room for what the rest of the message will need if it goes on as it began: memory that is never written
// to costs nothing, and copying a column to a larger one is the exception.
import { ProfileError } from '../errors.ts';
import { filled } from '../columns/growable.ts';
import { IdInterner, type IdMap } from '../columns/idmap.ts';
import { Int64Filler } from '../columns/int64.ts';
import { type Kernel, takeNumbers, tellNumbers } from './kernel/kernel.ts';
import { Header, MOST_TYPES, Numbers, Reading } from './kernel/layout.ts';
import type { IndexColumn, SampleTable } from '../profile.ts';
import { high, index, low, readLength, readVarint, skipValue, truncated, TWO_32, wrongType } from './wire.ts';

/** Ids below this are kept as they are until the locations are known; beyond, ids are numbered as they come. */
const PLAIN_IDS = 1 << 28;

/** Bytes that must have been read before they say something about the rest. */
const TELLING = 1 << 15;

/** What pprof calls malformed. */
export function invalid(table: string, row: number, what: string, pprof: string): ProfileError {
  return new ProfileError('PROFILE_INVALID', `${table} ${row} ${what}`, {
    pprofMessage: `malformed profile: ${pprof}`,
  });
}

/** Checks that string `row` exists. */
export function stringRow(row: number, strings: number, table: string, of: number): number {
  if (row < strings) return row;
  const which = row === TWO_32 ? 'a string out of range' : `string ${row}`;
  throw new ProfileError(
    'PROFILE_MALFORMED',
    `${table} ${of} names ${which}, the string table has ${strings} rows`,
  );
}

function grown<A extends Uint16Array | Uint32Array>(column: A, larger: A): A {
  larger.set(column);
  return larger;
}

/** Reads samples; what they name is looked up in {@link SampleReader.finish}. */
export class SampleReader {
  readonly #types: number;
  /** Bytes that the whole message has, as far as anybody knows. */
  readonly #expected: number;
  #row = 0;
  #stackStart: Uint32Array;
  #stackAt = 0;
  /** Ids of locations minus one, or numbers of {@link #ids}. */
  #stack: IndexColumn = new Uint16Array(4096);
  /** The largest id that `#stack` can hold as it is. */
  #ceiling = 0x10000;
  #largest = 0;
  #ids: IdInterner | null = null;
  readonly #values: Int64Filler[];
  #labelStart: Uint32Array;
  #label = 0;
  #labelKey = new Uint32Array(256);
  #labelText = new Uint32Array(256);
  #labelUnit = new Uint32Array(256);
  readonly #labelNumber = new Int64Filler(256);
  /** The largest string that a label names, and the sample that does. */
  #largestString = 0;
  #largestStringOf = 0;
  /** The first frame with the id 0, as an index into the stacks; -1 if there is none. */
  #zeroAt = -1;
  /** The first sample with a wrong number of values, and that number. */
  #wrongRow = -1;
  #wrongValues = 0;

  /**
   * @param types number of sample types
   * @param expected bytes of the whole message: a guess that only decides how much room there is at first
   */
  constructor(types: number, expected: number) {
    this.#types = types;
    this.#expected = expected;
    // Nobody has so many types, but anybody can claim them.
    const rows = types > 64 ? 2 : 256;
    this.#stackStart = new Uint32Array(rows);
    this.#labelStart = new Uint32Array(rows);
    this.#values = Array.from({ length: types }, () => new Int64Filler(rows));
  }

  /** Room for `used` elements and what the rest of the message will add if it is like its first `position` bytes. */
  #room(used: number, least: number, position: number): number {
    const likely = position > TELLING ? Math.ceil((used / position) * this.#expected * 1.03) : 0;
    return Math.max(least, likely, Math.ceil(used * 1.5)) + 64;
  }

  #growRows(position: number): void {
    const rows = this.#room(this.#row, this.#row + 2, position);
    this.#stackStart = grown(this.#stackStart, new Uint32Array(rows));
    this.#labelStart = grown(this.#labelStart, new Uint32Array(rows));
    for (const column of this.#values) column.grow(rows);
  }

  #growStack(least: number, position: number): void {
    const frames = this.#room(this.#stackAt, this.#stackAt + least, position);
    const narrow = this.#stack instanceof Uint16Array;
    this.#stack = grown(this.#stack, narrow ? new Uint16Array(frames) : new Uint32Array(frames));
  }

  #growLabels(least: number, position: number): void {
    const labels = this.#room(this.#label, this.#label + least, position);
    this.#labelKey = grown(this.#labelKey, new Uint32Array(labels));
    this.#labelText = grown(this.#labelText, new Uint32Array(labels));
    this.#labelUnit = grown(this.#labelUnit, new Uint32Array(labels));
    this.#labelNumber.grow(labels);
  }

  /** Tells the kernel what there is already, and whether it may go on; what it reads is kept by {@link take}. */
  tell(of: Kernel): void {
    const { header } = of;
    const reading = this.#types <= MOST_TYPES && this.#ids === null && this.#wrongRow < 0;
    if (!reading) return;
    header[Header.reading] = (header[Header.reading] as number) | Reading.samples;
    header[Header.types] = this.#types;
    header[Header.step] = this.#stack.BYTES_PER_ELEMENT;
    header[Header.ceiling] = this.#ceiling;
    header[Header.framesBefore] = this.#stackAt;
    header[Header.labelsBefore] = this.#label;
    header[Header.largestId] = this.#largest;
    header[Header.largestString] = this.#largestString;
    for (const [type, column] of this.#values.entries()) tellNumbers(of, type, column);
    tellNumbers(of, Numbers.labels, this.#labelNumber);
  }

  /** Keeps the samples that the kernel has read up to byte `position` of the message. */
  take(of: Kernel, position: number): void {
    const { header } = of;
    const samples = header[Header.samples] as number;
    if (samples === 0) return;
    const frames = header[Header.frames] as number;
    const labels = header[Header.labels] as number;
    const row = this.#row;
    const frame = this.#stackAt;
    const label = this.#label;
    this.#row = row + samples;
    this.#stackAt = frame + frames;
    this.#label = label + labels;
    if (this.#row + 1 > this.#stackStart.length) this.#growRows(position);
    if (this.#stackAt > this.#stack.length) this.#growStack(0, position);
    if (this.#label > this.#labelKey.length) this.#growLabels(0, position);
    const stacks = this.#stack instanceof Uint16Array ? of.stacks16 : of.stacks32;
    this.#stack.set(stacks.subarray(0, frames), frame);
    this.#stackStart.set(of.stackEnds.subarray(0, samples), row + 1);
    this.#labelStart.set(of.labelEnds.subarray(0, samples), row + 1);
    for (const [type, column] of this.#values.entries()) takeNumbers(of, type, column, row, samples);
    this.#labelKey.set(of.labelKeys.subarray(0, labels), label);
    // Memory that holds zeros already stays untouched.
    if (header[Header.texts] !== 0) this.#labelText.set(of.labelTexts.subarray(0, labels), label);
    if (header[Header.units] !== 0) this.#labelUnit.set(of.labelUnits.subarray(0, labels), label);
    takeNumbers(of, Numbers.labels, this.#labelNumber, label, labels);
    this.#largest = header[Header.largestId] as number;
    const largest = header[Header.largestString] as number;
    if (largest > this.#largestString) {
      this.#largestString = largest;
      this.#largestStringOf = row + (header[Header.largestStringOf] as number);
    }
  }

  /**
   * Reads the sample `bytes[at…end)`, of which `position` bytes of the message come before.
   *
   * @throws {ProfileError} naming the byte that is wrong
   */
  read(bytes: Uint8Array, at: number, end: number, position: number): void {
    const row = this.#row;
    const size = end - at;
    // A frame is at least one byte, a label two.
    if (row + 2 > this.#stackStart.length) this.#growRows(position);
    if (this.#stackAt + size > this.#stack.length) this.#growStack(size, position);
    if (this.#label + (size >>> 1) > this.#labelKey.length) this.#growLabels(size >>> 1, position);
    let values = 0;
    while (at < end) {
      // Nearly always: a key and a length of one byte each.
      const keyAt = at;
      let key = bytes[at] as number;
      const length = at + 1 < end ? (bytes[at + 1] as number) : 0x80;
      let last = at + 2 + length;
      if (key < 0x80 && (key & 7) === 2 && length < 0x80 && last <= end) at += 2;
      else {
        at = readVarint(bytes, at, end);
        // Field 0 stands for every number that is too large to be known.
        key = high() === 0 ? low() : low() & 7;
        if ((key & 7) === 2) {
          at = readLength(bytes, at, end);
          last = at + low();
        } else {
          const type = key & 7;
          const from = at;
          at = skipValue(bytes, at, end, type);
          const field = key >>> 3;
          if (field === 1 && type === 0) this.#readStack(bytes, from, at);
          else if (field === 2 && type === 0) values = this.#readValues(bytes, from, at, values);
          else if (field >= 1 && field <= 3) throw wrongType(keyAt, 'Sample', field, type);
          continue;
        }
      }
      if (key === 0x0a) this.#readStack(bytes, at, last);
      else if (key === 0x12) values = this.#readValues(bytes, at, last, values);
      else if (key === 0x1a) this.#readLabel(bytes, at, last);
      at = last;
    }
    if (values !== this.#types && this.#wrongRow < 0) {
      this.#wrongRow = row;
      this.#wrongValues = values;
      // The columns are never used; rows × types is bounded by the size of the message only while it is right.
      this.#values.length = 0;
    }
    this.#row = row + 1;
    this.#stackStart[row + 1] = this.#stackAt;
    this.#labelStart[row + 1] = this.#label;
  }

  #readStack(bytes: Uint8Array, at: number, end: number): void {
    if (at === end) return;
    if ((bytes[end - 1] as number) >= 0x80) throw truncated(end, 'a number has no end');
    // From here on every number that is begun ends before `end`.
    const stack = this.#stack;
    const ceiling = this.#ids === null ? this.#ceiling : 0;
    let to = this.#stackAt;
    let largest = this.#largest;
    while (at < end) {
      const from = at;
      let id = bytes[at++] as number;
      if (id >= 0x80) {
        const second = bytes[at++] as number;
        id = (id & 0x7f) | ((second & 0x7f) << 7);
        if (second >= 0x80) {
          const third = bytes[at++] as number;
          id |= (third & 0x7f) << 14;
          if (third >= 0x80) id = 0;
        }
      }
      // 0 stands for every id that is rare, and is one itself.
      if ((id - 1) >>> 0 >= ceiling) {
        this.#stackAt = to;
        this.#largest = largest;
        this.#readRareIds(bytes, from, end);
        return;
      }
      if (id > largest) largest = id;
      stack[to++] = id - 1;
    }
    this.#stackAt = to;
    this.#largest = largest;
  }

  /** Reads ids of every kind, widening the column or numbering the ids where it must. */
  #readRareIds(bytes: Uint8Array, at: number, end: number): void {
    while (at < end) {
      at = readVarint(bytes, at, end);
      const idLow = low();
      const idHigh = high();
      if (idLow === 0 && idHigh === 0 && this.#zeroAt < 0) this.#zeroAt = this.#stackAt;
      if (this.#ids === null && (idHigh !== 0 || idLow >= PLAIN_IDS)) this.#numberIds();
      let element = Math.max(idLow, 1) - 1;
      if (this.#ids !== null) element = this.#ids.number(idLow, idHigh);
      else if (idLow > this.#largest) this.#largest = idLow;
      if (element >= 0x10000 && this.#stack instanceof Uint16Array) {
        this.#stack = grown<IndexColumn>(this.#stack, new Uint32Array(this.#stack.length));
        this.#ceiling = PLAIN_IDS;
      }
      this.#stack[this.#stackAt++] = element;
    }
  }

  /** From now on the stacks hold numbers of ids. */
  #numberIds(): void {
    const ids = new IdInterner();
    const stack = this.#stack;
    for (let i = 0; i < this.#stackAt; i++) stack[i] = ids.number((stack[i] as number) + 1, 0);
    this.#ids = ids;
  }

  /** Reads values behind the first `count` of the sample and returns how many there are now. */
  #readValues(bytes: Uint8Array, at: number, end: number, count: number): number {
    if (at === end) return count;
    if ((bytes[end - 1] as number) >= 0x80) throw truncated(end, 'a number has no end');
    const columns = this.#values;
    const row = this.#row;
    while (at < end) {
      const column = count < columns.length ? (columns[count] as Int64Filler) : null;
      count++;
      const first = bytes[at] as number;
      // Columns start as zeros, and most values of a heap profile are.
      if (first === 0) {
        at++;
        continue;
      }
      if (first < 0x80) {
        at++;
        if (column !== null) column.putSmall(row, first);
        continue;
      }
      const second = bytes[at + 1] as number;
      if (second < 0x80) {
        at += 2;
        if (column !== null) column.putSmall(row, (first & 0x7f) | (second << 7));
        continue;
      }
      const third = bytes[at + 2] as number;
      if (third < 0x80) {
        at += 3;
        if (column !== null) column.putSmall(row, (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14));
        continue;
      }
      at = readVarint(bytes, at, end);
      if (column !== null) column.put(row, low(), high());
    }
    return count;
  }

  #readLabel(bytes: Uint8Array, at: number, end: number): void {
    let key = 0;
    let text = 0;
    let unit = 0;
    let numberLow = 0;
    let numberHigh = 0;
    while (at < end) {
      const keyAt = at;
      let tag = bytes[at] as number;
      if (tag < 0x80) at++;
      else {
        at = readVarint(bytes, at, end);
        tag = high() === 0 ? low() : low() & 7;
      }
      const type = tag & 7;
      const field = tag >>> 3;
      if (type === 0) {
        at = readVarint(bytes, at, end);
        if (field === 3) {
          numberLow = low();
          numberHigh = high();
        } else if (field === 1) key = index();
        else if (field === 2) text = index();
        else if (field === 4) unit = index();
        continue;
      }
      if (type === 2) at = readLength(bytes, at, end) + low();
      else at = skipValue(bytes, at, end, type);
      if (field >= 1 && field <= 4) throw wrongType(keyAt, 'Label', field, type);
    }
    const label = this.#label;
    let largest = key;
    if (text !== 0) {
      if (text > largest) largest = text;
      this.#labelText[label] = text;
    } else if (unit !== 0 || numberLow !== 0 || numberHigh !== 0) {
      if (unit > largest) largest = unit;
      // Memory that holds zeros already stays untouched.
      if (unit !== 0) this.#labelUnit[label] = unit;
      this.#labelNumber.put(label, numberLow, numberHigh);
    }
    if (largest > this.#largestString) {
      this.#largestString = largest;
      this.#largestStringOf = this.#row;
    }
    if (text === 0 && unit === 0 && numberLow === 0 && numberHigh === 0) return;
    this.#labelKey[label] = key;
    this.#label = label + 1;
  }

  /**
   * The table of all samples, and what pprof would say first about them; the table must not be used where that is
   * something.
   *
   * @throws {ProfileError} where a label names a string that is not there
   */
  finish(
    locationIds: IdMap,
    locations: number,
    strings: number,
  ): { samples: SampleTable; bad: ProfileError | null } {
    if (this.#largestString >= strings)
      stringRow(this.#largestString, strings, 'a label of sample', this.#largestStringOf);
    const length = this.#row;
    const unknownAt = this.#resolve(locationIds, locations);
    const stackStart = filled(this.#stackStart, length + 1);
    const labels = this.#label;
    const samples = {
      length,
      stackStart,
      stackLocations: filled(this.#stack, this.#stackAt),
      values: this.#values.map((column) => column.finish(length)),
      labelStart: filled(this.#labelStart, length + 1),
      labels: {
        length: labels,
        key: filled(this.#labelKey, labels),
        text: filled(this.#labelText, labels),
        number: this.#labelNumber.finish(labels),
        unit: filled(this.#labelUnit, labels),
      },
    };
    return { samples, bad: this.#judge(stackStart, unknownAt) };
  }

  /** Turns ids into rows; returns the first frame whose location is unknown, or -1. */
  #resolve(locationIds: IdMap, locations: number): number {
    const stack = this.#stack;
    const ids = this.#ids;
    const end = this.#stackAt;
    // Samples may name a location with the id 0 if there is one; that it must not be there is found later.
    if (this.#zeroAt >= 0 && locationIds.row(0, 0) >= 0) return -1;
    let unknownAt = this.#zeroAt;
    if (ids === null && locationIds.counted && this.#largest <= locations) return unknownAt;
    // Rows by what stands in the stack, plus one, so that 0 is "not looked up yet"; not where a single large id would
    // decide how much memory that takes.
    const distinct = ids === null ? this.#largest : ids.length;
    const rows = new Int32Array(distinct > 2 * end + 64 ? 0 : distinct);
    const narrow = locations <= 0x10000;
    const resolved =
      narrow === stack instanceof Uint16Array ? stack : narrow ? new Uint16Array(end) : new Uint32Array(end);
    for (let i = 0; i < end; i++) {
      const element = stack[i] as number;
      let row = element < rows.length ? (rows[element] as number) : 0;
      if (row === 0) {
        row = ids === null ? locationIds.row(element + 1, 0) : ids.row(element, locationIds);
        row = row < 0 ? -1 : row + 1;
        if (element < rows.length) rows[element] = row;
      }
      if (row < 0) {
        if (unknownAt < 0 || i < unknownAt) unknownAt = i;
        resolved[i] = 0;
      } else resolved[i] = row - 1;
    }
    this.#stack = resolved;
    return unknownAt;
  }

  #judge(stackStart: Uint32Array, unknownAt: number): ProfileError | null {
    const types = this.#types;
    if (types === 0 && this.#row > 0)
      return invalid('sample', 0, 'has no sample types to go with', 'missing sample type information');
    let unknownRow = -1;
    if (unknownAt >= 0) {
      unknownRow = 0;
      while ((stackStart[unknownRow + 1] as number) <= unknownAt) unknownRow++;
    }
    const wrong = this.#wrongRow;
    if (wrong >= 0 && (unknownRow < 0 || wrong <= unknownRow)) {
      const values = this.#wrongValues;
      const pprof = `mismatch: sample has ${values} values vs. ${types} types`;
      return invalid('sample', wrong, `has ${values} values, the profile has ${types} sample types`, pprof);
    }
    if (unknownRow < 0) return null;
    const frame = unknownAt - (stackStart[unknownRow] as number);
    const what = `names an unknown location as frame ${frame}`;
    return invalid('sample', unknownRow, what, 'sample has nil location');
  }
}
