// Processes that tests look at from outside, and the command that looks at them.
import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Profile } from '@stackpile/profile';
import { command } from '../../../../testing/command.ts';
import { listeningPorts } from '../../src/process/process.ts';
import { loadInspector } from '../../src/process/captures.ts';
import { SourceError } from '../../src/errors.ts';
import type { InspectorTarget, SourceOptions } from '../../src/options.ts';

/** The Node of the watched process: this one, or another whose path stands in STACKPILE_TEST_NODE. */
export const node: string = process.env['STACKPILE_TEST_NODE'] || process.execPath;
export const linux: { readonly skip: false | string } = {
  skip: process.platform === 'linux' ? false : 'reads /proc to find ports',
};

export type Watched = ChildProcess & { readonly pid: number };

function isStarted(child: ChildProcess): child is Watched {
  return child.pid !== undefined;
}

export interface StartOptions {
  /** File in the folder of fixtures. */
  readonly program: 'leaky-daemon.mjs' | 'bidden.mjs' | 'worker.mjs';
  readonly execPath?: string;
  /** For Node itself. */
  readonly flags?: readonly string[];
  readonly args?: readonly string[];
}

/** Runs `use` beside a program that has said that it is ready, and that ends with it. A free port keeps tests apart at 9229. */
export async function beside<T>(options: StartOptions, use: (child: Watched) => Promise<T>): Promise<T> {
  const file = fileURLToPath(new URL(`fixtures/${options.program}`, import.meta.url));
  const child = fork(file, options.args ?? [], {
    execPath: options.execPath ?? node,
    execArgv: ['--inspect-port=0', ...(options.flags ?? [])],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  try {
    await once(child, 'message');
    assert.ok(isStarted(child));
    return await use(child);
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

export function ask(
  spec: string,
  target: InspectorTarget,
  options: SourceOptions = {},
): ReturnType<typeof loadInspector> {
  return loadInspector({ kind: 'inspector', spec, target }, options);
}

/** The SourceError with which a promise is rejected. */
export async function failure(promise: Promise<unknown>): Promise<SourceError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof SourceError, String(error));
    return error;
  }
  assert.fail('nothing was wrong');
}

/** Names of the functions of all samples whose first value is positive. */
export async function functionsOf(loaded: ReturnType<typeof ask>): Promise<readonly string[]> {
  return functionsIn((await loaded).profile);
}

/** Names of a profile's functions. */
export function functionsIn({ functions, strings }: Profile): readonly string[] {
  return Array.from({ length: functions.length }, (_, row) => strings.get(functions.name[row] ?? 0));
}

/** A run of the command, and what it says. */
export interface Command {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** What it has said on stderr so far. */
  text(): string;
  /** What it has printed so far. */
  out(): string;
  /** Resolves when it has said `words`; rejects when it ends without. */
  said(words: string): Promise<void>;
}

/** Starts the command. */
export function stackpile(args: readonly string[]): Command {
  const child = spawn(command.program, [...command.args, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  let text = '';
  let onText = (): void => undefined;
  // Read to the end: a command whose stderr is closed dies of that.
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    onText();
  });
  const ended = new Promise<Awaited<Command['ended']>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    child,
    ended,
    text: () => text,
    out: () => out,
    said: async (words: string) => {
      const heard = new Promise<void>((resolve) => {
        onText = () => {
          if (text.includes(words)) resolve();
        };
        onText();
      });
      const gone = ended.then(() => {
        throw new Error(`the command ended: ${text}`);
      });
      await Promise.race([heard, gone]);
      gone.catch(() => undefined);
    },
  };
}

export async function untilClosed(pid: number, but: readonly number[] = []): Promise<void> {
  const open = async (): Promise<readonly number[]> =>
    (await listeningPorts(pid)).filter((port) => !but.includes(port));
  for (let i = 0; i < 600 && (await open()).length > 0; i++) await sleep(50);
  assert.deepEqual(await open(), [], 'a port is still open');
}
