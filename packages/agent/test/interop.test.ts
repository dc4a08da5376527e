// Real Go tools read what we serve.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { type PprofServer, startServer } from '@stackpile/agent';
import { unlessCi } from '../../../testing/ci.ts';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url));
const pprof = join(cache, 'pprof');

function hasGo(): boolean {
  try {
    execFileSync('go', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const without = existsSync(pprof) || hasGo() ? false : 'needs Go to build pprof';

describe('go tool pprof', { skip: unlessCi(without) }, () => {
  let server: PprofServer;
  const waiting: (() => void)[] = [];
  let spinning: NodeJS.Timeout;

  async function waitsForGo(): Promise<void> {
    await new Promise<void>((resolve) => waiting.push(resolve));
  }

  function burnsForGo(): void {
    const end = performance.now() + 20;
    while (performance.now() < end);
  }

  function locksForGo(): void {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }

  before(async () => {
    if (!existsSync(pprof)) {
      mkdirSync(cache, { recursive: true });
      execFileSync('go', ['build', '-o', pprof, 'cmd/pprof'], { stdio: 'inherit' });
    }
    // V8 of Node 20 tells a profiler nothing of functions that it had inlined before the recording began.
    setFlagsFromString('--no-opt');
    setFlagsFromString('--no-maglev'); // later ones inline with this one too
    server = await startServer({ port: 0, mutex: true });
    for (let i = 0; i < 7; i++) void waitsForGo();
    spinning = setInterval(burnsForGo, 40);
  });
  after(async () => {
    clearInterval(spinning);
    for (const resolve of waiting) resolve();
    await server.close();
  });

  async function top(args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'stackpile-interop-'));
    const env = { ...process.env, PPROF_TMPDIR: folder };
    try {
      return await run(pprof, ['-top', ...args], { env, timeout: 60_000 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** What pprof says besides complaints. */
  function complaints(stderr: string): string {
    return stderr
      .replace(
        /^(?:Fetching profile .*|Saved profile in .*|Please wait\.\.\. .*|Main binary filename not available\.?)\n/gmu,
        '',
      )
      .trim();
  }

  test('goroutine', async () => {
    const { stdout, stderr } = await top([`${server.url}goroutine`]);
    assert.match(stdout, /^Type: goroutine$/mu);
    assert.match(stdout, /^\s*7 .*waitsForGo/mu);
    assert.equal(complaints(stderr), '');
  });

  test('heap', async () => {
    const { stdout, stderr } = await top([`${server.url}heap`]);
    assert.match(stdout, /^Type: inuse_space$/mu);
    assert.match(stdout, /\(native\)/u);
    assert.equal(complaints(stderr), '');
  });

  test('profile', async () => {
    const { stdout, stderr } = await top([`${server.url}profile?seconds=2`]);
    assert.match(stdout, /^Type: cpu$/mu);
    assert.match(stdout, /burnsForGo/u);
    assert.equal(complaints(stderr), '');
  });

  test('a delta, which has negative values', async () => {
    const { stdout, stderr } = await top(['-seconds', '1', `${server.url}goroutine`]);
    assert.match(stdout, /^Type: goroutine$/mu);
    assert.equal(complaints(stderr), '');
  });

  test('allocs, which opens with what was allocated', async () => {
    const { stdout, stderr } = await top([`${server.url}allocs`]);
    assert.match(stdout, /^Type: alloc_space$/mu);
    assert.equal(complaints(stderr), '');
  });

  test('threadcreate', async () => {
    const { stdout, stderr } = await top([`${server.url}threadcreate`]);
    assert.match(stdout, /^Type: threadcreate$/mu);
    assert.match(stdout, /\(main thread\)/u);
    assert.equal(complaints(stderr), '');
  });

  test('mutex', async () => {
    locksForGo();
    const { stdout, stderr } = await top([`${server.url}mutex`]);
    assert.match(stdout, /^Type: delay$/mu);
    assert.match(stdout, /locksForGo/u);
    assert.equal(complaints(stderr), '');
  });

  test('goroutineleak, of which there is nothing yet', async () => {
    const { stdout, stderr } = await top([`${server.url}goroutineleak`]);
    assert.match(stdout, /^Type: goroutineleak$/mu);
    assert.equal(complaints(stderr), '');
  });

  for (const name of ['goroutine', 'heap', 'allocs', 'threadcreate', 'mutex']) {
    test(`the text of ${name}, with the names that symbol gives it`, async () => {
      const { stdout, stderr } = await top([`${server.url}${name}?debug=1`]);
      assert.match(stdout, /^Showing nodes accounting for /mu);
      assert.equal(complaints(stderr), '');
      const named = { goroutine: 'waitsForGo', mutex: 'locksForGo', threadcreate: '(main thread)' }[name];
      assert.ok(stdout.includes(named ?? '(native)'), stdout);
    });
  }
});
