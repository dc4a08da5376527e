// Compares the command with the real pprof on random profiles and random command lines.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { goldenEnv, type Printed, runInProcess } from './golden.ts';
import { flagsArbitrary, outputFile, shellLinesArbitrary } from './random-flags.ts';
import { damagedArbitrary } from './random-damage.ts';
import { legacyArbitrary } from './random-legacy.ts';
import { encodeRaw, profileArbitrary, type RawProfile } from './random-profile.ts';

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

/** One comparison: files by name, arguments that name them, standard input. */
export interface Trial {
  /** A profile, or the contents of a file. */
  readonly profiles: Readonly<Record<string, RawProfile | string | Uint8Array>>;
  readonly runs: readonly { readonly args: readonly string[]; readonly stdin: string }[];
}

/** What differs, and how to see it again. */
export interface Mismatch {
  readonly args: readonly string[];
  readonly stdin: string;
  readonly expected: Printed;
  readonly actual: Printed;
}

const comparable: readonly (readonly [string, string])[] = [
  ['samples', 'count'],
  ['cpu', 'nanoseconds'],
];

/** Reports of one profile, of differences and merges, and sessions of the shell. */
export const trialArbitrary: fc.Arbitrary<Trial> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(profileArbitrary(), fc.array(flagsArbitrary, { minLength: 4, maxLength: 4 }))
      .map(([a, flags]) => ({
        profiles: { 'a.pb.gz': a },
        runs: flags.map((args) => ({ args: [...args, 'a.pb.gz'], stdin: '' })),
      })),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        profileArbitrary(comparable, 'positive'),
        profileArbitrary(comparable, 'positive'),
        fc.array(
          fc.tuple(flagsArbitrary, fc.constantFrom('base', 'diff_base', 'normalize', 'merge', 'three')),
          {
            minLength: 4,
            maxLength: 4,
          },
        ),
      )
      .map(([a, b, runs]) => ({
        profiles: { 'a.pb.gz': { ...a, periodType: null }, 'b.pb.gz': { ...b, periodType: null } },
        runs: runs.map(([args, how]) => ({
          args: [
            ...args,
            ...{
              base: ['-base=b.pb.gz', 'a.pb.gz'],
              diff_base: ['-diff_base=b.pb.gz', 'a.pb.gz'],
              normalize: ['-normalize', '-diff_base=b.pb.gz', 'a.pb.gz'],
              merge: ['a.pb.gz', 'b.pb.gz'],
              three: ['-base=b.pb.gz', 'a.pb.gz', 'a.pb.gz', 'nosuch'],
            }[how],
          ],
          stdin: '',
        })),
      })),
  },
  {
    weight: 1,
    arbitrary: fc.array(damagedArbitrary, { minLength: 3, maxLength: 3 }).map((files) => ({
      profiles: Object.fromEntries(files.map((bytes, i) => [`damaged${i}`, bytes])),
      runs: files.map((_, i) => ({ args: ['-raw', `damaged${i}`], stdin: '' })),
    })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(legacyArbitrary, fc.array(flagsArbitrary, { minLength: 3, maxLength: 3 }))
      .map(([text, flags]) => ({
        profiles: { 'a.txt': text },
        runs: [['-raw'], ...flags].map((args) => ({ args: [...args, 'a.txt'], stdin: '' })),
      })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(profileArbitrary(), shellLinesArbitrary).map(([a, lines]) => ({
      profiles: { 'a.pb.gz': a },
      runs: [{ args: ['a.pb.gz'], stdin: `${lines.join('\n')}\n` }],
    })),
  },
);

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

/** Lines whose order pprof leaves to chance, sorted. */
function settled(stderr: Buffer): string {
  const lines = stderr.toString('latin1').split('\n');
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

/** How often the real tool may give other bytes for the same arguments before they count as a difference. */
const RETRIES = 12;

/** How many comparisons were made, and how many of them the real tool itself answers differently each time. */
export interface Tally {
  pairs: number;
  wavering: number;
}

function writeProfiles(trial: Trial, folder: string): void {
  for (const [name, profile] of Object.entries(trial.profiles)) {
    const isFile = typeof profile === 'string' || profile instanceof Uint8Array;
    const bytes = isFile ? profile : gzipSync(encodeRaw(profile), { level: 1 });
    writeFileSync(join(folder, name), bytes);
  }
}

/** What was printed, followed by the page that was written, without its styles and scripts. */
function withPage(printed: Printed, folder: string): Printed {
  const file = join(folder, outputFile);
  if (!existsSync(file)) return printed;
  const page = readFileSync(file, 'latin1').replace(/<head>[\s\S]*<\/head>/, '');
  rmSync(file);
  return { ...printed, stdout: Buffer.concat([printed.stdout, Buffer.from(page, 'latin1')]) };
}

/** Runs one trial through both; answers the first difference. */
export async function compareTrial(
  binary: string,
  trial: Trial,
  tally: Tally,
): Promise<Mismatch | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-differential-'));
  try {
    writeProfiles(trial, folder);
    const env = goldenEnv(join(folder, 'home'));
    for (const { args, stdin } of trial.runs) {
      const options = { cwd: folder, env, stdin };
      const actual = withPage(await runInProcess(args, options), folder);
      const expected = withPage(await runReal(binary, args, options), folder);
      tally.pairs++;
      // A crash of the real tool is no answer.
      if (equal(expected, actual) || expected.stderr.includes('goroutine 1 [')) continue;
      let wavers = false;
      let agrees = false;
      for (let retry = 0; retry < RETRIES && !agrees; retry++) {
        const again = withPage(await runReal(binary, args, options), folder);
        agrees = equal(again, actual);
        wavers ||= !equal(again, expected);
      }
      if (!agrees && !wavers) return { args, stdin, expected, actual };
      tally.wavering++;
    }
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A difference as text: the command, the first lines that differ, and the profiles to try it with. */
export function explainMismatch(mismatch: Mismatch, folder: string): string {
  const lines = [
    `pprof ${mismatch.args.join(' ')}   (in ${folder}${mismatch.stdin === '' ? '' : `, stdin ${JSON.stringify(mismatch.stdin)}`})`,
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

/** Writes the profiles of a trial for trying by hand; answers the folder. */
export function keepTrial(trial: Trial): string {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-difference-'));
  writeProfiles(trial, folder);
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
    tally = { pairs: 0, wavering: 0 },
  }: { pairs: number; seed: number; workers: number; tally?: Tally },
): Promise<string | undefined> {
  let failure: string | undefined;
  const work = async (worker: number): Promise<void> => {
    for (let round = 0; tally.pairs < pairs && failure === undefined; round++) {
      const workerSeed = seed + worker * 1_000_003 + round * 7_919;
      let last: Mismatch | undefined;
      const result = await fc.check(
        fc.asyncProperty(trialArbitrary, async (trial) => {
          if (failure !== undefined) return;
          const mismatch = await compareTrial(binary, trial, tally);
          if (mismatch === undefined) return;
          last = mismatch;
          throw new Error('different');
        }),
        { seed: workerSeed, numRuns: 40, interruptAfterTimeLimit: 120_000 },
      );
      if (result.failed && result.counterexample !== null && last !== undefined && failure === undefined) {
        const [trial] = result.counterexample;
        const mismatch = (await compareTrial(binary, trial, { pairs: 0, wavering: 0 })) ?? last;
        failure = `seed ${workerSeed}\n${explainMismatch(mismatch, keepTrial(trial))}`;
      }
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)));
  return failure;
}
