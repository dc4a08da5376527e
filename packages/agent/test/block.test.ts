// `block` of a real process: what blocked the event loop is named, native code too; and what is recorded when.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Profile, readProfile } from '@stackpile/profile';
import { BlockStacks } from '../src/captures/block-stacks.ts';
import type { CpuNode } from '../src/inspect/cpu-profile.ts';
import { framesOf } from '../src/text/read.ts';
import { backtracks, blockWith, hashesLong, parsesMuch, spins } from './blocking.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

/** Stacks with what they have done: `name file:line` leaf first. */
function told(profile: Profile): { stack: string; contentions: number; nanos: number }[] {
  return Array.from({ length: profile.samples.length }, (_, row) => ({
    stack: framesOf(profile, row)
      .map(({ name, file, line }) => `${name} ${file}:${line}`)
      .join(' < '),
    contentions: Number(profile.samples.values[0]?.[row]),
    nanos: Number(profile.samples.values[1]?.[row]),
  }));
}

async function blockOf(port: number, query = ''): Promise<Profile> {
  const { status, body } = await ask(port, `/debug/pprof/block${query}`);
  assert.equal(status, 200, body.toString());
  return readProfile(body);
}

function types(profile: Profile): string[] {
  return profile.sampleTypes.map(({ type, unit }) => `${type}/${unit}`);
}

const source = readFileSync(new URL('./blocking.ts', import.meta.url), 'utf8').split('\n');
const lineOf = (text: string): number => source.findIndex((line) => line.includes(text)) + 1;

describe('block', () => {
  test('names what blocks the loop with file and line, native code too', async () => {
    const { port } = await serving({ port: 0, block: true, tasks: false, heap: false });
    const file = 'packages/agent/test/blocking.ts';
    const ofFunction = (of: Profile, name: string) =>
      told(of).filter(({ stack }) => stack.includes(`${name} ${file}:`));
    const nanosOf = (of: Profile, name: string): number =>
      ofFunction(of, name).reduce((sum, { nanos }) => sum + nanos, 0);
    // A busy machine begins to record when it can, and gives a reading when there is leave for one: what is missing blocks again.
    let profile = await blockOf(port);
    const missing = () =>
      [parsesMuch, hashesLong, backtracks, spins].filter(({ name }) => nanosOf(profile, name) < 50e6);
    for (let asked = 0; missing().length > 0; asked++) {
      const names = told(profile).map(({ stack }) => stack);
      assert.ok(
        asked < 50,
        `${missing()
          .map(({ name }) => name)
          .join()} in\n${names.join('\n')}`,
      );
      for (const block of missing()) await blockWith(block);
      profile = await blockOf(port);
    }
    assert.deepEqual(types(profile), ['contentions/count', 'delay/nanoseconds']);
    const stacks = told(profile);
    for (const { name } of [parsesMuch, hashesLong, backtracks, spins])
      assert.ok(ofFunction(profile, name).every(({ contentions }) => contentions >= 1));
    // Native code is told on the line that calls it.
    assert.ok(
      stacks.some(({ stack }) => stack.startsWith(`parsesMuch ${file}:${lineOf('JSON.parse(text)')} <`)),
    );
    assert.ok(stacks.some(({ stack }) => stack.startsWith(`backtracks ${file}:${lineOf('.test(')} <`)));

    // It adds up: nothing is lost, or told twice, by being read.
    const sum = (of: Profile): number => told(of).reduce((all, { nanos }) => all + nanos, 0);
    const again = await blockOf(port);
    assert.ok(sum(again) >= sum(profile));
    await blockWith(spins);
    // Who asks often is not given a new reading each time.
    let more = 0;
    for (let asked = 0; more < 200e6; asked++) {
      assert.ok(asked < 100, `${more}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      more = sum(await blockOf(port)) - sum(again);
    }

    const { headers, body } = await ask(port, '/debug/pprof/block?debug=1');
    assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
    assert.match(
      body.toString(),
      /^--- contention:\ncycles\/second=1000000000\n(?:# .*\n)+(?:\d+ \d+ @(?: 0x[\da-f]+)+\n(?:#\t0x[\da-f]+\t.*\n)+\n)+$/,
    );
    const cycles = Array.from(body.toString().matchAll(/^(\d+) \d+ @/gm), ([, one]) => Number(one));
    assert.deepEqual(
      cycles,
      [...cycles].sort((a, b) => b - a),
    );
  });

  test('is recorded while a difference is asked for, and says so where it is not recorded', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: false });
    await blockWith(spins);
    const off = await blockOf(port);
    assert.equal(off.samples.length, 0);
    assert.ok(
      off.comments.some((comment) => comment.startsWith('not recorded: give the agent the option block')),
    );
    let isOver = false;
    const asked = blockOf(port, '?seconds=2').finally(() => (isOver = true));
    // Whenever its time begins: on a busy machine late.
    while (!isOver) await blockWith(spins);
    const profile = await asked;
    assert.deepEqual(types(profile), ['contentions/count', 'delay/nanoseconds']);
    // A loop that was optimized before is told as its caller's.
    const spun = told(profile).filter(({ stack }) => stack.includes('packages/agent/test/blocking.ts'));
    assert.ok(
      spun.reduce((sum, { nanos }) => sum + nanos, 0) >= 50e6,
      JSON.stringify([profile.comments, told(profile)]),
    );
    const after = await blockOf(port);
    assert.ok(after.comments.some((comment) => comment.startsWith('not recorded')));
    const bad = await ask(port, '/debug/pprof/block?seconds=1.5');
    assert.equal(bad.status, 400);
    assert.equal(bad.body.toString(), 'invalid value for "seconds" - must be a positive integer\n');
  });

  test('a process that did not run is blocked by nothing of its own', () => {
    const stacks = new BlockStacks();
    const callFrame = {
      functionName: 'spin',
      scriptId: '1',
      url: 'file:///app/a.js',
      lineNumber: 1,
      columnNumber: 0,
    };
    const root = { ...callFrame, functionName: '(root)', url: '' };
    const recorded = {
      nodes: [
        { id: 1, callFrame: root, children: [2] },
        { id: 2, callFrame },
      ],
      startTime: 0,
      endTime: 20_000_000,
      samples: [2, 2, 2],
      timeDeltas: [25_000, 25_000, 25_000],
    };
    stacks.add(recorded, 25_000, [{ from: 0, to: 10_000_000, counted: false }]);
    assert.equal(stacks.size, 2);
    const names = new Set(stacks.frames().map(({ name }) => name));
    assert.deepEqual(names, new Set(['spin', '(not running)']));
  });

  test('stacks that are kept have their frames in common, and of a program that makes functions all the time there is an end of them', () => {
    const stacks = new BlockStacks(10);
    const callFrame = (name: string): CpuNode['callFrame'] => ({
      functionName: name,
      scriptId: '1',
      url: 'file:///app/a.js',
      lineNumber: 1,
      columnNumber: 0,
    });
    const blockedBy = (inner: string): void =>
      stacks.add(
        {
          nodes: [
            { id: 1, callFrame: { ...callFrame('(root)'), url: '' }, children: [2] },
            { id: 2, callFrame: callFrame('handle'), children: [3] },
            { id: 3, callFrame: callFrame(inner) },
          ],
          startTime: 0,
          endTime: 100_000,
          samples: [3, 3, 3, 3],
          timeDeltas: [25_000, 25_000, 25_000, 25_000],
        },
        25_000,
        [{ from: 0, to: 100_000, counted: false }],
      );
    for (let i = 0; i < 500; i++) blockedBy(`made${i % 250}`);
    // Ten stacks of two, the outer of which is the same, and the one of all others.
    assert.deepEqual(stacks.kept, { stacks: 11, frames: 12 });
    assert.equal(new Set(stacks.frames()).size, 12);
  });
});
