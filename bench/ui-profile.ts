// Generates the large profile of the UI benchmark: a call tree with heavy and light branches, inlined frames aside.
import { type Profile, stringTableOf } from '@stackpile/profile';

/** Size of a generated profile. */
export interface GeneratedSize {
  readonly samples: number;
  readonly functions: number;
  /** Mean stack depth is about two thirds of this. */
  readonly depth: number;
  readonly seed?: number;
}

/** A small repeatable random generator (mulberry32); returns numbers in [0, 1). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A CPU profile of `samples` samples. Every function calls a few others with a skewed choice, as programs do, so that
 * the upper levels are few and wide and the lower ones many and narrow; almost all stacks are distinct.
 */
export function generateProfile(size: GeneratedSize): Profile {
  const { samples, functions, depth } = size;
  const next = random(size.seed ?? 1);
  const strings: string[] = ['', 'samples', 'count', 'cpu', 'nanoseconds'];
  const name = new Uint32Array(functions);
  const filename = new Uint32Array(functions);
  const packages = Math.max(1, Math.round(functions / 40));
  const packageFile = new Uint32Array(packages);
  for (let i = 0; i < packages; i++) {
    const where =
      i % 5 === 0
        ? `/srv/app/src/feature${i}/index.ts`
        : i % 5 === 4
          ? `node:internal/module${i}`
          : `/srv/app/node_modules/library-${i}/dist/index.js`;
    packageFile[i] = strings.push(where) - 1;
  }
  for (let i = 0; i < functions; i++) {
    name[i] = strings.push(`handle${i.toString(36)}Request${i % 97}`) - 1;
    filename[i] = packageFile[i % packages] as number;
  }
  // Fan-out of eight; the callees of a function are fixed, so stacks share prefixes as in a real program.
  const stack: number[] = [];
  const stackStart = new Uint32Array(samples + 1);
  const wide = new Uint32Array(samples * depth);
  let length = 0;
  for (let sample = 0; sample < samples; sample++) {
    stack.length = 0;
    let current = 0;
    const levels = Math.max(3, Math.floor(depth * (0.34 + 0.66 * next())));
    for (let level = 0; level < levels; level++) {
      stack.push(current);
      const skew = next();
      const choice = Math.floor(skew * skew * skew * 8);
      current = (Math.imul(current + 1, 2654435761) + Math.imul(choice + 1, 40503) + level * 7919) >>> 0;
      current %= functions;
    }
    for (let i = stack.length - 1; i >= 0; i--) wide[length++] = stack[i] as number;
    stackStart[sample + 1] = length;
  }
  const stackLocations =
    functions <= 0x10000 ? Uint16Array.from(wide.subarray(0, length)) : wide.slice(0, length);
  const counts = new Float64Array(samples);
  const nanoseconds = new Float64Array(samples);
  for (let i = 0; i < samples; i++) {
    const n = 1 + Math.floor(next() * 3);
    counts[i] = n;
    nanoseconds[i] = n * 10_000_000;
  }
  const ids = BigUint64Array.from({ length: functions }, (_, i) => BigInt(i + 1));
  const lineStart = Uint32Array.from({ length: functions + 1 }, (_, i) => i);
  const index = functions <= 0x10000 ? new Uint16Array(functions) : new Uint32Array(functions);
  const line = new Float64Array(functions);
  for (let i = 0; i < functions; i++) {
    index[i] = i;
    line[i] = 10 + (i % 400);
  }
  return {
    sampleTypes: [
      { type: 'samples', unit: 'count' },
      { type: 'cpu', unit: 'nanoseconds' },
    ],
    samples: {
      length: samples,
      stackStart,
      stackLocations,
      values: [counts, nanoseconds],
      labelStart: new Uint32Array(samples + 1),
      labels: {
        length: 0,
        key: new Uint32Array(0),
        text: new Uint32Array(0),
        number: new Float64Array(0),
        unit: new Uint32Array(0),
      },
    },
    mappings: {
      length: 0,
      id: new BigUint64Array(0),
      start: new BigUint64Array(0),
      limit: new BigUint64Array(0),
      offset: new BigUint64Array(0),
      filename: new Uint32Array(0),
      buildId: new Uint32Array(0),
      flags: new Uint8Array(0),
    },
    locations: {
      length: functions,
      id: ids,
      mapping: new Int32Array(functions).fill(-1),
      address: new BigUint64Array(functions),
      isFolded: new Uint8Array(functions),
      lineStart,
      lines: { length: functions, function: index, line, column: new Float64Array(functions) },
    },
    functions: {
      length: functions,
      id: ids,
      name,
      systemName: name,
      filename,
      startLine: new Float64Array(functions),
    },
    strings: stringTableOf(strings),
    dropFrames: '',
    keepFrames: '',
    timeNanos: 1_700_000_000_000_000_000n,
    durationNanos: 30_000_000_000n,
    periodType: { type: 'cpu', unit: 'nanoseconds' },
    period: 10_000_000n,
    comments: [],
    defaultSampleType: '',
    docUrl: '',
  };
}
