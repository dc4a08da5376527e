// The arithmetic of V8's heap sampler: from what it saw to what is there, and back.

/** How often an object of `size` bytes is sampled by a Poisson process with one event per `interval` bytes, inverted. */
export function samplingScale(size: number, interval: number): number {
  if (interval <= 1 || size <= 0) return 1;
  return 1 / -Math.expm1(-size / interval);
}

/**
 * The size of the one object behind a sample of V8, which hands out that size times the rounded scale. Objects are multiples
 * of 8 bytes; where several sizes would give the same product, the smallest one is taken, as small objects are the many.
 * So bytes are V8's own estimate, and numbers of objects can be too high where sizes are mixed.
 */
export function unscaledSize(scaled: number, interval: number): number {
  // scaled is about interval + size / 2, with at most size / 2 of rounding, so no smaller size than the excess fits.
  const excess = Math.max(8, (scaled - interval) / 2);
  const most = Math.ceil(Math.min(scaled / excess, interval / 8 + 2));
  const units = scaled / 8;
  if (!Number.isInteger(units)) return scaled;
  const fits = (n: number): boolean => Math.floor(samplingScale(scaled / n, interval) + 0.5) === n;
  // The number of objects divides the units: whichever of a pair of divisors is the smaller one is tried in turn.
  const root = Math.sqrt(units);
  for (let unit = Math.max(1, Math.floor(units / most)); unit <= root; unit++) {
    const n = units / unit;
    if (n <= most && Number.isInteger(n) && fits(n)) return unit * 8;
  }
  for (let n = Math.min(most, Math.ceil(root)); n > 1; n--) {
    if (units % n === 0 && fits(n)) return scaled / n;
  }
  return scaled;
}

/** The interval of node --heap-prof, the longest that is used in practice. */
const LONGEST_INTERVAL = 524_288;

/**
 * The sampling interval behind samples of which the smallest has `smallest` bytes, for files that do not say it: a power
 * of two, as all defaults are. No sample is smaller than the interval, and those of small objects are hardly larger.
 */
export function guessedInterval(smallest: number): number {
  if (smallest < 1024) return 1;
  return Math.min(LONGEST_INTERVAL, 2 ** Math.floor(Math.log2(smallest)));
}
