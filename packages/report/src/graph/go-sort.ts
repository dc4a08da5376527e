// The order in which Go's sort.Sort leaves items of which neither is less than the other.
// A pattern-defeating quicksort (Orson Peters, https://arxiv.org/abs/2106.05123) with the constants of Go 1.19 and later:
// each choice below decides where equal items end up.
// Upstream: golang/go src/sort/zsortinterface.go, 1.26.8

/** Up to this many items are sorted by insertion. */
const FEW = 12;
/** From this many items on the pivot is a median of medians. */
const MANY = 50;
/** So many exchanges among the candidates for the pivot mean that the items are in reverse order. */
const ALL_EXCHANGED = 12;
/** So many items out of place are put right before an almost sorted range is split like any other. */
const REPAIRS = 5;

class Sorter<T> {
  readonly #items: T[];
  readonly #isLess: (left: T, right: T) => boolean;

  constructor(items: T[], isLess: (left: T, right: T) => boolean) {
    this.#items = items;
    this.#isLess = isLess;
  }

  #less(left: number, right: number): boolean {
    return this.#isLess(this.#items[left] as T, this.#items[right] as T);
  }

  #swap(left: number, right: number): void {
    const item = this.#items[left] as T;
    this.#items[left] = this.#items[right] as T;
    this.#items[right] = item;
  }

  /** Sorts [from, to); after `patience` bad splits by heap. */
  sort(from: number, to: number, patience: number): void {
    let low = from;
    let high = to;
    let left = patience;
    let balanced = true;
    let wasSplit = true;
    for (;;) {
      const length = high - low;
      if (length <= FEW) return this.#insert(low, high);
      if (left === 0) return this.#heap(low, high);
      if (!balanced) {
        this.#scatter(low, high);
        left--;
      }
      let { pivot, exchanged } = this.#pivot(low, high);
      if (exchanged === ALL_EXCHANGED) {
        this.#reverse(low, high);
        pivot = high - 1 - (pivot - low);
        exchanged = 0;
      }
      if (balanced && wasSplit && exchanged === 0 && this.#repair(low, high)) return;
      // Everything in the range is at least what stands before it: a pivot equal to that is the least.
      if (low > 0 && !this.#less(low - 1, pivot)) {
        low = this.#splitEqual(low, high, pivot);
        continue;
      }
      const split = this.#split(low, high, pivot);
      wasSplit = split.wasSplit;
      const before = split.at - low;
      const behind = high - split.at;
      balanced = Math.min(before, behind) >= Math.floor(length / 8);
      if (before < behind) {
        this.sort(low, split.at, left);
        low = split.at + 1;
      } else {
        this.sort(split.at + 1, high, left);
        high = split.at;
      }
    }
  }

  #insert(low: number, high: number): void {
    for (let i = low + 1; i < high; i++) {
      for (let j = i; j > low && this.#less(j, j - 1); j--) this.#swap(j, j - 1);
    }
  }

  #heap(low: number, high: number): void {
    const sift = (start: number, end: number): void => {
      for (let root = start; ; ) {
        let child = 2 * root + 1;
        if (child >= end) return;
        if (child + 1 < end && this.#less(low + child, low + child + 1)) child++;
        if (!this.#less(low + root, low + child)) return;
        this.#swap(low + root, low + child);
        root = child;
      }
    };
    const length = high - low;
    for (let i = (length - 1) >> 1; i >= 0; i--) sift(i, length);
    for (let i = length - 1; i >= 0; i--) {
      this.#swap(low, low + i);
      sift(0, i);
    }
  }

  /** Moves three items from the middle to places that only look random. */
  #scatter(low: number, high: number): void {
    const length = high - low;
    let state = BigInt(length);
    const mask = (1n << BigInt(length.toString(2).length)) - 1n;
    const middle = low + Math.floor(length / 4) * 2;
    for (let i = middle - 1; i <= middle + 1; i++) {
      state ^= BigInt.asUintN(64, state << 13n);
      state ^= state >> 7n;
      state ^= BigInt.asUintN(64, state << 17n);
      const other = Number(state & mask);
      this.#swap(i, low + (other >= length ? other - length : other));
    }
  }

  #pivot(low: number, high: number): { pivot: number; exchanged: number } {
    const quarter = (high - low) >> 2;
    let exchanged = 0;
    const median = (a: number, b: number, c: number): number => {
      const order = (x: number, y: number): [number, number] => {
        if (!this.#less(y, x)) return [x, y];
        exchanged++;
        return [y, x];
      };
      const [first, second] = order(a, b);
      const [third] = order(second, c);
      return order(first, third)[1];
    };
    let candidates = [low + quarter, low + quarter * 2, low + quarter * 3] as [number, number, number];
    if (high - low >= MANY) candidates = candidates.map((i) => median(i - 1, i, i + 1)) as typeof candidates;
    return { pivot: median(...candidates), exchanged };
  }

  #reverse(low: number, high: number): void {
    for (let i = low, j = high - 1; i < j; i++, j--) this.#swap(i, j);
  }

  /** Puts a few items right; answers whether the range is sorted then. */
  #repair(low: number, high: number): boolean {
    let at = low + 1;
    for (let round = 0; round < REPAIRS; round++) {
      while (at < high && !this.#less(at, at - 1)) at++;
      if (at === high) return true;
      if (high - low < MANY) return false;
      this.#swap(at, at - 1);
      if (at - low >= 2) for (let j = at - 1; j >= 1 && this.#less(j, j - 1); j--) this.#swap(j, j - 1);
      if (high - at >= 2) for (let j = at + 1; j < high && this.#less(j, j - 1); j++) this.#swap(j, j - 1);
    }
    return false;
  }

  /** Less than the pivot to the left, the rest to the right; `wasSplit` tells that nothing had to move. */
  #split(low: number, high: number, pivot: number): { at: number; wasSplit: boolean } {
    this.#swap(low, pivot);
    let i = low + 1;
    let j = high - 1;
    for (let moved = false; ; moved = true) {
      while (i <= j && this.#less(i, low)) i++;
      while (i <= j && !this.#less(j, low)) j--;
      if (i > j) {
        this.#swap(j, low);
        return { at: j, wasSplit: !moved };
      }
      this.#swap(i++, j--);
    }
  }

  /** Equal to the pivot to the left, greater to the right; answers where the greater ones begin. */
  #splitEqual(low: number, high: number, pivot: number): number {
    this.#swap(low, pivot);
    let i = low + 1;
    let j = high - 1;
    for (;;) {
      while (i <= j && !this.#less(low, i)) i++;
      while (i <= j && this.#less(low, j)) j--;
      if (i > j) return i;
      this.#swap(i++, j--);
    }
  }
}

/** Sorts `items` in place; `compare` is negative where its left side comes first. */
export function goSort<T>(items: T[], compare: (left: T, right: T) => number): void {
  if (items.length < 2) return;
  new Sorter(items, (left, right) => compare(left, right) < 0).sort(
    0,
    items.length,
    items.length.toString(2).length,
  );
}
