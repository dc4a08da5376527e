// Closures without a name in a process without an agent: what they are there for, under one name wherever they are shown.
import assert from 'node:assert/strict';
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Profile } from '@stackpile/profile';
import { command } from '../../../../testing/command.ts';
import { openInspectorTarget } from '../../src/process/captures.ts';

/** The Node of the watched process: this one, or another whose path stands in STACKPILE_TEST_NODE. */
const node = process.env['STACKPILE_TEST_NODE'] || process.execPath;
const daemon = fileURLToPath(new URL('fixtures/nameless-daemon.mjs', import.meta.url));

async function withDaemon<T>(use: (child: ChildProcess & { pid: number }) => Promise<T>): Promise<T> {
  const child = fork(daemon, {
    execPath: node,
    execArgv: ['--inspect-port=0'],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  try {
    await once(child, 'message');
    assert.ok(child.pid !== undefined);
    return await use(child as ChildProcess & { pid: number });
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

/** Names of the functions of a profile that stand in the daemon's file. */
function ownNames({ functions, strings }: Profile): string[] {
  const names = new Set<string>();
  for (let row = 0; row < functions.length; row++) {
    if (strings.get(functions.filename[row] as number) !== daemon) continue;
    names.add(strings.get(functions.name[row] as number));
  }
  return [...names].sort();
}

const names = [
  'callback of setInterval at module top level (nameless-daemon.mjs:15)',
  'callback of setInterval in startHeartbeat (nameless-daemon.mjs:5)',
  "listener of 'close' in onConnection (nameless-daemon.mjs:9:19)",
  "listener of 'close' in onConnection (nameless-daemon.mjs:9:46)",
  "listener of 'message' in onConnection (nameless-daemon.mjs:8)",
];

describe('closures without a name in a process without an agent', () => {
  test('say what they are there for and who made them, the same from look to look', () =>
    withDaemon(async ({ pid }) => {
      const target = await openInspectorTarget(
        { kind: 'inspector', spec: `pid:${pid}`, target: { kind: 'pid', pid } },
        {},
      );
      try {
        assert.deepEqual(ownNames(await target.goroutine()), names);
        assert.deepEqual(ownNames(await target.goroutine()), names);
      } finally {
        await target.close();
      }
    }));

  test('are called so by the verdict and by -top', () =>
    withDaemon(async ({ pid }) => {
      const run = async (...args: string[]): Promise<string> => {
        const argv = [...command.args, ...args, `pid:${pid}`];
        // The verdict of a leak is status 1.
        try {
          return (await promisify(execFile)(command.program, argv, { timeout: 120_000 })).stdout;
        } catch (error) {
          return (error as { stdout: string }).stdout;
        }
      };
      const top = await run('-top', '-sample_index=closures');
      for (const name of names.slice(1)) assert.ok(top.includes(name), `${name} in ${top}`);
      const verdict = await run('leaks', '--every', '2s', '--for', '12s');
      assert.match(verdict, /callback of setInterval in startHeartbeat \(nameless-daemon\.mjs:5\) pile/u);
    }));
});
