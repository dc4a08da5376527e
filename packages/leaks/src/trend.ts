// Does a short series of numbers grow, settle, come back, or only wobble? Robust statistics without any domain in them.

import { rules as standard, type Rules } from './rules.ts';

/** How a series moves. `slowing` still grows, but its end is flatter than its beginning; `jumped` grew in a step or two. */
export type Shape = 'grows' | 'slowing' | 'jumped' | 'settled' | 'returned' | 'flat';

/** What {@link trendOf} found. */
export interface Trend {
  readonly shape: Shape;
  /** Median of the last third minus median of the first third. */
  readonly gain: number;
  /** `gain` in standard deviations of the noise. */
  readonly z: number;
  /** Theil–Sen slope: median of all pairwise slopes, y per x; reckoned when it is asked for. */
  readonly slope: number;
  /** Kendall's tau of y over x, -1…1; likewise. */
  readonly tau: number;
}

/** Median of some numbers; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const mid = sorted.length >> 1;
  const high = sorted[mid] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[mid - 1] ?? Number.NaN) + high) / 2;
}

/**
 * Slope of the line through the points that half of all pairs lie above: Theil (1950), Sen (1968). Not moved by up to 29 % of
 * outliers. Quadratic; callers keep series below a few hundred points.
 */
export function theilSen(x: readonly number[], y: readonly number[]): number {
  const n = y.length;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let count = 0;
  for (let i = 0; i < n; i++) {
    const [left, bottom] = [x[i] ?? 0, y[i] ?? 0];
    for (let j = i + 1; j < n; j++) {
      const dx = (x[j] ?? 0) - left;
      if (dx > 0) slopes[count++] = ((y[j] ?? 0) - bottom) / dx;
    }
  }
  if (count === 0) return 0;
  const mid = count >> 1;
  const high = smallest(slopes, count, mid);
  if (count % 2 === 1) return high;
  // What stands before it is no larger: the largest of that is the one below.
  let low = slopes[0] ?? 0;
  for (let i = 1; i < mid; i++) low = Math.max(low, slopes[i] ?? 0);
  return (low + high) / 2;
}

/**
 * The number that would stand at `rank` if the first `count` of some numbers were sorted; those before that place are no larger then.
 * Hoare's FIND (CACM 4, 1961), with the middle one of three as the pivot.
 */
function smallest(values: Float64Array, count: number, rank: number): number {
  let [from, to] = [0, count - 1];
  while (from < to) {
    const [a, b, c] = [values[from] ?? 0, values[(from + to) >> 1] ?? 0, values[to] ?? 0];
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
    let [left, right] = [from, to];
    while (left <= right) {
      while ((values[left] ?? 0) < pivot) left++;
      while ((values[right] ?? 0) > pivot) right--;
      if (left > right) break;
      const value = values[left] ?? 0;
      values[left++] = values[right] ?? 0;
      values[right--] = value;
    }
    if (rank <= right) to = right;
    else if (rank >= left) from = left;
    else break;
  }
  return values[rank] ?? 0;
}

/** Mann–Kendall: the score S, tau, and the standard normal deviate of S (corrected for ties and continuity). */
export function mannKendall(y: readonly number[]): {
  readonly s: number;
  readonly tau: number;
  readonly z: number;
} {
  const n = y.length;
  let s = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) s += Math.sign((y[j] ?? 0) - (y[i] ?? 0));
  }
  const ties = new Map<number, number>();
  for (const value of y) ties.set(value, (ties.get(value) ?? 0) + 1);
  let variance = n * (n - 1) * (2 * n + 5);
  for (const t of ties.values()) variance -= t * (t - 1) * (2 * t + 5);
  variance /= 18;
  const pairs = (n * (n - 1)) / 2;
  return {
    s,
    tau: pairs === 0 ? 0 : s / pairs,
    z: variance <= 0 || s === 0 ? 0 : (s - Math.sign(s)) / Math.sqrt(variance),
  };
}

/** The non-decreasing series nearest to `y` in least squares (pool adjacent violators). */
export function isotonic(y: readonly number[]): number[] {
  const sums: number[] = [];
  const sizes: number[] = [];
  for (const value of y) {
    let sum = value;
    let size = 1;
    while (sums.length > 0 && (sums.at(-1) ?? 0) * size >= sum * (sizes.at(-1) ?? 1)) {
      sum += sums.pop() ?? 0;
      size += sizes.pop() ?? 0;
    }
    sums.push(sum);
    sizes.push(size);
  }
  return sums.flatMap((sum, i) => new Array<number>(sizes[i] ?? 0).fill(sum / (sizes[i] ?? 1)));
}

function at(x: readonly number[], y: readonly number[], where: number): number {
  for (let i = 1; i < x.length; i++) {
    const right = x[i] ?? 0;
    if (right < where) continue;
    const left = x[i - 1] ?? 0;
    const part = right > left ? (where - left) / (right - left) : 1;
    return (y[i - 1] ?? 0) + ((y[i] ?? 0) - (y[i - 1] ?? 0)) * part;
  }
  return y.at(-1) ?? 0;
}

/** How sure a growth has to be, by the number of points: few points can line up by chance. */
function requiredZ(n: number, rules: Rules): number {
  if (n <= 2) return rules.sureOfTwo;
  if (n === 3) return rules.sureOfThree;
  return n === 4 ? rules.sureOfFour : rules.sureOfMany;
}

/**
 * Judges a series of at least two points.
 *
 * @param x Non-decreasing: times, or 0, 1, 2 ….
 * @param y Not negative.
 * @param unit Variance that pure chance gives per unit of y: 1 for exact counts of independent things (Poisson), the sampling
 *   period for sampled bytes, 0 where every change is real (identified survivors).
 * @param least Smallest gain that is worth a word.
 * @param pace Variance per unit of y of what a steady growth adds in a while; leaks come by chance even where each is certain.
 */
export function trendOf(
  x: readonly number[],
  y: readonly number[],
  unit: number,
  least: number,
  pace: number = unit,
  rules: Rules = standard,
): Trend {
  const n = y.length;
  const third = Math.max(1, Math.floor(n / 3));
  const early = median(y.slice(0, third));
  const late = median(y.slice(-third));
  const gain = late - early;
  const fit = isotonic(y);
  let off = 0;
  for (let i = 0; i < n; i++) off += ((y[i] ?? 0) - (fit[i] ?? 0)) ** 2;
  // The fit has about as many free levels as it has steps; what is left over them is the noise of one point.
  const levels = new Set(fit).size;
  const spread = n > levels ? Math.sqrt(off / (n - levels)) : 0;
  // Six or more numbers that never fall are no coming and going: chance then works on what came, not on all that is there.
  const exposed = n >= 6 && spread === 0 ? Math.max(gain, 0) : Math.max(early, 0) + Math.max(late, 0);
  const chance = Math.sqrt(unit * exposed);
  const noise = Math.max(chance, (spread * Math.SQRT2) / Math.sqrt(third));
  const z = noise > 0 ? gain / noise : gain > 0 ? Number.POSITIVE_INFINITY : 0;
  let known: ReturnType<typeof mannKendall> | null = null;
  const kendall = (): ReturnType<typeof mannKendall> => (known ??= mannKendall(y));
  const result = (shape: Shape): Trend => ({
    shape,
    gain,
    z,
    get slope() {
      return theilSen(x, y);
    },
    get tau() {
      return kendall().tau;
    },
  });

  const peak = Math.max(...y);
  const rise = peak - early;
  if (
    rise >= least &&
    rise > rules.returnedHeight * Math.sqrt(unit * (early + peak)) &&
    (y.at(-1) ?? 0) - early < rules.returnedRest * rise &&
    n >= 3
  ) {
    return result('returned');
  }
  if (gain < least || z < requiredZ(n, rules)) return result('flat');
  if (n >= 4 && kendall().tau < rules.order) return result('flat');
  if (n >= 6 && kendall().z < rules.orderOfMany) return result('flat');
  if (n === 3 && kendall().s < 2) return result('flat');
  if (n < 3) return result('grows');

  const begin = x[0] ?? 0;
  const end = x[n - 1] ?? 0;
  const bottom = fit[0] ?? 0;
  const top = fit[n - 1] ?? 0;
  const whole = top - bottom;
  const secondHalf = top - at(x, fit, (begin + end) / 2);
  const half = whole > 0 ? secondHalf / (whole / 2) : 0;
  const steps = Math.max(1, Math.round((n - 1) / rules.endSteps));
  const tailStart = n - 1 - steps;
  const tail = top - (fit[tailStart] ?? 0);
  const expected = end > begin ? (whole * (end - (x[tailStart] ?? 0))) / (end - begin) : 0;
  // A leak that goes on would have shown this much more; a flat end counts only where chance does not make one.
  const slack = Math.max(spread, Math.sqrt(pace * expected));
  const flatTail =
    expected > 0 &&
    ((tail <= rules.flatEnd * expected && expected >= rules.flatEndSure * slack) ||
      (tail <= 0 && expected >= rules.stillEndSure * slack));
  let level = 0;
  for (let i = n - 1; i > 0 && top - (fit[i - 1] ?? 0) <= rules.levelWidth * whole; i--) level++;
  if (
    half < rules.settledHalf ||
    (flatTail && level >= rules.levelLength && expected >= rules.flatEndSure * slack)
  )
    return result('settled');
  if (flatTail || half < rules.slowingHalf) return result('slowing');
  let rises = 0;
  for (let i = 1; i < n; i++)
    if ((fit[i] ?? 0) - (fit[i - 1] ?? 0) > (rules.stepHeight * whole) / (n - 1)) rises++;
  if (rises < (n <= 4 ? rules.stepsOfFew : rules.steps)) return result('jumped');
  return result('grows');
}
