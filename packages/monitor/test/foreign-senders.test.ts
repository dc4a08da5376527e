// Other people's programs that send profiles: each is pointed at the monitor, and what it sends is there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { kept, watched } from './watched.ts';

describe('a foreign program', () => {
  test("Pyroscope's own client of Node sends to it: its heap names the leak, and its wall time is there", async (context) => {
    const to = await watched(context);
    const program = fileURLToPath(new URL('programs/pyroscope.ts', import.meta.url));
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, to.url], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    context.after(() => child.kill('SIGKILL'));
    const range = { from: 0, to: Number.MAX_SAFE_INTEGER };
    const functions = async (): Promise<string[]> => {
      const all = await to.store.series(
        [
          ['profile', 'heap'],
          ['sampleType', 'inuse_space'],
        ],
        range,
      );
      const stacks = await to.store.merge(
        all.map(({ id }) => id),
        range,
        'last',
      );
      const frames = await to.store.frames([...stacks.keys()]);
      return [...frames.values()].flat().map((frame) => frame.function);
    };
    for (let tries = 0; ; tries++) {
      // Each arrival is a time of its own for the clock that stands still.
      to.now += 1;
      const found = await kept(to);
      if ('shop a wall wall delta' in found && (await functions()).some((name) => name.includes('leakHere')))
        break;
      assert.ok(tries < 600 && child.exitCode === null, `${JSON.stringify(found)} ${said}`);
      await sleep(50);
    }
  });
});
