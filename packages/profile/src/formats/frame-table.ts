// Frames of scripts by number: name, file and position, interned, for formats whose nodes repeat them.
import type { ProfileBuilder } from '../builder.ts';
import { MappingFlag } from '../profile.ts';
import { functionName, NO_FACTS } from '../naming/names.ts';
import { StringInterner } from '../columns/strings.ts';
import { TupleSet } from '../columns/tuples.ts';
import { systemNameOf } from './final-names.ts';
import { GrowingUint32 } from '../columns/growable.ts';

/** What functions without a name are called everywhere. */
export const ANONYMOUS = '(anonymous)';

/** The mapping of frames that have names and no binary: nobody needs to look for symbols. */
export function namedMapping(builder: ProfileBuilder): number {
  return builder.mapping({
    flags: MappingFlag.hasFunctions | MappingFlag.hasFilenames | MappingFlag.hasLineNumbers,
  });
}

/** Numbers distinct frames and adds them to a profile when a sample needs them. */
export class FrameTable {
  readonly #strings = new StringInterner();
  readonly #set = new TupleSet();
  /** Four words each: name, file, line, column. */
  readonly #words = new GrowingUint32(256);
  readonly #scratch = [0, 0, 0, 0];
  /** Location row + 1 of each frame at its own line. */
  readonly #locations = new GrowingUint32(256);

  get length(): number {
    return this.#words.length / 4;
  }

  /** Number of a frame; lines and columns count from 1, 0 is unknown. */
  add(name: string, file: string, line: number, column: number): number {
    const key = this.#scratch;
    key[0] = this.#strings.add(name === '' ? functionName('', NO_FACTS, { file, line, column }) : name);
    key[1] = this.#strings.add(file);
    key[2] = line;
    key[3] = column;
    const frame = this.#set.add(key);
    if (frame * 4 === this.#words.length) {
      for (const word of key) this.#words.push(word);
      this.#locations.push(0);
    }
    return frame;
  }

  name(frame: number): string {
    return this.#strings.get(this.#words.get(frame * 4));
  }

  file(frame: number): string {
    return this.#strings.get(this.#words.get(frame * 4 + 1));
  }

  line(frame: number): number {
    return this.#words.get(frame * 4 + 2);
  }

  /**
   * The location row of a frame in `builder`, which must always be the same one.
   *
   * @param line where it is not the frame's own; its column is then unknown
   * @param startLine first line of the function, 0 where unknown
   */
  location(builder: ProfileBuilder, frame: number, startLine: number, line = 0): number {
    if (line > 0 && line !== this.line(frame)) return this.#make(builder, frame, startLine, line, 0);
    const known = this.#locations.get(frame);
    if (known > 0) return known - 1;
    const row = this.#make(builder, frame, startLine, this.line(frame), this.#words.get(frame * 4 + 3));
    this.#locations.set(frame, row + 1);
    return row;
  }

  #make(builder: ProfileBuilder, frame: number, startLine: number, line: number, column: number): number {
    const name = this.name(frame);
    const row = builder.function(name, this.file(frame), startLine, systemNameOf(name));
    return builder.location({ mapping: namedMapping(builder), lines: [{ function: row, line, column }] });
  }
}
