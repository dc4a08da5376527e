// Sums per stack over the profiles of one series: of them growth is fitted, and flame graphs of a range are made.
import type { GrowthRow, Range } from './model.ts';

const FIRST_ROOM = 512;
/** Columns of one stack, side by side. */
const SEEN = 0;
const SY = 1;
const SXY = 2;
const SYY = 3;
const EARLY = 4;
const LATE = 5;
const PEAK = 6;
const WIDTH = 7;

/** Where the thirds of a range end and begin. */
export interface Thirds {
  readonly first: number;
  readonly last: number;
}

export function thirdsOf({ from, to }: Range): Thirds {
  const third = (to - from) / 3;
  return { first: from + third, last: to - third };
}

/** What growth is ordered by: the slope of the fitted line, as everybody's x are the same for one series. */
export function steepness(row: { readonly sy: number; readonly sxy: number }, n: number, sx: number): number {
  return n * row.sxy - sx * row.sy;
}

/** Sums of many stacks, by numbers that the store gives them. Values are whole, x are seconds since the start of the range. */
export class StackSums {
  readonly #slots = new Map<number, number>();
  readonly #stacks: number[] = [];
  #sums = new Float64Array(FIRST_ROOM * WIDTH);
  /** The stack that was asked for last, and its place: an hour is read stack by stack. */
  #lastStack = -1;
  #lastAt = 0;
  /** The profiles: how many, and how many of the first and last third. */
  n = 0;
  sx = 0;
  sxx = 0;
  first = 0;
  last = 0;

  /** Counts `count` profiles whose x add up to `sx`, and x² to `sxx`. */
  addProfiles(count: number, sx: number, sxx: number, early: number, late: number): void {
    this.n += count;
    this.sx += sx;
    this.sxx += sxx;
    this.first += early;
    this.last += late;
  }

  /** A stack that has `value` in `count` profiles whose x add up to `sx`, `early` and `late` of them in the outer thirds. */
  add(stack: number, value: number, count: number, sx: number, early: number, late: number): void {
    const at = this.#slot(stack);
    const all = this.#sums;
    const seen = all[at + SEEN] ?? 0;
    all[at + SEEN] = seen + count;
    all[at + SY] = (all[at + SY] ?? 0) + value * count;
    all[at + SXY] = (all[at + SXY] ?? 0) + value * sx;
    all[at + SYY] = (all[at + SYY] ?? 0) + value * value * count;
    all[at + EARLY] = (all[at + EARLY] ?? 0) + value * early;
    all[at + LATE] = (all[at + LATE] ?? 0) + value * late;
    all[at + PEAK] = seen === 0 ? value : Math.max(all[at + PEAK] ?? 0, value);
  }

  addSums(stack: number, sums: Omit<GrowthRow, 'series' | 'stack'>): void {
    const at = this.#slot(stack);
    const all = this.#sums;
    const isNew = all[at + SEEN] === 0;
    all[at + SEEN] = (all[at + SEEN] ?? 0) + sums.seen;
    all[at + SY] = (all[at + SY] ?? 0) + sums.sy;
    all[at + SXY] = (all[at + SXY] ?? 0) + sums.sxy;
    all[at + SYY] = (all[at + SYY] ?? 0) + sums.syy;
    all[at + EARLY] = (all[at + EARLY] ?? 0) + sums.early;
    all[at + LATE] = (all[at + LATE] ?? 0) + sums.late;
    all[at + PEAK] = isNew ? sums.peak : Math.max(all[at + PEAK] ?? 0, sums.peak);
  }

  /** The `limit` steepest, by stack. `early` and `late` are means. */
  steepest(limit: number): { readonly stack: number; readonly sums: Omit<GrowthRow, 'series' | 'stack'> }[] {
    const steep = Float64Array.from(this.#stacks, (_, slot) => {
      const at = slot * WIDTH;
      return steepness({ sy: this.#sums[at + SY] ?? 0, sxy: this.#sums[at + SXY] ?? 0 }, this.n, this.sx);
    });
    const order = Array.from(this.#stacks, (_, slot) => slot).sort(
      (a, b) => (steep[b] ?? 0) - (steep[a] ?? 0),
    );
    return order.slice(0, limit).map((slot) => ({ stack: this.#stacks[slot] ?? 0, sums: this.#row(slot) }));
  }

  /** Σ of the values of each stack. */
  *totals(): Generator<readonly [stack: number, sum: number]> {
    for (const [slot, stack] of this.#stacks.entries()) yield [stack, this.#sums[slot * WIDTH + SY] ?? 0];
  }

  /** All stacks with their sums; `early` and `late` are sums here. */
  *rows(): Generator<readonly [stack: number, sums: Omit<GrowthRow, 'series' | 'stack'>]> {
    for (const [slot, stack] of this.#stacks.entries()) yield [stack, this.#raw(slot)];
  }

  #row(slot: number): Omit<GrowthRow, 'series' | 'stack'> {
    const raw = this.#raw(slot);
    // A stack that is not in every profile was 0 in the others.
    const peak = raw.seen < this.n ? Math.max(0, raw.peak) : raw.peak;
    const mean = (sum: number, count: number): number => (count === 0 ? 0 : sum / count);
    return { ...raw, peak, early: mean(raw.early, this.first), late: mean(raw.late, this.last) };
  }

  #raw(slot: number): Omit<GrowthRow, 'series' | 'stack'> {
    const at = slot * WIDTH;
    const of = (column: number): number => this.#sums[at + column] ?? 0;
    return {
      seen: of(SEEN),
      sy: of(SY),
      sxy: of(SXY),
      syy: of(SYY),
      early: of(EARLY),
      late: of(LATE),
      peak: of(PEAK),
    };
  }

  #slot(stack: number): number {
    if (stack === this.#lastStack) return this.#lastAt;
    this.#lastStack = stack;
    this.#lastAt = this.#place(stack);
    return this.#lastAt;
  }

  #place(stack: number): number {
    const known = this.#slots.get(stack);
    if (known !== undefined) return known * WIDTH;
    const slot = this.#stacks.length;
    this.#slots.set(stack, slot);
    this.#stacks.push(stack);
    if ((slot + 1) * WIDTH > this.#sums.length) {
      const larger = new Float64Array(this.#sums.length * 2);
      larger.set(this.#sums);
      this.#sums = larger;
    }
    return slot * WIDTH;
  }
}
