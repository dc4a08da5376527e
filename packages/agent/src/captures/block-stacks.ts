// What blocked the event loop, by stack: how often, and for how long. It grows with the stacks that there are, up to a bound.
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import { type Frame, type FrameContext, FrameWriter } from '../frames.ts';
import { collectorBelow } from '../inspect/collector-frames.ts';
import { CallTree, type CpuProfile, treeStacks } from '../inspect/cpu-profile.ts';
import { InternedStacks, type PackedStacks, packStacks, unpackStacks } from '../inspect/interned-stacks.ts';
import type { Block } from './capture.ts';

/** Different stacks that are kept; what else blocks is added up. */
const MOST_STACKS = 10_000;
/** Times the sampling interval that one sample stands for at most: where there are fewer, the process was not running. */
const LASTS = 4;

const notRunning: Frame = { name: '(not running)', file: '', line: 0 };
const others: Frame = { name: '(other stacks)', file: '', line: 0 };

/** A stack, leaf first, and what it has done. */
interface BlockedStack {
  readonly frames: readonly Frame[];
  /** Each block counts for one, shared among its stacks. */
  contentions: number;
  nanos: number;
}

/** Blocks by stack as they are written down. */
export interface SavedBlocks extends PackedStacks {
  readonly blocked: readonly (readonly [contentions: number, nanos: number])[];
}

/** Blocks by stack, added up. */
export class BlockStacks {
  readonly #most: number;
  readonly #stacks = new Map<string, BlockedStack>();
  readonly #interned = new InternedStacks();

  /** @param most different stacks that are kept */
  constructor(most: number = MOST_STACKS) {
    this.#most = most;
  }

  /** Stacks and frames that are kept. */
  get kept(): { readonly stacks: number; readonly frames: number } {
    return { stacks: this.#stacks.size, frames: this.#interned.frames };
  }

  get size(): number {
    return this.#stacks.size;
  }

  /**
   * Adds blocks that lie in a recording.
   *
   * @param intervalMicros at which it was sampled
   * @param counted whether a block has been counted before, and goes on
   */
  add(
    recorded: CpuProfile,
    intervalMicros: number,
    blocks: readonly (Block & { readonly counted: boolean })[],
  ): void {
    if (blocks.length === 0) return;
    const piece = collectorBelow(recorded);
    for (const block of blocks) {
      const from = Math.max(block.from, piece.startTime);
      const to = Math.min(block.to, piece.endTime);
      if (to <= from) continue;
      const tree = new CallTree();
      tree.addPiece(piece, from, to);
      const stacks = [...treeStacks(tree)].filter(({ frames }) => frames[0]?.name !== '(idle)');
      const samples = stacks.reduce((sum, stack) => sum + stack.samples, 0);
      const micros = stacks.reduce((sum, stack) => sum + stack.micros, 0);
      const ran = micros === 0 ? 0 : Math.min(1, (samples * LASTS * intervalMicros) / (to - from));
      const add = (frames: readonly Frame[], share: number): void =>
        this.#add(frames, block.counted ? 0 : share, share * (to - from) * 1000);
      for (const stack of stacks) add(stack.frames, (ran * stack.micros) / micros);
      if (ran < 1) add([notRunning], 1 - ran);
    }
  }

  #add(frames: readonly Frame[], contentions: number, nanos: number): void {
    if (nanos === 0) return;
    const isFull = this.#stacks.size >= this.#most && frames[0] !== others;
    const key = isFull ? this.#interned.knownKeyOf(frames) : this.#interned.keyOf(frames);
    let stack = key === null ? undefined : this.#stacks.get(key);
    if (key === null || (stack === undefined && isFull)) {
      this.#add([others], contentions, nanos);
      return;
    }
    if (stack === undefined) {
      stack = { frames: this.#interned.shared(frames), contentions: 0, nanos: 0 };
      this.#stacks.set(key, stack);
    }
    stack.contentions += contentions;
    stack.nanos += nanos;
  }

  /** All of it, for {@link restore}. */
  save(): SavedBlocks {
    const stacks = [...this.#stacks.values()];
    return {
      ...packStacks(stacks.map(({ frames }) => frames)),
      blocked: stacks.map(({ contentions, nanos }) => [contentions, nanos]),
    };
  }

  /** Adds what another one had. */
  restore(saved: SavedBlocks): void {
    unpackStacks(saved).forEach((frames, i) => {
      const [contentions, nanos] = saved.blocked[i] ?? [0, 0];
      this.#add(frames, contentions, nanos);
    });
  }

  /** Every frame, for the look-up of where they were written. */
  frames(): Frame[] {
    return [...this.#stacks.values()].flatMap(({ frames }) => frames);
  }

  /** Sample types as Go's: contentions/count, delay/nanoseconds. */
  profile(context: FrameContext, comments: readonly string[]): Profile {
    const builder = new ProfileBuilder({
      sampleTypes: [
        { type: 'contentions', unit: 'count' },
        { type: 'delay', unit: 'nanoseconds' },
      ],
      periodType: { type: 'contentions', unit: 'count' },
      period: 1,
      timeNanos: BigInt(Date.now()) * 1_000_000n,
    });
    const writer = new FrameWriter(builder, context);
    for (const { frames, contentions, nanos } of this.#stacks.values()) {
      const stack = frames.map((frame) => writer.location(frame));
      // A part of a block counts for something, as in Go.
      builder.sample(stack, [Math.max(1, Math.round(contentions)), Math.round(nanos)], writer.labels(stack));
    }
    for (const comment of comments) builder.comment(comment);
    writer.comment();
    return builder.build();
  }
}
