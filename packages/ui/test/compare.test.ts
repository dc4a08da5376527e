// Comparing as a table and in a sentence: what grew is told of the code that one can change, what did not is folded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { ProfileEngine } from '../src/engine/engine.ts';
import type { StackQuery } from '../src/engine/stack-query.ts';
import { noFilters } from '../src/stack-filters.ts';
import { changeSentence } from '../src/top/change-sentence.ts';

const none = (): void => undefined;

/** A profile of goroutines whose stacks, innermost first, have so many. */
async function opened(
  engine: ProfileEngine,
  stacks: readonly (readonly [count: number, ...names: string[]])[],
): Promise<number> {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
  for (const [count, ...names] of stacks) {
    const rows = names.map((name) => {
      const file = name.startsWith('task.') ? `/srv/task/${name}.go` : '/usr/local/go/src/runtime/proc.go';
      return builder.location({ lines: [{ function: builder.function(name, file), line: 7 }] });
    });
    builder.sample(rows, [count], []);
  }
  const from = encodeProfile(builder.build()) as Uint8Array<ArrayBuffer>;
  return (await engine.handlers.open({ name: 'x.pb', from, time: null }, none)).id;
}

const waiting = ['runtime.gopark', 'runtime.chanrecv'] as const;
const before = [
  [6, ...waiting, 'task.Subscribe', 'task.Run'],
  [17, ...waiting, 'task.Idle', 'task.Run'],
] as const;
const after = [
  [274, ...waiting, 'task.Subscribe', 'task.Run'],
  [17, ...waiting, 'task.Idle', 'task.Run'],
] as const;

async function compared(
  from: Parameters<typeof opened>[1],
  to: Parameters<typeof opened>[1],
): Promise<{ engine: ProfileEngine; asked: StackQuery; sentence: string }> {
  const engine = new ProfileEngine();
  const base = await opened(engine, from);
  const profile = await opened(engine, to);
  const asked = { profile, base, sampleType: '', granularity: 'functions' as const, ...noFilters };
  return { engine, asked, sentence: changeSentence(await engine.handlers.change(asked, none), 'goroutines') };
}

test('the table begins with the own code that grew, by what it calls; what did not change is folded', async () => {
  const { engine, asked } = await compared(before, after);
  const top = await engine.handlers.top(
    { ...asked, sort: 'delta', filter: '', limit: 99, unchanged: false },
    none,
  );
  const rows = top.rows.map(({ name, cum, cumBefore, flat, flatBefore }) => [
    name,
    cum - cumBefore,
    flat - flatBefore,
  ]);
  assert.deepEqual(rows, [
    ['task.Run', 268, 0],
    ['task.Subscribe', 268, 0],
    ['runtime.gopark', 268, 268],
    ['runtime.chanrecv', 268, 0],
  ]);
  assert.deepEqual([top.unchanged, top.widestDelta], [1, 268]);
  const all = await engine.handlers.top(
    { ...asked, sort: 'delta', filter: '', limit: 99, unchanged: true },
    none,
  );
  assert.deepEqual([all.rows.length, all.unchanged], [5, 0]);
});

test('a sentence says what changed, in whose code, and that nothing else did', async () => {
  const { sentence } = await compared(before, after);
  assert.equal(sentence, '+268 goroutines, all in task.Subscribe (6 → 274); nothing else changed.');
});

test('two equal profiles say so; moves that even out are told', async () => {
  assert.equal(
    (await compared(after, after)).sentence,
    'The two profiles are equal: 291 goroutines in the same stacks.',
  );
  const moved = [
    [3, ...waiting, 'task.Subscribe', 'task.Run'],
    [20, ...waiting, 'task.Idle', 'task.Run'],
  ] as const;
  assert.equal(
    (await compared(before, moved)).sentence,
    '23 goroutines in both: −3 in task.Subscribe (6 → 3); +3 in task.Idle (17 → 20).',
  );
  const many = ['a', 'b', 'c', 'd', 'e'].map((name, row) => [row + 1, ...waiting, `task.${name}`] as const);
  assert.equal(
    (await compared(before, [...before, ...many])).sentence,
    '+15 goroutines: +5 in task.e (0 → 5); +4 in task.d (0 → 4); +3 in task.c (0 → 3); 2 more places changed.',
  );
});
