// The table of functions: what it begins with, where time is spent in somebody's own code and where it is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { ProfileEngine } from '../src/engine/engine.ts';
import type { TopAnswer } from '../src/engine/questions/top.ts';
import { withinBound } from '../src/live-store.ts';
import { noFilters } from '../src/stack-filters.ts';

type Frame = readonly [name: string, file: string];
const wait: Frame = ['(idle wait)', 'node:internal/wait'];
const read: Frame = ['read', '/srv/app/node_modules/redis/read.js'];
const own: Frame = ['subscribe', '/srv/app/subscribe.ts'];
const main: Frame = ['main', '/srv/app/main.ts'];

async function topOf(
  stacks: readonly (readonly [stack: readonly Frame[], value: number])[],
  sort: 'auto' | 'flat',
): Promise<TopAnswer> {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'samples', unit: 'count' }] });
  for (const [stack, value] of stacks)
    builder.sample(
      stack.map(([name, file]) =>
        builder.location({ lines: [{ function: builder.function(name, file, 1), line: 7, column: 0 }] }),
      ),
      [value],
    );
  const engine = new ProfileEngine();
  const from = encodeProfile(builder.build()) as Uint8Array<ArrayBuffer>;
  const { id } = await engine.handlers.open({ name: 'x.pb', from }, () => undefined);
  const query = { ...noFilters, profile: id, base: null, sampleType: '', granularity: 'functions' } as const;
  return engine.handlers.top({ ...query, sort, filter: '', limit: 9, unchanged: true }, () => undefined);
}

test('where all is spent in libraries and the runtime, the own code that leads there comes first, with what it calls', async () => {
  const waiting = await topOf(
    [
      [[wait, read, own, main], 90],
      [[wait, main], 10],
    ],
    'auto',
  );
  assert.deepEqual([waiting.sort, waiting.ownFirst], ['cum', true]);
  assert.deepEqual(
    waiting.rows.map(({ name }) => name),
    ['main', 'subscribe', '(idle wait)', 'read'],
  );
});

test('where own code spends something, or somebody asks for it, the table begins with own values', async () => {
  const busy = await topOf(
    [
      [[own, main], 60],
      [[wait, main], 40],
    ],
    'auto',
  );
  assert.deepEqual([busy.sort, busy.ownFirst], ['flat', false]);
  assert.equal(busy.rows[0]?.name, 'subscribe');
  const asked = await topOf([[[wait, own], 90]], 'flat');
  assert.deepEqual([asked.sort, asked.ownFirst, asked.rows[0]?.name], ['flat', false, '(idle wait)']);
});

test('what a browser keeps of a service is bounded: the latest moments stay', () => {
  const moment = (time: number, megabytes: number) => ({
    time,
    name: `goroutine ${time}`,
    bytes: new Uint8Array(megabytes * 2 ** 20),
  });
  const many = [moment(1, 10), moment(2, 10), moment(3, 10)];
  assert.deepEqual(
    withinBound(many).map(({ time }) => time),
    [2, 3],
  );
  assert.deepEqual(withinBound([moment(1, 30)]), []);
  assert.equal(withinBound([moment(1, 1)]).length, 1);
});
