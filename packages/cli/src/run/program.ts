// The program of `stackpile run`: started with the agent preloaded, its streams and signals its own, ended in order.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { SourceError, systemReason } from '@stackpile/sources';
import { DOOR } from './arrival.ts';

/** A program that is told to end has so long to do it, in milliseconds. */
const PATIENCE_MS = 10_000;
const POLL_MS = 50;
/** A signal so soon after the end of the program is the one that ended it. */
const SAME_SIGNAL_MS = 1000;

/** How a program ended. */
export type Ending =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals };

/** A program that was started. */
export interface Program {
  readonly ended: Promise<Ending>;
  /** Whether somebody has told it to end through us: then that it ended is no failure of its own. */
  readonly told: boolean;
  /** Tells it to end, and kills it where it does not. */
  stop(): Promise<void>;
}

/** Signals that are handed on. Ctrl-C and what else a terminal sends goes to the program by itself. */
const passedOn: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
const ofTerminal: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

/** Where the preloaded module lies: beside the sources, or beside the bundle. */
export function preloadUrl(): URL {
  const places = [import.meta.url.endsWith('.ts') ? './preload.ts' : './preload.js', '../agent/preload.js'];
  const urls = places.map((place) => new URL(place, import.meta.url));
  const found = urls.find((url) => existsSync(fileURLToPath(url)));
  if (found === undefined)
    throw new SourceError(
      'SOURCE_NOT_FOUND',
      'the agent that is preloaded is missing: install stackpile again',
    );
  return found;
}

/** The environment of the program: its own, and what preloads the agent in every Node of it. */
function environment(env: Readonly<Record<string, string | undefined>>, door: string): NodeJS.ProcessEnv {
  const preload = preloadUrl();
  // A URL has no blank and no quote in it, so it is one word of the options.
  const own = [
    preload.pathname.endsWith('.ts') ? '--conditions=stackpile-source' : '',
    `--import=${preload.href}`,
  ];
  const options = [env['NODE_OPTIONS'] ?? '', ...own].filter((one) => one !== '').join(' ');
  return { ...env, NODE_OPTIONS: options, [DOOR]: door };
}

/** The status with which a shell tells such an end. */
export function statusOf(ending: Ending): number {
  return ending.kind === 'exit' ? ending.code : 128 + constants.signals[ending.signal];
}

/**
 * Starts a program.
 *
 * @throws SourceError where it cannot be started
 */
export async function startProgram(
  [file = '', ...args]: readonly string[],
  {
    env,
    cwd,
    door,
  }: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly cwd: string;
    readonly door: string;
  },
): Promise<Program> {
  const child = spawn(file, args, { cwd, env: environment(env, door), stdio: 'inherit' });
  let told = false;
  const passing = passSignals(child, () => {
    told = true;
  });
  const ended = endingOf(child).finally(passing);
  try {
    await Promise.race([once(child, 'spawn'), ended]);
  } catch (error) {
    passing();
    throw new SourceError('SOURCE_NOT_FOUND', `${file}: it cannot be started: ${systemReason(error)}`, {
      cause: error,
    });
  }
  return {
    ended,
    get told() {
      return told;
    },
    async stop() {
      child.kill('SIGTERM');
      const waiting = new AbortController();
      const late = delay(PATIENCE_MS, 'late', { signal: waiting.signal }).catch(() => 'over');
      if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL');
      await ended;
      waiting.abort();
    },
  };
}

function signalled(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Whether a number is still that of a process of the program: numbers are given out again. Only Linux tells. */
async function isOurs(pid: number, door: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  try {
    return (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0').includes(`${DOOR}=${door}`);
  } catch {
    return false;
  }
}

/**
 * Ends what the program has started and left behind: a shell does not hand on that it was told to end.
 *
 * @param door what its processes were given to tell of themselves
 */
export async function endLeftBehind(pids: readonly number[], door: string): Promise<void> {
  const ours = await Promise.all(pids.map((pid) => isOurs(pid, door)));
  let left = pids.filter((pid, i) => ours[i] === true && signalled(pid, 'SIGTERM'));
  for (let waited = 0; left.length > 0 && waited < PATIENCE_MS; waited += POLL_MS) {
    await delay(POLL_MS);
    left = left.filter((pid) => signalled(pid, 0));
  }
  for (const pid of left) signalled(pid, 'SIGKILL');
}

async function endingOf(child: ChildProcess): Promise<Ending> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal === null ? { kind: 'exit', code: code ?? 1 } : { kind: 'signal', signal };
}

/** Hands signals on for as long as the program lives; the answer ends that. */
function passSignals(child: ChildProcess, onEnd: () => void): () => void {
  let told = false;
  const handlers = passedOn.map((signal) => {
    const handler = (): void => {
      if (signal !== 'SIGUSR2') {
        told = true;
        onEnd();
      }
      if (!(process.stdin.isTTY && ofTerminal.has(signal))) child.kill(signal);
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
    if (!told) return;
    // The same Ctrl-C may still be on its way, from npm or another parent, and would end us before the verdict is told.
    const since = Date.now();
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (Date.now() - since > SAME_SIGNAL_MS) process.exit(128 + constants.signals[signal]);
      });
  };
}
