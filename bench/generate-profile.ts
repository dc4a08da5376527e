// Writes a big, realistic heap profile, always the same for a size and a variant:
// node --conditions=stackpile-source bench/generate-profile.ts --mb 20 --out /tmp/20.pb.gz [--variant 1]
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { encodeProfile, int64Column, type Profile, stringTableOf } from '@stackpile/profile';

const FUNCTIONS = 20_000;
const LOCATIONS = 60_000;
/** Bytes that an encoded location takes with its share of the functions and strings, about. */
const LOCATION_BYTES = 46;
/** Profiles that are too small for all locations spend this share of their bytes on them. */
const TABLE_SHARE = 0.4;
/** Go's own limit on the depth of a stack was 32, and is 128 since Go 1.23. */
const DEEPEST = 96;

/** A small seeded generator (mulberry32): floats in [0, 1). */
function randoms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Random whole numbers below a bound. */
function wholes(seed: number): (below: number) => number {
  const random = randoms(seed);
  return (below) => Math.floor(random() * below);
}

const WORDS =
  'cart order user price stock queue cache store proxy route index block frame batch event token'.split(' ');
const VERBS =
  'load save find push pull scan sort merge parse render flush build check apply decode handle'.split(' ');

type Program = Pick<Profile, 'mappings' | 'locations' | 'functions' | 'strings'>;

/** Functions in files, and locations in functions; every third location has an inlined frame. */
function makeProgram(count: number): Program {
  const int = wholes(1);
  const pick = (words: readonly string[]): string => words[int(words.length)] as string;
  const functionCount = Math.ceil((count * FUNCTIONS) / LOCATIONS);
  const texts = ['', 'bytes', '/srv/shop/bin/shop'];
  const files: number[] = [];
  for (let i = 0; i < Math.ceil(functionCount / 10); i++) {
    files.push(texts.length);
    texts.push(`/srv/shop/${pick(WORDS)}/${pick(WORDS)}/${pick(WORDS)}${i}.go`);
  }
  const name = new Uint32Array(functionCount);
  const filename = new Uint32Array(functionCount);
  for (let fn = 0; fn < functionCount; fn++) {
    name[fn] = texts.length;
    texts.push(
      `example.com/shop/${pick(WORDS)}/${pick(WORDS)}.(*${pick(WORDS)}${fn % 97}).${pick(VERBS)}${pick(WORDS)}${fn}`,
    );
    filename[fn] = files[Math.floor(fn / 10)] as number;
  }

  const lineCount = count + Math.ceil(count / 3);
  const lineStart = new Uint32Array(count + 1);
  const lineFunction = new Uint16Array(lineCount);
  const line = new Float64Array(lineCount);
  let row = 0;
  for (let location = 0; location < count; location++) {
    lineStart[location] = row;
    if (location % 3 === 0) {
      lineFunction[row] = int(functionCount);
      line[row++] = 1 + int(900);
    }
    lineFunction[row] = location % functionCount;
    line[row++] = 1 + int(900);
  }
  lineStart[count] = row;
  const ids = (length: number): BigUint64Array => BigUint64Array.from({ length }, (_, i) => BigInt(i + 1));
  return {
    mappings: {
      length: 1,
      id: ids(1),
      start: BigUint64Array.of(0x400000n),
      limit: BigUint64Array.of(0x4000000n),
      offset: new BigUint64Array(1),
      filename: Uint32Array.of(2),
      buildId: new Uint32Array(1),
      flags: Uint8Array.of(1),
    },
    locations: {
      length: count,
      id: ids(count),
      mapping: new Int32Array(count),
      address: BigUint64Array.from({ length: count }, (_, i) => BigInt(0x401000 + i * 61)),
      isFolded: new Uint8Array(count),
      lineStart,
      lines: { length: row, function: lineFunction, line, column: new Float64Array(row) },
    },
    functions: {
      length: functionCount,
      id: ids(functionCount),
      name,
      systemName: name,
      filename,
      startLine: int64Column(Array.from({ length: functionCount }, () => 1 + int(500))),
    },
    strings: stringTableOf(texts),
  };
}

/** A tree of calls: each node has a location, a caller that comes before it, and so a stack of its own. */
interface CallTree {
  readonly caller: Int32Array;
  readonly location: Uint16Array;
  readonly depth: Uint8Array;
}

/** Locations call one of twelve others; deep callers are as likely to call again as shallow ones. */
function makeTree(nodes: number, locations: number): CallTree {
  const int = wholes(2);
  const callees = new Uint16Array(locations * 12);
  for (let i = 0; i < callees.length; i++) callees[i] = int(locations);
  const tree: CallTree = {
    caller: new Int32Array(nodes),
    location: new Uint16Array(nodes),
    depth: new Uint8Array(nodes),
  };
  const { caller, location, depth } = tree;
  caller[0] = -1;
  depth[0] = 1;
  for (let node = 1; node < nodes; node++) {
    // A handful of long common beginnings (a server, its middleware), then chains of calls with branches.
    const near = int(10) < 4;
    let from = node < 100 ? Math.max(0, node - 1 - int(8)) : near ? node - 1 - int(30) : int(node);
    while ((depth[from] as number) >= DEEPEST) from = caller[from] as number;
    caller[node] = from;
    depth[node] = (depth[from] as number) + 1;
    location[node] = callees[(location[from] as number) * 12 + int(12)] as number;
  }
  return tree;
}

/** Bytes of a number as a varint. */
function varintSize(value: number): number {
  let size = 1;
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) size++;
  return size;
}

/** Bytes of a field with `size` bytes of content. */
function fieldSize(size: number): number {
  return 1 + varintSize(size) + size;
}

/**
 * A heap profile as a Go service writes it, of `megabytes` (10^6 bytes, encoded): one sample per node of a call tree,
 * four values of which those of live objects are mostly 0, and the label `bytes`. From 7 MB on there are 60,000
 * locations in 20,000 functions, below fewer. Variants are of one program: a tenth of the stacks and all values differ.
 */
export function generateProfile(megabytes: number, variant = 1): Profile {
  const wanted = megabytes * 1e6;
  const locationCount = Math.min(LOCATIONS, Math.floor((wanted * TABLE_SHARE) / LOCATION_BYTES));
  const program = makeProgram(locationCount);
  const header = {
    sampleTypes: [
      { type: 'alloc_objects', unit: 'count' },
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    dropFrames: '',
    keepFrames: '',
    timeNanos: 1767225600000000000n + BigInt(variant) * 60_000_000_000n,
    durationNanos: 0n,
    periodType: { type: 'space', unit: 'bytes' },
    period: 524288n,
    comments: [],
    defaultSampleType: '',
    docUrl: '',
  };
  const most = Math.ceil(wanted / 40);
  const tree = makeTree(most, locationCount);
  const { caller, location, depth } = tree;

  const int = wholes(1000 + variant);
  const random = randoms(2000 + variant);
  const columns = [0, 1, 2, 3].map(() => new Float64Array(most)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const [allocObjects, allocSpace, inuseObjects, inuseSpace] = columns;
  const bytes = new Float64Array(most);
  const leaf = new Uint32Array(most);
  /** Number of each location in order of first use, as Go numbers them; 0 for those that are not used yet. */
  const order = new Uint32Array(locationCount);
  let used = 0;
  let frames = 0;
  let samples = 0;
  let left = wanted - encodeProfile({ ...header, ...program, samples: noSamples }).length;
  for (let node = 0; node < most && left > 0; node++) {
    if (int(10) === 0) continue;
    leaf[samples] = node;
    const size = 16 * 2 ** int(11);
    const count = 1 + Math.floor(-Math.log(1 - random()) * 3000);
    bytes[samples] = size;
    allocObjects[samples] = count;
    allocSpace[samples] = count * size;
    if (random() < 0.05) {
      const live = 1 + int(count);
      inuseObjects[samples] = live;
      inuseSpace[samples] = live * size;
    }
    let stackBytes = 0;
    for (let up = node; up >= 0; up = caller[up] as number) {
      const at = location[up] as number;
      if (order[at] === 0) order[at] = ++used;
      stackBytes += varintSize(order[at] as number);
    }
    let valueBytes = 0;
    for (const column of columns) valueBytes += varintSize(column[samples] as number);
    left -= fieldSize(
      fieldSize(stackBytes) + fieldSize(valueBytes) + fieldSize(fieldSize(0) + 1 + varintSize(size)),
    );
    frames += depth[node] as number;
    samples++;
  }
  const stackStart = new Uint32Array(samples + 1);
  const stackLocations = new Uint16Array(frames);
  let at = 0;
  for (let row = 0; row < samples; row++) {
    stackStart[row] = at;
    for (let up = leaf[row] as number; up >= 0; up = caller[up] as number) {
      stackLocations[at++] = (order[location[up] as number] as number) - 1;
    }
  }
  stackStart[samples] = at;
  return {
    ...header,
    ...program,
    samples: {
      length: samples,
      stackStart,
      stackLocations,
      values: columns.map((column) => column.subarray(0, samples)),
      labelStart: Uint32Array.from({ length: samples + 1 }, (_, i) => i),
      labels: {
        length: samples,
        key: new Uint32Array(samples).fill(1),
        text: new Uint32Array(samples),
        number: bytes.subarray(0, samples),
        unit: new Uint32Array(samples),
      },
    },
  };
}

const noSamples: Profile['samples'] = {
  length: 0,
  stackStart: new Uint32Array(1),
  stackLocations: new Uint16Array(0),
  values: [0, 1, 2, 3].map(() => new Float64Array(0)),
  labelStart: new Uint32Array(1),
  labels: {
    length: 0,
    key: new Uint32Array(0),
    text: new Uint32Array(0),
    number: new Float64Array(0),
    unit: new Uint32Array(0),
  },
};

/** What a profile holds, in one line. */
function describeProfile({ samples, locations, functions }: Profile, bytes: number): string {
  const count = (n: number): string => n.toLocaleString('en-US');
  return (
    `${(bytes / 1e6).toFixed(1)} MB, ${count(samples.length)} samples of ` +
    `${(samples.stackLocations.length / samples.length).toFixed(1)} frames, ` +
    `${count(locations.length)} locations, ${count(functions.length)} functions`
  );
}

if (import.meta.main) {
  const { values: options } = parseArgs({
    options: {
      mb: { type: 'string', default: '20' },
      variant: { type: 'string', default: '1' },
      out: { type: 'string' },
      // Also writes what it made, and this program, beside it: who keeps profiles knows when they are out of date.
      stamp: { type: 'string' },
    },
  });
  if (options.out === undefined) throw new Error('give --out FILE; a name that ends in .gz is compressed');
  const profile = generateProfile(Number(options.mb), Number(options.variant));
  const plain = encodeProfile(profile);
  writeFileSync(options.out, options.out.endsWith('.gz') ? gzipSync(plain, { level: 6 }) : plain);
  const description = describeProfile(profile, plain.length);
  if (options.stamp !== undefined) {
    writeFileSync(options.stamp, `${description}\n${readFileSync(import.meta.filename, 'utf8')}`);
  }
  console.log(description);
}
