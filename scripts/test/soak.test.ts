// The soak: what it says of series of readings, and a short one from beginning to end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { ask, faultsOf, type Reading } from '../soak.ts';

function series(rss: (at: number) => number, handles: (at: number) => number = () => 10): Reading[] {
  return Array.from({ length: 100 }, (_, at) => ({ rss: rss(at), handles: handles(at), parts: {} }));
}

test('a series that warms up and then is flat has no fault, one that grows has, and so have handles that are left', () => {
  const flat = series((at) => (at < 35 ? 50e6 + at * 3e6 : 150e6 + (at % 7) * 1e6));
  assert.deepEqual(faultsOf(flat), []);
  assert.deepEqual(faultsOf(series((at) => 100e6 + at * 1e6)), ['resident memory grew by 26.7 %']);
  assert.deepEqual(
    faultsOf(
      series(
        () => 1e8,
        (at) => 10 + Math.floor(at / 10),
      ),
    ),
    ['4 handles more'],
  );
  assert.deepEqual(faultsOf(series((at) => at).slice(0, 10)), []);
});

test('who is told to come again comes again once, and what fails then, or fails otherwise, has failed', async () => {
  const answers: Readonly<Record<string, readonly (readonly [status: number, retryAfter?: string])[]>> = {
    '/fine': [[200]],
    '/later': [[503, '0'], [200]],
    '/never': [[503, '0'], [503, '0'], [200]],
    '/refused': [[503], [200]],
    '/broken': [[500], [200]],
  };
  const asked = new Map<string, number>();
  const server = createServer(({ url = '' }, response) => {
    const times = asked.get(url) ?? 0;
    asked.set(url, times + 1);
    const [status, retryAfter] = answers[url]?.[times] ?? [];
    if (status === undefined) {
      response.destroy();
      return;
    }
    response.writeHead(status, retryAfter === undefined ? {} : { 'Retry-After': retryAfter });
    response.end(status === 200 ? 'a profile' : 'busy\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const outcome = (path: string) => ask(`http://127.0.0.1:${port}/`, path);
  try {
    assert.deepEqual(await outcome('fine'), { fault: '', refusal: '' });
    assert.deepEqual(await outcome('later'), { fault: '', refusal: 'later: 503 busy' });
    assert.deepEqual(await outcome('never'), { fault: 'never: 503 busy', refusal: 'never: 503 busy' });
    assert.deepEqual(await outcome('refused'), { fault: 'refused: 503 busy', refusal: '' });
    assert.deepEqual(await outcome('broken'), { fault: 'broken: 500 busy', refusal: '' });
    assert.match(
      (await outcome('reset')).fault,
      /^reset: after \d+\.\d s TypeError: fetch failed \(.*socket/iu,
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('a short one ends, and nothing fails', async () => {
  const script = fileURLToPath(new URL('../soak.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=stackpile-source', script, '--for', '1s'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (piece: Buffer) => (out += piece.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 0, out);
  assert.match(
    out,
    /^1 scrapes of \d+ endpoints, 100 requests a second; megabytes over time:\nresident +\d+\.\d\n/u,
  );
  assert.match(out, /\nsidecar heap +\d+\.\d\n[^]*\nflat, and nothing failed\n$/u);
});
