// Worker threads of a watched process are visited at each of its stops, and a leak says in which of them it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessVerdict } from '@stackpile/leaks';
import { type Profile, ProfileBuilder, readCounters } from '@stackpile/profile';
import { type Capture, type Service, SourceError } from '@stackpile/sources';
import { watchProcess } from '../../src/leaks/watch-process.ts';
import type { WatchIo } from '../../src/leaks/watch-io.ts';

const began = 1_700_000_000_000;

/** So many tasks of one function, each with its id, and nothing else. */
function tasksOf(name: string, count: number): Profile {
  const builder = new ProfileBuilder({
    sampleTypes: ['goroutine', 'handles', 'closures'].map((type) => ({ type, unit: 'count' })),
  });
  const location = builder.location({
    lines: [{ function: builder.function(name, '/app/jobs.mjs', 4), line: 4 }],
  });
  for (let id = 0; id < count; id++)
    builder.sample([location], [1, 0, 0], [{ key: 'goroutine', number: 2 * id + 1 }]);
  return builder.build();
}

/** A process with a worker that has two tasks more with each second; it ends where `lives` is over, in milliseconds. */
function processWithWorker(now: () => number, lives: number, stopped: () => void): Service {
  const isThere = (): boolean => now() - began < lives;
  const counters = readCounters(
    {
      schema: 'stackpile.counters/1',
      runtime: 'node',
      time: began,
      pid: 7,
      workers: 1,
      tasks: 3,
      handles: 2,
    },
    'counters',
  );
  return {
    name: 'pid:7',
    kind: 'process',
    heavy: true,
    restarts: 0,
    get workers() {
      return isThere() ? [{ id: '1', name: 'worker 1 (jobs.mjs)' }] : [];
    },
    offers: () => Promise.resolve({ schema: 'stackpile.offers/1', offers: [] }),
    counters: () => Promise.resolve({ ...counters, time: now() }),
    capture(name, query = {}): Promise<Capture> {
      const isWorkers = query['worker'] !== undefined;
      if (isWorkers && !isThere())
        return Promise.reject(new SourceError('SOURCE_UNREACHABLE', 'pid:7: the worker has ended'));
      if (isWorkers) stopped();
      const count = isWorkers ? 5 + (2 * (now() - began)) / 1000 : 3;
      const profile = tasksOf(isWorkers ? 'leakInWorker' : 'serve', Math.floor(count));
      return Promise.resolve({
        name,
        source: 'pid:7',
        time: now(),
        type: 'application/octet-stream',
        body: new Uint8Array(),
        profile: () => Promise.resolve(profile),
      });
    },
    close: () => Promise.resolve(),
  };
}

/** The same process by the address of its agent, which lists its workers where it `tells` of them. */
function agentWithWorker(now: () => number, asked: string[], tells: boolean): Service {
  const inner = processWithWorker(now, Infinity, () => undefined);
  const body = {
    schema: 'stackpile.workers/1',
    workers: [{ threadId: 3, name: '', file: 'file:///app/jobs.mjs', heapUsed: 1, utilization: 0 }],
  };
  return {
    name: 'http://127.0.0.1:6060',
    kind: 'agent',
    heavy: false,
    restarts: 0,
    offers: () => inner.offers(),
    counters: () => inner.counters(),
    async capture(name, query = {}) {
      asked.push(query['worker'] === undefined ? name : `${name} of ${query['worker']}`);
      if (name === 'workers' && !tells)
        throw new SourceError('SOURCE_HTTP_STATUS', 'there is no such profile', { status: 404 });
      const captured = await inner.capture(name, query);
      return name === 'workers' ? { ...captured, body: Buffer.from(JSON.stringify(body)) } : captured;
    },
    close: () => inner.close(),
  };
}

/** @param stop milliseconds that the worker takes for each of its snapshots */
function verdictOf(lives: number, stop = 0): Promise<ProcessVerdict & { readonly took: number }> {
  return watched((now, pass) => processWithWorker(now, lives, () => pass(stop)));
}

/** Watches a process for a minute by a clock that moves while nobody looks, and where it is made to pass. */
async function watched(
  made: (now: () => number, pass: (ms: number) => void) => Service,
): Promise<ProcessVerdict & { readonly took: number }> {
  let time = began;
  const writer = { write: () => undefined };
  const io: WatchIo = {
    stdin: (async function* () {})(),
    stdout: writer,
    stderr: writer,
    env: {},
    cwd: '/',
    isTTY: { stdin: false, stdout: false, stderr: false },
    now: () => time,
    sleep: (ms) => {
      time += ms;
      return Promise.resolve();
    },
    signal: new AbortController().signal,
    run: () => Promise.resolve({ kind: 'missing', message: '' }),
  };
  const service = made(
    () => time,
    (ms) => {
      time += ms;
    },
  );
  const verdict = await watchProcess(
    {
      service,
      name: 'pid:7',
      form: '',
      every: 5000,
      for: 60_000,
      tasks: { ask: { name: 'goroutine' }, handles: null },
      offers: await service.offers(),
      leaks: {},
      mayStop: true,
    },
    io,
  );
  return { ...verdict, took: time - began };
}

test('a leak in a worker is convicted, and its worker named', async () => {
  const verdict = await verdictOf(Infinity);
  assert.equal(verdict.kind, 'leak');
  assert.match(
    verdict.sentence,
    /^In worker 1 \(jobs\.mjs\): Tasks that wait in leakInWorker \(jobs\.mjs:4\) pile up: /u,
  );
  assert.deepEqual(
    verdict.unseen.filter(({ id }) => id === 'workers'),
    [],
  );
});

test('a leak in a worker is convicted by its agent as well, which stops it now and then', async () => {
  const asked: string[] = [];
  const verdict = await watched((now) => agentWithWorker(now, asked, true));
  assert.equal(verdict.kind, 'leak');
  assert.match(verdict.sentence, /^In worker 3 \(jobs\.mjs\): Tasks that wait in leakInWorker/u);
  assert.equal(asked.filter((one) => one === 'heapclasses of 3').length, 7);
});

test('an agent that does not tell of its workers is watched all the same, and they were not visited', async () => {
  const verdict = await watched((now) => agentWithWorker(now, [], false));
  assert.equal(verdict.kind, 'unsure');
  assert.match(verdict.unseen.find(({ id }) => id === 'workers')?.text ?? '', /^1 worker was not visited/u);
});

test('a worker that ends while the process is watched ends no watch', async () => {
  const verdict = await verdictOf(30_000);
  assert.equal(verdict.looks, 13);
  assert.equal(verdict.kind, 'leak');
});

for (const stop of [20_000, 90_000])
  test(`a worker that stops the watch for ${stop / 1000} s of 60 is not stopped again, and the verdict says so`, async () => {
    const verdict = await verdictOf(Infinity, stop);
    // Once before the watch begins, and no more.
    assert.equal(verdict.took, stop + 60_000);
    assert.equal(verdict.kind, 'unsure');
    assert.match(verdict.unseen.find(({ id }) => id === 'workers')?.text ?? '', /^1 worker was not visited/u);
  });

test('a worker that stops for a little while is visited throughout', async () => {
  assert.equal((await verdictOf(Infinity, 2000)).kind, 'leak');
});
