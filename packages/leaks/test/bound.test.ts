// The bound that an acquittal states keeps its word: in a thousand made-up series of every kind of noise, with leaks of every pace.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { boundOf, type CounterName, counterKinds, Ledger } from '../src/index.ts';
import { gauss, poisson, reading } from './counters.ts';
import { randomFrom } from './synthetic.ts';

type Random = () => number;

/** What a counter does without a leak, point by point, around a level. */
type Noise = (random: Random, points: number, level: number) => number[];

/** Its period is about that of the shorter watches. */
const wave: Noise = (random, n, level) => {
  const phase = random() * 2 * Math.PI;
  const period = 3 + random() * 10;
  return Array.from(
    { length: n },
    (_, i) => level * (1 + 0.3 * Math.sin(phase + (i * 2 * Math.PI) / period)),
  );
};

const noises: Readonly<Record<string, Noise>> = {
  'nothing at all': (_, n, level) => new Array<number>(n).fill(level),
  'work in flight': (random, n, level) => Array.from({ length: n }, () => poisson(random, level)),
  'a level with white noise of 2 %': (random, n, level) =>
    Array.from({ length: n }, () => level * (1 + 0.02 * gauss(random))),
  'load that drifts (autocorrelation 0.7)': (random, n, level) => {
    let state = gauss(random) / Math.sqrt(1 - 0.49);
    return Array.from({ length: n }, () => {
      const now = state;
      state = 0.7 * state + gauss(random);
      return level * (1 + 0.01 * now);
    });
  },
  'bursts now and then': (random, n, level) =>
    Array.from({ length: n }, () => level * (1 + (random() < 0.1 ? random() : 0))),
  'a wave of load': wave,
};

interface Made {
  readonly name: CounterName;
  readonly ledger: Ledger;
  /** What leaks, per minute. */
  readonly pace: number;
}

/** One process: a level, a noise, and a leak of `pace` per minute, in pieces that come by chance where they are counted. */
function made(
  random: Random,
  noise: Noise,
  name: CounterName,
  points: number,
  every: number,
  pace: number,
): Made {
  const counted = counterKinds.find((kind) => kind.name === name)?.unit === 'count';
  const level = counted ? 5 + random() * 500 : (5 + random() * 200) * 2 ** 20;
  const values = noise(random, points, level);
  const ledger = new Ledger();
  let leaked = 0;
  values.forEach((value, i) => {
    if (i > 0) leaked += counted ? poisson(random, (pace * every) / 60) : (pace * every) / 60;
    const now = Math.max(0, value + leaked);
    // Old enough not to be warming up, and no two collections leave the same number.
    ledger.add(reading(3600 + i * every, { [name]: counted ? Math.round(now) : now + i }));
  });
  return { name, ledger, pace };
}

function stateOf({ name, ledger }: Made) {
  const trend = ledger.trends().find(({ kind }) => kind.name === name);
  assert.ok(trend !== undefined);
  return trend;
}

const runs = 1000;
/** Acquittals are judged by themselves, and there are few of them in some noises. */
const manyRuns = 6000;

describe('a thousand series of each noise', () => {
  for (const [what, noise] of Object.entries(noises)) {
    test(`${what}: fewer than 1 % grow where nothing leaks`, (t) => {
      const random = randomFrom(101);
      let convicted = 0;
      for (let run = 0; run < runs; run++) {
        const points = 7 + Math.floor(random() * 30);
        const one = made(random, noise, run % 2 === 0 ? 'tasks' : 'heapLive', points, 5, 0);
        if (stateOf(one).state === 'grows') convicted++;
      }
      t.diagnostic(`${convicted} of ${runs}`);
      assert.ok(convicted < 0.01 * runs, `${convicted} of ${runs}`);
    });

    test(`${what}: of a leak above the bound that is stated fewer than 1 % of the acquittals are`, (t) => {
      const random = randomFrom(102);
      let false_ = 0;
      let acquitted = 0;
      for (let run = 0; run < manyRuns; run++) {
        const points = 7 + Math.floor(random() * 30);
        const name = run % 2 === 0 ? 'tasks' : 'heapLive';
        const pace = name === 'tasks' ? 60 ** random() : 2 ** (10 + random() * 14);
        const trend = stateOf(made(random, noise, name, points, 5, pace));
        if (trend.state !== 'flat') continue;
        acquitted++;
        if (pace > (trend.atMost ?? Number.POSITIVE_INFINITY)) false_++;
      }
      t.diagnostic(`${false_} of ${acquitted} acquitted, of ${manyRuns}`);
      assert.ok(false_ <= 0.01 * acquitted, `${false_} of ${acquitted} acquitted`);
      // A bound that acquits nobody is not honest, but useless; only a wave as long as the watch leaves nothing to be said.
      assert.ok(acquitted >= 0.05 * manyRuns || noise === wave, `${acquitted} of ${manyRuns}`);
    });
  }
});

describe('leaks of 1 % a minute', () => {
  for (const [name, noise] of [
    ['tasks', 'nothing at all'],
    ['tasks', 'work in flight'],
    ['heapLive', 'a level with white noise of 2 %'],
    ['heapLive', 'load that drifts (autocorrelation 0.7)'],
    ['fds', 'nothing at all'],
  ] as const) {
    test(`${name} over ${noise}: found within 30 points in 95 of 100`, (t) => {
      const random = randomFrom(103);
      let found = 0;
      for (let run = 0; run < 100; run++) {
        const level = name === 'heapLive' ? 80 * 2 ** 20 : 400;
        const values = noises[noise]?.(random, 30, level) ?? [];
        const ledger = new Ledger();
        values.forEach((value, i) =>
          ledger.add(reading(3600 + i * 60, { [name]: Math.round(value + 0.01 * level * i) })),
        );
        if (ledger.trends().some(({ kind, state }) => kind.name === name && state === 'grows')) found++;
      }
      t.diagnostic(`${found} of 100`);
      assert.ok(found >= 95, `${found} of 100`);
    });
  }
});

describe('a bound', () => {
  test('of what falls is no lower than of what stays: what falls may hide what rises', () => {
    const x = Array.from({ length: 16 }, (_, i) => i);
    const falls = (wobble: number): number =>
      boundOf(
        x,
        x.map((i) => 1000 - 5 * i + wobble * (-1) ** i),
        0,
      ).most;
    assert.ok(falls(0) >= 5, `${falls(0)}`);
    assert.ok(falls(3) >= 5, `${falls(3)}`);
  });

  test('of two points or of no time bounds nothing below', () => {
    assert.equal(boundOf([0, 0, 0], [1, 2, 3], 1).most, Number.POSITIVE_INFINITY);
    assert.ok(boundOf([0, 1], [5, 5], 1).most >= Math.log(100));
  });

  test('of what stands still falls with the time that it stood', () => {
    const still = (minutes: number): number =>
      boundOf([0, minutes / 3, (2 * minutes) / 3, minutes], [9, 9, 9, 9], 1).most;
    assert.ok(Math.abs(still(1) - Math.log(100)) < 1e-9);
    assert.ok(Math.abs(still(60) * 60 - still(1)) < 1e-9);
  });

  test('holds for any pieces: a straight line is bounded by about its own slope', () => {
    const x = Array.from({ length: 30 }, (_, i) => i);
    const { most, least, slope } = boundOf(
      x,
      x.map((i) => 1000 + 5 * i),
      0,
    );
    for (const pace of [slope, most, least]) assert.ok(Math.abs(pace - 5) < 1e-6, `${pace}`);
  });
});
