// The soak: what it says of series of readings, and a short one from beginning to end.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { faultsOf, type Reading } from '../soak.ts';

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
