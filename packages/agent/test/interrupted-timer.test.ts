// What an inspector evaluates may interrupt a timer that is due: a stop watch that is ended then ends no program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sourceFlags } from './serving.ts';

const watch = new URL('../src/captures/stop-watch.ts', import.meta.url).href;
const program = fileURLToPath(new URL('programs/interrupted-timer.mjs', import.meta.url));

test('a stop watch that is ended while its timer is about to be called', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, [...sourceFlags, program, watch], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  let said = '';
  child.stderr?.on('data', (piece: Buffer) => (said += piece.toString()));
  const closed = once(child, 'close');
  const [told] = (await Promise.race([once(child, 'message'), closed.then(() => [null])])) as [
    { longest: number; isOver: boolean } | null,
  ];
  assert.ok(told !== null, said);
  assert.ok(told.longest > 0);
  assert.equal(told.isOver, true);
  child.kill();
  await closed;
});
