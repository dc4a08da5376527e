// Splitting by labels: their values as outermost frames, and as shares whose filters keep exactly what they count.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { ProfileEngine } from '../src/engine/engine.ts';
import { makePicture } from '../src/flame/picture.ts';
import { noFilters } from '../src/stack-filters.ts';
import { parseFragment } from '../src/state.ts';

const none = (): void => undefined;
const flame = { mode: 'down', pivot: '', zoom: [], minShare: 0, search: '', onlyChanged: false } as const;

test('a split has the values of a label as outermost boxes; the filter of each share keeps what it counts', async () => {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const work = builder.location({ lines: [{ function: builder.function('work', '/srv/a.ts'), line: 3 }] });
  const tenants = ['a, b (c)', 'a', 'ab'];
  for (let row = 0; row < 300; row++) {
    builder.sample(
      [work],
      [row < 200 ? 2 : 1],
      [
        { key: 'tenant', text: tenants[row % 3] ?? '' },
        { key: 'id', text: `${row}` },
        { key: 'service', text: 'shop' },
        ...(row < 20 ? [{ key: 'at', number: BigInt(row), unit: 'ns' }] : []),
        ...(row < 100 ? [{ key: 'thread', number: BigInt(1 + (row % 2)), unit: '' }] : []),
      ],
    );
  }
  const engine = new ProfileEngine();
  const from = encodeProfile(builder.build()) as Uint8Array<ArrayBuffer>;
  const { id } = await engine.handlers.open({ name: 'x.pb', from, time: null }, none);
  const asked = { profile: id, base: null, sampleType: '', granularity: 'functions' as const, ...noFilters };
  const { keys, values, total } = await engine.handlers.labels({ ...asked, key: 'tenant' }, none);
  // What tells single samples apart splits nothing.
  assert.deepEqual(keys, ['thread', 'tenant']);
  assert.equal(total, 500);
  assert.deepEqual(new Set(values.map(({ text }) => text)), new Set(tenants));
  const threads = (await engine.handlers.labels({ ...asked, key: 'thread' }, none)).values;
  for (const { weight, filter } of [...values, ...threads]) {
    const { kept } = await engine.handlers.flame({ ...asked, ...flame, tagFocus: filter }, none);
    assert.equal(kept, weight, filter);
  }
  const { layout, frames } = await engine.handlers.flame({ ...asked, ...flame, tagRoot: 'tenant' }, none);
  const outermost = Array.from(
    layout.frame.slice(layout.levelStart[1], layout.levelStart[2]),
    (frame) => frames.name[frame],
  );
  assert.deepEqual(new Set(outermost), new Set(tenants));
  assert.equal(outermost.length, tenants.length);
});

test('a label that is a path is shown whole, as it is no name of a function', async () => {
  const engine = new ProfileEngine();
  const text = `goroutine 1 [await, 1 minutes labels:{"route":"/carts/{id}"}]:\nexample.com/shop/carts.Load(...)\n\t/srv/carts.go:20\n\n`;
  const from = new TextEncoder().encode(text);
  const { id } = await engine.handlers.open({ name: 'tasks.txt', from }, none);
  const answer = await engine.handlers.flame(
    {
      ...noFilters,
      ...flame,
      profile: id,
      base: null,
      sampleType: '',
      granularity: 'functions',
      tagRoot: 'route',
    },
    none,
  );
  const { label } = makePicture(answer, false);
  assert.deepEqual(answer.frames.name.map((_, row) => label(row)).sort(), ['/carts/{id}', 'carts.Load']);
});

test("the address says by which labels it is split, in pprof's words", () => {
  const state = parseFragment('#/flame?tagroot=tenant,thread&tagleaf=state&tf=tenant%3Da');
  assert.deepEqual([state.tagRoot, state.tagLeaf, state.tagFocus], ['tenant,thread', 'state', 'tenant=a']);
});
