// The real Go service of the story, built and run with a real redis: watched live, convicted, its fixed twin acquitted.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { unlessCi } from '../../../../testing/ci.ts';
import { listens } from '../../../../testing/listening.ts';
import type { LeaksReport } from '@stackpile/leaks';
import { fixtures, type Ran, stackpile } from './run.ts';

const missing = [
  existsSync(join(fixtures, 'go/src/go.mod')) ? '' : 'the source of the service (../shared/fixtures/go/src)',
  spawnSync('go', ['version']).status === 0 ? '' : 'go',
  spawnSync('redis-server', ['--version']).status === 0 ? '' : 'redis-server',
].filter((what) => what !== '');
const skip = unlessCi(missing.length > 0 && `not on this machine: ${missing.join(', ')}`);

const scratch = mkdtempSync(join(tmpdir(), 'stackpile-service-'));
const running: ChildProcess[] = [];

after(async () => {
  for (const child of running.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(scratch, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a program that listens on `port`; whoever else took the port meanwhile makes it end, and a new one is tried. */
async function start(command: string, args: (port: number) => string[]): Promise<number> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const port = await freePort();
    const child = spawn(command, args(port), { stdio: 'ignore', cwd: scratch });
    running.push(child);
    const end = Date.now() + 60_000;
    while (child.exitCode === null && Date.now() < end) {
      if (await listens(port)) {
        // The port may be another's: ours would have ended by now.
        await delay(200);
        if (child.exitCode === null) return port;
      }
      await delay(50);
    }
  }
  throw new Error(`${command} does not come up`);
}

describe('the real service', { skip, timeout: 600_000 }, () => {
  let redis = 0;
  before(async () => {
    cpSync(join(fixtures, 'go/src'), join(scratch, 'src'), { recursive: true });
    for (const [binary, tags] of [
      ['leaky', ''],
      ['fixed', 'fixed'],
    ] as const) {
      const built = spawnSync('go', ['build', '-tags', tags, '-o', join(scratch, binary), './cmd/cronsvc'], {
        cwd: join(scratch, 'src'),
        encoding: 'utf8',
        env: { ...process.env, GOFLAGS: '-buildvcs=false -mod=mod' },
      });
      assert.equal(built.status, 0, built.stderr);
    }
    redis = await start('redis-server', (port) => [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
    ]);
  });

  const serve = (binary: string, more: string[] = []): Promise<number> =>
    start(join(scratch, binary), (port) => [
      '-addr',
      `127.0.0.1:${port}`,
      '-redis',
      `127.0.0.1:${redis}`,
      '-every',
      '250ms',
      ...more,
    ]);

  /** Watches a service for twenty seconds. */
  const watched = async (binary: string, path = ''): Promise<Ran> => {
    const address = `http://127.0.0.1:${await serve(binary)}${path}`;
    return stackpile(['leaks', address, '--every', '2s', '--for', '20s']);
  };

  test('leaky is convicted while it runs', async () => {
    const { status, stdout, stderr } = await watched('leaky');
    assert.equal(status, 1, `${stdout}${stderr}`);
    assert.match(stdout, /^LEAK +task\.SubscribeNewTaskMsgIfAvailable\.func1$/mu);
    assert.match(stdout, /subscribe_leaky\.go:22/u);
    assert.match(stdout, /none of the \d+ seen before has ended/u);
  });

  test('fixed is never convicted, and acquitted by its goroutines, where that takes longer after another look', async () => {
    let tasks = await watched('fixed', '/debug/pprof/goroutine?debug=2');
    // What is in flight jumps on a busy machine, and twenty seconds are short.
    for (let more = 0; more < 2 && tasks.status === 2; more++)
      tasks = await watched('fixed', '/debug/pprof/goroutine?debug=2');
    assert.equal(tasks.status, 0, `${tasks.stdout}${tasks.stderr}`);
    assert.match(tasks.stdout, /^NO LEAK$/mu);
    const whole = await watched('fixed');
    assert.notEqual(whole.status, 1, `${whole.stdout}${whole.stderr}`);
    assert.match(whole.stdout, /^ {2}(?:flat {5}|unclear {2}).*\bgoroutines/mu);
  });

  test('behind a token, and by protobuf', async () => {
    const port = await serve('leaky', ['-token', 's3cret-token']);
    const url = `http://127.0.0.1:${port}/debug/pprof/goroutine?debug=0`;
    const refused = await stackpile(['leaks', url]);
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /401, .*--token/u);
    const { status, stdout, stderr } = await stackpile([
      'leaks',
      '--json',
      '--header',
      'Authorization: Bearer s3cret-token',
      '--every',
      '2s',
      '--for',
      '20s',
      url,
    ]);
    assert.equal(status, 1, `${stdout}${stderr}`);
    const report = JSON.parse(stdout) as LeaksReport;
    assert.match(report.verdicts[0]?.findings[0]?.culprit?.name ?? '', /SubscribeNewTaskMsgIfAvailable/u);
    assert.equal(report.verdicts[0]?.series.ids, false);
  });
});
