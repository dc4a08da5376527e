// The same server asked by the real pprof and by ours: addresses, redirects, errors, symbol servers, copies.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { unlessCi } from '../../../../testing/ci.ts';
import { closedPort, listen, shut } from '../../../../testing/listening.ts';
import { realPprof, realRunner, type Runner } from './differential.ts';
import { goldenEnv, runInProcess } from './golden.ts';

/** One function with a name, and three places without: two of them at the same address. */
function profile(): Uint8Array {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const named = builder.mapping({ start: 0x1000n, limit: 0x9000n, filename: '/bin/shop', flags: 15 });
  const bare = builder.mapping({ start: 0x10000n, limit: 0x20000n, filename: '/lib/x.so' });
  const lines = [{ function: builder.function('main.main', '/m.go', 1, 'main.main'), line: 2 }];
  const root = builder.location({ mapping: named, address: 0x1234n, lines });
  const at = (address: bigint, column: number): number =>
    builder.location({ mapping: bare, address, lines: [], isFolded: column === 1 });
  builder.sample([at(0x10010n, 0), root], [10_000_000]);
  builder.sample([at(0x10010n, 1), root], [20_000_000]);
  builder.sample([at(0x10020n, 0), root], [30_000_000]);
  return gzipSync(encodeProfile(builder.build()));
}

function answer(request: IncomingMessage, response: ServerResponse, body: string, bytes: Uint8Array): void {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const names = (separator: string): string =>
    body
      .split('+')
      .map((address) => `${address}${separator}at_${address}\n`)
      .join('');
  if (path === '/missing') response.writeHead(404).end('no');
  else if (path === '/busy') {
    const headers = { 'X-Go-Pprof': '1', 'Content-Type': 'text/plain; charset=utf-8' };
    response.writeHead(500, headers).end('already in use\n');
  } else if (path === '/odd') response.writeHead(299, 'Odd Thing').end('x');
  else if (path === '/away') response.writeHead(302, { location: '/debug/pprof/heap?x=1' }).end();
  else if (path === '/round') response.writeHead(302, { location: '/round' }).end();
  else if (path === '/garbage') response.end('hello world');
  else if (path === '/empty') response.end();
  else if (path === '/cut') {
    response.writeHead(200, { 'content-length': '5000' });
    response.write(bytes.subarray(0, 40), () => response.destroy());
  } else if (path === '/debug/pprof/symbol') response.end(names('\t'));
  else if (path === '/other/symbolz') response.end(names(' '));
  else if (path === '/deaf/debug/pprof/symbol') response.writeHead(404).end();
  else response.end(bytes);
}

const requests: readonly (readonly string[])[] = [
  ['-top', 'HOST'],
  ['-top', 'http://HOST/'],
  ['-top', 'HTTP://HOST/x'],
  ['-raw', '-seconds=1', 'HOST'],
  ['-raw', '-seconds=75', 'http://HOST/debug/pprof/heap?b=2&a=1&seconds=3#part'],
  ['-raw', 'http://HOST/a b/../c?q=~*%20x+y&debug'],
  ['-raw', 'http://HOST/x?a;b&c=%zz&d=1'],
  ['-raw', 'http://HOST/missing'],
  ['-raw', 'http://HOST/busy'],
  ['-raw', 'http://HOST/odd'],
  ['-raw', 'http://HOST/away'],
  ['-raw', 'http://HOST/round'],
  ['-raw', 'http://HOST/garbage'],
  ['-raw', 'http://HOST/empty'],
  ['-raw', 'http://HOST/cut'],
  ['-raw', 'http://somebody@HOST/x'],
  ['-raw', 'http://GONE/x'],
  ['-raw', 'ftp://h/x'],
  ['-raw', '//h/x'],
  ['-raw', 'https://HOST/x'],
  ['-raw', 'https+insecure://HOST/x'],
  ['-raw', 'http://HOST/other/x'],
  ['-raw', 'http://HOST/deaf/debug/pprof/heap'],
  ['-raw', '-symbolize=local', 'http://HOST/debug/pprof/heap'],
  ['-raw', '-symbolize=remote', 'http://HOST/debug/pprof/heap'],
  ['-raw', '-symbolize=none', 'http://HOST/debug/pprof/heap'],
  ['-top', 'http://HOST/missing', 'local.pb.gz'],
  ['-top', '-base=http://HOST/x', 'local.pb.gz'],
  ['-top', '-diff_base=http://HOST/missing', 'local.pb.gz'],
  ['-raw', '-add_comment=x', 'http://HOST/debug/pprof/goroutine'],
];

describe('a server', () => {
  const binary = realPprof();
  const bytes = profile();
  let folder = '';
  let host = '';
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => answer(request, response, body, bytes));
  });
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stackpile-parity-'));
    writeFileSync(join(folder, 'local.pb.gz'), bytes);
    host = await listen(server);
  });
  after(async () => {
    await shut(server);
    rmSync(folder, { recursive: true, force: true });
  });
  const asked = async (
    runner: Runner,
    args: readonly string[],
  ): Promise<Readonly<Record<string, unknown>>> => {
    const home = join(folder, 'home');
    rmSync(home, { recursive: true, force: true });
    mkdirSync(home);
    const options = { cwd: folder, env: goldenEnv(home), stdin: '' };
    const { stdout, stderr, code } = await runner(args, options);
    const saved = readdirSync(home).filter((name) => name.startsWith('pprof.'));
    return { code, stderr: stderr.toString(), stdout: stdout.toString(), saved };
  };
  for (const request of requests) {
    test(request.join(' '), async (t) => {
      if (binary === undefined) {
        const lacking = unlessCi('go is not installed, so there is no pprof to compare with');
        assert.ok(lacking !== false, 'CI needs go, which builds the real pprof');
        t.skip(lacking);
        return;
      }
      const gone = `127.0.0.1:${await closedPort()}`;
      const args = request.map((word) => word.replace('HOST', host).replace('GONE', gone));
      assert.deepEqual(await asked(runInProcess, args), await asked(realRunner(binary), args));
    });
  }
});
