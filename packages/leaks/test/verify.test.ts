// A fix holds where what leaked can be leaking no more, by a bound far below its old pace; the fix that everybody advises does not.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { unlessCi } from '../../../testing/ci.ts';
import { type Dump, ProcessWatch, type ProcessVerdict, verify } from '../src/index.ts';
import { began, reading } from './counters.ts';
import { dumpsOf, fixtures, goroutineForms, haveFixtures } from './scenarios.ts';
import { profileOf, type Row, waiting } from './synthetic.ts';

function judge(dumps: readonly Dump[]): ProcessVerdict {
  const watch = new ProcessWatch();
  for (const dump of dumps) watch.dump('tasks', dump);
  return watch.verdict();
}

/** Dumps every ten seconds, with ids. */
function service(n: number, rows: (k: number) => Row[]): ProcessVerdict {
  return judge(
    Array.from({ length: n }, (_, k) => ({ profile: profileOf(rows(k)), time: began + 10_000 * k })),
  );
}

const pool: Row[] = Array.from({ length: 8 }, (_, i) => ({ stack: waiting('pool'), id: i + 1 }));
const piled = (name: string, count: number): Row[] =>
  Array.from({ length: count }, (_, i) => ({ stack: waiting(name), id: 100 + i }));

const leaky = service(7, (k) => [...pool, ...piled('subscribe', 5 + 20 * k)]);

describe('a fix', () => {
  test('holds where nothing of it can be left but a tenth', () => {
    const { kind, exitStatus, certainty, sentence } = verify(
      leaky,
      service(13, () => pool),
    );
    assert.equal(kind, 'holds');
    assert.equal(exitStatus, 0);
    assert.equal(certainty, 0.99);
    assert.match(
      sentence,
      /^The fix holds: main\.subscribe .*\+120 per minute before, grows by at most 2\.3 now/u,
    );
  });

  test('that was watched for too short says for how much longer', () => {
    const { kind, exitStatus, watchFor, sentence } = verify(
      leaky,
      service(3, () => pool),
    );
    assert.equal(kind, 'unsure');
    assert.equal(exitStatus, 2);
    assert.ok((watchFor ?? 0) >= 3000);
    assert.match(sentence, /Watch .* longer\.$/u);
  });

  test('fails where it still piles up, be it more slowly', () => {
    const { kind, exitStatus, suspects, sentence } = verify(
      leaky,
      service(9, (k) => [...pool, ...piled('subscribe', 5 + 6 * k)]),
    );
    assert.equal(kind, 'fails');
    assert.equal(exitStatus, 1);
    assert.equal(suspects[0]?.state, 'stays');
    assert.match(
      sentence,
      /^The fix does not hold: main\.subscribe .* still piles up, \+120 per minute before, \+36 per minute now/u,
    );
  });

  test('fails where something else leaks now', () => {
    const moved = verify(
      leaky,
      service(9, (k) => [...pool, ...piled('resubscribe', 5 + 20 * k)]),
    );
    assert.equal(moved.kind, 'fails');
    assert.equal(moved.suspects[0]?.state, 'gone');
    assert.equal(moved.others.length, 1);
    assert.match(moved.sentence, /something else leaks.*main\.resubscribe/u);
  });

  test('fails where what it kept open still grows as before, though nobody waits for it any more', () => {
    const counted = (rows: (k: number) => Row[]): ProcessVerdict => {
      const watch = new ProcessWatch();
      for (let k = 0; k < 13; k++) {
        watch.counters(reading(600 + 10 * k, { handles: 20 + 20 * k }));
        watch.dump('tasks', { profile: profileOf(rows(k)), time: began + (600 + 10 * k) * 1000 });
      }
      return watch.verdict();
    };
    const { kind, exitStatus, sentence } = verify(
      counted((k) => [...pool, ...piled('subscribe', 5 + 20 * k)]),
      counted(() => pool),
    );
    assert.equal(kind, 'fails');
    assert.equal(exitStatus, 1);
    assert.match(sentence, /is gone, but handles still grow, \+120 per minute before, \+120 per minute now/u);
  });

  test('is told by its function where its file was renamed', () => {
    const moved = (file: string): Row['stack'] =>
      waiting('subscribe').map(([name, path, line]) =>
        name.startsWith('main.') ? [`example.com/app/${name}`, file, line] : [name, path, line],
      );
    const piling = (file: string): ProcessVerdict =>
      service(9, (k) => [
        ...pool,
        ...Array.from({ length: 5 + 20 * k }, (_, i) => ({ stack: moved(file), id: 100 + i })),
      ]);
    const { kind, suspects, others } = verify(piling('subscribe.go'), piling('subscribe_fixed.go'));
    assert.deepEqual([kind, suspects[0]?.state, others.length], ['fails', 'stays', 0]);
  });

  test('of nothing cannot be told', () => {
    const healthy = service(13, () => pool);
    assert.equal(verify(healthy, healthy).kind, 'unsure');
    assert.match(verify(healthy, healthy).sentence, /nothing was convicted before/u);
  });
});

const skip = unlessCi(!haveFixtures && 'the Go fixtures (../shared/fixtures) are not beside this clone');

describe('the service of the story', { skip }, () => {
  for (const form of goroutineForms) {
    test(`${form}: the fix holds, the one that everybody advises does not`, async () => {
      const timed = async (twin: string): Promise<ProcessVerdict> => {
        const dumps = await dumpsOf(join(fixtures, 'go', twin), form);
        // Texts do not say when they were taken: 2, 6, 16, 36, 76 and 136 s after the start.
        return judge(
          dumps.map((dump, k) => ({ ...dump, time: began + ([2, 6, 16, 36, 76, 136][k] ?? 0) * 1000 })),
        );
      };
      const before = await timed('leaky');
      assert.equal(verify(before, await timed('fixed')).kind, 'holds');
      assert.equal(verify(before, await timed('ctxonly')).kind, 'fails');
    });
  }
});
