// What is left of us in a process that was looked at through its inspector: nothing, however the look or the process ends.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { leaseScript, ownerFor } from '../../src/process/lease.ts';
import { listeningPorts } from '../../src/process/process.ts';
import type { InspectorConnection } from '../../src/process/conversation.ts';
import { connectInspector } from '../../src/process/socket.ts';
import { addressOn } from '../../src/process/address.ts';
import { ask, beside, linux, stackpile, untilClosed, type Watched } from './watched.ts';

/** Objects with which a snapshot takes more than a moment. */
const MANY = '300000';
const taking = 'taking a heap snapshot';

interface Trace {
  readonly requests: number;
  readonly url: string | null;
  readonly globals: readonly string[];
  readonly listeners: readonly string[];
  readonly resources: readonly string[];
  readonly descriptors: number;
  readonly stackTraceLimit: number;
  readonly heapUsed: number;
}

/** What a program sees of itself. */
async function trace(child: Watched): Promise<Trace> {
  child.send('trace');
  const [seen] = (await once(child, 'message')) as [Trace];
  return seen;
}

function bidden<T>(
  options: { readonly objects?: string; readonly flags?: readonly string[] },
  use: (child: Watched) => Promise<T>,
): Promise<T> {
  const { objects = '0', flags = [] } = options;
  return beside({ program: 'bidden.mjs', flags: ['--expose-gc', ...flags], args: [objects] }, use);
}

/** Everything that can be had from a process. */
async function lookAtAll(pid: number): Promise<void> {
  const target = { kind: 'pid', pid } as const;
  await ask(`pid:${pid}`, target);
  await ask(`pid:${pid}`, target, { profile: 'profile', seconds: 1 });
  await ask(`pid:${pid}`, target, { profile: 'heap', seconds: 1 });
}

describe('a process that was looked at', linux, () => {
  for (const [how, flags] of [
    ['and had its inspector closed', []],
    ['and had its inspector open', ['--inspect=127.0.0.1:0']],
  ] as const) {
    test(`${how} sees nothing in itself that was not there before`, () =>
      bidden({ flags }, async (child) => {
        // Node and V8 load for good what an inspector needs when it is used for the first time.
        await lookAtAll(child.pid);
        const { heapUsed: heapBefore, ...before } = await trace(child);
        await lookAtAll(child.pid);
        const { heapUsed: heapAfter, ...after } = await trace(child);
        assert.deepEqual(after, before);
        assert.equal(after.requests, 0, 'its own port is its own business');
        assert.equal(after.url === null, flags.length === 0);
        assert.ok(heapAfter < heapBefore + 2 ** 20, `${heapBefore} → ${heapAfter} bytes`);
      }));
  }

  test('was asked nothing at ports of its own', () =>
    bidden({}, async (child) => {
      const [port] = await listeningPorts(child.pid);
      assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
      await ask('p', { kind: 'pid', pid: child.pid });
      assert.equal((await trace(child)).requests, 1, 'only the request of this test');
    }));
});

describe('a command that is killed', linux, () => {
  for (const moment of [taking, 'recording CPU']) {
    test(`while it is ${moment} leaves no port open`, () =>
      bidden({ objects: MANY }, async (child) => {
        const own = await listeningPorts(child.pid);
        const before = await trace(child);
        const seconds = moment === taking ? [] : ['-seconds', '600'];
        const command = stackpile(['-top', ...seconds, `pid:${child.pid}`]);
        await command.said(moment);
        assert.equal((await listeningPorts(child.pid)).length, own.length + 1);
        command.child.kill('SIGKILL');
        await command.ended;
        assert.doesNotMatch(command.text(), /stood still/u);
        await untilClosed(child.pid, own);
        const after = await trace(child);
        assert.equal(after.url, null);
        assert.deepEqual(after.listeners, before.listeners);
        assert.deepEqual(after.globals, before.globals);
      }));
  }

  /** Runs `use` with a lease in a process whose inspector is open. */
  async function withLease(
    script: string,
    use: (connection: InspectorConnection, child: Watched, own: number[]) => Promise<void>,
  ): Promise<void> {
    await bidden({ flags: ['--inspect=127.0.0.1:0'] }, async (child) => {
      let url: string | null = null;
      const own: number[] = [];
      for (const port of await listeningPorts(child.pid)) {
        const found = await addressOn('127.0.0.1', port);
        if (found === null) own.push(port);
        else url = found;
      }
      assert.ok(url !== null);
      const connection = await connectInspector(url);
      await connection.post('Runtime.evaluate', { expression: script, includeCommandLineAPI: true });
      await use(connection, child, own);
    });
  }

  /** Lets some ticks of a lease pass in the process. */
  async function someTicks(connection: InspectorConnection): Promise<void> {
    const expression = 'new Promise((turned) => setTimeout(turned, 3000))';
    await connection.post('Runtime.evaluate', { expression, awaitPromise: true });
  }

  test('is seen by the lease; a command that lives never loses its inspector, however busy it is', async () => {
    const owner = await ownerFor(process.pid);
    assert.equal(owner?.pid, process.pid);
    await withLease(leaseScript(owner, 0), async (connection, child, own) => {
      await someTicks(connection);
      connection.close();
      await connection.ended;
      assert.equal((await listeningPorts(child.pid)).length, own.length + 1);
    });
  });

  test('is not mistaken for another process that has got its number', () =>
    withLease(leaseScript({ pid: process.pid, born: '1' }, 60), async (connection, child, own) => {
      await connection.ended;
      await untilClosed(child.pid, own);
    }));

  test('and cannot be seen by the process loses its inspector when it no longer renews', () =>
    withLease(leaseScript(null, 2), async (connection, child, own) => {
      connection.close();
      await untilClosed(child.pid, own);
      assert.equal((await trace(child)).url, null);
    }));
});

test('a lease that is ended while its timer is about to be called ends no process', () => {
  const program = `
    const { createHook, executionAsyncResource } = require('node:async_hooks');
    const lease = ${leaseScript({ pid: process.pid, born: null }, 60)};
    const hook = createHook({
      before() {
        if (!String(executionAsyncResource()._onTimeout?.name).includes('stackpile')) return;
        hook.disable();
        lease.close();
        console.log('closed');
        setTimeout(() => console.log('alive'), 1500);
      },
    }).enable();
    setTimeout(() => undefined, 1500);
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  assert.equal(stdout, 'closed\nalive\n', stderr);
  assert.equal(status, 0);
});

describe('a process that ends while it is looked at', linux, () => {
  for (const moment of [taking, 'recording CPU', 'sampling allocations']) {
    for (const [how, code] of [
      ['process.exit', 42],
      ['an uncaught exception', 1],
      ['nothing left to do', 0],
    ] as const) {
      test(`by ${how} while we are ${moment} is let go with its own exit status`, () =>
        bidden({ objects: moment === taking ? '30000' : '0' }, async (child) => {
          const gone = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
          const what = moment === 'sampling allocations' ? '/heap' : '';
          const seconds = moment === taking ? [] : ['-seconds', '600'];
          const command = stackpile(['-top', ...seconds, `pid:${child.pid}${what}`]);
          await command.said(moment);
          child.send(how);
          assert.deepEqual(await gone, [code, null]);
          const ended = await command.ended;
          assert.match(command.text(), /the process has ended, and its inspector with it/u);
          if (moment === taking && ended.code === 2) {
            // It was told before V8 had begun.
            assert.match(command.text(), new RegExp(`^pid:${child.pid}: the process has ended$`, 'mu'));
            return;
          }
          // What there is so far is shown.
          assert.deepEqual(ended, { code: 0, signal: null }, command.text());
          assert.match(command.out(), /^Showing nodes/mu);
        }));
    }
  }

  test('by a signal ends by it, and the command says so in one sentence', () =>
    bidden({}, async (child) => {
      const gone = once(child, 'exit');
      const command = stackpile(['-top', '-seconds', '600', `pid:${child.pid}`]);
      await command.said('recording CPU');
      child.kill('SIGTERM');
      assert.deepEqual(await gone, [null, 'SIGTERM']);
      assert.deepEqual(await command.ended, { code: 2, signal: null });
      assert.match(command.text(), new RegExp(`^pid:${child.pid}: the process has ended$`, 'mu'));
    }));

  test('is judged by what was seen of it until then', () =>
    bidden({}, async (child) => {
      const gone = once(child, 'exit');
      const command = stackpile(['leaks', '--every', '500ms', '--for', '600s', `pid:${child.pid}`]);
      await command.said('dump 1');
      child.send('process.exit');
      assert.deepEqual(await gone, [42, null]);
      const { code } = await command.ended;
      assert.ok(code === 0 || code === 2, command.text());
      assert.match(command.text(), /the process has ended; this is the verdict so far/u);
    }));
});
