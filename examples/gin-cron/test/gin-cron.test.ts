// Builds the Go daemon and its twins, runs them for real, and lets `stackpile leaks` judge them over HTTP.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { unlessCi } from '../../../testing/ci.ts';
import { command } from '../../../testing/command.ts';
import { freePort } from '../../leaky-cron/show/redis.ts';
import { startRespServer } from '../../leaky-cron/show/resp-server.ts';

const folder = fileURLToPath(new URL('..', import.meta.url));

/** Why the Go daemon cannot be built here; false where it can. */
function skipReason(): string | false {
  if (spawnSync('go', ['version']).status !== 0) return 'go is not on the PATH';
  // A user's test run downloads nothing: the modules are there already, or it skips.
  const offline = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=mod' };
  const listed = spawnSync('go', ['list', '-deps', './...'], { cwd: folder, env: offline });
  return listed.status === 0
    ? false
    : 'the Go modules of examples/gin-cron are not downloaded: run `go build ./...` there once';
}

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

async function run(command: string, args: readonly string[], cwd: string): Promise<Ran> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ran: Ran = { status: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (ran.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (ran.stderr += chunk));
  await once(child, 'close');
  ran.status = child.exitCode;
  return ran;
}

/** Starts the daemon on a free port and resolves to its base address once it answers. */
async function serve(t: TestContext, binary: string): Promise<string> {
  const redis = await startRespServer();
  const address = `127.0.0.1:${await freePort()}`;
  const child: ChildProcess = spawn(
    binary,
    ['-addr', address, '-redis', new URL(redis.url).host, '-every', '200ms'],
    {
      stdio: 'ignore',
    },
  );
  t.after(async () => {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await redis.close();
  });
  const url = `http://${address}`;
  for (;;) {
    assert.equal(child.exitCode, null, 'the daemon ended');
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return url;
    await sleep(100);
  }
}

test('the real gin service and its twins', { skip: unlessCi(skipReason()), concurrency: true }, async (t) => {
  const out = mkdtempSync(join(tmpdir(), 'stackpile-gin-'));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  const twins = [
    { tag: 'leaky', status: 1 },
    { tag: 'ctxonly', status: 1 },
    { tag: 'fixed', status: 0 },
  ];
  for (const { tag } of twins) {
    const built = await run('go', ['build', '-tags', tag, '-o', join(out, tag), './cmd/cronsvc'], folder);
    assert.equal(built.status, 0, built.stderr);
  }
  const judging = twins.map(({ tag, status }) =>
    t.test(`${tag}: ${status === 1 ? 'convicted' : 'acquitted'}`, async (sub) => {
      const url = await serve(sub, join(out, tag));
      const args = [...command.args, 'leaks', `${url}/debug/pprof/goroutine?debug=2`];
      const watch = (): ReturnType<typeof run> =>
        run(command.program, [...args, '--every', '2s', '--for', '20s'], folder);
      let judged = await watch();
      // What is in flight jumps on a busy machine, and twenty seconds are short: who could not tell looks again.
      for (let more = 0; more < 2 && judged.status === 2; more++) judged = await watch();
      assert.equal(judged.status, status, `${judged.stdout}\n${judged.stderr}`);
      if (status === 1) assert.match(judged.stdout, /SubscribeNewTaskMsgIfAvailable/);
    }),
  );
  await Promise.all(judging);
});
