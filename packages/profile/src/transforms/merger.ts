// One merge: tables of several profiles become one, row by row; what is equal is found by hash.
// Upstream: google/pprof profile/merge.go, 2025-11-14
import { countedIds } from '../builder.ts';
import { ByteInterner } from '../columns/byte-interner.ts';
import { filled, GrowingUint32 } from '../columns/growable.ts';
import { finishInt64 } from '../columns/int64.ts';
import { mergedHeader } from './merged-header.ts';
import { type MappingsOf, MergedMappings } from './merged-mappings.ts';
import type { Int64Column, Profile } from '../profile.ts';
import { TupleSet } from '../columns/tuples.ts';

const TWO_32 = 4294967296;

/** The words of one key at a time: unsigned 32-bit integers, no boxed numbers. */
class Key {
  words: Uint32Array = new Uint32Array(256);
  length = 0;

  push(word: number): void {
    if (this.length === this.words.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.words);
      this.words = larger;
    }
    this.words[this.length++] = word;
  }

  /** Both halves of one value of a column. */
  pushInt64(column: Int64Column, row: number): void {
    const value = column[row] as number | bigint;
    if (typeof value === 'number') {
      this.push(value);
      this.push(Math.floor(value / TWO_32));
    } else {
      this.push(Number(BigInt.asUintN(32, value)));
      this.push(Number(BigInt.asUintN(32, value >> 32n)));
    }
  }
}

function halvesOf(column: BigUint64Array): Uint32Array {
  return new Uint32Array(column.buffer, column.byteOffset, column.length * 2);
}

/** Rows of one source's tables in the merged tables, -1 where they were not needed yet. */
interface Source {
  readonly profile: Profile;
  readonly strings: Int32Array;
  readonly functions: Int32Array;
  readonly mappings: MappingsOf;
  /** Addresses of the locations, in halves. */
  readonly addresses: Uint32Array;
  readonly locations: Int32Array;
  /** Hash of each merged location. */
  readonly mixed: Int32Array;
}

function rotated(hash: number): number {
  return (hash << 7) | (hash >>> 25);
}

/** 1 for each sample with a value other than 0. */
export function samplesWithValue({ length, values }: Profile['samples']): Uint8Array {
  const present = new Uint8Array(length);
  for (const column of values) {
    if (column instanceof Float64Array) {
      for (let row = 0; row < length; row++) if (column[row] !== 0) present[row] = 1;
    } else for (let row = 0; row < length; row++) if (column[row] !== 0n) present[row] = 1;
  }
  return present;
}

/** Adds each value to the sum at `rows`, where that is not -1. */
function addColumn(sums: Int64Column, values: Int64Column, rows: Int32Array): void {
  for (let row = 0; row < rows.length; row++) {
    const to = rows[row] as number;
    if (to < 0) continue;
    const value = values[row] as number | bigint;
    if (sums instanceof BigInt64Array) sums[to] = (sums[to] as bigint) + BigInt(value);
    // Untouched memory is zeros already.
    else if (value !== 0) sums[to] = (sums[to] as number) + (value as number);
  }
}

/** Merges profiles of equal types into one: {@link Merger.run}, once. */
export class Merger {
  readonly #sources: readonly Profile[];
  readonly #bySource = new Map<Profile, Source>();
  readonly #strings = new ByteInterner();
  readonly #functionSet = new TupleSet();
  /** Name, system name, file name, start line (two halves). */
  readonly #functions = new GrowingUint32(1024);
  readonly #mappings = new MergedMappings();
  readonly #locationSet = new TupleSet();
  readonly #locationMapping = new GrowingUint32(1024);
  readonly #locationAddress = new GrowingUint32(2048);
  readonly #locationFolded = new GrowingUint32(1024);
  readonly #lineStart = new GrowingUint32(1024);
  readonly #lineFunction = new GrowingUint32(1024);
  readonly #lineNumber = new GrowingUint32(2048);
  readonly #lineColumn = new GrowingUint32(2048);
  readonly #key = new Key();

  // Samples: arrays for the worst case, where nothing is equal.
  #samples = 0;
  readonly #stackStart: Uint32Array;
  /** 16 bits as long as they do. */
  #stack: Uint16Array | Uint32Array;
  /** Where the stack that was added last ends. */
  #stackEnd = 0;
  readonly #hashes: Int32Array;
  readonly #slots: Int32Array;
  readonly #values: Int64Column[];
  readonly #labelStart: Uint32Array;
  readonly #labelKey: Uint32Array;
  readonly #labelText: Uint32Array;
  readonly #labelUnit: Uint32Array;
  /** Two halves each. */
  readonly #labelNumber: Uint32Array;

  constructor(sources: readonly Profile[]) {
    this.#sources = sources;
    let samples = 0;
    let frames = 0;
    let labels = 0;
    for (const { samples: s } of sources) {
      samples += s.length;
      frames += s.stackLocations.length;
      labels += s.labels.length;
    }
    this.#stackStart = new Uint32Array(samples + 1);
    this.#stack = new Uint16Array(frames);
    this.#hashes = new Int32Array(samples);
    let slots = 64;
    // Three quarters full at most: what is looked up at random has to be small.
    while (slots * 3 < samples * 4) slots *= 2;
    this.#slots = new Int32Array(slots).fill(-1);
    this.#labelStart = new Uint32Array(samples + 1);
    this.#labelKey = new Uint32Array(labels);
    this.#labelText = new Uint32Array(labels);
    this.#labelUnit = new Uint32Array(labels);
    this.#labelNumber = new Uint32Array(labels * 2);
    this.#lineStart.push(0);
    const first = sources[0] as Profile;
    this.#values = first.sampleTypes.map((_, type) => {
      let total = 0;
      for (const source of sources) {
        const column = source.samples.values[type] as Int64Column;
        if (!(column instanceof Float64Array)) return new BigInt64Array(samples);
        for (let row = 0; row < column.length; row++) total += Math.abs(column[row] as number);
      }
      return total <= Number.MAX_SAFE_INTEGER ? new Float64Array(samples) : new BigInt64Array(samples);
    });
  }

  run(): Profile {
    for (const profile of this.#sources) {
      const source: Source = {
        profile,
        strings: new Int32Array(profile.strings.length).fill(-1),
        functions: new Int32Array(profile.functions.length).fill(-1),
        mappings: this.#mappings.of(profile),
        addresses: halvesOf(profile.locations.address),
        locations: new Int32Array(profile.locations.length).fill(-1),
        mixed: new Int32Array(profile.locations.length),
      };
      this.#bySource.set(profile, source);
      this.#addSamples(source);
    }
    return this.#build();
  }

  #string(source: Source, row: number): number {
    const known = source.strings[row] as number;
    if (known >= 0) return known;
    const merged = this.#strings.add(source.profile.strings.bytes(row));
    source.strings[row] = merged;
    return merged;
  }

  /** Row of a label's text or unit, where row 0 means "none" and an empty text that is there needs another one. */
  #presentString(source: Source, row: number): number {
    if (row === 0) return 0;
    const merged = this.#string(source, row);
    return merged === 0 ? this.#strings.secondEmpty() : merged;
  }

  #function(source: Source, row: number): number {
    const known = source.functions[row] as number;
    if (known >= 0) return known;
    const { functions } = source.profile;
    const key = this.#key;
    key.length = 0;
    key.push(this.#string(source, functions.name[row] as number));
    key.push(this.#string(source, functions.systemName[row] as number));
    key.push(this.#string(source, functions.filename[row] as number));
    key.pushInt64(functions.startLine, row);
    const merged = this.#functionSet.add(key.words, 0, key.length);
    if (merged * 5 === this.#functions.length) {
      for (let i = 0; i < 5; i++) this.#functions.push(key.words[i] as number);
    }
    source.functions[row] = merged;
    return merged;
  }

  #location(source: Source, row: number): number {
    const { locations } = source.profile;
    const { lines } = locations;
    const mappingRow = locations.mapping[row] as number;
    const mapping = this.#mappings.row(source.mappings, mappingRow);
    let low = source.addresses[2 * row] as number;
    let high = source.addresses[2 * row + 1] as number;
    let relativeLow = low;
    let relativeHigh = high;
    if (mapping >= 0) {
      const { shifts, starts } = source.mappings;
      const sum = low + (shifts[2 * mappingRow] as number);
      high = (high + (shifts[2 * mappingRow + 1] as number) + (sum >= TWO_32 ? 1 : 0)) >>> 0;
      low = sum >>> 0;
      const startLow = starts[2 * mappingRow] as number;
      relativeLow = (low - startLow) >>> 0;
      relativeHigh = (high - (starts[2 * mappingRow + 1] as number) - (low < startLow ? 1 : 0)) >>> 0;
    }
    const from = locations.lineStart[row] as number;
    const to = locations.lineStart[row + 1] as number;
    for (let line = from; line < to; line++) this.#function(source, lines.function[line] as number);
    const key = this.#key;
    key.length = 0;
    key.push(mapping);
    key.push(locations.isFolded[row] as number);
    key.push(relativeLow);
    key.push(relativeHigh);
    for (let line = from; line < to; line++) {
      key.push(source.functions[lines.function[line] as number] as number);
      key.pushInt64(lines.line, line);
    }
    // Only the last line's column counts: pprof overwrites the others in its key.
    if (to > from) key.pushInt64(lines.column, to - 1);
    const merged = this.#locationSet.add(key.words, 0, key.length);
    if (merged === this.#locationMapping.length) {
      this.#locationMapping.push(mapping);
      this.#locationFolded.push(locations.isFolded[row] as number);
      this.#locationAddress.push(low);
      this.#locationAddress.push(high);
      for (let line = from; line < to; line++) {
        this.#lineFunction.push(source.functions[lines.function[line] as number] as number);
        key.length = 0;
        key.pushInt64(lines.line, line);
        key.pushInt64(lines.column, line);
        this.#lineNumber.push(key.words[0] as number);
        this.#lineNumber.push(key.words[1] as number);
        this.#lineColumn.push(key.words[2] as number);
        this.#lineColumn.push(key.words[3] as number);
      }
      this.#lineStart.push(this.#lineFunction.length);
    }
    source.locations[row] = merged;
    return merged;
  }

  #addSamples(source: Source): void {
    const { samples } = source.profile;
    const { labelStart } = samples;
    const present = samplesWithValue(samples);
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = slots.length - 1;
    /** Merged row of each sample, -1 where it has no value. */
    const merged = new Int32Array(samples.length).fill(-1);
    for (let row = 0; row < samples.length; row++) {
      if (present[row] === 0) continue;
      const start = this.#stackStart[this.#samples] as number;
      let hash = this.#addStack(source, row, start);
      const at = this.#stackEnd;
      const labelFrom = this.#labelStart[this.#samples] as number;
      let labelTo = labelFrom;
      if (labelStart[row] !== labelStart[row + 1]) {
        labelTo = this.#addLabels(source, row, labelFrom);
        for (let i = labelFrom; i < labelTo; i++) {
          hash = rotated(hash) ^ (this.#labelKey[i] as number);
          hash = rotated(hash) ^ (this.#labelText[i] as number);
          hash = rotated(hash) ^ (this.#labelUnit[i] as number);
          hash = rotated(hash) ^ (this.#labelNumber[2 * i + 1] as number);
          hash = Math.imul(rotated(hash) ^ (this.#labelNumber[2 * i] as number), 0x85ebca6b);
        }
      }
      hash = hash ^ (at - start);
      hash = Math.imul(hash ^ (hash >>> 16), 0xc2b2ae35);
      hash ^= hash >>> 15;
      let slot = hash & mask;
      let found: number;
      for (;;) {
        found = slots[slot] as number;
        if (found < 0 || (hashes[found] === hash && this.#equals(found, start, at, labelFrom, labelTo)))
          break;
        slot = (slot + 1) & mask;
      }
      if (found < 0) {
        found = this.#samples++;
        slots[slot] = found;
        hashes[found] = hash;
        this.#stackStart[found + 1] = at;
        this.#labelStart[found + 1] = labelTo;
      }
      merged[row] = found;
    }
    for (const [type, column] of samples.values.entries())
      addColumn(this.#values[type] as Int64Column, column, merged);
  }

  /** Writes the stack of a sample from `at` on, up to `#stackEnd`, and returns a hash of it. */
  #addStack(source: Source, row: number, at: number): number {
    const { stackStart, stackLocations } = source.profile.samples;
    const map = source.locations;
    const { mixed } = source;
    let stack = this.#stack;
    let hash = 0;
    const end = stackStart[row + 1] as number;
    for (let i = stackStart[row] as number; i < end; i++) {
      const own = stackLocations[i] as number;
      let location = map[own] as number;
      if (location < 0) {
        location = this.#location(source, own);
        mixed[own] = Math.imul(location + 1, 0x9e3779b1);
        if (location === 0x10000) stack = this.#widen(at);
      }
      stack[at++] = location;
      // No multiplication here: Maglev calls a function for each.
      hash = ((hash << 7) | (hash >>> 25)) ^ (mixed[own] as number);
    }
    this.#stackEnd = at;
    return hash;
  }

  /** Makes room for locations beyond 16 bits; `used` frames are there. */
  #widen(used: number): Uint32Array {
    const wide = new Uint32Array(this.#stack.length);
    wide.set(this.#stack.subarray(0, used));
    this.#stack = wide;
    return wide;
  }

  #equals(sample: number, start: number, end: number, labelFrom: number, labelTo: number): boolean {
    const own = this.#stackStart[sample] as number;
    if ((this.#stackStart[sample + 1] as number) - own !== end - start) return false;
    const ownLabel = this.#labelStart[sample] as number;
    if ((this.#labelStart[sample + 1] as number) - ownLabel !== labelTo - labelFrom) return false;
    const stack = this.#stack;
    for (let i = start, k = own; i < end; i++, k++) if (stack[k] !== stack[i]) return false;
    for (let i = labelFrom; i < labelTo; i++) {
      const other = ownLabel + i - labelFrom;
      if (this.#labelKey[other] !== this.#labelKey[i]) return false;
      if (this.#labelText[other] !== this.#labelText[i]) return false;
      if (this.#labelUnit[other] !== this.#labelUnit[i]) return false;
      if (this.#labelNumber[2 * other] !== this.#labelNumber[2 * i]) return false;
      if (this.#labelNumber[2 * other + 1] !== this.#labelNumber[2 * i + 1]) return false;
    }
    return true;
  }

  /** Where a label of a source stands among those of its sample: text labels first, each kind by merged key. */
  #rank(source: Source, label: number): number {
    const { labels } = source.profile.samples;
    return (labels.text[label] === 0 ? TWO_32 : 0) + this.#string(source, labels.key[label] as number);
  }

  #putLabel(source: Source, label: number, at: number): void {
    const { labels } = source.profile.samples;
    const { number } = labels;
    this.#labelKey[at] = this.#string(source, labels.key[label] as number);
    // What was tried here and found equal to another sample is overwritten, zeros included.
    this.#labelText[at] = this.#presentString(source, labels.text[label] as number);
    this.#labelUnit[at] = this.#presentString(source, labels.unit[label] as number);
    if (number instanceof Float64Array) {
      const value = number[label] as number;
      this.#labelNumber[2 * at] = value;
      this.#labelNumber[2 * at + 1] = Math.floor(value / TWO_32);
    } else {
      const value = number[label] as bigint;
      this.#labelNumber[2 * at] = Number(BigInt.asUintN(32, value));
      this.#labelNumber[2 * at + 1] = Number(BigInt.asUintN(32, value >> 32n));
    }
  }

  /**
   * Writes the labels of a sample behind `at` in an order that does not depend on the file's: text labels, then
   * numeric ones, each by merged key, values of one key in their own order.
   */
  #addLabels(source: Source, row: number, at: number): number {
    const { labelStart } = source.profile.samples;
    const from = labelStart[row] as number;
    const to = labelStart[row + 1] as number;
    const end = at + to - from;
    // Nearly always: one label, or that and the mark of a base.
    if (to - from === 1) {
      this.#putLabel(source, from, at);
      return end;
    }
    if (to - from === 2) {
      const swapped = this.#rank(source, from) > this.#rank(source, from + 1);
      this.#putLabel(source, from, swapped ? at + 1 : at);
      this.#putLabel(source, from + 1, swapped ? at : at + 1);
    } else {
      const order: number[] = [];
      for (let i = from; i < to; i++) order.push(i);
      order.sort((a, b) => this.#rank(source, a) - this.#rank(source, b) || a - b);
      for (let i = 0; i < order.length; i++) this.#putLabel(source, order[i] as number, at + i);
    }
    // Where one value of a key has a unit, all have: the others an empty one.
    for (let k = at; k < end; k++) {
      if (this.#labelText[k] !== 0 || this.#labelUnit[k] !== 0) continue;
      for (let other = at; other < end; other++) {
        const sameKey = this.#labelKey[other] === this.#labelKey[k] && this.#labelText[other] === 0;
        if (sameKey && this.#labelUnit[other] !== 0) {
          this.#labelUnit[k] = this.#strings.secondEmpty();
          break;
        }
      }
    }
    return end;
  }

  #build(): Profile {
    const header = mergedHeader(this.#sources);
    const functionCount = this.#functions.length / 5;
    const functions = {
      length: functionCount,
      id: countedIds(functionCount),
      name: new Uint32Array(functionCount),
      systemName: new Uint32Array(functionCount),
      filename: new Uint32Array(functionCount),
    };
    const startLine = new Uint32Array(functionCount * 2);
    for (let row = 0; row < functionCount; row++) {
      functions.name[row] = this.#functions.get(row * 5);
      functions.systemName[row] = this.#functions.get(row * 5 + 1);
      functions.filename[row] = this.#functions.get(row * 5 + 2);
      startLine[row * 2] = this.#functions.get(row * 5 + 3);
      startLine[row * 2 + 1] = this.#functions.get(row * 5 + 4);
    }
    const mappings = this.#mappings.build((profile, row) =>
      this.#string(this.#bySource.get(profile) as Source, row),
    );
    const locationCount = this.#locationMapping.length;
    const address = new BigUint64Array(this.#locationAddress.finish().buffer as ArrayBuffer);
    const lineCount = this.#lineFunction.length;
    const samples = this.#samples;
    const labelCount = this.#labelStart[samples] as number;
    const frames = this.#stackStart[samples] as number;
    return {
      ...header,
      samples: {
        length: samples,
        stackStart: filled(this.#stackStart, samples + 1),
        stackLocations: filled(this.#stack, frames),
        values: this.#values.map((values) => (values.length === samples ? values : values.slice(0, samples))),
        labelStart: filled(this.#labelStart, samples + 1),
        labels: {
          length: labelCount,
          key: filled(this.#labelKey, labelCount),
          text: filled(this.#labelText, labelCount),
          unit: filled(this.#labelUnit, labelCount),
          number: finishInt64({ length: labelCount, halves: this.#labelNumber }, labelCount),
        },
      },
      mappings,
      locations: {
        length: locationCount,
        id: countedIds(locationCount),
        mapping: new Int32Array(this.#locationMapping.finish().buffer as ArrayBuffer),
        address,
        isFolded: Uint8Array.from(this.#locationFolded.finish()),
        lineStart: this.#lineStart.finish(),
        lines: {
          length: lineCount,
          function: narrow(this.#lineFunction.raw, lineCount, functionCount),
          line: finishInt64({ length: lineCount, halves: this.#lineNumber.finish() }),
          column: finishInt64({ length: lineCount, halves: this.#lineColumn.finish() }),
        },
      },
      functions: { ...functions, startLine: finishInt64({ length: functionCount, halves: startLine }) },
      strings: this.#strings.build(),
    };
  }
}

/** The first `length` elements in the narrowest array for rows below `rows`. */
function narrow(column: Uint16Array | Uint32Array, length: number, rows: number): Uint16Array | Uint32Array {
  if (column instanceof Uint16Array) return column.length === length ? column : column.slice(0, length);
  return rows <= 0x10000 ? Uint16Array.from(column.subarray(0, length)) : column.slice(0, length);
}
