// `counters`: what a timeline is drawn from.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { type Counters, readCounters } from '@stackpile/profile';
import { type Json, parseJson } from '../src/host/calls.ts';
import { COUNTERS_EXPRESSION, countersOf, type ProcessCounters } from '../src/host/counters.ts';
import { LoopLag } from '../src/sidecar/loop-lag.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';
import { major, node } from './tasks/child.ts';

async function counters(port: number): Promise<Counters> {
  const answer = await ask(port, '/debug/pprof/counters');
  assert.equal(answer.status, 200, answer.body.toString());
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
  return readCounters(JSON.parse(answer.body.toString()));
}

/** Asks until `holds`; what the process does takes its time. */
async function until(port: number, holds: (read: Counters) => boolean): Promise<Counters> {
  for (let tries = 0; ; tries++) {
    const read = await counters(port);
    if (holds(read) || tries === 50) return read;
    await delay(100);
  }
}

const linux = process.platform === 'linux';

describe('counters', () => {
  test('are those of this process, and follow it', async () => {
    const server = await serving({ port: 0 });
    const before = await counters(server.port);
    assert.equal(before.runtime, 'node');
    assert.equal(before.pid, process.pid);
    for (const name of ['uptime', 'rss', 'heapUsed', 'heapTotal', 'heapLimit', 'external', 'cpu'] as const)
      assert.ok((before[name] ?? 0) > 0, name);
    assert.ok((before.heapUsed ?? 0) <= (before.heapLimit ?? 0));
    for (const name of ['eventLoopLag', 'tasks', 'handles', 'turns', 'workers', 'children'] as const)
      assert.equal(typeof before[name], 'number', name);
    const listeners = Array.from({ length: 25 }, () => createServer().listen(0, '127.0.0.1'));
    const kept = new ArrayBuffer(32 * 2 ** 20);
    const after = await until(server.port, ({ turns }) => (turns ?? 0) > (before.turns ?? 0));
    for (const listener of listeners) listener.close();
    // A connection of the test's own may have ended meanwhile.
    assert.ok((after.handles ?? 0) >= (before.handles ?? 0) + 20);
    assert.ok((after.handleKinds?.['TCPServerWrap'] ?? 0) >= 25, JSON.stringify(after.handleKinds));
    const kinds = Object.values(after.handleKinds ?? {});
    assert.equal(
      kinds.reduce((sum, count) => sum + count, 0),
      after.handles,
    );
    assert.ok((after.arrayBuffers ?? 0) >= kept.byteLength);
    assert.ok((after.turns ?? 0) > (before.turns ?? 0));
    if (!linux) return;
    assert.ok((after.fds ?? 0) >= (before.fds ?? 0) + 20);
    assert.ok((after.fds ?? 0) <= (after.fdLimit ?? Infinity));
    assert.ok((after.threads ?? 0) > 2);
  });

  test('tasks are null where nobody tracks them', async () => {
    const server = await serving({ port: 0, tasks: false });
    assert.equal((await counters(server.port)).tasks, null);
  });

  test('workers and children are counted while they live, and the agent is none of them', async () => {
    const server = await serving({ port: 0 });
    const before = await counters(server.port);
    assert.equal(before.workers, 0);
    const workers = Array.from(
      { length: 3 },
      () => new Worker('setInterval(() => {}, 1000)', { eval: true }),
    );
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    child.unref();
    const during = await counters(server.port);
    assert.equal(during.workers, 3);
    if (linux) assert.equal(during.children, (before.children ?? 0) + 1);
    child.kill('SIGKILL');
    for (const worker of workers) await worker.terminate();
    const gone = ({ workers: left, children }: Counters): boolean =>
      left === 0 && children === before.children;
    assert.ok(gone(await until(server.port, gone)));
  });

  test('the live heap is what a full collection left, and is not known before one', async () => {
    const server = await serving({ port: 0 });
    const kept = Array.from({ length: 200_000 }, (_, i) => ({ i }));
    await ask(server.port, '/debug/pprof/heap?gc=1');
    const { heapLive, heapUsed } = await until(server.port, (read) => read.heapLive !== null);
    assert.ok((heapLive ?? 0) > 200_000 * 12, String(heapLive));
    assert.ok((heapUsed ?? 0) > 0 && kept.length > 0);
  });

  test('answered requests are counted, and not known where there were none', async () => {
    const server = await serving({ port: 0 });
    assert.equal((await counters(server.port)).requests, null);
    const service = createHttpServer((_request, response) => response.end('x')).listen(0, '127.0.0.1');
    await once(service, 'listening');
    for (let i = 0; i < 7; i++) await ask((service.address() as AddressInfo).port, '/');
    service.close();
    assert.equal((await until(server.port, ({ requests }) => requests === 7)).requests, 7);
  });

  test('are on the index', async () => {
    const server = await serving({ port: 0 });
    assert.match((await ask(server.port, '/debug/pprof/')).body.toString(), /<a href='counters\?debug=1'>/);
  });
});

describe('in a process without an agent', () => {
  const read = (...flags: string[]): Counters => {
    const code = `globalThis.require = require; console.log(eval(process.argv[1]))`;
    const { stdout, stderr, status } = spawnSync(node, [...flags, '-e', code, COUNTERS_EXPRESSION], {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    assert.equal(status, 0, stderr);
    assert.equal(stderr, '');
    return countersOf(parseJson<ProcessCounters>(stdout), Infinity, null);
  };
  const model = major < 22 ? '--experimental-permission' : '--permission';

  test(`Node ${major} says what it can, and null for the rest`, () => {
    const found = read();
    for (const name of ['pid', 'rss', 'heapUsed', 'heapLimit', 'uptime', 'cpu'] as const)
      assert.ok((found[name] ?? 0) > 0, name);
    for (const name of ['tasks', 'tasksBetween', 'heapLive', 'requests', 'memoryLimit'] as const)
      assert.equal(found[name], null, name);
    assert.equal(found.children, 0);
    if (!linux) return;
    for (const name of ['fds', 'fdLimit', 'threads'] as const) assert.ok((found[name] ?? 0) > 0, name);
    assert.equal(found.workers, major < 24 ? null : 0);
  });

  test('an answer that is no counters is named by whoever asked', () => {
    const lies = JSON.stringify({ pid: 'none' }) as Json<ProcessCounters>;
    assert.throws(
      () => countersOf(parseJson(lies), Infinity, null, 'pid:7'),
      /^WireError: pid:7\.pid: must be a number/u,
    );
  });

  test('under the permission model nothing throws, and what may not be read is not known', () => {
    const found = read(model, '--no-warnings');
    assert.ok((found.rss ?? 0) > 0);
    for (const name of ['fds', 'fdLimit', 'threads', 'workers'] as const)
      assert.equal(found[name], null, name);
    if (linux) assert.ok((read(model, '--no-warnings', '--allow-fs-read=*').fds ?? 0) > 0);
  });
});

describe('event-loop lag', () => {
  test('is the longest turn since the last reading, one under way included', async () => {
    let clock = 0;
    let woken = 0;
    const lag = new LoopLag(
      () => woken++,
      () => clock,
    );
    const first = lag.read();
    assert.equal(woken, 1);
    clock = 30;
    lag.turned();
    assert.equal(await first, 30);
    assert.equal(await lag.read(), 0);
    lag.stop();
    // Started anew; this turn does not end before it is read.
    const stuck = lag.read();
    clock += 700;
    assert.ok((await stuck) >= 700);
    lag.turned();
    lag.stop();
  });

  test('an echo that nobody waits for is ignored', async () => {
    const lag = new LoopLag(
      () => undefined,
      () => 0,
    );
    lag.turned();
    const reading = lag.read();
    lag.turned();
    assert.equal(await reading, 0);
    lag.stop();
  });
});
