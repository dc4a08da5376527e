// Splitting by labels: their values as outermost frames, and as shares whose filters keep exactly what they count.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { ProfileEngine } from '../src/engine/engine.ts';
import { noFilters } from '../src/stack-filters.ts';
import { parseFragment } from '../src/state.ts';

const none = (): void => undefined;

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
  const flame = { mode: 'down' as const, pivot: '', zoom: [], minShare: 0, search: '', onlyChanged: false };
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

test("the address says by which labels it is split, in pprof's words", () => {
  const state = parseFragment('#/flame?tagroot=tenant,thread&tagleaf=state&tf=tenant%3Da');
  assert.deepEqual([state.tagRoot, state.tagLeaf, state.tagFocus], ['tenant,thread', 'state', 'tenant=a']);
});
