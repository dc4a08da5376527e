// The reference cases of the real pprof: reading the list, running one case in this process, comparing.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeText } from '@stackpile/profile';
import { command, isInstalled } from '../../../../testing/command.ts';
import type { CliIo, Writer } from '../../src/io.ts';
import { runPprof } from '../../src/pprof/run.ts';

/** Folder of the reference cases; it lies beside the repository and is absent from a user's clone. */
export const fixtures: string = new URL('../../../../../shared/fixtures/pprof', import.meta.url).pathname;

export const haveFixtures: boolean = existsSync(join(fixtures, 'index.json'));

export interface GoldenCase {
  readonly id: string;
  readonly group: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly expectedStdout?: string;
  readonly expectedStderrFile?: string;
  readonly exitCode: number;
  readonly via?: 'raw' | 'output';
  readonly normalize?: readonly { readonly from: string; readonly to: string }[];
}

export function goldenCases(): GoldenCase[] {
  return JSON.parse(readFileSync(join(fixtures, 'index.json'), 'utf8')) as GoldenCase[];
}

/** What a run printed. */
export interface Printed {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly code: number;
}

class Collector implements Writer {
  readonly #chunks: Uint8Array[] = [];
  write(chunk: string | Uint8Array): void {
    this.#chunks.push(typeof chunk === 'string' ? encodeText(chunk) : chunk.slice());
  }
  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** The environment of the reference runs; nothing of the machine's own reaches the command. */
export function goldenEnv(
  scratch: string,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    TZ: 'UTC',
    LC_ALL: 'C',
    TERM: 'dumb',
    PPROF_BINARY_PATH: '',
    PATH: '/nonexistent',
    HOME: scratch,
    PPROF_TMPDIR: scratch,
    ...extra,
  };
}

export interface RunOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
}

/** Runs the command as a process of its own, from its sources or the installed one. */
export async function runAsProcess(args: readonly string[], options: RunOptions): Promise<Printed> {
  const { cwd, env } = options;
  const child = spawn(command.program, [...command.args, ...args], {
    cwd,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const stdout = new Collector();
  const stderr = new Collector();
  child.stdout.on('data', (chunk: Buffer) => stdout.write(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.write(chunk));
  // It may end without having read.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? -1));
  });
  return { stdout: stdout.bytes(), stderr: stderr.bytes(), code };
}

/** What `stackpile` answers by itself, and pprof otherwise: no argument at all, and `-h` alone. */
function isOurs(args: readonly string[]): boolean {
  return args.length === 0 || (args.length === 1 && args[0] === '-h');
}

/** Runs pprof's part of the command: inside this process, which is much faster, or the installed one where that is tested. */
export function runCommand(args: readonly string[], options: RunOptions): Promise<Printed> {
  return isInstalled && !isOurs(args) ? runAsProcess(args, options) : runInProcess(args, options);
}

/** Runs the command inside this process, as if started in `cwd` without a terminal. */
export async function runInProcess(
  args: readonly string[],
  options: RunOptions & { readonly run?: CliIo['run'] },
): Promise<Printed> {
  const stdout = new Collector();
  const stderr = new Collector();
  const io: CliIo = {
    stdin: once(
      typeof options.stdin === 'string' ? encodeText(options.stdin) : (options.stdin ?? new Uint8Array()),
    ),
    stdout,
    stderr,
    env: options.env,
    cwd: options.cwd,
    isTTY: { stdin: false, stdout: false, stderr: false },
    now: () => Date.now(),
    sleep: () => Promise.resolve(),
    run: options.run ?? (async (command) => ({ kind: 'missing', message: `spawn ${command} ENOENT` })),
  };
  const code = await runPprof([...args], io);
  return { stdout: stdout.bytes(), stderr: stderr.bytes(), code };
}

/** One difference between what was expected and what was printed. */
export interface Difference {
  readonly what: 'stdout' | 'stderr' | 'code';
  readonly expected: Buffer;
  readonly actual: Buffer;
}

function normalized(bytes: Buffer, rules: GoldenCase['normalize']): Buffer {
  if (rules === undefined) return bytes;
  // Latin 1 keeps every byte, and the rules speak of ASCII only.
  let text = bytes.toString('latin1');
  for (const { from, to } of rules) text = text.replace(new RegExp(from, 'gm'), to);
  return Buffer.from(text, 'latin1');
}

/** Runs `goldenCase` with `run` and returns what differs; an empty list is a pass. */
export async function checkCase(
  goldenCase: GoldenCase,
  run: (
    args: readonly string[],
    options: { cwd: string; env: Record<string, string>; stdin: string },
  ) => Promise<Printed> = runCommand,
): Promise<Difference[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'stackpile-golden-'));
  try {
    const env = goldenEnv(scratch, goldenCase.env);
    const out = join(scratch, 'out');
    const args = goldenCase.args.map((arg) => arg.replaceAll('$OUT', out));
    const options = { cwd: fixtures, env, stdin: goldenCase.stdin ?? '' };
    const printed = await run(args, options);
    let { stdout, stderr } = printed;
    const differences: Difference[] = [];
    if (goldenCase.via === 'output') {
      if (stdout.length > 0) differences.push({ what: 'stdout', expected: Buffer.alloc(0), actual: stdout });
      stdout = existsSync(out) ? readFileSync(out) : Buffer.alloc(0);
      stderr = Buffer.from(stderr.toString('latin1').replaceAll(out, '$OUT'), 'latin1');
    } else if (goldenCase.via === 'raw' && printed.code === 0) {
      const file = join(scratch, 'reread.pb.gz');
      writeFileSync(file, stdout);
      stdout = (await run(['-symbolize=none', '-raw', file], { ...options, stdin: '' })).stdout;
    }
    const read = (file: string | undefined): Buffer =>
      file === undefined ? Buffer.alloc(0) : readFileSync(join(fixtures, file));
    const compare = (what: 'stdout' | 'stderr', file: string | undefined, actual: Buffer): void => {
      const expected = read(file);
      const shown = normalized(actual, goldenCase.normalize);
      if (!expected.equals(shown)) differences.push({ what, expected, actual: shown });
    };
    compare('stdout', goldenCase.expectedStdout, stdout);
    compare('stderr', goldenCase.expectedStderrFile, stderr);
    if (printed.code !== goldenCase.exitCode) {
      differences.push({
        what: 'code',
        expected: Buffer.from(`${goldenCase.exitCode}\n`),
        actual: Buffer.from(`${printed.code}\n`),
      });
    }
    return differences;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
