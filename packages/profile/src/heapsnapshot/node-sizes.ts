// Bytes of each node itself: two bytes a node for nearly all of them, and a list of the few that have more.
import { GrowingFloat64, GrowingUint32 } from '../columns/growable.ts';
import { release } from './release.ts';

/** A column that holds this has more bytes than fit, and stands in the list. */
const LARGE = 0xffff;

/** Own bytes of nodes. Written once, in the order of the nodes. */
export class NodeSizes {
  #small: Uint16Array = new Uint16Array(0);
  readonly #large = new GrowingUint32(0);
  readonly #bytes = new GrowingFloat64(0);

  /** Makes room for so many nodes; `grow` gives a column that room, in place of the one it is given. */
  reserve(capacity: number, grow: (column: Uint16Array, capacity: number) => Uint16Array): void {
    this.#small = grow(this.#small, capacity);
  }

  /** The bytes of the next node; nodes come in their order. */
  store(node: number, bytes: number): void {
    if (bytes < LARGE) {
      this.#small[node] = bytes;
      return;
    }
    this.#small[node] = LARGE;
    this.#large.push(node);
    this.#bytes.push(bytes);
  }

  /** Bytes of a node. */
  of(node: number): number {
    const bytes = this.#small[node] as number;
    return bytes === LARGE ? this.#ofLarge(node) : bytes;
  }

  #ofLarge(node: number): number {
    let low = 0;
    let high = this.#large.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#large.get(middle) < node) low = middle + 1;
      else high = middle;
    }
    return this.#bytes.get(low);
  }

  /** Nodes of at least so many bytes, in their order; `bytes` is what {@link LARGE} says, or more. */
  atLeast(bytes: number): number[] {
    const found: number[] = [];
    for (let i = 0; i < this.#large.length; i++)
      if (this.#bytes.get(i) >= bytes) found.push(this.#large.get(i));
    return found;
  }

  /** Bytes of the first `count` nodes together. */
  total(count: number): number {
    let sum = 0;
    for (let node = 0; node < count; node++) sum += this.of(node);
    return sum;
  }

  /** Gives the memory back: nothing can be asked afterwards. */
  release(): void {
    release(this.#small);
  }
}
