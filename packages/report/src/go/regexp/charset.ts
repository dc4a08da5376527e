// Sets of code points: ranges, case folding, Unicode classes.
// Upstream: golang/go src/regexp/syntax/parse.go src/regexp/syntax/perl_groups.go, 1.26.8

const LAST = 0x10ffff;

/** A set of code points as sorted, disjoint, non-adjacent ranges. */
export class CharSet {
  /** low, high, low, high, … */
  readonly ranges: readonly number[];

  private constructor(ranges: readonly number[]) {
    this.ranges = ranges;
  }

  static readonly any: CharSet = new CharSet([0, LAST]);

  /** The union of the ranges `low, high, low, high, …`. */
  static of(...pairs: number[]): CharSet {
    return CharSet.fromRanges(pairs);
  }

  static fromRanges(pairs: readonly number[]): CharSet {
    const sorted: [number, number][] = [];
    for (let i = 0; i < pairs.length; i += 2) sorted.push([pairs[i] as number, pairs[i + 1] as number]);
    sorted.sort((left, right) => left[0] - right[0]);
    const ranges: number[] = [];
    for (const [low, high] of sorted) {
      const last = ranges.length - 1;
      if (last > 0 && low <= (ranges[last] as number) + 1) {
        if (high > (ranges[last] as number)) ranges[last] = high;
      } else ranges.push(low, high);
    }
    return new CharSet(ranges);
  }

  static union(sets: readonly CharSet[]): CharSet {
    return sets.length === 1
      ? (sets[0] as CharSet)
      : CharSet.fromRanges(sets.flatMap((set) => [...set.ranges]));
  }

  negate(): CharSet {
    const ranges: number[] = [];
    let next = 0;
    for (let i = 0; i < this.ranges.length; i += 2) {
      const low = this.ranges[i] as number;
      if (low > next) ranges.push(next, low - 1);
      next = (this.ranges[i + 1] as number) + 1;
    }
    if (next <= LAST) ranges.push(next, LAST);
    return new CharSet(ranges);
  }

  has(point: number): boolean {
    let low = 0;
    let high = this.ranges.length / 2 - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (point < (this.ranges[2 * middle] as number)) high = middle - 1;
      else if (point > (this.ranges[2 * middle + 1] as number)) low = middle + 1;
      else return true;
    }
    return false;
  }

  /** The one member, or -1. */
  get single(): number {
    return this.ranges.length === 2 && this.ranges[0] === this.ranges[1] ? (this.ranges[0] as number) : -1;
  }
}

/** `[0-9A-Za-z_]` */
export const asciiWord: CharSet = CharSet.of(0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a);

/** Code points that fold to each other, by any of them; made when first needed. */
let orbits: Map<number, readonly number[]> | undefined;

function allOrbits(): Map<number, readonly number[]> {
  if (orbits !== undefined) return orbits;
  const groups = new Map<string, number[]>();
  for (let point = 0x41; point < 0x1f000; point++) {
    if (point === 0x3400) point = 0xa640;
    if (point === 0xac00) point = 0xfb00;
    const char = String.fromCodePoint(point);
    const upper = char.toUpperCase();
    const lower = char.toLowerCase();
    if (upper === char && lower === char) continue;
    // Simple folding: only mappings of one character to one.
    const folded = [...upper].length === 1 ? upper.toLowerCase() : lower;
    const key = [...folded].length === 1 ? (/^.$/u.test(folded) ? folded : char) : char;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [point]);
    else group.push(point);
  }
  // Full mappings hide these simple ones.
  const join = (...points: number[]): void => {
    const all = new Set(points);
    for (const [key, group] of groups) {
      if (group.some((point) => all.has(point))) {
        for (const point of group) all.add(point);
        groups.delete(key);
      }
    }
    groups.set(String.fromCodePoint(points[0] as number), [...all]);
  };
  join(0xdf, 0x1e9e);
  // The dotted capital I and the dotless small i fold to nothing but themselves.
  for (const [key, group] of groups) {
    const rest = group.filter((point) => point !== 0x130 && point !== 0x131);
    if (rest.length !== group.length) groups.set(key, rest);
  }
  const made = new Map<number, readonly number[]>();
  for (const group of groups.values())
    if (group.length > 1) for (const point of group) made.set(point, group);
  orbits = made;
  return made;
}

/** `set` with everything that differs from a member in case only. */
export function foldSet(set: CharSet): CharSet {
  const added: number[] = [...set.ranges];
  for (let i = 0; i < set.ranges.length; i += 2) {
    const low = set.ranges[i] as number;
    const high = set.ranges[i + 1] as number;
    if (low === 0 && high === LAST) return set;
    if (high < 0x80) {
      for (let point = Math.max(low, 0x41); point <= Math.min(high, 0x7a); point++) {
        const other = point ^ 0x20;
        if ((point >= 0x41 && point <= 0x5a) || point >= 0x61) added.push(other, other);
        if (point === 0x4b || point === 0x6b) added.push(0x212a, 0x212a);
        if (point === 0x53 || point === 0x73) added.push(0x17f, 0x17f);
      }
      continue;
    }
    for (const [point, orbit] of allOrbits()) {
      if (point < low || point > high) continue;
      for (const other of orbit) added.push(other, other);
    }
  }
  return CharSet.fromRanges(added);
}

const known = new Map<string, CharSet | null>();

/** General categories by the names that JavaScript knows, in Go's canonical spelling (one capital, no separators). */
const categories =
  'C Cc Cf Cn Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs LC ' +
  'Other Control Format Unassigned Private_Use Surrogate Letter Lowercase_Letter Modifier_Letter Other_Letter ' +
  'Titlecase_Letter Uppercase_Letter Cased_Letter Mark Spacing_Mark Enclosing_Mark Nonspacing_Mark Combining_Mark Number ' +
  'Decimal_Number Letter_Number Other_Number Punctuation Connector_Punctuation Dash_Punctuation Close_Punctuation ' +
  'Final_Punctuation Initial_Punctuation Other_Punctuation Open_Punctuation Symbol Currency_Symbol Modifier_Symbol ' +
  'Math_Symbol Other_Symbol Separator Line_Separator Paragraph_Separator Space_Separator digit punct cntrl';

/** The Unicode class `name` (a category or a script, whatever its case and separators), or null. */
export function unicodeSet(name: string, fold: boolean): CharSet | null {
  const canonical = name.replace(/[-_ ]/g, '').toLowerCase();
  const key = `${fold ? 'i' : ''}${canonical}`;
  let set = known.get(key);
  if (set === undefined) {
    set = makeUnicodeSet(canonical);
    if (set !== null && fold) set = foldSet(set);
    known.set(key, set);
  }
  return set;
}

function makeUnicodeSet(name: string): CharSet | null {
  if (name === 'any') return CharSet.any;
  if (name === 'ascii') return CharSet.of(0, 0x7f);
  if (name === 'assigned') return scan('\\P{Cn}');
  const category = categories.split(' ').find((word) => word.replaceAll('_', '').toLowerCase() === name);
  if (category !== undefined) return scan(`\\p{${category}}`);
  if (!/^[a-z]+$/.test(name) || name === 'unknown') return null;
  // Scripts of more than one word are out of reach for Go, whose table keeps their underscores.
  try {
    const script = `\\p{Script=${(name[0] as string).toUpperCase()}${name.slice(1)}}`;
    // Four letters would name scripts by their ISO codes too, which Go does not know.
    return name.length === 4 && !shortScripts.has(name) ? null : scan(script);
  } catch {
    return null;
  }
}

const shortScripts = new Set('ahom cham kawi lisu modi newa thai toto'.split(' '));

function scan(source: string): CharSet {
  const pattern = new RegExp(source, 'u');
  const ranges: number[] = [];
  let start = -1;
  for (let point = 0; point <= LAST + 1; point++) {
    const hit = point <= LAST && pattern.test(String.fromCodePoint(point));
    if (hit && start < 0) start = point;
    else if (!hit && start >= 0) {
      ranges.push(start, point - 1);
      start = -1;
    }
  }
  return CharSet.fromRanges(ranges);
}
