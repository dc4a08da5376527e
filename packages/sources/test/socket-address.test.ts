// Sockets in the file system as sources: what is typed, asked and shown, and that nobody else sends us to one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { parseSource, SourceError } from '../src/index.ts';
import { openService } from '../src/open-service.ts';

const servers: Server[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const INDEX = '<table><tr><td>7</td><td><a href="goroutine?debug=1">goroutine</a></td></tr></table>';

/** A service on a socket; what it was asked. */
async function serviceOn(name: string, location?: string): Promise<{ path: string; asked: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'socket-'));
  folders.push(folder);
  const asked: string[] = [];
  const server = createServer(({ url = '', headers }, response) => {
    asked.push(`${headers.host} ${url}`);
    if (location !== undefined) response.writeHead(302, { location }).end();
    else if (url === '/debug/pprof/') response.end(INDEX);
    else response.writeHead(404).end();
  });
  servers.push(server);
  const path = join(folder, name);
  server.listen(path);
  await once(server, 'listening');
  return { path, asked };
}

const noWindows = { skip: process.platform === 'win32' && 'Windows has none' };

test('a socket is asked as the service of an address is, and shown as it is typed', noWindows, async () => {
  // Long names, and any bytes in them, are no reason to fail.
  const { path, asked } = await serviceOn(`a socket ${'x'.repeat(30)} ü.sock`);
  const service = await openService(parseSource(`unix:${path}`, '/'));
  assert.equal(service.name, `unix:${path}`);
  assert.equal(service.kind, 'go');
  assert.deepEqual(asked, ['localhost /debug/pprof/offers', 'localhost /debug/pprof/']);
  await assert.rejects(service.capture('heap', { debug: '1' }), (error: Error) => {
    assert.ok(error instanceof SourceError);
    assert.equal(error.message, `unix:${path}:/debug/pprof/heap?debug=1: 404, there is no such profile`);
    return true;
  });
});

test('a path behind it, and a socket beside the working directory', () => {
  for (const typed of ['unix:/run/x.sock:/debug/pprof/heap', 'unix:x.sock:/debug/pprof/heap']) {
    const spec = parseSource(typed, '/run');
    assert.equal(spec.kind === 'url' && spec.url.pathname, '/debug/pprof/heap');
  }
});

test('one that is not there is one sentence', noWindows, async () => {
  await assert.rejects(openService(parseSource('unix:/no/such.sock', '/')), {
    code: 'SOURCE_UNREACHABLE',
    message: 'unix:/no/such.sock: there is no such socket',
  });
});

test('a service cannot send us to a socket of this machine', noWindows, async () => {
  const victim = await serviceOn('victim');
  const spec = parseSource(`unix:${victim.path}`, '/');
  const liar = await serviceOn('liar', spec.kind === 'url' ? spec.url.href : '');
  await assert.rejects(openService(parseSource(`unix:${liar.path}`, '/')), {
    message: `unix:${liar.path}: it redirects to something that is no web address`,
  });
  assert.deepEqual(victim.asked, []);
});
