// One series against the question: does it pile up? The rules of evidence, without any words.
import { rules as standard, type Rules } from './rules.ts';
import { median, type Trend, trendOf } from './trend.ts';
import type { GrowingReason } from './verdict.ts';
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
  /** Whether ids stay with what they name: else another id is no other task, and turnover says nothing. */
  readonly lasting: boolean;
  /** How many ids were given in the whole process since the dump before, by dump; null where unknown. */
  readonly arrived: readonly number[] | null;
  readonly endedLate: number;
  readonly endedEarly: number;
  /** Longest wait in milliseconds; -1 where unknown. */
  readonly waited: number;
  /** Gain of the whole profile, and how much other series of it lost meanwhile. */
  readonly totalGain: number;
  readonly lostElsewhere: number;
  /** A library pattern that is known to be a leak. */
  readonly pattern: boolean;
  /** Whether they are tasks or goroutines: work that rises with load. */
  readonly tasks: boolean;
  /** Whether being in the profile is proof by itself: what nothing can reach any more. */
  readonly proven: boolean;
}

/** The judgement of one series. */
export type Assessment =
  | { readonly kind: 'leak'; readonly confidence: number; readonly trend: Trend }
  | {
      readonly kind: 'growing';
      readonly reason: GrowingReason;
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

function growing(reason: GrowingReason, trend: Trend, confidence = 0.6): Assessment {
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
  const ended = e.arrivals === null ? 0 : e.endedEarly + e.endedLate;
  const changed = e.arrivals !== null && first >= rules.twoFirst && ended >= rules.twoTurnover * first;
  // Others came for those that ended: how many there are is all that tells, and it may well have grown.
  if (changed && trend.z >= rules.hintOfGrowth) return growing('load', trend, 0.5);
  if (trend.shape === 'flat') return steady('flat', trend, 0.6);
  if (mayBeLoad(e, rules)) return growing('load', trend, 0.5);
  const large =
    first >= 1 &&
    gain >= rules.twoGain &&
    last >= rules.twoFactor * first &&
    gain >= rules.twoShareOfGain * e.totalGain &&
    ended <= rules.twoEnded * first;
  return e.counts && large && !mayBeRamp(e, gain, rules) && e.lostElsewhere < rules.twoLostElsewhere * gain
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
 * Without ids, and without anything that says how long they wait: few dumps of work in flight under load that rises look like a
 * pile. No number tells them apart but a large one.
 */
function mayBeRamp(e: Evidence, gain: number, rules: Rules): boolean {
  if (!e.counts || !e.tasks || e.pattern || e.wait === 'lock' || e.arrivals !== null) return false;
  if (e.span !== null && e.span > 0 && e.waited >= rules.waitsThroughout * e.span) return false;
  return gain < rules.rampGain;
}

/**
 * Whether work in flight grew with what arrived, each taking as long as before (Little's law: number = rate × time). Then it is load.
 * What grows while others come and go, and takes ever longer, is a backlog.
 */
function followsArrivals(e: Evidence, rules: Rules): boolean {
  if (!e.lasting || e.arrived === null) return false;
  const lives: number[] = [];
  for (let i = 1; i < e.values.length; i++) {
    const arrived = e.arrived[i] ?? -1;
    // Of sampled ones as many numbers were seen as there are samples.
    const inFlight = (e.values[i] ?? 0) / Math.max(1, e.unit);
    const time = e.span === null ? 1 : (e.x[i] ?? 0) - (e.x[i - 1] ?? 0);
    if (inFlight < rules.fewestInFlight) continue;
    if (inFlight > rules.shortLives * arrived) return false;
    lives.push((inFlight * time) / arrived);
  }
  if (lives.length < rules.measuredLives) return false;
  return (lives.at(-1) ?? 0) <= rules.livesLonger * median(lives.slice(0, -1));
}

/** It grows in number while none of it stays: load that rises, or a backlog. */
function turnover(e: Evidence, trend: Trend, confidence: number, rules: Rules): Assessment {
  const rises = trend.shape === 'grows' || trend.shape === 'slowing' || trend.shape === 'jumped';
  return rises && !followsArrivals(e, rules)
    ? growing('load', trend, confidence)
    : steady('turnover', trend, confidence);
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

/**
 * Since when so large a share of those alive now has been there, in units of x before the last dump: by when each was first seen. 0 where
 * they came since the last look, and nobody knows for how long they wait.
 */
function ageAt(e: Evidence, arrivals: readonly number[], share: number): number {
  const n = e.x.length;
  const wanted = (1 - share) * (arrivals[n - 1] ?? 0);
  let i = 0;
  while (i < n - 1 && (arrivals[i] ?? 0) < wanted) i++;
  if (i === n - 1) return 0;
  const before = i === 0 ? 0 : (arrivals[i - 1] ?? 0);
  const from = i === 0 ? (e.x[0] ?? 0) : (e.x[i - 1] ?? 0);
  const step = (arrivals[i] ?? 0) - before;
  const part = step > 0 ? (wanted - before) / step : 1;
  return (e.x[n - 1] ?? 0) - (from + part * ((e.x[i] ?? 0) - from));
}

/**
 * Whether it is a queue that grows without end: nobody stays for ever, but each waits longer than the one before. Then as many wait as
 * come while one waits (Little's law, at the pace of the whole window), whereas of load that rises more came of late; and nobody overtakes,
 * so that those who wait are evenly old.
 */
function isBacklog(e: Evidence, arrivals: readonly number[], trend: Trend, rules: Rules): boolean {
  const n = e.values.length;
  const [first = 0] = e.values;
  const last = e.values[n - 1] ?? 0;
  if (n < rules.backlogDumps || trend.shape !== 'grows' || !e.exact) return false;
  if (last < rules.backlogLeast || last < rules.backlogGrowth * first) return false;
  if (isSteadilyFed(e, arrivals, rules)) return true;
  const came = e.endedEarly + e.endedLate + last - first;
  const span = (e.x[n - 1] ?? 0) - (e.x[0] ?? 0);
  // Of those who wait half have waited for less than half as long as the first of them.
  const half = ageAt(e, arrivals, 0.5);
  if (came <= 0 || half <= 0) return false;
  const ratio = (last * span) / came / (2 * half);
  return ratio <= rules.backlogRatio && ageAt(e, arrivals, 0.9) <= rules.backlogTail * half;
}

/**
 * Whether as many come as before while ever more are there, since there were enough to speak of a queue: one that begins within the window.
 * Of the whole process it is known how many came; what is judged is most of them.
 */
function isSteadilyFed(e: Evidence, arrivals: readonly number[], rules: Rules): boolean {
  const { arrived, values, x } = e;
  const n = values.length;
  const from = values.findIndex((value) => value >= rules.backlogLeast);
  if (!e.lasting || arrived === null || from < 0 || n - from < rules.backlogDumps) return false;
  if ((values[n - 1] ?? 0) < rules.backlogGrowth * (values[from] ?? 0)) return false;
  const fresh = (arrivals[n - 1] ?? 0) - (arrivals[n - 2] ?? 0);
  if (fresh < rules.shortLives * (arrived[n - 1] ?? 0)) return false;
  const pace = (begin: number, end: number): number => {
    const came = arrived.slice(begin + 1, end + 1).reduce((sum, one) => sum + one, 0);
    return came / ((x[end] ?? 0) - (x[begin] ?? 0));
  };
  const middle = (from + n) >> 1;
  return pace(middle, n - 1) <= rules.backlogRatio * pace(from, middle);
}

/** With ids: who stayed decides, not how many there are. */
function assessIds(e: Evidence, arrivals: readonly number[], trend: Trend, rules: Rules): Assessment {
  const n = e.values.length;
  const before = arrivals[n - 2] ?? 0;
  const stayed = before - (arrivals[0] ?? 0);
  const fresh = (arrivals[n - 1] ?? 0) - before;
  const kept = stayed + e.endedLate > 0 ? stayed / (stayed + e.endedLate) : 0;
  if (trend.shape === 'returned') return steady('returned', trend);
  if (kept < rules.keptByPile && isBacklog(e, arrivals, trend, rules))
    return { kind: 'leak', confidence: trustOf(n, trend), trend };
  if (stayed < (n === 3 ? rules.stayedOfThree : rules.stayed)) {
    const stays = !e.exact && stayed > 0 && e.endedEarly + e.endedLate === 0;
    if (trend.shape === 'flat' && stays && e.totalGain > 0) return growing('few', trend, 0.4);
    if (trend.shape === 'flat' || trend.shape === 'settled') return steady(trend.shape, trend);
    // It grew, and most of those that were seen are gone: traffic. Nobody left either: all of it is news of the last dump.
    const ended = e.endedEarly + e.endedLate;
    return ended > 0 && ended >= before ? turnover(e, trend, 0.9, rules) : growing('few', trend);
  }
  // Where many leave early, who is fresh will mostly leave too.
  const churning = e.endedEarly > rules.churning * (stayed + fresh);
  const size = e.weights ?? arrivals;
  const proven = churning ? size.slice(0, -1) : size;
  const pile =
    proven.length < 2
      ? trend
      : trendOf(e.x.slice(0, proven.length), proven, 0, Math.max(rules.leastStayed, e.least), e.unit, rules);
  if (pile.shape === 'flat')
    return trend.shape === 'grows' && (churning || kept < rules.keptByTraffic)
      ? turnover(e, trend, 0.9, rules)
      : steady('flat', trend);
  if (pile.shape === 'settled' || pile.shape === 'returned') return steady('settled', pile, 0.95);
  if (kept < rules.keptByTraffic) return turnover(e, trend, 0.9, rules);
  if (!churning && countsSettled(e, proven, trend, rules))
    return n === 3 ? growing('few', pile) : steady('settled', trend);
  // Long-lived but replaced one for one: nothing piles up unless the number grows too.
  if (kept < rules.keptByPile)
    return trend.shape === 'grows' || trend.shape === 'slowing'
      ? growing('load', trend)
      : steady('turnover', trend);
  if (e.wait === 'idle-connection') return growing('load', pile);
  if (pile.shape === 'slowing' || pile.shape === 'jumped') return growing(pile.shape, pile);
  // Of three dumps with many who leave early two are left to show a growth, which is none yet.
  if (n === 3 && (churning || stayed + fresh < rules.leastOfThree)) return growing('few', pile);
  // Objects and open things that pile up are held by somebody, and none of them goes; where many went, what holds them fills and empties.
  const ended = e.endedEarly + e.endedLate;
  if (!e.tasks && ended > rules.heldEnded * (before + ended)) return growing('load', pile);
  // A pool that is full replaces some: those that came last are no more than those that went.
  const replaced = ended > 0 && fresh > 0 && (e.values[n - 1] ?? 0) <= (e.values[n - 2] ?? 0);
  if (!e.tasks && n > 3 && replaced && trend.shape !== 'grows') return growing('slowing', pile);
  return {
    kind: 'leak',
    confidence: Math.min(0.99, trustOf(n + 1, pile) * (0.9 + 0.1 * kept) + 0.03),
    trend: pile,
  };
}

/**
 * Whether the number settled after the first dump while those who stay seem to become more: a pool that was filled by the looking
 * itself, and whose members are replaced now and then. Of those alive now more were born late, whatever the pool does. Three dumps show
 * that it may be so.
 */
function countsSettled(e: Evidence, proven: readonly number[], trend: Trend, rules: Rules): boolean {
  const { values, x } = e;
  const n = values.length;
  if (n < 3 || trend.shape === 'grows') return false;
  const later = values.slice(1);
  const stayed = (proven.at(-1) ?? 0) - (proven[1] ?? 0);
  const gained = (values[n - 1] ?? 0) - (values[1] ?? 0);
  return (
    gained < rules.settledCounts * stayed &&
    trendOf(x.slice(1), later, e.unit, e.least, e.unit, rules).shape === 'flat'
  );
}

/**
 * Whether so few, counted one by one, are as well a pool that fills: workers, connections, consumers. A pool has the size of one, and
 * none comes any more when it is full; who leaks goes on as before, and beyond any such size.
 */
function mayBePool(e: Evidence, rules: Rules): boolean {
  if (!e.counts || !e.exact || e.pattern || e.wait === 'lock' || e.least > 1) return false;
  const count = e.values.at(-1) ?? 0;
  if (count <= rules.poolFew) return true;
  if (count > rules.poolMost) return false;
  const seen = e.arrivals ?? e.values;
  const all = seen.at(-1) ?? 0;
  const begin = e.x[0] ?? 0;
  const filled = seen.findIndex((one) => one >= all);
  const full = e.x[filled] ?? begin;
  const gap = (full - begin) / Math.max(1, all - (seen[0] ?? 0));
  const isLevel = seen.length - 1 - filled >= rules.levelLength;
  const idle =
    isLevel && comesByClock(seen.slice(0, filled + 1), rules) ? rules.poolIdleSteady : rules.poolIdle;
  return (e.x.at(-1) ?? 0) - full > idle * gap;
}

/** Whether as many come from look to look, or one more or less, as of a timer: by chance their variance would be their mean. */
function comesByClock(seen: readonly number[], rules: Rules): boolean {
  const steps = seen.slice(1).map((one, i) => one - (seen[i] ?? 0));
  const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  const variance = steps.reduce((sum, step) => sum + (step - mean) ** 2, 0) / steps.length;
  return variance < rules.poolSteady * mean;
}

/** Judges one series. At least one point. */
export function assess(e: Evidence, rules: Rules = standard): Assessment {
  const assessment = assessGrowth(e, rules);
  return assessment.kind === 'leak' && !e.proven && mayBePool(e, rules)
    ? growing('pool', assessment.trend)
    : assessment;
}

function assessGrowth(e: Evidence, rules: Rules): Assessment {
  const n = e.values.length;
  const trend = trendOf(e.x, e.values, e.unit, e.least, e.unit, rules);
  if (e.proven && (e.values.at(-1) ?? 0) > 0) return { kind: 'leak', confidence: 0.99, trend };
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
      if (n < rules.rampDumps && mayBeRamp(e, trend.gain, rules)) return growing('load', trend);
      return { kind: 'leak', confidence: trustOf(n, trend), trend };
    }
  }
}
