// The `#` lines below the records of Go's debug=1 texts: names, files and lines of a stack of bare addresses.
// Upstream: golang/go src/runtime/pprof/pprof.go, 1.26.8
import type { ProfileBuilder } from '../builder.ts';

const FRAME = /^#\t+(0x[0-9a-fA-F]+)\t+(.*?)(?:\+0x([0-9a-fA-F]+))?\t+(.+?):(\d+)(?::(\d+))?\s*$/;

interface Frame {
  readonly address: bigint;
  /** Entry point of the physical function; frames of one physical frame share it. */
  readonly entry: bigint | null;
  readonly symbol: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

function hex(text: string): bigint {
  return BigInt.asUintN(64, BigInt(`0x${text}`));
}

/** A safe line number; what is larger than any file is 0. */
export function lineNumber(text: string | undefined): number {
  const value = Number(text ?? 0);
  return Number.isSafeInteger(value) ? value : 0;
}

/** Collects the frames of one record. */
export class FrameLines {
  readonly #frames: Frame[] = [];

  get length(): number {
    return this.#frames.length;
  }

  /** Takes a line if it is a frame with a name. */
  add(line: string): boolean {
    const match = FRAME.exec(line);
    if (match === null) return false;
    const address = hex((match[1] as string).slice(2));
    this.#frames.push({
      address,
      entry: match[3] === undefined ? null : address - hex(match[3]),
      symbol: match[2] as string,
      file: match[4] as string,
      line: lineNumber(match[5]),
      column: lineNumber(match[6]),
    });
    return true;
  }

  /**
   * The stack as locations, leaf first, and forgets the frames. Consecutive frames of one physical function are the
   * lines of one location; a symbol that comes again starts the next one, because Go inlines no function into itself.
   */
  take(builder: ProfileBuilder): number[] {
    const stack: number[] = [];
    const frames = this.#frames;
    for (let i = 0; i < frames.length; ) {
      const first = frames[i] as Frame;
      const seen = new Set([first.symbol]);
      let end = i + 1;
      while (end < frames.length) {
        const frame = frames[end] as Frame;
        if (
          first.entry === null ||
          frame.entry !== first.entry ||
          first.address === 0n ||
          seen.has(frame.symbol)
        )
          break;
        seen.add(frame.symbol);
        end++;
      }
      const lines = frames.slice(i, end).map((frame) => ({
        function: builder.function(frame.symbol, frame.file),
        line: frame.line,
        column: frame.column,
      }));
      stack.push(builder.location({ address: first.address, lines }));
      i = end;
    }
    frames.length = 0;
    return stack;
  }
}
