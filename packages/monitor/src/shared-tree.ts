// What the targets of one job have in common: they run the same code, and share what is known of its stacks and frames.
import { SharedFrames } from '@stackpile/leaks';
import { StackTree } from './store/stack-tree.ts';

/** A tree that has more stacks is left to the collector, and begun anew. */
const MOST_STACKS = 500_000;

export class SharedTree {
  /** Of the watches. */
  readonly frames: SharedFrames = new SharedFrames();
  #tree = new StackTree();

  /** The tree for one batch: all of the batch has to stand in the same one. */
  forBatch(): StackTree {
    if (this.#tree.length > MOST_STACKS) this.#tree = new StackTree();
    return this.#tree;
  }
}

/** One for each job that there is. */
export class SharedTrees {
  readonly #trees = new Map<string, SharedTree>();

  of(job: string): SharedTree {
    const known = this.#trees.get(job) ?? new SharedTree();
    this.#trees.set(job, known);
    return known;
  }

  /** Forgets all other jobs; who holds the tree of one goes on with it. */
  keepOnly(jobs: ReadonlySet<string>): void {
    for (const job of this.#trees.keys()) if (!jobs.has(job)) this.#trees.delete(job);
  }
}
