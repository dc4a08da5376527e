// What leaves the machine: files and a notice, with secret headers, to where it was said and nowhere else.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { blackBox } from '@stackpile/agent';
import { listen, shut } from '../../../../testing/listening.ts';
import { Bundle } from '../../src/black-box/bundle.ts';
import { Delivery, type Notice } from '../../src/black-box/delivery.ts';
import { type Destinations, headersOf } from '../../src/black-box-destinations.ts';
import { startFromEnvironment } from '../../src/environment.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(answer: Answer): Promise<{ url: string; asked: Asked[]; close: () => Promise<void> }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => void (body += chunk.toString()));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, path: url, authorization: headers.authorization ?? '', body });
      answer(request, response);
    });
  });
  const host = await listen(server);
  return { url: `http://${host}`, asked, close: () => shut(server) };
}

const fine: Answer = (_request, response) => void response.writeHead(204).end();
const notice = {
  text: 'it has crossed rss',
  pid: 7,
  time: 1000,
  program: 'app.js',
  crossed: { what: 'rss', value: 95, line: 90, limit: 100 },
};

let dir = '';
let bundle: Bundle;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'stackpile-delivery-'));
  bundle = Bundle.create(dir, 0, { 'box.json': '{"first":1}', 'ledger.json': '[]' });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function delivered(to: Partial<Destinations>, ...files: string[]): Promise<string[]> {
  const lines: string[] = [];
  const all = { upload: null, webhook: null, headers: { Authorization: 'Bearer s3cret' }, ...to };
  const delivery = new Delivery(bundle, all, (line) => void lines.push(line));
  delivery.tell(notice);
  delivery.send(files);
  await delivery.end();
  for (const line of lines) assert.ok(!/s3cret|p4ss/u.test(line), line);
  return lines;
}

test('a webhook is told where, when and what, and files are put below an address, with the headers', async () => {
  const server = await serve(fine);
  const lines = await delivered(
    { webhook: `${server.url}/hook`, upload: `${server.url}/boxes/` },
    'box.json',
    'ledger.json',
  );
  await server.close();
  assert.deepEqual(lines, []);
  const [hook] = server.asked.filter(({ method }) => method === 'POST');
  const told = JSON.parse(hook?.body ?? '{}') as Notice;
  assert.deepEqual(
    { ...told, host: '' },
    { schema: 'stackpile.notice/1', ...notice, bundle: bundle.name, folder: bundle.path, host: '' },
  );
  assert.deepEqual(
    server.asked.filter(({ method }) => method === 'PUT').map(({ path, body }) => [path, body]),
    [
      [`/boxes/${bundle.name}/box.json`, '{"first":1}'],
      [`/boxes/${bundle.name}/ledger.json`, '[]'],
    ],
  );
  assert.ok(server.asked.every(({ authorization }) => authorization === 'Bearer s3cret'));
});

test('nobody is followed to another address, and what was secret stays', async () => {
  const elsewhere = await serve(fine);
  const server = await serve((_request, response) => {
    response.writeHead(307, { Location: elsewhere.url }).end();
  });
  const lines = await delivered(
    { webhook: server.url, upload: `${server.url}/a` },
    'box.json',
    'ledger.json',
  );
  await Promise.all([server.close(), elsewhere.close()]);
  assert.deepEqual(elsewhere.asked, []);
  assert.equal(lines.length, 2);
  for (const line of lines) assert.match(line, /status 307, and nobody follows that/u);
  // One that does not take a file does not take the next one.
  assert.equal(server.asked.filter(({ method }) => method === 'PUT').length, 1);
});

test('an answer without an end is not read', { timeout: 10_000 }, async () => {
  const server = await serve((_request, response) => {
    response.writeHead(200);
    const write = (): void => {
      while (!response.destroyed && response.write('x'.repeat(65_536)));
      response.once('drain', write);
    };
    response.on('error', () => undefined);
    write();
  });
  assert.deepEqual(await delivered({ webhook: server.url }), []);
  await server.close();
});

test('nobody there is one line without credentials, and a file that was tidied away is none', async () => {
  const lines = await delivered({ upload: 'http://user:p4ss@127.0.0.1:1/x' }, 'box.json', 'ledger.json');
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /could not send .* to http:\/\/127\.0\.0\.1:1: /u);
  const server = await serve(fine);
  assert.deepEqual(await delivered({ upload: server.url }, 'gone.pb.gz'), []);
  await server.close();
  assert.deepEqual(server.asked, []);
});

test('headers are lines, and what is none, or is not ours to set, is refused', () => {
  assert.deepEqual(Object.entries(headersOf('__proto__: a') ?? {}), [['__proto__', 'a']]);
  assert.deepEqual(headersOf('Authorization: Bearer a:b\n\n X-Team:  core \n'), {
    Authorization: 'Bearer a:b',
    'X-Team': 'core',
  });
  for (const wrong of ['Authorization', ': x', 'A B: c', 'Host: evil', 'Content-Length: 5', 'X: \u0001'])
    assert.equal(headersOf(wrong), null, wrong);
});

test('headers that make no sense are refused by name, and not shown', async () => {
  for (const headers of [{ Host: 's3cret' }, { 'a b': 's3cret' }, { Authorization: 's3cret\n' }, 's3cret'])
    await assert.rejects(blackBox({ dir: 'x', headers } as never), (error: Error) => {
      assert.match(error.message, /blackBox\.headers/u);
      assert.ok(!error.message.includes('s3cret'), error.message);
      return true;
    });
});

test('secrets come from the environment, and are not shown where they are wrong', async () => {
  const lines: string[] = [];
  const environment = {
    STACKPILE_BLACK_BOX_DIR: dir,
    STACKPILE_BLACK_BOX_HEADERS: 'Authorization Bearer s3cret',
  };
  assert.equal(await startFromEnvironment(environment, (line) => void lines.push(line)), null);
  assert.match(lines.join(' '), /STACKPILE_BLACK_BOX_HEADERS/u);
  assert.ok(!lines.join(' ').includes('s3cret'), lines.join(' '));
});
