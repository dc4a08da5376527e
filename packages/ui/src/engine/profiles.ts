// The profiles that are open in the worker, and their stacks as the filters leave them, the last few kept.
import { type Profile, type ValueType, safeText } from '@stackpile/profile';
import {
  eventWeight,
  type FrameGranularity,
  FrameInterner,
  flattenStacks,
  type LocationFrames,
  matchFrames,
  type Stacks,
} from '@stackpile/report/flame';
import { compilePattern } from '../filters/pattern.ts';
import { EngineError } from './error.ts';
import { Recent } from './recent.ts';

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

/** One open profile. */
export interface Opened {
  readonly profile: Profile;
  readonly summary: ProfileSummary;
  /** When each sample was taken; null where they do not say, undefined where nobody asked yet. */
  times: Float64Array | null | undefined;
}

/** Stacks as a question wants them. */
export interface Prepared {
  readonly stacks: Stacks;
  readonly interner: FrameInterner;
  readonly locations: LocationFrames;
  readonly profile: Profile;
  readonly type: string;
  readonly unit: string;
  readonly eventWeight: number;
}

interface Interned {
  readonly interner: FrameInterner;
  readonly layers: readonly LocationFrames[];
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

  add(profile: Profile, summary: ProfileSummary): void {
    this.#opened.push({ profile, summary, times: undefined });
  }

  /** @throws {EngineError} where no profile has this id */
  entry(id: number): Opened {
    const opened = this.#opened[id];
    if (opened === undefined)
      throw new EngineError('NO_PROFILE', 'This profile is not open any more: reload the page.');
    return opened;
  }

  /** The stacks that `query` asks for. Throws an EngineError for an expression that is none and for profiles that have no sample type in common. */
  prepare(query: StackQuery): Prepared {
    const key = JSON.stringify([
      query.profile,
      query.base,
      query.sampleType,
      query.granularity,
      query.focus,
      query.ignore,
      query.hide,
      query.show,
      query.showFrom,
      query.libraries,
    ]);
    return this.#prepared.get(key, () => {
      const { profile, summary } = this.entry(query.profile);
      const base = query.base === null ? null : this.entry(query.base).profile;
      const valueIndex = typeIndex(profile, query.sampleType, summary.defaultType);
      const { interner, layers } = this.intern(query);
      const { table } = interner;
      const mask = (name: string, source: string): Uint8Array | null => {
        if (source === '') return null;
        const { expression, error } = compilePattern(source);
        if (expression === null)
          throw new EngineError(
            'BAD_PATTERN',
            `${name}: ${error}. Change the filter above, or press r to remove all.`,
          );
        return matchFrames({ table }, expression);
      };
      const type = profile.sampleTypes[valueIndex];
      let baseLayer = null;
      if (base !== null) {
        const index = base.sampleTypes.findIndex((one) => one.type === type?.type && one.unit === type.unit);
        if (index < 0) {
          throw new EngineError(
            'NO_COMMON_TYPE',
            `These two profiles cannot be compared: ${this.entry(query.base ?? 0).summary.name} has no ${type?.type ?? ''}/${type?.unit ?? ''} values. Choose two profiles of the same kind.`,
          );
        }
        baseLayer = { profile: base, frames: layers[1] as LocationFrames, valueIndex: index };
      }
      const stacks = flattenStacks(
        interner,
        { profile, frames: layers[0] as LocationFrames, valueIndex },
        {
          focus: mask('Focus', query.focus),
          ignore: mask('Ignore', query.ignore),
          hide: mask('Hide', query.hide),
          show: mask('Show', query.show),
          showFrom: mask('Show from', query.showFrom),
          libraries: query.libraries,
        },
        baseLayer,
      );
      return {
        stacks,
        interner,
        locations: layers[0] as LocationFrames,
        profile,
        type: summary.sampleTypes[valueIndex]?.type ?? '',
        unit: summary.sampleTypes[valueIndex]?.unit ?? '',
        eventWeight: eventWeight(profile, valueIndex),
      };
    });
  }

  /** The frames of the profiles that `query` is about. */
  intern(query: StackQuery): Interned {
    return this.#interned.get(`${query.granularity} ${query.profile} ${query.base ?? ''}`, () => {
      const interner = new FrameInterner(query.granularity);
      const layers = [interner.add(this.entry(query.profile).profile)];
      if (query.base !== null) layers.push(interner.add(this.entry(query.base).profile));
      return { interner, layers };
    });
  }
}
