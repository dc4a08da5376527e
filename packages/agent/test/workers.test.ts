// Worker threads of a real process: the list, their CPU profiles, and what cannot be had of them.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { afterEach, describe, test } from 'node:test';
import { threadId as ownThread, Worker } from 'node:worker_threads';
import { type Profile, readProfile, readWorkers, WireError } from '@stackpile/profile';
import type { MainThread } from '../src/inspect/main-thread.ts';
import { WorkerThreads } from '../src/inspect/worker-threads.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const started: Worker[] = [];

afterEach(async () => {
  for (const worker of started.splice(0)) await worker.terminate();
});

async function run(code: string, name = ''): Promise<Worker> {
  const worker = new Worker(code, { eval: true, ...(name === '' ? {} : { name }) });
  started.push(worker);
  await once(worker, 'online');
  return worker;
}

// Made anew each time: what was optimized before the profiler began may carry its caller's name.
const burns =
  "setInterval(() => eval('(function burnsMuch() { const end = Date.now() + 20; while (Date.now() < end); })')(), 25);";

function names({ functions, strings }: Profile): string[] {
  return Array.from({ length: functions.length }, (_, i) => strings.get(functions.name[i] as number));
}

describe('worker threads', () => {
  test('are listed with name, heap and utilization, those that are stuck too, and none of the agent', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: false });
    const empty = await ask(port, '/debug/pprof/workers');
    assert.deepEqual(readWorkers(JSON.parse(empty.body.toString())).workers, []);
    const burner = await run(burns, 'burner');
    const stuck = await run('for (;;);');
    const { status, headers, body } = await ask(port, '/debug/pprof/workers');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/json; charset=utf-8');
    const { workers } = readWorkers(JSON.parse(body.toString()));
    assert.deepEqual(
      workers.map(({ threadId, name }) => [threadId, name]),
      [
        [burner.threadId, 'burner'],
        [stuck.threadId, ''],
      ],
    );
    for (const { heapUsed, utilization } of workers) {
      assert.ok((heapUsed ?? 0) > 100_000);
      assert.ok((utilization ?? 0) > 0 && (utilization ?? 0) <= 1);
    }
  });

  test('are profiled by their number, several at a time', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: false });
    const burner = await run(burns);
    const other = await run(burns.replaceAll('burnsMuch', 'burnsElsewhere'));
    const profiles = await Promise.all(
      [burner, other].map(async ({ threadId }) => {
        const { status, body } = await ask(port, `/debug/pprof/profile?seconds=1&worker=${threadId}`);
        assert.equal(status, 200, body.toString());
        return names(await readProfile(body));
      }),
    );
    assert.ok(profiles[0]?.includes('burnsMuch'), profiles[0]?.join());
    assert.equal(profiles[0]?.includes('burnsElsewhere'), false);
    assert.ok(profiles[1]?.includes('burnsElsewhere'));
    // A second look at the same one is a new one.
    const again = await ask(port, `/debug/pprof/profile?seconds=1&worker=${burner.threadId}`);
    assert.ok(names(await readProfile(again.body)).includes('burnsMuch'));
  });

  test('that are not there, or cannot be asked, are told in one sentence', async () => {
    const { port } = await serving({ port: 0 });
    const none = await ask(port, '/debug/pprof/profile?seconds=1&worker=77');
    assert.equal(none.status, 404);
    assert.equal(none.body.toString(), 'there is no worker thread "77": there are none\n');
    const { threadId } = await run(burns);
    const odd = await ask(port, '/debug/pprof/profile?seconds=1&worker=%0Aall');
    assert.equal(odd.status, 404);
    assert.equal(odd.body.toString(), `there is no worker thread "\\nall": there are ${threadId}\n`);
    for (const name of ['heap', 'goroutine', 'block', 'trace', 'counters']) {
      const { status, headers, body } = await ask(port, `/debug/pprof/${name}?worker=${threadId}`);
      assert.equal(status, 400);
      assert.equal(headers['x-go-pprof'], '1');
      assert.equal(body.toString(), `${name} cannot be had of a worker thread: profile can\n`);
    }
  });

  test('that end while they are profiled say so', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: false });
    const worker = await run(burns);
    const asked = ask(port, `/debug/pprof/profile?seconds=5&worker=${worker.threadId}`);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await worker.terminate();
    // The window is due later, but nobody can fill it.
    const { status, body } = await asked;
    assert.equal(status, 500);
    assert.match(body.toString(), /worker thread has ended/);
  });

  test('are read only as what they must be', () => {
    assert.equal(ownThread, 0);
    const good = { threadId: 1, name: '', file: '', heapUsed: null, utilization: 0.5 };
    assert.throws(() => readWorkers({ schema: 'stackpile.workers/2', workers: [] }), WireError);
    assert.throws(
      () => readWorkers({ schema: 'stackpile.workers/1', workers: [{ ...good, heapUsed: -1 }] }),
      /workers\.workers\[0\]\.heapUsed: must be a number that is not negative, or null/,
    );
  });
});

test('an attempt to reach them that failed is no reason for the next one to fail', async () => {
  const answers = [Promise.reject(new Error('the main thread is stuck')), Promise.resolve({})];
  const session = { post: () => answers.shift() ?? Promise.resolve({}), on: () => () => undefined };
  const main = {
    apart: () => main,
    withSession: <T>(use: (one: typeof session) => Promise<T>): Promise<T> => use(session),
  };
  const threads = new WorkerThreads(main as unknown as MainThread, 0);
  const count = (): Promise<number> => threads.withWorkers(async ({ length }) => length);
  await assert.rejects(count(), /is stuck/u);
  assert.equal(await count(), 0);
});
