// Random profiles with random flags give the same bytes, messages and exit codes as the real pprof.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { compareMany, realPprof } from './differential.ts';

const inCi = (process.env['CI'] ?? '') !== '';
/** The whole number in CI; on a desk a glance, scripts/differential.ts does more. */
const pairs = Number(process.env['DIFFERENTIAL_PAIRS'] ?? (inCi ? '2000' : '300'));
const seed = Number(process.env['DIFFERENTIAL_SEED'] ?? (inCi ? seedOfCommit() : Date.now() % 2 ** 31));

/** Every commit is tried with other pairs than the last, and with the same ones each time it is tried. */
function seedOfCommit(): number {
  const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', cwd: import.meta.dirname });
  return Number.parseInt(stdout.slice(0, 7), 16) || 1;
}

test('random profiles × random flags', { timeout: 15 * 60_000 }, async (t) => {
  const binary = realPprof();
  if (binary === undefined) {
    assert.ok(!inCi, 'CI needs go, which builds the real pprof');
    t.skip('go is not installed, so there is no pprof to compare with');
    return;
  }
  const tally = { pairs: 0, wavering: 0 };
  const workers = Math.min(4, availableParallelism());
  const failure = await compareMany(binary, { pairs, seed, workers, tally });
  t.diagnostic(`seed ${seed}: ${tally.pairs} pairs, in ${tally.wavering} of them pprof contradicts itself`);
  assert.equal(failure, undefined, failure);
  assert.ok(tally.pairs >= pairs);
});
