// The server as its users meet it: who may ask, what it answers under load, how it ends.
import assert from 'node:assert/strict';
import { execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { AgentError, createHandler, startServer, withLabels } from '@stackpile/agent';
import { decodeProfile, type Profile } from '@stackpile/profile';
import express from 'express';
import { framesOf } from '../src/text/read.ts';
import { ask } from './http-client.ts';
import { serving, sourceFlags } from './serving.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const run = promisify(execFile);

function decoded(body: Buffer): Profile {
  return decodeProfile(gunzipSync(body));
}

function program(name: string): string {
  return fileURLToPath(new URL(`programs/${name}`, import.meta.url));
}

describe('who may ask', () => {
  test('a token, as bearer or as the password of basic auth', async () => {
    const server = await serving({ port: 0, auth: 'correct:horse' });
    const status = async (authorization?: string): Promise<number> =>
      (
        await ask(
          server.port,
          '/debug/pprof/',
          authorization === undefined ? {} : { headers: { authorization } },
        )
      ).status;
    assert.equal(await status('Bearer correct'), 401);
    assert.equal(await status(), 401);
    assert.equal(await status('Bearer wrong'), 401);
    assert.equal(await status(`Basic ${Buffer.from('me:correct:horse').toString('base64')}`), 200);
    const refused = await ask(server.port, '/debug/pprof/heap');
    assert.equal(refused.headers['x-go-pprof'], '1');
    assert.match(String(refused.headers['www-authenticate']), /^Bearer/u);
  });

  test('a bearer token', async () => {
    const server = await serving({ port: 0, auth: 'abcdefgh' });
    const answer = await ask(server.port, '/debug/pprof/cmdline', {
      headers: { authorization: 'Bearer abcdefgh' },
    });
    assert.equal(answer.status, 200);
  });

  test('a function on the main thread', async () => {
    const seen: string[] = [];
    const server = await serving({
      port: 0,
      auth: (request) => {
        seen.push(`${request.method} ${request.url} ${request.endpoint} ${request.remoteAddress}`);
        if (request.url.includes('throw')) throw new Error('no');
        return request.headers['x-key'] === 'yes';
      },
    });
    assert.equal((await ask(server.port, '/debug/pprof/', { headers: { 'x-key': 'yes' } })).status, 200);
    assert.equal((await ask(server.port, '/debug/pprof/')).status, 401);
    assert.equal((await ask(server.port, '/debug/pprof/?throw')).status, 401);
    assert.equal(seen[0], 'GET /debug/pprof/  127.0.0.1');
    await ask(server.port, '/debug/pprof/%68eap?/ui', { headers: { 'x-forwarded-for': '10.0.0.1' } });
    assert.equal(seen.at(-1), 'GET /debug/pprof/%68eap?/ui heap 127.0.0.1');
  });

  test('not a page that has rebound its name to loopback, nor one of another site', async () => {
    const server = await serving({ port: 0, allowedHosts: ['profiles.internal'] });
    const status = async (headers: Record<string, string>): Promise<number> =>
      (await ask(server.port, '/debug/pprof/', { headers })).status;
    assert.equal(await status({ host: 'evil.example' }), 403);
    assert.equal(await status({ host: 'evil.example:6060' }), 403);
    assert.equal(await status({ host: '127.0.0.1.evil.example' }), 403);
    assert.equal(await status({ host: 'localhost:6060' }), 200);
    assert.equal(await status({ host: '[::1]:6060' }), 200);
    assert.equal(await status({ host: 'profiles.internal' }), 200);
    assert.equal(
      await status({
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'no-cors',
        'sec-fetch-dest': 'image',
      }),
      403,
    );
    assert.equal(
      await status({
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      }),
      200,
    );
    assert.equal(await status({ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }), 200);
  });

  test('no open listener and no mounted handler without auth', async () => {
    const code = { code: 'AGENT_AUTH_REQUIRED' };
    await assert.rejects(startServer({ host: '0.0.0.0', port: 0 }), code);
    assert.throws(() => createHandler({} as { auth: 'none' }), code);
    assert.throws(() => createHandler({ auth: undefined }), code);
  });

  test('an address in use is one sentence', async () => {
    const server = await serving({ port: 0 });
    await assert.rejects(startServer({ port: server.port }), (error: unknown) => {
      assert.ok(error instanceof AgentError);
      assert.equal(error.code, 'AGENT_LISTEN');
      assert.equal(
        error.message,
        `cannot listen on 127.0.0.1:${server.port}: the address is in use; give another port, 0 for any free one, or none: then 6060 or the next free one is taken`,
      );
      return true;
    });
  });
});

describe('hostile requests', () => {
  test('long headers, long queries, odd targets and methods', async () => {
    const server = await serving({ port: 0 });
    const status = async (path: string, options = {}): Promise<number> =>
      (await ask(server.port, path, options)).status;
    assert.equal(await status('/debug/pprof/', { headers: { 'x-long': 'a'.repeat(20_000) } }), 431);
    assert.equal(await status(`/debug/pprof/?${'a=b&'.repeat(3000)}`), 200);
    assert.equal(await status(`/debug/pprof/heap?debug=${'9'.repeat(5000)}`), 200);
    assert.equal(await status(`/debug/pprof/goroutine?seconds=${'9'.repeat(5000)}`), 400);
    assert.equal(await status('/debug/pprof/goroutine?source=constructor'), 400);
    assert.equal(await status('/debug/pprof/__proto__'), 404);
    assert.equal(await status('/debug/pprof/%'), 400);
    assert.equal(await status('/debug/pprof/%00'), 404);
    assert.equal(await status('/debug/pprof/heap', { method: 'DELETE' }), 405);
    assert.equal(await status('/debug/pprof/heap', { method: 'POST', body: 'x'.repeat(100_000) }), 405);
    assert.equal(await status('//evil.example/..//debug/pprof'), 307);
  });

  test('a redirect never leaves the host', async () => {
    const server = await serving({ port: 0 });
    for (const path of ['//evil.example/', '///evil.example/%2e%2e', '/debug/pprof//..//evil.example']) {
      const { location } = (await ask(server.port, path)).headers;
      assert.match(String(location), /^\/(?!\/)/u, path);
    }
  });
});

describe('captures', () => {
  test('profiles that run at the same time share the profiler, each with its own window', async () => {
    const server = await serving({ port: 0 });
    const [one, two] = await Promise.all([
      ask(server.port, '/debug/pprof/profile?seconds=2'),
      ask(server.port, '/debug/pprof/profile?seconds=1'),
    ]);
    for (const [answer, seconds] of [
      [one, 2],
      [two, 1],
    ] as const) {
      assert.equal(answer.status, 200, answer.body.toString());
      const profile = decoded(answer.body);
      assert.deepEqual(profile.sampleTypes, [
        { type: 'samples', unit: 'count' },
        { type: 'cpu', unit: 'nanoseconds' },
      ]);
      assert.equal(profile.period, 10_000_000n);
      assert.ok(profile.durationNanos >= BigInt(seconds) * 999_000_000n, String(profile.durationNanos));
    }
  });

  test('a client that hangs up stops its capture, and closing does not wait for the rest of it', async () => {
    const server = await startServer({ port: 0 });
    const hangUp = new AbortController();
    const gone = ask(server.port, '/debug/pprof/profile?seconds=300', { signal: hangUp.signal });
    await ask(server.port, '/debug/pprof/profile?seconds=1');
    hangUp.abort();
    await assert.rejects(gone);
    const left = ask(server.port, '/debug/pprof/profile?seconds=300');
    left.catch(() => undefined);
    await ask(server.port, '/debug/pprof/cmdline');
    await server.close();
    await assert.rejects(left);
    await assert.rejects(ask(server.port, '/debug/pprof/'));
  });

  test('goroutine shows a task with its labels; its delta one that began in between', async () => {
    const server = await serving({ port: 0 });
    const waiting: (() => void)[] = [];
    async function waitForJob(): Promise<void> {
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
    const first = withLabels({ job: 'cron "daily"' }, () => waitForJob());
    const { body } = await ask(server.port, '/debug/pprof/goroutine?debug=2');
    assert.match(
      body.toString(),
      /^goroutine \d+ \[await labels:\{"job": "cron \\"daily\\""\}\]:\nwaitForJob\(\.\.\.\)\n\t\S*server\.test\.[tj]s:\d+\n/mu,
    );
    const text = (await ask(server.port, '/debug/pprof/goroutine?debug=1')).body.toString();
    assert.match(text, /^goroutine profile: total \d+\n/u);
    assert.match(
      text,
      /^1 @ 0x\w+\n# labels: \{"job":"cron \\"daily\\""\}\n#\t0x\w+\twaitForJob\+0x\w+\t+\S*server\.test/mu,
    );
    const delta = ask(server.port, '/debug/pprof/goroutine?seconds=2');
    const later: Promise<void>[] = [];
    await new Promise<void>((resolve) =>
      setTimeout(() => {
        later.push(waitForJob(), waitForJob());
        resolve();
      }, 700),
    );
    const profile = decoded((await delta).body);
    const counts = new Map<string, number>();
    for (let row = 0; row < profile.samples.length; row++) {
      const leaf = framesOf(profile, row)[0]?.name ?? '';
      counts.set(leaf, (counts.get(leaf) ?? 0) + Number(profile.samples.values[0]?.[row] ?? 0));
    }
    assert.equal(counts.get('waitForJob'), 2);
    for (const resolve of waiting) resolve();
    await Promise.all([first, ...later]);
    const after = (await ask(server.port, '/debug/pprof/goroutine?debug=2')).body.toString();
    assert.doesNotMatch(after, /waitForJob/u);
  });

  test('everything answers while the main thread spins, and the profile shows the loop', async () => {
    // V8 of Node 20 tells a profiler nothing of loops that it had optimized while they ran before the recording began.
    const child = fork(program('spin.ts'), { execArgv: [...sourceFlags, '--no-use-osr'] });
    try {
      const [{ port }] = (await once(child, 'message')) as [{ port: number }];
      child.send('spin');
      await once(child, 'message');
      const answer = await ask(port, '/debug/pprof/profile?seconds=2');
      assert.equal(answer.status, 200);
      const profile = decoded(answer.body);
      const totals = new Map<string, number>();
      for (let row = 0; row < profile.samples.length; row++) {
        const leaf = framesOf(profile, row)[0]?.name ?? '';
        totals.set(leaf, (totals.get(leaf) ?? 0) + Number(profile.samples.values[1]?.[row] ?? 0));
      }
      const top = [...totals].sort((a, b) => b[1] - a[1])[0];
      assert.equal(top?.[0], 'spinForEver');
      assert.match((await ask(port, '/debug/pprof/')).body.toString(), /goroutine\?debug=1/u);
      assert.match((await ask(port, '/debug/pprof/cmdline')).body.toString(), /spin\.ts/u);
      const counters = JSON.parse((await ask(port, '/debug/pprof/counters')).body.toString()) as {
        pid: number;
        eventLoopLag: number;
      };
      assert.equal(counters.pid, child.pid);
      assert.ok(counters.eventLoopLag > 100, 'the turn that does not end counts');
      assert.match(
        (await ask(port, '/debug/pprof/goroutine?debug=2')).body.toString(),
        /waitsMeanwhile\(\.\.\.\)/u,
      );
      // The child says when the loop ends; it has not.
      assert.equal(child.exitCode, null);
    } finally {
      child.kill('SIGKILL');
    }
  });
});

test('the index links the web page where this build carries one', async () => {
  const server = await serving({ port: 0 });
  const built = existsSync(new URL('../../ui/dist/agent.html.gz', import.meta.url));
  const index = (await ask(server.port, '/debug/pprof/')).body.toString();
  assert.equal(index.includes('<a href="ui">'), built);
  assert.equal((await ask(server.port, '/debug/pprof/ui')).status, built ? 200 : 404);
});

describe('manners', () => {
  for (const how of ['returns', 'exits', 'captures', 'traces', 'armed', 'armed-exits', 'classes', 'throws']) {
    test(`a process that ${how} ends by itself and prints nothing of ours`, async () => {
      const ended = run(process.execPath, [...sourceFlags, program('manners.ts'), how], {
        timeout: 60_000,
      });
      if (how === 'throws') {
        await assert.rejects(ended, (error: { code: number; stdout: string; stderr: string }) => {
          assert.equal(error.code, 1);
          // The trace names the folder of this clone, whatever it is called.
          assert.doesNotMatch(error.stderr.replaceAll(root, ''), /debugger|stackpile/iu);
          return true;
        });
        return;
      }
      const { stdout, stderr } = await ended;
      assert.equal(stdout, 'done\n');
      assert.equal(stderr, '');
    });
  }

  test('close gives everything back, and a server can be started again', async () => {
    for (let i = 0; i < 3; i++) {
      const server = await startServer({ port: 0 });
      assert.equal((await ask(server.port, '/debug/pprof/goroutine')).status, 200);
      await server.close();
      await server.close();
    }
  });
});

describe('mounted', () => {
  async function listening(server: ReturnType<typeof createServer>): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  test('on node:http', async () => {
    const handler = createHandler({ auth: 'a-long-token', prefix: '/ops/prof' });
    const server = createServer(handler);
    const port = await listening(server);
    const headers = { authorization: 'Basic ' + Buffer.from('x:a-long-token').toString('base64') };
    try {
      assert.equal((await ask(port, '/ops/prof/')).status, 401);
      assert.equal((await ask(port, '/elsewhere', { headers })).status, 404);
      assert.equal((await ask(port, '/ops/prof', { headers })).headers.location, '/ops/prof/');
      assert.match((await ask(port, '/ops/prof/', { headers })).body.toString(), /goroutine/u);
      assert.equal((await ask(port, '/ops/prof/nosuch', { headers })).body.toString(), 'Unknown profile\n');
      const heap = await ask(port, '/ops/prof/heap', { headers });
      assert.equal(decoded(heap.body).sampleTypes.at(-1)?.type, 'inuse_space');
      assert.equal((await ask(port, '/ops/prof/heap', { headers, method: 'HEAD' })).status, 200);
    } finally {
      server.close();
      await handler.close();
    }
  });

  test('on Express, below any path, and passes on what is not its own', async () => {
    const app = express();
    const handler = createHandler({ auth: 'none' });
    app.use('/admin/pprof', handler);
    app.use(createHandler({ auth: 'none', prefix: '/debug/pprof' }));
    app.get('/hello', (_request, response) => void response.send('hello'));
    const server = createServer(app);
    const port = await listening(server);
    try {
      assert.equal((await ask(port, '/hello')).body.toString(), 'hello');
      assert.equal((await ask(port, '/admin/pprof?debug=1')).headers.location, '/admin/pprof/?debug=1');
      assert.match((await ask(port, '/admin/pprof/')).body.toString(), /goroutine/u);
      assert.match(
        (await ask(port, '/admin/pprof/goroutine?debug=1')).body.toString(),
        /^goroutine profile/u,
      );
      assert.match((await ask(port, '/debug/pprof/cmdline')).body.toString(), /node/u);
    } finally {
      server.close();
      await handler.close();
    }
  });
});
