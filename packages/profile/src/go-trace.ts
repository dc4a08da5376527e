// The stack table of a Go execution trace (Go 1.22 and later): who called whom, among all stacks on which something happened.
import { decodeText } from './bytes/utf8.ts';

/** One frame of a stack of a trace. */
export interface TraceFrame {
  /** With its package: `main.(*group).Start`. */
  readonly name: string;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** `go 1.26 trace` and three zeros. */
const header = /^go 1\.(\d{2}) trace\0\0\0$/u;
const HEADER_BYTES = 16;
/** From here on the trace has the form that is read here. */
const FIRST_VERSION = 22;

/** Kinds of records, as Go's `internal/trace/tracev2` numbers them. */
const Kind = { batch: 1, stacks: 2, stack: 3, strings: 4, string: 5, endOfGeneration: 52 } as const;
const EXPERIMENTAL_BATCH = 49;
/** A stack has at most so many frames, as Go writes them. */
const MOST_FRAMES = 256;

/** Reads numbers; at the end of what is there it says so once, and gives zeros. */
class Bytes {
  readonly #bytes: Uint8Array;
  at: number;
  readonly end: number;
  isShort = false;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get isOver(): boolean {
    return this.isShort || this.at >= this.end;
  }

  byte(): number {
    if (this.at >= this.end) {
      this.isShort = true;
      return 0;
    }
    return this.#bytes[this.at++] ?? 0;
  }

  /** A number of seven bits a byte, lowest first; what is beyond 2⁵³ loses its last digits, as addresses may. */
  number(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
    this.isShort = true;
    return 0;
  }

  /** So many bytes from here on, as far as they are there. */
  take(length: number): Bytes {
    const begin = this.at;
    if (length > this.end - begin) this.isShort = true;
    this.at = Math.min(this.end, begin + length);
    return new Bytes(this.#bytes, begin, this.at);
  }

  text(length: number): string {
    const { at, end } = this.take(length);
    return decodeText(this.#bytes.subarray(at, end));
  }
}

/** The tables of one generation of a trace: the numbers of the next one begin anew. */
class Generation {
  readonly #strings = new Map<number, string>();
  readonly #stacks: (readonly (readonly [name: number, file: number, line: number])[])[] = [];

  addStrings(bytes: Bytes): void {
    while (!bytes.isOver && bytes.byte() === Kind.string) {
      const id = bytes.number();
      const text = bytes.text(bytes.number());
      if (!bytes.isShort) this.#strings.set(id, text);
    }
  }

  addStacks(bytes: Bytes): void {
    while (!bytes.isOver && bytes.byte() === Kind.stack) {
      bytes.number();
      const length = bytes.number();
      if (length > MOST_FRAMES) return;
      const frames: (readonly [number, number, number])[] = [];
      for (let i = 0; i < length; i++) {
        bytes.number();
        frames.push([bytes.number(), bytes.number(), bytes.number()]);
      }
      if (!bytes.isShort) this.#stacks.push(frames);
    }
  }

  stacks(): TraceFrame[][] {
    return this.#stacks.map((frames) =>
      frames.map(([name, file, line]) => ({
        name: this.#strings.get(name) ?? '',
        file: this.#strings.get(file) ?? '',
        line,
      })),
    );
  }
}

/**
 * All stacks of a trace, innermost frame first; of one that was cut, those that came. Empty for what is no trace of Go 1.22 or later.
 *
 * @see https://github.com/golang/go/blob/master/src/internal/trace/tracev2/events.go
 */
export function traceStacks(trace: Uint8Array): readonly (readonly TraceFrame[])[] {
  const version = header.exec(String.fromCharCode(...trace.subarray(0, HEADER_BYTES)))?.[1];
  if (version === undefined || Number(version) < FIRST_VERSION) return [];
  const bytes = new Bytes(trace, HEADER_BYTES, trace.length);
  const generations = new Map<number, Generation>();
  while (!bytes.isOver) {
    const kind = bytes.byte();
    if (kind === Kind.endOfGeneration) continue;
    if (kind !== Kind.batch && kind !== EXPERIMENTAL_BATCH) break;
    if (kind === EXPERIMENTAL_BATCH) bytes.byte();
    const number = bytes.number();
    bytes.number();
    bytes.number();
    const data = bytes.take(bytes.number());
    if (kind === EXPERIMENTAL_BATCH) continue;
    const generation = generations.get(number) ?? new Generation();
    generations.set(number, generation);
    const first = data.byte();
    if (first === Kind.strings) generation.addStrings(data);
    else if (first === Kind.stacks) generation.addStacks(data);
  }
  return [...generations.values()].flatMap((generation) => generation.stacks());
}
