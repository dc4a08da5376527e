// Files that are read and unpacked before anybody asks for them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { forgetAhead, readAhead, takeAhead } from '../src/ahead.ts';
import { makePipes, withoutPipes } from '../../../testing/pipes.ts';
import { inflate } from '../src/inflate.ts';

const folder = mkdtempSync(join(tmpdir(), 'stackpile-ahead-'));
after(() => rmSync(folder, { recursive: true }));

const plain = randomBytes(300_000);

async function unpacked(gz: Uint8Array): Promise<Buffer> {
  const pieces = inflate(gz, 1e6);
  assert.ok(!(pieces instanceof Uint8Array), 'a file of this size is unpacked by a thread');
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

test('what the words of a command line name is read once, whatever else they are', async () => {
  const gz = gzipSync(plain);
  for (const name of ['next.pb.gz', 'base.pb.gz']) writeFileSync(join(folder, name), gz);
  writeFileSync(join(folder, 'small'), 'x');
  mkdirSync(join(folder, 'folder'));
  readAhead(
    [
      '-top',
      '-diff_base=base.pb.gz',
      '-focus=(',
      'small',
      'folder',
      'missing',
      'http://a/b',
      '',
      'next.pb.gz',
    ],
    folder,
  );
  for (const name of ['next.pb.gz', 'base.pb.gz']) {
    const bytes = await takeAhead(join(folder, name));
    assert.ok(bytes !== null && bytes.equals(gz));
    assert.ok((await unpacked(bytes)).equals(plain));
    // The stream that ran ahead is used up: the same bytes can be unpacked again.
    assert.ok((await unpacked(bytes)).equals(plain));
    assert.equal(await takeAhead(join(folder, name)), null);
  }
  for (const name of ['small', 'folder', 'missing']) assert.equal(await takeAhead(join(folder, name)), null);
  readAhead(['next.pb.gz'], folder);
  forgetAhead();
  assert.equal(await takeAhead(join(folder, 'next.pb.gz')), null);
});

test('a pipe is left alone: who writes to it waits for the reader', { skip: withoutPipes }, async () => {
  const path = join(folder, 'pipe');
  makePipes(path);
  const writer = spawn('sh', ['-c', 'exec printf x > "$0"', path], { stdio: 'ignore' });
  const ended = once(writer, 'exit');
  readAhead([path], '/');
  assert.equal(await takeAhead(path), null);
  assert.equal(await readFile(path, 'utf8'), 'x');
  assert.deepEqual(await ended, [0, null]);
});

test('a damaged file fails whoever reads it, and nobody else', async () => {
  const damaged = gzipSync(plain);
  damaged.fill(0xff, 100_000, 100_100);
  const path = join(folder, 'damaged.pb.gz');
  writeFileSync(path, damaged);
  readAhead([path], '/');
  const bytes = await takeAhead(path);
  assert.ok(bytes !== null);
  // Long enough for the thread to meet the damage before anybody listens.
  await new Promise((resolve) => setTimeout(resolve, 100));
  await assert.rejects(unpacked(bytes));
});
