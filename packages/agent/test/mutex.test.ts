// `mutex`: waits in `Atomics.wait` where they are watched, and Go's empty profile, with the reason, where they are not.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { decodeProfile, type Profile } from '@stackpile/profile';
import { MutexWatch } from '../src/host/mutex-watch.ts';
import { framesOf } from '../src/text/read.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

async function text(port: number, query: string): Promise<string> {
  const { status, body, headers } = await ask(port, `/debug/pprof/mutex${query}`);
  assert.equal(status, 200, body.toString());
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
  return body.toString();
}

async function read(port: number, query = ''): Promise<Profile> {
  const { status, body } = await ask(port, `/debug/pprof/mutex${query}`);
  assert.equal(status, 200, body.toString());
  return decodeProfile(gunzipSync(body));
}

function lock(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(4));
}

function waitsForMutex(cells: Int32Array<SharedArrayBuffer>, ms: number): string {
  return Atomics.wait(cells, 0, 0, ms);
}

describe('mutex', () => {
  test('unwatched it is empty, of Go’s types, says why, and nothing is touched', async () => {
    const wait = Atomics.wait;
    const { port } = await serving({ port: 0 });
    assert.equal(Atomics.wait, wait);
    waitsForMutex(lock(), 1);
    const profile = await read(port);
    assert.equal(profile.samples.length, 0);
    assert.match(profile.comments.join(), /^empty: nobody watches .* option mutex: true/u);
    assert.deepEqual(
      profile.sampleTypes.map(({ type, unit }) => `${type}/${unit}`),
      ['contentions/count', 'delay/nanoseconds'],
    );
    assert.match(
      await text(port, '?debug=1'),
      /^--- mutex:\ncycles\/second=1000000000\nsampling period=0\n# empty: .*\n$/u,
    );
  });

  test('watched it tells who waited, how often and for how long, and what was free counts for nothing', async () => {
    const wait = Atomics.wait;
    const { port, close } = await serving({ port: 0, mutex: true });
    assert.deepEqual([Atomics.wait.name, Atomics.wait.length], [wait.name, wait.length]);
    const cells = lock();
    assert.equal(waitsForMutex(cells, 30), 'timed-out');
    const worker = new Worker(
      `const { workerData } = require('node:worker_threads');
       setTimeout(() => { Atomics.store(workerData, 0, 1); Atomics.notify(workerData, 0); }, 20);`,
      { eval: true, workerData: cells },
    );
    assert.equal(waitsForMutex(cells, 10_000), 'ok');
    assert.equal(waitsForMutex(cells, 1), 'not-equal');
    await worker.terminate();
    const profile = await read(port);
    const rows = Array.from({ length: profile.samples.length }, (_, row) => row).filter((row) =>
      framesOf(profile, row).some(({ name }) => name === 'waitsForMutex'),
    );
    const sum = (column: number): number =>
      rows.reduce((total, row) => total + Number(profile.samples.values[column]?.[row] ?? 0), 0);
    assert.equal(sum(0), 2);
    assert.ok(sum(1) >= 29e6, String(sum(1)));
    assert.equal(framesOf(profile, rows[0] ?? 0)[0]?.name, 'waitsForMutex');
    assert.match(
      await text(port, '?debug=1'),
      /^--- mutex:\ncycles\/second=1000000000\nsampling period=1\n(?:# .*\n)*\d+ \d+ @(?: 0x[\da-f]+)+\n#\t0x[\da-f]+\twaitsForMutex\+0x/u,
    );
    await close();
    assert.equal(Atomics.wait, wait);
  });

  test('its delta is what was waited meanwhile', async () => {
    const { port } = await serving({ port: 0, mutex: true });
    waitsForMutex(lock(), 1);
    // What answers is loaded when it is first asked.
    await read(port);
    const asked = read(port, '?seconds=2');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    for (let i = 0; i < 3; i++) waitsForMutex(lock(), 1);
    const { samples } = await asked;
    assert.deepEqual([samples.length, Number(samples.values[0]?.[0])], [1, 3]);
  });
});

describe('what stands in the place of Atomics.wait', () => {
  test('throws what it throws, and goes when somebody else has wrapped it meanwhile', () => {
    const wait = Atomics.wait;
    const watch = new MutexWatch();
    watch.start();
    assert.throws(() => Atomics.wait(new Int32Array(4) as never, 0, 0), TypeError);
    const ours = Atomics.wait;
    const theirs = ((...args: Parameters<typeof Atomics.wait>) => ours(...args)) as typeof Atomics.wait;
    Atomics.wait = theirs;
    watch.stop();
    assert.equal(Atomics.wait, theirs);
    assert.equal(waitsForMutex(lock(), 1), 'timed-out');
    assert.equal(watch.dump().waits.length, 0);
    Atomics.wait = wait;
  });
});

test('a stack that cannot be read is not counted, and the program hears nothing of it', () => {
  const watch = new MutexWatch();
  const before = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit');
  assert.ok(before);
  watch.start();
  // As programs have it that freeze what is built in.
  Object.defineProperty(Error, 'stackTraceLimit', { ...before, writable: false });
  try {
    assert.equal(Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1), 'timed-out');
  } finally {
    Object.defineProperty(Error, 'stackTraceLimit', before);
    watch.stop();
  }
});
