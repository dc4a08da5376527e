// Compares the command with the real pprof on random profiles and random command lines.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { goldenEnv, type Printed, runInProcess } from './golden.ts';
import { damagedArbitrary } from './random-damage.ts';
import { flagsArbitrary } from './random-flags.ts';
import { legacyArbitrary } from './random-legacy.ts';
import { profileArbitrary } from './random-profile.ts';
import { sessionArbitrary } from './random-shell.ts';
import { encodeRaw, type RawProfile } from './raw-profile.ts';

const cache = fileURLToPath(new URL('../../../../.cache', import.meta.url));

/** The real tool, built once for the Go that is installed; undefined where there is none. */
export function realPprof(): string | undefined {
  const version = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  if (version.status !== 0) return undefined;
  const binary = join(cache, `pprof-${version.stdout.trim()}`);
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true });
  const fresh = `${binary}.${process.pid}`;
  const build = spawnSync('go', ['build', '-o', fresh, 'cmd/pprof'], { encoding: 'utf8', cwd: tmpdir() });
  if (build.status !== 0) throw new Error(`go build cmd/pprof failed: ${build.stderr}`);
  renameSync(fresh, binary);
  return binary;
}

/** Command lines over the same files. */
export interface Trial {
  /** A profile, or the contents of a file. */
  readonly files: Readonly<Record<string, RawProfile | string | Uint8Array>>;
  readonly runs: readonly Run[];
}

/** One command line: what a pair is made of. */
export interface Run {
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What differs, and how to see it again. */
export interface Mismatch {
  readonly run: Run;
  readonly expected: Printed;
  readonly actual: Printed;
}

const comparable: readonly (readonly [string, string])[] = [
  ['samples', 'count'],
  ['cpu', 'nanoseconds'],
];
const heap: readonly (readonly [string, string])[] = [
  ['alloc_objects', 'count'],
  ['alloc_space', 'bytes'],
  ['inuse_objects', 'count'],
  ['inuse_space', 'bytes'],
];
/** Has one type in common with the others each, or the same in another unit. */
const others: readonly (readonly (readonly [string, string])[])[] = [
  [
    ['cpu', 'milliseconds'],
    ['samples', 'count'],
  ],
  [['inuse_space', 'kilobytes']],
  [['sample', 'count']],
  [['cpu', 'bytes']],
];

/** Zones with whole and half hours, with letters and without, as a rule of POSIX, and none that exists. */
const zones = [
  'Europe/Berlin',
  'Asia/Kolkata',
  'America/St_Johns',
  'America/Sao_Paulo',
  'EST5EDT',
  'No/Where',
  '',
  ':UTC',
];

const environment = fc
  .tuple(fc.integer({ min: 0, max: 19 }), fc.constantFrom(...zones))
  .map(([n, TZ]): Record<string, string> => (n === 0 ? { TZ } : n === 1 ? { PPROF_TOOLS: '/nowhere' } : {}));

function runsOf(
  flags: fc.Arbitrary<string[]>,
  count: number,
  sources: fc.Arbitrary<readonly string[]>,
): fc.Arbitrary<Run[]> {
  return fc.array(
    fc.tuple(flags, sources, environment).map(([args, behind, env]) => ({ args: [...args, ...behind], env })),
    { minLength: count, maxLength: count },
  );
}

/** What may stand behind the flags when there are two profiles a and b that can be merged, and another one c. */
const several = fc.constantFrom<readonly string[]>(
  ['-base=b.pb.gz', 'a.pb.gz'],
  ['-base=b.pb.gz', 'a.pb.gz'],
  ['-diff_base=b.pb.gz', 'a.pb.gz'],
  ['-diff_base=b.pb.gz', 'a.pb.gz'],
  ['-normalize', '-diff_base=b.pb.gz', 'a.pb.gz'],
  ['-normalize', '-base=b.pb.gz', 'a.pb.gz'],
  ['a.pb.gz', 'b.pb.gz'],
  ['b.pb.gz', 'a.pb.gz', 'b.pb.gz'],
  ['-base=b.pb.gz', 'a.pb.gz', 'a.pb.gz', 'nosuch'],
  ['-base=nosuch', '-base=b.pb.gz', 'a.pb.gz'],
  ['-base=b.pb.gz', '-diff_base=', 'a.pb.gz'],
  ['-diff_base=b.pb.gz', '-diff_base=a.pb.gz', 'b.pb.gz', 'a.pb.gz'],
  ['-base=b.pb.gz', '-diff_base=b.pb.gz', 'a.pb.gz'],
  ['-base=a.pb.gz', 'a.pb.gz'],
  ['-diff_base=nosuch', 'a.pb.gz'],
  ['-diff_base=c.pb.gz', 'a.pb.gz'],
  ['c.pb.gz', 'a.pb.gz'],
  ['a.pb.gz', 'c.pb.gz', 'b.pb.gz'],
  ['a.pb.gz', 'sources', 'sources/shop/main.go'],
);

/** Reports of one profile, of differences and merges, of damaged and old files, and sessions of the shell. */
export const trialArbitrary: fc.Arbitrary<Trial> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(profileArbitrary(), runsOf(flagsArbitrary, 4, fc.constant(['a.pb.gz'])))
      .map(([a, runs]) => ({ files: { 'a.pb.gz': a }, runs })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(comparable, comparable, heap)
      .chain((types) =>
        fc.tuple(
          profileArbitrary(types, 'positive'),
          profileArbitrary(types, 'positive'),
          fc.constantFrom(types, ...others).chain((other) => profileArbitrary(other, 'positive')),
          runsOf(flagsArbitrary, 4, several),
          fc.integer({ min: 0, max: 4 }),
        ),
      )
      .map(([a, b, c, runs, kept]) => ({
        // Period types that differ forbid to merge.
        files: {
          'a.pb.gz': kept === 0 ? a : { ...a, periodType: null },
          'b.pb.gz': kept === 0 ? b : { ...b, periodType: null },
          'c.pb.gz': kept === 0 ? c : { ...c, periodType: null },
        },
        runs,
      })),
  },
  {
    weight: 1,
    arbitrary: fc.array(damagedArbitrary, { minLength: 3, maxLength: 3 }).map((files) => ({
      files: Object.fromEntries(files.map((bytes, i) => [`damaged${i}`, bytes])),
      runs: files.map((_, i) => ({ args: ['-raw', `damaged${i}`] })),
    })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(
        legacyArbitrary,
        legacyArbitrary,
        runsOf(flagsArbitrary, 2, fc.constantFrom(['a.txt'], ['a.txt', 'b.txt'])),
      )
      .map(([a, b, runs]) => ({
        files: { 'a.txt': a, 'b.txt': b },
        runs: [{ args: ['-raw', 'a.txt'] }, { args: ['a.txt'], stdin: 'top\ntags\ntraces\nraw\n' }, ...runs],
      })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        profileArbitrary(),
        fc.array(
          fc.tuple(sessionArbitrary, fc.constantFrom([], [], ['-cum'], ['-sample_index=0', '-unit=auto'])),
          {
            minLength: 2,
            maxLength: 2,
          },
        ),
      )
      .map(([a, sessions]) => ({
        files: { 'a.pb.gz': a },
        runs: sessions.map(([stdin, flags]) => ({ args: [...flags, 'a.pb.gz'], stdin })),
      })),
  },
);

/** Sources for `-list`: found by their own names or below a source path, with ends of lines of both kinds. */
const sources: Readonly<Record<string, string>> = {
  'sources/shop/main.go': Array.from({ length: 200 }, (_, i) => `\tline(${i + 1}) // <&"+'>\n`).join(''),
  'sources/cart/cart.go': 'package cart\r\n\r\nfunc Serve() {\r\n}\r\n\r\nvar x = 1 // no newline at the end',
  'shop/cart/cart.go': `${'a'.repeat(70_000)}\nsecond\n`,
  'relative/a.js': Array.from({ length: 40 }, (_, i) => `call${i + 1}();\n`).join(''),
};

/** Runs the real tool and collects what it prints. */
export function runReal(
  binary: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string>; readonly stdin: string },
): Promise<Printed> {
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { cwd: options.cwd, env: options.env, stdio: 'pipe' });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin);
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), code: code ?? -1 }),
    );
  });
}

/** Compressed bytes differ between compressors, so they are compared uncompressed. */
function unpacked(bytes: Buffer): Buffer {
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
}

/** Lines whose order pprof leaves to chance, sorted; words that it puts in any order, left out. */
function settled(stderr: Buffer): string {
  const lines = stderr
    .toString('latin1')
    .replace(/^conflicting options set: \[.*\]$/m, 'conflicting options set')
    .split('\n');
  const chance = lines.filter((line) => line.startsWith('For tag ')).sort();
  return [...chance, ...lines.filter((line) => !line.startsWith('For tag '))].join('\n');
}

function equal(a: Printed, b: Printed): boolean {
  return (
    a.code === b.code &&
    settled(a.stderr) === settled(b.stderr) &&
    unpacked(a.stdout).equals(unpacked(b.stdout))
  );
}

/**
 * How often the real tool may give other bytes for the same arguments before they count as a difference. Where it goes through a map
 * of Go's, two neighbours in it change places in one run out of eight.
 */
const RETRIES = 64;

/** How many comparisons were made, and what became of those that say less. */
export interface Tally {
  /** Both printed the same. */
  pairs: number;
  /** The real tool crashed, which is no answer to compare with. */
  crashes: number;
  /** Of the pairs: pprof contradicts itself, and one of its answers is ours. */
  wavering: number;
  /** pprof contradicts itself, and none of its answers that were seen is ours: nothing is known of these. */
  unknown: number;
}

/** A tally before the first comparison. */
export function newTally(): Tally {
  return { pairs: 0, crashes: 0, wavering: 0, unknown: 0 };
}

function writeFiles(trial: Trial, folder: string): void {
  for (const [name, content] of Object.entries({ ...sources, ...trial.files })) {
    const isFile = typeof content === 'string' || content instanceof Uint8Array;
    const bytes = isFile ? content : gzipSync(encodeRaw(content), { level: 1 });
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
}

/** Where the real tool counts how often it was used. */
const HOME = 'home';

function filesIn(folder: string): string[] {
  const home = join(folder, HOME, '/');
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.startsWith(home))
    .sort();
}

/** What was printed, followed by the files that were written; a page is shown without its styles and scripts. */
function withFiles(printed: Printed, folder: string, known: ReadonlySet<string>): Printed {
  const parts = [unpacked(printed.stdout)];
  for (const file of filesIn(folder)) {
    if (known.has(file)) continue;
    const content = unpacked(readFileSync(file)).toString('latin1');
    parts.push(Buffer.from(`\n== ${file}\n${content.replace(/<head>[\s\S]*<\/head>/, '')}`, 'latin1'));
    rmSync(file);
  }
  return { ...printed, stdout: Buffer.concat(parts) };
}

/** A run of the real tool or of ours. */
export type Runner = (
  args: readonly string[],
  options: { readonly cwd: string; readonly env: Record<string, string>; readonly stdin: string },
) => Promise<Printed>;

/** The real tool as a process. */
export function realRunner(binary: string): Runner {
  return (args, options) => runReal(binary, args, options);
}

/** Runs one trial through both; answers the first difference. */
export async function compareTrial(
  real: Runner,
  trial: Trial,
  tally: Tally,
  ours: Runner = runInProcess,
): Promise<Mismatch | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-differential-'));
  try {
    writeFiles(trial, folder);
    const known = new Set(filesIn(folder));
    for (const run of trial.runs) {
      const options = { cwd: folder, env: goldenEnv(join(folder, HOME), run.env), stdin: run.stdin ?? '' };
      const both = async (runner: Runner): Promise<Printed> =>
        withFiles(await runner(run.args, options), folder, known);
      const actual = await both(ours);
      const expected = await both(real);
      if (equal(expected, actual)) {
        tally.pairs++;
        continue;
      }
      if (/^goroutine \d+ .*\[/m.test(expected.stderr.toString('latin1'))) {
        tally.crashes++;
        continue;
      }
      let wavers = false;
      let agrees = false;
      for (let retry = 0; retry < RETRIES && !agrees; retry++) {
        const again = await both(real);
        agrees = equal(again, actual);
        wavers ||= !equal(again, expected);
      }
      if (!agrees && !wavers) return { run, expected, actual };
      if (!agrees) tally.unknown++;
      else {
        tally.pairs++;
        tally.wavering++;
      }
    }
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A difference as text: the command, the first lines that differ, and the profiles to try it with. */
export function explainMismatch(mismatch: Mismatch, folder: string): string {
  const { args, stdin = '', env = {} } = mismatch.run;
  const lines = [
    `pprof ${args.map((word) => (/^[\w./=:,+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')}`,
    `  in ${folder}${stdin === '' ? '' : `, stdin ${JSON.stringify(stdin)}`}${Object.keys(env).length === 0 ? '' : `, ${JSON.stringify(env)}`}`,
  ];
  for (const stream of ['stdout', 'stderr'] as const) {
    const expected = unpacked(mismatch.expected[stream]).toString('utf8').split('\n');
    const actual = unpacked(mismatch.actual[stream]).toString('utf8').split('\n');
    const at = expected.findIndex((line, i) => line !== actual[i]);
    const first = at < 0 ? expected.length : at;
    if (expected.length === actual.length && at < 0) continue;
    lines.push(
      `${stream}, line ${first + 1}:`,
      `  pprof:     ${JSON.stringify(expected[first])}`,
      `  stackpile: ${JSON.stringify(actual[first])}`,
    );
  }
  if (mismatch.expected.code !== mismatch.actual.code) {
    lines.push(`exit code: pprof ${mismatch.expected.code}, stackpile ${mismatch.actual.code}`);
  }
  return lines.join('\n');
}

/** Writes the files of a trial for trying by hand; answers the folder. */
export function keepTrial(trial: Trial): string {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-difference-'));
  writeFiles(trial, folder);
  return folder;
}

/**
 * Makes at least `pairs` comparisons with `workers` real processes at a time; the first difference is made as small as
 * possible.
 *
 * @returns undefined where everything is equal, else a text that says how to see the difference again
 */
export async function compareMany(
  binary: string,
  {
    pairs,
    seed,
    workers,
    tally = newTally(),
  }: { pairs: number; seed: number; workers: number; tally?: Tally },
): Promise<string | undefined> {
  const real = realRunner(binary);
  let failure: string | undefined;
  const work = async (worker: number): Promise<void> => {
    for (let round = 0; tally.pairs < pairs && failure === undefined; round++) {
      const workerSeed = seed + worker * 1_000_003 + round * 7_919;
      let last: Mismatch | undefined;
      const result = await fc.check(
        fc.asyncProperty(trialArbitrary, async (trial) => {
          if (failure !== undefined) return;
          const mismatch = await compareTrial(real, trial, tally);
          if (mismatch === undefined) return;
          last = mismatch;
          throw new Error('different');
        }),
        { seed: workerSeed, numRuns: 40, interruptAfterTimeLimit: 120_000 },
      );
      if (result.failed && result.counterexample !== null && last !== undefined && failure === undefined) {
        const [trial] = result.counterexample;
        const mismatch = (await compareTrial(real, trial, newTally())) ?? last;
        failure = `seed ${workerSeed}\n${explainMismatch(mismatch, keepTrial(trial))}`;
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return failure;
}

/** A tally in words. */
export function describeTally({ pairs, wavering, unknown, crashes }: Tally): string {
  return (
    `${pairs} pairs equal (in ${wavering} of them pprof contradicts itself, and one of its answers is ours); ` +
    `not counted: ${unknown} where none of its answers that were seen is ours, ${crashes} where it crashed`
  );
}
