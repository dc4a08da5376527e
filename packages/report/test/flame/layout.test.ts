// Flame kernels: drawn profiles in, boxes as text out; and properties that hold for any profile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProfileBuilder, type Profile } from '@stackpile/profile';
import { defaultOptions, filterProfile, type ReportOptions } from '../../src/index.ts';
import {
  boxPath,
  type FlameLayout,
  type FlattenOptions,
  FrameInterner,
  type FrameGranularity,
  flattenStacks,
  layoutFlame,
  layoutTimeline,
  matchFrames,
  matchedWeight,
  mergedFrame,
  neighbours,
  ownPlaces,
  planFlame,
  planSandwich,
  rootFrame,
  sampleTimes,
  type Stacks,
  sumFrames,
  zoomPlan,
} from '../../src/flame/index.ts';

interface Drawn {
  readonly stack: string;
  readonly value: number;
  readonly time?: number;
}

/** `main>work>read 5` draws one sample; `name@file` gives a frame a file. */
function drawn(lines: readonly (string | Drawn)[]): Profile {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  for (const line of lines) {
    const sample: Drawn =
      typeof line === 'string'
        ? {
            stack: line.slice(0, line.lastIndexOf(' ')),
            value: Number(line.slice(line.lastIndexOf(' ') + 1)),
          }
        : line;
    const stack = sample.stack
      .split('>')
      .filter((part) => part !== '')
      .map((part) => {
        const [name = '', file = '/app/main.ts'] = part.split('@');
        return builder.location({ lines: [{ function: builder.function(name, file), line: 7 }] });
      })
      .reverse();
    builder.sample(
      stack,
      [sample.value],
      sample.time === undefined ? [] : [{ key: 'timestamp', number: sample.time }],
    );
  }
  return builder.build();
}

function stacksOf(
  whole: Profile,
  filters: Partial<ReportOptions> = {},
  granularity: FrameGranularity = 'functions',
  options: FlattenOptions = {},
): Stacks {
  const { profile, total } = filterProfile(whole, 0, { ...defaultOptions(), ...filters });
  const interner = new FrameInterner(granularity);
  const frames = interner.add(profile);
  return flattenStacks(interner, { profile, frames, valueIndex: 0, total }, null, options);
}

function maskOf(profile: Profile, pattern: RegExp): Uint8Array {
  const interner = new FrameInterner();
  interner.add(profile);
  return matchFrames({ table: interner.table }, pattern);
}

/** One line per level: `name weight` of each box, with its start in units of weight. */
function show(layout: FlameLayout, stacks: Stacks): string[] {
  const out: string[] = [];
  for (let level = 0; level <= layout.maxDepth; level++) {
    const boxes: string[] = [];
    for (
      let box = layout.levelStart[level] as number;
      box < (layout.levelStart[level + 1] as number);
      box++
    ) {
      const frame = layout.frame[box] as number;
      const name =
        frame === rootFrame
          ? 'all'
          : frame === mergedFrame
            ? `(${layout.self[box]} small)`
            : stacks.table.name[frame];
      boxes.push(
        `${name} ${layout.weight[box]}@${Math.round((layout.start[box] as number) * layout.rootWeight)}`,
      );
    }
    out.push(boxes.join(' | '));
  }
  return out;
}

const example = ['main>work>read 5', 'main>idle 2', 'main>work>write 3', 'main>work 1', 'main>work>read 4'];

test('the widest child comes first and own time stays behind the children', () => {
  const stacks = stacksOf(drawn(example));
  const layout = layoutFlame(planFlame(stacks, 'down'));
  assert.deepEqual(show(layout, stacks), [
    'all 15@0',
    'main 15@0',
    'work 13@0 | idle 2@13',
    'read 9@0 | write 3@9',
  ]);
  const work = layout.levelStart[2] as number;
  assert.equal(layout.self[work], 1);
  assert.deepEqual(
    boxPath(layout, layout.levelStart[3] as number).map((frame) => stacks.table.name[frame]),
    ['main', 'work', 'read'],
  );
});

test('the inverted graph begins with the leaves', () => {
  const stacks = stacksOf(drawn(example));
  assert.deepEqual(show(layoutFlame(planFlame(stacks, 'up')), stacks), [
    'all 15@0',
    'read 9@0 | write 3@9 | idle 2@12 | work 1@14',
    'work 9@0 | work 3@9 | main 2@12 | main 1@14',
    'main 9@0 | main 3@9',
  ]);
});

test('children below the threshold are merged behind the wide ones and not descended', () => {
  const stacks = stacksOf(drawn(['a>x 90', 'a>y>deep 5', 'a>z>deeper 5']));
  assert.deepEqual(show(layoutFlame(planFlame(stacks, 'down'), { minShare: 0.1 }), stacks), [
    'all 100@0',
    'a 100@0',
    'x 90@0 | (2 small) 10@90',
  ]);
});

test('a zoom lays out what lies below a path, at the full share', () => {
  const stacks = stacksOf(drawn(example));
  const id = (name: string): number => stacks.table.name.indexOf(name);
  const plan = zoomPlan(planFlame(stacks, 'down'), [id('main'), id('work')]);
  assert.deepEqual(show(layoutFlame(plan, { frame: id('work') }), stacks), [
    'work 13@0',
    'read 9@0 | write 3@9',
  ]);
  const up = zoomPlan(planFlame(stacks, 'up'), [id('read')]);
  assert.deepEqual(show(layoutFlame(up, { frame: id('read') }), stacks), [
    'read 9@0',
    'work 9@0',
    'main 9@0',
  ]);
});

test('a sandwich shows callees below and callers above the outermost occurrence', () => {
  const profile = drawn(['main>f>g>f>h 3', 'other>f 2', 'main>g 4']);
  const stacks = stacksOf(profile);
  const { callees, callers } = planSandwich(stacks, maskOf(profile, /^f$/));
  assert.deepEqual(show(layoutFlame(callees), stacks), ['all 5@0', 'f 5@0', 'g 3@0', 'f 3@0', 'h 3@0']);
  assert.deepEqual(show(layoutFlame(callers), stacks), ['all 5@0', 'f 5@0', 'main 3@0 | other 2@3']);
});

test('filters keep the total of the whole profile', () => {
  const profile = drawn(example);
  for (const filter of [{ focus: 'read' }, { ignore: 'write|idle' }, { show_from: '^work$' }]) {
    const stacks = stacksOf(profile, filter);
    assert.equal(stacks.total, 15);
  }
  assert.equal(stacksOf(profile, { focus: 'read' }).kept, 9);
  const from = stacksOf(profile, { show_from: '^work$' });
  assert.deepEqual(show(layoutFlame(planFlame(from, 'down')), from)[1], 'work 13@0');
  const hidden = stacksOf(profile, { hide: '^work$' });
  assert.deepEqual(
    show(layoutFlame(planFlame(hidden, 'down')), hidden)[2],
    'read 9@0 | write 3@9 | idle 2@12',
  );
  const shown = stacksOf(profile, { show: 'read|write' });
  assert.deepEqual(show(layoutFlame(planFlame(shown, 'down')), shown), ['all 12@0', 'read 9@0 | write 3@9']);
});

test('library frames are hidden, or collapsed to one box per package', () => {
  const profile = drawn([
    'main@/app/main.ts>use@/app/node_modules/express/a.js>next@/app/node_modules/express/b.js>mine@/app/main.ts>emit@node:events 1',
  ]);
  const names = (libraries: 'collapse' | 'hide'): string[] => {
    const stacks = stacksOf(profile, { hide_libs: libraries === 'hide' }, 'functions', {
      collapse: libraries === 'collapse',
    });
    return show(layoutFlame(planFlame(stacks, 'down')), stacks);
  };
  assert.deepEqual(names('hide'), ['all 1@0', 'main 1@0', 'mine 1@0']);
  assert.deepEqual(names('collapse'), ['all 1@0', 'main 1@0', '[express] 1@0', 'mine 1@0', '[runtime] 1@0']);
});

test('frames can stand for lines, files and packages', () => {
  const profile = drawn(['main@/app/a.ts>x@/app/b.ts>y@/app/b.ts 1']);
  const level = (granularity: FrameGranularity): string[] => {
    const stacks = stacksOf(profile, {}, granularity);
    return show(layoutFlame(planFlame(stacks, 'down')), stacks);
  };
  assert.deepEqual(level('lines'), ['all 1@0', 'main:7 1@0', 'x:7 1@0', 'y:7 1@0']);
  assert.deepEqual(level('files'), ['all 1@0', '/app/a.ts 1@0', '/app/b.ts 1@0']);
  assert.deepEqual(level('packages'), ['all 1@0', '/app 1@0']);
});

test('a comparison gives each stack the wider of its two values, and keeps what vanished', () => {
  const base = drawn(['main>a 4', 'main>gone 2', 'main>same 3']);
  const next = drawn(['main>a 10', 'main>new 1', 'main>same 3']);
  const interner = new FrameInterner();
  const baseFrames = interner.add(base);
  const frames = interner.add(next);
  const stacks = flattenStacks(
    interner,
    { profile: next, frames, valueIndex: 0 },
    { profile: base, frames: baseFrames, valueIndex: 0 },
  );
  const layout = layoutFlame(planFlame(stacks, 'down'));
  assert.deepEqual(show(layout, stacks), [
    'all 16@0',
    'main 16@0',
    'a 10@0 | same 3@10 | gone 2@13 | new 1@15',
  ]);
  const leaves = layout.levelStart[2] as number;
  assert.deepEqual([...(layout.before ?? [])].slice(leaves), [4, 3, 2, 0]);
  assert.deepEqual([...(layout.after ?? [])].slice(leaves), [10, 3, 0, 1]);
  assert.equal(stacks.total, 14);
  assert.equal(stacks.totalBefore, 9);
});

test('negative values become a comparison of what they take away and what they add', () => {
  const stacks = stacksOf(drawn(['main>more 5', 'main>less -3']));
  const layout = layoutFlame(planFlame(stacks, 'down'));
  assert.deepEqual(show(layout, stacks), ['all 8@0', 'main 8@0', 'more 5@0 | less 3@5']);
  assert.deepEqual([...(layout.before ?? [])], [3, 3, 0, 3]);
});

test('time order keeps the order of the samples and joins equal neighbours', () => {
  const profile = drawn([
    { stack: 'main>b', value: 1, time: 30 },
    { stack: 'main>a', value: 1, time: 10 },
    { stack: 'main>a>c', value: 2, time: 20 },
    { stack: 'main>a', value: 1, time: 40 },
  ]);
  const times = sampleTimes(profile);
  assert.ok(times !== null);
  const stacks = stacksOf(profile);
  assert.deepEqual(show(layoutTimeline(stacks, times), stacks), [
    'all 5@0',
    'main 5@0',
    'a 3@0 | b 1@3 | a 1@4',
    'c 2@1',
  ]);
  assert.equal(sampleTimes(drawn(example)), null);
});

test('lanes of threads keep the order of time within each, the widest first', () => {
  const profile = drawn([
    { stack: 't1>a', value: 1, time: 10 },
    { stack: 't2>x', value: 2, time: 15 },
    { stack: 't1>b', value: 1, time: 20 },
    { stack: 't2>x', value: 2, time: 25 },
    { stack: 't1>a', value: 1, time: 30 },
  ]);
  const stacks = stacksOf(profile);
  const times = sampleTimes(profile);
  assert.ok(times !== null);
  assert.deepEqual(show(layoutTimeline(stacks, times, 0, true), stacks), [
    'all 7@0',
    't2 4@0 | t1 3@4',
    'x 4@0 | a 1@4 | b 1@5 | a 1@6',
  ]);
});

test('sums per frame count recursion once', () => {
  const profile = drawn(['f>f>f 5', 'f>g 2']);
  const stacks = stacksOf(profile);
  const sums = sumFrames(stacks);
  const f = stacks.table.name.indexOf('f');
  assert.equal(sums.cum[f], 7);
  assert.equal(sums.flat[f], 5);
  const { callers, callees, flat, cum } = neighbours(stacks, maskOf(profile, /^f$/));
  assert.deepEqual([flat, cum], [5, 7]);
  assert.deepEqual(
    callers.map(({ value }) => value),
    [5],
  );
  assert.deepEqual(
    callees.map(({ value }) => value),
    [5, 2],
  );
  assert.equal(matchedWeight(stacks, maskOf(profile, /g/)), 2);
});

test('the own place is the user frame nearest to the leaf', () => {
  const profile = drawn([
    'main>subscribe>recv@/app/node_modules/redis/client.js>read@node:net 9',
    'main>serve@node:http 1',
    'idle@node:timers 4',
  ]);
  const interner = new FrameInterner();
  const frames = interner.add(profile);
  const stacks = flattenStacks(interner, { profile, frames, valueIndex: 0 });
  const places = ownPlaces(stacks, frames, profile.samples);
  assert.deepEqual(
    places.map((place) => [
      stacks.table.name[place.frame],
      place.line,
      place.value,
      stacks.table.name[place.leaf],
    ]),
    [
      ['subscribe', 7, 9, 'read'],
      ['main', 7, 1, 'serve'],
    ],
  );
});

test('an empty profile, an empty stack and a very deep stack lay out', () => {
  const none = stacksOf(drawn([]));
  assert.equal(layoutFlame(planFlame(none, 'down')).length, 1);
  const empty = stacksOf(drawn([' 3']));
  assert.equal(layoutFlame(planFlame(empty, 'up')).self[0], 3);
  const deep = stacksOf(drawn([`${Array.from({ length: 20_000 }, (_, i) => `f${i}`).join('>')} 1`]));
  assert.equal(layoutFlame(planFlame(deep, 'down')).maxDepth, 20_000);
});

test('in any profile children lie inside their parent, widths add up, and the levels are sorted', () => {
  const profileArbitrary = fc.array(
    fc.record({
      stack: fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 6 }).map((names) => names.join('>')),
      value: fc.integer({ min: 1, max: 50 }),
    }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(
      profileArbitrary,
      fc.constantFrom('down' as const, 'up' as const),
      fc.double({ min: 0, max: 0.4, noNaN: true }),
      (samples, direction, minShare) => {
        const stacks = stacksOf(drawn(samples));
        const layout = layoutFlame(planFlame(stacks, direction), { minShare });
        const covered = new Float64Array(layout.length);
        for (let level = 0; level <= layout.maxDepth; level++) {
          let last = -1;
          for (
            let box = layout.levelStart[level] as number;
            box < (layout.levelStart[level + 1] as number);
            box++
          ) {
            const start = layout.start[box] as number;
            assert.ok(start >= last - 1e-9);
            last = start + (layout.width[box] as number);
            const parent = layout.parent[box] as number;
            if (level === 0) continue;
            assert.ok(start >= (layout.start[parent] as number) - 1e-9);
            assert.ok(last <= (layout.start[parent] as number) + (layout.width[parent] as number) + 1e-9);
            covered[parent] = (covered[parent] as number) + (layout.weight[box] as number);
          }
        }
        const total = samples.reduce((sum, { value }) => sum + value, 0);
        assert.equal(layout.rootWeight, total);
        for (let box = 0; box < layout.length; box++) {
          if (layout.frame[box] === mergedFrame) continue;
          assert.equal((covered[box] as number) + (layout.self[box] as number), layout.weight[box]);
        }
      },
    ),
  );
});
