// The one reader of files that somebody else named: what is no regular file is refused at once, what is too long too.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as promises from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRegularFile, readRegularFile, readRegularFileAsync, RegularFileError } from '@stackpile/profile';
import { makePipes, withoutPipes } from '../../../testing/pipes.ts';

const folder = fs.mkdtempSync(join(tmpdir(), 'stackpile-regular-'));
const at = (name: string): string => join(folder, name);
after(() => fs.rmSync(folder, { recursive: true }));

type Read = (path: string, mostBytes: number) => Promise<Uint8Array>;
const forms: readonly (readonly [string, Read])[] = [
  ['sync', async (path, mostBytes) => readRegularFile(fs, path, mostBytes)],
  ['async', (path, mostBytes) => readRegularFileAsync(promises, path, mostBytes)],
];
const posix = process.platform === 'win32' ? 'no such files on Windows' : false;
const linux = process.platform === 'linux' ? false : 'files of Linux';

function refusal(code: string, reason: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof RegularFileError, String(error));
    assert.equal(error.code, code);
    assert.match(error.reason, reason);
    assert.doesNotMatch(error.message, /\n/u);
    return true;
  };
}

for (const [form, read] of forms) {
  describe(`regular files, ${form}`, () => {
    before(() => {
      fs.writeFileSync(at('text'), 'twelve bytes');
      fs.writeFileSync(at('nothing'), '');
    });

    test('are read whole, also at the limit and when empty, also through a link', async () => {
      assert.equal(Buffer.from(await read(at('text'), 1000)).toString(), 'twelve bytes');
      assert.equal((await read(at('text'), 12)).length, 12);
      assert.equal((await read(at('nothing'), 12)).length, 0);
      assert.equal((await read(at('nothing'), 0)).length, 0);
      fs.rmSync(at('link'), { force: true });
      fs.symlinkSync(at('text'), at('link'));
      assert.equal((await read(at('link'), 1000)).length, 12);
    });

    test('that are longer than the limit are refused', async () => {
      await assert.rejects(read(at('text'), 11), refusal('FILE_TOO_LARGE', /longer than 11 bytes/u));
      fs.writeFileSync(at('sparse'), '');
      fs.truncateSync(at('sparse'), 2 ** 40);
      const limit = 64 * 2 ** 20;
      await assert.rejects(read(at('sparse'), limit), refusal('FILE_TOO_LARGE', /longer than 64 MB/u));
    });

    test('a folder and what is missing say so', async () => {
      await assert.rejects(read(folder, 10), refusal('FILE_NOT_REGULAR', /^is a directory$/u));
      await assert.rejects(read(at('nowhere'), 10), { code: 'ENOENT' });
    });

    test('devices are refused, also through a link', { skip: posix }, async () => {
      for (const device of ['/dev/zero', '/dev/null', '/dev/tty'])
        await assert.rejects(read(device, 10), refusal('FILE_NOT_REGULAR', /a device, not a file/u));
      fs.rmSync(at('zero.ts'), { force: true });
      fs.symlinkSync('/dev/zero', at('zero.ts'));
      await assert.rejects(read(at('zero.ts'), 10), refusal('FILE_NOT_REGULAR', /a device, not a file/u));
    });

    test('pipes and sockets are refused without waiting for anybody', { skip: withoutPipes }, async () => {
      fs.rmSync(at('pipe'), { force: true });
      makePipes(at('pipe'));
      await assert.rejects(read(at('pipe'), 10), refusal('FILE_NOT_REGULAR', /a named pipe, not a file/u));
      const server = createServer().listen(at('socket'));
      await new Promise((resolve) => server.once('listening', resolve));
      await assert.rejects(read(at('socket'), 10), refusal('FILE_NOT_REGULAR', /a socket, not a file/u));
      await new Promise((resolve) => server.close(resolve));
    });

    test('files of /proc, which say that they are empty, are read up to the limit', {
      skip: linux,
    }, async () => {
      const limits = await read('/proc/self/limits', 1 << 16);
      assert.match(Buffer.from(limits).toString(), /^Limit/u);
      assert.equal(fs.statSync('/proc/self/limits').size, 0);
      await assert.rejects(
        read('/proc/self/limits', 100),
        refusal('FILE_TOO_LARGE', /longer than 100 bytes/u),
      );
    });
  });
}

describe('a file that is replaced between the look and the opening', () => {
  const regular = fs.statSync(import.meta.filename);

  test('is refused, and its descriptor closed', { skip: withoutPipes }, async () => {
    const pipe = at('swapped');
    makePipes(pipe);
    const closed: number[] = [];
    const swapped = {
      ...fs,
      statSync: () => regular,
      closeSync: (file: number) => {
        closed.push(file);
        fs.closeSync(file);
      },
    };
    assert.throws(() => openRegularFile(swapped, pipe), refusal('FILE_NOT_REGULAR', /a named pipe/u));
    assert.equal(closed.length, 1);
    const later = { ...promises, stat: () => Promise.resolve(regular) };
    await assert.rejects(readRegularFileAsync(later, pipe, 10), refusal('FILE_NOT_REGULAR', /a named pipe/u));
  });

  test('a file without an end that says that it is empty is refused at the limit', () => {
    let most = 0;
    const endless = {
      ...fs,
      readSync(_file: number, into: Uint8Array, _offset: number, length: number) {
        most = Math.max(most, into.length);
        return length;
      },
    };
    assert.throws(
      () => readRegularFile(endless, at('nothing'), 1 << 20),
      refusal('FILE_TOO_LARGE', /longer than 1 MB/u),
    );
    assert.equal(most, (1 << 20) + 1);
  });

  test('a file that grows while it is read is refused beyond the limit', () => {
    fs.writeFileSync(at('growing'), 'x'.repeat(100));
    const growing = {
      ...fs,
      readSync(file: number, into: Uint8Array, offset: number, length: number, position: null) {
        fs.appendFileSync(at('growing'), 'y'.repeat(100));
        return fs.readSync(file, into, offset, length, position);
      },
    };
    assert.throws(
      () => readRegularFile(growing, at('growing'), 1000),
      refusal('FILE_TOO_LARGE', /longer than 1000 bytes/u),
    );
  });
});
