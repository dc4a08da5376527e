// The profiles that are open in the worker, and their stacks as the filters leave them, the last few kept.
import { type Profile, safeText, type ValueType } from '@stackpile/profile';
import { filterProfile, ReportError } from '@stackpile/report/filters';
import {
  eventWeight,
  type FrameGranularity,
  FrameInterner,
  flattenStacks,
  type LocationFrames,
  type StackLayer,
  type Stacks,
} from '@stackpile/report/flame';
import { inWords } from './compile.ts';
import { EngineError } from './error.ts';
import { Recent } from './recent.ts';
import { keyOf, reportOptions, type StackQuery } from './stack-query.ts';

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
  /** It says what a heap holds, by class and holder. */
  readonly isHeap: boolean;
  /** Milliseconds that reading took. */
  readonly readMs: number;
}

/** One open profile. */
export interface Opened {
  readonly profile: Profile;
  readonly summary: ProfileSummary;
}

/** Stacks as a question wants them. */
export interface Prepared {
  readonly stacks: Stacks;
  readonly interner: FrameInterner;
  readonly locations: LocationFrames;
  /** After filters. */
  readonly profile: Profile;
  readonly type: string;
  readonly unit: string;
  readonly eventWeight: number;
}

/** The frames of one or two profiles, whatever the filters: filtered profiles share their functions. */
class Interned {
  readonly interner: FrameInterner;
  readonly #layers = new WeakMap<Profile, LocationFrames>();
  constructor(granularity: FrameGranularity) {
    this.interner = new FrameInterner(granularity);
  }
  add(profile: Profile): LocationFrames {
    let frames = this.#layers.get(profile);
    if (frames === undefined) this.#layers.set(profile, (frames = this.interner.add(profile)));
    return frames;
  }
}

/** The row of the sample type `name`; `fallback` where there is none of that name. */
export function typeIndex(profile: Profile, name: string, fallback: number): number {
  if (name === '') return fallback;
  const row = profile.sampleTypes.findIndex(({ type }) => safeText(type, 100) === name);
  return row < 0 ? fallback : row;
}

export class Profiles {
  readonly #opened: Opened[] = [];
  readonly #interned = new Recent<Interned>(3);
  readonly #prepared = new Recent<Prepared>(3);

  /** Id of the next profile that is added. */
  get next(): number {
    return this.#opened.length;
  }

  /** All that are open, in the order in which they were opened. */
  get all(): readonly Opened[] {
    return this.#opened;
  }

  add(profile: Profile, summary: ProfileSummary): void {
    this.#opened.push({ profile, summary });
  }

  /** @throws {EngineError} where no profile has this id */
  entry(id: number): Opened {
    const opened = this.#opened[id];
    if (opened === undefined)
      throw new EngineError('NO_PROFILE', 'This profile is not open any more: reload the page.');
    return opened;
  }

  /**
   * The stacks that `query` asks for.
   *
   * @throws {EngineError} for an expression that is none, and for profiles that have no sample type in common
   */
  prepare(query: StackQuery): Prepared {
    return this.#prepared.get(keyOf(query), () => {
      const { profile, summary } = this.entry(query.profile);
      const valueIndex = typeIndex(profile, query.sampleType, summary.defaultType);
      const interned = this.interned(query);
      const layer = openLayer(profile, valueIndex, query, interned);
      const base = query.base === null ? null : this.#openBase(query, query.base, valueIndex, interned);
      const { interner } = interned;
      return {
        stacks: flattenStacks(interner, layer, base, { collapse: query.libraries === 'collapse' }),
        interner,
        locations: layer.frames,
        profile: layer.profile,
        type: summary.sampleTypes[valueIndex]?.type ?? '',
        unit: summary.sampleTypes[valueIndex]?.unit ?? '',
        eventWeight: eventWeight(profile, valueIndex),
      };
    });
  }

  #openBase(query: StackQuery, id: number, valueIndex: number, interned: Interned): StackLayer {
    const type = this.entry(query.profile).profile.sampleTypes[valueIndex];
    const { profile, summary } = this.entry(id);
    const index = profile.sampleTypes.findIndex((one) => one.type === type?.type && one.unit === type.unit);
    if (index < 0) {
      throw new EngineError(
        'NO_COMMON_TYPE',
        `These two profiles cannot be compared: ${summary.name} has no ${type?.type ?? ''}/${type?.unit ?? ''} values. Choose two profiles of the same kind.`,
      );
    }
    return openLayer(profile, index, query, interned);
  }

  /** The frames that `query` is about, where equal frames have one number. */
  interned(query: StackQuery): Interned {
    return this.#interned.get(
      `${query.granularity} ${query.profile} ${query.base ?? ''}`,
      () => new Interned(query.granularity),
    );
  }
}

/** What the filters of `query` keep of a profile. */
function openLayer(whole: Profile, valueIndex: number, query: StackQuery, interned: Interned): StackLayer {
  try {
    const { profile, total } = filterProfile(whole, valueIndex, reportOptions(query, valueIndex));
    return { profile, frames: interned.add(profile), valueIndex, total };
  } catch (error) {
    if (error instanceof ReportError)
      throw new EngineError(
        'BAD_PATTERN',
        `${plainWords(error.message)}. Change the filter above, or press r to remove all.`,
      );
    throw error;
  }
}

/** Sum of a profile's values of one sample type. */
export function valueOf(profile: Profile, valueIndex: number): number {
  let sum = 0;
  for (const value of profile.samples.values[valueIndex] ?? []) sum += Number(value);
  return sum;
}

/** `Show from: missing closing ): …` of pprof's sentence. */
export function plainWords(message: string): string {
  const [, first = '', rest = '', error = ''] =
    /^parsing (\w)(\w*) regexp: (error parsing regexp: [^]*)$/.exec(message) ?? [];
  return error === '' ? message : `${first.toUpperCase()}${rest.replace('_', ' ')}: ${inWords(error)}`;
}
