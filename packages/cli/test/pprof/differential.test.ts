// Random profiles with random flags give the same bytes, messages and exit codes as the real pprof.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { inCi, unlessCi } from '../../../../testing/ci.ts';
import {
  compareMany,
  compareTrial,
  describeTally,
  newTally,
  realPprof,
  type Runner,
} from './differential.ts';
import { type Printed, runInProcess } from './golden.ts';

/** The whole number in CI; on a desk a glance, scripts/differential.ts does more. */
const pairs = Number(process.env['DIFFERENTIAL_PAIRS'] ?? (inCi ? '2000' : '300'));
const seed = Number(process.env['DIFFERENTIAL_SEED'] ?? (inCi ? seedOfCommit() : Date.now() % 2 ** 31));

/** Every commit is tried with other pairs than the last, and with the same ones each time it is tried. */
function seedOfCommit(): number {
  const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', cwd: import.meta.dirname });
  return Number.parseInt(stdout.slice(0, 7), 16) || 1;
}

test('a difference is seen, wherever it is', async () => {
  const trial = { files: { 'a.txt': 'heap profile: 1: 8 [1: 8] @ heapprofile\n1: 8 [1: 8] @ 0x1\n' } };
  const compare = async (args: readonly string[], ours: Runner): Promise<boolean> => {
    const tally = newTally();
    const mismatch = await compareTrial(runInProcess, { ...trial, runs: [{ args }] }, tally, ours);
    assert.equal(tally.pairs, mismatch === undefined ? 1 : 0);
    return mismatch !== undefined;
  };
  const top = ['-top', 'a.txt'];
  assert.equal(await compare(top, runInProcess), false);
  const changed =
    (change: (printed: Printed) => Partial<Printed>): Runner =>
    async (args, options) => {
      const printed = await runInProcess(args, options);
      return { ...printed, ...change(printed) };
    };
  assert.ok(
    await compare(
      top,
      changed(({ stdout }) => ({ stdout: Buffer.concat([stdout, Buffer.of(32)]) })),
    ),
  );
  assert.ok(
    await compare(
      top,
      changed(({ stderr }) => ({ stderr: stderr.subarray(1) })),
    ),
  );
  assert.ok(
    await compare(
      top,
      changed(({ code }) => ({ code: code + 1 })),
    ),
  );
  // A file that only one of them writes.
  const toFile = ['-top', '-output=out.txt', 'a.txt'];
  assert.equal(await compare(toFile, runInProcess), false);
  assert.ok(
    await compare(toFile, (args, options) =>
      runInProcess([...args.slice(0, -1), '-unit=kB', 'a.txt'], options),
    ),
  );
});

test('what pprof does not answer, or answers differently each time, is no pair', async () => {
  const trial = { files: {}, runs: [{ args: ['-top', 'nosuch'] }] };
  const printed = (stderr: string): Printed => ({
    stdout: Buffer.alloc(0),
    stderr: Buffer.from(stderr),
    code: 2,
  });
  const tally = newTally();
  const crash = async (): Promise<Printed> => printed('panic: x\n\ngoroutine 1 [running]:\n');
  assert.equal(await compareTrial(crash, trial, tally), undefined);
  let answers = 0;
  const waver = async (): Promise<Printed> => printed(`answer ${answers++}\n`);
  assert.equal(await compareTrial(waver, trial, tally), undefined);
  assert.deepEqual(tally, { pairs: 0, crashes: 1, wavering: 0, unknown: 1 });
  answers = 0;
  const third = async (): Promise<Printed> => printed('answer 2\n');
  assert.equal(await compareTrial(waver, trial, tally, third), undefined);
  assert.deepEqual(tally, { pairs: 1, crashes: 1, wavering: 1, unknown: 1 });
});

test('random profiles × random flags', { timeout: 15 * 60_000 }, async (t) => {
  const binary = realPprof();
  if (binary === undefined) {
    const lacking = unlessCi('go is not installed, so there is no pprof to compare with');
    assert.ok(lacking !== false, 'CI needs go, which builds the real pprof');
    t.skip(lacking);
    return;
  }
  const tally = newTally();
  const workers = Math.min(4, availableParallelism());
  const failure = await compareMany(binary, { pairs, seed, workers, tally });
  t.diagnostic(`seed ${seed}: ${describeTally(tally)}`);
  assert.equal(failure, undefined, failure);
  assert.ok(tally.pairs >= pairs);
  // Where nothing is known, nothing was compared: that must stay the exception.
  assert.ok(tally.unknown <= tally.pairs / 50, describeTally(tally));
});
