// How often random programs are judged right stays at least as good as it is.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ratesOf } from './rates.ts';
import { models } from './synthetic.ts';

const runs = 25;
const named = (name: string) => {
  const model = models.find((one) => one.name === name);
  assert.ok(model !== undefined, name);
  return model;
};

describe('random programs', () => {
  for (const ids of [false, true]) {
    const form = ids ? 'with ids' : 'by counts';
    for (const model of models.filter((one) => !one.leaks)) {
      // Counts alone cannot tell rising load from a leak; see the README for how often that goes wrong.
      if (!ids && model.name.startsWith('load that rises')) continue;
      test(`${model.name}: convicted in at most 1 of ${runs} runs, ${form}`, () => {
        const rates = ratesOf(model, 8, ids, runs, 42);
        assert.ok(rates.leak <= 1 / runs, `convicted in ${rates.leak * runs} of ${runs}`);
      });
    }
  }
  for (const [name, ids, least] of [
    ['a leak of 100', false, 0.95],
    ['a leak of 30', false, 0.7],
    ['a leak of 100', true, 0.95],
    ['a leak of 30', true, 0.95],
    ['a leak of 10', true, 0.75],
    ['a leak of 30 among 50 in flight in the same stack', true, 0.95],
  ] as const) {
    test(`${name}: found and named in at least ${least * 100} % of runs, ${ids ? 'with ids' : 'by counts'}`, () => {
      const rates = ratesOf(named(name), 8, ids, runs, 43);
      assert.ok(rates.leak >= least, `found in ${rates.leak * runs} of ${runs}`);
      assert.equal(rates.named, 1);
    });
  }
});
