// A queue of nodes for walks breadth first: as long as the widest front, not as all nodes together.
import { release } from './release.ts';

/** First in, first out; a ring of a length that is a power of two. */
export class NodeQueue {
  #ring: Uint32Array = new Uint32Array(1 << 12);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(node: number): void {
    if (this.#length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.#length) & (this.#ring.length - 1)] = node;
    this.#length++;
  }

  /** The node that waited longest; there has to be one. */
  shift(): number {
    const node = this.#ring[this.#head] as number;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
    return node;
  }

  /** Gives the memory back. */
  release(): void {
    release(this.#ring);
  }

  #grow(): void {
    const longer = new Uint32Array(this.#ring.length * 2);
    const atEnd = this.#ring.subarray(this.#head);
    longer.set(atEnd);
    longer.set(this.#ring.subarray(0, this.#head), atEnd.length);
    release(this.#ring);
    this.#ring = longer;
    this.#head = 0;
  }
}
