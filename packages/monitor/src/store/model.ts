// What a store of profiles keeps and answers, whatever it stands on.
import type { Frame, StackTree } from './stack-tree.ts';

/** What tells series apart: a series is one sample type of one profile of one target. */
export interface SeriesKey {
  /** Of the target, `job` and `instance` among them. */
  readonly labels: Readonly<Record<string, string>>;
  /** `goroutine`, `heap` */
  readonly profile: string;
  /** `goroutine`, `inuse_space` */
  readonly sampleType: string;
  /** `count`, `bytes` */
  readonly unit: string;
  /** A gauge says how much there is; a delta how much came since the profile before. */
  readonly kind: 'gauge' | 'delta';
}

export interface Series extends SeriesKey {
  /** Within one store only. */
  readonly id: number;
}

/** One profile of one series. A stack that it does not name has the value 0. */
export interface ProfileRecord {
  readonly series: SeriesKey;
  /** Milliseconds since 1970, whole. With the series it tells records apart: a second one of the same time is dropped. */
  readonly time: number;
  /** When the process began, or any other whole number that changes when it begins anew. */
  readonly run: number;
  /** Nodes of the batch's tree, one per value; a node may stand twice, its values add up. */
  readonly nodes: Uint32Array;
  /** Whole numbers within ±2^51; what is beyond is cut to that, fractions are rounded. */
  readonly values: Float64Array;
}

export interface IngestBatch {
  /** A tree may be used for many batches: what a store has seen of it, it does not look up again. */
  readonly tree: StackTree;
  readonly profiles: readonly ProfileRecord[];
}

/** Name and value of a label, both exactly; `profile`, `sampleType` and `unit` are matched as if they were labels. */
export type LabelMatcher = readonly [name: string, value: string];

/** A value at a time; a gap has no point. */
export interface Point {
  readonly time: number;
  readonly value: number;
}

/** How the profiles of a step become one value. Several series of a step add up; a gauge's natural one is `avg`. */
export type Aggregation = 'avg' | 'max' | 'last' | 'sum';

/** Times in milliseconds since 1970; `from` belongs to it, `to` does not. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface GrowthQuery extends Range {
  readonly series: readonly number[];
  /** The rows with the steepest growth; 200 if not given. */
  readonly limit?: number;
}

/**
 * Sums of one stack in one series, from which its growth is fitted: x is the time since `from` in seconds, y the value; a profile
 * that does not name the stack counts with y = 0, so that n, Σx and Σx² are those of {@link PointSums}.
 */
export interface GrowthRow {
  readonly series: number;
  /** 64 bits that follow from the frames: the same in every store. */
  readonly stack: bigint;
  /** Profiles in which it has a value other than 0. */
  readonly seen: number;
  readonly sy: number;
  readonly sxy: number;
  readonly syy: number;
  /** Mean over the profiles of the first third of the range, and of the last. */
  readonly early: number;
  readonly late: number;
  readonly peak: number;
}

/** What is left of a stack in an hour of which only sums are; `early` and `late` depend on the question and are 0. */
export type Summed = Omit<GrowthRow, 'series' | 'stack'>;

/** A profile as a store keeps it: each stack once, none with the value 0. */
export interface KeptProfile {
  readonly time: number;
  readonly run: number;
  readonly stacks: BigInt64Array;
  readonly values: Float64Array;
}

/** An hour of a series of whose profiles only sums are left; x in seconds from the hour's start. */
export interface HourSums {
  /** Its start, in milliseconds since 1970. */
  readonly hour: number;
  /** Of the last profile. */
  readonly run: number;
  readonly n: number;
  readonly sx: number;
  readonly sxx: number;
  /** Of the profiles' totals: their sum, the highest, the last. */
  readonly total: number;
  readonly totalMax: number;
  readonly totalLast: number;
  /** Of the profiles, where the store knows them still; empty otherwise. */
  readonly times: Float64Array;
  /** Of each stack that is named beside it. */
  readonly sums: readonly Summed[];
}

export interface KeptHour extends HourSums {
  readonly stacks: BigInt64Array;
}

export interface HourRecord extends HourSums {
  readonly series: SeriesKey;
  /** Nodes of the batch's tree, one for each of `sums`, each once. */
  readonly nodes: Uint32Array;
}

export interface HourBatch {
  readonly tree: StackTree;
  readonly hours: readonly HourRecord[];
}

/** Of the profiles of one series: x as in {@link GrowthRow}. */
export interface PointSums {
  readonly series: number;
  readonly n: number;
  readonly sx: number;
  readonly sxx: number;
}

/** A stretch of profiles of one process. */
export interface Run {
  readonly series: number;
  readonly run: number;
  readonly first: number;
  readonly last: number;
}

export interface RetentionPolicy {
  /** How long every profile is kept as it came. */
  readonly rawMs: number;
  /** How long the sums of each hour are kept after that. */
  readonly hourlyMs: number;
  /** Of the whole store; the oldest hours leave first. */
  readonly maxBytes: number;
}

export interface RetentionReport {
  /** Hours of series that were folded: profiles into chunks, chunks into sums. */
  readonly folded: number;
  readonly summed: number;
  readonly dropped: number;
  readonly bytes: number;
}

/** Where profiles are kept. Every method rejects with a StoreError. */
export interface ProfileStore {
  /** Keeps all of the batch or, where it rejects, nothing. Resolved, it survives the end of the process. */
  putBatch(batch: IngestBatch): Promise<void>;
  /** All series that match and have a profile in the range, by id. */
  series(matchers: readonly LabelMatcher[], range: Range): Promise<Series[]>;
  /** The totals of the profiles, per step. */
  timeline(
    series: readonly number[],
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]>;
  /** The same of one stack. */
  stackSeries(
    series: readonly number[],
    stack: bigint,
    range: Range,
    stepMs: number,
    aggregation: Aggregation,
  ): Promise<Point[]>;
  growthSums(query: GrowthQuery): Promise<GrowthRow[]>;
  points(series: readonly number[], range: Range): Promise<PointSums[]>;
  /** Values by stack over the range: per series the mean, the sum or the last profile, added up over the series; without zeros. */
  merge(
    series: readonly number[],
    range: Range,
    aggregation: Exclude<Aggregation, 'max'>,
  ): Promise<ReadonlyMap<bigint, number>>;
  /** Leaf first; a stack that nobody knows is left out. */
  frames(stacks: readonly bigint[]): Promise<ReadonlyMap<bigint, readonly Frame[]>>;
  /** The processes that were seen, oldest first. */
  runs(series: readonly number[], range: Range): Promise<Run[]>;
  /** The profiles of one series as they are kept, oldest first. */
  profiles(series: number, range: Range): Promise<KeptProfile[]>;
  /** Its hours of which only sums are left and that begin in the range, oldest first. */
  hours(series: number, range: Range): Promise<KeptHour[]>;
  /** Keeps hours of another store; one that is there already stays as it is. */
  putHours(batch: HourBatch): Promise<void>;
  retention(now: number, policy: RetentionPolicy): Promise<RetentionReport>;
  /** Remembers a text under a name, in place of what was there; what a monitor knows of its targets. */
  remember(name: string, text: string): Promise<void>;
  /** What was remembered last; null where nothing was. */
  remembered(name: string): Promise<string | null>;
  /** Names of all that is remembered, in order. */
  notes(): Promise<string[]>;
  close(): Promise<void>;
}

/** Hours are the unit in which profiles are folded and dropped. */
export const HOUR_MS = 3_600_000;

/** The step that a time belongs to, from the range's start on. */
export function stepOf(time: number, from: number, stepMs: number): number {
  return from + Math.floor((time - from) / stepMs) * stepMs;
}
