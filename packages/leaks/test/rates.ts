// How often the judge is right: many random runs of every model, in both forms of dump.
import { findLeaks } from '../src/index.ts';
import { dumpsOfCrowds, type Model, randomFrom } from './synthetic.ts';

/** Shares of verdicts over many runs of one model, 0 … 1. */
export interface Rates {
  readonly model: Model;
  readonly dumps: number;
  readonly ids: boolean;
  readonly runs: number;
  readonly leak: number;
  /** Of the leaks convicted, how many name the stack that leaks first. */
  readonly named: number;
  readonly unsure: number;
  readonly none: number;
}

/** Runs a model `runs` times; the same seed gives the same rates. */
export function ratesOf(model: Model, dumps: number, ids: boolean, runs: number, seed: number): Rates {
  const random = randomFrom(seed);
  const counts = { leak: 0, unsure: 0, none: 0 };
  let named = 0;
  for (let run = 0; run < runs; run++) {
    const verdict = findLeaks(dumpsOfCrowds(model.run(random), dumps, ids));
    counts[verdict.kind]++;
    if (verdict.kind === 'leak' && verdict.findings[0]?.culprit?.name.startsWith('main.suspect') === true)
      named++;
  }
  return {
    model,
    dumps,
    ids,
    runs,
    leak: counts.leak / runs,
    named: counts.leak === 0 ? 0 : named / counts.leak,
    unsure: counts.unsure / runs,
    none: counts.none / runs,
  };
}
