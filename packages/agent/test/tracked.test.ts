// Every program's tasks as the hook sees them, read over HTTP from a process that started the agent first.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { decodeProfile } from '@stackpile/profile';
import { major, node } from './tasks/child.ts';
import {
  cannotRun,
  type Found,
  type Kind,
  lineOf,
  type Pile,
  piles,
  type Program,
  programs,
} from './tasks/program.ts';

const preload = fileURLToPath(new URL('tracked-under-test.mjs', import.meta.url));

/** Another Node than this one runs what was compiled, since the older ones cannot run the sources. */
const flags = process.env['STACKPILE_TEST_NODE'] === undefined ? ['--conditions=stackpile-source'] : [];

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

/** Takes each of `wanted` out of `found`, which returns what is left. */
function without(found: readonly Found[], wanted: readonly Pile[]): readonly Found[] {
  const rest = [...found];
  for (const pile of wanted) {
    const at = rest.findIndex((one) => lineOf(one, true) === lineOf(pile, true));
    const all = found.map((one) => lineOf(one, true)).join('\n');
    assert.ok(at >= 0, `expected ${lineOf(pile, true)}, found\n${all}`);
    rest.splice(at, 1);
  }
  return rest;
}

test('each program expects something of the hook, or says why it sees nothing', () => {
  for (const program of programs()) {
    const { piles: expected, blind } = program.expected('tracked', 24);
    assert.equal(expected.length === 0, blind !== '', program.name);
  }
});

describe(`tasks as the hook sees them on Node ${major}`, { concurrency: 2 }, () => {
  for (const program of programs()) {
    const { piles: expected, blind } = program.expected('tracked', major);
    const name = blind === '' ? program.name : `${program.name} (${blind})`;
    test(name, { skip: cannotRun(program) }, async () => {
      const all = await found(program);
      const ofKind = (kind: Kind): Found[] => all.filter((pile) => pile.kind === kind);
      for (const pile of ofKind('task')) checkLines(program, pile);
      const wanted = (kind: Kind): Pile[] => expected.filter((pile) => pile.kind === kind);
      const rest = without(ofKind('task'), wanted('task'));
      assert.deepEqual(
        rest.map((pile) => lineOf(pile, true)),
        [],
      );
      // A program has more handles than those it is about: a signal's, Node's own timers.
      without(ofKind('handle'), wanted('handle'));
    });
  }
});
