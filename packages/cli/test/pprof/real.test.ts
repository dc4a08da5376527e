// Every captured Go profile, and what a live Node service serves, prints the same through the real pprof and through ours.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unlessCi } from '../../../../testing/ci.ts';
import { realPprof, runReal } from './differential.ts';
import { goldenEnv, runInProcess } from './golden.ts';

const fixtures = fileURLToPath(new URL('../../../../../shared/fixtures', import.meta.url));
const binary = realPprof();
const withoutGo = unlessCi(binary === undefined && 'go is not installed: no pprof to compare with');
const withoutFixtures = unlessCi(
  !existsSync(fixtures) && 'the captured Go profiles are not beside this checkout',
);

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-real-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Compares one report of `file`, byte for byte, messages and exit code included. */
async function same(report: string, file: string, cwd: string): Promise<string> {
  assert.ok(binary !== undefined, 'CI needs go, which builds the real pprof');
  const options = { cwd, env: goldenEnv(scratch), stdin: '' };
  const [real, ours] = await Promise.all([
    runReal(binary, [report, file], options),
    runInProcess([report, file], options),
  ]);
  assert.equal(ours.stdout.toString(), real.stdout.toString(), `${report} ${file}`);
  assert.equal(ours.stderr.toString(), real.stderr.toString(), `${report} ${file}`);
  assert.equal(ours.code, real.code);
  assert.equal(real.code, 0, real.stderr.toString());
  return ours.stdout.toString();
}

describe('captured Go profiles', { skip: withoutGo || withoutFixtures }, () => {
  for (const folder of ['go', 'scenarios']) {
    test(`-top of every *.pb.gz of ${folder}`, async (t) => {
      const files = globSync('**/*.pb.gz', { cwd: join(fixtures, folder) }).sort();
      assert.ok(files.length >= 20, `only ${files.length} files`);
      for (const file of files) await same('-top', file, join(fixtures, folder));
      t.diagnostic(`${files.length} files are equal`);
    });
  }
});

describe('a live Node service', { skip: withoutGo }, () => {
  test('its profiles print the same', async () => {
    const program = fileURLToPath(new URL('../leaks/programs/subscriber.ts', import.meta.url));
    const child = spawn(
      process.execPath,
      ['--conditions=stackpile-source', '--disable-warning=ExperimentalWarning', program, 'leaky'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
      // The profile takes long enough for a few subscriptions.
      for (const name of ['profile?seconds=2', 'goroutine', 'heap']) {
        const response = await fetch(new URL(name, url));
        assert.equal(response.status, 200);
        const file = `${name.split('?', 1)[0] as string}.pb.gz`;
        writeFileSync(join(scratch, file), new Uint8Array(await response.arrayBuffer()));
        for (const report of ['-top', '-tree', '-traces', '-raw']) {
          const printed = await same(report, file, scratch);
          if (name === 'goroutine' && report === '-top') assert.match(printed, /subscribe/u);
        }
      }
    } finally {
      child.kill('SIGKILL');
    }
  });
});
