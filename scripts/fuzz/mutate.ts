// Makes input number n out of the seeds: what bit errors, cut transfers, buggy writers and attackers make of files.
import { gzipSync } from 'node:zlib';
import { Random } from './random.ts';
import { type Corpus, type FuzzFormat, formats, type Seed } from './seeds.ts';

/** Who reads: the reports as pprof does, or the page, with the names that Go's texts print and moments in the order of time. */
export type FuzzReader = 'reports' | 'page';

/** One input. */
export interface FuzzInput {
  readonly format: FuzzFormat;
  readonly bytes: Uint8Array;
  readonly reader: FuzzReader;
}

/** Most inputs stay about as short as their seed; few become this long. */
const MAX_BYTES = 1 << 20;
const USUAL_BYTES = 1 << 16;

const interesting = [
  0, 1, 2, 0x0a, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x3b, 0x5b, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xff,
];
const numbers = [
  '0',
  '-1',
  '1',
  '255',
  '65536',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '9223372036854775807',
  '-9223372036854775808',
  '18446744073709551616',
  '1e999',
  '1e308',
  '0.5',
  '-0',
  '1e-9',
  '00',
  '123456789012345678901234567890',
  'NaN',
  '0x10',
  '',
  '1'.repeat(400),
];
const jsonTokens = [
  'null',
  'true',
  '"x"',
  '[]',
  '{}',
  '[[[[[[',
  '{"a":{"a":{"a":',
  ']]]]',
  '}}',
  ',',
  ':',
  '"\\ud800"',
  '"\\u0000"',
  '"',
  '[1,2,3]',
  '-1',
  '1e400',
  '"nodes":[],',
  '"children":[1],',
  '"id":1,',
  '"samples":[1,1,1],',
  '"parent":1,',
];
const textTokens = [
  '\n\n',
  '\t',
  ' ',
  ';',
  ';;;',
  ' @ ',
  '0x',
  '0xffffffffffffffff',
  '# ',
  '--- ',
  ': ',
  ' [1: 1] @',
  '(',
  ')',
  '+0x1',
  '\r\n',
  '\u00e9',
  '\u{1f600}',
  '...',
  'goroutine 1 [running]:\n',
  'created by x\n',
  '1 @ 0x1\n',
  'profile: total 1\n',
  '%',
  '\0',
];
const patternTokens = [
  '(',
  ')',
  '*',
  '+?',
  '{2,1000}',
  '{1000}',
  '|',
  '[^',
  ']',
  '\\p{',
  '\\Q',
  '(?i)',
  '(?:',
  '\\x{',
  '$',
  '^',
  '.',
  '\\b',
];

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function replaced(bytes: Uint8Array, from: number, to: number, by: Uint8Array): Uint8Array {
  return join(bytes.subarray(0, from), by, bytes.subarray(to));
}

const encoder = new TextEncoder();

/** A range of `bytes`, short more often than long. */
function range(random: Random, bytes: Uint8Array): [from: number, to: number] {
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 1 + random.small(bytes.length))];
}

/** A run of lines. */
function lineRange(random: Random, bytes: Uint8Array): [from: number, to: number] {
  const at = random.below(bytes.length);
  const from = bytes.lastIndexOf(10, at) + 1;
  let to = from;
  for (let lines = 1 + random.small(12); lines > 0 && to < bytes.length; lines--) {
    const newline = bytes.indexOf(10, to);
    to = newline < 0 ? bytes.length : newline + 1;
  }
  return [from, to];
}

/** A digit run near a random place; null where there is none. */
function digits(random: Random, bytes: Uint8Array): [from: number, to: number] | null {
  let from = random.below(bytes.length);
  const isDigit = (at: number): boolean => (bytes[at] as number) >= 0x30 && (bytes[at] as number) <= 0x39;
  for (let steps = 0; !isDigit(from); steps++, from++) if (steps === 200 || from >= bytes.length) return null;
  let to = from;
  while (to < bytes.length && isDigit(to)) to++;
  return [from, to];
}

function varint(random: Random): Uint8Array {
  const size = 1 + random.small(11);
  return Uint8Array.from(
    { length: size },
    (_, i) => random.below(128) | (i + 1 < size || random.chance(8) ? 0x80 : 0),
  );
}

type Mutation = (bytes: Uint8Array, random: Random, corpus: Corpus, seed: Seed) => Uint8Array;

const flipBit: Mutation = (bytes, random) => {
  const changed = bytes.slice();
  const at = random.below(changed.length);
  changed[at] = (changed[at] as number) ^ (1 << random.below(8));
  return changed;
};
const setByte: Mutation = (bytes, random) => {
  const changed = bytes.slice();
  changed[random.below(changed.length)] = random.chance(2) ? random.pick(interesting) : random.below(256);
  return changed;
};
const cut: Mutation = (bytes, random) => bytes.slice(0, random.below(bytes.length));
const remove: Mutation = (bytes, random) => {
  const [from, to] = range(random, bytes);
  return replaced(bytes, from, to, new Uint8Array(0));
};
const removeLines: Mutation = (bytes, random) => {
  const [from, to] = lineRange(random, bytes);
  return replaced(bytes, from, to, new Uint8Array(0));
};
function repeat(bytes: Uint8Array, from: number, to: number, random: Random): Uint8Array {
  const section = bytes.subarray(from, to);
  const limit = random.chance(200) ? MAX_BYTES : USUAL_BYTES;
  const most = Math.floor(Math.max(0, limit - bytes.length) / Math.max(1, section.length));
  const times = Math.min(most, 1 + random.small(random.chance(8) ? 100_000 : 40));
  return replaced(bytes, to, to, join(...Array.from({ length: times }, () => section)));
}
const repeatRange: Mutation = (bytes, random) => repeat(bytes, ...range(random, bytes), random);
const repeatLines: Mutation = (bytes, random) => repeat(bytes, ...lineRange(random, bytes), random);
const insertNoise: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  return replaced(
    bytes,
    at,
    at,
    Uint8Array.from({ length: 1 + random.small(40) }, () => random.below(256)),
  );
};
const splice: Mutation = (bytes, random, corpus, { format }) => {
  const others = random.chance(5) ? corpus.all : (corpus.byFormat.get(format) as readonly Seed[]);
  const other = random.pick(others).bytes;
  if (random.chance(3)) return join(bytes, other);
  const [from, to] = range(random, other);
  const at = random.below(bytes.length + 1);
  return replaced(
    bytes,
    at,
    Math.min(bytes.length, at + random.small(bytes.length)),
    other.subarray(from, to),
  );
};
const moveRange: Mutation = (bytes, random) => {
  const [from, to] = range(random, bytes);
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, at, bytes.slice(from, to));
};
const inflateNumber: Mutation = (bytes, random) => {
  const found = digits(random, bytes);
  if (found === null) return setByte(bytes, random, undefined as never, undefined as never);
  return replaced(bytes, ...found, encoder.encode(random.pick(numbers)));
};
/** One number becomes another one of the file: ids, indexes and lengths that point elsewhere. */
const swapNumber: Mutation = (bytes, random) => {
  const found = digits(random, bytes);
  const other = digits(random, bytes);
  if (found === null || other === null) return flipBit(bytes, random, undefined as never, undefined as never);
  return replaced(bytes, ...found, bytes.slice(...other));
};
const editLength: Mutation = (bytes, random) => {
  let at = random.below(bytes.length);
  for (let steps = 0; steps < 100 && at < bytes.length && ((bytes[at] as number) & 7) !== 2; steps++) at++;
  if (random.chance(2)) return replaced(bytes, at + 1, Math.min(bytes.length, at + 2), varint(random));
  const changed = bytes.slice();
  if (at + 1 < changed.length)
    changed[at + 1] = (changed[at + 1] as number) + random.pick([1, -1, 2, -2, 64, 127]);
  return changed;
};
const editVarint: Mutation = (bytes, random) => {
  const at = random.below(bytes.length + 1);
  return replaced(bytes, at, Math.min(bytes.length, at + 1), varint(random));
};
function insertToken(tokens: readonly string[]): Mutation {
  return (bytes, random) => {
    const at = random.below(bytes.length + 1);
    const times = random.chance(20) ? 1 + random.small(5000) : 1;
    return replaced(bytes, at, at, encoder.encode(random.pick(tokens).repeat(times)));
  };
}

const anyBytes: readonly Mutation[] = [
  flipBit,
  setByte,
  setByte,
  cut,
  remove,
  repeatRange,
  insertNoise,
  splice,
  moveRange,
];
const messages = [...anyBytes, flipBit, setByte, editLength, editLength, editVarint, editVarint, editVarint];
/** Changes that leave most of a text what it is. */
const mildly = [inflateNumber, inflateNumber, inflateNumber, swapNumber, swapNumber, swapNumber];
const texts = [...anyBytes, ...mildly, removeLines, repeatLines, insertToken(textTokens)];
const json = [...anyBytes, ...mildly, ...mildly, insertToken(jsonTokens), insertToken(jsonTokens)];

function mutationsOf(format: FuzzFormat): readonly Mutation[] {
  switch (format) {
    case 'proto':
    case 'proto, packed':
    case 'legacy CPU':
      return messages;
    case 'Go text':
    case 'legacy text':
    case 'folded':
    case 'perf script':
    case 'other tools':
      return texts;
    case 'regular expression':
      return [...anyBytes, insertToken(patternTokens), insertToken(patternTokens), inflateNumber];
    default:
      return json;
  }
}

/** Packed as fast as can be; no Buffer, whose slices are not copies. */
function packed(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(gzipSync(bytes, { level: 1 }));
}

const bombs = new Map<number, Uint8Array>();

/** Much of nothing, packed: up to 400 MB of one byte. */
function bomb(random: Random): Uint8Array {
  const size = random.pick([1, 30, 70, 100, 400]);
  const byte = random.pick([0, 0x0a, 0x20, 0x32, 0x5b]);
  const key = size * 256 + byte;
  let made = bombs.get(key);
  if (made === undefined) {
    // Members of 1 MB each: gzip allows any number of them.
    const member = gzipSync(new Uint8Array(1 << 20).fill(byte), { level: 9 });
    made = join(...Array.from({ length: size }, () => member));
    bombs.set(key, made);
  }
  return made;
}

/** One in so many inputs is made long, to show what takes more than its share of time or memory. */
const LONG_EVERY = 600;

/** Where the value that opens at or behind `at` ends: brackets are counted, texts are not looked into. */
function balanced(bytes: Uint8Array, at: number): [from: number, to: number] {
  let from = at;
  while (from < bytes.length && bytes[from] !== 0x7b && bytes[from] !== 0x5b) from++;
  let depth = 0;
  for (let to = from; to < bytes.length; to++) {
    const c = bytes[to];
    if (c === 0x7b || c === 0x5b) depth++;
    else if ((c === 0x7d || c === 0x5d) && --depth === 0) return [from, to + 1];
  }
  return [from, bytes.length];
}

/** A section that a file of the format may hold many times, with what parts it from the next one. */
function section(
  random: Random,
  bytes: Uint8Array,
  format: FuzzFormat,
): [from: number, to: number, between: string] {
  if (random.chance(4)) return [...range(random, bytes), ''];
  const kinds = mutationsOf(format);
  if (kinds === json) return [...balanced(bytes, random.below(bytes.length)), ','];
  if (kinds === texts) return [...lineRange(random, bytes), ''];
  if (kinds !== messages) return [...range(random, bytes), ''];
  // A whole field of a message, where one begins here.
  const from = random.below(bytes.length);
  return [from, Math.min(bytes.length, from + 2 + ((bytes[from + 1] ?? 0) & 0x7f)), ''];
}

/** Repeats a section until the input is 100 kB to 1 MB long. */
function lengthened(bytes: Uint8Array, random: Random, format: FuzzFormat): Uint8Array {
  const [from, to, between] = section(random, bytes, format);
  if (to <= from) return bytes;
  const piece = join(bytes.subarray(from, to), encoder.encode(between));
  const size = 100_000 + random.below(100_000) * (1 + random.below(9));
  const times = Math.max(1, Math.floor((size - bytes.length) / piece.length));
  const long = new Uint8Array(bytes.length + piece.length * times);
  long.set(bytes.subarray(0, from));
  for (let i = 0; i < times; i++) long.set(piece, from + i * piece.length);
  long.set(bytes.subarray(from), from + piece.length * times);
  // Equal numbers everywhere would hide what many different ones cost.
  if (random.chance(2)) return long;
  for (let at = from; at < long.length; at++) {
    const c = long[at] as number;
    if (c >= 0x30 && c <= 0x39 && random.chance(3)) long[at] = 0x31 + random.below(9);
  }
  return long;
}

/** Input number `index` of the run with the given seed: the same whenever and wherever it is made. */
export function fuzzInput(corpus: Corpus, runSeed: number, index: number): FuzzInput {
  const random = new Random(runSeed, index);
  const format = formats[index % formats.length] as FuzzFormat;
  const seed = random.pick(corpus.byFormat.get(format) as readonly Seed[]);
  const reader = random.chance(2) ? 'page' : 'reports';
  if (format === 'proto, packed' && random.chance(2000)) return { format, bytes: bomb(random), reader };
  const mutations = mutationsOf(format);
  let { bytes } = seed;
  if (random.chance(LONG_EVERY)) bytes = lengthened(bytes, random, format);
  for (let count = 1 + random.small(5); count > 0 && bytes.length > 0; count--) {
    bytes = random.pick(mutations)(bytes, random, corpus, seed);
    if (bytes.length > MAX_BYTES) bytes = bytes.slice(0, MAX_BYTES);
  }
  if (format === 'proto, packed') {
    bytes = packed(bytes);
    for (let count = random.chance(3) ? 1 + random.small(3) : 0; count > 0 && bytes.length > 0; count--) {
      bytes = random.pick(anyBytes)(bytes, random, corpus, seed);
    }
  } else if (random.chance(50)) bytes = packed(bytes);
  return { format, bytes, reader };
}
