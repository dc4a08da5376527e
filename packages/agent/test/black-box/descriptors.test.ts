// Descriptors that run out at once leave a bundle: the black box has held some back for it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sourceFlags } from '../serving.ts';

const agent = new URL('../../src/index.ts', import.meta.url).href;
const cwd = fileURLToPath(new URL('../../../..', import.meta.url));

/** The text of a bundle's file, '' where it is not there yet. */
function read(box: string, file: string): string {
  try {
    const [name = ''] = readdirSync(box).filter((one) => !one.startsWith('.'));
    return readFileSync(join(box, name, file), 'utf8');
  } catch {
    return '';
  }
}

const isElsewhere = process.platform !== 'linux';

test('descriptors that run out in a burst', { skip: isElsewhere, timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stackpile-descriptors-'));
  const program = join(dir, 'burst.mjs');
  const box = join(dir, 'box');
  writeFileSync(
    program,
    `import { openSync } from 'node:fs';
const { blackBox } = await import(${JSON.stringify(agent)});
await blackBox({ dir: ${JSON.stringify(box)} });
// By then the black box knows how many there may be.
setTimeout(() => {
  try {
    for (;;) openSync('/dev/null');
  } catch {
    setInterval(() => undefined, 1000);
  }
}, 4000);
`,
  );
  const command = ['-c', 'ulimit -n 200; exec "$0" "$@"', process.execPath, ...sourceFlags, program];
  const child = spawn('/bin/sh', command, {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
  try {
    const until = Date.now() + 60_000;
    while (!read(box, 'box.json').includes('"isWhole":true') && child.exitCode === null) {
      assert.ok(Date.now() < until, `there is no bundle: ${said}`);
      await sleep(100);
    }
    const { crossed } = JSON.parse(read(box, 'box.json')) as { crossed: { what: string } };
    assert.equal(crossed.what, 'descriptors');
    assert.doesNotMatch(said, /cannot write/u);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
    rmSync(dir, { recursive: true, force: true });
  }
});
