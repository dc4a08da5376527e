// What the agent refuses at its start, and with which sentence.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { AgentError, createHandler, startServer } from '@stackpile/agent';
import { ask } from './http-client.ts';
import { serving, sourceFlags } from './serving.ts';

const run = promisify(execFile);

/** As JavaScript calls them. */
const start = startServer as (options?: unknown) => Promise<unknown>;
const create = createHandler as (options?: unknown) => unknown;

function refused(code: string, message: RegExp | string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof AgentError, String(error));
    assert.equal(error.code, code);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.doesNotMatch(error.message, /\n/u);
    assert.ok(error.message.length < 300, error.message);
    return true;
  };
}

describe('unknown options are refused, and the one that was meant is named', () => {
  const unknown: readonly (readonly [options: object, message: string])[] = [
    [{ prot: 6060 }, 'there is no option prot: did you mean port?'],
    [{ Port: 6060 }, 'there is no option Port: did you mean port?'],
    [{ allowedHost: [] }, 'there is no option allowedHost: did you mean allowedHosts?'],
    [{ tasks: { budegt: 0.1 } }, 'there is no option tasks.budegt: did you mean tasks.budget?'],
    [{ tasks: { stackdepth: 1 } }, 'there is no option tasks.stackdepth: did you mean tasks.stackDepth?'],
    [{ heap: { sampling: 1 } }, 'there is no option heap.sampling: there are heap.interval, heap.snapshots'],
    [
      { prefix: '/x' },
      'there is no option prefix: there are tasks, heap, cmdline, mutex, block, maxSeconds, blackBox, port, host, auth, tls, push, allowedHosts, path',
    ],
    [{ prot: undefined }, 'there is no option prot: did you mean port?'],
    [
      JSON.parse('{"__proto__": 1}') as object,
      /* own, as JSON makes it */ 'there is no option __proto__: there are tasks, heap, cmdline, mutex, block, maxSeconds, blackBox, port, host, auth, tls, push, allowedHosts, path',
    ],
    [
      { toString: 1 },
      'there is no option toString: there are tasks, heap, cmdline, mutex, block, maxSeconds, blackBox, port, host, auth, tls, push, allowedHosts, path',
    ],
  ];
  for (const [options, message] of unknown) {
    test(message, async () => {
      await assert.rejects(start(options), refused('AGENT_OPTIONS', message));
    });
  }
  test('of a handler', () => {
    assert.throws(
      () => create({ auth: 'none', prefx: '/x' }),
      refused('AGENT_OPTIONS', 'there is no option prefx: did you mean prefix?'),
    );
    assert.throws(
      () => create({ auth: 'none', port: 6060 }),
      refused(
        'AGENT_OPTIONS',
        'there is no option port: there are tasks, heap, cmdline, mutex, block, maxSeconds, blackBox, auth, prefix',
      ),
    );
  });
  test('a name that is no name', async () => {
    await assert.rejects(
      start({ [`\u001b[31m${'x'.repeat(10_000)}\n`]: 1 }),
      refused('AGENT_OPTIONS', /^there is no option "\\u001b/u),
    );
  });
});

describe('a wrong type is one sentence', () => {
  const wrong: readonly (readonly [options: unknown, message: string])[] = [
    ['a-token-in-the-wrong-place', 'startServer takes an object of options, not a string'],
    [null, 'startServer takes an object of options, not null'],
    [6060, 'startServer takes an object of options, not 6060'],
    [[], 'startServer takes an object of options, not an array'],
    [Promise.resolve({}), 'startServer takes an object of options, not a Promise'],
    [{ port: '6060' }, 'option port is "6060", not a whole number from 0 to 65535'],
    [{ port: 70_000 }, 'option port is 70000, not a whole number from 0 to 65535'],
    [{ port: Number.NaN }, 'option port is NaN, not a whole number from 0 to 65535'],
    [{ port: null }, 'option port is null, not a whole number from 0 to 65535'],
    [{ port: 1n }, 'option port is a bigint, not a whole number from 0 to 65535'],
    [{ host: 1 }, 'option host is 1, not an address or a host name'],
    [{ host: '' }, 'option host is "", not an address or a host name'],
    [{ host: 'http://127.0.0.1' }, 'option host is "http://127.0.0.1", not an address or a host name'],
    [{ allowedHosts: 'a.example' }, 'option allowedHosts is "a.example", not an array'],
    [
      { allowedHosts: ['a', '*.example'] },
      'option allowedHosts[1] is "*.example", not a host name, whole, with or without a port',
    ],
    [
      { allowedHosts: ['https://a.example'] },
      'option allowedHosts[0] is "https://a.example", not a host name, whole, with or without a port',
    ],
    [{ tasks: 'yes' }, 'option tasks is "yes", not true, false or an object of options'],
    [{ tasks: { budget: '1 %' } }, 'option tasks.budget is "1 %", not a number from 0 to 1'],
    [{ tasks: { budget: Number.NaN } }, 'option tasks.budget is NaN, not a number from 0 to 1'],
    [
      { tasks: { maxTasks: 100.5 } },
      'option tasks.maxTasks is 100.5, not a whole number from 100 to 10000000',
    ],
    [{ tasks: { handles: 1 } }, 'option tasks.handles is 1, not true or false'],
    [{ tasks: { from: 'later' } }, `option tasks.from is "later", not 'start' or 'first look'`],
    [{ heap: [] }, 'option heap is an array, not true, false or an object of options'],
    [{ maxSeconds: {} }, 'option maxSeconds is an object, not a number from 1 to 86400'],
    [{ auth: 12_345_678 }, "option auth must be a function, 'none', or a token of at least 8 characters"],
  ];
  for (const [options, message] of wrong) {
    test(message, async () => {
      await assert.rejects(start(options), refused('AGENT_OPTIONS', message));
    });
  }
  test('of a handler', () => {
    assert.throws(
      () => create(null),
      refused('AGENT_OPTIONS', 'createHandler takes an object of options, not null'),
    );
    for (const prefix of ['debug/pprof', '/a?b', '//a', '/a/../b', '/a b', '/é', '/a//b', 1, '/%41'])
      assert.throws(
        () => create({ auth: 'none', prefix }),
        refused('AGENT_OPTIONS', /^option prefix is .*, not a path as requests spell it: '\/debug\/pprof'$/u),
      );
  });
  test('what is undefined is as good as absent', async () => {
    const server = await serving({ port: 0, auth: undefined });
    assert.equal((await ask(server.port, '/debug/pprof/cmdline')).status, 200);
  });
});

describe('a door that nobody meant to leave open', () => {
  test('a variable that is not set lets nobody in', async () => {
    const code = { code: 'AGENT_AUTH_REQUIRED' };
    assert.throws(() => create({ auth: process.env['A_TOKEN_THAT_IS_NOT_SET'] }), code);
    assert.throws(() => create(), code);
    for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.999.1.1', '[::]', 'localhost.evil.example'])
      await assert.rejects(start({ port: 0, host, auth: undefined }), code, host);
  });

  test('a token that can never match is refused at start, and not shown', async () => {
    const hidden: readonly (readonly [token: string, message: RegExp])[] = [
      ['', /a token of at least 8 characters$/u],
      ['short', /a token of at least 8 characters$/u],
      ['correct horse', /no request can carry: it has a blank or line break at position 8$/u],
      ['correct-horse\n', /no request can carry: it has a blank or line break at position 14$/u],
      ['Bearer abcdefgh', /no request can carry: it has a blank or line break at position 7$/u],
      [
        'correct\u0000horse',
        /no request can carry: it has a character that is not printable ASCII at position 8$/u,
      ],
      ['passwörter', /no request can carry: it has a character that is not printable ASCII at position 6$/u],
      [
        'correct\u{1f40e}horse',
        /no request can carry: it has a character that is not printable ASCII at position 8$/u,
      ],
      ['undefined', /is the text 'undefined': a variable was not set$/u],
    ];
    for (const [auth, message] of hidden) {
      const check = (error: unknown): boolean => {
        if (auth.includes('horse')) assert.doesNotMatch(String(error), /correct|horse/u);
        return refused('AGENT_OPTIONS', message)(error);
      };
      assert.throws(() => create({ auth }), check);
      await assert.rejects(start({ port: 0, auth }), check);
    }
  });

  test('every token that is accepted matches, as bearer and as password', async () => {
    const token = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('');
    const server = await serving({ port: 0, auth: token });
    const status = async (authorization: string): Promise<number> =>
      (await ask(server.port, '/debug/pprof/cmdline', { headers: { authorization } })).status;
    assert.equal(await status(`Bearer ${token}`), 200);
    assert.equal(await status(`Basic ${Buffer.from(`me:${token}`).toString('base64')}`), 200);
    assert.equal(await status(`Bearer ${token}x`), 401);
  });
});

test('a worker thread is not what would be profiled: refused there', async () => {
  const worker = new Worker(new URL('programs/in-worker.ts', import.meta.url), {
    execArgv: [...sourceFlags],
  });
  const [answers] = (await once(worker, 'message')) as [string[]];
  const why = 'was called in a worker thread, and profiles the main thread only: call it there';
  assert.deepEqual(answers, [`AGENT_THREAD startServer ${why}`, `AGENT_THREAD createHandler ${why}`]);
  await worker.terminate();
});

test('a default port that is taken ends no service: the next free one is taken, and said', async () => {
  const program = fileURLToPath(new URL('programs/default-port.ts', import.meta.url));
  const { stdout, stderr } = await run(process.execPath, [...sourceFlags, program], { timeout: 60_000 });
  const { url, port, status } = JSON.parse(stdout) as { url: string; port: number; status: number };
  assert.equal(status, 200);
  assert.notEqual(port, 6060);
  assert.equal(url, `http://127.0.0.1:${port}/debug/pprof/`);
  assert.equal(stderr, `stackpile: port 6060 is taken, profiles are at ${url}\n`);
});
