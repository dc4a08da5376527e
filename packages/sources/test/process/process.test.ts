// Which processes are looked at through their inspector, and which are left alone, with the sentence that says why.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { unlessCi } from '../../../../testing/ci.ts';
import { ownerFor } from '../../src/process/lease.ts';
import { checkProcess, listeningPorts } from '../../src/process/process.ts';
import { ask, beside, failure, functionsOf, linux, node, untilClosed } from './watched.ts';

const source = new URL('../../src/process/process.ts', import.meta.url);
/** Writes a line when it is signalled. */
const catches = 'trap "echo signalled" USR1; echo ready; while true; do sleep 1; done';

function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-process-'));
  return use(folder).finally(() => rmSync(folder, { recursive: true, force: true }));
}

/** Runs `use` beside a program that has written its first line, and that ends with it, as do its children. */
async function running<T>(
  file: string,
  args: readonly string[],
  use: (child: ChildProcess, pid: number, said: () => string) => Promise<T>,
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
  });
  const pid = child.pid ?? 0;
  let said = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      resolve();
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${file} ended before it was ready`)));
  });
  try {
    await ready;
    return await use(child, pid, () => said);
  } finally {
    if (pid !== 0 && child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
  }
}

const idle = 'setInterval(() => {}, 100); console.log("ready");';

async function untilState(pid: number, state: string): Promise<void> {
  const stands = (): boolean =>
    new RegExp(`^State:\\s*${state}`, 'mu').test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  for (let i = 0; i < 200 && !stands(); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  assert.ok(stands());
}

describe('a process is Node by what it runs, not by its name:', linux, () => {
  for (const name of ['node', 'node_exporter', 'node-red']) {
    test(`another program called ${name} that catches SIGUSR1 is not signalled`, () =>
      withFolder(async (folder) => {
        const file = join(folder, name);
        copyFileSync('/bin/sh', file);
        await running(file, ['-c', catches], async (_, pid, said) => {
          const error = await failure(ask(`pid:${pid}`, { kind: 'pid', pid }));
          assert.equal(error.code, 'SOURCE_USAGE');
          assert.match(error.message, new RegExp(`^pid:${pid}: ${name} is no Node.js process`, 'u'));
          assert.equal(said(), 'ready\n');
        });
      }));
  }

  test('a Node under another name is', () =>
    withFolder(async (folder) => {
      const execPath = join(folder, 'my-service');
      copyFileSync(node, execPath);
      await beside({ program: 'leaky-daemon.mjs', execPath }, async ({ pid }) => {
        const names = await functionsOf(ask(`pid:${pid}`, { kind: 'pid', pid }));
        assert.ok(names.includes('receiveMessages'));
        await untilClosed(pid);
      });
    }));

  test('a program with Node as a library (libnode.so) is', () =>
    withFolder(async (folder) => {
      const mapped = execFileSync('sh', ['-c', 'cat /proc/self/maps'], { encoding: 'utf8' });
      const library = /\s(\/\S*\/libc[.-]\S*)$/mu.exec(mapped)?.[1];
      assert.ok(library !== undefined, mapped);
      const copy = join(folder, 'libnode.so.127');
      copyFileSync(library, copy);
      await running(
        '/bin/sh',
        ['-c', catches],
        async (_, pid) => {
          assert.equal(
            (await checkProcess(pid)).kind,
            'foreign',
            'the name of a library says nothing either',
          );
        },
        { LD_PRELOAD: copy },
      );
      appendFileSync(copy, 'Starting inspector on %s:%d failed');
      await running(
        '/bin/sh',
        ['-c', catches],
        async (_, pid) => {
          assert.deepEqual(await checkProcess(pid), { kind: 'node', hears: true });
        },
        { LD_PRELOAD: copy },
      );
    }));
});

describe('a process that cannot be looked at is one sentence, and goes on as before:', linux, () => {
  test('one that does not open its inspector on SIGUSR1', async (t) => {
    if (spawnSync(node, ['--disable-sigusr1', '-e', '0']).status !== 0) {
      t.skip('this Node has no --disable-sigusr1');
      return;
    }
    await running(node, ['--disable-sigusr1', '-e', idle], async (child, pid) => {
      const error = await failure(ask(`pid:${pid}`, { kind: 'pid', pid }));
      assert.equal(error.code, 'SOURCE_UNREADABLE');
      assert.match(error.message, /does not open its inspector on SIGUSR1/u);
      assert.equal(child.exitCode ?? child.signalCode, null);
    });
    // One that is open is used all the same.
    await running(node, ['--disable-sigusr1', '--inspect=127.0.0.1:0', '-e', idle], async (_, pid) => {
      await ask(`pid:${pid}`, { kind: 'pid', pid });
      assert.equal((await listeningPorts(pid)).length, 1);
    });
  });

  test('one that handles SIGUSR1 itself', () =>
    running(
      node,
      ['--inspect-port=0', '-e', `process.on('SIGUSR1', () => {}); ${idle}`],
      async (child, pid) => {
        const error = await failure(ask(`pid:${pid}`, { kind: 'pid', pid }));
        assert.match(error.message, /the process handles SIGUSR1 itself/u);
        assert.equal(child.exitCode ?? child.signalCode, null);
        assert.deepEqual(await listeningPorts(pid), []);
      },
    ));

  test('one that is stopped', () =>
    running(node, ['--inspect-port=0', '-e', idle], async (child, pid) => {
      child.kill('SIGSTOP');
      await untilState(pid, 'T');
      const error = await failure(ask(`pid:${pid}`, { kind: 'pid', pid }));
      assert.match(error.message, new RegExp(`is stopped .*: continue it first, kill -CONT ${pid}$`, 'u'));
      child.kill('SIGCONT');
      // Whatever it was sent meanwhile would reach it now; this one is the last.
      await ask(`pid:${pid}`, { kind: 'pid', pid });
      await untilClosed(pid);
    }));

  test('a zombie', () =>
    running('/bin/sh', ['-c', `"${node}" -e 0 & echo $!; exec sleep 60`], async (_child, _pid, said) => {
      const pid = Number(said());
      await untilState(pid, 'Z');
      const error = await failure(ask(`pid:${pid}`, { kind: 'pid', pid }));
      assert.equal(error.code, 'SOURCE_NOT_FOUND');
      assert.match(error.message, /has ended: its parent has not noticed yet \(a zombie\)$/u);
    }));

  test("another user's", () =>
    running(node, ['-e', idle], async (_, pid) => {
      // Who is root may do everything, and becomes nobody for this: once all is read, since nobody may not enter a folder of root's.
      const isRoot = process.getuid?.() === 0;
      const becomeNobody = 'process.setgroups([]); process.setgid(65534); process.setuid(65534);';
      const script = `import { checkProcess } from ${JSON.stringify(source.href)}; ${isRoot ? becomeNobody : ''} console.log((await checkProcess(${isRoot ? pid : 1})).kind);`;
      const seen = spawnSync(
        process.execPath,
        ['--input-type=module', '--conditions=stackpile-source', '-e', script],
        { encoding: 'utf8' },
      );
      assert.equal(seen.stdout, 'forbidden\n', seen.stderr);
    }));

  const isolates = (flags: readonly string[]): string | false =>
    process.platform === 'linux' && spawnSync('unshare', [...flags, 'true']).status === 0
      ? false
      : `this user cannot run unshare ${flags.join(' ')}`;

  const network = ['-rn'];
  test('one in another network, as in a container', { skip: unlessCi(isolates(network)) }, () =>
    running('unshare', [...network, node, '--inspect-port=0', '-e', idle], async (_, pid) => {
      const error = await failure(ask(`pid:${pid}`, { kind: 'pid', pid }));
      assert.match(
        error.message,
        new RegExp(`a network of its own .* nsenter -n -t ${pid} stackpile …$`, 'u'),
      );
      assert.deepEqual(await listeningPorts(pid), []);
    }),
  );

  const numbers = ['-rpf', '--kill-child'];
  test('one with other process numbers is looked at', { skip: unlessCi(isolates(numbers)) }, () =>
    running('unshare', [...numbers, node, '--inspect-port=0', '-e', idle], async (_, outer) => {
      const children = readFileSync(`/proc/${outer}/task/${outer}/children`, 'utf8').trim();
      const pid = Number(children);
      assert.equal(await ownerFor(pid), null, 'it cannot see us: it wants to hear from us');
      await ask(`pid:${pid}`, { kind: 'pid', pid });
      await untilClosed(pid);
      process.kill(pid, 0);
    }),
  );
});

test('a process that was given an inspector at run time keeps it, whatever its port is', linux, () =>
  running(node, ['-e', `require('node:inspector').open(0, '127.0.0.1'); ${idle}`], async (_, pid) => {
    const before = await listeningPorts(pid);
    assert.equal(before.length, 1);
    await ask(`pid:${pid}`, { kind: 'pid', pid });
    assert.deepEqual(await listeningPorts(pid), before);
  }),
);
