// `stackpile guard`: a service that has no black box of its own leaves the evidence of one, before its limit or when it is gone.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isRunning, parseSource } from '@stackpile/sources';
import { unlessCi } from '../../../../testing/ci.ts';
import { closedPort } from '../../../../testing/listening.ts';
import { runGuard } from '../../src/guard/command.ts';
import { Guard, type GuardPlan } from '../../src/guard/guard.ts';
import { runPostmortem } from '../../src/postmortem/command.ts';
import { startFake } from '../leaks/fake-service.ts';
import { type Ran, stackpile } from '../leaks/run.ts';
import { said } from '../said.ts';

const skip = unlessCi(
  (process.platform !== 'linux' && 'only Linux tells of a process from outside') ||
    (spawnSync('go', ['version']).status !== 0 && 'go is not installed'),
);
const scratch = mkdtempSync(join(tmpdir(), 'stackpile-guard-'));
const running: ChildProcess[] = [];
const stops: (() => void)[] = [];
after(async () => {
  for (const stop of stops) stop();
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }
  rmSync(scratch, { recursive: true, force: true });
});

function postmortem(dir: string, ...args: string[]): Promise<Ran> {
  return said((io) => runPostmortem([...args, dir], io), scratch);
}

interface Told {
  readonly pid: number | null;
  readonly crossed: { readonly what: string };
  readonly verdict: { readonly kind: string; readonly sentence: string; readonly found: string };
  readonly grown: readonly {
    readonly kind: string;
    readonly growers: readonly { readonly guilty: { readonly name: string } | null }[];
  }[];
}

async function toldOf(dir: string): Promise<Told> {
  const { stdout, stderr } = await postmortem(dir, '--json');
  assert.equal(stderr, '');
  return JSON.parse(stdout) as Told;
}

function guiltyOf({ grown }: Told, kind: string): string {
  return grown.find((one) => one.kind === kind)?.growers[0]?.guilty?.name ?? '';
}

function bundlesIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}

describe('a Go service', { skip, timeout: 240_000 }, () => {
  const binary = join(scratch, 'leaky');
  before(() => {
    const source = join(scratch, 'src');
    mkdirSync(source);
    copyFileSync(fileURLToPath(new URL('leaky.go', import.meta.url)), join(source, 'main.go'));
    writeFileSync(join(source, 'go.mod'), 'module example.com/leaky\n\ngo 1.22\n');
    const built = spawnSync('go', ['build', '-o', binary, '.'], {
      cwd: source,
      encoding: 'utf8',
      env: { ...process.env, GOFLAGS: '-buildvcs=false -mod=mod' },
    });
    assert.equal(built.status, 0, built.stderr);
  });

  interface Started {
    readonly url: string;
    readonly pid: number;
    readonly box: string;
    readonly ended: Promise<unknown>;
  }

  async function start(mode: string, megabytes: number, env: Record<string, string> = {}): Promise<Started> {
    const box = mkdtempSync(join(scratch, 'box-'));
    const child = spawn(binary, [mode, String(megabytes), box], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, ...env },
    });
    running.push(child);
    const ended = once(child, 'exit');
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    return { url: `http://127.0.0.1:${port.toString().trim()}`, pid: child.pid ?? 0, box, ended };
  }

  /** Guards until a line on stderr says that a bundle is begun and the service has ended. */
  async function guarded({ url, box, ended }: Started, ...args: string[]): Promise<Ran> {
    return stackpile(['guard', url, '--dir', box, '--every', '1s', ...args], {
      timeout: 120_000,
      onStart: (kill) => void ended.then(() => kill('SIGINT')),
    });
  }

  test('that leaks memory is told of before its stated limit, with who allocated it', async () => {
    const service = await start('heap', 90);
    const { status, stderr } = await guarded(service, '--limit', '100MB', '--at', '80%');
    assert.equal(status, 1, stderr);
    assert.match(stderr, new RegExp(`guarding .*\\(process ${service.pid}\\): evidence goes to`, 'u'));
    const told = await toldOf(service.box);
    assert.equal(told.crossed.what, 'rss');
    assert.equal(told.pid, service.pid);
    assert.equal(guiltyOf(told, 'heap'), 'main.keepUpload');
    assert.equal(told.verdict.found, 'then');
    assert.match((await postmortem(service.box)).stdout, /^rss reached .* of 100\.0 MB/u);
  });

  test('that meets GOMEMLIMIT with what lives is told of; one that only has garbage there is not', async () => {
    const full = await start('heap', 60, { GOMEMLIMIT: '64MiB', GOGC: 'off' });
    const leaky = await guarded(full);
    assert.equal(leaky.status, 1, leaky.stderr);
    const told = await toldOf(full.box);
    assert.equal(told.crossed.what, 'heap');
    assert.equal(guiltyOf(told, 'heap'), 'main.keepUpload');

    const well = await start('garbage', 0, { GOMEMLIMIT: '64MiB', GOGC: 'off' });
    const healthy = await guarded(well, '--at', '40%');
    assert.equal(healthy.status, 0, healthy.stderr);
    assert.deepEqual(bundlesIn(well.box), []);
  });

  test('that answers nothing any more is watched by what the system says of it', async () => {
    const service = await start('slow', 90);
    const { status, stderr } = await guarded(
      service,
      '--limit',
      '100MB',
      '--at',
      '80%',
      '--timeout',
      '500ms',
    );
    assert.equal(status, 1, stderr);
    const { crossed, pid } = await toldOf(service.box);
    assert.deepEqual([crossed.what, pid], ['rss', service.pid]);
  });

  test('that has too many goroutines is told of with where they wait', async () => {
    const service = await start('goroutines', 1);
    const { status, stderr } = await guarded(service, '--tasks', '1500');
    assert.equal(status, 1, stderr);
    const told = await toldOf(service.box);
    assert.equal(told.crossed.what, 'tasks');
    assert.equal(guiltyOf(told, 'goroutine'), 'main.waitForReply');
  });
});

/** A guard in this process, which looks often. */
function guardOf(
  url: string,
  dir: string,
  more: Partial<GuardPlan> = {},
): { guard: Guard; lines: string[]; stop: () => void } {
  const spec = parseSource(url, scratch);
  assert.ok(isRunning(spec));
  const over = new AbortController();
  stops.push(() => over.abort());
  const lines: string[] = [];
  const guard = new Guard(
    {
      spec,
      source: { timeout: 5 },
      every: 40,
      for: Infinity,
      lines: { at: 0.85, limit: null, tasks: null },
      pid: null,
      box: { dir, bundles: 5, megabytes: 200, upload: null, webhook: null, headers: {} },
      leaks: {},
      mayStop: false,
      ...more,
    },
    {
      now: () => Date.now(),
      sleep: (ms) => delay(ms),
      signal: over.signal,
      say: (line) => void lines.push(line),
    },
  );
  return { guard, lines, stop: () => over.abort() };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(10);
}

test('a service that vanishes while it leaks is told of by what was seen until then', {
  timeout: 120_000,
}, async () => {
  const dir = join(scratch, 'vanished');
  const service = await startFake({ count: (k) => 10 + 25 * k });
  const { guard, lines, stop } = guardOf(service.url, dir);
  const ended = guard.run();
  await until(() => service.asked.filter((path) => path.includes('debug=2')).length > 25);
  await service.close();
  await until(() => lines.some((line) => line.includes('is gone: evidence is in')));
  stop();
  await ended;
  assert.equal(guard.written, 1);
  const told = await toldOf(dir);
  assert.equal(told.crossed.what, 'gone');
  assert.equal(told.verdict.kind, 'leak');
  assert.equal(guiltyOf(told, 'goroutine'), 'main.subscribe');
  assert.match((await postmortem(dir)).stdout, /^it was gone: .*\n[\s\S]*\n {2}LEAK {2}.*subscribe/u);
});

test('a service that is steady and ends is nothing to tell', { timeout: 120_000 }, async () => {
  const dir = join(scratch, 'steady');
  const service = await startFake({ count: () => 40 });
  const { guard, lines, stop } = guardOf(service.url, dir);
  const ended = guard.run();
  await until(() => service.asked.filter((path) => path.includes('debug=2')).length > 10);
  await service.close();
  await until(() => lines.some((line) => line.includes('nothing listens there')));
  stop();
  await ended;
  assert.equal(guard.written, 0);
  assert.deepEqual(bundlesIn(dir), []);
});

test('a folder that cannot be written to is one line, and the guard goes on', {
  timeout: 120_000,
}, async () => {
  const dir = join(scratch, 'no-folder');
  writeFileSync(dir, 'a file');
  const service = await startFake({ count: (k) => 100 + k });
  const { guard, lines, stop } = guardOf(service.url, dir, { lines: { at: 0.85, limit: null, tasks: 50 } });
  const ended = guard.run();
  await until(() => lines.some((line) => line.includes('cannot write to')));
  const asked = service.asked.length;
  await until(() => service.asked.length > asked + 5);
  stop();
  await ended;
  await service.close();
  assert.equal(lines.filter((line) => line.includes('cannot write to')).length, 1, lines.join('\n'));
  assert.equal(guard.written, 0);
  assert.equal(readFileSync(dir, 'utf8'), 'a file');
});

test('a service that is not there yet is waited for, and said once', { timeout: 120_000 }, async () => {
  const { guard, lines, stop } = guardOf(`http://127.0.0.1:${await closedPort()}`, join(scratch, 'later'));
  const ended = guard.run();
  await until(() => lines.length > 0);
  await delay(200);
  stop();
  await ended;
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /nothing listens there .*; waiting for it$/u);
  assert.equal(guard.hasSeen, false);
});

test('a command line that makes no sense is one sentence', async () => {
  const url = 'http://127.0.0.1:1';
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /give the address of one service/],
    [[url], /--dir: name the folder/],
    [[url, url, '--dir', 'x'], /one service/],
    [[url, '--dir', 'x', '--at', '120%'], /--at 120%: a part of the limit/],
    [[url, '--dir', 'x', '--at', '512MB'], /a part of the limit/],
    [[url, '--dir', 'x', '--limit', '0'], /--limit 0/],
    [[url, '--dir', 'x', '--limit', '9'.repeat(400)], /--limit 9+…?: write a size|--limit/],
    [[url, '--dir', 'x', '--tasks', '-1'], /--tasks/],
    [[url, '--dir', 'x', '--pid', '1e3'], /--pid 1e3: a whole number/],
    [[url, '--dir', 'x', '--every', '1ms'], /--every 1ms/],
    [[url, '--dir', 'x', '--webhook', 'file:///etc/passwd'], /--webhook: that is no address of HTTP/],
    [[url, '--dir', 'x', '--upload', 'https://user:secret@['], /--upload: that is no address of HTTP/],
    [[url, '--dir', '/dev/null/x'], /--dir \/dev\/null\/x: /],
    [['/tmp', '--dir', 'x'], /only services and processes are guarded/],
    [[url, '--nosuch'], /nosuch/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = await said((io) => runGuard(args, io), scratch);
    assert.equal(status, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.match(stderr, message);
    assert.match(stderr, /^stackpile guard: [^\n]*\n$/u, args.join(' '));
    assert.ok(!stderr.includes('secret'), stderr);
  }
});

test('headers that make no sense are one sentence that does not show them', async () => {
  const env = { STACKPILE_BLACK_BOX_HEADERS: 'Authorization Bearer s3cret' };
  const { status, stderr } = await said(
    (io) => runGuard(['http://127.0.0.1:1', '--dir', 'x'], io),
    scratch,
    env,
  );
  assert.equal(status, 2);
  assert.match(stderr, /^stackpile guard: STACKPILE_BLACK_BOX_HEADERS: write headers as Name: value/u);
  assert.ok(!stderr.includes('s3cret'));
});

test('a Node service is guarded by the numbers of its agent', { timeout: 120_000 }, async () => {
  const dir = join(scratch, 'agent');
  const program = `import { startServer } from ${JSON.stringify(new URL('../../../agent/src/index.ts', import.meta.url).href)};
const { url } = await startServer({ port: 0 });
const pending = [];
async function waitForReply() { await new Promise((resolve) => pending.push(resolve)); }
for (let i = 0; i < 50; i++) void waitForReply();
setInterval(() => undefined, 1000);
console.log(url);`;
  writeFileSync(join(scratch, 'service.mjs'), program);
  const child = spawn(process.execPath, ['--conditions=stackpile-source', join(scratch, 'service.mjs')], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  running.push(child);
  const [url] = (await once(child.stdout, 'data')) as [Buffer];
  const { guard, stop } = guardOf(url.toString().trim(), dir, {
    lines: { at: 0.85, limit: null, tasks: 40 },
  });
  const ended = guard.run();
  await until(() => guard.written > 0);
  stop();
  await ended;
  const told = await toldOf(dir);
  assert.deepEqual([told.crossed.what, told.pid], ['tasks', child.pid]);
  assert.equal(guiltyOf(told, 'goroutine'), 'waitForReply');
  assert.match((await postmortem(dir)).stdout, /, node, at /u);
});
