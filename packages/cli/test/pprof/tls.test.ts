// Servers with certificates: an authority of one's own, a client certificate, and what is said where either is missing.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { encodeProfile, ProfileBuilder } from '@stackpile/profile';
import { listen, shut } from '../../../../testing/listening.ts';
import { runCommand } from './golden.ts';

/** Certificates for 127.0.0.1 of an authority that nobody else knows; valid until 2126. */
const file = (name: string): string => fileURLToPath(new URL(`tls/${name}`, import.meta.url));
const read = (name: string): Buffer => readFileSync(file(name));

function profile(): Uint8Array {
  const builder = new ProfileBuilder({ sampleTypes: [{ type: 'cpu', unit: 'nanoseconds' }] });
  const lines = [{ function: builder.function('main.main', '/m.go', 1, 'main.main'), line: 2 }];
  builder.sample([builder.location({ address: 16n, lines })], [10_000_000]);
  return encodeProfile(builder.build());
}

describe('a server that asks for a certificate', () => {
  let folder = '';
  let host = '';
  const server = createServer(
    {
      cert: read('server.pem'),
      key: read('server.key'),
      ca: read('ca.pem'),
      requestCert: true,
      rejectUnauthorized: false,
    },
    (request, response) => {
      // Whoever has no certificate of the authority gets 403.
      if (request.socket instanceof TLSSocket && request.socket.authorized) response.end(profile());
      else response.writeHead(403).end();
    },
  );
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'stackpile-tls-'));
    host = await listen(server);
  });
  after(async () => {
    await shut(server);
    rmSync(folder, { recursive: true, force: true });
  });
  const run = async (...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const printed = await runCommand(args, { cwd: folder, env: { TERM: 'dumb', TZ: 'UTC', HOME: folder } });
    return { code: printed.code, stdout: printed.stdout.toString(), stderr: printed.stderr.toString() };
  };
  const ca = `-tls_ca=${file('ca.pem')}`;
  const cert = `-tls_cert=${file('client.pem')}`;
  const key = `-tls_key=${file('client.key')}`;

  test('authority, certificate and key', async () => {
    const { code, stdout, stderr } = await run('-top', ca, cert, key, `https://${host}/debug/pprof/heap`);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /main\.main$/m);
    assert.match(stderr, new RegExp(`^Fetching profile over HTTP from https://${host}/debug/pprof/heap\n`));
  });
  test('without a certificate the server says no', async () => {
    const { code, stderr } = await run('-top', ca, `https://${host}/heap`);
    assert.equal(code, 2);
    assert.match(stderr, /: server response: 403 Forbidden\n/);
  });
  test('an authority that is not known', async () => {
    const { code, stderr } = await run('-top', cert, key, `https://${host}/heap`);
    assert.equal(code, 2);
    assert.match(stderr, /its certificate is not trusted: pass --tls_ca/);
    const any = await run('-top', cert, key, `https+insecure://${host}/heap`);
    assert.equal(any.code, 0, any.stderr);
  });
  test('half of a pair, and files that are not there', async () => {
    const half = await run('-top', ca, cert, `https://${host}/heap`);
    assert.match(half.stderr, /tls_cert is specified, so must also specify tls_key\n/);
    const other = await run('-top', ca, key, `https://${host}/heap`);
    assert.match(other.stderr, /tls_key is specified, so must also specify tls_cert\n/);
    const gone = await run('-top', '-tls_ca=nosuch.pem', `https://${host}/heap`);
    assert.match(gone.stderr, /could not load nosuch\.pem: no such file or directory\n/);
    assert.deepEqual([half.code, other.code, gone.code], [2, 2, 2]);
    const garbage = await run('-top', `-tls_ca=${file('client.key')}`, `https://${host}/heap`);
    assert.equal(garbage.code, 2);
    assert.doesNotMatch(garbage.stderr, /\n\s+at /);
  });
});
