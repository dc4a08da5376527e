// The balance of a process: each counter against what the findings explain, and what follows from it.
import type { Counters, OnlyCall } from '@stackpile/profile';
import { withAllocators, withCallees, withHolders, withNodesOwn } from './allocator.ts';
import { blameOrder, growInStep } from './blame.ts';
import { type StarterCall, withCallers } from './callers.ts';
import { type CounterKind, type CounterName, counterKinds, type Evidence } from './counter-kinds.ts';
import { type FileOpener, filesVerdict } from './files.ts';
import { type CounterTrend, type Ledger, trendOfTotals } from './ledger.ts';
import { isOnlyHeldByNode } from './objects.ts';
import { boundText, processSentence } from './process-words.ts';
import type { LedgerRow, ProcessFinding, ProcessVerdict, Unseen } from './process-verdict.ts';
import { subjectOf } from './sentences.ts';
import type { Finding, Verdict } from './verdict.ts';

/** A worker or a child, and what is said of it. */
export interface PartVerdict {
  readonly name: string;
  readonly kind: 'workers' | 'children';
  readonly verdict: ProcessVerdict;
}

/** All that a verdict on a process is made from. */
export interface ProcessCase {
  readonly ledger: Ledger;
  readonly verdicts: readonly { readonly evidence: Evidence; readonly verdict: Verdict }[];
  readonly parts: readonly PartVerdict[];
  readonly unseen: readonly Unseen[];
  readonly restarts: number;
  readonly earlier: readonly ProcessVerdict[];
  readonly source: string;
  /** Whether snapshots say what is alive: allocations, sampled from the first look on, then only say who made it. */
  readonly snapshots: boolean;
  /** Who opens files, as the texts of the program tell. */
  readonly openers: readonly FileOpener[];
  /** Functions that only call another one, as those texts tell. */
  readonly calls: readonly OnlyCall[];
  /** Who calls functions that start goroutines for others. */
  readonly callers: readonly StarterCall[];
}

/** Findings explain a counter where they make up this share of its growth. */
const explainedShare = 0.5;
/** The longest wait that is worth proposing: what is unsteady for longer may have been filling up, which nobody can reckon. */
const longestWatch = 24 * 3_600_000;
/** … and in times of what was watched. */
const mostPatience = 10;

/** Bytes for which Go's and V8's heap profiles take one sample, unless they are told otherwise. */
const heapSample = 512 * 1024;

/** Evidence whose totals are a counter's values, where no counter was read. */
const totalsOf: Partial<Record<CounterName, readonly Evidence[]>> = {
  tasks: ['tasks'],
  handles: ['handles'],
  heapLive: ['classes', 'heap'],
  threads: ['threads'],
};

/** Fewer snapshots than this say less of the live heap than its counter does. */
const fewestSnapshots = 3;

/** What dumps say of a counter: their totals, and of snapshots by class all that lives, to the byte; null where they say nothing. */
function dumped(kind: CounterKind, evidence: Evidence, { series }: Verdict): CounterTrend | null {
  const { times, totals, measure, retained } = series;
  // What is sampled comes in pieces of a sample: a profile that stands still has seen no more than that.
  const pieces = evidence === 'heap' ? { ...kind, grain: heapSample } : kind;
  if (measure.unit === kind.unit) return trendOfTotals(pieces, times, totals);
  return kind.name === 'heapLive' && retained !== null ? trendOfTotals(kind, times, retained) : null;
}

/** What V8 makes for itself may grow for so many times as long as what is the program's: code is compiled as it is first needed. */
const codeTimes = 4;

/**
 * What came since the first snapshot and is still there is all that a heap can have gained. Where that is little, and no class of it
 * piles up, the heap is flat, however it breathes. So it is where little of the first half is left, whatever has come since: what is
 * kept for a while (entries that expire, replies that are awaited) is gone by then, and what leaks is not.
 */
function boundByBirth(trend: CounterTrend, { kind, series }: Verdict): CounterTrend {
  const { born, span } = series;
  if (kind !== 'none' || trend.state !== 'unclear' || born === null || span === null || span <= 0)
    return trend;
  const unseen = Math.max(trend.kind.unseenGain, trend.kind.unseenShare * trend.last);
  for (const part of [{ ...born, ms: span }, born.early]) {
    if (part === null) continue;
    const allowed = (unseen * part.ms) / span;
    if (part.bytes - part.code > allowed || part.bytes > codeTimes * allowed) continue;
    return { ...trend, state: 'flat', note: '', atMost: (part.bytes * 60_000) / part.ms };
  }
  return trend;
}

/** Whether each of what a counter counts has a number by which it is known again, and none was left out or estimated. */
function knowsEach({ unit }: CounterKind, { series }: Verdict, { looks }: Ledger): boolean {
  return unit === 'count' && series.ids && looks.every(({ tasksBetween }) => tasksBetween === null);
}

/** Looks after which what the last dump said is no more said of the process. */
const mostLater = 4;

/** Whether more looks than that came after the last dump. */
function isStale({ series: { times } }: Verdict, { looks }: Ledger): boolean {
  const last = times?.at(-1);
  return last !== undefined && looks.filter(({ time }) => time > last).length > mostLater;
}

/** Whether one thing may become larger, which the number of objects does not tell. */
function fills(verdicts: ProcessCase['verdicts']): boolean {
  return verdicts.some(({ evidence, verdict }) => evidence === 'filled' && verdict.kind !== 'none');
}

function trendsOf({ ledger, verdicts }: ProcessCase): CounterTrend[] {
  return counterKinds.map((kind) => {
    const read = ledger.trend(kind);
    for (const evidence of totalsOf[kind.name] ?? []) {
      const verdict = verdicts.find((one) => one.evidence === evidence)?.verdict;
      const said = verdict === undefined ? null : dumped(kind, evidence, verdict);
      if (verdict === undefined || said === null) continue;
      if (read.state === 'unknown') return acquitted(said, verdict);
      // Snapshots say exactly what lives; what is used includes what nobody has collected yet.
      if (evidence === 'classes' && verdict.series.dumps >= fewestSnapshots) {
        if (fills(verdicts)) return said;
        const bound = boundByBirth(said, verdict);
        // What came after the last of them they do not tell.
        if (bound.state === 'flat' && isStale(verdict, ledger)) return read.state === 'flat' ? bound : read;
        // What collections have left is as exact, and there are more of them.
        const isRead = verdict.kind === 'none' && read.state === 'flat' && ledger.tellsLive;
        return bound.state === 'unclear' && isRead ? read : bound;
      }
      if (evidence !== 'heap' && read.state === 'unclear' && knowsEach(kind, verdict, ledger))
        return acquitted(read, verdict);
    }
    return read;
  });
}

/**
 * A sum of dumps says less than its parts, which are all there: where each of them has come back, has settled or is turned over, so has
 * the sum. By how much it could grow unseen stays what the sum can show.
 */
function acquitted(trend: CounterTrend, { kind }: Verdict): CounterTrend {
  if (kind !== 'none' || trend.state === 'flat' || trend.atMost === null) return trend;
  return { ...trend, state: 'flat', note: 'settled' };
}

/**
 * Whether a finding in sampled bytes is refuted by the counters that it would have to move: all of them are flat, and bounded far
 * below its pace. What is counted one by one is refuted by no sum.
 */
function isRefuted(
  evidence: Evidence,
  finding: Finding,
  unit: string,
  trends: readonly CounterTrend[],
): boolean {
  const rate = finding.growth.perMinute;
  if (rate === null || unit !== 'bytes') return false;
  const moved = trends.filter(
    ({ kind, state }) => state !== 'unknown' && kind.unit === unit && kind.evidence.includes(evidence),
  );
  if (moved.length === 0 || moved.some(({ state }) => state !== 'flat')) return false;
  return moved.reduce((sum, { atMost }) => sum + (atMost ?? 0), 0) < rate / 2;
}

function findingsOf(
  one: ProcessCase,
  trends: readonly CounterTrend[],
  kind: Finding['kind'],
): ProcessFinding[] {
  return one.verdicts.flatMap(({ evidence, verdict }) =>
    verdict.findings
      .filter((finding) => finding.kind === kind)
      .filter((finding) => !isRefuted(evidence, finding, verdict.series.measure.unit, trends))
      .map((finding): ProcessFinding => ({ evidence, finding, part: '' })),
  );
}

/**
 * What is convicted where snapshots say what is alive: allocations, sampled since the first look, convict nobody by themselves, for they
 * become more until what was there before is gone. They do where the live heap grows in step, by as much, and no object of the program
 * explains that: one thing swells (a string, a table of numbers), or Node alone holds what piles up.
 */
function witnessed({ snapshots, verdicts }: ProcessCase, found: readonly ProcessFinding[]): ProcessFinding[] {
  if (!snapshots || found.some(({ evidence }) => evidence !== 'heap')) return [...found];
  const classes = verdicts.find(({ evidence }) => evidence === 'classes')?.verdict;
  const live = classes?.series.retained ?? [];
  if (classes === undefined || live.length < fewestSnapshots || !isOnlyHeldByNode(classes)) return [];
  const [first = 0] = live;
  const heap = { counts: live, first, growth: { total: (live.at(-1) ?? 0) - first } };
  return found.filter(
    ({ finding }) =>
      finding.culprit?.origin === 'user' &&
      heap.growth.total >= explainedShare * finding.growth.total &&
      growInStep(heap, finding),
  );
}

/** What the findings explain of a counter's growth. */
function explain(
  trend: CounterTrend,
  one: ProcessCase,
  findings: readonly ProcessFinding[],
): Pick<LedgerRow, 'explained' | 'by'> {
  const { kind, gain } = trend;
  let explained: number | null = null;
  const by: string[] = [];
  for (const { evidence, finding } of findings) {
    if (
      !kind.evidence.includes(evidence) &&
      !kind.follows.some((name) => kindOf(name)?.evidence.includes(evidence) === true)
    )
      continue;
    const unit = one.verdicts.find((other) => other.evidence === evidence)?.verdict.series.measure.unit;
    const inUnit =
      unit === kind.unit
        ? finding.growth.total
        : kind.unit === 'bytes' && finding.retained !== null
          ? finding.retained.growth
          : null;
    if (inUnit !== null) explained = Math.min(Math.max(gain, 0), (explained ?? 0) + inUnit);
    by.push(subjectOf(finding));
  }
  return { explained, by: [...new Set(by)] };
}

function kindOf(name: CounterName): CounterKind | undefined {
  return counterKinds.find((one) => one.name === name);
}

function limitOf({ kind }: CounterTrend, ledger: Ledger): number | null {
  return kind.limit === null ? null : (ledger.looks.at(-1)?.[kind.limit] ?? null);
}

function rowOf(trend: CounterTrend, one: ProcessCase, findings: readonly ProcessFinding[]): LedgerRow {
  const { kind, perMinute, last } = trend;
  const runtime = runtimeOf(one);
  const limit = limitOf(trend, one.ledger);
  const grows = trend.state === 'grows';
  return {
    counter: kind.name,
    noun: kind.noun[runtime],
    unit: kind.unit,
    state: trend.state,
    note: trend.note,
    values: trend.values,
    first: trend.first,
    last,
    gain: trend.gain,
    perMinute,
    atMost: trend.atMost,
    ...(grows ? explain(trend, one, findings) : { explained: null, by: [] }),
    limit,
    untilLimit:
      grows && limit !== null && perMinute > 0 && limit > last ? ((limit - last) / perMinute) * 60_000 : null,
    look: lookOf(kind.look[runtime], one),
  };
}

/** Whose process it is: stacks say that more surely than whoever answers in Go's forms. */
function runtimeOf({ verdicts, ledger }: ProcessCase): Counters['runtime'] {
  const tasks = verdicts.find(({ evidence }) => evidence === 'tasks')?.verdict.series.noun;
  if (tasks !== undefined) return tasks.endsWith('goroutines') ? 'go' : 'node';
  return ledger.looks.at(-1)?.runtime ?? 'node';
}

/** A command with the address and the number of the process that was watched. */
function lookOf(look: string, { source, ledger }: ProcessCase): string {
  const pid = ledger.looks.at(-1)?.pid ?? null;
  const named = source === '' ? look : look.replaceAll('URL', source);
  return pid === null ? named : named.replaceAll('PID', `${pid}`);
}

/** What the counters themselves say that nobody looked at. */
function unseenOf(one: ProcessCase, trends: readonly CounterTrend[]): Unseen[] {
  const last = one.ledger.looks.at(-1);
  const told = [...one.unseen];
  const add = (unseen: Unseen): void => {
    if (!told.some(({ id }) => id === unseen.id)) told.push({ ...unseen, look: lookOf(unseen.look, one) });
  };
  for (const [kind, noun] of [
    ['workers', 'worker'],
    ['children', 'child process'],
  ] as const) {
    const there = last?.[kind] ?? 0;
    const missed = there - one.parts.filter((part) => part.kind === kind).length;
    if (missed > 0)
      add({
        id: kind,
        text: `${missed} ${missed === 1 ? noun : noun === 'worker' ? 'workers' : 'child processes'} ${missed === 1 ? 'was' : 'were'} not visited`,
        look: kindOf(kind)?.look[last?.runtime ?? 'node'] ?? '',
        blocks: true,
      });
  }
  if (last === undefined) return told;
  for (const name of ['tasks', 'handles', 'heapLive', 'rss'] as const) {
    const trend = trends.find(({ kind }) => kind.name === name);
    if (trend?.state !== 'unknown' || (name === 'handles' && last.runtime === 'go')) continue;
    const { noun, look } = trend.kind;
    add({
      id: name,
      text: `${noun[last.runtime]} ${trend.kind.unit === 'bytes' ? 'was' : 'were'} not counted`,
      look: look[last.runtime],
      // Go's handlers say nothing of resident memory, and its heap is not the process's to hide things in.
      blocks: last.runtime === 'node' || name === 'tasks',
    });
  }
  return told;
}

/** How much longer to watch until what is unsteady could be told; null where that is no matter of time. */
function watchForOf(trends: readonly CounterTrend[], span: number, looks: number): number | null {
  let longest = 0;
  for (const { kind, state, note, atMost, last } of trends) {
    if (state !== 'unclear') continue;
    if (note === 'few' || atMost === null || span <= 0) {
      longest = Math.max(longest, 60_000, looks > 0 ? (span / looks) * 6 : 0);
      continue;
    }
    // The error of a growth over the whole watch falls with the root of the number of looks.
    const allowed = Math.max(kind.unseenGain, kind.unseenShare * last);
    const factor = Math.min(mostPatience, Math.max(1.25, (atMost * span) / 60_000 / allowed) ** 2);
    longest = Math.max(longest, span * (factor - 1));
  }
  return longest === 0 || longest > longestWatch ? null : longest;
}

function spanOf({ ledger, verdicts }: ProcessCase): number {
  return Math.max(ledger.span, ...verdicts.map(({ verdict }) => verdict.series.span ?? 0));
}

/** Whether a verdict that could not tell keeps the process from being acquitted: mostly not where exact counters are flat. */
function keepsOpen(
  { evidence, verdict }: ProcessCase['verdicts'][number],
  trends: readonly CounterTrend[],
): boolean {
  if (verdict.kind !== 'unsure') return false;
  // A few that stay are a leak as well as a pool: they hardly move a counter.
  if (verdict.findings.some((finding) => finding.kind === 'growing' && finding.reason === 'pool'))
    return true;
  const { unit } = verdict.series.measure;
  const moved = trends.filter(
    ({ kind, state }) =>
      state !== 'unknown' &&
      (kind.unit === unit || evidence === 'classes') &&
      kind.evidence.includes(evidence),
  );
  return moved.length === 0 || moved.some(({ state }) => state !== 'flat');
}

/** Judges all that is known of a process. */
export function judgeProcess(told: ProcessCase): ProcessVerdict {
  const trends = trendsOf(told);
  const files = filesVerdict(trends, told.openers, told.ledger.looks);
  const one: ProcessCase = {
    ...told,
    verdicts: [
      ...withCallers(
        withHolders(withAllocators(withNodesOwn(withCallees(told.verdicts, told.calls)))),
        told.callers,
      ),
      ...(files === null ? [] : [{ evidence: 'files' as const, verdict: files }]),
    ],
  };
  const found = findingsOf(one, trends, 'leak');
  const leaks = blameOrder([
    ...witnessed(one, found),
    ...one.parts.flatMap(({ name, verdict }) =>
      verdict.convicted.map((convicted) => ({
        ...convicted,
        part: convicted.part === '' ? name : convicted.part,
      })),
    ),
  ]);
  const growing = findingsOf(one, trends, 'growing');
  const ledger = trends.map((trend) => rowOf(trend, one, [...leaks, ...growing]));
  const unseen = unseenOf(one, trends);
  const looks = Math.max(
    one.ledger.looks.length,
    ...one.verdicts.map(({ verdict }) => verdict.series.dumps),
    0,
  );
  const open =
    looks < 2 ||
    ledger.some(({ state }) => state === 'grows' || state === 'unclear') ||
    unseen.some(({ blocks }) => blocks) ||
    one.verdicts.some((verdict) => keepsOpen(verdict, trends)) ||
    one.parts.some(({ verdict }) => verdict.kind === 'unsure') ||
    one.earlier.some(({ kind }) => kind === 'unsure');
  const guilty = leaks.length > 0 || one.earlier.some(({ kind }) => kind === 'leak');
  const kind = guilty ? 'leak' : open ? 'unsure' : 'none';
  const span = spanOf(one);
  const verdict: ProcessVerdict = {
    kind,
    exitStatus: kind === 'leak' ? 1 : kind === 'unsure' ? 2 : 0,
    sentence: '',
    convicted: leaks,
    ledger,
    unseen,
    bound: boundText(ledger, isTimed(one)),
    next: '',
    watchFor: kind === 'unsure' ? watchForOf(trends, span, looks) : null,
    looks,
    span,
    restarts: one.restarts,
    earlier: one.earlier,
    verdicts: [
      ...one.verdicts.map(({ evidence, verdict: said }) => ({ ...said, evidence, part: '' })),
      ...one.parts.flatMap(({ name, verdict: said }) =>
        said.verdicts.map((part) => ({ ...part, part: part.part === '' ? name : part.part })),
      ),
    ],
  };
  const said = { ...verdict, next: nextOf(verdict) };
  return { ...said, sentence: processSentence(said, growing) };
}

/** Whether bounds are per minute: dumps without times bound growth per dump. */
function isTimed({ ledger, verdicts }: ProcessCase): boolean {
  return ledger.looks.length > 0 || verdicts.every(({ verdict }) => verdict.series.times !== null);
}

/** The one thing to do next where nothing is decided. */
function nextOf({ kind, ledger, unseen, watchFor }: ProcessVerdict): string {
  if (kind !== 'unsure') return '';
  const unexplained = ledger.find(
    ({ state, gain, explained, by }) =>
      state === 'grows' && (explained === null ? by.length === 0 : explained < explainedShare * gain),
  );
  if (unexplained !== undefined) return unexplained.look;
  const blocking = unseen.find(({ blocks, look }) => blocks && look !== '');
  if (blocking !== undefined) return blocking.look;
  return watchFor === null ? '' : 'watch';
}
