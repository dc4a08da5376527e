// Compares with the real pprof: node --conditions=stackpile-source scripts/differential.ts [--pairs N] [--seed N] [--workers N]
import { parseArgs } from 'node:util';
import { compareMany, describeTally, newTally, realPprof } from '../packages/cli/test/pprof/differential.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    workers: { type: 'string', default: '2' },
  },
});
const binary = realPprof();
if (binary === undefined) {
  console.error('go is not installed: it builds the real pprof');
  process.exit(2);
}
const tally = newTally();
const seed = Number(values.seed);
console.log(`seed ${seed}`);
const started = performance.now();
const failure = await compareMany(binary, {
  pairs: Number(values.pairs),
  seed,
  workers: Number(values.workers),
  tally,
});
const seconds = ((performance.now() - started) / 1000).toFixed(1);
if (failure === undefined) {
  console.log(`${describeTally(tally)}; no difference, ${seconds} s`);
} else {
  console.log(`after ${tally.pairs} pairs: ${failure}`);
  process.exitCode = 1;
}
