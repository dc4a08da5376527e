// A program that replaces the global timers, as jsdom and fake timers do, is answered as any other, and lives.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask } from './http-client.ts';
import { sourceFlags } from './serving.ts';

const agent = new URL('../src/index.ts', import.meta.url).href;
const program = fileURLToPath(new URL('programs/replaced-timers.mjs', import.meta.url));

for (const when of ['after', 'before'])
  test(`timers that return numbers, put in place ${when} the agent`, { timeout: 120_000 }, async () => {
    const child = spawn(process.execPath, [...sourceFlags, program, agent, when], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    try {
      let said = '';
      child.stderr?.on('data', (piece: Buffer) => (said += piece.toString()));
      const [port] = (await once(child, 'message')) as [number];
      const paths = [
        'block?seconds=1',
        'metrics',
        'metrics',
        'trace?seconds=1',
        'heapclasses',
        'goroutine?debug=1',
      ];
      const statuses: Record<string, unknown> = {};
      for (const path of paths)
        statuses[path] = await ask(port, `/debug/pprof/${path}`).then(
          ({ status, body }) => (status === 200 ? status : `${status} ${body.toString().slice(0, 200)}`),
          String,
        );
      assert.deepEqual(statuses, Object.fromEntries(paths.map((path) => [path, 200])), said);
      assert.equal(child.exitCode, null, said);
      assert.doesNotMatch(said, /TypeError/u);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });
