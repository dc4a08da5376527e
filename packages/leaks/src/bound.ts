// How fast something may grow at most, by what a series can show: an upper confidence limit of its slope that keeps its word.
import { median, theilSen } from './trend.ts';

/** What {@link boundOf} found; all of it y per x. */
export interface Bound {
  /** Theil–Sen slope. */
  readonly slope: number;
  /** Standard error of a least-squares slope, autocorrelation counted. */
  readonly error: number;
  /** By how much one point hangs together with the next, at most. */
  readonly autocorrelation: number;
  /** With 99 % confidence it does not grow more slowly than this. */
  readonly least: number;
  /** With 99 % confidence it does not grow faster than this. */
  readonly most: number;
}

/**
 * Student's t at 99.75 %, one-sided, by degrees of freedom from 1 on; beyond the table it is interpolated in 1/df. The rest to 99 %
 * is left for what a dozen points cannot show of their own autocorrelation, and for looking at two windows (test/bound.test.ts).
 */
const student = [127.3, 14.09, 7.453, 5.598, 4.773, 4.317, 4.029, 3.833, 3.69, 3.581, 3.497, 3.428];
const normal = 2.807;
/** The same at 99 %, for the pieces in which a leak comes: nothing of them is estimated. */
const poisson = 2.326;

/**
 * How many of its own errors an autocorrelation may be higher than it was found, for what convicts and for what acquits: drift that a
 * short series hardly shows hides a leak as easily as it looks like one, and an acquittal is chosen for being unmoved.
 */
const doubts = { least: 0.5, most: 1 } as const;

function studentOf(freedom: number): number {
  const known = student[Math.max(1, Math.floor(freedom)) - 1];
  return known ?? normal + ((3.428 - normal) * 12) / freedom;
}

/** Slope, its standard error, and residuals of the least-squares line. */
function leastSquares(
  x: readonly number[],
  y: readonly number[],
): {
  readonly slope: number;
  readonly spread: number;
  readonly sxx: number;
  readonly rest: readonly number[];
} {
  const n = y.length;
  const meanX = x.reduce((a, b) => a + b, 0) / n;
  const meanY = y.reduce((a, b) => a + b, 0) / n;
  let sxx = 0;
  let sxy = 0;
  for (let i = 0; i < n; i++) {
    sxx += ((x[i] ?? 0) - meanX) ** 2;
    sxy += ((x[i] ?? 0) - meanX) * ((y[i] ?? 0) - meanY);
  }
  const slope = sxx > 0 ? sxy / sxx : 0;
  const rest = y.map((value, i) => value - meanY - slope * ((x[i] ?? 0) - meanX));
  const squares = rest.reduce((sum, one) => sum + one ** 2, 0);
  return { slope, spread: n > 2 ? Math.sqrt(squares / (n - 2)) : 0, sxx, rest };
}

/**
 * The first autocorrelation of residuals, as high as it may be: load and collections come in waves. The estimate from n residuals of a
 * line is too low by about (2 + 4 r) / n, which is given back, with `doubt` times its own error, 1 / √n, on top.
 */
function autocorrelationOf(rest: readonly number[], doubt: number): number {
  const n = rest.length;
  let square = 0;
  let product = 0;
  for (let i = 0; i < n; i++) {
    square += (rest[i] ?? 0) ** 2;
    if (i > 0) product += (rest[i] ?? 0) * (rest[i - 1] ?? 0);
  }
  if (square === 0 || n < 4) return 0;
  const said = product / square;
  return Math.min(0.95, Math.max(0, said + (2 + 4 * Math.max(0, said)) / n + doubt / Math.sqrt(n)));
}

/** Longer series are taken for endless ones. */
const mostExact = 64;
const inflations = new Map<number, number>();

/**
 * By how much the error of a slope through n points, one like the other apart, is larger than their residuals say, where each hangs
 * together with the next by r: exactly, for a short series shows less of its own spread, but has no room for many waves either.
 */
function inflationOf(n: number, r: number): number {
  if (n < 4 || r === 0) return 1;
  if (n > mostExact) return Math.sqrt((1 + r) / (1 - r));
  const percent = Math.ceil(100 * r);
  const key = percent * (mostExact + 1) + n;
  const known = inflations.get(key);
  if (known !== undefined) return known;
  const mid = (n - 1) / 2;
  const sxx = (n * (n * n - 1)) / 12;
  let ofSlope = 0;
  let ofLine = 0;
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const together = (percent / 100) ** Math.abs(i - j);
      const both = ((i - mid) * (j - mid)) / sxx;
      ofSlope += both * together;
      ofLine += (1 / n + both) * together;
    }
  }
  const inflation = Math.sqrt((ofSlope * (n - 2)) / (n - ofLine));
  inflations.set(key, inflation);
  return inflation;
}

/**
 * The bounds of growth of a series of two points or more.
 *
 * A leak comes in pieces at times of chance: of one that adds `grain` at a time the number that came is a Poisson number, so that
 * also a series that stands still bounds it only by what had time to come.
 *
 * @param x Non-decreasing; its unit is the bound's.
 * @param grain How much one piece adds: 1 for counts, 0 where growth is smooth.
 * @param unit Variance that each point has by sampling, per unit of y; 0 where all were counted.
 * @param together What is known of that from a longer series of which this is a part; see {@link Bound.autocorrelation}.
 */
export function boundOf(
  x: readonly number[],
  y: readonly number[],
  grain: number,
  unit = 0,
  together = 0,
): Bound {
  const n = y.length;
  const span = (x[n - 1] ?? 0) - (x[0] ?? 0);
  if (n < 2 || span <= 0)
    return {
      slope: 0,
      error: Number.POSITIVE_INFINITY,
      autocorrelation: together,
      least: Number.NEGATIVE_INFINITY,
      most: Number.POSITIVE_INFINITY,
    };
  const line = leastSquares(x, y);
  const sampled = Math.sqrt(unit * Math.max(0, median(y)));
  const errorOf = (spread: number): number => Math.max(spread, sampled) / Math.sqrt(line.sxx);
  const likely = Math.max(together, autocorrelationOf(line.rest, doubts.least));
  const error = errorOf(line.spread * inflationOf(n, likely));
  const autocorrelation = Math.max(together, autocorrelationOf(line.rest, doubts.most));
  // Two points have no residuals: only what is counted without any coming and going is known to be exact.
  const t = n === 2 ? normal : studentOf(n - 2);
  // The slope of a line through a Poisson number that rises has 6/5 of the variance of its mean (the end points alone: 1).
  const pieces = (1.2 * grain * poisson ** 2) / span;
  const reach = (slope: number, unsure: number): number =>
    pieces / 2 + Math.sqrt((t * unsure) ** 2 + pieces * slope + (pieces / 2) ** 2);
  // For a series that stands still: none came of what comes at a rate r with probability exp(-r span).
  const none = (grain * Math.log(100)) / span;
  const still = line.spread === 0 && unit === 0 && line.slope >= 0;
  const most = still
    ? line.slope + (line.slope > 0 ? reachOfCount(line.slope * span, grain) / span : none)
    : line.slope >= 0
      ? line.slope + reach(line.slope, errorOf(line.spread * inflationOf(n, autocorrelation)))
      : reach(0, errorOf(spreadOfLevel(y, together)));
  const least = line.slope - Math.sqrt((t * error) ** 2 + pieces * Math.max(0, line.slope));
  return { slope: theilSen(x, y), error, autocorrelation, least, most };
}

/**
 * How far the points are from their mean, autocorrelation counted. No leak makes a counter fall: what falls is load, and by as much as it
 * falls a leak may have risen in it. So a slope below 0 is no knowledge, but a part of the noise.
 */
function spreadOfLevel(y: readonly number[], together: number): number {
  const mean = y.reduce((sum, one) => sum + one, 0) / y.length;
  const rest = y.map((one) => one - mean);
  const squares = rest.reduce((sum, one) => sum + one ** 2, 0);
  const most = Math.max(together, autocorrelationOf(rest, doubts.most));
  return Math.sqrt(squares / (y.length - 1)) * inflationOf(y.length, most);
}

/** What a Poisson number of pieces may fall short of its mean, at 99 %. */
function reachOfCount(gain: number, grain: number): number {
  if (grain <= 0) return 0;
  return grain * (poisson ** 2 / 2 + poisson * Math.sqrt(Math.max(0, gain) / grain + poisson ** 2 / 4));
}
