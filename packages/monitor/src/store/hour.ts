// Profiles as blobs: one as it comes in, and an hour of them stack by stack, where a value that stays costs nothing.
import { ByteReader, ByteWriter, CutShort, MAX_VALUE } from './bytes.ts';

/** The stacks of one profile in ascending order, each once, with its value. */
export interface ProfileColumns {
  readonly stacks: Uint32Array;
  readonly values: Float64Array;
}

/** A whole number within what is kept. */
export function keptValue(value: number): number {
  if (Number.isNaN(value)) return 0;
  return Math.max(-MAX_VALUE, Math.min(MAX_VALUE, Math.round(value)));
}

const writer = new ByteWriter();

/** Differences of the stacks, and the values. Zeros are left out. */
export function encodeProfile({ stacks, values }: ProfileColumns): Uint8Array {
  writer.reset();
  let before = 0;
  for (let i = 0; i < stacks.length; i++) {
    const [stack, value] = [stacks[i] ?? 0, values[i] ?? 0];
    if (value === 0) continue;
    writer.varint(stack - before);
    writer.signed(value);
    before = stack;
  }
  return writer.taken();
}

/** @throws CutShort where the blob is damaged. */
export function decodeProfile(bytes: Uint8Array, visit: (stack: number, value: number) => void): void {
  const reader = new ByteReader(bytes);
  for (let stack = 0; !reader.isAtEnd; ) {
    stack += reader.varint();
    visit(stack, reader.signed());
  }
}

/** The same value in the profiles `start` … `end - 1` of an hour; never 0. */
export type RunVisitor = (stack: number, value: number, start: number, end: number) => void;

/** Some profiles of one series, in order of time, with a column of values per stack. */
export class Hour {
  /** Milliseconds since 1970, ascending. */
  readonly times: Float64Array;
  readonly #columns = new Map<number, Float64Array>();

  constructor(times: Float64Array) {
    this.times = times;
  }

  /** Says what a stack has in the profile `at`. */
  set(stack: number, at: number, value: number): void {
    let column = this.#columns.get(stack);
    if (column === undefined) this.#columns.set(stack, (column = new Float64Array(this.times.length)));
    column[at] = value;
  }

  encode(): Uint8Array {
    writer.reset();
    writer.varint(this.times.length);
    let before = 0;
    let step = 0;
    for (const time of this.times) {
      writer.signed(time - before - step);
      step = time - before;
      before = time;
    }
    const stacks = [...this.#columns.keys()].sort((a, b) => a - b);
    writer.varint(stacks.length);
    let last = 0;
    for (const stack of stacks) {
      writer.varint(stack - last);
      last = stack;
      encodeColumn(this.#columns.get(stack) ?? new Float64Array(this.times.length));
    }
    return writer.taken();
  }
}

/** Differences; a stretch without any is one 0 and how long it is. */
function encodeColumn(column: Float64Array): void {
  let before = 0;
  for (let i = 0; i < column.length; ) {
    const value = column[i] ?? 0;
    if (value !== before) {
      writer.signed(value - before);
      before = value;
      i++;
      continue;
    }
    let end = i + 1;
    while (end < column.length && column[end] === before) end++;
    writer.varint(0);
    writer.varint(end - i - 1);
    i = end;
  }
}

/** Reads the times of an hour, and then its runs. */
export class HourReader {
  readonly times: Float64Array;
  readonly #reader: ByteReader;

  /** @throws CutShort where the blob is damaged. */
  constructor(bytes: Uint8Array) {
    this.#reader = new ByteReader(bytes);
    const count = this.#reader.varint();
    // Each needs a byte: a damaged number asks for no more room than the blob has.
    if (count > bytes.length) throw new CutShort();
    this.times = new Float64Array(count);
    let before = 0;
    let step = 0;
    for (let i = 0; i < count; i++) {
      step += this.#reader.signed();
      before += step;
      this.times[i] = before;
    }
  }

  /** Visits all runs, stack by stack; once. */
  runs(visit: RunVisitor): void {
    const count = this.times.length;
    const reader = this.#reader;
    let stack = 0;
    for (let left = reader.varint(); left > 0; left--) {
      stack += reader.varint();
      let value = 0;
      let start = 0;
      for (let at = 0; at < count; ) {
        const difference = reader.signed();
        if (difference === 0) {
          at += reader.varint() + 1;
          continue;
        }
        if (value !== 0 && at > start) visit(stack, value, start, at);
        value += difference;
        start = at++;
      }
      if (value !== 0) visit(stack, value, start, count);
    }
  }
}
