// Every process of the check: bounded in time, with the environment of a stranger, and ended with all that it started.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { expect, Failed } from './ledger.ts';

export interface Ran {
  readonly status: number | null;
  /** What ended it, where it did not end itself. */
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** After which it is killed, and the trial has failed. */
  readonly seconds?: number;
}

/** A program that runs until it is told to end. */
export interface Running {
  readonly pid: number;
  /** What it printed so far. */
  stdout(): string;
  stderr(): string;
  /** The first match in what it prints; fails when it ends before, or `seconds` are over. */
  says(pattern: RegExp, on?: 'stdout' | 'stderr', seconds?: number): Promise<RegExpExecArray>;
  /** Resolves when it has ended by itself. */
  readonly ended: Promise<Ran>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<Ran>;
}

const DEFAULT_SECONDS = 60;
const POLL_MS = 20;
const alive = new Set<ChildProcess>();

/** To the whole group, as a terminal's Ctrl-C is: what a process has started gets it too. */
function signalTo(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

/** Ends whatever still runs. */
export function endAll(): void {
  for (const child of alive) signalTo(child, 'SIGKILL');
}

/** What a stranger's shell has: nothing of this repository, nor of the npm that runs the check. */
export function strangersEnv(home: string, temporary: string): Record<string, string> {
  const env: Record<string, string> = { HOME: home, TMPDIR: temporary, NO_COLOR: '1' };
  const kept =
    /^(path|ci|lang|gopath|gocache|gomodcache|goproxy|goflags|https?_proxy|no_proxy|npm_config_(registry|cache|userconfig)|node_extra_ca_certs|ssl_cert_file)$/iu;
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && kept.test(name)) env[name] = value;
  }
  // npm run puts the repository's own tools first.
  env['PATH'] = (env['PATH'] ?? '')
    .split(':')
    .filter((folder) => !folder.includes('node_modules'))
    .join(':');
  return env;
}

function started(program: string, args: readonly string[], options: StartOptions) {
  const child = spawn(program, args, {
    cwd: options.cwd,
    ...(options.env === undefined ? {} : { env: options.env }),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  alive.add(child);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // It may end without having read.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.stdin ?? '');
  const ended = new Promise<Ran>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
  }).finally(() => {
    // What it started and left is ended too.
    signalTo(child, 'SIGKILL');
    alive.delete(child);
  });
  return { child, ended, stdout: () => stdout, stderr: () => stderr };
}

/** Runs a program to its end. @throws Failed where that takes too long. */
export async function run(program: string, args: readonly string[], options: StartOptions): Promise<Ran> {
  const { child, ended } = started(program, args, options);
  const seconds = options.seconds ?? DEFAULT_SECONDS;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    signalTo(child, 'SIGKILL');
  }, seconds * 1000);
  try {
    const ran = await ended;
    if (late) throw new Failed(`not ended after ${seconds} s; it said:\n${ran.stdout}${ran.stderr}`);
    return ran;
  } finally {
    clearTimeout(timer);
  }
}

/** Starts a program that goes on. */
export async function start(
  program: string,
  args: readonly string[],
  options: StartOptions,
): Promise<Running> {
  const { child, ended, stdout, stderr } = started(program, args, options);
  let ran: Ran | undefined;
  ended.then(
    (value) => (ran = value),
    // Whoever waits for it hears of that.
    () => undefined,
  );
  await once(child, 'spawn');
  return {
    pid: child.pid ?? 0,
    ended,
    stdout,
    stderr,
    async says(pattern, on = 'stdout', seconds = DEFAULT_SECONDS) {
      const end = Date.now() + seconds * 1000;
      for (;;) {
        const match = pattern.exec(on === 'stdout' ? stdout() : stderr());
        if (match !== null) return match;
        expect(
          ran === undefined && Date.now() < end,
          `${ran === undefined ? `${seconds} s went by` : `it ended with ${String(ran.status)}`} without ${pattern}; it said:\n${stdout()}${stderr()}`,
        );
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    async end(signal) {
      signalTo(child, signal);
      const timer = setTimeout(() => signalTo(child, 'SIGKILL'), DEFAULT_SECONDS * 1000);
      try {
        return await ended;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Fails unless the status is one of `statuses`, and what was said is no stack trace. */
export function expectEnd(ran: Ran, statuses: readonly number[], what: string): void {
  const said = `${what}: status ${String(ran.status)}\n${ran.stdout.slice(-2000)}${ran.stderr.slice(-4000)}`;
  expect(ran.status !== null && statuses.includes(ran.status), said);
  expect(!hasTrace(ran.stderr), said);
}

/** Whether text looks like what a program and not a person wrote: a stack trace, or a warning of Node's. */
export function hasTrace(text: string): boolean {
  return (
    /^\s+at .*[(:]\d+:\d+\)?$/mu.test(text) || text.includes('node:internal') || /^\(node:\d+\)/mu.test(text)
  );
}
