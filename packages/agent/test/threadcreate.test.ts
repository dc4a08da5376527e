// `threadcreate`: workers and child processes by the stack that made them, and the threads that no JavaScript made.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { gunzipSync } from 'node:zlib';
import { decodeProfile, type Profile } from '@stackpile/profile';
import { framesOf } from '../src/text/read.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const IDLE = 'setInterval(() => {}, 1000)';
const linux = process.platform === 'linux';

async function read(port: number, query = ''): Promise<Profile> {
  const { status, body } = await ask(port, `/debug/pprof/threadcreate${query}`);
  assert.equal(status, 200, body.toString());
  return decodeProfile(gunzipSync(body));
}

/** How many by the innermost frame that is named so, or whose caller is. */
function countOf(profile: Profile, name: string): number {
  let sum = 0;
  for (let row = 0; row < profile.samples.length; row++)
    if (framesOf(profile, row).some((frame) => frame.name === name))
      sum += Number(profile.samples.values[0]?.[row] ?? 0);
  return sum;
}

function total(profile: Profile): number {
  return Array.from({ length: profile.samples.length }, (_, row) =>
    Number(profile.samples.values[0]?.[row] ?? 0),
  ).reduce((sum, count) => sum + count, 0);
}

function startsWorkers(count: number): Worker[] {
  return Array.from({ length: count }, () => new Worker(IDLE, { eval: true }));
}

function startsChild(): ChildProcess {
  return spawn(process.execPath, ['-e', IDLE]);
}

describe('threadcreate', () => {
  test('tells workers and children by who made them while they live, in the profile and in the text', async () => {
    const { port } = await serving({ port: 0 });
    const before = await read(port);
    const workers = startsWorkers(3);
    const child = startsChild();
    try {
      await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('online', resolve))));
      const during = await read(port);
      assert.deepEqual([countOf(during, 'startsWorkers'), countOf(during, 'startsChild')], [3, 1]);
      assert.deepEqual([countOf(during, '(main thread)'), countOf(during, '(agent)')], [1, 1]);
      // Those with a stack are not told a second time without one.
      assert.equal(countOf(during, '(worker)'), countOf(before, '(worker)'));
      assert.equal(countOf(during, '(child process)'), countOf(before, '(child process)'));
      if (linux) assert.ok(total(during) > 6, String(total(during)));
      assert.deepEqual(
        during.sampleTypes.map(({ type, unit }) => `${type}/${unit}`),
        ['threadcreate/count'],
      );
      const text = (await ask(port, '/debug/pprof/threadcreate?debug=1')).body.toString();
      assert.match(text, /^threadcreate profile: total \d+\n/u);
      assert.match(text, /^3 @(?: 0x[\da-f]+)+\n(?:#.*\n)?#\t0x[\da-f]+\tstartsWorkers\+0x/mu);
    } finally {
      child.kill('SIGKILL');
      await Promise.all([
        ...workers.map((worker) => worker.terminate()),
        new Promise((resolve) => child.once('exit', resolve)),
      ]);
    }
    const after = await read(port);
    assert.deepEqual([countOf(after, 'startsWorkers'), countOf(after, 'startsChild')], [0, 0]);
  });

  test('who was made before anybody looked is told by a frame, and a comment says why', async () => {
    const child = startsChild();
    try {
      const { port } = await serving({ port: 0 });
      const profile = await read(port);
      if (linux) assert.equal(countOf(profile, '(child process)'), 1);
      assert.ok(profile.comments.some((comment) => comment.includes('are told by one frame')));
    } finally {
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
    }
  });

  test('where no handles are looked at a comment says that there are no stacks', async () => {
    for (const tasks of [false, { handles: false }]) {
      const { port, close } = await serving({ port: 0, tasks });
      const profile = await read(port);
      assert.ok(profile.comments.some((comment) => comment.startsWith('no stacks: ')));
      assert.equal(countOf(profile, '(main thread)'), 1);
      await close();
    }
  });

  test('its delta is what was started and ended meanwhile', async () => {
    const { port } = await serving({ port: 0 });
    // What answers is loaded when it is first asked.
    await read(port);
    const asked = read(port, '?seconds=2');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const workers = startsWorkers(2);
    const delta = await asked;
    await Promise.all(workers.map((worker) => worker.terminate()));
    assert.equal(countOf(delta, 'startsWorkers'), 2);
  });

  test('the index counts what the profile tells', async () => {
    const { port } = await serving({ port: 0 });
    const page = (await ask(port, '/debug/pprof/')).body.toString();
    const [, count] = /<td>(\d+)<\/td><td><a href='threadcreate\?debug=1'>/u.exec(page) ?? [];
    assert.ok(Math.abs(Number(count) - total(await read(port))) <= 1, count);
  });
});
