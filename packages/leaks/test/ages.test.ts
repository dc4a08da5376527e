// Objects of a heap by class: who stayed is known by their ages, exactly, and what nobody in the program holds is not convicted.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Profile, ProfileBuilder } from '@stackpile/profile';
import { findLeaks, LeakWatch, ProcessWatch } from '@stackpile/leaks';
import { began, reading } from './counters.ts';

interface Row {
  /** Leaf first; with a file where they stand in one. */
  readonly chain: readonly (readonly [name: string, file: string, line: number])[];
  /** Objects by how many looks they were born after. */
  readonly ages: readonly number[];
  readonly bytes: number;
}

const cache: Row['chain'] = [
  ['Session', '', 0],
  ['Map', '', 0],
  ['variable cache', '/srv/app.mjs', 4],
  ['module app.mjs', '/srv/app.mjs', 1],
];
const list: Row['chain'] = [
  ['Session', '', 0],
  ['Array', '', 0],
  ['variable queue', '/srv/app.mjs', 9],
];
const code: Row['chain'] = [
  ['string', '', 0],
  ['(V8 code)', '', 0],
];

/** A snapshot's profile, taken after `looks` others. */
function snapshot(looks: number, rows: readonly Row[], process = 'abc', buildId = ''): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'objects', unit: 'count' },
      { type: 'shallow', unit: 'bytes' },
      { type: 'retained', unit: 'bytes' },
    ],
  });
  if (buildId !== '') builder.mapping({ start: 0x1000n, limit: 0x2000n, filename: '/srv/app', buildId });
  for (const { chain, ages, bytes } of rows) {
    const stack = chain.map(([name, file, line]) =>
      builder.location({ lines: [{ function: builder.function(name, file, line), line }] }),
    );
    for (const [age, objects] of ages.entries())
      builder.sample(
        stack,
        [objects, objects * bytes, objects * bytes],
        [
          { key: 'kind', text: 'class' },
          { key: 'born_after', number: age },
        ],
      );
  }
  builder.comment(`object ids up to ${1001 + 2000 * looks}, of process ${process}`);
  builder.comment(`ages told by ${looks} earlier looks`);
  return builder.build();
}

function dumpsOf(profiles: readonly Profile[]): { profile: Profile; time: number }[] {
  return profiles.map((profile, i) => ({ profile, time: 1_000_000 + i * 15_000 }));
}

const objects = { sampleType: 'objects' };
/** 100 came in each interval, and all of them stayed. */
const piling = (looks: number): number[] => Array.from({ length: looks + 1 }, () => 100);
/** Each time more, and none of an earlier look. */
const turning = (looks: number): number[] =>
  Array.from({ length: looks + 1 }, (_, age) => (age === looks ? 100 * (looks + 1) : 0));

describe('objects by class', () => {
  it('convicts what was born while somebody looked on and stayed, by the variable that holds it', () => {
    const verdict = findLeaks(
      dumpsOf(
        [1, 2, 3, 4, 5].map((looks) => snapshot(looks, [{ chain: cache, ages: piling(looks), bytes: 90 }])),
      ),
      objects,
    );
    const [finding] = verdict.findings;
    assert.equal(verdict.kind, 'leak');
    assert.equal(finding?.culprit?.name, 'variable cache');
    assert.equal(finding?.retained?.heldBy, 'Map ← variable cache ← module app.mjs');
    assert.deepEqual(finding?.survival?.arrivals, [200, 300, 400, 500, 600]);
    assert.equal(finding?.survival?.ended, 0);
    assert.deepEqual(verdict.series.retained, [18_000, 27_000, 36_000, 45_000, 54_000]);
  });

  it('does not convict a pool that has filled, and of which some are replaced by others', () => {
    const alive = [[190], [189, 3], [188, 2, 40], [187, 2, 36, 16], [186, 2, 30, 8, 15]];
    const verdict = findLeaks(
      dumpsOf(alive.map((ages, i) => snapshot(i + 1, [{ chain: cache, ages: [0, ...ages], bytes: 90 }]))),
      objects,
    );
    assert.deepEqual(verdict.series.totals, [190, 192, 230, 241, 241]);
    assert.notEqual(verdict.kind, 'leak');
  });

  it('does not convict what turns over, however many there are', () => {
    const verdict = findLeaks(
      dumpsOf(
        [1, 2, 3, 4, 5].map((looks) => snapshot(looks, [{ chain: cache, ages: turning(looks), bytes: 90 }])),
      ),
      objects,
    );
    assert.notEqual(verdict.kind, 'leak');
  });

  it('takes an object that is held by somebody else now for the same one', () => {
    const verdict = findLeaks(
      dumpsOf(
        [1, 2, 3, 4, 5].map((looks) =>
          snapshot(looks, [
            { chain: looks % 2 === 0 ? cache : list, ages: piling(looks).map((n) => n - 20), bytes: 90 },
            { chain: looks % 2 === 0 ? list : cache, ages: piling(looks).map(() => 20), bytes: 90 },
          ]),
        ),
      ),
      objects,
    );
    assert.equal(verdict.kind, 'leak');
    assert.deepEqual(
      verdict.findings.map(({ survival }) => survival?.ended),
      [0, 0],
    );
  });

  it('does not convict objects that no place in the program holds', () => {
    const verdictOf = (bytes: number): string =>
      findLeaks(
        dumpsOf(
          [1, 2, 3, 4, 5].map((looks) => snapshot(looks, [{ chain: code, ages: piling(looks), bytes }])),
        ),
        objects,
      ).kind;
    assert.equal(verdictOf(90), 'none');
    assert.equal(verdictOf(9000), 'unsure');
  });

  it('convicts a few only where they are large', () => {
    const verdictOf = (each: number, bytes: number, last = 5): string =>
      findLeaks(
        dumpsOf(
          Array.from({ length: last }, (_, i) => i + 1).map((looks) => {
            const ages = Array.from({ length: looks + 1 }, () => each);
            return snapshot(looks, [{ chain: cache, ages, bytes }]);
          }),
        ),
        objects,
      ).kind;
    assert.equal(verdictOf(3, 90), 'none');
    assert.equal(verdictOf(3, 90_000), 'leak');
    assert.equal(verdictOf(10, 90), 'leak');
    assert.equal(verdictOf(1, 500_000, 4), 'none');
  });

  it('does not take ages of another process for those of this one', () => {
    const verdict = findLeaks(
      dumpsOf(
        [1, 2, 3, 4].map((looks) =>
          snapshot(looks, [{ chain: cache, ages: piling(looks), bytes: 90 }], looks > 2 ? 'def' : 'abc'),
        ),
      ),
      objects,
    );
    assert.equal(verdict.series.ids, false);
  });

  it('does not convict objects that change while their number falls', () => {
    const verdict = findLeaks(
      dumpsOf(
        [1, 2, 3].map((looks) =>
          snapshot(looks, [
            // Of what came before each look 150 stayed; less came each time.
            {
              chain: cache,
              ages: [
                5000 - 10 * looks,
                ...piling(looks - 1)
                  .slice(1)
                  .map(() => 150),
                1300 - 300 * looks,
              ],
              bytes: 90,
            },
          ]),
        ),
      ),
      objects,
    );
    assert.equal(verdict.kind, 'none', verdict.sentence);
  });

  it('does not convict memory that was allocated outside of any file', () => {
    const told = (file: string): string =>
      findLeaks(
        [117, 117, 119, 160, 204, 250].map((megabytes, i) => {
          const builder = new ProfileBuilder({ sampleTypes: [{ type: 'inuse_space', unit: 'bytes' }] });
          const fn = builder.function(file === '' ? '(native)' : 'keep', file, 1);
          builder.sample(
            [builder.location({ lines: [{ function: fn, line: file === '' ? 0 : 3 }] })],
            [megabytes * 2 ** 20],
          );
          return { profile: builder.build(), time: 1_000_000 + i * 10_000 };
        }),
      ).kind;
    assert.equal(told(''), 'unsure');
    assert.equal(told('/srv/app.mjs'), 'leak');
  });

  it('takes the ages of the process that came after a restart', () => {
    const rows = (looks: number): Row[] => [{ chain: cache, ages: piling(looks), bytes: 90 }];
    const verdict = findLeaks(
      dumpsOf([
        ...[1, 2, 3].map((looks) => snapshot(looks, rows(looks), 'abc', 'one')),
        ...[1, 2, 3, 4, 5].map((looks) => snapshot(looks, rows(looks), 'def', 'two')),
      ]),
      objects,
    );
    assert.equal(verdict.series.restarts, 1);
    assert.equal(verdict.series.ids, true);
    assert.equal(verdict.kind, 'leak');
  });

  it('counts the bytes of parts of objects that are no objects themselves', () => {
    const rows = (looks: number): Row[] => [{ chain: cache, ages: piling(looks), bytes: 90 }];
    const withParts = [1, 2, 3].map((looks) => {
      const builder = new ProfileBuilder({
        sampleTypes: [
          { type: 'objects', unit: 'count' },
          { type: 'retained', unit: 'bytes' },
        ],
      });
      for (const { chain } of rows(looks)) {
        const stack = chain.map(([name, file, line]) =>
          builder.location({ lines: [{ function: builder.function(name, file, line), line }] }),
        );
        builder.sample(stack, [0, looks * 1000], [{ key: 'kind', text: 'class' }]);
      }
      return builder.build();
    });
    assert.deepEqual(findLeaks(dumpsOf(withParts), objects).series.retained, [1000, 2000, 3000]);
  });

  it('are remembered with their ages by a watch that is saved', () => {
    const all = dumpsOf(
      [1, 2, 3, 4, 5].map((looks) => snapshot(looks, [{ chain: cache, ages: piling(looks), bytes: 90 }])),
    );
    const watch = new LeakWatch(objects);
    for (const dump of all.slice(0, 3)) watch.feed(dump);
    const restored = LeakWatch.restore(JSON.parse(JSON.stringify(watch.save())), objects);
    for (const dump of all.slice(3)) restored.feed(dump);
    assert.deepEqual(restored.verdict(), findLeaks(all, objects));
  });
});

/** Live allocations by where they were made. */
function allocations(bytes: number): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: [{ type: 'inuse_space', unit: 'bytes' }],
    period: 16_384,
    periodType: { type: 'space', unit: 'bytes' },
  });
  const fn = builder.function('openSession', '/srv/app.mjs', 12);
  builder.sample([builder.location({ lines: [{ function: fn, line: 13 }] })], [bytes], []);
  return builder.build();
}

/** Entries that a root of the runtime holds, and nothing of the program. */
const heldBy = (root: string): typeof cache => [
  ['PerformanceMark', '', 0],
  ['Array', '', 0],
  [root, '', 0],
];

describe('a process whose looks are snapshots', () => {
  const watched = (ages: (looks: number) => number[], chain = cache): ProcessWatch =>
    watchOf((looks) => [{ chain, ages: ages(looks), bytes: 9000 }]);
  const watchOf = (rows: (looks: number) => readonly Row[]): ProcessWatch => {
    const watch = new ProcessWatch({ snapshots: true });
    for (let look = 0; look < 6; look++) {
      const time = began + (100 + look * 15) * 1000;
      watch.counters(reading(100 + look * 15));
      watch.dump('classes', { profile: snapshot(look + 1, rows(look + 1)), time });
      watch.dump('heap', { profile: allocations(200_000 + look * 900_000), time });
    }
    return watch;
  };

  it('wants objects and allocations at each look while its heap is small', () => {
    const watch = new ProcessWatch({ snapshots: true });
    const small = reading(1, { heapUsed: 50e6 });
    const large = reading(1, { heapUsed: 900e6 });
    assert.deepEqual(watch.wants(small), ['tasks', 'handles', 'closures', 'classes', 'heap']);
    assert.ok(!watch.wants(large).includes('classes'));
  });

  it('is told who made what piles up', () => {
    const { kind, convicted } = watched(piling).verdict();
    assert.equal(kind, 'leak');
    assert.ok(
      convicted.some(
        ({ evidence, finding }) => evidence === 'heap' && finding.culprit?.name === 'openSession',
      ),
    );
    assert.ok(
      convicted.some(
        ({ evidence, finding }) => evidence === 'classes' && finding.culprit?.name === 'variable cache',
      ),
    );
  });

  it('blames no builtin that stands in no file', () => {
    const builder = (bytes: number): Profile => {
      const made = new ProfileBuilder({ sampleTypes: [{ type: 'inuse_space', unit: 'bytes' }] });
      const stack = (
        [
          ['main.bind', '', 0],
          ['openSession', '/srv/app.mjs', 12],
        ] as const
      ).map(([name, file, line]) =>
        made.location({ lines: [{ function: made.function(name, file, line), line }] }),
      );
      made.sample(stack, [bytes], []);
      return made.build();
    };
    const { findings } = findLeaks(dumpsOf([1, 2, 3, 4, 5, 6].map((n) => builder(n * 1e6))), {
      origin: { user: [/bind/u] },
    });
    assert.equal(findings[0]?.culprit?.name, 'openSession');
  });

  it('is not convicted by sampled allocations while none of its objects pile up', () => {
    const flat = (looks: number): number[] => [600, ...Array.from({ length: looks }, () => 0)];
    const { kind, convicted } = watched(flat).verdict();
    assert.notEqual(kind, 'leak');
    assert.deepEqual(convicted, []);
  });

  it('is convicted by who allocates where what piles up in step is held by Node alone', () => {
    const { kind, convicted } = watched(piling, heldBy('(Node and builtins)')).verdict();
    assert.equal(kind, 'leak');
    assert.deepEqual(
      convicted.map(({ evidence, finding }) => [evidence, finding.culprit?.name]),
      [['heap', 'openSession']],
    );
  });

  it('is convicted so where what piles up is kept by another row: each holds the next', () => {
    const { kind, convicted } = watchOf((looks) => [
      { chain: heldBy('(Node and builtins)'), ages: piling(looks), bytes: 0 },
      { chain: cache, ages: [1], bytes: 1e6 + 900_000 * looks },
    ]).verdict();
    assert.equal(kind, 'leak');
    assert.deepEqual(
      convicted.map(({ evidence }) => evidence),
      ['heap'],
    );
  });

  it('is convicted by who allocates where one thing swells and nothing comes to it', () => {
    const { convicted } = watchOf((looks) => [
      { chain: cache, ages: [1], bytes: 1e6 + 900_000 * looks },
      // A runtime makes a few more now and then.
      { chain: code, ages: [3000, ...Array.from({ length: looks }, () => 9)], bytes: 90 },
    ]).verdict();
    assert.deepEqual(
      convicted.map(({ evidence, finding }) => [evidence, finding.culprit?.name]),
      [['heap', 'openSession']],
    );
  });

  it('is not convicted by who allocates where work in flight becomes more', () => {
    const { kind, convicted } = watched(turning).verdict();
    assert.notEqual(kind, 'leak');
    assert.deepEqual(convicted, []);
  });

  it('is not convicted by who allocates where what piles up is the engine’s own', () => {
    const { kind, verdicts } = watched(piling, heldBy('(V8 code)')).verdict();
    assert.equal(kind, 'unsure');
    const objects = verdicts.find(({ evidence }) => evidence === 'classes')?.findings[0];
    assert.match(objects?.sentence ?? '', /, but nothing of the program holds them\.$/u);
  });

  it('has its live heap told by its snapshots, to the byte', () => {
    const row = watched(piling)
      .verdict()
      .ledger.find(({ counter }) => counter === 'heapLive');
    assert.equal(row?.state, 'grows');
    assert.equal(row?.last, 7 * 100 * 9000);
  });
});
