// Processes without an agent: what they say through their inspector, and that they are left as they were.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { survivors } from '@stackpile/profile';
import { openInspectorTarget } from '../../src/process/captures.ts';
import { listeningPorts } from '../../src/process/process.ts';
import { ask, beside, failure, functionsOf, linux, stackpile, untilClosed, type Watched } from './watched.ts';

/** V8 of Node 20 does not tell a profiler of loops that it had optimized while they ran (OSR) before the recording began. */
const seesLoops = '--no-use-osr';

function withDaemon<T>(flags: readonly string[], use: (child: Watched) => Promise<T>): Promise<T> {
  return beside({ program: 'leaky-daemon.mjs', flags }, use);
}

describe('a process by its number', linux, () => {
  test('tells its tasks, says beforehand what that takes, and is left as it was', () =>
    withDaemon([], async ({ pid }) => {
      const said: string[] = [];
      const loaded = ask(`pid:${pid}`, { kind: 'pid', pid }, { onProgress: (line) => said.push(line) });
      const names = await functionsOf(loaded);
      for (const name of ['receiveMessages', 'subscribeNewTask']) {
        assert.ok(names.includes(name), `${name} in ${names.join(' ')}`);
      }
      const stop = said.findIndex((line) => /stands still for about .* \(its heap is \d+ MB\)/u.test(line));
      const stopped = said.findIndex((line) => line.includes('it stood still for'));
      assert.ok(stop >= 0 && stop < stopped, said.join('\n'));
      assert.match(said.at(-1) ?? '', /the inspector is closed again/u);
      await untilClosed(pid);
      process.kill(pid, 0);
    }));

  test('records its CPU and its allocations', () =>
    withDaemon([seesLoops], async ({ pid }) => {
      const target = { kind: 'pid', pid } as const;
      const cpu = await functionsOf(ask(`pid:${pid}`, target, { profile: 'profile', seconds: 2 }));
      assert.ok(cpu.includes('healthy'), cpu.join(' '));
      const heap = await ask(`pid:${pid}/heap`, { ...target, profile: 'heap' }, { seconds: 1 });
      assert.deepEqual(
        heap.profile.sampleTypes.map((type) => type.type),
        ['alloc_objects', 'alloc_space', 'inuse_objects', 'inuse_space'],
      );
      const wrong = await failure(ask(`pid:${pid}/mutex`, { ...target, profile: 'mutex' }));
      assert.match(wrong.message, /has no profile mutex/u);
      await untilClosed(pid);
    }));

  test('tells what its heap holds, and what of that was born since the look before', () =>
    withDaemon([], async ({ pid }) => {
      const spec = { kind: 'inspector', spec: `pid:${pid}`, target: { kind: 'pid', pid } } as const;
      const captures = await openInspectorTarget(spec, {});
      try {
        const first = await captures.classes();
        await sleep(500);
        const second = await captures.classes();
        for (const profile of [first, second]) {
          assert.deepEqual(
            profile.sampleTypes.map(({ type, unit }) => `${type}/${unit}`),
            ['objects/count', 'shallow/bytes', 'retained/bytes'],
          );
        }
        const stayed = survivors([first, second]);
        assert.ok(stayed !== null && stayed.length > 100, `${stayed?.length} chains`);
        const objects = (at: number): number =>
          stayed.reduce((all, chain) => all + (chain.seenBy[at] ?? 0), 0);
        assert.ok(objects(0) > 10_000 && objects(0) < objects(1), `${objects(0)} of ${objects(1)}`);
      } finally {
        await captures.close();
      }
      const names = await functionsOf(
        ask(`pid:${pid}/heapclasses`, { kind: 'pid', pid, profile: 'heapclasses' }),
      );
      assert.ok(names.includes('module leaky-daemon.mjs'), names.join(' '));
      await untilClosed(pid);
    }));

  test('that has its inspector open already keeps it open', () =>
    withDaemon([seesLoops, '--inspect=127.0.0.1:0'], async ({ pid }) => {
      const [port] = await listeningPorts(pid);
      assert.ok(port !== undefined);
      const names = await functionsOf(ask(`pid:${pid}`, { kind: 'pid', pid }));
      assert.ok(names.includes('receiveMessages'));
      assert.deepEqual(await listeningPorts(pid), [port]);
      // The same inspector by its address.
      const byPort = await functionsOf(ask('p', { kind: 'port', host: '127.0.0.1', port }));
      assert.ok(byPort.includes('receiveMessages'));
      const list = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
        webSocketDebuggerUrl: string;
      }[];
      const url = list[0]?.webSocketDebuggerUrl ?? '';
      const byUrl = await functionsOf(ask('w', { kind: 'ws', url }, { profile: 'profile', seconds: 1 }));
      assert.ok(byUrl.includes('healthy'), byUrl.join(' '));
      assert.deepEqual(await listeningPorts(pid), [port]);
    }));

  test('is not signalled where the signal would end it', async () => {
    // A shell that waits for a line: there is one on every machine.
    const sleeper = spawn('sh', ['-c', 'read line'], { stdio: ['pipe', 'ignore', 'ignore'] });
    try {
      await once(sleeper, 'spawn');
      const pid = sleeper.pid as number;
      const error = await failure(ask(`pid:${pid}`, { kind: 'pid', pid }));
      assert.equal(error.code, 'SOURCE_USAGE');
      assert.match(error.message, /no Node\.js process/u);
      await sleep(200);
      assert.equal(sleeper.exitCode ?? sleeper.signalCode, null);
    } finally {
      sleeper.kill('SIGKILL');
    }
  });

  test('that is not there, or is we ourselves, is one sentence', async () => {
    const gone = spawn(process.execPath, ['-e', '']);
    await once(gone, 'exit');
    const pid = gone.pid as number;
    const missing = await failure(ask(`pid:${pid}`, { kind: 'pid', pid }));
    assert.equal(missing.message, `pid:${pid}: no such process`);
    const own = await failure(ask('pid:us', { kind: 'pid', pid: process.pid }));
    assert.match(own.message, /this very command/u);
  });

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    for (const moment of ['opening the inspector', 'recording CPU'] as const) {
      test(`is left as it was when ${signal} ends the command while it is ${moment}`, () =>
        withDaemon([], async ({ pid }) => {
          const recording = stackpile(['-top', '-seconds', '600', `pid:${pid}`]);
          await recording.said(moment);
          recording.child.kill(signal);
          const ended = await recording.ended;
          assert.equal(ended.signal, signal, `${ended.code} ${recording.text()}`);
          await untilClosed(pid);
          process.kill(pid, 0);
        }));
    }
  }

  test('keeps nothing of ours, and a lease is no handle of its own', () =>
    withDaemon([], async ({ pid }) => {
      const names = await functionsOf(ask(`pid:${pid}`, { kind: 'pid', pid }));
      assert.ok(names.includes('receiveMessages') && names.includes('Timeout'), names.join('\n'));
      assert.ok(!names.some((name) => /lease/iu.test(name)), names.join('\n'));
      await untilClosed(pid);
    }));
});

test('stackpile leaks convicts a daemon that was started without an agent', linux, () =>
  withDaemon([], async ({ pid }) => {
    const leaks = stackpile(['leaks', `pid:${pid}`, '--every', '2s', '--for', '16s', '--json']);
    const { code } = await leaks.ended;
    assert.match(leaks.out(), /"kind": ?"leak"/u, `${code}\n${leaks.text()}\n${leaks.out()}`);
    assert.ok(leaks.out().includes('receiveMessages'));
    assert.match(leaks.out(), /subscribeNewTask/u);
    await untilClosed(pid);
  }),
);

test('an address where no inspector answers is one sentence', async () => {
  const error = await failure(ask('127.0.0.1:9', { kind: 'port', host: '127.0.0.1', port: 9 }));
  assert.equal(
    error.message,
    '127.0.0.1:9: no inspector answers there: nothing listens (connection refused)',
  );
  const ws = await failure(ask('ws://127.0.0.1:9/x', { kind: 'ws', url: 'ws://127.0.0.1:9/x' }));
  assert.match(ws.message, /^ws:\/\/127\.0\.0\.1:9\/x: the inspector cannot be reached: /u);
  await new Promise<void>((resolve) => {
    connect({ host: '127.0.0.1', port: 9 }).on('error', () => resolve());
  });
});
