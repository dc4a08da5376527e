// Does a fix hold? The pace of what leaked before, against the pace that it may at most have now.
import type { CounterName } from './counter-kinds.ts';
import type { LedgerRow, ProcessFinding, ProcessVerdict } from './process-verdict.ts';
import { rateOf, subjectOf } from './sentences.ts';
import type { Finding, StackFrame } from './verdict.ts';
import { amount, duration, percent } from './words.ts';

/** A pace with what is known of it, per minute (per dump where times are unknown). */
export interface Pace {
  readonly rate: number;
  /** With 99 % confidence no more than this; null where that is not known. */
  readonly atMost: number | null;
}

/** One thing that leaked before the fix, and what it does now. */
export interface Verified {
  readonly subject: string;
  readonly unit: string;
  readonly before: Pace;
  readonly after: Pace;
  /** `gone`: it grows no more, or so slowly at most that the fix holds; `stays`: it still leaks; `unsure`. */
  readonly state: 'gone' | 'stays' | 'unsure';
}

/** The answer. */
export interface Verification {
  /** `holds`: what leaked leaks no more, and nothing else does; `fails`; `unsure`. */
  readonly kind: 'holds' | 'fails' | 'unsure';
  readonly exitStatus: 0 | 1 | 2;
  /**
   * Of `holds`: of fixes that leave more than a tenth of the pace of anything that leaked, at most `1 − certainty` are said to hold; each
   * suspect that is bounded by itself has a bound that fails one time in 100. Of `fails`: how sure the surest of what leaks now is, as its finding says it, or 0.99
   * where a counter still grows as before, by such a bound. 0 for `unsure`.
   */
  readonly certainty: number;
  readonly sentence: string;
  readonly suspects: readonly Verified[];
  /** What leaks after the fix and was not convicted before: the leak moved, or another one came. */
  readonly others: readonly string[];
  /** How much longer to watch what is there now before it can be told, in milliseconds; null where that is not needed or of no use. */
  readonly watchFor: number | null;
}

/** Of bounds that are 99 % sure one in so many fails. */
const boundFails = 0.01;

/** A fix holds where no more than this share of the old pace can be left. */
const leftShare = 0.1;

function isSame(one: ProcessFinding, other: ProcessFinding): boolean {
  return one.evidence === other.evidence && isSamePlace(one.finding, other.finding);
}

/** Whether two findings are about one place, whatever lines moved and files were renamed: a fix does that. */
function isSamePlace(one: Finding, other: Finding): boolean {
  if (one.pattern !== null || other.pattern !== null) return one.pattern?.id === other.pattern?.id;
  const [before, after] = [frameOf(one), frameOf(other)];
  if (before === undefined || after === undefined) return before === after;
  const name = functionOf(before.name);
  if (name !== functionOf(after.name)) return false;
  // Go's names say the package; others are only names within a file.
  return name.includes('/') || baseOf(before) === baseOf(after);
}

function frameOf({ culprit, stack }: Finding): StackFrame | undefined {
  return culprit ?? stack[0];
}

function baseOf({ file }: StackFrame): string {
  return file.replace(/^.*[/\\]/u, '');
}

/** A function's name without what numbers the closures in it. */
function functionOf(name: string): string {
  return name.replace(/(?:\.func\d+|\.gowrap\d+|\.\d+)+$/u, '');
}

/** All findings of a verdict, with their evidence. */
function findingsOf({ verdicts }: ProcessVerdict): ProcessFinding[] {
  return verdicts.flatMap(({ evidence, part, findings }) =>
    findings.map((finding): ProcessFinding => ({ evidence, finding, part })),
  );
}

function unitOf(verdict: ProcessVerdict, { evidence }: ProcessFinding): string {
  return verdict.verdicts.find((one) => one.evidence === evidence)?.series.measure.unit ?? 'count';
}

function paceOf({ growth, atMost }: Finding): Pace {
  return { rate: growth.perMinute ?? growth.perDump, atMost };
}

/** The pace of what is not there any more: bounded by the time in which it did not show, in bytes by the growth of all memory. */
function paceOfNothing(after: ProcessVerdict, suspect: ProcessFinding): Pace {
  const judged = after.verdicts.find(({ evidence }) => evidence === suspect.evidence)?.series;
  if (judged === undefined || judged.dumps < 3) return { rate: 0, atMost: null };
  if (judged.measure.unit === 'bytes') {
    const memory = after.ledger.find(({ counter }) => counter === 'heapLive');
    return { rate: 0, atMost: memory?.atMost ?? null };
  }
  const window = judged.span === null ? judged.dumps - 1 : judged.span / 60_000;
  return { rate: 0, atMost: window > 0 ? Math.log(100) / window : null };
}

/** What one place leaked in two ways, tasks and the memory that they keep, is gone with what can be counted. */
function withTheirMemory(
  before: readonly ProcessFinding[],
  after: ProcessVerdict,
  verified: readonly Verified[],
): Verified[] {
  return verified.map((one, i): Verified => {
    const suspect = before[i];
    if (suspect === undefined || one.state !== 'unsure' || one.unit !== 'bytes') return one;
    const isThere = findingsOf(after).some((now) => isSame(suspect, now) && now.finding.kind !== 'steady');
    const counted = before.some(
      (other, k) =>
        verified[k]?.unit !== 'bytes' &&
        verified[k]?.state === 'gone' &&
        isSamePlace(other.finding, suspect.finding),
    );
    return counted && !isThere ? { ...one, state: 'gone' } : one;
  });
}

function isBelow({ atMost }: Pace, left: number): boolean {
  return atMost !== null && atMost <= left;
}

/** Whether a bound of its own says that it is gone: memory may be gone with what kept it, which is bounded itself. */
function isBounded({ before, after, state }: Verified): boolean {
  return state === 'gone' && isBelow(after, leftShare * Math.abs(before.rate));
}

function verifyOne(before: ProcessVerdict, after: ProcessVerdict, suspect: ProcessFinding): Verified {
  const now = findingsOf(after).find((candidate) => isSame(suspect, candidate));
  const old = paceOf(suspect.finding);
  const pace = now === undefined ? paceOfNothing(after, suspect) : paceOf(now.finding);
  const left = leftShare * Math.abs(old.rate);
  const state = now?.finding.kind === 'leak' ? 'stays' : isBelow(pace, left) ? 'gone' : 'unsure';
  return {
    subject: subjectOf(suspect.finding),
    unit: unitOf(before, suspect),
    before: old,
    after: pace,
    state,
  };
}

/** Counters that grew before and may still grow. */
function stillGrowing(before: ProcessVerdict, after: ProcessVerdict): LedgerRow[] {
  const grew = new Set<CounterName>(
    before.ledger.filter(({ state }) => state === 'grows').map(({ counter }) => counter),
  );
  return after.ledger.filter(({ counter, state }) => grew.has(counter) && state === 'grows');
}

/** Of those, what is counted one by one and grows at least half as fast as it did: under the same load that is the same leak. */
function asBefore(before: ProcessVerdict, growing: readonly LedgerRow[]): LedgerRow[] {
  return growing.filter(({ counter, unit, perMinute }) => {
    const was = before.ledger.find((row) => row.counter === counter);
    return unit === 'count' && was !== undefined && perMinute >= was.perMinute / 2;
  });
}

/**
 * How much longer it takes until what is left of the old pace would show. A bound by what did not come falls with the time watched,
 * one by noise with its three-halves power: the slower one is told.
 */
function watchForOf(suspects: readonly Verified[], span: number): number | null {
  let longest = 0;
  for (const { before, after, state } of suspects) {
    if (state !== 'unsure') continue;
    const left = leftShare * Math.abs(before.rate);
    const factor = after.atMost === null || left <= 0 ? 2 : Math.max(1.2, after.atMost / left);
    longest = Math.max(longest, Math.max(span, 30_000) * (factor - 1));
  }
  return longest > 0 && longest < 7 * 24 * 3_600_000 ? longest : null;
}

/**
 * Whether a fix holds: what was convicted before must not grow now, by a bound far below its old pace, and nothing else may leak.
 *
 * @param before what was said of the process without the fix
 * @param after what is said of it with the fix, under the same load
 */
export function verify(before: ProcessVerdict, after: ProcessVerdict): Verification {
  const suspects = withTheirMemory(
    before.convicted,
    after,
    before.convicted.map((suspect) => verifyOne(before, after, suspect)),
  );
  const others = after.convicted
    .filter((found) => !before.convicted.some((suspect) => isSame(suspect, found)))
    .map(({ finding }) => finding.sentence);
  const stays = suspects.filter(({ state }) => state === 'stays');
  const growing = stillGrowing(before, after);
  const unmoved = asBefore(before, growing);
  const fails = after.kind === 'leak' || unmoved.length > 0;
  const holds =
    !fails && suspects.length > 0 && suspects.every(({ state }) => state === 'gone') && growing.length === 0;
  const kind = fails ? 'fails' : holds ? 'holds' : 'unsure';
  const watchFor = kind === 'unsure' ? (watchForOf(suspects, after.span) ?? after.watchFor) : null;
  const certainty =
    kind === 'fails'
      ? Math.max(
          unmoved.length > 0 ? 1 - boundFails : 0,
          ...after.convicted.map(({ finding }) => finding.confidence),
        )
      : kind === 'holds'
        ? Math.max(0, 1 - boundFails * suspects.filter(isBounded).length)
        : 0;
  const facts = { kind, certainty, suspects, others, watchFor } as const;
  return {
    ...facts,
    exitStatus: kind === 'holds' ? 0 : kind === 'fails' ? 1 : 2,
    sentence: sentenceOf(facts, before, after, stays, growing),
  };
}

function sentenceOf(
  {
    kind,
    certainty,
    suspects,
    others,
    watchFor,
  }: Pick<Verification, 'kind' | 'certainty' | 'suspects' | 'others' | 'watchFor'>,
  before: ProcessVerdict,
  after: ProcessVerdict,
  stays: readonly Verified[],
  growing: readonly LedgerRow[],
): string {
  const longer = watchFor === null ? '' : ` Watch ${duration(watchFor)} longer.`;
  const [top] = suspects;
  if (kind === 'fails') {
    const [still] = stays;
    if (still !== undefined) {
      const was = pace(still.before, still.unit);
      return `The fix does not hold: ${still.subject} still piles up, ${was} before, ${pace(still.after, still.unit)} now (${percent(certainty)} sure).`;
    }
    const [row] = growing;
    if (others.length === 0 && row !== undefined) {
      const was = before.ledger.find(({ counter }) => counter === row.counter)?.perMinute ?? 0;
      const gone = top?.state === 'gone' ? `${top.subject} is gone, but ` : '';
      return `The fix does not hold: ${gone}${row.noun} still grow, ${pace({ rate: was, atMost: null }, row.unit)} before, ${pace({ rate: row.perMinute, atMost: row.atMost }, row.unit)} now (${percent(certainty)} sure).`;
    }
    return `The fix does not hold: what leaked before is gone, but something else leaks. ${others[0] ?? after.sentence}`;
  }
  if (top === undefined)
    return before.kind === 'leak'
      ? `Could not tell: nothing that leaked before is named.${longer}`
      : `Could not tell: nothing was convicted before the fix, so there is nothing to verify. ${before.sentence}`;
  if (kind === 'holds') {
    const most = top.after.atMost ?? 0;
    return `The fix holds: ${top.subject}, ${pace(top.before, top.unit)} before, grows by at most ${amount(Number(most.toPrecision(2)), top.unit)} now (${percent(certainty)} sure).`;
  }
  const [row] = growing;
  if (row !== undefined && suspects.every(({ state }) => state === 'gone'))
    return `Could not tell: ${top.subject} is gone, but ${row.noun} still ${row.unit === 'bytes' ? 'grows' : 'grow'}.${longer}`;
  const open = suspects.find(({ state }) => state === 'unsure') ?? top;
  const hidden = open.after.atMost;
  return `Could not tell yet: ${open.subject}, ${pace(open.before, open.unit)} before, ${hidden === null ? 'was not seen often enough' : `could still grow by ${amount(Number(hidden.toPrecision(2)), open.unit)}`} now.${longer}`;
}

function pace({ rate }: Pace, unit: string): string {
  return rateOf({ growth: { total: 0, perDump: rate, perMinute: rate } }, unit);
}
