// Folded stacks: `main;work;mix 42`, one stack a line, as flamegraph.pl and its kin write and read them; with two counts a
// line, before and after, as difffolded.pl and inferno-diff-folded write them.
import { countedIds, ProfileBuilder } from '../builder.ts';
import { ByteInterner } from '../columns/byte-interner.ts';
import { ProfileError } from '../errors.ts';
import { GrowingFloat64, GrowingUint32 } from '../columns/growable.ts';
import { finishInt64, int64Halves, setInt64 } from '../columns/int64.ts';
import type { Int64Column, Profile } from '../profile.ts';
import { decodeText, encodeText } from '../bytes/utf8.ts';
import type { ProfileFormat } from './format.ts';
import { ANONYMOUS, namedMapping } from './frame-table.ts';

const NAME = 'folded stacks';
const anonymous = encodeText(ANONYMOUS);
const NEWLINE = 10;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const HASH = 0x23;
/** What a count may be; longer ones are no numbers that anybody counted. */
const COUNT = /^-?[0-9]{1,19}(?:\.[0-9]{1,30})?$/;
/** Units of counts that have so many decimal places or fewer; more places than the last one has are rounded. */
const finest = { places: 9, unit: 'billionths' };
const units = [
  { places: 0, unit: 'count' },
  { places: 3, unit: 'thousandths' },
  { places: 6, unit: 'millionths' },
];

/** Where the count of a line begins, or -1. */
function countStart(line: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && line[at - 1] !== SPACE && line[at - 1] !== 9) at--;
  return at > start && at < end && COUNT.test(decodeText(line, at, Math.min(end, at + 64))) ? at : -1;
}

/** End of the text from `start` to `end` without its trailing blanks and `\r`. */
function trimmed(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === 13 || bytes[at - 1] === SPACE || bytes[at - 1] === 9)) at--;
  return at;
}

/** A remark: `#`, unless a stack whose first frame begins with it (a private method, say) goes on to a count. */
function isComment(bytes: Uint8Array, start: number, end: number): boolean {
  if (bytes[start] !== HASH) return false;
  const next = start + 1 < end ? (bytes[start + 1] as number) : SPACE;
  return next === SPACE || next === 0x21 || next === HASH || countStart(bytes, start, end) < 0;
}

/** End of the line that begins at `start`, without trailing blanks and `\r`; and where the next one begins. */
function lineEnd(bytes: Uint8Array, start: number): { end: number; next: number } {
  const newline = bytes.indexOf(NEWLINE, start);
  const end = newline < 0 ? bytes.length : newline;
  return { end: trimmed(bytes, start, end), next: newline < 0 ? end : newline + 1 };
}

/** Bytes that tell what a text is. */
const LOOK = 4096;

/** Every line that begins in the head is a stack, a remark or empty, and somewhere a stack has two frames. */
function sniff(bytes: Uint8Array, head: string): boolean {
  if (/[\0-\x08\x0e-\x1f]/.test(head)) return false;
  let stacks = 0;
  for (let start = 0; start < Math.min(LOOK, bytes.length); ) {
    const { end, next } = lineEnd(bytes, start);
    if (end > start && !isComment(bytes, start, end)) {
      if (countStart(bytes, start, end) < 0) return false;
      stacks++;
    }
    start = next;
  }
  return stacks > 0 && bytes.includes(SEMICOLON);
}

/** Where the text begins: behind a byte order mark. */
function textStart(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** Whether every stack of the text has two counts. One that has not is enough to know: names may end in numbers as well. */
function hasTwoCounts(bytes: Uint8Array): boolean {
  let stacks = 0;
  for (let start = textStart(bytes); start < bytes.length; ) {
    const { end, next } = lineEnd(bytes, start);
    if (end > start && !isComment(bytes, start, end)) {
      const at = countStart(bytes, start, end);
      if (at < 0 || countStart(bytes, start, trimmed(bytes, start, at)) < 0) return false;
      stacks++;
    }
    start = next;
  }
  return stacks > 0;
}

function fail(line: number, start: number, what: string): ProfileError {
  return new ProfileError('PROFILE_MALFORMED', `${NAME}: line ${line} (byte ${start}) ${what}`);
}

/** The counts of all stacks, one or two each. */
class Counts {
  readonly perStack: 1 | 2;
  readonly #counts = new GrowingFloat64(256);
  #places = 0;

  constructor(perStack: 1 | 2) {
    this.perStack = perStack;
  }

  get stacks(): number {
    return this.#counts.length / this.perStack;
  }

  add(text: string): void {
    const point = text.indexOf('.');
    if (point >= 0) this.#places = Math.max(this.#places, text.length - point - 1);
    this.#counts.push(Number(text));
  }

  /** Whole counts are kept as integers; where one has decimals all are scaled to the unit that holds the most places. */
  columns(): { unit: string; columns: Int64Column[] } {
    const { places, unit } = units.find((one) => one.places >= this.#places) ?? finest;
    const columns = Array.from({ length: this.perStack }, (_, i) => this.#column(i, 10 ** places));
    return { unit, columns };
  }

  #column(first: number, factor: number): Int64Column {
    const column = int64Halves(this.stacks);
    for (let row = 0; row < column.length; row++) {
      const count = this.#counts.get(row * this.perStack + first);
      if (Math.abs(count) * factor >= 2 ** 63) {
        throw new ProfileError(
          'PROFILE_INVALID',
          `${NAME}: the count of stack ${row}, ${count}, is too large`,
        );
      }
      setInt64(column, row, Math.round(count * factor));
    }
    return finishInt64(column);
  }
}

function read(bytes: Uint8Array): Profile {
  const names = new ByteInterner();
  const frames = new GrowingUint32(1024);
  const starts = new GrowingUint32(256);
  const counts = new Counts(hasTwoCounts(bytes) ? 2 : 1);
  let number = 0;
  for (let start = textStart(bytes); start < bytes.length; ) {
    number++;
    const { end, next } = lineEnd(bytes, start);
    if (end > start && !isComment(bytes, start, end)) {
      let at = countStart(bytes, start, end);
      if (at < 0) throw fail(number, start, 'ends with no count');
      const last = decodeText(bytes, at, end);
      if (counts.perStack === 2) {
        const before = trimmed(bytes, start, at);
        at = countStart(bytes, start, before);
        counts.add(decodeText(bytes, at, before));
      }
      counts.add(last);
      starts.push(frames.length);
      const stop = at - 1;
      for (let from = start; from <= stop; ) {
        // Not indexOf: where no semicolon follows, it would look at the whole rest of the file for each line.
        let to = from;
        while (to < stop && bytes[to] !== SEMICOLON) to++;
        frames.push(to > from ? names.addRange(bytes, from, to) : names.add(anonymous));
        from = to + 1;
      }
    }
    start = next;
  }
  starts.push(frames.length);
  return profileOf(names, frames, starts, counts);
}

/** A header for counts in `unit`; two of a stack are what it had before and after. */
function header(unit: string, perStack: 1 | 2): ProfileBuilder {
  if (perStack === 1) return new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit }] });
  const builder = new ProfileBuilder({
    sampleTypes: ['before', 'after'].map((type) => ({ type, unit })),
    defaultSampleType: 'after',
  });
  builder.comment('two counts a stack: what it had before, and after');
  return builder;
}

/**
 * The profile as columns at once: string, function and location of a name have the same number, but for the empty string,
 * so none of them has to be looked up again.
 *
 * @param frames strings, root first; sample i has those from `starts[i]` to `starts[i + 1]`
 */
function profileOf(
  names: ByteInterner,
  frames: GrowingUint32,
  starts: GrowingUint32,
  counts: Counts,
): Profile {
  const named = names.length - 1;
  const samples = counts.stacks;
  const stackStart = starts.finish();
  const stack = named <= 0x10000 ? new Uint16Array(frames.length) : new Uint32Array(frames.length);
  const { unit, columns } = counts.columns();
  for (let row = 0; row < samples; row++) {
    const from = starts.get(row);
    const to = starts.get(row + 1);
    for (let i = from; i < to; i++) stack[from + to - 1 - i] = frames.get(i) - 1;
  }
  const counted = (length: number, first: number): Uint32Array => {
    const column = new Uint32Array(length);
    for (let i = 0; i < length; i++) column[i] = first + i;
    return column;
  };
  const ids = countedIds(named);
  const name = counted(named, 1);
  const zeros = new Float64Array(named);
  const none = new Uint32Array(0);
  const blank = header(unit, counts.perStack);
  if (named > 0) namedMapping(blank);
  return {
    ...blank.build(),
    samples: {
      length: samples,
      stackStart,
      stackLocations: stack,
      values: columns,
      labelStart: new Uint32Array(samples + 1),
      labels: { length: 0, key: none, text: none, number: new Float64Array(0), unit: none },
    },
    locations: {
      length: named,
      id: ids,
      mapping: new Int32Array(named),
      address: new BigUint64Array(named),
      isFolded: new Uint8Array(named),
      lineStart: counted(named + 1, 0),
      lines: { length: named, function: counted(named, 0), line: zeros, column: zeros },
    },
    functions: {
      length: named,
      id: ids,
      name,
      systemName: name,
      filename: new Uint32Array(named),
      startLine: zeros,
    },
    strings: names.build(),
  };
}

/** Folded stacks: samples/count, or before/count and after/count; a decimal fraction of it where counts are not whole. */
export const folded: ProfileFormat = { name: NAME, sniff, read };
