// `goroutineleak`: which stacks keep growing, and which only come and go.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { decodeProfile, type Profile, readProfile } from '@stackpile/profile';
import fc from 'fast-check';
import { GroupHistory } from '../src/captures/group-history.ts';
import { framesOf } from '../src/text/read.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

function growth(series: readonly number[], spacing = 6000): number | undefined {
  const history = new GroupHistory();
  series.forEach((count, i) => history.add(i * spacing, new Map([['a', count]])));
  return history.growing().get('a');
}

describe('a group', () => {
  const grows: readonly (readonly number[])[] = [
    [1, 2, 3],
    [0, 0, 1, 2, 3, 4, 5, 6, 7],
    [10, 12, 11, 14, 16, 15, 19, 22],
    Array.from({ length: 200 }, (_, i) => i),
  ];
  for (const series of grows)
    test(`grows: ${series.slice(0, 9).join()}`, () =>
      assert.equal(growth(series), (series.at(-1) ?? 0) - (series[0] ?? 0)));

  const stays: readonly (readonly number[])[] = [
    [],
    [5],
    [1, 9],
    [5, 5, 5, 5],
    [0, 0, 0, 50, 50, 50], // a pool was filled, once
    [9, 3, 8, 2, 9, 3, 9],
    [10, 20, 5, 21, 6, 22],
    [9, 8, 7, 6],
  ];
  for (const series of stays)
    test(`does not: ${series.join()}`, () => assert.equal(growth(series), undefined));

  test('readings that follow too closely are one', () => assert.equal(growth([1, 2, 3, 4], 1000), undefined));

  test('whatever comes, the history stays within its bounds, and noise around a level is no growth', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 95, max: 105 }), { minLength: 12, maxLength: 300 }), (noise) => {
        const history = new GroupHistory();
        noise.forEach((count, i) =>
          history.add(
            i * 6000,
            new Map([['a', count], ...Array.from({ length: 30 }, (_, j) => [`${i}:${j}`, 1] as const)]),
          ),
        );
        assert.ok(history.length <= 60);
        const first = noise.slice(0, Math.ceil(noise.length / 3));
        const last = noise.slice(-Math.ceil(noise.length / 3));
        // Beyond that, those that are forgotten are not the same ones.
        if (noise.length <= 60 && Math.min(...last) <= Math.max(...first))
          assert.equal(history.growing().has('a'), false);
      }),
    );
  });
});

async function read(port: number): Promise<Profile> {
  const { status, body } = await ask(port, '/debug/pprof/goroutineleak');
  assert.equal(status, 200, body.toString());
  return decodeProfile(gunzipSync(body));
}

function namesOf(profile: Profile): string[] {
  return Array.from({ length: profile.samples.length }, (_, row) => framesOf(profile, row)[0]?.name ?? '');
}

describe('goroutineleak', () => {
  test('names what piles up between readings, in all three forms, and nothing that only stays', async () => {
    const { port } = await serving({ port: 0 });
    const ends: (() => void)[] = [];
    const forever = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
    async function pilesUpForLeak(): Promise<void> {
      await forever();
    }
    async function staysForLeak(): Promise<void> {
      await forever();
    }
    for (let i = 0; i < 50; i++) void staysForLeak();
    void pilesUpForLeak();
    const first = await read(port);
    assert.equal(first.samples.length, 0);
    assert.match(first.comments.join(), /^too early to tell: tasks were counted 1 times/u);
    for (let i = 0; i < 3; i++) {
      await sleep(5100);
      for (let j = 0; j < 4; j++) void pilesUpForLeak();
      await read(port);
    }
    const leaked = await read(port);
    assert.deepEqual(namesOf(leaked), ['pilesUpForLeak']);
    assert.equal(Number(leaked.samples.values[0]?.[0]), 12);
    assert.deepEqual(
      leaked.sampleTypes.map(({ type, unit }) => `${type}/${unit}`),
      ['goroutineleak/count'],
    );
    const text = (await ask(port, '/debug/pprof/goroutineleak?debug=1')).body.toString();
    assert.match(text, /^goroutineleak profile: total 12\n12 @ 0x[\da-f ]+/u);
    assert.doesNotMatch(text, /staysForLeak/u);
    const { body } = await ask(port, '/debug/pprof/goroutineleak?debug=2');
    const groups = body.toString().split('\n\n');
    const marked = groups.filter((group) => group.includes('(leaked)]:'));
    assert.equal(marked.length, 13);
    assert.ok(marked.every((group) => group.includes('pilesUpForLeak(...)')));
    assert.equal(groups.filter((group) => group.includes('staysForLeak(...)')).length, 50);
    // What reads Go's dumps reads this one.
    assert.ok((await readProfile(body)).samples.length > 0);
    const page = (await ask(port, '/debug/pprof/')).body.toString();
    assert.match(page, /<td>12<\/td><td><a href='goroutineleak\?debug=1'>/u);
    for (const end of ends) end();
  });

  test('says why where tasks are not tracked', async () => {
    const { port } = await serving({ port: 0, tasks: false });
    const { status, body } = await ask(port, '/debug/pprof/goroutineleak');
    assert.deepEqual([status, body.toString()], [500, 'tasks are not tracked: the option tasks is false\n']);
  });
});
