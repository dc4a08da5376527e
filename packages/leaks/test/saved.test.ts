// A watch that is saved and restored after any dump says what one says that was never interrupted; what is no saved watch is refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { LeaksError, LeakWatch } from '../src/index.ts';
import { type DrawnCase, dumpsOf } from './drawn.ts';
import { drawnCases } from './drawn-cases.ts';
import { dumpsOfCrowds, models, profileOf, randomFrom, waiting } from './synthetic.ts';

/** What `JSON` makes of a saved watch on its way through a file. */
function throughText(watch: LeakWatch): unknown {
  return JSON.parse(JSON.stringify(watch.save()));
}

describe('saved and restored', () => {
  test('after every dump: the same verdicts as without', () => {
    const crowds = models.map((model) => model.run(randomFrom(7)));
    const runs = [
      ...drawnCases.map((drawn) => dumpsOf(drawn)),
      ...crowds.flatMap((crowd) => [dumpsOfCrowds(crowd, 6, true), dumpsOfCrowds(crowd, 6, false)]),
    ];
    for (const dumps of runs) {
      const plain = new LeakWatch();
      let broken = new LeakWatch();
      for (const dump of dumps) {
        const verdict = plain.add(dump);
        broken.feed(dump);
        broken = LeakWatch.restore(throughText(broken));
        assert.deepEqual(broken.verdict(), verdict);
      }
    }
  });

  test('labels, states, makers, retained bytes and restarts are remembered', () => {
    const dump = (k: number, buildId: string) => ({
      profile: profileOf(
        Array.from({ length: 5 + 20 * k }, (_, i) => ({
          stack: waiting('leak'),
          id: i + 1,
          retained: 100,
          waited: k * 1000,
          labels: { job: 'cron', state: 'chan receive', created_by: 'main.tick example.com/shop/main.go:9' },
        })),
        { retained: true, buildId },
      ),
      time: k * 60_000,
    });
    const plain = new LeakWatch();
    let broken = new LeakWatch();
    for (const [k, build] of [
      [0, 'a'],
      [1, 'b'],
      [2, 'b'],
      [3, 'b'],
      [4, 'b'],
    ] as const) {
      plain.feed(dump(k, build));
      broken.feed(dump(k, build));
      broken = LeakWatch.restore(throughText(broken));
    }
    assert.deepEqual(broken.verdict(), plain.verdict());
    assert.equal(broken.verdict().series.restarts, 1);
    assert.equal(broken.verdict().findings[0]?.createdBy, 'main.tick example.com/shop/main.go:9');
  });

  test('there is nothing to save before the first dump', () => {
    assert.equal(new LeakWatch().save(), null);
  });
});

describe('what is no saved watch', () => {
  const whole = (): Record<string, unknown> => {
    const watch = new LeakWatch();
    for (const dump of dumpsOf(drawnCases.find(({ series }) => series[0]?.lives !== undefined) as DrawnCase))
      watch.feed(dump);
    return throughText(watch) as Record<string, unknown>;
  };

  test('any value in the place of any other is refused with the way to it, or restored to a watch that judges', () => {
    const keys = Object.keys(whole());
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 4 }), (key, value) => {
        let watch: LeakWatch;
        try {
          watch = LeakWatch.restore({ ...whole(), [key]: value });
        } catch (error) {
          assert.ok(error instanceof LeaksError && error.code === 'LEAKS_SAVED', String(error));
          assert.match(error.message, /^not a saved watch: it\.\S+ is no /u);
          return;
        }
        watch.verdict();
      }),
    );
  });

  test('anything at all is refused', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.throws(
          () => LeakWatch.restore(value),
          (error) => error instanceof LeaksError && error.code === 'LEAKS_SAVED',
        );
      }),
    );
  });
});
