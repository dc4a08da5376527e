// A working folder that was removed: who listens goes on, and who starts is told what to do, as Node starts no thread there.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ask } from './http-client.ts';
import { sourceFlags } from './serving.ts';

const agent = new URL('../src/index.ts', import.meta.url).href;
const program = fileURLToPath(new URL('programs/gone-folder.mjs', import.meta.url));
const GONE =
  'Node starts no thread while the working folder is gone: go to one that is there (process.chdir), and start again';

interface Told {
  readonly port?: number;
  readonly code?: string;
  readonly message?: string;
}

async function told(child: ChildProcess): Promise<Told> {
  const ended = once(child, 'exit').then(([status]) => assert.fail(`it has ended: ${String(status)}`));
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [Told];
  return message;
}

async function running(how: string, use: (child: ChildProcess) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stackpile-gone-'));
  const child = spawn(process.execPath, [...sourceFlags, program, agent, how], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    await use(child);
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

async function answers(port: number | undefined): Promise<void> {
  for (const path of ['goroutine?debug=1', 'heap', 'metrics'])
    assert.equal((await ask(port ?? 0, `/debug/pprof/${path}`)).status, 200, path);
}

describe('a working folder that is gone', { skip: process.platform === 'win32', timeout: 60_000 }, () => {
  test('a server that listens goes on', () =>
    running('server, removed later', async (child) => answers((await told(child)).port)));

  test('a server that starts says what to do, and starts when that is done', () =>
    running('server', async (child) => {
      assert.deepEqual(await told(child), { code: 'AGENT_SIDECAR', message: GONE });
      child.send('go');
      await answers((await told(child)).port);
    }));

  test('a mount says what to do, and answers when that is done', () =>
    running('mount', async (child) => {
      const { port = 0 } = await told(child);
      const { status, body } = await ask(port, '/debug/pprof/goroutine?debug=1');
      assert.deepEqual([status, body.toString().trim()], [500, GONE]);
      child.send('go');
      await told(child);
      await answers(port);
    }));
});
