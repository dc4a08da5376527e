// Credentials: bearer, basic, certificates, the user's own function; who gets in, what a browser is asked, and what no error tells.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Auth, basic, bearer, createHandler, startServer } from '@stackpile/agent';
import fc from 'fast-check';
import { Door } from '../src/door/door.ts';
import { gateOf } from '../src/door/gate.ts';
import { textResponse } from '../src/http/messages.ts';
import { route } from '../src/http/route.ts';
import { unlessCi } from '../../../testing/ci.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

const basicOf = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

/** What the door answers to a request for `cmdline`, as status and headers. */
async function through(
  auth: Auth,
  headers: Readonly<Record<string, string>>,
  path = 'cmdline',
): Promise<{ status: number; challenge: string | undefined; body: string }> {
  const door = new Door({ gate: gateOf(auth), hosts: null, endpoints: async () => textResponse('inside') });
  const url = `/debug/pprof/${path}`;
  const found = route('GET', url, '/debug/pprof');
  const asked = { method: 'GET', url, headers, remoteAddress: '' };
  const answer = await door.answer(found, asked, new AbortController().signal);
  return {
    status: answer.status,
    challenge: answer.headers['WWW-Authenticate'],
    body: Buffer.from(answer.body).toString(),
  };
}

const tokens = fc.stringMatching(/^[!-~]{8,40}$/u);
const passwords = fc.string({ minLength: 8, maxLength: 40, unit: 'grapheme' });
const names = fc
  .string({ minLength: 1, maxLength: 20, unit: 'grapheme' })
  .filter((name) => !name.includes(':'));
/** A text near to another one, or anything. */
const near = (text: string): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(
      text.slice(1),
      text.slice(0, -1),
      `${text}x`,
      `x${text}`,
      text.toUpperCase(),
      '',
      'none',
      'undefined',
      'null',
    ),
    tokens,
  );

describe('whoever has credentials gets in, and nobody else', () => {
  test('bearer: one of several tokens, as bearer or as the password of any name', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc
          .uniqueArray(tokens, { minLength: 1, maxLength: 4 })
          .chain((known) => fc.tuple(fc.constant(known), fc.constantFrom(...known), near(known[0] ?? ''))),
        async ([known, good, other]) => {
          for (const auth of [bearer(known), bearer((token) => known.includes(token))]) {
            for (const authorization of [
              `Bearer ${good}`,
              `bEaReR  ${good}`,
              basicOf(`any:${good}`),
              basicOf(`:${good}`),
            ])
              assert.equal((await through(auth, { authorization })).status, 200, authorization);
            if (known.includes(other)) return;
            for (const authorization of [
              `Bearer ${other}`,
              basicOf(`any:${other}`),
              basicOf(good),
              good,
              `Digest ${good}`,
            ]) {
              const { status, body } = await through(auth, { authorization });
              assert.equal(status, 401, authorization);
              for (const secret of [...known, other].filter((one) => one.length > 7))
                assert.ok(!body.includes(secret));
            }
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('basic: a name with its own password, and no token', async () => {
    await fc.assert(
      fc.asyncProperty(names, passwords, names, passwords, async (user, password, other, wrong) => {
        fc.pre(user !== other && password !== wrong);
        const users = { [user]: password, [other]: wrong };
        for (const auth of [
          basic(users),
          basic((name, word) => Object.hasOwn(users, name) && users[name] === word),
        ]) {
          const status = async (authorization: string): Promise<number> =>
            (await through(auth, { authorization })).status;
          assert.equal(await status(basicOf(`${user}:${password}`)), 200);
          assert.equal(await status(basicOf(`${other}:${wrong}`)), 200);
          assert.equal(await status(basicOf(`${user}:${wrong}`)), 401);
          assert.equal(await status(basicOf(`:${password}`)), 401);
          assert.equal(await status(basicOf(`${user}:`)), 401);
          assert.equal(await status(`Bearer ${encodeURIComponent(password)}`), 401);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a function that throws, rejects, or says anything but true is a no', async () => {
    const answers: readonly unknown[] = [1, 'yes', {}, undefined, null, false];
    for (const answer of answers) {
      const verify = (() => answer) as unknown as () => boolean;
      for (const auth of [bearer(verify), basic(verify), verify])
        assert.equal(
          (await through(auth, { authorization: basicOf('a:password') })).status,
          401,
          String(answer),
        );
    }
    const failing = async (): Promise<boolean> => {
      throw new Error('the database is at 10.1.2.3');
    };
    for (const auth of [bearer(failing), basic(failing), failing]) {
      const { status, body } = await through(auth, { authorization: basicOf('a:password') });
      assert.equal(status, 401);
      assert.doesNotMatch(body, /database/u);
    }
  });

  test('without credentials a function that looks at them is not even asked', async () => {
    let asked = 0;
    const verify = (): boolean => (asked++, true);
    for (const auth of [bearer(verify), basic(verify)]) assert.equal((await through(auth, {})).status, 401);
    assert.equal(asked, 0);
  });
});

describe('a browser without extensions is asked once', () => {
  const visit = { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-site': 'none' };
  const word = /^Basic realm="pprof"$/u;

  test('where its reader goes to a page; programs, and the page itself, are told of tokens', async () => {
    const auth = bearer('a-token-of-this-test');
    assert.match((await through(auth, visit)).challenge ?? '', word);
    assert.match((await through(auth, visit, '')).challenge ?? '', word);
    assert.equal((await through(auth, {})).challenge, 'Bearer realm="pprof"');
    assert.equal((await through(auth, { 'sec-fetch-mode': 'cors' })).challenge, 'Bearer realm="pprof"');
    // Its file is open, and asks by itself.
    assert.equal((await through(auth, visit, 'ui')).status, 200);
  });

  test('with names and passwords always, for the page too', async () => {
    const auth = basic({ ops: 'a password' });
    for (const path of ['', 'heap', 'ui']) {
      const { status, challenge } = await through(auth, {}, path);
      assert.equal(status, 401);
      assert.match(challenge ?? '', word);
    }
  });

  test('not by a function of the app, which may want something else', async () => {
    assert.equal((await through(() => false, visit)).challenge, 'Bearer realm="pprof"');
  });
});

describe('credentials that nobody meant are refused at start, and not shown', () => {
  const refused: readonly (readonly [string, () => Auth])[] = [
    ['AGENT_AUTH_REQUIRED', () => bearer(undefined)],
    ['AGENT_AUTH_REQUIRED', () => bearer([])],
    ['AGENT_AUTH_REQUIRED', () => bearer([undefined])],
    ['AGENT_AUTH_REQUIRED', () => basic(undefined)],
    ['AGENT_AUTH_REQUIRED', () => basic({ ops: undefined })],
    ['AGENT_OPTIONS', () => bearer('short')],
    ['AGENT_OPTIONS', () => bearer(['good-enough', 'sh0rt'])],
    ['AGENT_OPTIONS', () => bearer('with a blank')],
    ['AGENT_OPTIONS', () => bearer('undefined')],
    ['AGENT_OPTIONS', () => basic({})],
    ['AGENT_OPTIONS', () => basic({ ops: 'sh0rt' })],
    ['AGENT_OPTIONS', () => basic({ 'o:ps': 'long-enough' })],
    ['AGENT_OPTIONS', () => basic({ '': 'long-enough' })],
    ['AGENT_OPTIONS', () => basic({ ops: 'undefined' })],
    ['AGENT_OPTIONS', () => ({ kind: 'bearer', tokens: [] })],
    ['AGENT_OPTIONS', () => ({ kind: 'other', verify: () => true }) as unknown as Auth],
  ];
  for (const [code, make] of refused)
    test(String(make).slice(6), () => {
      assert.throws(
        () => createHandler({ auth: make() }),
        (error: Error & { code?: string }) => {
          assert.equal(error.code, code);
          assert.doesNotMatch(error.message, /sh0rt|with a blank|long-enough/u);
          return true;
        },
      );
    });
});

test('over the listener: several tokens without the main thread, a function with it', async () => {
  const several = await serving({ port: 0, auth: bearer(['token-of-today', 'token-of-before']) });
  const asked = await serving({ port: 0, auth: bearer(async (token) => token === 'token-of-today') });
  const named = await serving({ port: 0, auth: basic({ größe: 'pässword ' }) });
  const status = async (port: number, authorization: string): Promise<number> =>
    (await ask(port, '/debug/pprof/cmdline', { headers: { authorization } })).status;
  assert.equal(await status(several.port, 'Bearer token-of-before'), 200);
  assert.equal(await status(several.port, 'Bearer token-of-never'), 401);
  assert.equal(await status(asked.port, basicOf('x:token-of-today')), 200);
  assert.equal(await status(asked.port, 'Bearer token-of-before'), 401);
  assert.equal(await status(named.port, basicOf('größe:pässword ')), 200);
  assert.equal(await status(named.port, basicOf('größe:password')), 401);
});

/** A certificate for 127.0.0.1 and authorities for clients, made by openssl. */
class Certificates {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'stackpile-tls-'));

  make(): void {
    this.#authority('ours');
    this.#authority('theirs');
    this.#sign('server', 'ours', 'subjectAltName=IP:127.0.0.1');
    this.#sign('friend', 'ours');
    this.#sign('stranger', 'theirs');
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  #authority(name: string): void {
    this.#openssl(
      'req',
      '-x509',
      ...this.#newKey(name),
      '-days',
      '1',
      '-subj',
      `/CN=${name}`,
      '-out',
      `${name}.crt`,
    );
  }

  #sign(name: string, by: string, extension = 'subjectAltName=DNS:client'): void {
    const file = `${name}.csr`;
    this.#openssl('req', ...this.#newKey(name), '-subj', `/CN=${name}`, '-addext', extension, '-out', file);
    const signing = [
      '-CA',
      `${by}.crt`,
      '-CAkey',
      `${by}.key`,
      '-CAcreateserial',
      '-copy_extensions',
      'copy',
    ];
    this.#openssl('x509', '-req', '-in', file, ...signing, '-days', '1', '-out', `${name}.crt`);
  }

  #newKey(name: string): string[] {
    return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`];
  }

  #openssl(...args: readonly string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'ignore' });
  }
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('TLS', { skip: unlessCi(hasOpenssl() ? false : 'openssl is not on the PATH') }, () => {
  let files: Certificates;
  before(() => {
    files = new Certificates();
    files.make();
  });
  after(() => rmSync(files.folder, { recursive: true }));

  /** Status of `cmdline` for a client with this certificate, or the error's code. */
  function status(port: number, client: string | null): Promise<number | string> {
    return new Promise((resolve) => {
      const own =
        client === null ? {} : { cert: files.read(`${client}.crt`), key: files.read(`${client}.key`) };
      const asked = request(
        {
          host: '127.0.0.1',
          port,
          path: '/debug/pprof/cmdline',
          ca: files.read('ours.crt'),
          agent: false,
          ...own,
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      asked.end();
    });
  }

  const pair = () => ({ cert: files.read('server.crt'), key: Buffer.from(files.read('server.key')) });

  test('only clients with a certificate of the authority get in, and no auth is needed beside it', async () => {
    const tls = { ...pair(), ca: files.read('ours.crt') };
    const server = await serving({ port: 0, host: '0.0.0.0', tls });
    assert.match(server.url, /^https:/u);
    assert.equal(await status(server.port, 'friend'), 200);
    for (const client of [null, 'stranger'])
      assert.equal(typeof (await status(server.port, client)), 'string');
  });

  test('without an authority it is TLS and no more: who may read is asked as ever', async () => {
    const server = await serving({ port: 0, tls: pair(), auth: bearer('a-token-of-this-test') });
    assert.equal(await status(server.port, null), 401);
    await assert.rejects(startServer({ port: 0, host: '0.0.0.0', tls: pair() }), {
      code: 'AGENT_AUTH_REQUIRED',
    });
  });

  test('clients that never shake hands keep nobody out', async () => {
    const server = await serving({ port: 0, tls: pair() });
    const silent = Array.from({ length: 200 }, () => connect(server.port, '127.0.0.1'));
    for (const socket of silent) socket.on('error', () => undefined);
    try {
      await Promise.all(silent.map((socket) => once(socket, 'connect')));
      assert.deepEqual([await status(server.port, null), await status(server.port, null)], [200, 200]);
    } finally {
      for (const socket of silent) socket.destroy();
    }
  });

  test('what is no certificate is refused, and no key is shown', async () => {
    const key = files.read('server.key');
    const isTold = (code: string) => (error: Error & { code?: string }) => {
      assert.equal(error.code, code);
      assert.doesNotMatch(error.message, /PRIVATE|\n/u);
      return true;
    };
    const wrong = 'a text that is no PEM';
    await assert.rejects(startServer({ port: 0, tls: { cert: wrong, key } }), isTold('AGENT_OPTIONS'));
    await assert.rejects(startServer({ port: 0, tls: { key } as never }), isTold('AGENT_OPTIONS'));
    await assert.rejects(startServer({ port: 0, tls: true as never }), isTold('AGENT_OPTIONS'));
    await assert.rejects(
      startServer({ port: 0, tls: { cert: files.read('ours.crt'), key } }),
      isTold('AGENT_LISTEN'),
    );
  });
});
