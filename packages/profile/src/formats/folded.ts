// Folded stacks: `main;work;mix 42`, one stack a line, as flamegraph.pl and its kin write and read them; with two counts a
// line, before and after, as difffolded.pl and inferno-diff-folded write them.
import { countedIds, ProfileBuilder } from '../builder.ts';
import { ByteInterner } from '../columns/byte-interner.ts';
import { GrowingFloat64, GrowingUint32 } from '../columns/growable.ts';
import { finishInt64, int64Halves, setInt64 } from '../columns/int64.ts';
import type { Int64Column, Profile } from '../profile.ts';
import { decodeText, encodeText } from '../bytes/utf8.ts';
import type { ProfileFormat } from './format.ts';
import { systemNameOf } from './final-names.ts';
import { ANONYMOUS, namedMapping } from './frame-table.ts';
import { PassedOver, quotedPiece } from './passed-over.ts';

const NAME = 'folded stacks';
const anonymous = encodeText(ANONYMOUS);
const NEWLINE = 10;
const SEMICOLON = 0x3b;
const SPACE = 0x20;
const HASH = 0x23;
/** What a count may be; longer ones are no numbers that anybody counted. */
const COUNT = /^[-+]?(?:[0-9]{1,19}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,3})?$/;
/** What 64 bits do not hold is no count. */
const MOST_COUNT = 2 ** 63;
/** Units of counts that have so many decimal places or fewer; more places than the last one has are rounded. */
const whole = { places: 0, unit: 'count' };
const units = [
  whole,
  { places: 3, unit: 'thousandths' },
  { places: 6, unit: 'millionths' },
  { places: 9, unit: 'billionths' },
];

/** Where the count of a line begins, or -1. */
function countStart(line: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && line[at - 1] !== SPACE && line[at - 1] !== 9) at--;
  if (at === start || at === end) return -1;
  const text = decodeText(line, at, Math.min(end, at + 64));
  return COUNT.test(text) && Math.abs(Number(text)) < MOST_COUNT ? at : -1;
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

/** The line that begins at `from`, without the blanks around it and `\r`; and where the next one begins. */
function lineAt(bytes: Uint8Array, from: number): { start: number; end: number; next: number } {
  const newline = bytes.indexOf(NEWLINE, from);
  const stop = newline < 0 ? bytes.length : newline;
  const end = trimmed(bytes, from, stop);
  let start = from;
  while (start < end && (bytes[start] === SPACE || bytes[start] === 9)) start++;
  return { start, end, next: newline < 0 ? stop : newline + 1 };
}

/** Bytes that tell what a text is. */
const LOOK = 4096;
/** Bytes of a line that may be quoted. */
const QUOTED = 240;

/** So many lines that are no stacks may stand in the head for each stack of two frames: what a program says before it records. */
const OTHERS_PER_STACK = 3;

/**
 * Of the lines that begin in the head, most are stacks, and some stack has two frames, or many have: remarks and empty lines do
 * not count.
 */
function sniff(bytes: Uint8Array, head: string): boolean {
  if (/[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(head)) return false;
  let stacks = 0;
  let others = 0;
  let nested = 0;
  for (let at = textStart(bytes); at < Math.min(LOOK, bytes.length); ) {
    const { start, end, next } = lineAt(bytes, at);
    if (end > start && !isComment(bytes, start, end)) {
      const count = countStart(bytes, start, end);
      if (count < 0) others++;
      else stacks++;
      const semicolon = count < 0 ? -1 : bytes.subarray(start, count).indexOf(SEMICOLON);
      if (semicolon >= 0) nested++;
    }
    at = next;
  }
  if (nested > 0) return stacks > others || nested * OTHERS_PER_STACK >= others;
  return stacks > 0 && others === 0 && bytes.includes(SEMICOLON);
}

/** Where the text begins: behind a byte order mark. */
function textStart(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** Whether every stack of the text, which has one at least, has two counts. One that has not is enough to know: names may end in numbers as well. */
function hasTwoCounts(bytes: Uint8Array): boolean {
  let stacks = 0;
  for (let from = textStart(bytes); from < bytes.length; ) {
    const { start, end, next } = lineAt(bytes, from);
    if (end > start && !isComment(bytes, start, end)) {
      const at = countStart(bytes, start, end);
      if (at >= 0 && countStart(bytes, start, trimmed(bytes, start, at)) < 0) return false;
      if (at >= 0) stacks++;
    }
    from = next;
  }
  return stacks > 0;
}

/** The counts of all stacks, one or two each. */
class Counts {
  readonly perStack: 1 | 2;
  readonly #counts = new GrowingFloat64(256);
  #places = 0;
  #largest = 0;

  constructor(perStack: 1 | 2) {
    this.perStack = perStack;
  }

  get stacks(): number {
    return this.#counts.length / this.perStack;
  }

  add(text: string): void {
    const [digits = '', exponent = '0'] = text.toLowerCase().split('e');
    const point = digits.indexOf('.');
    const places = (point < 0 ? 0 : digits.length - point - 1) - Number(exponent);
    this.#places = Math.max(this.#places, places);
    const count = Number(text);
    this.#largest = Math.max(this.#largest, Math.abs(count));
    this.#counts.push(count);
  }

  /** Whole counts are kept as integers; where one has decimals all are scaled to the unit that holds the most places. */
  columns(): { unit: string; columns: Int64Column[] } {
    // The largest count has to fit, too.
    const fitting = units.filter(({ places }) => this.#largest * 10 ** places < MOST_COUNT);
    const { places, unit } = fitting.find((one) => one.places >= this.#places) ?? fitting.at(-1) ?? whole;
    const columns = Array.from({ length: this.perStack }, (_, i) => this.#column(i, 10 ** places));
    return { unit, columns };
  }

  #column(first: number, factor: number): Int64Column {
    const column = int64Halves(this.stacks);
    for (let row = 0; row < column.length; row++) {
      const count = this.#counts.get(row * this.perStack + first);
      setInt64(column, row, Math.round(count * factor));
    }
    return finishInt64(column);
  }
}

/** `_[j]` and its kin behind a name: compiled at run time, inlined, interpreted, compiled in a hurry. */
const COMPILED: ReadonlySet<number> = new Set(encodeText('ij01'));

/**
 * End of the name from `start` to `end` without what says how its code was compiled: one function has several of these, as async-profiler and
 * perf-map-agent write them. `_[k]` stays, which tells the kernel's functions.
 */
function nameEnd(bytes: Uint8Array, start: number, end: number): number {
  const isMarked =
    end - start > 4 &&
    bytes[end - 1] === 0x5d &&
    COMPILED.has(bytes[end - 2] as number) &&
    bytes[end - 3] === 0x5b &&
    bytes[end - 4] === 0x5f;
  return isMarked ? end - 4 : end;
}

function noCount(bytes: Uint8Array, number: number, start: number, end: number): string {
  const line = decodeText(bytes, start, Math.min(end, start + QUOTED));
  const why = /[ \t]\d+$/.test(line) ? 'a count that is beyond all bounds' : 'no count';
  return `line ${number}: ${quotedPiece(line)} has ${why}`;
}

function read(bytes: Uint8Array): Profile {
  const names = new ByteInterner();
  const frames = new GrowingUint32(1024);
  const starts = new GrowingUint32(256);
  const counts = new Counts(hasTwoCounts(bytes) ? 2 : 1);
  const passed = new PassedOver();
  let number = 0;
  for (let begin = textStart(bytes); begin < bytes.length; ) {
    number++;
    const { start, end, next } = lineAt(bytes, begin);
    if (end > start && !isComment(bytes, start, end)) {
      let at = countStart(bytes, start, end);
      if (at < 0) {
        passed.add('line', () => noCount(bytes, number, start, end));
        begin = next;
        continue;
      }
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
        frames.push(to > from ? names.addRange(bytes, from, nameEnd(bytes, from, to)) : names.add(anonymous));
        from = to + 1;
      }
    }
    begin = next;
  }
  starts.push(frames.length);
  return profileOf(names, frames, starts, counts, passed);
}

/** Mangled names begin with an underscore: the others need not be decoded. */
function mayBeMangled(name: Uint8Array): boolean {
  return name[0] === 0x5f;
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
  passed: PassedOver,
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
  const strings = names.build();
  const systemName = name.map((row) =>
    mayBeMangled(strings.bytes(row)) && systemNameOf(strings.get(row)) !== '' ? row : 0,
  );
  const blank = header(unit, counts.perStack);
  passed.tell(blank);
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
      systemName,
      filename: new Uint32Array(named),
      startLine: zeros,
    },
    strings,
  };
}

/** Folded stacks: samples/count, or before/count and after/count; a decimal fraction of it where counts are not whole. */
export const folded: ProfileFormat = { name: NAME, sniff, read };
