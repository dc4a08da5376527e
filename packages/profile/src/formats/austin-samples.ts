// What becomes of samples of austin, whether they came as text or in its binary form: stacks by thread, columns by what was measured.
import { ProfileBuilder, type SampleLabel } from '../builder.ts';
import type { Profile, ValueType } from '../profile.ts';
import { CallTree, FrameBudget } from './call-tree.ts';
import { FrameTable } from './frame-table.ts';
import { PassedOver } from './passed-over.ts';

export const AUSTIN = 'austin';
const MAX_LINE = 2 ** 31 - 2;

const wall: ValueType = { type: 'wall', unit: 'nanoseconds' };
const cpu: ValueType = { type: 'cpu', unit: 'nanoseconds' };
const space: ValueType = { type: 'space', unit: 'bytes' };

/** Collects samples. */
export class AustinSamples {
  readonly passed: PassedOver = new PassedOver();
  readonly #bytes: number;
  readonly #tree = new CallTree();
  readonly #roots = new Map<string, number>();
  readonly #frames = new FrameTable();
  #types: readonly ValueType[] = [wall];
  #isFull = false;

  /** @param bytes of the input, which bound what may become of it */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Whether each sample has all three metrics. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** Whether nothing was sampled yet. */
  get isEmpty(): boolean {
    return this.#tree.length === 0;
  }

  /** What is measured; of several words only the first decides. */
  mode(mode: string): void {
    if (!this.isEmpty) return;
    if (mode === 'cpu') this.#types = [cpu];
    else if (mode === 'memory') this.#types = [space];
    else if (mode === 'full') {
      this.#types = [cpu, space, wall];
      this.#isFull = true;
    }
  }

  /** The empty stack of a thread, by its number where that is one, else by its name. */
  thread(pid: number, tid: number | string): number {
    const key = `${pid} ${tid}`;
    let root = this.#roots.get(key);
    if (root === undefined) {
      const labels: SampleLabel[] = [{ key: 'pid', number: pid }];
      if (typeof tid === 'number') labels.push({ key: 'tid', number: tid });
      else labels.push({ key: 'thread', text: tid });
      root = this.#tree.root(labels);
      this.#roots.set(key, root);
    }
    return root;
  }

  /** The number of a frame; the line is 0 where it is not known. */
  frame(name: string, file: string, line: number): number {
    return this.#frames.add(name, file, line > 0 ? Math.min(line, MAX_LINE) : 0, 0);
  }

  call(stack: number, frame: number): number {
    return this.#tree.child(stack, frame);
  }

  /** A stack without its innermost calls as long as `isLeftOut` of their files says so. */
  without(stack: number, isLeftOut: (file: string) => boolean): number {
    let at = stack;
    while (this.#tree.depth(at) > 0 && isLeftOut(this.#frames.file(this.#tree.frame(at))))
      at = this.#tree.parent(at);
    return at;
  }

  /** Adds a sample. Microseconds, bytes. */
  add(stack: number, time: number, memory: number, isIdle: boolean): void {
    if (this.#isFull) {
      if (!isIdle) this.#tree.add(stack, 0, time * 1000);
      this.#tree.add(stack, 1, memory);
      this.#tree.add(stack, 2, time * 1000);
    } else this.#tree.add(stack, 0, this.#types[0] === space ? memory : time * 1000);
  }

  finish(): Profile {
    const builder = new ProfileBuilder({ sampleTypes: this.#types });
    this.passed.tell(builder);
    const location = (frame: number): number => this.#frames.location(builder, frame, 0);
    this.#tree.write(
      builder,
      this.#types.length,
      location,
      new FrameBudget(this.#bytes, `${AUSTIN}: stacks`),
    );
    return builder.build();
  }
}
