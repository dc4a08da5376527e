// The parts of a guard by themselves: what the system says of a process, lines, what is kept.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import process from 'node:process';
import { test } from 'node:test';
import { ProfileBuilder, readProfile } from '@stackpile/profile';
import type { Capture } from '@stackpile/sources';
import { unlessCi } from '../../../../testing/ci.ts';
import { listen, shut } from '../../../../testing/listening.ts';
import { Kept } from '../../src/guard/kept.ts';
import { goLimitOf, listenerOn, outsideOf } from '../../src/guard/outside.ts';
import { progressOf, type Vitals, vitalsOfGoHeap, vitalsOfOutside } from '../../src/guard/vitals.ts';

const skip = unlessCi(process.platform !== 'linux' && 'only Linux tells of a process from outside');

test('GOMEMLIMIT is read as Go reads it, and nothing else of an environment', () => {
  assert.equal(goLimitOf('A=1\0GOMEMLIMIT=64MiB\0B=2\0'), 64 * 2 ** 20);
  assert.equal(goLimitOf('GOMEMLIMIT=1000'), 1000);
  for (const none of [
    null,
    '',
    'GOMEMLIMIT=off',
    'XGOMEMLIMIT=5',
    'GOMEMLIMIT=5MB',
    `GOMEMLIMIT=${'9'.repeat(99)}`,
  ])
    assert.equal(goLimitOf(none), null, String(none));
});

test('a process of this machine is seen from outside, one that is not there is null', { skip }, () => {
  const seen = outsideOf(process.pid);
  assert.ok(seen !== null && seen.rss > 2 ** 20 && (seen.descriptors ?? 0) > 2 && (seen.threads ?? 0) > 1);
  assert.equal(outsideOf(2 ** 30), null);
});

test('the listener on a port is known by its command line; another program that listens there is not', {
  skip,
}, async () => {
  const server = createServer();
  const port = Number((await listen(server)).split(':')[1]);
  const own = readFileSync('/proc/self/cmdline', 'utf8').replace(/\0$/u, '');
  assert.equal(listenerOn(port, own), process.pid);
  assert.equal(listenerOn(port, 'docker-proxy\0-proto\0tcp'), null);
  await shut(server);
  assert.equal(listenerOn(port, own), null);
});

test("all memory of Go's runtime counts, stacks too, and a text that says nothing is no number", () => {
  const text = (lines: string): Uint8Array =>
    Buffer.from(`heap profile: 1: 2\n\n# runtime.MemStats\n${lines}`);
  const { memory, heap } = vitalsOfGoHeap(
    text('# HeapAlloc = 50\n# Sys = 1000\n# HeapReleased = 100\n'),
    null,
    2000,
  );
  assert.deepEqual([memory, heap], [900, 50]);
  assert.equal(vitalsOfGoHeap(text('# Sys = 1e9\n'), null, 1).memory, null);
  assert.equal(vitalsOfGoHeap(Buffer.from('# Sys = 5\n# HeapReleased = 1\n'), null, 1).memory, null);
});

test('lines are parts of limits; a stated limit is of resident memory, whatever else the group holds', () => {
  const outside = {
    pid: 7,
    rss: 80,
    group: { used: 95, limit: 100 },
    addresses: 10,
    addressLimit: null,
    descriptors: 90,
    descriptorLimit: 100,
    threads: 3,
    goLimit: null,
  };
  const lines = { at: 0.9, limit: null, tasks: null };
  const all = (limit: number | null): (readonly [string, number, number])[] =>
    progressOf(vitalsOfOutside(outside, null, limit), lines).map(({ what, value, line }) => [
      what,
      value,
      line,
    ]);
  assert.deepEqual(all(null), [
    ['rss', 95, 90],
    ['descriptors', 90, 90],
  ]);
  assert.deepEqual(all(1000), [
    ['descriptors', 90, 90],
    ['rss', 80, 900],
  ]);
  const many: Vitals = {
    ...vitalsOfOutside(outside, null, null),
    descriptors: null,
    memory: null,
    tasks: 12,
  };
  assert.deepEqual(progressOf(many, { ...lines, tasks: 10 }), [
    { what: 'tasks', value: 12, line: 10, limit: null },
  ]);
});

test('of many profiles the first and the newest are kept, with the times at which they were taken', async () => {
  const kept = new Kept();
  for (let time = 1; time <= 100; time++) {
    const builder = new ProfileBuilder({ sampleTypes: [{ type: 'goroutine', unit: 'count' }] });
    builder.sample(
      [builder.location({ lines: [{ function: builder.function('f', 'f.go'), line: 1 }] })],
      [time],
    );
    const profile = builder.build();
    const capture = {
      name: 'goroutine',
      source: '',
      time,
      type: '',
      body: new Uint8Array(),
      profile: () => Promise.resolve(profile),
    } satisfies Capture;
    await kept.add([capture, { ...capture, name: 'unknown' }], time * 1000);
  }
  const files = kept.files();
  const names = Object.keys(files);
  assert.ok(names.length >= 3 && names.length <= 9, names.join());
  const times = await Promise.all(
    Object.values(files).map(async (body) => Number((await readProfile(body)).timeNanos / 1_000_000n)),
  );
  assert.equal(times[0], 1000);
  assert.equal(times.at(-1), 100_000);
  assert.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );
});
