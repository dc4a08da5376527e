// Stacks that are kept for long: told by the numbers of their frames, and each frame and stack kept once. The texts of 64 frames, for each of ten
// or twenty thousand stacks, would be a hundred megabytes and more.
import type { Frame } from '../frames.ts';

function textOf({ name, scriptId = '', file, line, column = 0 }: Frame): string {
  return JSON.stringify([name, scriptId, file, line, column]);
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
