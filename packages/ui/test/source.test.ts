// The Source view's numbers: per line, whatever functions were seen on it, and per file.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { ProfileEngine } from '../src/engine/engine.ts';
import { initialState } from '../src/state.ts';

/** Stacks from the root, each frame as `name file:line`. */
async function opened(stacks: readonly [frames: readonly string[], value: number][]) {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  for (const [frames, value] of stacks) {
    const rows = frames.map((text) => {
      const [, name = '', file = '', line = ''] = /^(\S+) (\S+):(\d+)$/.exec(text) ?? [];
      return builder.location({ lines: [{ function: builder.function(name, file), line: Number(line) }] });
    });
    builder.sample(rows.reverse(), [value]);
  }
  const engine = new ProfileEngine();
  const from = encodeProfile(builder.build()) as Uint8Array<ArrayBuffer>;
  const { id } = await engine.handlers.open({ name: 'lines.pb', from }, () => undefined);
  return (pivot: string, file = '') =>
    engine.handlers.source({ ...initialState, profile: id, base: null, pivot, file }, () => undefined);
}

test('what several functions were seen on is one line, and no line has more below it than there is', async () => {
  const source = await opened([
    // A compiler that inlined `hash` says that `rule` was on a line of `hash`.
    [['main /srv/a.ts:1', 'rule /srv/a.ts:19'], 400],
    [['main /srv/a.ts:1', 'rule /srv/a.ts:11', 'hash /srv/a.ts:19'], 30],
    // Both on one stack, and a function that calls itself.
    [['main /srv/a.ts:1', 'rule /srv/a.ts:19', 'hash /srv/a.ts:19'], 5],
    [['main /srv/a.ts:1', 'main /srv/a.ts:1', 'other /srv/b.ts:3'], 7],
  ]);
  const { file, files, lines, total } = await source('');
  assert.equal(file, '/srv/a.ts');
  assert.deepEqual(files, [
    { file: '/srv/a.ts', cum: 442 },
    { file: '/srv/b.ts', cum: 7 },
  ]);
  assert.equal(total, 442);
  assert.deepEqual(lines, [
    { line: 1, names: ['main'], flat: 0, cum: 442 },
    { line: 11, names: ['rule'], flat: 0, cum: 30 },
    { line: 19, names: ['rule', 'hash'], flat: 435, cum: 435 },
  ]);
});

test('a pattern chooses the files, by what matches in them; the lines are those of the whole file', async () => {
  const source = await opened([
    [['main /srv/a.ts:1', 'work /srv/b.ts:2'], 3],
    [['main /srv/a.ts:1', 'idle /srv/b.ts:9'], 4],
  ]);
  const { file, files, lines } = await source('^work$');
  assert.deepEqual([file, files], ['/srv/b.ts', [{ file: '/srv/b.ts', cum: 3 }]]);
  assert.deepEqual(
    lines.map(({ line }) => line),
    [2, 9],
  );
  assert.equal((await source('nothing')).file, '');
});
