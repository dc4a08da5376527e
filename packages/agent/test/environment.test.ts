// A server by environment variables alone: `node --import`, never fatal, one line on stderr, one server per process.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { unknownVariables } from '../src/environment.ts';
import { ask } from './http-client.ts';
import { sourceFlags } from './serving.ts';

const entry = new URL('../src/register.ts', import.meta.url).href;
const program = fileURLToPath(new URL('programs/plain-service.mjs', import.meta.url));

const children: ChildProcess[] = [];
const servers: Server[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) server.close();
});

interface Program {
  /** Resolves with the first match in what it has written to stderr. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<{ readonly status: unknown; readonly stdout: string; readonly stderr: string }>;
  readonly child: ChildProcess;
}

/** Runs a program that knows nothing of the agent; `how` is its argument. */
function run(how: string, variables: Readonly<Record<string, string>>): Program {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('STACKPILE_')),
  );
  const child = spawn(process.execPath, [...sourceFlags, `--import=${entry}`, program, how], {
    env: { ...environment, NODE_NO_WARNINGS: '1', ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  let heard = (): void => undefined;
  child.stdout?.on('data', (piece: Buffer) => (stdout += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => {
    stderr += piece.toString();
    heard();
  });
  const ended = once(child, 'close').then(([status]: unknown[]) => ({ status, stdout, stderr }));
  return {
    child,
    ended,
    says: (pattern) =>
      new Promise((resolve, reject) => {
        heard = () => {
          const match = pattern.exec(stderr);
          if (match !== null) resolve(match);
        };
        void ended.then(() => reject(new Error(`it has ended and said: ${stderr}`)));
        heard();
      }),
  };
}

const LISTENS =
  /^stackpile: (.*)profiles of process \d+ are at http:\/\/127\.0\.0\.1:(\d+)\/debug\/pprof\/\n/mu;

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('node --import @stackpile/agent/register', () => {
  test('serves, with the tasks of the program from its first line on, and says where in one line', async () => {
    const program = run('waits', { STACKPILE_PORT: '0' });
    const [line, moved, port] = await program.says(LISTENS);
    assert.equal(moved, '');
    const { body } = await ask(Number(port), '/debug/pprof/goroutine?debug=1');
    assert.match(body.toString(), /waitForEver/u);
    program.child.kill('SIGTERM');
    assert.equal((await program.ended).stderr, line);
  });

  test('a program that ends by itself ends as before', async () => {
    const { status, stdout } = await run('ends', { STACKPILE_PORT: '0' }).ended;
    assert.deepEqual([status, stdout], [7, 'done\n']);
  });

  test('a port that is taken: the next free one, said', async () => {
    const taken = await takenPort();
    const [, moved, port] = await run('waits', { STACKPILE_PORT: String(taken) }).says(LISTENS);
    assert.equal(moved, `port ${taken} is taken, `);
    assert.notEqual(Number(port), taken);
    assert.equal((await ask(Number(port), '/debug/pprof/cmdline')).status, 200);
  });

  test('each process of a cluster has its own', async () => {
    const first = await takenPort();
    const program = run('cluster', { STACKPILE_PORT: String(first) });
    const three = new RegExp(`(?:${LISTENS.source}){1}[^]*${LISTENS.source}[^]*${LISTENS.source}`, 'mu');
    const match = await program.says(three);
    const ports = [match[2], match[4], match[6]].map(Number);
    assert.equal(new Set(ports).size, 3);
    for (const port of ports) assert.equal((await ask(port, '/debug/pprof/cmdline')).status, 200);
  });

  test('a worker thread says that it is none that is profiled, once, and works', async () => {
    const program = run('worker', { STACKPILE_PORT: '0' });
    const { status, stdout, stderr } = await program.ended;
    assert.deepEqual([status, stdout], [0, 'worker done\n']);
    assert.equal(stderr.match(/profiles are served: .* in a worker thread/gu)?.length, 1, stderr);
    assert.match(stderr, LISTENS);
  });

  test('credentials: a token or several, or an explicit word beyond loopback', async () => {
    const token = 'a-token-of-this-test';
    const program = run('waits', { STACKPILE_PORT: '0', STACKPILE_TOKEN: `${token} another-token` });
    const [, , port] = await program.says(LISTENS);
    const status = async (authorization: string): Promise<number> =>
      (await ask(Number(port), '/debug/pprof/cmdline', { headers: { authorization } })).status;
    assert.deepEqual(
      [await status(`Bearer ${token}`), await status('Bearer another-token'), await status('Bearer other')],
      [200, 200, 401],
    );
  });

  for (const [variables, line] of [
    [{ STACKPILE_PORT: '70000' }, 'STACKPILE_PORT is 70000, not a whole number from 0 to 65535'],
    [{ STACKPILE_PORT: 'http' }, 'STACKPILE_PORT is "http", not a whole number from 0 to 65535'],
    [{ STACKPILE_TASKS: 'perhaps' }, 'STACKPILE_TASKS is "perhaps", not true or false'],
    [{ STACKPILE_ENABLED: 'perhaps' }, 'STACKPILE_ENABLED is "perhaps", not true or false'],
    [
      { STACKPILE_HOST: '0.0.0.0' },
      'a server on 0.0.0.0 needs STACKPILE_TOKEN, or STACKPILE_AUTH=none to let everybody in',
    ],
    [{ STACKPILE_ENABLED: 'constructor' }, 'STACKPILE_ENABLED is "constructor", not true or false'],
    [{ STACKPILE_TASKS: '__proto__' }, 'STACKPILE_TASKS is "__proto__", not true or false'],
    [
      { STACKPILE_PUSH_URL: 'http://127.0.0.1:9' },
      'STACKPILE_PUSH_SERVICE is missing: STACKPILE_PUSH_URL has no meaning without it',
    ],
    [
      { STACKPILE_PUSH_LABELS: 'env=prod' },
      'STACKPILE_PUSH_URL and STACKPILE_PUSH_SERVICE are missing: STACKPILE_PUSH_LABELS has no meaning without them',
    ],
    [
      { STACKPILE_BLACK_BOX_AT: 'rss=85%' },
      'STACKPILE_BLACK_BOX_DIR is missing: STACKPILE_BLACK_BOX_AT has no meaning without it',
    ],
    [
      { STACKPILE_BLACK_BOX_AT: 'rss=much', STACKPILE_BLACK_BOX_DIR: '/tmp/box' },
      `rss in STACKPILE_BLACK_BOX_AT is "much", not a part of the limit, like '85%', or a size, like '512MB'`,
    ],
    [
      { STACKPILE_BLACK_BOX_AT: 'rrs=85%', STACKPILE_BLACK_BOX_DIR: '/tmp/box' },
      'there is no rrs in STACKPILE_BLACK_BOX_AT: did you mean rss?',
    ],
    [
      { STACKPILE_PATH: '/tmp/s', STACKPILE_PORT: '0' },
      'STACKPILE_PORT has no meaning beside STACKPILE_PATH: a socket has none',
    ],
    [
      { STACKPILE_PATH: '/tmp/s', STACKPILE_ALLOWED_HOSTS: 'a.example' },
      'STACKPILE_ALLOWED_HOSTS has no meaning beside STACKPILE_PATH: a socket has none',
    ],
    [
      { STACKPILE_ALLOWED_HOSTS: 'a.example, *.example' },
      'number 2 of STACKPILE_ALLOWED_HOSTS is "*.example", not a host name, whole, with or without a port',
    ],
    [
      {
        STACKPILE_PUSH_URL: 'http://127.0.0.1:9',
        STACKPILE_PUSH_SERVICE: 'shop',
        STACKPILE_PUSH_LABELS: '1a=b',
      },
      'a name in STACKPILE_PUSH_LABELS is "1a", not a name of letters, digits, _ and . that does not begin with __',
    ],
    [{ STACKPILE_TOKEN: 'short' }, 'STACKPILE_TOKEN has a token of less than 8 characters'],
    [{ STACKPILE_AUTH: 'nobody' }, "STACKPILE_AUTH can only be 'none': a token belongs into STACKPILE_TOKEN"],
    [
      { STACKPILE_TLS_CERT: '/nowhere/cert.pem' },
      'STACKPILE_TLS_CERT cannot be read: ENOENT; it has to be the path of a file',
    ],
  ] as const)
    test(`never fatal: ${line}`, async () => {
      const { status, stdout, stderr } = await run('ends', variables).ended;
      assert.deepEqual([status, stdout], [7, 'done\n']);
      assert.equal(stderr, `stackpile: no profiles are served: ${line}\n`);
    });

  test('the text of a key where its path belongs is not shown', async () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';
    for (const text of [pem, pem.replaceAll('\n', '\\n'), 'c2VjcmV0'.repeat(1000)]) {
      const { status, stderr } = await run('ends', { STACKPILE_TLS_KEY: text }).ended;
      assert.equal(status, 7);
      assert.match(stderr, /^stackpile: no profiles are served: STACKPILE_TLS_KEY cannot be read: .*\n$/u);
      assert.doesNotMatch(stderr, /c2VjcmV0/u);
    }
  });

  test('a path that is no file, or has no end, neither holds the program up nor fills its memory', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stackpile-environment-'));
    try {
      const long = join(folder, 'long.pem');
      writeFileSync(long, Buffer.alloc(2 * 1024 * 1024, 'x'));
      const wrong = [
        [long, 'it is longer than 1 MB'],
        [folder, 'it is no regular file'],
      ];
      if (process.platform !== 'win32') wrong.push(['/dev/zero', 'it is no regular file']);
      for (const [path = '', why = ''] of wrong) {
        const { status, stderr } = await run('ends', { STACKPILE_TLS_KEY: path }).ended;
        assert.equal(status, 7);
        assert.equal(
          stderr,
          `stackpile: no profiles are served: STACKPILE_TLS_KEY cannot be read: ${why}; it has to be the path of a file\n`,
        );
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('names that nobody knows are a few lines, however many they are and whatever is in them', () => {
    const hostile = {
      'STACKPILE_A\nstackpile: all is well\u001B[2J': '',
      ...Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`STACKPILE_X${i}`, 'x'])),
    };
    const lines = unknownVariables(hostile);
    assert.equal(lines.length, 6);
    assert.match(
      lines[0] ?? '',
      /^there is no variable STACKPILE_A\?stackpile: all is well\?\[2J: there are /u,
    );
    assert.equal(lines.at(-1), 'and 4996 more variables that begin with STACKPILE_ are not known');
    for (const line of lines) assert.match(line, /^[ -~]+$/u);
  });

  test('never fatal: a program whose console throws', async () => {
    const { status, stdout } = await run('throws', { STACKPILE_PORT: '0' }).ended;
    assert.deepEqual([status, stdout], [0, 'done\n']);
  });

  test('switched off it says nothing', async () => {
    const { status, stderr } = await run('ends', { STACKPILE_ENABLED: 'off' }).ended;
    assert.deepEqual([status, stderr], [7, '']);
  });

  test('a variable that nobody knows is said, with the one that was meant', async () => {
    const program = run('waits', { STACKPILE_PROT: '1', STACKPILE_PORT: '0' });
    await program.says(LISTENS);
    await program.says(/^stackpile: there is no variable STACKPILE_PROT: did you mean STACKPILE_PORT\?\n/mu);
    assert.deepEqual(unknownVariables({ STACKPILE_TEST_NODE: 'x', STACKPILE_PORT: '1', PATH: '' }), []);
    const [line = ''] = unknownVariables({ STACKPILE_COLOUR: 'blue' });
    assert.match(
      line,
      /^there is no variable STACKPILE_COLOUR: there are STACKPILE_ENABLED, STACKPILE_PORT/u,
    );
  });
});
