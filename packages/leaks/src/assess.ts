// One series against the question: does it pile up? The rules of evidence, without any words.
import { rules as standard, type Rules } from './rules.ts';
import { median, type Trend, trendOf } from './trend.ts';
import type { Wait } from './wait.ts';

/** What is known of one series (or of several that are counted together). */
export interface Evidence {
  /** Times in minutes, or numbers of dumps. */
  readonly x: readonly number[];
  /** Milliseconds from first to last dump; null where unknown. */
  readonly span: number | null;
  readonly values: readonly number[];
  /** Variance of chance per unit of value. */
  readonly unit: number;
  /** Smallest gain worth a word. */
  readonly least: number;
  readonly wait: Wait;
  /** Whether the values count things that live (goroutines, tasks), not bytes. */
  readonly counts: boolean;
  /** Whether each one was counted; false where counts were extrapolated from samples. */
  readonly exact: boolean;
  /** Of those alive in the last dump, how many had been seen by dump i; null where there are no ids. */
  readonly arrivals: readonly number[] | null;
  /** As `arrivals`, each with how many it stands for. */
  readonly weights: readonly number[] | null;
  readonly endedLate: number;
  readonly endedEarly: number;
  /** Longest wait in milliseconds; -1 where unknown. */
  readonly waited: number;
  /** Gain of the whole profile, and how much other series of it lost meanwhile. */
  readonly totalGain: number;
  readonly lostElsewhere: number;
  /** A library pattern that is known to be a leak. */
  readonly pattern: boolean;
}

/** The judgement of one series. */
export type Assessment =
  | { readonly kind: 'leak'; readonly confidence: number; readonly trend: Trend }
  | {
      readonly kind: 'growing';
      readonly reason: 'load' | 'slowing' | 'jumped' | 'few';
      readonly confidence: number;
      readonly trend: Trend;
    }
  | {
      readonly kind: 'steady';
      readonly reason: 'flat' | 'settled' | 'returned' | 'turnover' | 'noise';
      readonly confidence: number;
      readonly trend: Trend;
    };

function steady(
  reason: 'flat' | 'settled' | 'returned' | 'turnover' | 'noise',
  trend: Trend,
  confidence = 0.9,
): Assessment {
  return { kind: 'steady', reason, confidence, trend };
}

function growing(reason: 'load' | 'slowing' | 'jumped' | 'few', trend: Trend, confidence = 0.6): Assessment {
  return { kind: 'growing', reason, confidence, trend };
}

/** More dumps, more trust. */
function trustOf(n: number, trend: Trend): number {
  const byCount = n <= 2 ? 0.6 : n === 3 ? 0.75 : n === 4 ? 0.85 : n === 5 ? 0.9 : 0.95;
  const bySignal = Math.min(1, Math.max(0.5, trend.z / 6));
  return Number((byCount * (0.8 + 0.2 * bySignal)).toFixed(3));
}

/** Two points: only growth that is large in every respect convicts; the ids acquit. */
function assessTwo(e: Evidence, trend: Trend, rules: Rules): Assessment {
  const [first = 0, last = 0] = e.values;
  const gain = last - first;
  if (trend.shape === 'flat') return steady('flat', trend, 0.6);
  const ended = e.arrivals === null ? 0 : e.endedEarly + e.endedLate;
  if (e.arrivals !== null && first >= rules.twoFirst && ended >= rules.twoTurnover * first)
    return steady('turnover', trend, 0.7);
  if (mayBeLoad(e, rules)) return growing('load', trend, 0.5);
  const large =
    first >= 1 &&
    gain >= rules.twoGain &&
    last >= rules.twoFactor * first &&
    gain >= rules.twoShareOfGain * e.totalGain &&
    ended <= rules.twoEnded * first;
  return e.counts && large && e.lostElsewhere < rules.twoLostElsewhere * gain
    ? { kind: 'leak', confidence: e.arrivals === null ? 0.6 : 0.7, trend }
    : growing('few', trend, 0.5);
}

/** Without ids: what is in flight, sleeps or runs comes and goes by itself. */
function mayBeLoad(e: Evidence, rules: Rules): boolean {
  if (!e.counts) return false;
  if (e.wait === 'idle-connection' || (e.wait === 'socket' && e.arrivals === null)) return true;
  if (e.arrivals !== null) return false;
  // Whoever has waited for the whole window is no work in flight.
  if (e.span !== null && e.span > 0 && e.waited >= rules.waitsThroughout * e.span) return false;
  return (e.wait === 'sleep' || e.wait === 'running' || e.wait === 'request') && !e.pattern;
}

/**
 * Without ids: a pile never shrinks, and what comes to it comes evenly, for chance works on the few that come between two dumps.
 * Work in flight falls now and then, and chance works on all of it: from dump to dump it jitters more than its growth allows.
 */
function fallsOrJitters(e: Evidence, rules: Rules): boolean {
  if (!e.counts || e.pattern) return false;
  const { x, values } = e;
  const n = values.length;
  const gain = (values[n - 1] ?? 0) - (values[0] ?? 0);
  const slopes: number[] = [];
  const variances: number[] = [];
  let fallen = 0;
  for (let i = 1; i < n; i++) {
    const step = (values[i] ?? 0) - (values[i - 1] ?? 0);
    const time = (x[i] ?? 0) - (x[i - 1] ?? 0);
    fallen += Math.max(0, -step);
    slopes.push(step / time);
    variances.push(Math.max(1, step) / time ** 2);
  }
  if (fallen > (e.exact ? rules.fallenExact : rules.fallenSampled) * gain) return true;
  // What is sampled comes in lumps, but does not go before it ends. With many dumps the first rule is enough; without times
  // nobody knows how even the growth is.
  if (!e.exact || e.span === null || n < rules.jitterFrom || n > rules.jitterUntil) return false;
  const jitters: number[] = [];
  for (let i = 1; i < slopes.length; i++) {
    jitters.push(
      ((slopes[i] ?? 0) - (slopes[i - 1] ?? 0)) ** 2 / ((variances[i] ?? 1) + (variances[i - 1] ?? 1)),
    );
  }
  return median(jitters) > rules.jitter;
}

/** With ids: who stayed decides, not how many there are. */
function assessIds(e: Evidence, arrivals: readonly number[], trend: Trend, rules: Rules): Assessment {
  const n = e.values.length;
  const before = arrivals[n - 2] ?? 0;
  const stayed = before - (arrivals[0] ?? 0);
  const fresh = (arrivals[n - 1] ?? 0) - before;
  const kept = stayed + e.endedLate > 0 ? stayed / (stayed + e.endedLate) : 0;
  if (trend.shape === 'returned') return steady('returned', trend);
  if (stayed < (n === 3 ? rules.stayedOfThree : rules.stayed)) {
    const stays = !e.exact && stayed > 0 && e.endedEarly + e.endedLate === 0;
    if (trend.shape === 'flat' && stays && e.totalGain > 0) return growing('few', trend, 0.4);
    if (trend.shape === 'flat' || trend.shape === 'settled') return steady(trend.shape, trend);
    // It grew, and most of those that were seen are gone: traffic. Nobody left either: all of it is news of the last dump.
    const ended = e.endedEarly + e.endedLate;
    return ended >= rules.turnoverEnded && ended >= before
      ? steady('turnover', trend, 0.97)
      : growing('few', trend);
  }
  // Where many leave early, who is fresh will mostly leave too.
  const churning = e.endedEarly > rules.churning * (stayed + fresh);
  const size = e.weights ?? arrivals;
  const proven = churning ? size.slice(0, -1) : size;
  const pile =
    proven.length < 2
      ? trend
      : trendOf(e.x.slice(0, proven.length), proven, 0, rules.leastStayed, e.unit, rules);
  if (pile.shape === 'flat')
    return trend.shape === 'grows' && kept < rules.keptByTraffic
      ? steady('turnover', trend)
      : steady('flat', trend);
  if (pile.shape === 'settled' || pile.shape === 'returned') return steady('settled', pile, 0.95);
  if (kept < rules.keptByTraffic) return steady('turnover', trend, 0.95);
  // Long-lived but replaced one for one: nothing piles up unless the number grows too.
  if (kept < rules.keptByPile)
    return trend.shape === 'grows' || trend.shape === 'slowing'
      ? growing('load', trend)
      : steady('turnover', trend);
  if (e.wait === 'idle-connection') return growing('load', pile);
  if (pile.shape === 'slowing' || pile.shape === 'jumped') return growing(pile.shape, pile);
  if (n === 3 && stayed + fresh < rules.leastOfThree) return growing('few', pile);
  return {
    kind: 'leak',
    confidence: Math.min(0.99, trustOf(n + 1, pile) * (0.9 + 0.1 * kept) + 0.03),
    trend: pile,
  };
}

/** Judges one series. At least one point. */
export function assess(e: Evidence, rules: Rules = standard): Assessment {
  const n = e.values.length;
  const trend = trendOf(e.x, e.values, e.unit, e.least, e.unit, rules);
  if (n === 1) return growing('few', trend, 0.3);
  if (n === 2) return assessTwo(e, trend, rules);
  if (e.arrivals !== null) return assessIds(e, e.arrivals, trend, rules);
  switch (trend.shape) {
    case 'flat':
      return steady(trend.gain > 0 && trend.z > 1 ? 'noise' : 'flat', trend);
    case 'returned':
    case 'settled':
      return steady(trend.shape, trend);
    case 'slowing':
    case 'jumped':
      return growing(trend.shape, trend);
    case 'grows': {
      if (mayBeLoad(e, rules) || fallsOrJitters(e, rules)) return growing('load', trend, trustOf(n, trend));
      // What one stack gained others lost: work moved, nothing piled up.
      if (e.lostElsewhere >= rules.lostElsewhere * trend.gain) return growing('load', trend);
      return { kind: 'leak', confidence: trustOf(n, trend), trend };
    }
  }
}
