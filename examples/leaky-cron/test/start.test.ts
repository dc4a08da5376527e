// The main job as a newcomer runs it, with a faster cron: the verdict, the exit status, and what a Ctrl-C leaves behind.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { unlessCi } from '../../../testing/ci.ts';
import { listens } from '../../../testing/listening.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));
const source = fileURLToPath(new URL('../src/subscribe-leaky.ts', import.meta.url));

interface Show {
  child: ChildProcess;
  /** What was printed so far, stdout and stderr. */
  output(): string;
}

function show(t: TestContext, ...args: string[]): Show {
  const { REDIS_URL: _, ...env } = process.env;
  const child = spawn(
    process.execPath,
    ['--conditions=stackpile-source', 'start.ts', '--plain', '--tick', '300ms', '--every', '1s', ...args],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  return { child, output: () => output };
}

/** Waits until the output matches; fails with the whole output if the show ends before. */
async function said(shown: Show, pattern: RegExp): Promise<RegExpExecArray> {
  for (;;) {
    const match = pattern.exec(shown.output());
    if (match) return match;
    assert.equal(shown.child.exitCode, null, shown.output());
    await sleep(50);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The line on which the leaking function waits for ever. */
function leakingLine(): number {
  return (
    readFileSync(source, 'utf8')
      .split('\n')
      .findIndex((line) => line.includes('for await')) + 1
  );
}

test('the leak is named with its line and its share', async (t) => {
  const shown = show(t, '--redis', 'own', '--for', '30s');
  const [status] = (await once(shown.child, 'close')) as [number];
  assert.equal(status, 1, shown.output());
  assert.match(
    shown.output(),
    new RegExp(`LEAK {2}subscribeNewTaskMsgIfAvailable {2}src/subscribe-leaky\\.ts:${leakingLine()}\\n`),
  );
  const share = Number(
    /([\d.]+) % of all/.exec(shown.output().slice(shown.output().lastIndexOf('LEAK')))?.[1],
  );
  assert.ok(share > 90, `${share} %`);
});

test('the fixed twin is acquitted', async (t) => {
  const shown = show(t, '--fixed', '--redis', 'own', '--for', '15s');
  const [status] = (await once(shown.child, 'close')) as [number];
  assert.equal(status, 0, shown.output());
  assert.match(shown.output(), /^NO LEAK$/m);
  assert.doesNotMatch(shown.output(), /^LEAK/m);
});

const withoutRedis =
  spawnSync('redis-server', ['--version']).status !== 0 && 'no redis-server is on the PATH';

for (const [kind, skip] of [
  ['own', false],
  ['real', unlessCi(withoutRedis)],
] as const) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} leaves nothing behind, redis: ${kind}`, { skip }, async (t) => {
      const shown = show(t, '--redis', kind);
      const pid = Number((await said(shown, /\(pid (\d+)\)/))[1]);
      const port = Number((await said(shown, /redis:\/\/127\.0\.0\.1:(\d+)/))[1]);
      await said(shown, /^ +0:0\d .* tasks/m);
      assert.ok(isAlive(pid) && (await listens(port)), 'the daemon and its redis run');
      shown.child.kill(signal);
      const [status] = (await once(shown.child, 'close')) as [number];
      assert.equal(status, 0, shown.output());
      assert.equal(isAlive(pid), false, 'the daemon is gone');
      assert.equal(await listens(port), false, 'its redis is gone');
    });
  }
}

test('a daemon whose show was killed ends by itself', async (t) => {
  const shown = show(t, '--redis', 'own');
  const pid = Number((await said(shown, /\(pid (\d+)\)/))[1]);
  shown.child.kill('SIGKILL');
  while (isAlive(pid)) await sleep(50);
});

test('what makes no sense is said in one sentence, with status 2', async (t) => {
  const shown = show(t, '--redis', 'nosuch');
  const [status] = (await once(shown.child, 'close')) as [number];
  assert.equal(status, 2);
  assert.equal(
    shown.output(),
    '--redis nosuch: it is auto, real or own\n`npm start -- --help` lists what can be said.\n',
  );
});

test('a redis that is not there is said in a sentence', async (t) => {
  const child = spawn(process.execPath, ['--conditions=stackpile-source', 'start.ts', '--plain'], {
    cwd: folder,
    env: { ...process.env, REDIS_URL: 'redis://127.0.0.1:1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const [status] = (await once(child, 'close')) as [number];
  assert.equal(status, 2);
  assert.equal(output, 'no redis answers at REDIS_URL (redis://127.0.0.1:1): ECONNREFUSED\n');
});
