// The small redis: a real client and raw bytes against it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { createClient } from 'redis';
import { parseCommand, type RespServer, startRespServer } from '../show/resp-server.ts';

async function server(t: TestContext): Promise<RespServer> {
  const started = await startRespServer();
  t.after(() => started.close());
  return started;
}

/** Sends bytes and collects the answer until the server closes the connection. */
async function exchange(url: string, sent: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
  socket.write(sent);
  await once(socket, 'close');
  return answer;
}

for (const RESP of [2, 3] as const) {
  test(`a real client publishes and subscribes over RESP${RESP}`, async (t) => {
    const { url } = await server(t);
    const client = createClient({ url, RESP });
    await client.connect();
    const subscriber = client.duplicate();
    await subscriber.connect();
    t.after(() => {
      subscriber.destroy();
      client.destroy();
    });
    const heard: string[] = [];
    const message = new Promise<void>((resolve) => {
      void subscriber.subscribe('new-task', (text) => {
        heard.push(text);
        resolve();
      });
    });
    // The subscription is on its way: publish until it counts.
    while ((await client.publish('new-task', 'grüße')) === 0);
    await message;
    assert.deepEqual(heard, ['grüße']);
    assert.equal(await client.ping(), 'PONG');
    await subscriber.unsubscribe('new-task');
    assert.equal(await client.publish('new-task', 'nobody hears'), 0);
  });
}

test('a client that went away is no subscriber any more', async (t) => {
  const { url } = await server(t);
  const client = createClient({ url });
  await client.connect();
  t.after(() => client.destroy());
  const subscriber = client.duplicate();
  await subscriber.connect();
  await subscriber.subscribe('c', () => {});
  assert.equal(await client.publish('c', '1'), 1);
  subscriber.destroy();
  while ((await client.publish('c', '1')) !== 0);
});

test('inline commands, unknown ones and nonsense get the answers of redis', async (t) => {
  const { url } = await server(t);
  assert.equal(await exchange(url, 'PING\r\nQUIT\r\n'), '+PONG\r\n+OK\r\n');
  assert.equal(await exchange(url, 'EVAL\u0007 1\r\nQUIT\r\n'), "-ERR unknown command 'EVAL?'\r\n+OK\r\n");
  assert.equal(await exchange(url, '*99999999\r\n'), '-ERR Protocol error: invalid multibulk length\r\n');
  assert.equal(await exchange(url, '*1\r\n$-5\r\n'), '-ERR Protocol error: invalid bulk length\r\n');
  assert.equal(await exchange(url, '*1\r\n$999999999\r\n'), '-ERR Protocol error: invalid bulk length\r\n');
  assert.equal(
    await exchange(url, 'HELLO 4\r\nQUIT\r\n'),
    '-NOPROTO unsupported protocol version\r\n+OK\r\n',
  );
});

test('a command is read whole, however it is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 5 }),
      fc.nat(),
      (words, cut) => {
        const text = `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
        const bytes = Buffer.from(text);
        assert.deepEqual(parseCommand(bytes, 0), { kind: 'command', words, next: bytes.length });
        assert.deepEqual(parseCommand(bytes.subarray(0, cut % bytes.length), 0), { kind: 'more' });
      },
    ),
  );
});
