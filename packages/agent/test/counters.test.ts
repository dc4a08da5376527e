// `counters`: what a timeline is drawn from.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';
import { LoopLag } from '../src/sidecar/loop-lag.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

interface Read {
  readonly [name: string]: number | string | null;
}

async function counters(port: number): Promise<Read> {
  const answer = await ask(port, '/debug/pprof/counters');
  assert.equal(answer.status, 200, answer.body.toString());
  assert.match(answer.headers['content-type'] ?? '', /^application\/json/);
  return JSON.parse(answer.body.toString()) as Read;
}

describe('counters', () => {
  test('are those of this process, and follow it', async () => {
    const server = await serving({ port: 0 });
    const before = await counters(server.port);
    assert.equal(before['schema'], 'stackpile.counters/1');
    assert.equal(before['pid'], process.pid);
    for (const name of ['time', 'uptime', 'rss', 'heapUsed', 'heapTotal', 'heapLimit', 'external']) {
      assert.ok(Number(before[name]) > 0, name);
    }
    assert.ok(Number(before['heapUsed']) <= Number(before['heapLimit']));
    assert.equal(typeof before['eventLoopLag'], 'number');
    assert.equal(typeof before['tasks'], 'number');
    const listeners = Array.from({ length: 25 }, () => createServer().listen(0, '127.0.0.1'));
    const kept = new ArrayBuffer(32 * 2 ** 20);
    const after = await counters(server.port);
    for (const listener of listeners) listener.close();
    // A connection of the test's own may have ended meanwhile.
    assert.ok(Number(after['handles']) >= Number(before['handles']) + 20);
    assert.ok(Number(after['arrayBuffers']) >= kept.byteLength);
  });

  test('tasks are null where nobody tracks them', async () => {
    const server = await serving({ port: 0, tasks: false });
    assert.equal((await counters(server.port))['tasks'], null);
  });

  test('are on the index', async () => {
    const server = await serving({ port: 0 });
    assert.match((await ask(server.port, '/debug/pprof/')).body.toString(), /<a href='counters\?debug=1'>/);
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
