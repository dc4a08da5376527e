// The examples under the monitor, with a real redis: the cron daemon in Node and the one in Go, each leaky and fixed. One command watches
// them, tells the two leaks with the function to mend and nobody else, and the page shows that.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type DaemonOptions, startDaemon } from '../../../examples/leaky-cron/show/daemon.ts';
import { unlessCi } from '../../../testing/ci.ts';
import { closedPort, listens } from '../../../testing/listening.ts';
import {
  ended,
  folder as scratch,
  monitor,
  running,
  skip as withoutMonitor,
  until,
} from '../../cli/test/monitored.ts';
import { desktop, openPage } from './chromium.ts';
import { browser, skip, useBrowser } from './visitor.ts';

useBrowser();

const gin = fileURLToPath(new URL('../../../examples/gin-cron/', import.meta.url));

/** Why the examples cannot run here; false where they can. */
function lacking(): string | false {
  if (spawnSync('redis-server', ['--version']).error !== undefined) return 'needs redis-server';
  if (spawnSync('go', ['version']).error !== undefined) return 'needs Go';
  // A user's test run downloads nothing: the modules are there already, or it skips.
  const env = { ...process.env, GOPROXY: 'off', GOFLAGS: '-mod=mod' };
  return spawnSync('go', ['list', '-deps', './...'], { cwd: gin, env }).status === 0
    ? false
    : 'needs the Go modules of examples/gin-cron: run `go build ./...` there once';
}

async function redisServer(): Promise<number> {
  const port = await closedPort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  running.push(spawn('redis-server', args, { stdio: 'ignore', cwd: scratch }));
  await until(
    () => listens(port),
    () => 'redis does not come up',
  );
  return port;
}

async function goDaemon(tag: 'leaky' | 'fixed', redis: number): Promise<string> {
  const binary = join(scratch, tag);
  const built = spawnSync('go', ['build', '-tags', tag, '-o', binary, './cmd/cronsvc'], {
    cwd: gin,
    encoding: 'utf8',
  });
  assert.equal(built.status, 0, built.stderr);
  const port = await closedPort();
  const args = ['-addr', `127.0.0.1:${port}`, '-redis', `127.0.0.1:${redis}`, '-every', '500ms'];
  running.push(spawn(binary, args, { stdio: 'ignore' }));
  await until(
    () => listens(port),
    () => `${tag} does not come up`,
  );
  return `http://127.0.0.1:${port}`;
}

interface Targets {
  readonly targets: readonly { readonly name: string; readonly judged: number }[];
  readonly alerts: readonly { readonly target: string; readonly function: string }[];
}

test('the leaky daemons are told with their function, the fixed ones are not, and the page shows it', {
  skip: withoutMonitor || skip || unlessCi(lacking()),
  timeout: 600_000,
}, async (context) => {
  const redis = await redisServer();
  const nodeDaemon = async (fixed: DaemonOptions['fixed']): Promise<string> => {
    const daemon = await startDaemon({
      redisUrl: `redis://127.0.0.1:${redis}`,
      fixed,
      tickMs: 500,
      pprofPort: 0,
    });
    context.after(() => daemon.stop());
    return new URL(daemon.pprof).origin;
  };
  const watching = await monitor([
    `node-leaky=${await nodeDaemon('no')}`,
    `node-fixed=${await nodeDaemon('yes')}`,
    `go-leaky=${await goDaemon('leaky', redis)}`,
    `go-fixed=${await goDaemon('fixed', redis)}`,
    ...['--every', '1s', '--profiles-every', '1s', '--store', ':memory:'],
  ]);
  const seen = async (): Promise<Targets> =>
    (await (await fetch(new URL('/api/targets', watching.url))).json()) as Targets;
  await until(
    async () => {
      const { targets, alerts } = await seen();
      const [leaky, fixed] = [alerts.length, targets.filter(({ name }) => name.includes('fixed'))];
      return leaky >= 2 && fixed.every(({ judged }) => judged >= 20);
    },
    () => watching.log(),
  );
  const { alerts } = await seen();
  assert.deepEqual(
    alerts.map(({ target, function: name }) => `${target.split(' ')[0] ?? ''} ${name}`).toSorted(),
    [
      'go-leaky example.com/cronsvc/internal/task.SubscribeNewTaskMsgIfAvailable.func1',
      'node-leaky subscribeNewTaskMsgIfAvailable',
    ],
    watching.log(),
  );

  const origin = new URL('/', watching.url).href;
  const { page, problems, context: visit } = await openPage(browser, desktop, 'light', origin);
  await page.goto(origin);
  assert.equal(await page.locator('h1').textContent(), '2 leaks');
  assert.match(
    (await page.locator('li.bad', { hasText: 'node-leaky' }).textContent()) ?? '',
    /subscribe-leaky\.ts:\d+/u,
  );
  assert.match(
    (await page.locator('li.bad', { hasText: 'go-leaky' }).textContent()) ?? '',
    /subscribe_leaky\.go:\d+/u,
  );
  for (const name of ['node-fixed', 'go-fixed']) {
    const badge = page.locator('li', { hasText: name }).locator('.badge');
    assert.notEqual(await badge.textContent(), 'leak', name);
  }
  assert.deepEqual(problems, []);
  await visit.close();
  watching.child.kill('SIGTERM');
  assert.equal(await ended(watching), 0, watching.log());
});
