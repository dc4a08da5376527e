// Runs a program as a child process and asks it for what the two ways find.
import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Profile, readHeapSnapshotStream } from '@stackpile/profile';
import { functionNames } from '../../src/script-text.ts';
import type { Program } from './program.ts';

/** The Node that runs the programs: this one, or another whose path stands in STACKPILE_TEST_NODE. */
export const node: string = process.env['STACKPILE_TEST_NODE'] || process.execPath;

/** Its major version. */
export const major: number = Number(
  execFileSync(node, ['--version'], { encoding: 'utf8' }).replace(/^v(\d+)\..*$/su, '$1'),
);

/** A snapshot of a child under load may take long; a child that never answers fails the test. */
const PATIENCE_MS = 120_000;

const preload = fileURLToPath(new URL('fixtures/preload/under-test.mjs', import.meta.url));

async function message(child: ChildProcess, kind: string): Promise<Record<string, unknown>> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const gone = new AbortController();
  const onExit = (code: number | null): void =>
    gone.abort(new Error(`the program ended with ${code} before "${kind}"`));
  child.once('exit', onExit);
  try {
    for (;;) {
      const [received] = (await once(child, 'message', {
        signal: AbortSignal.any([patience, gone.signal]),
      })) as [Record<string, unknown>];
      if (received['kind'] === kind) return received;
    }
  } catch (error) {
    throw gone.signal.aborted ? (gone.signal.reason as Error) : error;
  } finally {
    child.off('exit', onExit);
  }
}

/** Starts a program; `preloads` are imported before it. */
async function start(program: Program, args: readonly string[]): Promise<ChildProcess> {
  const child = fork(program.path, {
    execPath: node,
    execArgv: [...args],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  await message(child, 'ready');
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

/** What a heap snapshot of the program says; nothing is armed in it. */
export async function heapProfileOf(program: Program): Promise<Profile> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-tasks-'));
  const child = await start(program, ['--import', preload]);
  try {
    const path = join(folder, 'a.heapsnapshot');
    const written = message(child, 'written');
    child.send({ kind: 'snapshot', path });
    await written;
    return await readHeapSnapshotStream(createReadStream(path), {
      expectedBytes: statSync(path).size,
      names: functionNames,
    });
  } finally {
    await stop(child);
    rmSync(folder, { recursive: true, force: true });
  }
}
