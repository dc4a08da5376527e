// A password or token in an address stays out of everything that is printed, written or served.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { after, before, describe, test } from 'node:test';
import { closedPort, listen, shut } from '../../../../testing/listening.ts';
import { readSources } from '../../src/web/sources.ts';
import { shownSource } from '../../../sources/src/shown.ts';
import { parseSource } from '../../../sources/src/spec.ts';
import { stackpile } from '../leaks/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-secrets-'));
after(() => rmSync(folder, { recursive: true }));
const password = 'hunter2secret';

test('what is shown of a source', () => {
  for (const [source, shown] of [
    ['http://u:pw@host/x', 'http://u:***@host/x'],
    ['HTTPS://u:p%40w@host:1/x?a=1', 'HTTPS://u:***@host:1/x?a=1'],
    ['http://u:p:w@host', 'http://u:***@host'],
    ['http://u:p@w@host/', 'http://u:***@host/'],
    ['http://:pw@host/', 'http://:***@host/'],
    ['https+insecure://u:pw@host/', 'https+insecure://u:***@host/'],
    ['ws://u:pw@host:9229/id', 'ws://u:***@host:9229/id'],
    ['u:pw@host:6060/debug', 'u:***@host:6060/debug'],
    // No address: who knows where the password ends.
    ['http://u:p/w@host:1/x', 'http://u:***@host:1/x'],
    ['http://u:pw@host:99999/', 'http://u:***@host:99999/'],
    ['http://u:pw@ho st/', 'http://u:***@ho st/'],
    ['http://host/x?token=abc&y=1', 'http://host/x?token=…&y=1'],
    ['http://host/x?y=1&api_key=abc#f', 'http://host/x?y=1&api_key=…#f'],
    ['http:/u:pw@host', 'http:/u:***@host'],
    ['http:u:pw@host', 'http:u:***@host'],
    [String.raw`http:\\u:pw@host`, String.raw`http:\\u:***@host`],
    ['//u:pw@host/x', '//u:***@host/x'],
    // Nothing to hide.
    ['http:/host', 'http:/host'],
    ['//server/share/a:b@c', '//server/share/a:b@c'],
    ['http://host:6060/a@b', 'http://host:6060/a@b'],
    ['http://u@host/', 'http://u@host/'],
    ['heap.pb.gz', 'heap.pb.gz'],
    ['dir/a:b@c', 'dir/a:b@c'],
    ['pid:1234', 'pid:1234'],
    ['localhost:6060', 'localhost:6060'],
  ] as const)
    assert.equal(shownSource(source), shown);
});

describe('a password in an address', () => {
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/auth') === true) response.writeHead(401).end();
    else if (request.url?.startsWith('/html') === true)
      response.setHeader('content-type', 'text/html').end('<!DOCTYPE html><html></html>');
    else if (request.url?.startsWith('/loop') === true)
      response.writeHead(302, { location: request.url }).end();
    else response.end('main;work 5\n');
  });
  let host = '';
  let gone = 0;
  before(async () => {
    host = await listen(server);
    gone = await closedPort();
  });
  after(() => shut(server));

  const env = { HOME: folder, PPROF_TMPDIR: folder };
  const secret = (text: string): boolean => /hunter2/u.test(text);

  test('the second line of an error hides it as the first one does', async () => {
    const { status, stderr } = await stackpile(['-top', `http://u:${password}@${host}/auth`], { env });
    assert.equal(status, 2);
    assert.equal(
      stderr,
      `Fetching profile over HTTP from http://u:***@${host}/auth\n` +
        `http://u:***@${host}/auth: server response: 401 Unauthorized\n` +
        'failed to fetch any source profiles\n',
    );
  });

  for (const path of ['ok', 'auth', 'html', 'loop', 'refused', 'port', 'host']) {
    for (const args of [
      ['-top'],
      ['-raw'],
      ['-top', '-compare', `http://u:${password}@HOST/ok`],
      ['-top', '-base', `http://u:${password}@HOST/ok`],
      ['leaks', '--every', '100ms', '--for', '300ms'],
      ['leaks', '--json', '--every', '100ms', '--for', '300ms'],
      ['report', '-o', join(folder, 'secret.html')],
      ['-http=:notaport', '-no_browser'],
    ]) {
      const command = args.filter((arg) => !/:\/\/|\//u.test(arg)).join(' ');
      test(`${command} of an address that is ${path}`, async () => {
        const query = `?token=${password}`;
        const address: Record<string, string> = {
          refused: `http://u:${password}@127.0.0.1:${gone}/heap${query}`,
          port: `http://u:${password}@127.0.0.1:99999/heap${query}`,
          host: `http://u:${password}@no host/heap${query}`,
        };
        const source = address[path] ?? `http://u:${password}@${host}/${path}${query}`;
        const words = args.map((arg) => arg.replace('HOST', host));
        const { stdout, stderr } = await stackpile([...words, source], { env, timeout: 60_000 });
        assert.ok(!secret(stdout + stderr), stdout + stderr);
        assert.notEqual(stdout + stderr, '');
      });
    }
  }

  test('neither the report file nor the copy of a profile nor the page has it', async () => {
    const source = `http://u:${password}@${host}/debug/pprof/heap?token=${password}`;
    const output = join(folder, 'report.html');
    const { status, stderr } = await stackpile(['report', '--no-graph', '-o', output, source], { env });
    assert.equal(status, 0, stderr);
    assert.ok(!secret(readFileSync(output, 'utf8')));
    const saved = await stackpile(['-top', source], { env });
    const copy = /Saved profile in (\S+)/u.exec(saved.stderr)?.[1] ?? '';
    assert.ok(!secret(gunzipSync(readFileSync(copy)).toString('latin1')));
    const { sources, live } = await readSources([source], {}, folder);
    assert.ok(!secret(JSON.stringify([sources.map(({ name }) => name), live.map(({ name }) => name)])));
  });

  test('an inspector that is named by an address keeps it for the connection only', () => {
    const spec = parseSource(`ws://u:${password}@127.0.0.1:1/id`, folder);
    assert.ok(spec.kind === 'inspector' && spec.target.kind === 'ws');
    assert.ok(!secret(spec.spec));
    assert.ok(secret(spec.target.url));
  });
});
