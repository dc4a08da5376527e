// Every program's tasks as the hook sees them, read over HTTP from a process that started the agent first.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { decodeProfile } from '@stackpile/profile';
import { major, node } from './tasks/child.ts';
import { type Found, lineOf, piles, type Program, programs } from './tasks/program.ts';

const preload = fileURLToPath(new URL('tracked-under-test.mjs', import.meta.url));

/** Another Node than this one runs what was compiled, since the older ones cannot run the sources. */
const flags = process.env['STACKPILE_TEST_NODE'] === undefined ? ['--conditions=source'] : [];

async function found(program: Program): Promise<Found[]> {
  const child = fork(program.path, {
    execPath: node,
    execArgv: [...flags, '--import', preload],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the program ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  try {
    const [message] = (await Promise.race([
      once(child, 'message', { signal: AbortSignal.timeout(60_000) }),
      ended,
    ])) as [{ url: string }];
    const response = await fetch(`${message.url}goroutine`);
    assert.equal(response.status, 200);
    const bytes = gunzipSync(Buffer.from(await response.arrayBuffer()));
    return piles(decodeProfile(bytes));
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

/** Frames of the program's own file stand on the line that waits: the one that is marked `//< name`. */
function checkLines(program: Program, pile: Found): void {
  for (const frame of pile.frames) {
    if (!frame.file.endsWith(`/${program.name}.mjs`)) continue;
    const line = program.lines[frame.line - 1] ?? '';
    const marked = program.lines.some((one) => one.endsWith(`//< ${frame.name}`));
    // A statement over several lines: V8 places the first wait at its last call, later ones at the await.
    const statement = program.lines.slice(Math.max(0, frame.line - 4), frame.line);
    const right = statement.some((one) => one.endsWith(`//< ${frame.name}`));
    if (marked) assert.ok(right, `${frame.name} is said to wait on line ${frame.line}: ${line}`);
  }
}

/** Equal frames; V8 gives some of the functions without a name the name of what they are put into. */
function sameStack(found: string, expected: string): boolean {
  const names = found.split(' < ');
  const wanted = expected.split(' < ');
  return (
    names.length === wanted.length && wanted.every((name, i) => name === '(anonymous)' || name === names[i])
  );
}

/** Without handles, before Node 24, these are not told from other events. */
const byHandle: ReadonlySet<string> = new Set(major < 24 ? ['child process', 'worker'] : []);

/** An expected `await` leaves room for a word that says more. */
function matches(pile: Found, expected: { count: number; state: string; stack: string }): boolean {
  const state =
    expected.state === '' ||
    expected.state === 'await' ||
    byHandle.has(expected.state) ||
    expected.state === pile.state;
  return (
    pile.count === expected.count &&
    state &&
    (expected.stack === '*' || sameStack(pile.stack, expected.stack))
  );
}

describe(`tasks as the hook sees them on Node ${major}`, { concurrency: 2 }, () => {
  for (const program of programs()) {
    const { piles: expected, blind } = program.expected('tracked', major);
    const wanted = expected.filter((pile) => pile.kind === 'task');
    test(blind === '' ? program.name : `${program.name} (${blind})`, async () => {
      const all = (await found(program)).filter((pile) => pile.kind === 'task');
      const own = all.filter((pile) =>
        pile.frames.some((frame) => frame.file.endsWith(`/${program.name}.mjs`)),
      );
      for (const pile of own) checkLines(program, pile);
      if (blind !== '') return;
      const rest = [...own];
      for (const pile of wanted) {
        const at = rest.findIndex((one) => matches(one, pile));
        assert.ok(
          at >= 0,
          `expected ${lineOf(pile, true)}, found\n${own.map((one) => lineOf(one, true)).join('\n')}`,
        );
        rest.splice(at, 1);
      }
      assert.deepEqual(
        rest.map((one) => lineOf(one, true)),
        [],
      );
    });
  }
});
