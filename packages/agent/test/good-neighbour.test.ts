// What closing gives back, and what a worker's end costs: nothing of ours is left, and no request of the app is lost.
import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Session } from 'node:inspector';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { createHandler, startServer } from '@stackpile/agent';
import { ask } from './http-client.ts';
import { serving, withWorkers } from './serving.ts';

/** Everything in a process that an agent could leave changed, as far as it can be asked. */
function traces(): Readonly<Record<string, unknown>> {
  const session = new Session();
  session.connect();
  let samples = true;
  session.post('HeapProfiler.getSamplingProfile', (error) => {
    samples = error === null;
  });
  session.disconnect();
  return {
    handles: process
      .getActiveResourcesInfo()
      .filter((kind) => kind !== 'Immediate')
      .sort(),
    listeners: process
      .eventNames()
      .map((name) => `${String(name)} ${process.listenerCount(name)}`)
      .sort(),
    channels: [
      'http.server.response.finish',
      'worker_threads',
      'http.server.request.start',
      'net.client.socket',
    ].filter((name) => diagnostics.hasSubscribers(name)),
    execArgv: [...process.execArgv],
    stackTraceLimit: Error.stackTraceLimit,
    prepareStackTrace: Error.prepareStackTrace,
    heapIsSampled: samples,
  };
}

describe('close() and Symbol.asyncDispose give back what there was', () => {
  for (const [name, open] of [
    ['a server', () => startServer({ port: 0, tasks: { handles: true } })],
    [
      'a handler that has answered',
      async () => {
        const handler = createHandler({ auth: 'none', tasks: { handles: true } });
        const server = createServer(handler).listen(0, '127.0.0.1');
        await once(server, 'listening');
        await ask((server.address() as AddressInfo).port, '/debug/pprof/goroutine');
        server.close();
        await once(server, 'close');
        return handler;
      },
    ],
  ] as const)
    test(`${name}: handles, listeners, hooks, channels, the heap's sampler`, async () => {
      // What Node itself keeps after a first worker or request.
      await (await open()).close();
      await sleep(50);
      const before = traces();
      assert.equal(before['heapIsSampled'], false);
      const opened = await open();
      assert.notDeepEqual(traces(), before);
      await opened[Symbol.asyncDispose]();
      await opened.close();
      await sleep(50);
      assert.deepEqual(traces(), before);
    });
});

/** Asks until somebody answers. */
async function answered(port: number): Promise<number> {
  for (let look = 0; look < 300; look++) {
    const answer = await ask(port, '/debug/pprof/cmdline').catch(() => null);
    if (answer !== null) return answer.status;
    await sleep(100);
  }
  return 0;
}

describe('a worker of the listener that ends comes back on its port, and the app loses no request', () => {
  for (const [how, end] of [
    ['is terminated', (worker: Worker) => worker.terminate()],
    // As where it has no memory left: `error`, then `exit`.
    [
      'throws',
      async (worker: Worker) => {
        worker.postMessage(null);
        await new Promise((resolve) => worker.once('exit', resolve));
      },
    ],
  ] as const)
    test(how, () =>
      withWorkers(async (workers) => {
        const app = createServer((_request, response) => response.end('app')).listen(0, '127.0.0.1');
        await once(app, 'listening');
        const { port: appPort } = app.address() as AddressInfo;
        const { port } = await serving({ port: 0 });
        const listeners = process.listenerCount('exit');
        let lost = 0;
        let asked = 0;
        let isOver = false;
        const load = (async () => {
          while (!isOver) {
            asked++;
            const answer = await ask(appPort, '/').catch(() => null);
            if (answer?.body.toString() !== 'app') lost++;
          }
        })();
        try {
          for (let time = 1; time <= 2; time++) {
            // A recording is under way.
            const recording = ask(port, '/debug/pprof/profile?seconds=60').catch(() => null);
            assert.equal(await answered(port), 200);
            const last = workers.at(-1);
            assert.ok(last);
            await end(last);
            await recording;
            assert.equal(await answered(port), 200);
            assert.equal(workers.length, time + 1);
          }
          const heap = await ask(port, '/debug/pprof/goroutine?debug=1');
          assert.match(heap.body.toString(), /^goroutine profile: total/u);
          const recorded = await ask(port, '/debug/pprof/profile?seconds=1');
          assert.equal(recorded.status, 200);
        } finally {
          isOver = true;
          await load;
          app.close();
        }
        assert.ok(asked > 10);
        assert.equal(lost, 0);
        assert.equal(process.listenerCount('exit'), listeners);
      }),
    );

  test('one that was closed does not come back', () =>
    withWorkers(async (workers) => {
      const server = await startServer({ port: 0, tasks: false, heap: false });
      await workers[0]?.terminate();
      await server.close();
      await sleep(1500);
      assert.equal(workers.length, 1);
    }));
});
