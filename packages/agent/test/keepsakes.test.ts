// A sidecar that is killed leaves its sums to the next one: no profile that counts from the beginning falls as long as the process lives.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { createHandler } from '@stackpile/agent';
import { type Profile, readProfile } from '@stackpile/profile';
import { SharedKeepsakes } from '../src/sidecar/keepsakes.ts';
import { framesOf } from '../src/text/read.ts';
import { blockWith, spins } from './blocking.ts';
import { ask } from './http-client.ts';
import { serving, withWorkers } from './serving.ts';

/** Values of a profile's column by stack. */
function byStack(profile: Profile, column: number): Map<string, number> {
  const sums = new Map<string, number>();
  for (let row = 0; row < profile.samples.length; row++) {
    const stack = framesOf(profile, row)
      .map(({ name, file, line }) => `${name} ${file}:${line}`)
      .join(' < ');
    sums.set(stack, (sums.get(stack) ?? 0) + Number(profile.samples.values[column]?.[row]));
  }
  return sums;
}

/** Asks until somebody answers: the next sidecar has to start. */
async function read(port: number, path: string): Promise<Profile> {
  for (let look = 0; look < 300; look++) {
    const answer = await ask(port, `/debug/pprof/${path}`).catch(() => null);
    if (answer?.status === 200) return readProfile(answer.body);
    await sleep(100);
  }
  throw new Error('nobody answers');
}

function assertNoneLess(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): void {
  for (const [stack, value] of before)
    assert.ok((after.get(stack) ?? 0) >= value, `${after.get(stack) ?? 0} after ${value}: ${stack}`);
}

let kept: unknown[] = [];

/** About a hundred samples; most of them are garbage at once. */
function allocates(): void {
  for (let i = 0; i < 800; i++) kept.push(new Array(8192).fill(i));
}

/** Kills the sidecar again and again; what was allocated, and freed since, stays. */
async function expectAllocsKept(port: number, workers: readonly Worker[]): Promise<void> {
  let before = new Map<string, number>();
  for (let killed = 0; killed < 3; killed++) {
    allocates();
    await read(port, 'heap?gc=1');
    const after = byStack(await read(port, 'allocs'), 1);
    assertNoneLess(after, before);
    before = after;
    kept = [];
    await workers.at(-1)?.terminate();
  }
  const own = [...before].filter(([stack]) => stack.includes('allocates '));
  assert.ok(own.reduce((sum, [, bytes]) => sum + bytes, 0) > 3 * 800 * 8192 * 4, JSON.stringify(own));
  await read(port, 'heap?gc=1');
  const last = await read(port, 'allocs');
  assertNoneLess(byStack(last, 1), before);
  assert.equal(workers.length, 4);
}

describe('what was counted before the sidecar was killed is counted after', () => {
  test('allocs of a server', () =>
    withWorkers(async (workers) => {
      const { port } = await serving({ port: 0, tasks: false });
      await expectAllocsKept(port, workers);
    }));

  test('allocs of a mounted handler', () =>
    withWorkers(async (workers) => {
      const handler = createHandler({ auth: 'none', tasks: false });
      const server = createServer(handler).listen(0, '127.0.0.1');
      await once(server, 'listening');
      try {
        await expectAllocsKept((server.address() as AddressInfo).port, workers);
      } finally {
        server.closeAllConnections();
        server.close();
        await handler.close();
      }
    }));

  test('block', () =>
    withWorkers(async (workers) => {
      const { port } = await serving({ port: 0, block: true, tasks: false, heap: false });
      const spun = (profile: Profile): number =>
        [...byStack(profile, 1)].reduce(
          (sum, [stack, nanos]) => sum + (stack.includes('spins ') ? nanos : 0),
          0,
        );
      let before = await read(port, 'block');
      while (spun(before) === 0) {
        await blockWith(spins);
        before = await read(port, 'block');
      }
      await workers[0]?.terminate();
      const after = await read(port, 'block');
      assert.equal(workers.length, 2);
      assertNoneLess(byStack(after, 1), byStack(before, 1));
    }));
});

test('what holds is whole, however long it gets, and what was never written is nothing', () => {
  const held = new Map<string, SharedArrayBuffer>();
  const hold = (name: string, buffer: SharedArrayBuffer): void => void held.set(name, buffer);
  const keepsakes = new SharedKeepsakes(new Map(), hold);
  assert.equal(keepsakes.read('allocs'), null);
  for (const length of [1, 10, 12, 100_000, 3, 99_999]) {
    const text = 'ä'.repeat(length);
    keepsakes.write('allocs', text);
    assert.equal(keepsakes.read('allocs'), text);
    assert.equal(new SharedKeepsakes(held, hold).read('allocs'), text);
  }
  // One is too long to be left: the last that was not stands.
  keepsakes.write('allocs', 'x'.repeat(2 ** 24 + 1));
  assert.equal(keepsakes.read('allocs'), 'ä'.repeat(99_999));
  assert.equal(new SharedKeepsakes(held, hold).read('block'), null);
});
