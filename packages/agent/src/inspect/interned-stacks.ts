// Stacks that are kept for long: told by the numbers of their frames, and each frame and stack kept once. The texts of 64 frames, for each of ten
// or twenty thousand stacks, would be a hundred megabytes and more.
import type { Frame } from '../frames.ts';

function textOf({ name, scriptId = '', file, line, column = 0 }: Frame): string {
  return JSON.stringify([name, scriptId, file, line, column]);
}

/** Stacks as they are written down: each frame once, and each stack. */
export interface PackedStacks {
  readonly frames: readonly Frame[];
  readonly stacks: readonly (readonly number[])[];
  /** The stack of each that was given. */
  readonly of: readonly number[];
}

/** Writes down stacks that are shared, and whose frames are. */
export function packStacks(given: readonly (readonly Frame[])[]): PackedStacks {
  const numbers = new Map<Frame, number>();
  const known = new Map<readonly Frame[], number>();
  const stacks: number[][] = [];
  const of = given.map((stack) => {
    let at = known.get(stack);
    if (at === undefined) {
      known.set(stack, (at = stacks.length));
      stacks.push(
        stack.map((frame) => {
          const number = numbers.get(frame) ?? numbers.size;
          numbers.set(frame, number);
          return number;
        }),
      );
    }
    return at;
  });
  return { frames: [...numbers.keys()], stacks, of };
}

/** The stacks that {@link packStacks} was given. */
export function unpackStacks({ frames, stacks, of }: PackedStacks): (readonly Frame[])[] {
  const all = stacks.map((stack) =>
    stack.flatMap((number) => {
      const frame = frames[number];
      return frame === undefined ? [] : [frame];
    }),
  );
  return of.map((at) => all[at] ?? []);
}

/** Numbers frames, and shares stacks. */
export class InternedStacks {
  readonly #frames = new Map<string, { readonly number: number; readonly frame: Frame }>();
  readonly #stacks = new Map<string, readonly Frame[]>();

  /** Frames that are kept. */
  get frames(): number {
    return this.#frames.size;
  }

  #numbered(frame: Frame): { readonly number: number; readonly frame: Frame } {
    const text = textOf(frame);
    const known = this.#frames.get(text);
    if (known !== undefined) return known;
    const added = { number: this.#frames.size, frame };
    this.#frames.set(text, added);
    return added;
  }

  /** What tells a stack from others; its frames are kept. */
  keyOf(frames: readonly Frame[]): string {
    return frames.map((frame) => this.#numbered(frame).number).join(' ');
  }

  /** The same where nothing new is to be kept; null where a frame was never met. */
  knownKeyOf(frames: readonly Frame[]): string | null {
    return frames.every((frame) => this.#frames.has(textOf(frame))) ? this.keyOf(frames) : null;
  }

  /** The same stack, one for all that are like it. */
  shared(frames: readonly Frame[]): readonly Frame[] {
    const key = this.keyOf(frames);
    let stack = this.#stacks.get(key);
    if (stack === undefined)
      this.#stacks.set(key, (stack = frames.map((frame) => this.#numbered(frame).frame)));
    return stack;
  }
}
