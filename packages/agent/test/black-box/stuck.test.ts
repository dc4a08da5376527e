// A main thread that is stuck is what the black box is there for: the bundle is written beside it, with the function that spins.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const agent = new URL('../../src/index.ts', import.meta.url).href;
const cwd = fileURLToPath(new URL('../../../..', import.meta.url));

/** The files of the one bundle of a folder; none before it is there. */
function filesIn(dir: string): Map<string, Buffer> {
  try {
    const [name] = readdirSync(dir).filter((one) => !one.startsWith('.'));
    if (name === undefined) return new Map();
    const files = readdirSync(join(dir, name)).filter((one) => !one.startsWith('.'));
    return new Map(files.map((file) => [file, readFileSync(join(dir, name, file))]));
  } catch {
    return new Map();
  }
}

test('a process that spins leaves a bundle with what it spins in', { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stackpile-stuck-'));
  const program = join(dir, 'stuck.mjs');
  const box = join(dir, 'box');
  writeFileSync(
    program,
    `const { blackBox } = await import(${JSON.stringify(agent)});
await blackBox({ dir: ${JSON.stringify(box)}, at: { lag: '300ms' } });
function spinForEver() { for (let i = 0; ; i++) if (i < 0) return; }
setTimeout(spinForEver, 500);
`,
  );
  const child = spawn(process.execPath, ['--conditions=stackpile-source', program], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '' },
    stdio: 'ignore',
  });
  try {
    const isWhole = (files: ReadonlyMap<string, Buffer>): boolean =>
      /"isWhole":true/.test(files.get('box.json')?.toString() ?? '');
    let files = filesIn(box);
    while (!isWhole(files) && child.exitCode === null) {
      await sleep(50);
      files = filesIn(box);
    }
    const { crossed } = JSON.parse(files.get('box.json')?.toString() ?? '{}') as {
      crossed: { what: string };
    };
    assert.equal(crossed.what, 'lag');
    const profile = files.get('profile.pb.gz');
    assert.ok(profile !== undefined, [...files.keys()].join());
    assert.ok(gunzipSync(profile).includes('spinForEver'));
  } finally {
    child.kill('SIGKILL');
    await once(child, 'close');
    rmSync(dir, { recursive: true, force: true });
  }
});
