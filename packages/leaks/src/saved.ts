// A watch as plain JSON, so that whoever watches can be restarted and forget nothing: its shape, and the reader that trusts nothing.
import type { Born, BornBytes } from './born.ts';
import type { Origin } from '@stackpile/profile';
import { LeaksError } from './errors.ts';

/** All that a {@link LeakWatch} remembers, as `JSON.stringify` takes it. */
export interface SavedWatch {
  readonly schema: 'stackpile.watch/1';
  readonly measure: {
    readonly type: string;
    readonly unit: string;
    readonly columns: readonly number[];
    readonly retained: number;
    readonly noun: string;
    readonly counts: boolean;
  };
  readonly frames: readonly (readonly [name: string, file: string, line: number, origin: Origin])[];
  /** Rows of `frames`, leaf first. */
  readonly stacks: readonly (readonly number[])[];
  readonly series: readonly SavedSeries[];
  /** One per kept dump, as `ordinals` and `totals`; null where unknown. */
  readonly times: readonly (number | null)[];
  readonly ordinals: readonly number[];
  readonly totals: readonly number[];
  /** Ids that are alive; null where the dumps carry none, or too many. `series` is a row of `series`. */
  readonly ids:
    | readonly (readonly [
        id: number,
        first: number,
        last: number,
        seen: number,
        weight: number,
        series: number,
      ])[]
    | null;
  readonly idsLost: boolean;
  readonly lastId: number;
  /** The highest id of each kept dump, -1 where there was none. Absent in what was saved before it was kept, as those down to `moved`. */
  readonly highest: readonly number[];
  /** For each kept dump how many looks its ages count from; null where ages are not told. */
  readonly looks: readonly number[] | null;
  /** The process that ages are of; '' where none is known. */
  readonly process: string;
  /** Bytes that were born since the first dump; null where ages are not told. Absent in what was saved before it was kept. */
  readonly born: Born | null;
  readonly lasting: boolean;
  readonly halfWaited: number;
  /** For each row of `frames` the line on which its function begins, 0 where unknown. */
  readonly starts: readonly number[];
  /** Ids that were seen in more than one place, and how many of their outermost frames were always the same. */
  readonly moved: readonly (readonly [id: number, outer: number])[];
  readonly build: string;
  readonly restarts: number;
  readonly unit: number;
  readonly labelled: boolean;
  readonly go: boolean;
}

/** One stack and its labels over time. */
export interface SavedSeries {
  /** Row of `stacks`. */
  readonly stack: number;
  readonly labels: readonly (readonly [key: string, value: string])[];
  readonly values: readonly number[];
  readonly retained: readonly number[];
  readonly states: readonly (readonly [word: string, count: number])[];
  readonly createdBy: readonly (readonly [word: string, count: number])[];
  readonly heldBy: string;
  readonly waited: number;
  readonly error: number;
  readonly endedLate: number;
  readonly endedEarly: number;
  readonly anonymous: boolean;
  readonly ages: readonly number[];
}

const origins: ReadonlySet<unknown> = new Set<Origin>(['user', 'library', 'runtime']);

/** Reads values of a JSON text by the way to them, for the sentence that says which is wrong. */
class Reader {
  readonly #way: string;
  readonly #value: unknown;

  constructor(way: string, value: unknown) {
    this.#way = way;
    this.#value = value;
  }

  wrong(expected: string): LeaksError {
    return new LeaksError('LEAKS_SAVED', `not a saved watch: ${this.#way} is no ${expected}`);
  }

  get(key: string): Reader {
    if (typeof this.#value !== 'object' || this.#value === null) throw this.wrong('object');
    const found = Object.getOwnPropertyDescriptor(this.#value, key)?.value as unknown;
    return new Reader(`${this.#way}.${key}`, found);
  }

  list<T>(item: (reader: Reader) => T, length?: number): T[] {
    if (!Array.isArray(this.#value) || (length !== undefined && this.#value.length !== length))
      throw this.wrong(length === undefined ? 'list' : `list of ${length}`);
    return this.#value.map((value: unknown, i) => item(new Reader(`${this.#way}[${i}]`, value)));
  }

  /** A list of numbers: most of a saved watch is. */
  numbers(length?: number): number[] {
    const value = this.#value;
    if (!Array.isArray(value) || (length !== undefined && value.length !== length))
      throw this.wrong(length === undefined ? 'list' : `list of ${length}`);
    const wrong = value.findIndex((one: unknown) => typeof one !== 'number' || !Number.isFinite(one));
    if (wrong >= 0) throw new Reader(`${this.#way}[${wrong}]`, value[wrong]).wrong('number');
    return value as number[];
  }

  get isEmpty(): boolean {
    return Array.isArray(this.#value) && this.#value.length === 0;
  }

  /** The item of a list of `length`. */
  at(i: number, length: number): Reader {
    if (!Array.isArray(this.#value) || this.#value.length !== length) throw this.wrong(`list of ${length}`);
    return new Reader(`${this.#way}[${i}]`, this.#value[i]);
  }

  text(): string {
    if (typeof this.#value !== 'string') throw this.wrong('text');
    return this.#value;
  }

  number(): number {
    if (typeof this.#value !== 'number' || !Number.isFinite(this.#value)) throw this.wrong('number');
    return this.#value;
  }

  /** A row of a table of `length` rows. */
  row(length: number): number {
    const row = this.number();
    if (!Number.isInteger(row) || row < 0 || row >= length) throw this.wrong(`row of ${length}`);
    return row;
  }

  flag(): boolean {
    if (typeof this.#value !== 'boolean') throw this.wrong('yes or no');
    return this.#value;
  }

  /** Whether there is nothing here: what older texts do not have. */
  get isAbsent(): boolean {
    return this.#value === undefined;
  }

  get isNull(): boolean {
    return this.#value === null;
  }

  origin(): Origin {
    const text = this.text();
    if (!origins.has(text)) throw this.wrong("origin ('user', 'library', 'runtime')");
    return text as Origin;
  }
}

function bornBytes(reader: Reader): BornBytes {
  return { bytes: reader.get('bytes').number(), code: reader.get('code').number() };
}

function born(reader: Reader): Born | null {
  if (reader.isAbsent || reader.isNull) return null;
  const early = reader.get('early');
  return {
    ...bornBytes(reader),
    early: early.isAbsent || early.isNull ? null : { ...bornBytes(early), ms: early.get('ms').number() },
  };
}

function counts(reader: Reader): (readonly [string, number])[] {
  return reader.list((pair) => [pair.at(0, 2).text(), pair.at(1, 2).number()] as const);
}

/**
 * What a text that was saved says.
 *
 * @param value what `JSON.parse` made of it
 * @throws LeaksError `LEAKS_SAVED`, with the first place that is wrong
 */
export function readSavedWatch(value: unknown): SavedWatch {
  const all = new Reader('it', value);
  if (all.get('schema').text() !== 'stackpile.watch/1') throw all.get('schema').wrong("'stackpile.watch/1'");
  const measure = all.get('measure');
  const frames = all
    .get('frames')
    .list(
      (frame) =>
        [
          frame.at(0, 4).text(),
          frame.at(1, 4).text(),
          frame.at(2, 4).number(),
          frame.at(3, 4).origin(),
        ] as const,
    );
  const stacks = all.get('stacks').list((stack) => stack.list((row) => row.row(frames.length)));
  const totals = all.get('totals').numbers();
  const dumps = totals.length;
  const series = all.get('series').list(
    (one): SavedSeries => ({
      stack: one.get('stack').row(stacks.length),
      labels: one.get('labels').list((label) => [label.at(0, 2).text(), label.at(1, 2).text()] as const),
      values: one.get('values').numbers(dumps),
      retained: one.get('retained').numbers(one.get('retained').isEmpty ? 0 : dumps),
      states: counts(one.get('states')),
      createdBy: counts(one.get('createdBy')),
      heldBy: one.get('heldBy').text(),
      waited: one.get('waited').number(),
      error: one.get('error').number(),
      endedLate: one.get('endedLate').number(),
      endedEarly: one.get('endedEarly').number(),
      anonymous: one.get('anonymous').isAbsent ? false : one.get('anonymous').flag(),
      ages: one.get('ages').isAbsent ? [] : one.get('ages').numbers(),
    }),
  );
  const ids = all.get('ids');
  return {
    schema: 'stackpile.watch/1',
    measure: {
      type: measure.get('type').text(),
      unit: measure.get('unit').text(),
      columns: measure.get('columns').numbers(),
      retained: measure.get('retained').number(),
      noun: measure.get('noun').text(),
      counts: measure.get('counts').flag(),
    },
    frames,
    stacks,
    series,
    times: all.get('times').list((time) => (time.isNull ? null : time.number()), dumps),
    ordinals: all.get('ordinals').list((n) => n.number(), dumps),
    totals,
    ids: ids.isNull
      ? null
      : ids.list(
          (id) =>
            [
              id.at(0, 6).number(),
              id.at(1, 6).row(dumps),
              id.at(2, 6).row(dumps),
              id.at(3, 6).number(),
              id.at(4, 6).number(),
              id.at(5, 6).row(series.length),
            ] as const,
        ),
    idsLost: all.get('idsLost').flag(),
    lastId: all.get('lastId').number(),
    highest: all.get('highest').isAbsent
      ? totals.map(() => -1)
      : all.get('highest').list((n) => n.number(), dumps),
    looks:
      all.get('looks').isAbsent || all.get('looks').isNull
        ? null
        : all.get('looks').list((n) => n.number(), dumps),
    process: all.get('process').isAbsent ? '' : all.get('process').text(),
    born: born(all.get('born')),
    lasting: all.get('lasting').isAbsent ? false : all.get('lasting').flag(),
    halfWaited: all.get('halfWaited').isAbsent ? -1 : all.get('halfWaited').number(),
    starts: all.get('starts').isAbsent
      ? frames.map(() => 0)
      : all.get('starts').list((n) => n.number(), frames.length),
    moved: all.get('moved').isAbsent
      ? []
      : all.get('moved').list((pair) => [pair.at(0, 2).number(), pair.at(1, 2).number()] as const),
    build: all.get('build').text(),
    restarts: all.get('restarts').number(),
    unit: all.get('unit').number(),
    labelled: all.get('labelled').flag(),
    go: all.get('go').flag(),
  };
}
