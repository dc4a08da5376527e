// The labelled Go programs and the service of the story are judged right, in every form of dump.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { unlessCi } from '../../../testing/ci.ts';
import { findLeaks } from '../src/index.ts';
import { dumpsOf, fixtures, goroutineForms, haveFixtures, judgeScenarios } from './scenarios.ts';

const skip = unlessCi(!haveFixtures && 'the Go fixtures (../shared/fixtures) are not beside this clone');

describe('labelled scenarios', { skip }, () => {
  test('all are judged right', async () => {
    const judged = await judgeScenarios();
    assert.equal(judged.length, 26);
    const wrong = judged
      .filter(({ right }) => !right)
      .map(({ label, form, why }) => `${label.name} · ${form}: ${why}`);
    assert.deepEqual(wrong, []);
  });

  test('a pile on a lock names who may hold it', async () => {
    for (const form of goroutineForms) {
      const verdict = findLeaks(await dumpsOf(join(fixtures, 'scenarios/lock-held-for-ever'), form));
      const holders = verdict.findings[0]?.holders.map(
        ({ stack }) => stack.find((frame) => frame.origin === 'user')?.name,
      );
      assert.ok(holders?.includes('main.awaitLedger'), `${form}: ${String(holders)}`);
    }
  });

  test('half of the dumps never convict a trap', async () => {
    // Pools and caches that are still filling look like leaks: only what has had its time is asked for.
    const judged = await judgeScenarios(5);
    const convicted = judged.filter(({ label, verdict }) => !label.leak && verdict.kind === 'leak');
    assert.deepEqual(
      convicted.map(({ label, form }) => `${label.name} · ${form}`),
      [],
    );
  });
});

describe('the service of the story', { skip }, () => {
  for (const form of goroutineForms) {
    for (const twin of ['leaky', 'ctxonly']) {
      test(`${twin} is convicted by ${form}`, async () => {
        const verdict = findLeaks(await dumpsOf(join(fixtures, 'go', twin), form));
        assert.equal(verdict.kind, 'leak');
        const [top] = verdict.findings;
        assert.match(top?.culprit?.name ?? '', /\.SubscribeNewTaskMsgIfAvailable\b/u);
        assert.equal(top?.kind, 'leak');
        assert.ok((top?.share ?? 0) > 0.9);
        assert.match(verdict.sentence, /SubscribeNewTaskMsgIfAvailable/u);
        if (form.includes('debug2')) {
          assert.equal(top?.survival?.ended, 0);
          assert.equal(top?.state, 'IO wait');
        }
      });
    }
    test(`fixed is acquitted by ${form}`, async () => {
      const verdict = findLeaks(await dumpsOf(join(fixtures, 'go/fixed'), form));
      assert.equal(verdict.kind, 'none');
      assert.match(verdict.sentence, /18 → 18 goroutines/u);
    });
  }

  test('the heap of the leaky twin is convicted, that of the fixed one is not', async () => {
    assert.equal(findLeaks(await dumpsOf(join(fixtures, 'go/leaky'), 'heap.pb.gz')).kind, 'leak');
    assert.equal(findLeaks(await dumpsOf(join(fixtures, 'go/fixed'), 'heap.pb.gz')).kind, 'none');
  });

  test('two dumps far apart are enough for a large pile', async () => {
    const dumps = await dumpsOf(join(fixtures, 'go/leaky'), 'goroutine.pb.gz');
    const verdict = findLeaks([dumps[1], dumps[5]].filter((dump) => dump !== undefined));
    assert.equal(verdict.kind, 'leak');
    assert.ok((verdict.findings[0]?.confidence ?? 1) < 0.8);
  });
});
