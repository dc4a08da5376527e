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
  let found = scaled;
  // scaled is about interval + size / 2, with at most size / 2 of rounding, so no smaller size than the excess fits.
  const excess = Math.max(8, (scaled - interval) / 2);
  const most = Math.ceil(Math.min(scaled / excess, interval / 8 + 2));
  for (let n = 1; n <= most; n++) {
    const size = scaled / n;
    if (size % 8 === 0 && Math.floor(samplingScale(size, interval) + 0.5) === n) found = size;
  }
  return found;
}
