// What is known of a watched service at one moment, in the form in which it is shown: its counters, what leaks, what grows.
import {
  type CounterState,
  type CounterTrend,
  type Finding,
  type Ledger,
  type LedgerRow,
  type ProcessVerdict,
  type Series,
  type Verdict,
} from '@stackpile/leaks';
import type { Counters } from '@stackpile/profile';

/** One counter over the looks. */
export interface Row {
  /** As it stands beside its number: `tasks`, `live heap`. */
  readonly noun: string;
  readonly unit: 'count' | 'bytes';
  readonly state: CounterState;
  /** One per look; null where a look did not know it. */
  readonly values: readonly (number | null)[];
  readonly last: number;
  /** Robust slope per minute; null where the looks are too few, or nobody knows when they were. */
  readonly perMinute: number | null;
  /** Where it ends, in its unit; null where that is not known. */
  readonly limit: number | null;
  /** Milliseconds until then at this pace; null where it does not grow, or ends nowhere. */
  readonly untilLimit: number | null;
}

/** A finding, and what is counted in it. */
export interface Suspect {
  readonly finding: Finding;
  readonly series: Series;
  /** `worker 3`; '' for the main thread. */
  readonly part: string;
}

/** All that is told of a service after a look. */
export interface Told {
  readonly kind: Verdict['kind'];
  readonly sentence: string;
  /** What is convicted, the place to mend first. */
  readonly leaks: readonly Suspect[];
  /** What grows, and may be harmless. */
  readonly growing: readonly Suspect[];
  /** What it is mainly judged by. */
  readonly main: Row;
  readonly rows: readonly Row[];
  /** Looks of this run of the process. */
  readonly looks: number;
  readonly restarts: number;
}

const nothing: Row = {
  noun: 'tasks',
  unit: 'count',
  state: 'unknown',
  values: [],
  last: 0,
  perMinute: null,
  limit: null,
  untilLimit: null,
};

function rowOf(row: Omit<LedgerRow, 'perMinute'> & { readonly perMinute: number }): Row {
  const { noun, unit, state, note, values, last, limit, untilLimit } = row;
  const slow = state === 'unknown' || note === 'few';
  return { noun, unit, state, values, last, limit, untilLimit, perMinute: slow ? null : row.perMinute };
}

/** What grows beyond chance; of a few looks nobody can say so. */
function growingIn(verdict: Verdict, part: string): Suspect[] {
  return suspectsIn(verdict, 'growing', part).filter(
    ({ finding }) => finding.kind === 'growing' && finding.reason !== 'few',
  );
}

function suspectsIn(verdict: Verdict, kind: Finding['kind'], part: string): Suspect[] {
  return verdict.findings
    .filter((finding) => finding.kind === kind)
    .map((finding) => ({ finding, series: verdict.series, part }));
}

/** What the balance of a whole process says. */
export function toldOfProcess(process: ProcessVerdict): Told {
  const all = process.verdicts.map((verdict) => ({
    leaks: suspectsIn(verdict, 'leak', verdict.part),
    growing: growingIn(verdict, verdict.part),
  }));
  const first = process.convicted.map(({ finding }) => finding);
  const rank = ({ finding }: Suspect): number => first.indexOf(finding);
  const leaks = all.flatMap((one) => one.leaks).filter((suspect) => rank(suspect) >= 0);
  // What is convicted grows, however little of all there is in a short time.
  const guilty = new Set(leaks.map(({ series }) => series.noun));
  const rows = process.ledger
    .filter(({ state }) => state !== 'unknown')
    .map((row) => (guilty.has(row.noun) ? { ...rowOf(row), state: 'grows' as const } : rowOf(row)));
  return {
    kind: process.kind,
    sentence: process.sentence,
    leaks: leaks.toSorted((a, b) => rank(a) - rank(b)),
    growing: all.flatMap((one) => one.growing),
    main: rows[0] ?? nothing,
    rows,
    looks: process.looks,
    restarts: process.restarts,
  };
}

/** Where a counter ends, and when; of counters that nobody balances. */
function withLimit({ kind, ...trend }: CounterTrend, last: Counters | undefined): Row {
  const limit = kind.limit === null ? null : (last?.[kind.limit] ?? null);
  const grows = trend.state === 'grows' && trend.perMinute > 0;
  const untilLimit =
    limit === null || !grows ? null : (Math.max(0, limit - trend.last) / trend.perMinute) * 60_000;
  return {
    noun: kind.noun[last?.runtime ?? 'node'],
    unit: kind.unit,
    state: trend.state,
    values: trend.values,
    last: trend.last,
    perMinute: trend.note === 'few' ? null : trend.perMinute,
    limit,
    untilLimit,
  };
}

/** What the verdict on one profile says, with the counters of its process beside it. */
export function toldOfProfile(verdict: Verdict, ledger: Ledger): Told {
  const { series, kind, sentence } = verdict;
  const counters = ledger.looks.at(-1);
  const rows = ledger
    .trends()
    .filter(({ state }) => state !== 'unknown')
    .map((trend) => withLimit(trend, counters));
  const main: Row = {
    ...nothing,
    noun: series.noun,
    unit: series.measure.unit === 'bytes' ? 'bytes' : 'count',
    state: kind === 'leak' ? 'grows' : kind === 'none' ? 'flat' : 'unclear',
    values: series.totals,
    last: series.totals.at(-1) ?? 0,
    perMinute: series.dumps < 3 ? null : series.growth.perMinute,
  };
  return {
    kind,
    sentence,
    leaks: suspectsIn(verdict, 'leak', ''),
    growing: growingIn(verdict, ''),
    main,
    rows: rows.length === 0 ? [main] : rows,
    looks: series.dumps,
    restarts: series.restarts,
  };
}
