// Runs the command as a user would: as a process of its own.
import { spawn } from 'node:child_process';
import process from 'node:process';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { command, isInstalled } from '../../../../testing/command.ts';
import type { CliIo } from '../../src/io.ts';
import { runLeaks } from '../../src/leaks/command.ts';

export const fixtures: string = fileURLToPath(new URL('../../../../../shared/fixtures/', import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly stdin?: string | Uint8Array;
  readonly env?: Record<string, string>;
  /** Milliseconds after which it is killed, for what must not hang; three minutes where absent. */
  readonly timeout?: number;
  /** Called when it was started. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with everything that was written to stdout so far. */
  readonly onStdout?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Called with everything that was written to stderr so far. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** The environment without anything that decides about colours. */
function plainEnv(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: '1', ...more };
  delete env['FORCE_COLOR'];
  return env;
}

/** Resolves when the process has ended; nobody waits for ever. */
export function stackpile(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.program, [...command.args, ...args], {
      cwd: options.cwd ?? process.cwd(),
      env: plainEnv(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: options.timeout ?? 180_000,
      killSignal: 'SIGKILL',
    });
    options.onStart?.((signal) => child.kill(signal));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      options.onStdout?.(stdout, (signal) => child.kill(signal));
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
      options.onStderr?.(stderr, (signal) => child.kill(signal));
    });
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, stdout, stderr }));
    child.stdin.on('error', () => {
      // it did not want to read
    });
    child.stdin.end(options.stdin ?? '');
  });
}

/** Whether text looks like something that a program and not a person wrote: a stack trace. */
export function hasTrace(text: string): boolean {
  return /^\s+at .*[(:]\d+:\d+\)?$/mu.test(text) || text.includes('node:internal');
}

/** A clock by which waiting takes no time; the world `turns` once for each wait, and stands still while somebody looks at it. */
export function worldClock(turns: () => Promise<void>): Pick<CliIo, 'now' | 'sleep'> {
  let clock = Date.now();
  return {
    now: () => clock,
    async sleep(ms) {
      clock += ms;
      await turns();
    },
  };
}

/** Whether a service is watched: for a minute, say. */
function isAddress(arg: string): boolean {
  return /^https?:/u.test(arg);
}

/**
 * Runs `stackpile leaks` in this process, which is much faster where nothing of the process itself is in question, and by a
 * clock of its own: waiting takes no time, and how loaded the machine is does not matter. Where the installed command is
 * tested it is a process all the same, unless that would need the clock or something else that a process does not have.
 */
export async function leaks(args: readonly string[], more: Partial<CliIo> = {}): Promise<Ran> {
  if (isInstalled && Object.keys(more).length === 0 && !args.some(isAddress))
    return stackpile(['leaks', ...args]);
  return within(runLeaks, args, more);
}

/** Runs a command in this process, by a clock of its own. */
export async function within(
  run: (argv: readonly string[], io: CliIo) => Promise<number>,
  args: readonly string[],
  more: Partial<CliIo> = {},
): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  const text = (chunk: string | Uint8Array): string =>
    typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString();
  let clock = Date.now();
  const io: CliIo = {
    stdin: Readable.from([]),
    stdout: { write: (chunk) => void (stdout += text(chunk)) },
    stderr: { write: (chunk) => void (stderr += text(chunk)) },
    env: {},
    cwd: process.cwd(),
    isTTY: { stdin: false, stdout: false, stderr: false },
    now: () => clock,
    async sleep(ms) {
      clock += ms;
      // The world turns once for each wait.
      await new Promise((resolve) => setImmediate(resolve));
    },
    run: () => Promise.resolve({ kind: 'missing', message: 'nothing is started here' }),
    ...more,
  };
  return { status: await run(args, io), stdout, stderr };
}
