// Processes without an agent: what they say through their inspector, and that they are left as they were.
import assert from 'node:assert/strict';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { listeningPorts } from '../../src/sources/inspector-process.ts';
import { connectInspector } from '../../src/sources/inspector-socket.ts';
import { loadInspector } from '../../src/sources/inspector.ts';
import { SourceError, type InspectorTarget, type SourceOptions } from '../../src/sources/source.ts';

/** The Node of the watched process: this one, or another whose path stands in STACKPILE_TEST_NODE. */
const node = process.env['STACKPILE_TEST_NODE'] || process.execPath;
const daemon = fileURLToPath(new URL('fixtures/leaky-daemon.mjs', import.meta.url));
const command = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
/** V8 of Node 20 does not tell a profiler of loops that it had optimized while they ran (OSR) before the recording began. */
const seesLoops = '--no-use-osr';
const linux = { skip: process.platform === 'linux' ? false : 'reads /proc to find ports' };

/** Runs `use` beside a daemon, which ends with it. A free port is used so that tests do not meet at 9229. */
async function withDaemon<T>(
  args: readonly string[],
  use: (child: ChildProcess & { pid: number }) => Promise<T>,
): Promise<T> {
  const child = fork(daemon, {
    execPath: node,
    execArgv: ['--inspect-port=0', ...args],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  try {
    await once(child, 'message');
    assert.ok(child.pid !== undefined);
    return await use(child as ChildProcess & { pid: number });
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

function ask(spec: string, target: InspectorTarget, options: SourceOptions = {}) {
  return loadInspector({ kind: 'inspector', spec, target }, options);
}

async function failure(promise: Promise<unknown>): Promise<SourceError> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof SourceError, String(error));
    return error;
  }
  assert.fail('nothing was wrong');
}

/** Names of the functions of all samples whose first value is positive. */
async function functionsOf(loaded: ReturnType<typeof ask>): Promise<readonly string[]> {
  const { profile } = await loaded;
  const { functions, strings } = profile;
  return Array.from({ length: functions.length }, (_, row) => strings.get(functions.name[row] as number));
}

/** The command while it records the CPU of a process, for longer than the test lasts. */
function recording(pid: number) {
  const child = spawn(
    process.execPath,
    ['--conditions=stackpile-source', command, '-top', '-seconds', '600', `pid:${pid}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let text = '';
  let onText = (): void => undefined;
  // Read to the end: a command whose stderr is closed dies of that.
  child.stderr.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    onText();
  });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  return {
    child,
    ended,
    text: () => text,
    said: async (words: string) => {
      const heard = new Promise<void>((resolve) => {
        onText = () => {
          if (text.includes(words)) resolve();
        };
        onText();
      });
      const gone = ended.then(() => {
        throw new Error(`the command ended: ${text}`);
      });
      await Promise.race([heard, gone]);
      gone.catch(() => undefined);
    },
  };
}

async function untilClosed(pid: number): Promise<void> {
  for (let i = 0; i < 1200 && (await listeningPorts(pid)).length > 0; i++) await sleep(50);
  assert.deepEqual(await listeningPorts(pid), [], 'a port is still open');
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
          const stackpile = recording(pid);
          await stackpile.said(moment);
          stackpile.child.kill(signal);
          const [code, by] = await stackpile.ended;
          assert.equal(by, signal, `${code} ${stackpile.text()}`);
          await untilClosed(pid);
          process.kill(pid, 0);
        }));
    }
  }

  test('closes its inspector by itself when the command was killed', () =>
    withDaemon([], async ({ pid }) => {
      const stackpile = recording(pid);
      await stackpile.said('recording CPU');
      stackpile.child.kill('SIGKILL');
      await stackpile.ended;
      const [port] = await listeningPorts(pid);
      assert.ok(port !== undefined, 'it was closed at once, by whom?');
      // A minute would be long for a test: what is left of it is made short.
      const list = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
        webSocketDebuggerUrl: string;
      }[];
      const connection = await connectInspector(list[0]?.webSocketDebuggerUrl ?? '');
      const { result } = await connection.post<{ result: { value?: unknown } }>('Runtime.evaluate', {
        expression: "globalThis[Symbol.for('stackpile.inspector.lease')].renew(2); 'renewed'",
      });
      assert.equal(result.value, 'renewed');
      connection.close();
      await untilClosed(pid);
      process.kill(pid, 0);
    }));

  test('keeps nothing of ours, and a lease is no handle of its own', () =>
    withDaemon([], async ({ pid }) => {
      const { profile } = await ask(`pid:${pid}`, { kind: 'pid', pid });
      const { functions, strings } = profile;
      const files = Array.from(functions.filename, (row) => strings.get(row));
      assert.ok(!files.some((file) => file.includes('stackpile/lease')), files.join('\n'));
      await untilClosed(pid);
    }));
});

test('stackpile leaks convicts a daemon that was started without an agent', linux, () =>
  withDaemon([], async ({ pid }) => {
    const stackpile = spawn(
      process.execPath,
      [
        '--conditions=stackpile-source',
        command,
        'leaks',
        `pid:${pid}`,
        '--every',
        '2s',
        '--for',
        '6s',
        '--json',
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let out = '';
    stackpile.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    let said = '';
    stackpile.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [code] = (await once(stackpile, 'close')) as [number | null];
    assert.match(out, /"kind": ?"leak"/u, `${code}\n${said}\n${out}`);
    assert.ok(out.includes('receiveMessages'));
    assert.match(out, /subscribeNewTask/u);
    await untilClosed(pid);
  }),
);

test('an address where no inspector answers is one sentence', async () => {
  const error = await failure(ask('127.0.0.1:9', { kind: 'port', host: '127.0.0.1', port: 9 }));
  assert.equal(error.message, '127.0.0.1:9: no inspector answers there');
  const ws = await failure(ask('ws://127.0.0.1:9/x', { kind: 'ws', url: 'ws://127.0.0.1:9/x' }));
  assert.match(ws.message, /^ws:\/\/127\.0\.0\.1:9\/x: the inspector cannot be reached: /u);
  await new Promise<void>((resolve) => {
    connect({ host: '127.0.0.1', port: 9 }).on('error', () => resolve());
  });
});
