// What the page and its worker say to each other. Everything here survives structured cloning.
import type { FrameGranularity, FlameLayout } from '@stackpile/report/flame';
import type { Origin, ValueType } from '@stackpile/profile';
import type { Verdict } from '@stackpile/leaks';
import type { EngineErrorCode } from '../errors.ts';

/** What the page knows of a profile that was opened. */
export interface ProfileSummary {
  readonly id: number;
  readonly name: string;
  /** Bytes of the file, 0 where unknown. */
  readonly size: number;
  /** What its samples are where they are tasks: Go's goroutines, or Node's tasks; else ''. */
  readonly noun: '' | 'goroutines' | 'tasks';
  readonly sampleTypes: readonly ValueType[];
  /** Row of the sample type to show first. */
  readonly defaultType: number;
  readonly samples: number;
  readonly functions: number;
  /** Milliseconds since 1970, null where unknown. */
  readonly time: number | null;
  readonly durationMs: number;
  readonly period: string;
  readonly comments: readonly string[];
  readonly docUrl: string;
  /** Samples carry their time: time order is possible. */
  readonly hasTimes: boolean;
  /** Samples are tasks or goroutines: the Tasks view makes sense. */
  readonly hasTasks: boolean;
  /** Milliseconds that reading took. */
  readonly readMs: number;
}

/** Which stacks a question is about. */
export interface StackQuery {
  readonly profile: number;
  /** Profile to compare with, null for none. */
  readonly base: number | null;
  /** Name of the sample type, '' for the default. */
  readonly sampleType: string;
  readonly granularity: FrameGranularity;
  readonly focus: string;
  readonly ignore: string;
  readonly hide: string;
  readonly show: string;
  readonly showFrom: string;
  readonly libraries: 'show' | 'collapse' | 'hide';
}

/** Frames that an answer mentions; other columns refer to rows of it. */
export interface FrameList {
  readonly name: readonly string[];
  readonly file: readonly string[];
  readonly line: Uint32Array;
  readonly severalLines: Uint8Array;
  readonly origin: readonly Origin[];
  readonly package: readonly string[];
}

/** The layout of one flame graph whose `frame` column holds rows of `frames`. */
export interface FlameQuery extends StackQuery {
  readonly mode: 'down' | 'up' | 'sandwich' | 'time';
  readonly pivot: string;
  /** Hashes of frames from the root down; see `frameHash`. */
  readonly zoom: readonly string[];
  readonly minShare: number;
  /** Frames to mark, '' for none. */
  readonly search: string;
  /** In a comparison: leave out what did not change. */
  readonly onlyChanged: boolean;
}

export interface FlameAnswer {
  readonly layout: FlameLayout;
  /** Sandwich: the callers, growing upwards; null in other modes. */
  readonly callers: FlameLayout | null;
  readonly frames: FrameList;
  /** Rows of `frames` of the zoomed path, outermost first; the last is the root box. */
  readonly path: readonly number[];
  /** Weights along `path`. */
  readonly pathWeights: readonly number[];
  readonly unit: string;
  readonly type: string;
  /** Percentages are relative to this: the whole profile. */
  readonly total: number;
  readonly totalBefore: number;
  /** What filters kept. */
  readonly kept: number;
  /** Weight of one sampled event, for noise; 0 where values are exact. */
  readonly eventWeight: number;
  readonly search: SearchAnswer | null;
  /** Set where the pivot of a sandwich or the zoom was not found. */
  readonly note: string;
  /** Milliseconds in the worker. */
  readonly ms: number;
}

/** What a search found. */
export interface SearchAnswer {
  /** One byte per row of `frames`. */
  readonly mask: Uint8Array;
  readonly functions: number;
  readonly weight: number;
}

export interface TopRow {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly severalLines: boolean;
  readonly origin: Origin;
  readonly flat: number;
  readonly cum: number;
  readonly flatBefore: number;
  readonly cumBefore: number;
}

export interface TopAnswer {
  /** At most `limit` rows, by the asked order. */
  readonly rows: readonly TopRow[];
  /** How many functions have a value at all. */
  readonly functions: number;
  /** How many match the filter text. */
  readonly matching: number;
  readonly unit: string;
  readonly type: string;
  readonly total: number;
  readonly totalBefore: number;
  readonly diff: boolean;
  readonly eventWeight: number;
}

export interface PeekAnswer {
  readonly subject: TopRow | null;
  /** How many functions the pattern matches. */
  readonly matching: number;
  readonly callers: readonly PeekRow[];
  readonly callees: readonly PeekRow[];
  readonly unit: string;
  readonly type: string;
  readonly total: number;
}

export interface PeekRow {
  readonly name: string;
  readonly file: string;
  readonly origin: Origin;
  readonly value: number;
}

/** Where the user's own code is. */
export interface PlaceRow {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly value: number;
  readonly leaf: string;
}

export interface PlacesAnswer {
  readonly places: readonly PlaceRow[];
  readonly unit: string;
  readonly type: string;
  readonly total: number;
}

export interface TaskRow {
  readonly id: number | null;
  readonly count: number;
  readonly state: string;
  readonly waitedMs: number | null;
  readonly createdBy: string;
  readonly labels: readonly (readonly [string, string])[];
}

export interface TaskGroupRow {
  readonly count: number;
  readonly states: readonly (readonly [string, number])[];
  readonly oldestMs: number | null;
  readonly stack: readonly {
    readonly name: string;
    readonly file: string;
    readonly line: number;
    readonly origin: Origin;
  }[];
  readonly tasks: readonly TaskRow[];
  readonly samples: number;
}

export interface TasksAnswer {
  readonly groups: readonly TaskGroupRow[];
  readonly groupCount: number;
  readonly total: number;
  readonly unit: string;
  readonly type: string;
}

/** Cost per line of one file. */
export interface SourceAnswer {
  /** Files with matching functions, costliest first. */
  readonly files: readonly { readonly file: string; readonly cum: number }[];
  /** The file shown, '' where nothing matches. */
  readonly file: string;
  /** In the order of the file; a stack that meets a line several times counts once in its `cum`. */
  readonly lines: readonly {
    readonly line: number;
    /** The functions that were seen on it. */
    readonly names: readonly string[];
    readonly flat: number;
    readonly cum: number;
  }[];
  readonly unit: string;
  readonly type: string;
  readonly total: number;
}

export interface TextAnswer {
  readonly text: string;
  readonly warnings: readonly string[];
  /** True where the text was cut at the limit. */
  readonly cut: boolean;
}

export type ExportKind = 'proto' | 'folded' | 'speedscope' | 'markdown' | 'svg';

export interface ExportAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
  readonly fileName: string;
}

export interface VerdictAnswer {
  readonly verdict: Verdict;
}

/** Where a profile's bytes are: in hand, or to be asked for, and then decoded while they come. */
export type ProfileBytes =
  | Uint8Array<ArrayBuffer>
  | {
      /** Absolute, as a worker has no address of its own. */
      readonly address: string;
      readonly headers: Readonly<Record<string, string>>;
    };

/** What the worker does meanwhile; `share` (0 … 1) of it is done, null where that is unknown. */
export interface Progress {
  readonly text: string;
  readonly share: number | null;
}

/** Every question the worker answers: name → [arguments, answer]. */
export interface Engine {
  open: [
    {
      readonly name: string;
      readonly from: ProfileBytes;
      readonly time?: number | null;
      /** Bytes of the source where they are not those of `from`; 0 where unknown. */
      readonly size?: number;
    },
    ProfileSummary,
  ];
  flame: [FlameQuery, FlameAnswer];
  top: [
    StackQuery & {
      readonly sort: 'flat' | 'cum' | 'name' | 'delta';
      readonly filter: string;
      readonly limit: number;
    },
    TopAnswer,
  ];
  peek: [StackQuery & { readonly pivot: string }, PeekAnswer];
  places: [StackQuery & { readonly limit: number }, PlacesAnswer];
  source: [StackQuery & { readonly pivot: string; readonly file: string }, SourceAnswer];
  tasks: [StackQuery & { readonly filter: string }, TasksAnswer];
  text: [
    StackQuery & { readonly report: 'raw' | 'dot' | 'traces' | 'tags'; readonly nodes: number },
    TextAnswer,
  ];
  export: [StackQuery & { readonly kind: ExportKind }, ExportAnswer];
  verdict: [
    {
      readonly profiles: readonly number[];
      readonly sampleType: string;
      /** Bytes at which the service ends, for verdicts on memory; null where unknown. */
      readonly memoryLimit: number | null;
    },
    VerdictAnswer,
  ];
}
export type Method = keyof Engine;

/** Page → worker. */
export interface Request<M extends Method = Method> {
  readonly id: number;
  readonly method: M;
  readonly argument: Engine[M][0];
}

/** Worker → page. */
export type Response =
  | { readonly id: number; readonly kind: 'answer'; readonly answer: Engine[Method][1] }
  | {
      readonly id: number;
      readonly kind: 'error';
      readonly code: EngineErrorCode;
      readonly message: string;
      /** What a server answered with instead of a profile; 0 where it is not about that. */
      readonly status: number;
    }
  | { readonly id: number; readonly kind: 'progress'; readonly progress: Progress };
