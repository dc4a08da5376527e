// Writes a big, realistic heap profile, always the same for a seed:
// node --conditions=source bench/generate-profile.ts --mb 20 --out /tmp/20.pb.gz [--seed 1]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { encodeProfile, int64Column, type Profile, stringTableOf } from '@stackpile/profile';

const FUNCTIONS = 20_000;
const LOCATIONS = 60_000;
/** Bytes of an encoded sample, about. */
const SAMPLE_BYTES = 92;

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

const WORDS =
  'cart order user price stock queue cache store proxy route index block frame batch event token'.split(' ');
const VERBS =
  'load save find push pull scan sort merge parse render flush build check apply decode handle'.split(' ');

/**
 * A heap profile of about `megabytes` (10^6 bytes, encoded): 20,000 functions in 60,000 locations, one stack per node of
 * a call tree whose callees come from a fixed call graph, four values and the label `bytes`.
 */
export function generateProfile(megabytes: number, seed = 1): Profile {
  const random = randoms(seed);
  const int = (below: number): number => Math.floor(random() * below);
  const pick = (words: readonly string[]): string => words[int(words.length)] as string;
  const samples = Math.max(
    1,
    Math.round(((megabytes * 1e6 - 5.3e6) / SAMPLE_BYTES) * (megabytes < 6 ? 0 : 1)) || 1000,
  );

  const texts = [
    '',
    'alloc_objects',
    'count',
    'alloc_space',
    'bytes',
    'inuse_objects',
    'inuse_space',
    '/srv/shop/bin/shop',
  ];
  const name = new Uint32Array(FUNCTIONS);
  const filename = new Uint32Array(FUNCTIONS);
  const files: number[] = [];
  for (let i = 0; i < 2000; i++) {
    files.push(texts.length);
    texts.push(`example.com/shop/${pick(WORDS)}/${pick(WORDS)}${i}.go`);
  }
  for (let fn = 0; fn < FUNCTIONS; fn++) {
    name[fn] = texts.length;
    texts.push(
      `example.com/shop/${pick(WORDS)}/${pick(WORDS)}.(*${pick(WORDS)}${fn % 97}).${pick(VERBS)}${pick(WORDS)}${fn}`,
    );
    filename[fn] = files[Math.floor((fn / FUNCTIONS) * files.length)] as number;
  }

  // Every third location has an inlined frame.
  const inlined = Math.floor(LOCATIONS / 3);
  const lineStart = new Uint32Array(LOCATIONS + 1);
  const lineFunction = new Uint16Array(LOCATIONS + inlined);
  const line = new Float64Array(LOCATIONS + inlined);
  let lineRow = 0;
  for (let location = 0; location < LOCATIONS; location++) {
    lineStart[location] = lineRow;
    if (location % 3 === 0) {
      lineFunction[lineRow] = int(FUNCTIONS);
      line[lineRow++] = 1 + int(900);
    }
    lineFunction[lineRow] = location % FUNCTIONS;
    line[lineRow++] = 1 + int(900);
  }
  lineStart[LOCATIONS] = lineRow;

  // A location calls one of twelve others; a node's path is its stack.
  const callees = new Uint16Array(LOCATIONS * 12);
  for (let i = 0; i < callees.length; i++) callees[i] = int(LOCATIONS);
  const parent = new Int32Array(samples);
  const nodeLocation = new Uint16Array(samples);
  const depth = new Uint8Array(samples);
  let frames = 0;
  for (let node = 0; node < samples; node++) {
    let from = node === 0 ? -1 : random() < 0.4 ? Math.max(0, node - 1 - int(400)) : int(node);
    while (from >= 0 && (depth[from] as number) >= 62) from = parent[from] as number;
    parent[node] = from;
    depth[node] = from < 0 ? 1 : (depth[from] as number) + 1;
    nodeLocation[node] = from < 0 ? 0 : (callees[(nodeLocation[from] as number) * 12 + int(12)] as number);
    frames += depth[node] as number;
  }
  const stackStart = new Uint32Array(samples + 1);
  const stackLocations = new Uint16Array(frames);
  const values = [0, 1, 2, 3].map(() => new Float64Array(samples));
  const [allocObjects, allocSpace, inuseObjects, inuseSpace] = values as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const bytes = new Float64Array(samples);
  let at = 0;
  for (let node = 0; node < samples; node++) {
    stackStart[node] = at;
    for (let up = node; up >= 0; up = parent[up] as number) stackLocations[at++] = nodeLocation[up] as number;
    const size = 16 * 2 ** int(11);
    const count = 1 + Math.floor(-Math.log(1 - random()) * 3000);
    bytes[node] = size;
    allocObjects[node] = count;
    allocSpace[node] = count * size;
    if (random() < 0.05) {
      inuseObjects[node] = 1 + int(count);
      inuseSpace[node] = (inuseObjects[node] as number) * size;
    }
  }
  stackStart[samples] = at;

  const ids = (count: number): BigUint64Array =>
    BigUint64Array.from({ length: count }, (_, i) => BigInt(i + 1));
  const one = (value: bigint): BigUint64Array => BigUint64Array.of(value);
  return {
    sampleTypes: [
      { type: 'alloc_objects', unit: 'count' },
      { type: 'alloc_space', unit: 'bytes' },
      { type: 'inuse_objects', unit: 'count' },
      { type: 'inuse_space', unit: 'bytes' },
    ],
    samples: {
      length: samples,
      stackStart,
      stackLocations,
      values,
      labelStart: Uint32Array.from({ length: samples + 1 }, (_, i) => i),
      labels: {
        length: samples,
        key: new Uint32Array(samples).fill(4),
        text: new Uint32Array(samples),
        number: bytes,
        unit: new Uint32Array(samples),
      },
    },
    mappings: {
      length: 1,
      id: one(1n),
      start: one(0x400000n),
      limit: one(0x4000000n),
      offset: one(0n),
      filename: Uint32Array.of(7),
      buildId: Uint32Array.of(0),
      flags: Uint8Array.of(1),
    },
    locations: {
      length: LOCATIONS,
      id: ids(LOCATIONS),
      mapping: new Int32Array(LOCATIONS),
      address: BigUint64Array.from({ length: LOCATIONS }, (_, i) => BigInt(0x401000 + i * 61)),
      isFolded: new Uint8Array(LOCATIONS),
      lineStart,
      lines: { length: lineRow, function: lineFunction, line, column: new Float64Array(lineRow) },
    },
    functions: {
      length: FUNCTIONS,
      id: ids(FUNCTIONS),
      name,
      systemName: name,
      filename,
      startLine: int64Column(Array.from({ length: FUNCTIONS }, () => 1 + int(500))),
    },
    strings: stringTableOf(texts),
    dropFrames: '',
    keepFrames: '',
    timeNanos: 1767225600000000000n,
    durationNanos: 0n,
    periodType: { type: 'space', unit: 'bytes' },
    period: 524288n,
    comments: [],
    defaultSampleType: '',
    docUrl: '',
  };
}

if (import.meta.main) {
  const { values: options } = parseArgs({
    options: {
      mb: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      out: { type: 'string' },
    },
  });
  if (options.out === undefined) throw new Error('give --out FILE; a name that ends in .gz is compressed');
  const profile = generateProfile(Number(options.mb), Number(options.seed));
  const plain = encodeProfile(profile);
  writeFileSync(options.out, options.out.endsWith('.gz') ? gzipSync(plain, { level: 6 }) : plain);
  const { samples, locations, functions } = profile;
  console.log(
    `${options.out}: ${(plain.length / 1e6).toFixed(1)} MB uncompressed, ${samples.length} samples, ` +
      `${samples.stackLocations.length} frames, ${locations.length} locations, ${functions.length} functions`,
  );
}
