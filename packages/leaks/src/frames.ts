// Stacks of many profiles as numbers of one table, so that the same stack has the same number in every dump.
import { functionOrigins, type Origin, type OriginOptions, type Profile } from '@stackpile/profile';
import type { StackFrame } from './verdict.ts';

/** Frames of a stack that are kept, from the innermost on: no program that runs has more; a damaged file may. */
const MOST_FRAMES = 4096;

/** A table that has more frames than this is left to those who use it, and begun anew for all others. */
const MOST_SHARED = 100_000;

/** Frames by function, file and line, each once. */
class FrameTable {
  readonly frames: StackFrame[] = [];
  readonly #ids = new Map<string, number>();

  idOf(name: string, file: string, line: number, start: number, origin: () => Origin): number {
    const key = `${name}\0${file}\0${line}\0${start}`;
    let id = this.#ids.get(key);
    if (id === undefined) {
      id = this.frames.length;
      this.frames.push({ name, file, line, ...(start > 0 ? { start } : {}), origin: origin() });
      this.#ids.set(key, id);
    }
    return id;
  }
}

/** The frames of several watches of processes that run the same code, judged by the same `origin`: what they have in common is kept once. */
export class SharedFrames {
  #table = new FrameTable();

  table(): FrameTable {
    if (this.#table.frames.length > MOST_SHARED) this.#table = new FrameTable();
    return this.#table;
  }
}

/** Interns frames by function, file and line (never by address), and stacks by their frames. */
export class StackTable {
  readonly #table: FrameTable;
  readonly #stacks: (readonly number[])[] = [];
  readonly #stackIds = new Map<string, number>();
  readonly #origin: OriginOptions;

  constructor(origin: OriginOptions, frames: SharedFrames = new SharedFrames()) {
    this.#origin = origin;
    this.#table = frames.table();
  }

  get #frames(): readonly StackFrame[] {
    return this.#table.frames;
  }

  /** Number of stacks. */
  get length(): number {
    return this.#stacks.length;
  }

  frame(name: string, file: string, line: number, start: number, origin: () => Origin): number {
    return this.#table.idOf(name, file, line, start, origin);
  }

  /** How many of the outermost frames two stacks share, by function: lines move on while a function goes on. */
  sharedOuter(one: number, other: number): number {
    const a = this.#stacks[one] ?? [];
    const b = this.#stacks[other] ?? [];
    let shared = 0;
    while (shared < a.length && shared < b.length) {
      const left = this.#frames[a[a.length - 1 - shared] ?? -1];
      const right = this.#frames[b[b.length - 1 - shared] ?? -1];
      if (left === undefined || right === undefined || !sameFunction(left, right)) break;
      shared++;
    }
    return shared;
  }

  /** The number of a stack's innermost frame; -1 where it has none. */
  leaf(id: number): number {
    return this.#stacks[id]?.[0] ?? -1;
  }

  /** Frames of a stack, leaf first. */
  stack(id: number): readonly StackFrame[] {
    return (this.#stacks[id] ?? []).map((frame) => this.#frames[frame] as StackFrame);
  }

  /** For each sample of the profile the number of its stack. */
  read(profile: Profile): Uint32Array {
    const { locations, functions, strings, samples } = profile;
    const { lineStart, lines } = locations;
    const originOf = functionOrigins(profile, this.#origin);
    const framesOf = new Array<readonly number[] | undefined>(locations.length);
    const expand = (location: number): readonly number[] => {
      const known = framesOf[location];
      if (known !== undefined) return known;
      const frames: number[] = [];
      const last = lineStart[location + 1] ?? 0;
      for (let i = lineStart[location] ?? 0; i < last; i++) {
        const fn = lines.function[i] ?? 0;
        frames.push(
          this.frame(
            strings.get(functions.name[fn] ?? 0),
            strings.get(functions.filename[fn] ?? 0),
            Number(lines.line[i] ?? 0),
            Number(functions.startLine[fn] ?? 0),
            () => originOf(fn),
          ),
        );
      }
      // Without symbols only the address is left to tell two stacks apart; it is as good as the binary is the same.
      if (frames.length === 0)
        frames.push(
          this.frame(`0x${(locations.address[location] ?? 0n).toString(16)}`, '', 0, 0, () => 'runtime'),
        );
      framesOf[location] = frames;
      return frames;
    };
    const result = new Uint32Array(samples.length);
    for (let i = 0; i < samples.length; i++) {
      const from = samples.stackStart[i] ?? 0;
      const to = samples.stackStart[i + 1] ?? from;
      const stack: number[] = [];
      for (let j = from; j < to && stack.length < MOST_FRAMES; j++)
        for (const frame of expand(samples.stackLocations[j] ?? 0)) {
          if (stack.length === MOST_FRAMES) break;
          stack.push(frame);
        }
      result[i] = this.#intern(stack);
    }
    return result;
  }

  /** Takes over a stack of another table. */
  adopt(stack: readonly StackFrame[]): number {
    return this.#intern(
      stack.map((frame) =>
        this.frame(frame.name, frame.file, frame.line, frame.start ?? 0, () => frame.origin),
      ),
    );
  }

  #intern(stack: readonly number[]): number {
    const key = stack.join();
    let id = this.#stackIds.get(key);
    if (id === undefined) {
      id = this.#stacks.length;
      this.#stacks.push(stack);
      this.#stackIds.set(key, id);
    }
    return id;
  }
}

/** Whether two frames are of one function: by its position where that is known, for two may have one name, or none. */
function sameFunction(one: StackFrame, other: StackFrame): boolean {
  return one.name === other.name && one.file === other.file && (one.start ?? 0) === (other.start ?? 0);
}
