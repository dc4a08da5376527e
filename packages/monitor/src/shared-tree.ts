// The stacks of one job: its targets run the same code, and share what is known of it.
import { StackTree } from './store/stack-tree.ts';

/** A tree that has more stacks is left to the collector, and begun anew. */
const MOST_STACKS = 500_000;

export class SharedTree {
  #tree = new StackTree();

  /** The tree for one batch: all of the batch has to stand in the same one. */
  forBatch(): StackTree {
    if (this.#tree.length > MOST_STACKS) this.#tree = new StackTree();
    return this.#tree;
  }
}
