// gRPC on the port of everything else: who sends well is served, who sends nonsense or nothing gets a status, and HTTP/1.1 goes on.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeOtlp } from '@stackpile/profile';
import { goroutines, kept, watched, type Watched } from './watched.ts';

const EXPORT = '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export';
const PARCA = '/parca.profilestore.v1alpha1.ProfileStoreService/WriteRaw';

function framed(message: Uint8Array, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

interface Answered {
  /** Of gRPC; '' where the answer is none of it. */
  readonly status: string;
  readonly message: string;
  readonly http: number;
}

function session(context: TestContext, { url }: Watched): ClientHttp2Session {
  const client = connectHttp2(url);
  client.on('error', () => undefined);
  context.after(() => client.destroy());
  return client;
}

async function call(
  client: ClientHttp2Session,
  path: string,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const stream = client.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  let http = 0;
  let trailers: Readonly<Record<string, string | readonly string[] | undefined>> = {};
  stream.on('response', (head) => (http = head[':status'] ?? 0));
  stream.on('trailers', (found: typeof trailers) => void (trailers = found));
  stream.resume();
  stream.end(body);
  await once(stream, 'close');
  const text = (name: string): string => {
    const found = trailers[name];
    return typeof found === 'string' ? found : '';
  };
  return { status: text('grpc-status'), message: decodeURIComponent(text('grpc-message')), http };
}

describe('gRPC', { timeout: 120_000 }, () => {
  test('is answered on the port of HTTP/1.1, many calls of one conversation, packed or not', async (context) => {
    const to = await watched(context);
    const client = session(context, to);
    const message = (service: string): Uint8Array => encodeOtlp(goroutines(3), { 'service.name': service });
    const answers = await Promise.all([
      call(client, EXPORT, framed(message('plain'))),
      call(client, EXPORT, framed(gzipSync(message('zipped')), 1), { 'grpc-encoding': 'gzip' }),
    ]);
    assert.deepEqual(
      answers.map(({ status, http }) => [status, http]),
      Array.from({ length: 2 }, () => ['0', 200]),
    );
    assert.deepEqual(await kept(to), {
      'plain plain goroutine goroutine gauge': 3,
      'zipped zipped goroutine goroutine gauge': 3,
    });
    assert.equal((await fetch(`${to.url}/healthz`)).status, 200);
  });

  test('nonsense gets a status and one sentence, and nothing of it is kept', async (context) => {
    const to = await watched(context);
    const client = session(context, to);
    const bomb = gzipSync(Buffer.alloc(64 << 20), { level: 9 });
    const gzip = { 'grpc-encoding': 'gzip' };
    const wrong: readonly (readonly [string, Uint8Array, Record<string, string>, string, RegExp])[] = [
      [EXPORT, Buffer.alloc(3), {}, '3', /no message/u],
      [
        EXPORT,
        Buffer.concat([framed(Buffer.from('abc')), Buffer.from('more')]),
        {},
        '3',
        /are not one message/u,
      ],
      [EXPORT, framed(Buffer.from('no gzip'), 1), gzip, '3', /no gzip data/u],
      [EXPORT, framed(gzipSync('x'), 1), { 'grpc-encoding': 'br' }, '3', /packed in a way/u],
      [EXPORT, framed(bomb, 1), gzip, '8', /longer than 32 MB/u],
      [PARCA, framed(Buffer.from([0xff, 0xff])), {}, '3', /./u],
      ['/nobody.knows/Me', framed(Buffer.alloc(0)), {}, '12', /there is no such method/u],
    ];
    for (const [path, body, headers, status, text] of wrong) {
      const answer = await call(client, path, body, headers);
      assert.equal(answer.status, status, `${path} ${answer.message}`);
      assert.match(answer.message, text);
      assert.doesNotMatch(answer.message, /\n/u);
    }
    assert.equal((await call(client, '/', Buffer.alloc(0), { 'content-type': 'text/html' })).http, 415);
    assert.deepEqual(await kept(to), {});
  });

  test('needs the token, and on loopback a host of this machine', async (context) => {
    const to = await watched(context, ['secret']);
    const client = session(context, to);
    const body = framed(encodeOtlp(goroutines(1), { 'service.name': 'x' }));
    assert.equal((await call(client, EXPORT, body)).status, '16');
    assert.equal((await call(client, EXPORT, body, { authorization: 'Bearer wrong' })).status, '16');
    const right = { authorization: 'Bearer secret' };
    assert.equal((await call(client, EXPORT, body, { ...right, ':authority': 'evil.example' })).status, '16');
    assert.equal((await call(client, EXPORT, body, right)).status, '0');
  });

  test('a conversation that breaks off, or is none, harms nobody, and none is left at the end', async (context) => {
    const to = await watched(context);
    const { hostname, port } = new URL(to.url);
    for (const bytes of [
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense that is no frame',
      'PRI',
      'PRINT / HTTP/1.1\r\n\r\n',
      '\0\0\0',
    ]) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => undefined);
      socket.write(bytes);
      await once(socket, 'connect');
      if (bytes === 'PRI') socket.destroy();
      else {
        socket.resume();
        await once(socket, 'close');
      }
    }
    const client = session(context, to);
    const stream = client.request({ ':method': 'POST', ':path': EXPORT, 'content-type': 'application/grpc' });
    stream.on('error', () => undefined);
    stream.write(Buffer.alloc(3));
    await once(client, 'remoteSettings');
    assert.equal((await fetch(`${to.url}/healthz`)).status, 200);
    const ended = once(client, 'close');
    await to.monitor.stop();
    await ended;
  });
});
