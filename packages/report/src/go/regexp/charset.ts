// Sets of code points: ranges, and properties that are asked of one code point at a time.
// Upstream: golang/go src/regexp/syntax/parse.go, 1.26.8

const LAST = 0x10ffff;

/** A property that a code point has or has not. */
export interface Property {
  /** Equal for equal properties. */
  readonly key: string;
  has(point: number): boolean;
}

/** A set of code points: ranges that are sorted, disjoint and not adjacent, and those that have one of some properties. */
export class CharSet implements Property {
  /** low, high, low, high, … */
  readonly #ranges: readonly number[];
  readonly #properties: readonly Property[];
  /** Whether the set is what ranges and properties leave. */
  readonly #negative: boolean;

  private constructor(
    ranges: readonly number[],
    properties: readonly Property[] = [],
    negative: boolean = false,
  ) {
    this.#ranges = ranges;
    this.#properties = properties;
    this.#negative = negative;
  }

  static readonly any: CharSet = new CharSet([0, LAST]);

  /** The union of the ranges `low, high, low, high, …`. */
  static of(...pairs: number[]): CharSet {
    return new CharSet(merged(pairs));
  }

  /** All code points with `property`; it is asked only of those that occur in a text. */
  static with(property: Property): CharSet {
    return new CharSet([], [property]);
  }

  static union(sets: readonly CharSet[]): CharSet {
    const [only] = sets;
    if (only !== undefined && sets.length === 1) return only;
    const plain = sets.filter((set) => !set.#negative);
    return new CharSet(merged(plain.flatMap((set) => set.#ranges)), [
      ...plain.flatMap((set) => set.#properties),
      ...sets.filter((set) => set.#negative),
    ]);
  }

  /** All but the members. */
  negate(): CharSet {
    if (this.#properties.length > 0) return new CharSet(this.#ranges, this.#properties, !this.#negative);
    const ranges: number[] = [];
    let next = 0;
    for (const [low, high] of pairsOf(this.#ranges)) {
      if (low > next) ranges.push(next, low - 1);
      next = high + 1;
    }
    if (next <= LAST) ranges.push(next, LAST);
    return new CharSet(ranges);
  }

  /** The members and what differs from one in case only. */
  fold(): CharSet {
    if (this.#ranges[0] === 0 && this.#ranges[1] === LAST) return this;
    const added: number[] = [...this.#ranges];
    const beyond: string[] = [];
    for (const [low, high] of pairsOf(this.#ranges)) {
      for (let point = Math.max(low, 0x41); point <= Math.min(high, 0x7a); point++) {
        const other = point ^ 0x20;
        if ((point >= 0x41 && point <= 0x5a) || point >= 0x61) added.push(other, other);
        if (point === 0x4b || point === 0x6b) added.push(0x212a, 0x212a);
        if (point === 0x53 || point === 0x73) added.push(0x17f, 0x17f);
      }
      if (high >= 0x80) beyond.push(`\\u{${Math.max(low, 0x80).toString(16)}}-\\u{${high.toString(16)}}`);
    }
    const foldings = beyond.length === 0 ? [] : [expression(`[${beyond.join('')}]`, true)];
    return new CharSet(merged(added), [...this.#properties, ...foldings], this.#negative);
  }

  has(point: number): boolean {
    return this.#negative !== (this.#inRanges(point) || this.#properties.some((one) => one.has(point)));
  }

  get key(): string {
    const properties = this.#properties.map(({ key }) => `(${key})`).join('');
    return `${this.#negative ? '^' : ''}${this.#ranges.join()}${properties}`;
  }

  /** The one member, or -1. */
  get single(): number {
    const [low = -1, high] = this.#ranges;
    const one = this.#ranges.length === 2 && low === high && this.#properties.length === 0;
    return one && !this.#negative ? low : -1;
  }

  #inRanges(point: number): boolean {
    const ranges = this.#ranges;
    let low = 0;
    let high = ranges.length / 2 - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (point < (ranges[2 * middle] as number)) high = middle - 1;
      else if (point > (ranges[2 * middle + 1] as number)) low = middle + 1;
      else return true;
    }
    return false;
  }
}

/** `[0-9A-Za-z_]` */
export const asciiWord: CharSet = CharSet.of(0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a);

/**
 * The property of being matched by a JavaScript expression for one character, `fold` whatever the case: both languages fold
 * simply, as Unicode's CaseFolding.txt says. Throws a SyntaxError where there is no such class.
 */
export function expression(source: string, fold: boolean): Property {
  const pattern = new RegExp(source, fold ? 'iu' : 'u');
  return {
    key: `${fold ? 'i' : ''}${source}`,
    has: (point) => pattern.test(String.fromCodePoint(point)),
  };
}

function* pairsOf(ranges: readonly number[]): Generator<readonly [low: number, high: number]> {
  for (let i = 0; i < ranges.length; i += 2) yield [ranges[i] as number, ranges[i + 1] as number];
}

/** The ranges in order, those that touch joined. */
function merged(pairs: readonly number[]): number[] {
  const ranges: number[] = [];
  for (const [low, high] of [...pairsOf(pairs)].sort((left, right) => left[0] - right[0])) {
    const last = ranges.length - 1;
    if (last > 0 && low <= (ranges[last] as number) + 1) {
      if (high > (ranges[last] as number)) ranges[last] = high;
    } else ranges.push(low, high);
  }
  return ranges;
}
