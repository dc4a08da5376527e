// What a verdict on a program is worth, given what is true of it; and what many of them come to.
import type { Truth } from './program.ts';

/**
 * `right`: convicted with the line, or a trap let go. `L`: convicted, and none of the user's code is blamed. `wrong`: other code
 * of the user is blamed, or a trap is convicted. `unsure`: it could not tell. `NO`: a leak is acquitted. `error`: there is no verdict.
 */
export type Outcome = 'right' | 'L' | 'wrong' | 'unsure' | 'NO' | 'error';

/** How a verdict was asked for, and the three numbers that a command ends with. */
export interface Ran {
  /** Exit status of the command; null where it was killed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The parts of a report that are read here; whatever else is in it may change. */
interface Report {
  readonly kind?: unknown;
  readonly sentence?: unknown;
  readonly verdicts?: unknown;
}

/** Whom a report blames first. */
export interface Blame {
  /** Names of functions, some with their places; no prose, whose words could be names too. */
  readonly names: readonly string[];
  /** Whether any of it is the user's own code. */
  readonly own: boolean;
}

/** An outcome with what a person would be told, for one line. */
export interface Judgement {
  readonly outcome: Outcome;
  readonly said: string;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function records(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The first finding that each verdict convicts: that is its headline; what follows it is not counted. */
function headlines(report: Report): Readonly<Record<string, unknown>>[] {
  return records(report.verdicts).flatMap((verdict) =>
    records(verdict['findings'])
      .filter((finding) => finding['kind'] === 'leak')
      .slice(0, 1),
  );
}

/** Whom a report blames: the culprits of its headlines, who started them, and what holds them. */
export function blameOf(report: Report): Blame {
  const found = headlines(report);
  const culprits = found.map(({ culprit }) => culprit).filter(isRecord);
  const retained = found.map(({ retained: kept }) => kept).filter(isRecord);
  const names = [
    ...culprits.map(({ name }) => text(name)),
    ...found.map(({ createdBy }) => text(createdBy)),
    ...retained.map(({ heldBy }) => text(heldBy)),
  ].filter((name) => name !== '');
  return { names, own: culprits.some(({ origin }) => origin === 'user') };
}

function reportOf(stdout: string): Report | null {
  try {
    const report: unknown = JSON.parse(stdout);
    return isRecord(report) ? report : null;
  } catch {
    return null;
  }
}

/** Compares what the command said with what is true. */
export function judge(truth: Truth, ran: Ran): Judgement {
  const report = reportOf(ran.stdout);
  if (report === null) {
    const last = ran.stderr.trimEnd().split('\n').at(-1) ?? '';
    return { outcome: 'error', said: last === '' ? `no verdict, status ${ran.status ?? 'none'}` : last };
  }
  const said = text(report.sentence);
  if (ran.status === 0) return { outcome: truth.kind === 'trap' ? 'right' : 'NO', said };
  if (ran.status !== 1) return { outcome: 'unsure', said };
  if (truth.kind === 'trap') return { outcome: 'wrong', said };
  const { names, own } = blameOf(report);
  if (names.some((name) => truth.blame.test(name))) return { outcome: 'right', said };
  return { outcome: own ? 'wrong' : 'L', said };
}

/** What many judgements come to. */
export interface Tally {
  readonly leaks: number;
  readonly acquitted: number;
  readonly convicted: number;
  /** Of the convicted those with the line. */
  readonly withLine: number;
  readonly traps: number;
  readonly trapsConvicted: number;
  /** Programs without a verdict. */
  readonly errors: number;
}

export function tally(judged: readonly { readonly truth: Truth; readonly outcome: Outcome }[]): Tally {
  const of = (kind: Truth['kind'], ...outcomes: readonly Outcome[]): number =>
    judged.filter(({ truth, outcome }) => truth.kind === kind && outcomes.includes(outcome)).length;
  return {
    leaks: judged.filter(({ truth }) => truth.kind === 'leak').length,
    acquitted: of('leak', 'NO'),
    convicted: of('leak', 'right', 'L', 'wrong'),
    withLine: of('leak', 'right'),
    traps: judged.filter(({ truth }) => truth.kind === 'trap').length,
    trapsConvicted: of('trap', 'wrong'),
    errors: judged.filter(({ outcome }) => outcome === 'error').length,
  };
}

/** Of all leaks that are there, the shares that must be convicted, and with the line. */
const LEAST_CONVICTED = 0.9;
const LEAST_WITH_LINE = 0.85;

/** Whether nothing that leaks is acquitted, no trap is convicted, and enough is found. */
export function isGoodEnough(sum: Tally): boolean {
  return (
    sum.acquitted === 0 &&
    sum.trapsConvicted === 0 &&
    sum.errors === 0 &&
    sum.convicted >= LEAST_CONVICTED * sum.leaks &&
    sum.withLine >= LEAST_WITH_LINE * sum.leaks
  );
}
