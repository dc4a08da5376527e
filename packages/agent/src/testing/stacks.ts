// Creation stacks of whatever is not a task, read where it is made and kept as small numbers.
import type { Frame } from '../frames.ts';
import { FrameTable, NONE, StackReader, StackTree } from '../tasks/frames.ts';

/** Frames per stack: between a call of `fetch` and the socket that it makes stand nearly thirty of Node's own. */
const DEPTH = 48;

/** A stack that was read: a node of the tree. */
export type StackNode = number;

/** Reads stacks, and tells them again. */
export class Stacks {
  readonly #table = new FrameTable();
  readonly #reader = new StackReader(this.#table);
  readonly #tree = new StackTree();
  #isReaction = false;

  /**
   * The stack below the function `below`, with the frames that await it; null where the innermost frame is the agent's own. Node's own
   * frames at its top are one: the function that was called.
   */
  read(below: (...args: never[]) => unknown): StackNode | null {
    let isOwn: boolean;
    try {
      isOwn = !this.#reader.read(DEPTH, below);
    } catch {
      return NONE;
    }
    if (isOwn) return null;
    const { running, awaiting } = this.#reader.sight;
    this.#isReaction = running.length > 0 && !this.#isNode(running.at(-1));
    let leaf = 0;
    while (this.#isNode(running[leaf]) && this.#isNode(running[leaf + 1])) leaf++;
    let node = NONE;
    for (const frame of [...running.slice(leaf), ...awaiting].reverse()) node = this.#tree.push(node, frame);
    return node;
  }

  /** Whether the stack that was read last is that of a function that goes on after an `await`: nothing of Node's has called it. */
  get isReaction(): boolean {
    return this.#isReaction;
  }

  #isNode(frame: number | undefined): boolean {
    return frame !== undefined && (this.#table.files[frame] ?? '').startsWith('node:');
  }

  /** The frames of a stack, innermost first. */
  frames(node: StackNode): Frame[] {
    const { names, files, lines, columns, beginLines, beginColumns } = this.#table;
    return this.#tree.frames(node).map((frame) => ({
      name: names[frame] ?? '',
      file: files[frame] ?? '',
      line: lines[frame] ?? 0,
      column: columns[frame] ?? 0,
      startLine: beginLines[frame] ?? 0,
      startColumn: beginColumns[frame] ?? 0,
      hidesStart: true,
    }));
  }
}
