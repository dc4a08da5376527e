// What every store must answer: the same as the naive one, on random profiles, before and after hours were folded, and after a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Aggregation,
  type IngestBatch,
  HOUR_MS,
  type KeptProfile,
  type ProfileRecord,
  type ProfileStore,
  type Range,
  ROOT,
  type SeriesKey,
  StackTree,
  StoreError,
} from '@stackpile/monitor/store';
import fc from 'fast-check';
import { NaiveStore } from './naive.ts';

/** A driver under test: a new, empty store, and the same one opened anew as after a restart. */
export interface Driver {
  open(): Promise<ProfileStore>;
  reopen(store: ProfileStore): Promise<ProfileStore>;
}

/** Some hours of a day; whole ones, so that folding takes them. */
export const START: number = 1_700_000_000_000 - (1_700_000_000_000 % HOUR_MS);
const FOREVER = { rawMs: 1e13, hourlyMs: 1e13, maxBytes: 1e13 };

export function keyOf(instance: string, sampleType = 'goroutine'): SeriesKey {
  return {
    labels: { job: 'shop', instance },
    profile: 'goroutine',
    sampleType,
    unit: 'count',
    kind: 'gauge',
  };
}

/** A stack of functions, outermost first. */
export function stackOf(tree: StackTree, ...functions: readonly string[]): number {
  let node = ROOT;
  for (const name of functions) node = tree.node(node, tree.frame(name, `${name}.ts`, 1));
  return node;
}

export function recordOf(
  tree: StackTree,
  time: number,
  values: Readonly<Record<string, number>>,
  more: Partial<ProfileRecord> = {},
): ProfileRecord {
  const names = Object.keys(values);
  return {
    series: keyOf('a:1'),
    time,
    run: 1,
    nodes: Uint32Array.from(names, (name) => stackOf(tree, ...name.split(' '))),
    values: Float64Array.from(names, (name) => values[name] ?? 0),
    ...more,
  };
}

/** Random profiles of three series over four hours: stacks that come and go, grow, and are negative now and then. */
const batches: fc.Arbitrary<readonly IngestBatch[]> = fc
  .array(
    fc.record({
      instance: fc.constantFrom('a:1', 'b:1', 'c:1'),
      time: fc.integer({ min: 0, max: 4 * HOUR_MS - 1 }),
      run: fc.integer({ min: 1, max: 3 }),
      values: fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 30 }),
          fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: -1000, max: 1e9 })),
        ),
        { maxLength: 12 },
      ),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((profiles) => {
    const tree = new StackTree();
    const pieces: IngestBatch[] = [];
    for (let at = 0; at < profiles.length; at += 10) {
      pieces.push({
        tree,
        profiles: profiles.slice(at, at + 10).map(({ instance, time, run, values }) => ({
          series: keyOf(instance),
          time: START + time,
          run,
          nodes: Uint32Array.from(values, ([stack]) =>
            stackOf(tree, 'main', `f${stack % 3}`, ...(stack > 9 ? [`g${stack}`] : [])),
          ),
          values: Float64Array.from(values, ([, value]) => value),
        })),
      });
    }
    return pieces;
  });

const range: fc.Arbitrary<Range> = fc
  .tuple(fc.integer({ min: -1000, max: 4 * HOUR_MS }), fc.integer({ min: 0, max: 4 * HOUR_MS }))
  .map(([from, length]) => ({ from: START + from, to: START + from + length }));

/** The numbers of all series that a store has. */
export async function seriesOf(store: ProfileStore): Promise<number[]> {
  return (await store.series([], { from: 0, to: 1e15 })).map(({ id }) => id);
}

/** Nodes of stacks by their ids. */
function nodesOf(tree: StackTree, stacks: BigInt64Array): Uint32Array {
  const nodes = new Map(Array.from({ length: tree.length }, (_, node) => [tree.id(node), node]));
  return Uint32Array.from(stacks, (stack) => nodes.get(stack) ?? 0);
}

interface Answers {
  readonly [question: string]: unknown;
}

/** Series by name in place of number, numbers to 12 digits: what must not depend on the store. */
async function answers(store: ProfileStore, asked: Range, stepMs: number): Promise<Answers> {
  const all = await store.series([], { from: 0, to: 1e15 });
  const name = new Map(all.map((one) => [one.id, one.labels['instance'] ?? '']));
  const ids = all
    .toSorted((a, b) => ((name.get(a.id) ?? '') < (name.get(b.id) ?? '') ? -1 : 1))
    .map((one) => one.id);
  const growth = await store.growthSums({ ...asked, series: ids, limit: 1000 });
  const aggregations: readonly Aggregation[] = ['avg', 'max', 'last', 'sum'];
  const stacks = [...new Set(growth.map((row) => String(row.stack)))].sort().slice(0, 3).map(BigInt);
  const frames = await store.frames([...stacks, 12345n]);
  const merged = async (aggregation: Exclude<Aggregation, 'max'>): Promise<unknown> =>
    [...(await store.merge(ids, asked, aggregation))]
      .map(([stack, value]) => `${stack} ${rounded(value)}`)
      .sort();
  return {
    series: all.map(({ id: _, ...series }) => JSON.stringify(series)).sort(),
    inRange: (await store.series([['job', 'shop']], asked))
      .map((one) => String(one.labels['instance']))
      .sort(),
    growth: growth
      .map((row) => ({ ...row, series: name.get(row.series), stack: String(row.stack) }))
      .map((row) =>
        JSON.stringify(row, (_, value: unknown) => (typeof value === 'number' ? rounded(value) : value)),
      )
      .sort(),
    points: (await store.points(ids, asked)).map(({ n, sx, sxx }) => [n, rounded(sx), rounded(sxx)]),
    runs: (await store.runs(ids, asked))
      .map(({ series, run, first, last }) => `${first} ${last} ${run} ${name.get(series)}`)
      .sort(),
    merged: [await merged('avg'), await merged('sum'), await merged('last')],
    timeline: await Promise.all(
      aggregations.map(async (one) => rounding(await store.timeline(ids, asked, stepMs, one))),
    ),
    stacks: await Promise.all(
      stacks.map(async (stack) => rounding(await store.stackSeries(ids, stack, asked, stepMs, 'avg'))),
    ),
    frames: stacks.map((stack) => frames.get(stack)),
    kept: await Promise.all(ids.map(async (id) => keptTexts(await store.profiles(id, asked)))),
    unknown: frames.has(12345n),
  };
}

/** Order within a profile is the store's own. */
function keptTexts(profiles: readonly KeptProfile[]): string[] {
  return profiles.map(({ time, run, stacks, values }) =>
    [time, run, ...Array.from(stacks, (stack, i) => `${stack}=${values[i]}`).sort()].join(' '),
  );
}

function rounded(value: number): string {
  return Math.abs(value) < 1e-9 ? '0' : value.toPrecision(9);
}

function rounding(points: readonly { time: number; value: number }[]): string[] {
  return points.map(({ time, value }) => `${time} ${rounded(value)}`);
}

/** The tests of a store, to be called within a describe; `runs` is how many random sets of profiles are tried. */
export function conforms(driver: Driver, { runs = 25 }: { readonly runs?: number } = {}): void {
  test('answers as the naive store, as the profiles came, folded, and opened anew', async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        range,
        fc.integer({ min: 1000, max: HOUR_MS }),
        async (pieces, asked, stepMs) => {
          const naive = new NaiveStore();
          let store = await driver.open();
          try {
            for (const piece of pieces) {
              await naive.putBatch(piece);
              await store.putBatch(piece);
            }
            const expected = await answers(naive, asked, stepMs);
            assert.deepEqual(await answers(store, asked, stepMs), expected);
            // Two of the four hours, then all of them: what is folded and what is not are one.
            for (const now of [START + 2.5 * HOUR_MS, START + 6 * HOUR_MS]) {
              await store.retention(now, FOREVER);
              assert.deepEqual(await answers(store, asked, stepMs), expected, `folded at ${now}`);
            }
            store = await driver.reopen(store);
            assert.deepEqual(await answers(store, asked, stepMs), expected, 'opened anew');
          } finally {
            await store.close();
          }
        },
      ),
      { numRuns: runs },
    );
  });

  test('profiles that come after their hour was folded, or was summed, count as if they had come in time', async () => {
    const tree = new StackTree();
    const store = await driver.open();
    const naive = new NaiveStore();
    const put = async (...records: readonly ProfileRecord[]): Promise<void> => {
      for (const to of [store, naive]) await to.putBatch({ tree, profiles: records });
    };
    const asked = { from: START, to: START + 2 * HOUR_MS };
    await put(
      recordOf(tree, START + 1000, { 'main leak': 3 }),
      recordOf(tree, START + 3000, { 'main leak': 5 }),
    );
    await store.retention(START + 3 * HOUR_MS, FOREVER);
    await put(recordOf(tree, START + 2000, { 'main leak': 4, 'main other': 1 }));
    assert.deepEqual(await answers(store, asked, 1000), await answers(naive, asked, 1000));
    await store.retention(START + 3 * HOUR_MS, FOREVER);
    assert.deepEqual(await answers(store, asked, 1000), await answers(naive, asked, 1000));
    const oneHour = { ...FOREVER, rawMs: 0 };
    await store.retention(START + 3 * HOUR_MS, oneHour);
    await put(recordOf(tree, START + 4000, { 'main leak': 6 }));
    await store.retention(START + 3 * HOUR_MS, oneHour);
    // Of the hour the sums are left: whole ranges are as exact as before.
    const [growth, expected] = await Promise.all(
      [store, naive].map(async (one) => one.growthSums({ ...asked, series: await seriesOf(one) })),
    );
    const plain = (
      rows: readonly { sy: number; sxy: number; syy: number; seen: number; peak: number }[] = [],
    ): string[] => rows.map(({ sy, sxy, syy, seen, peak }) => [sy, sxy, syy, seen, peak].join(' '));
    assert.deepEqual(plain(growth), plain(expected));
    await store.close();
  });

  test('days of which only sums are left answer for whole hours as before, and hours of one store are those of another', async () => {
    const tree = new StackTree();
    const store = await driver.open();
    const copy = await driver.open();
    const naive = new NaiveStore();
    const day = START - (START % (24 * HOUR_MS));
    const profiles = ['a:1', 'b:1'].flatMap((instance, which) =>
      Array.from({ length: 48 }, (_, i) =>
        recordOf(
          tree,
          day + i * 30 * 60_000 + which,
          { 'main leak': i * (1 + which), 'main flat': 7, ...(i % 5 === 0 ? { 'main rare': -i } : {}) },
          { series: keyOf(instance), run: 1 + Math.floor(i / 20) },
        ),
      ),
    );
    for (const to of [store, naive]) await to.putBatch({ tree, profiles });
    const report = await store.retention(day + 72 * HOUR_MS, { ...FOREVER, rawMs: 0 });
    assert.equal(report.summed, 48);
    const whole = { from: day, to: day + 24 * HOUR_MS };
    const ids = await seriesOf(store);
    const hours = (await Promise.all(ids.map((id) => store.hours(id, whole)))).flat();
    assert.equal(hours.length, 48);
    const byId = await Promise.all(ids.map((id) => store.hours(id, whole)));
    const keys = await store.series([], whole);
    for (const [i, own] of byId.entries()) {
      const series = keys[i];
      assert.ok(series !== undefined);
      const records = own.map(({ stacks, ...hour }) => ({ ...hour, series, nodes: nodesOf(tree, stacks) }));
      for (let times = 0; times < 2; times++) await copy.putHours({ tree, hours: records });
    }
    for (const asked of [whole, { from: day + 3 * HOUR_MS, to: day + 9 * HOUR_MS }]) {
      const expected = await answers(naive, asked, HOUR_MS);
      for (const one of [store, copy]) {
        const { kept, runs, merged, ...found } = await answers(one, asked, HOUR_MS);
        assert.deepEqual(kept, [[], []], 'no profile is left');
        assert.ok(Array.isArray(runs) && runs.length > 0);
        const { kept: _, runs: __, merged: wanted, ...rest } = expected;
        assert.deepEqual(found, { ...rest, timeline: found['timeline'], stacks: found['stacks'] });
        // Of the last profile the hour's mean is left.
        assert.deepEqual((merged as unknown[]).slice(0, 2), (wanted as unknown[]).slice(0, 2));
        for (const question of ['timeline', 'stacks'] as const) {
          const times = (all: unknown): string[] =>
            (all as string[][]).flatMap((points) => points.map((point) => point.split(' ')[0] ?? ''));
          assert.deepEqual(times(found[question]), times(rest[question]));
        }
        assert.deepEqual(
          (found['timeline'] as unknown[]).map(String),
          (rest['timeline'] as unknown[]).map(String),
        );
      }
    }
    await store.close();
    await copy.close();
  });

  test('a clock that jumps back or far ahead loses nothing that is within the limits', async () => {
    const tree = new StackTree();
    const store = await driver.open();
    const MINUTE = 60_000;
    const DAY = 24 * HOUR_MS;
    const policy = { rawMs: 30 * DAY, hourlyMs: 30 * DAY, maxBytes: 1e13 };
    const ahead = START + 1000 * DAY;
    const times = [START, START + MINUTE, START - 10 * DAY, ahead, ahead + MINUTE, START + 2 * MINUTE];
    for (const [i, time] of times.entries()) {
      await store.putBatch({ tree, profiles: [recordOf(tree, time, { main: i + 1 })] });
      await store.retention(time, policy);
    }
    const points = async (): Promise<unknown> =>
      store.timeline(await seriesOf(store), { from: 0, to: 1e15 }, 1, 'sum');
    const expected = times.map((time, i) => ({ time, value: i + 1 })).sort((a, b) => a.time - b.time);
    assert.deepEqual(await points(), expected);
    // One that stays there is right.
    for (const minutes of [0, 30, 61]) await store.retention(ahead + minutes * MINUTE, policy);
    assert.deepEqual(await points(), expected.slice(-2));
    await store.close();
  });

  test('the same profile twice is one', async () => {
    const tree = new StackTree();
    const store = await driver.open();
    const batch = { tree, profiles: [recordOf(tree, START, { main: 3 })] };
    await store.putBatch(batch);
    await store.putBatch(batch);
    await store.putBatch({ tree, profiles: [recordOf(tree, START, { main: 4 })] });
    await store.retention(START + 2 * HOUR_MS, FOREVER);
    await store.putBatch(batch);
    assert.deepEqual(await store.timeline(await seriesOf(store), { from: START, to: START + 1 }, 1, 'sum'), [
      { time: START, value: 3 },
    ]);
    await store.close();
  });

  test('a batch with one wrong profile is kept as a whole or not at all', async () => {
    const store = await driver.open();
    const tree = new StackTree();
    const good = recordOf(tree, START, { main: 3 });
    const wrong: readonly Partial<ProfileRecord>[] = [
      { time: Number.NaN },
      { time: -1 },
      { time: 1.5 },
      { run: Number.POSITIVE_INFINITY },
      { nodes: Uint32Array.of(99), values: Float64Array.of(1) },
      { nodes: Uint32Array.of(0), values: Float64Array.of(1, 2) },
    ];
    for (const one of wrong) {
      await assert.rejects(
        store.putBatch({ tree, profiles: [good, { ...good, ...one }] }),
        (error) => error instanceof StoreError && error.code === 'STORE_USAGE',
      );
    }
    assert.deepEqual(await store.series([], { from: 0, to: 1e15 }), []);
    await store.close();
  });

  test('a batch that cannot be written takes none with it that was given beside it', async () => {
    const store = await driver.open();
    const tree = new StackTree();
    const labels = Object.defineProperty({}, 'job', {
      enumerable: true,
      get(): string {
        throw new Error('nobody can read this');
      },
    });
    const wrong = recordOf(tree, START + 1, { 'main wrong': 9 }, { series: { ...keyOf('a:1'), labels } });
    const puts = [
      recordOf(tree, START, { 'main f': 1 }),
      wrong,
      recordOf(tree, START + 2, { 'main g': 2 }),
    ].map((profile) => store.putBatch({ tree, profiles: [profile] }));
    const outcomes = (await Promise.allSettled(puts)).map(({ status }) => status);
    assert.deepEqual(outcomes, ['fulfilled', 'rejected', 'fulfilled']);
    await store.putBatch({ tree, profiles: [recordOf(tree, START + 3, { 'main h': 4 })] });
    const merged = await store.merge(await seriesOf(store), { from: 0, to: 1e15 }, 'sum');
    const frames = await store.frames([...merged.keys()]);
    const values = [...merged]
      .map(([stack, value]) => [frames.get(stack)?.[0]?.function, value] as const)
      .sort(([, a], [, b]) => a - b);
    assert.deepEqual(values, [
      ['f', 1],
      ['g', 2],
      ['h', 4],
    ]);
    await store.close();
  });

  test('numbers, names and labels that are no everyday ones come back as they were, or cut to what is kept', async () => {
    const store = await driver.open();
    const tree = new StackTree();
    const names = [
      'none',
      '',
      'a\0b',
      '\u{1F600}',
      '\uD800',
      '</script>',
      "'; DROP TABLE stack",
      'x'.repeat(10_000),
    ];
    const nodes = names.map((name) => tree.node(ROOT, tree.frame(name, name, 7)));
    const values = [0.4, 1, -1, 2 ** 51, 2 ** 60, -(2 ** 60), 2.6, 5];
    const labels = { __proto__: 'x', "it's": '"', constructor: 'y' };
    const series = { ...keyOf('a:1'), labels: Object.fromEntries(Object.entries(labels)) };
    await store.putBatch({
      tree,
      profiles: [
        { series, time: START, run: 0, nodes: Uint32Array.from(nodes), values: Float64Array.from(values) },
      ],
    });
    const merged = await store.merge(await seriesOf(store), { from: START, to: START + 1 }, 'sum');
    const kept = nodes.map((node) => merged.get(tree.id(node)) ?? 0);
    assert.deepEqual(kept, [0, 1, -1, 2 ** 51, 2 ** 51, -(2 ** 51), 3, 5]);
    const frames = await store.frames(nodes.map((node) => tree.id(node)));
    assert.deepEqual(
      nodes.slice(1).map((node) => frames.get(tree.id(node))?.[0]?.function),
      names.slice(1).map((name) => name.replace('\0', '\uFFFD').replace('\uD800', '\uFFFD')),
    );
    const [found] = await store.series([['constructor', 'y']], { from: 0, to: 1e15 });
    assert.deepEqual(found?.labels, series.labels);
    assert.deepEqual(await store.series([['toString', 'y']], { from: 0, to: 1e15 }), []);
    await store.close();
  });

  test('a text is remembered until another one takes its place, and over a restart', async () => {
    let store = await driver.open();
    assert.equal(await store.remembered('a'), null);
    await store.remember('a', 'one');
    await store.remember('a', 'two \u{1F600}');
    await store.remember('', '');
    const long = JSON.stringify(Array.from({ length: 10_000 }, (_, i) => `\u{1F600} ${i % 7}`));
    await store.remember('long', long);
    assert.equal(await store.remembered('long'), long);
    store = await driver.reopen(store);
    assert.deepEqual([await store.remembered('a'), await store.remembered('')], ['two \u{1F600}', '']);
    assert.deepEqual(await store.notes(), ['', 'a', 'long']);
    await store.close();
  });

  test('questions that make no sense are refused with a sentence', async () => {
    const store = await driver.open();
    const refused = (work: Promise<unknown>): Promise<void> =>
      assert.rejects(work, (error) => error instanceof StoreError && error.code === 'STORE_USAGE');
    await refused(store.timeline([1], { from: 2, to: 1 }, 1000, 'avg'));
    await refused(store.timeline([1], { from: 0, to: 1 }, 0, 'avg'));
    await refused(store.growthSums({ series: [1], from: Number.NaN, to: 1 }));
    await refused(store.growthSums({ series: [1], from: 0, to: 1, limit: -1 }));
    await store.close();
    await assert.rejects(
      store.points([1], { from: 0, to: 1 }),
      (error) => error instanceof StoreError && error.code === 'STORE_CLOSED',
    );
  });
}
