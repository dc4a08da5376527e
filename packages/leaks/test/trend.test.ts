// The statistics under the verdicts: known values, and what must hold for every series.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isotonic, mannKendall, median, theilSen, trendOf } from '../src/trend.ts';

const index = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const series = fc.array(fc.integer({ min: 0, max: 10_000 }), { minLength: 2, maxLength: 40 });

describe('median, slope, tau', () => {
  test('known values', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(theilSen([0, 1, 2, 3], [1, 3, 5, 7]), 2);
    assert.equal(theilSen([0, 1, 2, 3, 4], [0, 1, 2, 3, 1000]), 1);
    assert.deepEqual(mannKendall([1, 2, 3, 4]).s, 6);
    assert.equal(mannKendall([1, 2, 3, 4]).tau, 1);
    // Kendall, Rank Correlation Methods: var(S) = n(n−1)(2n+5)/18 without ties.
    assert.equal(mannKendall([1, 2, 3, 4, 5]).z, 9 / Math.sqrt((5 * 4 * 15) / 18));
  });

  test('the slope is the median of the slopes of all pairs', () => {
    fc.assert(
      fc.property(series, fc.array(fc.nat(20), { minLength: 40, maxLength: 40 }), (y, steps) => {
        const x = y.map((_, i) => steps.slice(0, i).reduce((a, b) => a + b, 0));
        const slopes = y.flatMap((to, j) =>
          y
            .slice(0, j)
            .flatMap((from, i) =>
              (x[j] ?? 0) > (x[i] ?? 0) ? [(to - from) / ((x[j] ?? 0) - (x[i] ?? 0))] : [],
            ),
        );
        assert.equal(theilSen(x, y) + 0, slopes.length === 0 ? 0 : median(slopes) + 0);
      }),
    );
  });

  test('the isotonic fit never falls, keeps the sum, and leaves what already rises alone', () => {
    fc.assert(
      fc.property(series, (y) => {
        const fit = isotonic(y);
        assert.equal(fit.length, y.length);
        for (let i = 1; i < fit.length; i++) assert.ok((fit[i] ?? 0) >= (fit[i - 1] ?? 0) - 1e-9);
        const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(total(fit) - total(y)) < 1e-6 * Math.max(1, total(y)));
        const sorted = y.toSorted((a, b) => a - b);
        isotonic(sorted).forEach((value, i) => assert.ok(Math.abs(value - (sorted[i] ?? 0)) < 1e-9));
      }),
    );
  });
});

describe('shapes', () => {
  const shapes: readonly [string, readonly number[], string][] = [
    ['a straight line', [6, 14, 34, 54, 74, 94], 'grows'],
    ['ever faster', [6, 14, 34, 74, 154, 274], 'grows'],
    ['three points', [6, 14, 34], 'grows'],
    ['constant', [18, 18, 18, 18, 18, 18], 'flat'],
    ['a wobble', [50, 57, 46, 52, 61, 49], 'flat'],
    ['falling', [90, 70, 50, 30, 10, 0], 'flat'],
    ['a pool that filled up', [5, 13, 25, 47, 47, 47], 'settled'],
    ['a burst that came back', [0, 0, 0, 125, 300, 0], 'returned'],
    ['a jump at the end', [0, 0, 0, 0, 0, 300], 'flat'],
    ['a burst still under way', [0, 0, 0, 125, 300], 'jumped'],
  ];
  for (const [name, y, shape] of shapes) {
    test(`${name} is ${shape}`, () => {
      assert.equal(trendOf(index(y.length), y, 1, 3).shape, shape);
    });
  }

  test('what does not change never grows, whatever its size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), fc.integer({ min: 2, max: 60 }), (value, n) => {
        assert.equal(trendOf(index(n), new Array<number>(n).fill(value), 1, 3).shape, 'flat');
      }),
    );
  });

  test('what never rises never grows', () => {
    fc.assert(
      fc.property(series, (y) => {
        const falling = y.toSorted((a, b) => b - a);
        assert.ok(
          !['grows', 'slowing', 'jumped', 'settled'].includes(trendOf(index(y.length), falling, 1, 3).shape),
        );
      }),
    );
  });

  test('a steady growth well above chance always grows, at any pace and from any level below it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 60 }),
        fc.integer({ min: 20, max: 5000 }),
        fc.integer({ min: 0, max: 10 }),
        (n, step, base) => {
          const y = index(n).map((i) => base + i * step);
          assert.equal(trendOf(index(n), y, 1, 3).shape, 'grows');
        },
      ),
    );
  });

  test('scaling time changes the slope and nothing else', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 1000 }), (y, scale) => {
        const one = trendOf(index(y.length), y, 1, 3);
        const other = trendOf(
          index(y.length).map((x) => x * scale),
          y,
          1,
          3,
        );
        assert.equal(other.shape, one.shape);
        assert.ok(Math.abs(other.slope * scale - one.slope) <= 1e-9 * Math.max(1, Math.abs(one.slope)));
      }),
    );
  });
});
