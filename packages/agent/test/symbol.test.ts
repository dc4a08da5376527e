// `symbol`: the grammar of Go's answers, word by word, and the addresses of the profiles that were served, by GET and by POST.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { createFetchHandler, createHandler, createKoaMiddleware } from '@stackpile/agent';
import { decodeProfile } from '@stackpile/profile';
import fc from 'fast-check';
import { symbolText } from '../src/endpoints/symbol.ts';
import { SymbolTable } from '../src/symbols.ts';
import { framesOf } from '../src/text/read.ts';
import { ask } from './http-client.ts';
import { serving } from './serving.ts';

/** As in the recorded answers of a Go service. */
const known = new SymbolTable();
known.learn(0xaa8aa4n, 'main.main');
known.learn(0x48d184n, 'time.Sleep');
known.learn(0x490000n, 'runtime.call8388608');
known.learn(0x47fe01n, 'runtime.(*traceBuf).varint');

const FOUND = '0xaa8aa4 main.main\n0x48d184 time.Sleep\n';

async function waitsForSymbol(signal: Promise<void>): Promise<void> {
  await signal;
}

describe("words of Go's grammar", () => {
  const answers: readonly (readonly [words: string, lines: string])[] = [
    ['', ''],
    ['0xaa8aa4+0x48d184', FOUND],
    ['0xaa8aa4+nonsense++0x1+0+0x48d184+', FOUND],
    ['0x48d184+0x48d184', '0x48d184 time.Sleep\n0x48d184 time.Sleep\n'],
    [
      '4784128+021777001+0b1+4_784_128',
      '0x490000 runtime.call8388608\n0x47fe01 runtime.(*traceBuf).varint\n0x490000 runtime.call8388608\n',
    ],
    ['0XAA8AA4+0x_aa8aa4+0xAA_8AA4', '0xaa8aa4 main.main\n'.repeat(3)],
    ['0xaa8aa4,0x48d184', ''],
    ['addr=0xaa8aa4', ''],
    ['0xaa8aa4%2B0x48d184', ''],
    ['0xaa8aa4\n', ''],
    [' 0xaa8aa4', ''],
    ['-1+_1+1_+0x+08+18446744073709551616', ''],
    [`0xaa8aa4+${'1'.repeat(4095)}`, '0xaa8aa4 main.main\n'],
    [`0xaa8aa4+${'1'.repeat(4096)}+0xaa8aa4`, '0xaa8aa4 main.main\nreading request: bufio: buffer full\n'],
  ];
  for (const [words, lines] of answers)
    test(JSON.stringify(words.slice(0, 60)), () =>
      assert.equal(symbolText(words, known, false), `num_symbols: 1\n${lines}`),
    );

  test('a last word that fills the buffer is whole in a POST, whose last bytes come with its end', () => {
    const zeros = (length: number): string => `${'0'.repeat(length - 8)}52505244`; // octal of main.main's
    const found = '0xaa8aa4 main.main\n';
    const full = 'reading request: bufio: buffer full\n';
    const answers: readonly (readonly [words: string, posted: string, got: string])[] = [
      [zeros(4095), found, found],
      [zeros(4096), found, found + full],
      [`0x1+${zeros(4096)}`, found, found + full],
      [`${zeros(4095)}+`, found, found],
      [`${zeros(4096)}+`, found + full, found + full],
      // What is in the buffer is looked up, too.
      [`${zeros(4096)}1`, found + full, found + full],
      [zeros(4097), full, full],
      ['\u00e9'.repeat(2048), '', full],
    ];
    for (const [words, posted, got] of answers) {
      assert.equal(symbolText(words, known, true), `num_symbols: 1\n${posted}`, `POST ${words.length}`);
      assert.equal(symbolText(words, known, false), `num_symbols: 1\n${got}`, `GET ${words.length}`);
    }
  });

  test('an answer stays within a few megabytes, whatever is asked', () => {
    const symbols = new SymbolTable();
    symbols.learn(1n, 'x'.repeat(1000));
    const text = symbolText('1+'.repeat(100_000), symbols, false);
    assert.ok(text.length < 5_000_000, String(text.length));
    assert.match(text, /\nreading request: the answer is too long\n$/u);
  });

  test('every number that Go reads is read, in each of its bases', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 46n }), (address) => {
        const symbols = new SymbolTable();
        symbols.learn(address, 'f');
        for (const word of [
          address.toString(),
          ...(
            [
              ['0x', 16],
              ['0', 8],
              ['0o', 8],
              ['0b', 2],
            ] as const
          ).map(([prefix, base]) => prefix + address.toString(base)),
        ])
          assert.equal(symbolText(word, symbols, false), `num_symbols: 1\n0x${address.toString(16)} f\n`);
      }),
    );
  });
});

test('what was learned the longest ago is forgotten first', () => {
  const symbols = new SymbolTable(2);
  for (const [address, name] of [
    [1n, 'a'],
    [2n, 'b'],
    [1n, 'a'],
    [3n, 'c'],
  ] as const)
    symbols.learn(address, name);
  assert.deepEqual(
    [1n, 2n, 3n].map((address) => symbols.nameAt(address)),
    ['a', undefined, 'c'],
  );
});

describe('a served profile', () => {
  test('is symbolized by all of its addresses, and the other way round by its text', async () => {
    const server = await serving({ port: 0 });
    let done = (): void => undefined;
    const waiting = waitsForSymbol(new Promise((resolve) => (done = resolve)));
    const { body } = await ask(server.port, '/debug/pprof/goroutine');
    const profile = decodeProfile(gunzipSync(body));
    const frames = Array.from({ length: profile.samples.length }, (_, row) => framesOf(profile, row)).flat();
    assert.ok(frames.some(({ name }) => name === 'waitsForSymbol'));
    const words = frames.map(({ address }) => `0x${address.toString(16)}`).join('+');
    const lines = frames.map(({ address, name }) => `0x${address.toString(16)} ${name}\n`).join('');
    for (const answer of [
      await ask(server.port, `/debug/pprof/symbol?${words}`),
      await ask(server.port, '/debug/pprof/symbol', { method: 'POST', body: words }),
    ]) {
      assert.equal(answer.status, 200);
      assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
      assert.equal(answer.headers['x-content-type-options'], 'nosniff');
      assert.equal(answer.body.toString(), `num_symbols: 1\n${lines}`);
    }
    done();
    await waiting;
  });
});

describe('a POST', () => {
  /** A word that is answered without any profile. */
  const LONG = '1'.repeat(5000);
  const READ = 'num_symbols: 1\nreading request: bufio: buffer full\n';

  test('is for symbol only; everything else says which methods it takes', async () => {
    const server = await serving({ port: 0 });
    const other = await ask(server.port, '/debug/pprof/heap', { method: 'POST', body: 'x' });
    assert.deepEqual([other.status, other.headers.allow], [405, 'GET, HEAD']);
    const put = await ask(server.port, '/debug/pprof/symbol', { method: 'PUT', body: 'x' });
    assert.deepEqual([put.status, put.headers.allow], [405, 'GET, HEAD, POST']);
  });

  test('of as many bytes as the buffer has is read to its end', async () => {
    const server = await serving({ port: 0 });
    for (const [length, text] of [
      [4095, 'num_symbols: 1\n'],
      [4096, 'num_symbols: 1\n'],
      [4097, READ],
    ] as const) {
      const body = '1'.repeat(length);
      const answer = await ask(server.port, '/debug/pprof/symbol', { method: 'POST', body });
      assert.equal(answer.body.toString(), text, String(length));
    }
    const got = await ask(server.port, `/debug/pprof/symbol?${'1'.repeat(4096)}`);
    assert.equal(got.body.toString(), READ);
  });

  test('that is too long is refused with a sentence, and one without leave is not read', async () => {
    const server = await serving({ port: 0, auth: 'a-long-token' });
    const words = `0x1+`.repeat(70_000);
    const stranger = await ask(server.port, '/debug/pprof/symbol', { method: 'POST', body: '0x1' });
    assert.equal(stranger.status, 401);
    const friend = await ask(server.port, '/debug/pprof/symbol', {
      method: 'POST',
      body: words,
      headers: { Authorization: 'Bearer a-long-token' },
    });
    assert.equal(friend.status, 413);
    assert.match(friend.body.toString(), /^the body has more than 262144 bytes\n$/u);
  });

  test('reaches symbol through node:http, Koa and a Request, an asked auth function included', async (t) => {
    const auth = (): boolean => true;
    const handler = createHandler({ auth });
    const koa = createKoaMiddleware({ auth });
    const fetched = createFetchHandler({ auth });
    t.after(() => Promise.all([handler.close(), koa.close(), fetched.close()]));
    const service = createServer((request, response) => {
      if (!request.url?.startsWith('/koa')) {
        handler(request, response);
        return;
      }
      const context = {
        method: request.method ?? '',
        url: request.url.slice(4),
        originalUrl: request.url,
        headers: request.headers,
        status: 404,
        respond: true as boolean,
        body: undefined as unknown,
        request: {},
        response: {},
        set: (headers: Record<string, string>) => response.setHeaders(new Map(Object.entries(headers))),
        req: request,
        res: response,
      };
      void koa(context, async () => undefined).then(() => {
        if (context.respond) response.writeHead(context.status).end(context.body);
      });
    }).listen(0, '127.0.0.1');
    t.after(() => {
      service.close();
      service.closeAllConnections();
    });
    await new Promise((resolve) => service.once('listening', resolve));
    const { port } = service.address() as AddressInfo;
    for (const path of ['/debug/pprof/symbol', '/koa/symbol']) {
      const answer = await ask(port, path, { method: 'POST', body: LONG });
      assert.deepEqual([answer.status, answer.body.toString()], [200, READ], path);
    }
    const request = new Request('http://x/debug/pprof/symbol', { method: 'POST', body: LONG });
    assert.equal(await (await fetched(request)).text(), READ);
  });

  test('whose body a parser has read before is answered from what the parser made of it', async (t) => {
    const handler = createHandler({ auth: 'none' });
    t.after(() => handler.close());
    const service = createServer((request, response) => {
      request.on('data', () => undefined);
      request.on('end', () => {
        Object.assign(request, { body: { [`0x1 ${LONG}`]: '' } });
        handler(request, response);
      });
    }).listen(0, '127.0.0.1');
    t.after(() => service.close());
    await new Promise((resolve) => service.once('listening', resolve));
    const answer = await ask((service.address() as AddressInfo).port, '/debug/pprof/symbol', {
      method: 'POST',
      body: `0x1+${LONG}`,
    });
    assert.equal(answer.body.toString(), READ);
  });
});
