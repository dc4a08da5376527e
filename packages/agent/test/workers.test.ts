// Worker threads of a real process: the list, their CPU profiles, and what cannot be had of them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { threadId as ownThread, Worker } from 'node:worker_threads';
import { type Profile, readProfile, readWorkers, WireError } from '@stackpile/profile';
import type { InspectedThread, InspectorSession } from '../src/inspect/main-thread.ts';
import { WorkerThreads } from '../src/inspect/worker-threads.ts';
import { framesOf } from '../src/text/read.ts';
import { listen, shut } from '../../../testing/listening.ts';
import { ask } from './http-client.ts';
import { serving, sourceFlags } from './serving.ts';

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
    for (const name of ['goroutineleak', 'threadcreate', 'mutex', 'block', 'trace', 'counters']) {
      const { status, headers, body } = await ask(port, `/debug/pprof/${name}?worker=${threadId}`);
      assert.equal(status, 400);
      assert.equal(headers['x-go-pprof'], '1');
      assert.equal(
        body.toString(),
        `${name} cannot be had of a worker thread: goroutine, heap, allocs, heapclasses, heapsnapshot and profile can\n`,
      );
    }
  });

  test('that end while they are profiled say so', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: false });
    const worker = await run(burns);
    // Whoever asks first waits for more than the recording.
    assert.equal((await ask(port, '/debug/pprof/workers')).status, 200);
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

/** Keeps what it allocates, 64 kB each 20 ms, in a function of this name. */
const hoards = `const kept = []; function hoardsMuch() { kept.push(new Array(8192).fill(kept.length)); }
setInterval(hoardsMuch, 20);`;
/** Forty tasks that wait for ever, in a function of this name. */
const waits = `async function waitsForEver() { await new Promise((resolve) => (globalThis.all ??= []).push(resolve)); }
for (let i = 0; i < 40; i++) waitsForEver(); setInterval(() => {}, 1000);`;

/** Sum of a column over the samples with a function of that name. */
function sumOf(profile: Profile, type: string, name: string): number {
  const column = profile.samples.values[profile.sampleTypes.findIndex((one) => one.type === type)] ?? [];
  let sum = 0;
  for (let row = 0; row < profile.samples.length; row++)
    if (framesOf(profile, row).some((frame) => frame.name === name)) sum += Number(column[row]);
  return sum;
}

describe('of a worker thread', () => {
  test('heap and allocs tell what it allocates from the first look on, of no other thread', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: { interval: 16_384 } });
    const hoarder = await run(hoards);
    const quiet = await run(burns);
    const read = async (path: string, { threadId }: Worker): Promise<Profile> => {
      const { status, body } = await ask(
        port,
        `/debug/pprof/${path}${path.includes('?') ? '&' : '?'}worker=${threadId}`,
      );
      assert.equal(status, 200, body.toString());
      return readProfile(body);
    };
    const first = await read('heap', hoarder);
    assert.match(first.comments.join('\n'), /of a worker thread, sampled for \d+ s, from the first look on/u);
    const live = async (): Promise<number> => sumOf(await read('heap', hoarder), 'inuse_space', 'hoardsMuch');
    const moreThan = async (least: number): Promise<number> => {
      for (let look = 0; look < 300; look++) {
        const bytes = await live();
        if (bytes > least) return bytes;
        // A reading is given again for a while.
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      assert.fail(`not more than ${least} bytes`);
    };
    const before = await moreThan(0);
    await moreThan(before);
    const allocs = await read('allocs', hoarder);
    assert.equal(allocs.defaultSampleType, 'alloc_space');
    assert.ok(sumOf(allocs, 'alloc_space', 'hoardsMuch') >= before);
    assert.equal(sumOf(await read('heap', quiet), 'inuse_space', 'hoardsMuch'), 0);
    const main = await readProfile((await ask(port, '/debug/pprof/heap')).body);
    assert.equal(sumOf(main, 'inuse_space', 'hoardsMuch'), 0);
    const text = await ask(port, `/debug/pprof/heap?debug=1&worker=${hoarder.threadId}`);
    assert.match(text.body.toString(), /^heap profile: /u);
  });

  test('goroutine, heapclasses and heapsnapshot are its own, by a snapshot that stops it alone', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: { snapshots: Infinity } });
    const { threadId } = await run(waits);
    const tasks = await ask(port, `/debug/pprof/goroutine?worker=${threadId}`);
    assert.equal(tasks.status, 200, tasks.body.toString());
    assert.equal(sumOf(await readProfile(tasks.body), 'goroutine', 'waitsForEver'), 40);
    const tracked = await ask(port, `/debug/pprof/goroutine?source=tracked&worker=${threadId}`);
    assert.equal(tracked.status, 400);
    assert.match(tracked.body.toString(), /found by heap snapshot: source=heap/u);
    // Each thread rests for itself.
    const [second, third] = [await run(waits), await run(waits)];
    const classes = await ask(port, `/debug/pprof/heapclasses?worker=${second.threadId}`);
    assert.equal(classes.status, 200, classes.body.toString());
    assert.ok((await readProfile(classes.body)).samples.length > 0);
    const snapshot = await ask(port, `/debug/pprof/heapsnapshot?worker=${third.threadId}`);
    assert.ok(snapshot.body.includes('waitsForEver'));
  });

  test('heap is told by one that spins; one that has no turn for a snapshot, and one that has ended, say so', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: { snapshots: Infinity } });
    const spinner = await run('(function spinsForEver() { for (;;); })();');
    const spinning = await ask(port, `/debug/pprof/heap?worker=${spinner.threadId}`);
    assert.equal(spinning.status, 200, spinning.body.toString());
    const none = await ask(port, `/debug/pprof/goroutine?worker=${spinner.threadId}`);
    assert.equal(none.status, 503);
    assert.match(none.body.toString(), /^the worker thread did not answer within 5 s/u);
    const { threadId } = spinner;
    await spinner.terminate();
    for (const name of ['heap', 'goroutine', 'profile']) {
      const { status, body } = await ask(port, `/debug/pprof/${name}?worker=${threadId}`);
      assert.equal(status, 404);
      assert.equal(body.toString(), `there is no worker thread "${threadId}": there are none\n`);
    }
  });

  test('cannot be told by one that stands in native code: that is said, and holds up nobody else', async () => {
    const { port } = await serving({ port: 0, tasks: false, heap: { snapshots: Infinity } });
    const server = createServer();
    const leave = `require('node:net').connect(${new URL(`http://${await listen(server)}`).port}, '127.0.0.1').resume().on('close', () => process.exit())`;
    const frozen = await run(
      `require('node:child_process').spawnSync(process.execPath, ['-e', ${JSON.stringify(leave)}])`,
    );
    // The child runs: its parent waits for it in native code, until the connection ends.
    const [child] = (await once(server, 'connection')) as [Socket];
    const stuck = ['heap', 'goroutine', 'heapclasses'].map((name) =>
      ask(port, `/debug/pprof/${name}?worker=${frozen.threadId}`),
    );
    const main = await ask(port, '/debug/pprof/heapclasses');
    assert.equal(main.status, 200, main.body.toString());
    for (const { status, headers, body } of await Promise.all(stuck)) {
      assert.equal(status, 503, body.toString());
      assert.equal(headers['retry-after'], '5');
      assert.match(body.toString(), /^the worker thread did not answer within 5 s/u);
    }
    child.destroy();
    await shut(server);
  });

  test('a look leaves nothing that keeps the process alive', async () => {
    const code = `
      import { startServer } from '@stackpile/agent';
      import { Worker } from 'node:worker_threads';
      const { url } = await startServer({ port: 0 });
      const worker = new Worker('setInterval(() => {}, 1000)', { eval: true });
      await new Promise((resolve) => worker.once('online', resolve));
      const response = await fetch(url + 'heap?worker=' + worker.threadId);
      console.log(response.status);
      worker.unref();`;
    const child = spawn(process.execPath, [...sourceFlags, '--input-type=module', '-e', code], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 60_000,
    });
    let [out, err] = ['', ''];
    child.stdout.on('data', (piece) => (out += piece));
    child.stderr.on('data', (piece) => (err += piece));
    const [exitCode] = (await once(child, 'close')) as [number | null];
    assert.deepEqual([exitCode, out, err], [0, '200\n', '']);
  });
});

test('an attempt to reach them that failed is no reason for the next one to fail', async () => {
  const answers = [() => Promise.reject(new Error('the main thread is stuck'))];
  const session: InspectorSession = {
    post: <T>() => (answers.shift() ?? (() => new Promise<T>((resolve) => resolve({} as T))))(),
    on: () => () => undefined,
  };
  const main: Pick<InspectedThread, 'withSession'> = { withSession: (use) => use(session) };
  const threads = new WorkerThreads({ apart: () => main }, 0);
  const count = (): Promise<number> => threads.withWorkers(async ({ length }) => length);
  await assert.rejects(count(), /is stuck/u);
  assert.equal(await count(), 0);
});
