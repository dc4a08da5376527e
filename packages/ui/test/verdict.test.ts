// A verdict's words: shares of what is of one kind, no name where nothing is convicted, the headline once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amount, duration, judgeDumps, sumUp, verdictText } from '@stackpile/leaks';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import fc from 'fast-check';
import { ProfileEngine } from '../src/engine/engine.ts';
import { noFilters } from '../src/stack-filters.ts';
import { formatMs, formatPercent, formatValue } from '../src/format.ts';
import { axisTop } from '../src/verdict/axis.ts';

const none = (): void => undefined;

/** Tasks and handles side by side, as the agent tells them: so many of each leak. */
function dump(leaked: number, handles: number) {
  const builder = new ProfileBuilder({
    sampleTypes: [
      { type: 'tasks', unit: 'count' },
      { type: 'handles', unit: 'count' },
    ],
  });
  const at = (name: string, line: number): number =>
    builder.location({ lines: [{ function: builder.function(name, '/srv/app/cron.ts'), line }] });
  builder.sample([at('subscribe', 20), at('tick', 9)], [leaked, 0], []);
  builder.sample([at('work', 31), at('tick', 9)], [12, 0], []);
  builder.sample([at('connect', 40)], [0, handles], []);
  return builder.build();
}

test('a share is of what is of one kind: the same in the verdict and in Tasks', async () => {
  const engine = new ProfileEngine();
  const ids: number[] = [];
  for (let row = 0; row < 6; row++) {
    const from = encodeProfile(dump(10 + row * 19, 110)) as Uint8Array<ArrayBuffer>;
    const { id } = await engine.handlers.open({ name: `${row}.pb`, from, time: row * 60_000 }, none);
    ids.push(id);
  }
  const { verdicts, kind, ledger } = await engine.handlers.verdict(
    { profiles: ids, sampleType: '', memoryLimit: null, counters: [] },
    none,
  );
  assert.equal(kind, 'leak');
  assert.match(ledger[0] ?? '', /^grows    tasks 22 → 117/u);
  assert.deepEqual(
    verdicts.map(({ kind, series }) => [series.noun, kind]),
    [
      ['tasks', 'leak'],
      ['handles', 'none'],
    ],
  );
  const finding = verdicts[0].findings[0];
  assert.match(finding?.sentence ?? '', /90 % of all tasks/);
  const asked = { profile: ids.at(-1) ?? 0, base: null, sampleType: '', granularity: 'functions' as const };
  const tasks = await engine.handlers.tasks(
    { ...asked, ...noFilters, filter: '', sampleType: 'tasks' },
    none,
  );
  assert.equal(
    formatPercent(tasks.groups[0]?.count ?? 0, tasks.total),
    formatPercent(finding?.share ?? 0, 1),
  );
});

test('durations are in the words of a verdict, numbers too but for the space', () => {
  fc.assert(
    fc.property(fc.double({ min: 10, max: 1e10, noNaN: true }), (ms) => {
      assert.equal(formatMs(ms).replaceAll('\u00a0', ' '), duration(ms));
    }),
    { examples: [9_949, 119_499, 7_170_000, 7_199_999, 172_770_000, 172_799_999].map((ms) => [ms]) },
  );
  for (const bytes of [0, 12, 1024, 1_300_000, 3.2e9])
    assert.equal(formatValue(bytes, 'bytes').replaceAll('\u00a0', ' '), amount(bytes, 'bytes'));
});

test('what is copied says the headline once, with the files and their times, and what to do', () => {
  const dumps = Array.from({ length: 6 }, (_, row) => ({
    profile: dump(10 + row * 19, 0),
    time: Date.UTC(2026, 0, 1, 12, row),
    name: `t${row}.pb.gz`,
  }));
  const judged = judgeDumps(dumps, { sampleType: 'tasks' });
  const summing = { ...sumUp(judged, false), ledger: ['flat     open files'] };
  const text = verdictText(summing, judged, dumps);
  assert.equal(text.split(judged.verdicts[0].sentence).length, 2);
  assert.match(
    text,
    /t0\.pb\.gz {2}2026-01-01T12:00:00\.000Z[^]*flat {5}open files[^]*subscribe\n {6}\/srv\/app\/cron\.ts:20[^]*What to do: /,
  );
});

test('a text stays short whatever functions are named', () => {
  const deep = (count: number) => {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'tasks', unit: 'count' }] });
    const stack = Array.from({ length: 100 }, (_, row) =>
      builder.location({
        lines: [{ function: builder.function(`${row}${'x'.repeat(5000)}`, '/srv/a.ts'), line: 1 }],
      }),
    );
    builder.sample(stack, [count], []);
    return builder.build();
  };
  const dumps = [1, 40, 80, 120, 160].map((count, row) => ({
    profile: deep(count),
    time: row * 60_000,
    name: '',
  }));
  const judged = judgeDumps(dumps);
  const text = verdictText(sumUp(judged, false), judged, dumps);
  assert.match(text, /…\n$/);
  assert.ok(text.length < 201_000, `${text.length}`);
});

test('of profiles whose times nobody knows no rate is per minute, whoever tells it', () => {
  const dumps = Array.from({ length: 6 }, (_, row) => ({
    profile: dump(10 + row * 19, 0),
    time: null,
    name: `${row}`,
  }));
  const judged = judgeDumps(dumps);
  const text = verdictText(sumUp(judged, false), judged, dumps);
  assert.match(text, /grows {4}tasks 22 → 117 \(\+19 per dump\)/);
  assert.doesNotMatch(text, /per minute/);
});

test('where nothing is convicted it is said what to do next', () => {
  const flat = Array.from({ length: 6 }, (_, row) => ({
    profile: dump(40, 0),
    time: row * 60_000,
    name: `${row}`,
  }));
  const acquitted = judgeDumps(flat, { sampleType: 'tasks' });
  const summing = sumUp(acquitted, false);
  assert.equal(summing.kind, 'none');
  assert.match(summing.next, /take another profile in 20\smin/);
  assert.match(verdictText(summing, acquitted, flat), /What to do next: Nothing to mend here/);
  const few = judgeDumps(
    [dump(1, 0), dump(30, 0)].map((profile, row) => ({ profile, time: row * 60_000, name: `${row}` })),
    { sampleType: 'tasks' },
  );
  assert.equal(few.verdicts[0].kind, 'unsure');
  assert.match(sumUp(few, false).next, /^Take /);
});

test('axes end in round numbers', () => {
  const tops = [0, 1, 3, 23, 291, 1100].map((value) => axisTop(value, 'count'));
  assert.deepEqual(tops, [1, 1, 3, 30, 300, 1500]);
  assert.equal(formatValue(axisTop(3_300_000, 'bytes'), 'bytes'), '4\u00a0MB');
});
