// What is left of the agent when its worker ends, and what piles up when the main thread does not turn.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createHandler } from '@stackpile/agent';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

test('a worker that has ended keeps nobody waiting, and the next request has another one', async () => {
  const workers: Worker[] = [];
  const onWorker = (worker: Worker): void => {
    workers.push(worker);
  };
  process.on('worker', onWorker);
  const handler = createHandler({ auth: 'none', heap: false, tasks: false });
  const server = createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    assert.equal((await ask(port, '/debug/pprof/cmdline')).status, 200);
    const underWay = ask(port, '/debug/pprof/profile?seconds=30');
    await once(server, 'request');
    // The worker has it when it answers a later one.
    assert.equal((await ask(port, '/debug/pprof/cmdline')).status, 200);
    await workers[0]?.terminate();
    assert.equal((await underWay).status, 503);
    const signal = AbortSignal.timeout(60_000);
    assert.equal((await ask(port, '/debug/pprof/cmdline', { signal })).status, 200);
    assert.equal(workers.length, 2);
  } finally {
    process.off('worker', onWorker);
    server.close();
    await handler.close();
  }
});

test('a worker that has ended breaks off the trace that it was sending', async () => {
  const workers: Worker[] = [];
  const onWorker = (worker: Worker): void => {
    workers.push(worker);
  };
  process.on('worker', onWorker);
  const handler = createHandler({ auth: 'none', heap: false, tasks: false });
  const server = createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const response = await fetch(`http://127.0.0.1:${port}/debug/pprof/trace?seconds=60`, {
      signal: AbortSignal.timeout(30_000),
    });
    await workers[0]?.terminate();
    // Neither does it wait, nor does it take what it has for whole.
    await assert.rejects(response.text(), { name: 'TypeError' });
  } finally {
    process.off('worker', onWorker);
    server.closeAllConnections();
    server.close();
    await handler.close();
  }
});

/** Sends `connections` times four requests at once; sets the first slot when all were answered. */
const flood = `
const { connect } = require('node:net');
const { port, done } = require('node:worker_threads').workerData;
let answers = 0;
const request = 'GET /debug/pprof/cmdline HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n';
for (let i = 0; i < 100; i++) {
  const socket = connect(port, '127.0.0.1', () => socket.write(request.repeat(4)));
  socket.on('error', () => undefined);
  socket.on('data', (piece) => {
    answers += piece.toString('latin1').split('HTTP/1.1 503').length - 1;
    if (answers < 400) return;
    Atomics.store(done, 0, 1);
    Atomics.notify(done, 0);
  });
}
`;

test('a main thread that is blocked is given no queue of questions by those who have no token', async () => {
  let asked = 0;
  const { port } = await serving({ port: 0, heap: false, tasks: false, auth: () => (asked++, true) });
  const done = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(flood, { eval: true, workerData: { port, done } });
  // Blocked until all have been turned away.
  assert.notEqual(Atomics.wait(done, 0, 0, 120_000), 'timed-out');
  assert.equal(asked, 0);
  await worker.terminate();
  assert.equal((await ask(port, '/debug/pprof/cmdline')).status, 200);
  assert.ok(asked > 1 && asked <= 257, `${asked} questions`);
});
